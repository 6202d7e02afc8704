/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/move.h"

void eml_fill(void *out, int64_t n, size_t size, const void *value) {
    const unsigned char *bytes = value;
    size_t same = 1;
    while (same < size && bytes[same] == bytes[0]) same++;
    if (same == size) {
        if (n > 0) memset(out, bytes[0], (size_t)n * size);
        return;
    }
#define FILL(unit) \
    for (int64_t i = 0; i < n; i++) memcpy((char *)out + i * (int64_t)(unit), value, unit)
    EML_FOR_UNIT(size, FILL)
#undef FILL
}

em_status eml_index_fail(eml_run *run, int input, int64_t i, int axis, int64_t size) {
    const em_tensor *t = run->in[input];
    int64_t position[EM_MAX_RANK];
    char text[EML_SHAPE_CHARS];
    int64_t index = eml_index_at(t, i);
    for (int d = t->rank - 1; d >= 0; d--) {
        position[d] = i % t->dims[d];
        i /= t->dims[d];
    }
    return eml_fail(run->err, EM_ERR_DATA,
                    "input %d: index %lld at %s is out of range for axis %d of size %lld (%lld to %lld)", input,
                    (long long)index, eml_shape_text(position, t->rank, text), axis, (long long)size, -(long long)size,
                    (long long)size - 1);
}

em_status eml_index_check(eml_run *run, int input, int axis, int64_t size) {
    const em_tensor *t = run->in[input];
    int64_t n = eml_tensor_n(t);
    bool bad = false;
    /* One pass that vectorises, and a second one to find the culprit. */
    if (t->dtype == EM_I64) {
        const int64_t *index = t->data;
        for (int64_t i = 0; i < n; i++) bad |= (index[i] < -size) | (index[i] >= size);
    } else {
        const int32_t *index = t->data;
        for (int64_t i = 0; i < n; i++) bad |= (index[i] < -size) | (index[i] >= size);
    }
    if (!bad) return EM_OK;
    int64_t i = 0;
    while (eml_index_at(t, i) >= -size && eml_index_at(t, i) < size) i++;
    return eml_index_fail(run, input, i, axis, size);
}

em_status eml_axis_of(eml_ctx *ctx, int64_t fallback, int rank, int *axis) {
    int64_t value = eml_ctx_int(ctx, "axis", fallback);
    if (eml_axis_normalize(value, rank, axis)) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "axis %lld is out of range for rank %d (%d to %d)", (long long)value, rank,
                    -rank, rank - 1);
}

em_status eml_axes_mask(eml_ctx *ctx, const int64_t *axes, int n, int rank, uint32_t *mask) {
    *mask = 0;
    for (int i = 0; i < n; i++) {
        int axis;
        if (!eml_axis_normalize(axes[i], rank, &axis))
            return eml_fail(ctx->err, EM_ERR_MODEL, "axis %lld is out of range for rank %d (%d to %d)",
                            (long long)axes[i], rank, -rank, rank - 1);
        if (*mask & UINT32_C(1) << axis) return eml_fail(ctx->err, EM_ERR_MODEL, "axis %d is given twice", axis);
        *mask |= UINT32_C(1) << axis;
    }
    return EM_OK;
}

em_status eml_sequence_out(eml_run *run, em_dtype dtype, int64_t n, em_tensor **items) {
    size_t bytes;
    *items = NULL;
    if (n < 0 || (uint64_t)n > SIZE_MAX || !eml_size_mul((size_t)n, sizeof(em_tensor), &bytes))
        return eml_run_no_memory(run);
    *items = eml_run_alloc(run, bytes);
    if (*items == NULL) return eml_run_no_memory(run);
    if (run->out[0] != NULL)
        *run->out[0] =
            (em_tensor){.kind = EM_SEQUENCE, .dtype = dtype, .rank = 1, .dims = {n}, .data = *items, .bytes = bytes};
    return EM_OK;
}

em_status eml_copy_item(eml_run *run, const em_tensor *value, em_tensor *copy) {
    *copy = *value;
    if (value->kind != EM_TENSOR) return EM_OK; /* items of sequences and maps already live as long as the run */
    copy->data = eml_run_alloc(run, value->bytes);
    if (copy->data == NULL) return eml_run_no_memory(run);
    if (value->bytes > 0) memcpy(copy->data, value->data, value->bytes);
    return EM_OK;
}
