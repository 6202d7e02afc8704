/* SPDX-License-Identifier: Apache-2.0 */
/* Small pieces of operators that move elements without looking at them. */
#ifndef EML_OPS_COMMON_MOVE_H
#define EML_OPS_COMMON_MOVE_H

#include <string.h>

#include "ops/op.h"

/* Element types of whole bytes: every type but the packed ones. */
#define EML_T_PACKED (EML_T_BIT(EM_U4) | EML_T_BIT(EM_I4) | EML_T_BIT(EM_F4E2M1) | EML_T_BIT(EM_U2) | EML_T_BIT(EM_I2))
#define EML_T_WHOLE  (EML_T_ANY & ~EML_T_PACKED)
/* Types of indices. */
#define EML_T_INDEX (EML_T_BIT(EM_I32) | EML_T_BIT(EM_I64))

/* Bytes of work worth a thread. */
enum { EML_MOVE_GRAIN = 1 << 18 };

/* True when optional input i is there. */
static inline bool eml_run_has_in(const eml_run *run, int i) {
    return i < run->n_in && run->in[i] != NULL && run->in[i]->kind != EM_NONE;
}

/* Copies unit bytes, fast for the sizes of elements. */
static inline void eml_move_unit(void *out, const void *in, size_t unit) {
    switch (unit) {
    case 1: memcpy(out, in, 1); break;
    case 2: memcpy(out, in, 2); break;
    case 4: memcpy(out, in, 4); break;
    case 8: memcpy(out, in, 8); break;
    case 16: memcpy(out, in, 16); break;
    default: memcpy(out, in, unit);
    }
}

/* Calls CALL(size) with the constant size equal to unit, or else with unit itself: one loop compiled for each. */
#define EML_FOR_UNIT(unit, CALL) \
    switch (unit) {              \
    case 1: CALL(1); break;      \
    case 2: CALL(2); break;      \
    case 4: CALL(4); break;      \
    case 8: CALL(8); break;      \
    case 16: CALL(16); break;    \
    default: CALL(unit); break;  \
    }

/* out[i] = value for n elements of size bytes (1, 2, 4, 8 or 16). */
void eml_fill(void *out, int64_t n, size_t size, const void *value);

/* Element i of an int32 or int64 tensor. */
static inline int64_t eml_index_at(const em_tensor *indices, int64_t i) {
    return indices->dtype == EM_I64 ? ((const int64_t *)indices->data)[i] : ((const int32_t *)indices->data)[i];
}
/* Element i of it, for an axis of that size: negative ones count from its end. Already checked. */
static inline int64_t eml_index_of(const em_tensor *indices, int64_t i, int64_t size) {
    int64_t index = eml_index_at(indices, i);
    return index < 0 ? index + size : index;
}
/* Every index of that input lies in -size .. size - 1. Else names the first that does not, and where it stands. */
em_status eml_index_check(eml_run *run, int input, int axis, int64_t size);
/* The message of that check, for index number i of the input. */
em_status eml_index_fail(eml_run *run, int input, int64_t i, int axis, int64_t size);

/* Attribute axis, for a rank that need not be the input's; nothing is an axis of a scalar. */
em_status eml_axis_of(eml_ctx *ctx, int64_t fallback, int rank, int *axis);
/* Axes given as attribute or input: normalised, none twice. mask has bit i set for axis i. */
em_status eml_axes_mask(eml_ctx *ctx, const int64_t *axes, int n, int rank, uint32_t *mask);

/* Outputs of a sequence operator. The items array and their data live in run memory. */
em_status eml_sequence_out(eml_run *run, em_dtype dtype, int64_t n, em_tensor **items);
/* copy = value with data in run memory. */
em_status eml_copy_item(eml_run *run, const em_tensor *value, em_tensor *copy);

#endif
