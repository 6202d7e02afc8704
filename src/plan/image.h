/* SPDX-License-Identifier: Apache-2.0 */
/* The plan image: a plan and the weights it needs, as bytes that lie in a file or in flash and are run in place.
 *
 *     header | weights: data entries, blobs and constants | steps: tables, parameters, texts | names
 *
 * Integers are little endian. A section begins at a multiple of 64 from the header, a blob or constant at a multiple of
 * 64, parameters at a multiple of 16; the image itself has to lie at a multiple of 64. Offsets count from the start of
 * their section. An image holds weights (packed once per model and packing), steps (one set of input shapes), or both;
 * steps belong to the weights whose checksum they name. Nothing in it is a pointer: the session binds operators by
 * name. Parameters and blobs are the operators' own structs, so both sides must agree on packing and on the alignment
 * of int64, and a big-endian machine refuses images.
 *
 * What eml_image_open verifies: SECURITY.md. */
#ifndef EML_PLAN_IMAGE_H
#define EML_PLAN_IMAGE_H

#include "kernels/kernels.h"
#include "tensor/tensor.h"

enum { EML_IMAGE_VERSION = 1, EML_IMAGE_ALIGN = 64, EML_IMAGE_MAX_REFS = 4096, EML_IMAGE_MAX_ITEMS = 65535 };
#define EML_IMAGE_MAGIC \
    "\x89"              \
    "EMPLAN\n"
#define EML_IMAGE_NONE UINT32_MAX

typedef struct eml_image_header {
    uint8_t magic[8];
    uint32_t version;
    uint32_t bytes;       /* of the image */
    uint32_t crc;         /* CRC-32 (IEEE 802.3) of all bytes behind this field */
    uint32_t packing;     /* eml_isa whose kernels blobs are packed for */
    uint32_t int64_align; /* of the machine that made it: 8, or 4 on 32-bit x86 */
    uint32_t weights_at, weights_bytes;
    uint32_t weights_crc;           /* of the weights section; in an image of steps only: of those it needs */
    uint32_t steps_at, steps_bytes; /* 0 bytes: no such section */
    uint32_t names_at, names_bytes;
    uint32_t reserved[2];
} eml_image_header;

typedef struct eml_image_weights { /* begins the section; entries follow */
    uint32_t n_data, reserved;
} eml_image_weights;

typedef struct eml_image_data {
    uint32_t at, bytes;
} eml_image_data;

typedef struct eml_image_steps { /* begins the section; *_at are offsets in it */
    uint32_t n_ops, n_values, n_steps, n_inputs, n_outputs, n_refs, n_dims;
    uint32_t ops_at, values_at, steps_at, inputs_at, outputs_at, refs_at, dims_at;
    uint32_t max_refs;    /* most inputs and outputs of one step */
    uint32_t arena_bytes; /* activations and scratch */
    uint32_t heap_bytes;  /* memory that runs ask for, as measured */
    uint32_t reserved[3];
} eml_image_steps;

typedef struct eml_image_op { /* offsets of NUL-terminated texts */
    uint32_t domain, name;
} eml_image_op;

typedef struct eml_image_value {
    uint8_t kind, dtype, rank;
    uint8_t where;  /* eml_where: ARENA, CONST, LOCAL or INPUT */
    uint32_t at;    /* ARENA: in the arena. CONST: data entry, NONE when only blobs use it. LOCAL: in this section.
                       INPUT: its number */
    uint32_t bytes; /* a string counts 16 here, whatever it takes on the target */
    uint32_t first, last; /* ARENA: steps from the one that writes its buffer to the last that reads it; n_steps: the
                             caller */
    uint32_t dims;        /* index of the first of rank dimensions */
} eml_image_value;

typedef struct eml_image_step {
    uint32_t op;
    uint32_t blob; /* data entry or NONE */
    uint32_t refs; /* index of n_in inputs, then n_out outputs: values or NONE */
    uint16_t n_in, n_out;
    uint32_t params_at, params_bytes; /* 0 bytes: none */
    uint32_t scratch_at, scratch_bytes;
} eml_image_step;

/* An image that was verified, as pointers into it. */
typedef struct eml_image {
    const unsigned char *weights, *section; /* starts of the sections */
    const eml_image_data *data;
    const eml_image_steps *steps;
    const eml_image_op *ops;
    const eml_image_value *values;
    const eml_image_step *step;
    const uint32_t *inputs, *outputs, *refs; /* input NONE: has its default, takes nothing */
    const int32_t *dims;
    const uint32_t *names; /* NULL, or offsets from here: model, inputs, outputs, steps */
    uint32_t packing;
} eml_image;

uint32_t eml_crc32(const void *data, size_t bytes, uint32_t crc); /* crc: of what comes before; 0 at first */

/* Verifies bytes[length] and sets *image. weights: an image with the weights, when the first has steps only; else NULL.
 */
em_status eml_image_open(const void *bytes, size_t length, const void *weights, size_t weights_length, eml_image *image,
                         em_error *err);
/* Texts for messages and binding, "" where the image has none. */
typedef enum eml_image_text { EML_TEXT_MODEL, EML_TEXT_INPUT, EML_TEXT_OUTPUT, EML_TEXT_STEP } eml_image_text;
const char *eml_image_name(const eml_image *image, eml_image_text what, uint32_t index);
static inline const char *eml_image_op_domain(const eml_image *image, uint32_t op) {
    return (const char *)image->section + image->ops[op].domain;
}
static inline const char *eml_image_op_name(const eml_image *image, uint32_t op) {
    return (const char *)image->section + image->ops[op].name;
}

#endif
