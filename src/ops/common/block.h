/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic types and blocks. An operator computes in one of these classes; tensors of other element types (f16, bf16,
 * or whatever a mixed operator meets) are widened block by block into buffers on the stack and narrowed once. */
#ifndef EML_OPS_COMMON_BLOCK_H
#define EML_OPS_COMMON_BLOCK_H

#include <string.h>

#include "ops/op.h"

/* Elements per block. 64: ten vectors or so amortise the calls, and five buffers of doubles still fit a small stack. */
enum { EML_BLOCK = 64 };

/* A buffer for one block of any element type. */
typedef union eml_block {
    double f64[EML_BLOCK];
    float f32[EML_BLOCK];
    int64_t i64[EML_BLOCK];
    uint64_t u64[EML_BLOCK];
    uint32_t u32[EML_BLOCK];
    uint16_t u16[EML_BLOCK];
    uint8_t u8[EML_BLOCK];
    em_string strings[EML_BLOCK / 2];
} eml_block;

typedef enum eml_class {
    EML_CLASS_F32,
    EML_CLASS_F64,
    EML_CLASS_I8,
    EML_CLASS_I16,
    EML_CLASS_I32,
    EML_CLASS_I64,
    EML_CLASS_U8, /* and bool */
    EML_CLASS_U16,
    EML_CLASS_U32,
    EML_CLASS_U64,
    EML_CLASS_STRING,
    EML_CLASS_COUNT
} eml_class;

/* The class a tensor of that type is computed in; every float narrower than f32 in f32. */
eml_class eml_class_of(em_dtype dtype);
/* True when elements of dtype lie in memory as the class computes them. */
static inline bool eml_class_native(em_dtype dtype) {
    return dtype != EM_F16 && dtype != EM_BF16 && dtype <= EM_U64;
}

/* n elements of any numeric type or bool (byte-sized or wider) as f32, f64 or i64 and back. 64-bit integers beyond the
 * mantissa round; u64 goes through i64 as bits. Storing: floats round to nearest even, doubles to integers truncate and
 * saturate (NaN gives 0), integers to narrower ones wrap. i64 does not take floats. */
void eml_block_to_f64(em_dtype dtype, const void *data, int64_t n, double *out);
void eml_block_from_f64(em_dtype dtype, const double *in, int64_t n, void *data);
void eml_block_to_i64(em_dtype dtype, const void *data, int64_t n, int64_t *out);
void eml_block_from_i64(em_dtype dtype, const int64_t *in, int64_t n, void *data);

/* The same for a compute class of F32, F64 or I64. */
void eml_block_load(eml_class compute, em_dtype dtype, const void *data, int64_t n, void *buffer);
void eml_block_store(eml_class compute, em_dtype dtype, const void *buffer, int64_t n, void *data);

/* Least elements per thread of cheap elementwise work: waking a thread costs as much as some ten thousand of them. */
enum { EML_GRAIN = 16384 };

/* The kernel table from its address: EML_K wants whoever holds it. */
typedef struct eml_kernels_holder {
    const eml_kernels *k;
} eml_kernels_holder;
#define EML_KERNELS_OF(table) EML_K(&(const eml_kernels_holder){table})

/* Attributes of operators that have none, but for the leftover of version 1. */
extern const char *const eml_attrs_v1[];

/* Data at element i. */
static inline void *eml_at(void *data, int64_t i, size_t size) {
    return (unsigned char *)data + (size_t)i * size;
}
static inline const void *eml_at_const(const void *data, int64_t i, size_t size) {
    return (const unsigned char *)data + (size_t)i * size;
}

/* Copies one element of 1, 2, 4 or 8 bytes. */
static inline void eml_copy_element(void *to, const void *from, size_t size) {
    switch (size) {
    case 1: memcpy(to, from, 1); break;
    case 2: memcpy(to, from, 2); break;
    case 4: memcpy(to, from, 4); break;
    default: memcpy(to, from, 8); break;
    }
}

#endif
