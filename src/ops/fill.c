/* SPDX-License-Identifier: Apache-2.0 */
/* Tensors made from a rule: ConstantOfShape, EyeLike (ones where column - row = k), Range (start + i * delta) and
 * OneHot (values[1] where the position along the new axis is the index, else values[0]). */
#include <math.h>

#include "ops/common/move.h"
#include "tensor/convert.h"

/* ---- ConstantOfShape ---- */

typedef struct constant_params {
    unsigned char value[16];
    uint32_t size;
} constant_params;

static em_status shape_value(eml_ctx *ctx, const em_tensor **value) {
    *value = eml_ctx_tensor(ctx, "value");
    if (!*value) return EM_OK;
    if (eml_tensor_n(*value) != 1 || (*value)->dtype == EM_STRING)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'value' is not one number");
    return EM_OK;
}

static em_status infer_constant(eml_ctx *ctx) {
    const em_tensor *value;
    int64_t dims[EM_MAX_RANK];
    int rank;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_INDEX));
    EML_TRY(shape_value(ctx, &value));
    EML_TRY(eml_ctx_in_ints(ctx, 0, dims, EM_MAX_RANK, &rank));
    for (int d = 0; d < rank; d++)
        if (dims[d] < 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "dimension %d of the shape is %lld", d, (long long)dims[d]);
    return eml_ctx_out(ctx, 0, value ? value->dtype : EM_F32, rank, dims);
}

static em_status prepare_constant(eml_ctx *ctx) {
    const em_tensor *value;
    EML_TRY(shape_value(ctx, &value));
    constant_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    em_dtype dtype = value ? value->dtype : EM_F32;
    unsigned bits = eml_dtype_bits(dtype);
    p->size = bits < 8 ? 1 : bits / 8;
    if (!value) return EM_OK;
    if (bits >= 8) {
        memcpy(p->value, value->data, p->size);
    } else { /* a byte full of them */
        for (unsigned i = 0; i < 8 / bits; i++) eml_packed_set(p->value, i, bits, eml_packed_get(value->data, 0, bits));
    }
    return EM_OK;
}

static em_status run_constant(eml_run *run) {
    const constant_params *p = run->params;
    eml_fill(run->out[0]->data, (int64_t)(run->out[0]->bytes / p->size), p->size, p->value);
    return EM_OK;
}

static const char *const value_attrs[] = {"value", NULL};
EML_OP_DEFINE(ai, ConstantOfShape, run_constant, .infer = infer_constant, .prepare = prepare_constant, .min_in = 1,
              .max_in = 1, .min_out = 1, .max_out = 1, .attrs = value_attrs);

/* ---- EyeLike ---- */

static em_status infer_eye(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_NUMERIC | EML_T_BIT(EM_BOOL)));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 2, 2));
    int64_t dtype = eml_ctx_int(ctx, "dtype", (int64_t)ctx->in[0]->dtype);
    if (dtype <= 0 || dtype >= EM_DTYPE_COUNT || !((EML_T_NUMERIC | EML_T_BIT(EM_BOOL)) >> dtype & 1))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'dtype' is %lld, not a numeric type", (long long)dtype);
    return eml_ctx_out(ctx, 0, (em_dtype)dtype, 2, ctx->in[0]->dims);
}

static em_status prepare_eye(eml_ctx *ctx) {
    int64_t *k = eml_ctx_params(ctx, sizeof *k);
    if (!k) return eml_ctx_no_memory(ctx);
    *k = eml_ctx_int(ctx, "k", 0);
    return EM_OK;
}

static em_status run_eye(eml_run *run) {
    const int64_t *k = run->params;
    em_tensor *out = run->out[0];
    int64_t rows = out->dims[0], columns = out->dims[1];
    if (out->bytes > 0) memset(out->data, 0, out->bytes);
    if (*k <= -rows || *k >= columns) return EM_OK;
    for (int64_t i = *k < 0 ? -*k : 0; i < rows && i + *k < columns; i++)
        eml_store_i64(out->dtype, out->data, i * columns + i + *k, 1);
    return EM_OK;
}

static const char *const eye_attrs[] = {"dtype", "k", NULL};
EML_OP_DEFINE(ai, EyeLike, run_eye, .infer = infer_eye, .prepare = prepare_eye, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .shape_only = true, .attrs = eye_attrs);

/* ---- Range ---- */

#define RANGE_TYPES \
    (EML_T_FLOATS | EML_T_BIT(EM_I16) | EML_T_BIT(EM_I32) | EML_T_BIT(EM_I64)) /* floats are computed in double */

/* Number of steps from start to limit; false when it does not fit. */
static bool count_integers(int64_t start, int64_t limit, int64_t delta, int64_t *n) {
    *n = 0;
    if (delta > 0 ? start >= limit : start <= limit) return true;
    uint64_t distance = delta > 0 ? (uint64_t)limit - (uint64_t)start : (uint64_t)start - (uint64_t)limit;
    uint64_t step = delta > 0 ? (uint64_t)delta : 0 - (uint64_t)delta, steps = (distance - 1) / step + 1;
    *n = (int64_t)steps;
    return steps <= INT64_MAX;
}

