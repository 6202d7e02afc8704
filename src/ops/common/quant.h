/* SPDX-License-Identifier: Apache-2.0 */
/* Scales and zero points: how they are spread over a tensor, and their checks.
 *
 * A tensor is cut into runs, pieces of memory that share a scale (step 0) or have one each (step 1):
 *     one scale               pieces of EML_QUANT_PIECE elements
 *     one along an axis       what lies behind one index of the axis; for the last axis, all of it with step 1
 *     one per block of it     the same; for the last axis, a block */
#ifndef EML_OPS_COMMON_QUANT_H
#define EML_OPS_COMMON_QUANT_H

#include "ops/common/block.h"

enum { EML_QUANT_PIECE = 4096 };

#define EML_T_BYTES (EML_T_BIT(EM_U8) | EML_T_BIT(EM_I8))

typedef enum eml_quant_kind { EML_QUANT_ONE, EML_QUANT_AXIS, EML_QUANT_BLOCKED } eml_quant_kind;

typedef struct eml_quant_runs {
    int64_t count, n;              /* runs, elements */
    int64_t length, inner;         /* x[outer, length, inner] */
    int64_t block, blocks;         /* scale[outer, blocks, inner] */
    uint8_t kind;                  /* eml_quant_kind */
    uint8_t scale_type, zero_type; /* em_dtype; zero EM_UNDEFINED: all 0 */
    uint8_t checked;               /* the scales were known to prepare, and right */
} eml_quant_runs;

typedef struct eml_quant_run {
    int64_t start, n; /* elements */
    int64_t scale;    /* the first one's */
    int64_t step;
} eml_quant_run;

/* Of input 0, by input 1 (scale), 2 (zero point, may be absent) and the attributes axis and block_size. Checks the
 * shapes, and the scales when they are known: each must be finite, and not 0 unless zero_scale. */
em_status eml_quant_read(eml_ctx *ctx, bool zero_scale, eml_quant_runs *runs);
em_status eml_quant_check_run(eml_run *run, bool zero_scale, const eml_quant_runs *runs);
eml_quant_run eml_quant_at(const eml_quant_runs *runs, int64_t i);

/* Scales first .. first + n - 1 as floats; zero points as numbers (those of float types: eml_quant_zero_floats). */
void eml_quant_scales(const eml_quant_runs *runs, const em_tensor *scale, int64_t first, int64_t n, float *out);
void eml_quant_zeros(const eml_quant_runs *runs, const em_tensor *zero, int64_t first, int64_t n, int32_t *out);
void eml_quant_zero_floats(const eml_quant_runs *runs, const em_tensor *zero, int64_t first, int64_t n, float *out);

/* ---- one scale and zero point per tensor, as the QLinear operators have them ---- */

typedef struct eml_quant_pair {
    float scale;
    int32_t zero;
} eml_quant_pair;

/* Types and shapes of inputs scale_in (float) and zero_in (of type dtype; may be absent), one element each; the values
 * when they are known. */
em_status eml_quant_check_pair(eml_ctx *ctx, int scale_in, int zero_in, em_dtype dtype);
/* The values; the scale must be finite and above 0. */
em_status eml_quant_pair_of(em_error *err, em_status bad, const em_tensor *const *in, int n_in, int scale_in,
                            int zero_in, eml_quant_pair *pair);

/* 256 bytes: entry x, the bits of a u8 or i8 element, is saturate(round(y / out.scale) + out.zero) with y = values[x].
 */
void eml_quant_table(const eml_kernels *k, em_dtype dtype, const float *values, const eml_quant_pair *out,
                     uint8_t *table);
/* values[x] = (x - in.zero) * in.scale for every element x, by its bits. */
void eml_quant_values(em_dtype dtype, const eml_quant_pair *in, float *values);
/* out[i] = table[x[i]]; out may be x. */
void eml_quant_lookup(const uint8_t *table, const uint8_t *x, int64_t n, uint8_t *out);

#endif
