/* SPDX-License-Identifier: Apache-2.0 */
/* From an untrusted model's bytes to the structs that protoc-c makes of proto/onnx.proto, one message at a time:
 *
 *   kept      what inference needs (schema.h), as trees in one arena
 *   cut out   weights and long lists: their message gets eml_begin, eml_end, eml_count instead, and they are read in
 *             place later (wire.h)
 *   put off   graphs and functions: unpacked on their own, so no tree is deeper than the fixed part of the schema,
 *             however deep the model nests
 *   skipped   all else
 *
 * Every tag, length and number is checked, with an explicit stack; failures leave nothing behind; and what the trees
 * and the graph's tables may take is bounded by the size of the model. */
#ifndef EML_LOAD_UNPACK_H
#define EML_LOAD_UNPACK_H

#include "base/arena.h"
#include "load/schema.h"

typedef struct eml_unpack {
    const uint8_t *bytes; /* the whole model, borrowed */
    size_t length;
    eml_arena arena; /* the trees, until eml_unpack_destroy */
    size_t budget;   /* bytes that the trees, and the tables of the graph made of them, may take together */
    size_t spent;    /* of it, by tables */
} eml_unpack;

void eml_unpack_init(eml_unpack *unpack, const void *bytes, size_t length, eml_mem *mem);
void eml_unpack_destroy(eml_unpack *unpack);
/* The message of that type whose body is bytes[body]: *message points to the struct of the type, in unpack->arena. */
em_status eml_unpack_message(eml_unpack *unpack, eml_message_type type, eml_span body, const void **message,
                             em_error *err);

/* Takes count entries of entry_bytes, which the graph is going to hold, out of the budget: to be asked before room is
 * made for them. what: "nodes" */
em_status eml_unpack_spend(eml_unpack *unpack, size_t count, size_t entry_bytes, const char *what, em_error *err);

#endif