static em_status infer_range(eml_ctx *ctx) {
    int64_t n = 0;
    EML_TRY(eml_ctx_check_in(ctx, 0, RANGE_TYPES));
    em_dtype dtype = ctx->in[0]->dtype;
    for (int i = 0; i < 3; i++) {
        EML_TRY(eml_ctx_check_in(ctx, i, EML_T_BIT(dtype)));
        if (eml_tensor_n(ctx->in[i]) != 1)
            return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has %lld elements, expected one", i,
                            (long long)eml_tensor_n(ctx->in[i]));
    }
    for (int i = 0; i < 3; i++)
        if (!ctx->in[i]->data) return (em_status)EML_NEED_DATA;
    if (eml_load_f64(dtype, ctx->in[2]->data, 0) == 0) return eml_fail(ctx->err, EM_ERR_DATA, "the step is 0");
    bool fits;
    if (eml_dtype_is_float(dtype)) {
        double start = eml_load_f64(dtype, ctx->in[0]->data, 0), limit = eml_load_f64(dtype, ctx->in[1]->data, 0);
        double steps = ceil((limit - start) / eml_load_f64(dtype, ctx->in[2]->data, 0));
        fits = steps < 0x1p62; /* false for NaN */
        n = fits && steps > 0 ? (int64_t)steps : 0;
    } else {
        fits = count_integers(eml_load_i64(dtype, ctx->in[0]->data, 0), eml_load_i64(dtype, ctx->in[1]->data, 0),
                              eml_load_i64(dtype, ctx->in[2]->data, 0), &n);
    }
    if (!fits) return eml_fail(ctx->err, EM_ERR_DATA, "the range has no finite number of elements");
    return eml_ctx_out(ctx, 0, dtype, 1, &n);
}

static em_status run_range(eml_run *run) {
    em_tensor *out = run->out[0];
    em_dtype dtype = out->dtype;
    const void *start = run->in[0]->data, *delta = run->in[2]->data;
    int64_t n = out->dims[0];
    if (eml_dtype_is_float(dtype)) {
        double from = eml_load_f64(dtype, start, 0), step = eml_load_f64(dtype, delta, 0);
        for (int64_t i = 0; i < n; i++) eml_store_f64(dtype, out->data, i, from + (double)i * step);
    } else {
        uint64_t from = (uint64_t)eml_load_i64(dtype, start, 0), step = (uint64_t)eml_load_i64(dtype, delta, 0);
        for (int64_t i = 0; i < n; i++) eml_store_i64(dtype, out->data, i, (int64_t)(from + (uint64_t)i * step));
    }
    return EM_OK;
}

static const char *const range_attrs[] = {"stash_type", NULL};
EML_OP_DEFINE(ai, Range, run_range, .infer = infer_range, .min_in = 3, .max_in = 3, .min_out = 1, .max_out = 1,
              .attrs = range_attrs);

/* ---- OneHot ---- */

#define ONEHOT_NUMBERS (EML_T_NUMERIC | EML_T_BIT(EM_BOOL))

static em_status infer_onehot(eml_ctx *ctx) {
    int64_t dims[EM_MAX_RANK + 1];
    int axis;
    EML_TRY(eml_ctx_check_in(ctx, 0, ONEHOT_NUMBERS));
    EML_TRY(eml_ctx_check_in(ctx, 1, ONEHOT_NUMBERS));
    EML_TRY(eml_ctx_check_in(ctx, 2, EML_T_WHOLE));
    const em_tensor *indices = ctx->in[0], *depth = ctx->in[1], *values = ctx->in[2];
    EML_TRY(eml_axis_of(ctx, -1, indices->rank + 1, &axis));
    if (eml_tensor_n(depth) != 1 || eml_tensor_n(values) != 2)
        return eml_fail(ctx->err, EM_ERR_MODEL, "expected one depth and two values, found %lld and %lld",
                        (long long)eml_tensor_n(depth), (long long)eml_tensor_n(values));
    if (!depth->data) return (em_status)EML_NEED_DATA;
    int64_t size = eml_load_i64(depth->dtype, depth->data, 0);
    if (size < 0) return eml_fail(ctx->err, EM_ERR_DATA, "the depth is %lld", (long long)size);
    for (int d = 0, from = 0; d <= indices->rank; d++) dims[d] = d == axis ? size : indices->dims[from++];
    return eml_ctx_out(ctx, 0, values->dtype, indices->rank + 1, dims);
}

static em_status prepare_onehot(eml_ctx *ctx) {
    int axis;
    EML_TRY(eml_axis_of(ctx, -1, ctx->in[0]->rank + 1, &axis));
    int32_t *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    *p = axis;
    return EM_OK;
}

static em_status run_onehot(eml_run *run) {
    const int32_t *axis = run->params;
    const em_tensor *indices = run->in[0], *out = run->out[0];
    size_t size = eml_dtype_size(out->dtype);
    const char *off = run->in[2]->data, *on = off + size;
    int64_t depth = out->dims[*axis], inner = eml_dims_product(out->dims, *axis + 1, out->rank);
    int64_t n = eml_tensor_n(indices);
    eml_fill(out->data, eml_tensor_n(out), size, off);
    for (int64_t i = 0; i < n; i++) {
        int64_t index = eml_load_i64(indices->dtype, indices->data, i);
        if (index < -depth || index >= depth) continue; /* no such position: all off */
        if (index < 0) index += depth;
        int64_t to = (i / inner * depth + index) * inner + i % inner;
        eml_move_unit((char *)out->data + to * (int64_t)size, on, size);
    }
    return EM_OK;
}

static const char *const onehot_attrs[] = {"axis", NULL};
EML_OP_DEFINE(ai, OneHot, run_onehot, .infer = infer_onehot, .prepare = prepare_onehot, .min_in = 3, .max_in = 3,
              .min_out = 1, .max_out = 1, .attrs = onehot_attrs);
