/* SPDX-License-Identifier: Apache-2.0 */
/* Pad: out[i] = in[i - begin] inside, outside a constant, or the element that edge (clamp), reflect (mirror without
 * repeating the border) or wrap (modulo) give; negative pads crop first.
 * CenterCropPad: pads with 0 or crops each axis to a wanted size, the odd element after. */
#include "ops/common/move.h"
#include "tensor/convert.h"

typedef enum pad_mode { CONSTANT, REFLECT, EDGE, WRAP } pad_mode;

/* Axes that are not padded are merged into the one before; the last one may vanish into the unit. */
typedef struct pad_params {
    int32_t rank, mode;
    int64_t unit; /* bytes that move together; 0: packed elements */
    int64_t rows;
    int64_t dims[EM_MAX_RANK];                     /* of the output */
    int64_t begin[EM_MAX_RANK], size[EM_MAX_RANK]; /* output positions begin .. begin + size - 1 are copies */
    int64_t first[EM_MAX_RANK];                    /* of the input position of `begin` */
    int64_t strides[EM_MAX_RANK];                  /* of the input, in units */
    unsigned char value[sizeof(double)];           /* versions 1 and 2 */
    uint32_t value_size, bits;
    int32_t has_value;
} pad_params;

/* Input position along an axis of output position i, or -1 where the constant stands. */
static int64_t source(const pad_params *p, int axis, int64_t i) {
    int64_t n = p->size[axis];
    i -= p->begin[axis];
    if (i < 0 || i >= n) {
        switch (p->mode) {
        case CONSTANT: return -1;
        case EDGE: i = i < 0 ? 0 : n - 1; break;
        case WRAP: i = i % n < 0 ? i % n + n : i % n; break;
        default:
            if (n == 1) {
                i = 0;
                break;
            }
            i %= 2 * (n - 1);
            if (i < 0) i += 2 * (n - 1);
            if (i >= n) i = 2 * (n - 1) - i;
        }
    }
    return p->first[axis] + i;
}

typedef struct pad_task {
    const pad_params *p;
    const char *in;
    char *out;
    const void *value; /* one element */
} pad_task;

static void fill_units(const pad_task *t, char *out, int64_t n) {
    eml_fill(out, n * (t->p->unit / t->p->value_size), t->p->value_size, t->value);
}

/* Positions [from, to) of a row that lie outside the copied part. */
static void pad_border(const pad_task *t, const char *in, char *out, int64_t from, int64_t to) {
    const pad_params *p = t->p;
    int last = p->rank - 1;
    if (p->mode == CONSTANT) {
        fill_units(t, out + from * p->unit, to - from);
        return;
    }
    for (int64_t i = from; i < to; i++)
        eml_move_unit(out + i * p->unit, in + source(p, last, i) * p->unit, (size_t)p->unit);
}

static void pad_rows(void *task, int64_t begin, int64_t end) {
    const pad_task *t = task;
    const pad_params *p = t->p;
    int last = p->rank - 1;
    int64_t columns = p->dims[last], left = p->begin[last], right = left + p->size[last];
    for (int64_t row = begin; row < end; row++) {
        const char *in = t->in;
        char *out = t->out + row * columns * p->unit;
        int64_t rest = row;
        for (int d = last - 1; d >= 0 && in; d--) {
            int64_t from = source(p, d, rest % p->dims[d]);
            rest /= p->dims[d];
            in = from < 0 ? NULL : in + from * p->strides[d] * p->unit;
        }
        if (!in) {
            fill_units(t, out, columns);
            continue;
        }
        pad_border(t, in, out, 0, left);
        if (p->size[last] > 0)
            memcpy(out + left * p->unit, in + p->first[last] * p->unit, (size_t)(p->size[last] * p->unit));
        pad_border(t, in, out, right, columns);
    }
}

/* Elements of less than a byte. */
static void pad_packed(const pad_task *t) {
    const pad_params *p = t->p;
    unsigned value = eml_packed_get(t->value, 0, p->bits);
    int64_t n = p->rows * p->dims[p->rank - 1];
    for (int64_t i = 0; i < n; i++) {
        int64_t rest = i, at = 0;
        for (int d = p->rank - 1; d >= 0 && at >= 0; d--) {
            int64_t from = source(p, d, rest % p->dims[d]);
            rest /= p->dims[d];
            at = from < 0 ? -1 : at + from * p->strides[d];
        }
        eml_packed_set(t->out, i, p->bits, at < 0 ? value : eml_packed_get(t->in, at, p->bits));
    }
}

static em_status run_pad(eml_run *run) {
    static const unsigned char zero[16] = {0};
    const pad_params *p = run->params;
    pad_task task = {p, run->in[0]->data, run->out[0]->data, p->has_value ? p->value : zero};
    if (p->mode == CONSTANT && !p->has_value && eml_run_has_in(run, 2)) task.value = run->in[2]->data;
    if (run->out[0]->bytes == 0) return EM_OK;
    if (p->unit == 0)
        pad_packed(&task);
    else
        eml_run_parallel(run, p->rows, EML_MOVE_GRAIN / (p->dims[p->rank - 1] * p->unit) + 1, pad_rows, &task);
    return EM_OK;
}

/* ---- planning ---- */

static em_status pad_out(eml_ctx *ctx, const int64_t *begin, const int64_t *end, pad_mode mode) {
    const em_tensor *in = ctx->in[0];
    const int64_t most = INT64_C(1) << 60;
    int64_t dims[EM_MAX_RANK];
    for (int d = 0; d < in->rank; d++) {
        bool fits = begin[d] > -most && begin[d] < most && end[d] > -most && end[d] < most && in->dims[d] < most;
        dims[d] = fits ? in->dims[d] + begin[d] + end[d] : -1;
        if (dims[d] < 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "pads %lld and %lld do not fit axis %d of size %lld",
                            (long long)begin[d], (long long)end[d], d, (long long)in->dims[d]);
        int64_t kept = in->dims[d] + (begin[d] < 0 ? begin[d] : 0) + (end[d] < 0 ? end[d] : 0);
        if (mode != CONSTANT && kept <= 0 && dims[d] > 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "axis %d has nothing left to pad with", d);
    }
    return eml_ctx_out(ctx, 0, in->dtype, in->rank, dims);
}

static pad_params *pad_prepare(eml_ctx *ctx, const int64_t *begin, const int64_t *end, pad_mode mode) {
    const em_tensor *in = ctx->in[0], *out = ctx->out[0];
    pad_params *p = eml_ctx_params(ctx, sizeof *p);
    int rank = 0;
    bool plain = false; /* the axis before is not padded */
    if (!p) return NULL;
    for (int d = 0; d < in->rank; d++) {
        bool merge = plain && begin[d] == 0 && end[d] == 0;
        plain = begin[d] == 0 && end[d] == 0;
        if (merge) {
            p->dims[rank - 1] *= out->dims[d];
            p->size[rank - 1] *= in->dims[d];
        } else {
            int64_t crop = begin[d] < 0 ? -begin[d] : 0, kept = in->dims[d] - crop + (end[d] < 0 ? end[d] : 0);
            p->dims[rank] = out->dims[d];
            p->size[rank] = kept < 0 ? 0 : kept;
            p->first[rank] = crop;
            p->begin[rank] = begin[d] < 0 ? 0 : begin[d] < out->dims[d] ? begin[d] : out->dims[d];
            rank++;
        }
        p->strides[rank - 1] = eml_dims_product(in->dims, d + 1, in->rank);
    }
    if (rank == 0) { /* a scalar */
        p->dims[0] = p->size[0] = p->strides[0] = 1;
        rank = 1;
    }
    p->mode = (int32_t)mode;
    p->value_size = (uint32_t)eml_dtype_size(in->dtype);
    p->bits = eml_dtype_bits(in->dtype);
    p->unit = (int64_t)p->value_size;
    if (plain && rank > 1 && p->unit > 0 && p->dims[rank - 1] > 0) {
        int64_t inner = p->dims[--rank];
        p->unit *= inner;
        for (int d = 0; d < rank; d++) p->strides[d] /= inner;
    }
    p->rank = rank;
    p->rows = eml_dims_product(p->dims, 0, rank - 1);
    return p;
}

/* ---- Pad ---- */

static em_status get_mode(eml_ctx *ctx, pad_mode *mode) {
    static const char *const names[] = {"constant", "reflect", "edge", "wrap"};
    for (int i = 0; i < 4; i++) {
        *mode = (pad_mode)i;
        if (eml_ctx_string_is(ctx, "mode", "constant", names[i])) return EM_OK;
    }
    em_string text = eml_ctx_string(ctx, "mode", "");
    return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'mode' is '%.*s', expected constant, reflect, edge or wrap",
                    (int)text.length, text.data);
}

/* The list of begins and ends: an attribute before version 11, an input since, for some axes since 18. */
static em_status get_pads(eml_ctx *ctx, int64_t *begin, int64_t *end) {
    int64_t pads[2 * EM_MAX_RANK], axes[EM_MAX_RANK];
    int rank = ctx->in[0]->rank, n = 0, n_axes = rank;
    for (int d = 0; d < rank; d++) {
        begin[d] = end[d] = 0;
        axes[d] = d;
    }
    if (ctx->opset < 11) {
        size_t count;
        const int64_t *list = eml_ctx_ints(ctx, ctx->opset < 2 ? "paddings" : "pads", &count);
        if (!list) return eml_fail(ctx->err, EM_ERR_MODEL, "the pads are missing");
        n = count > 2 * EM_MAX_RANK ? -1 : (int)count;
        for (int i = 0; i < n; i++) pads[i] = list[i];
    } else {
        EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_INDEX));
        EML_TRY(eml_ctx_in_ints(ctx, 1, pads, 2 * EM_MAX_RANK, &n));
        if (eml_ctx_has_in(ctx, 3)) {
            EML_TRY(eml_ctx_check_in(ctx, 3, EML_T_INDEX));
            EML_TRY(eml_ctx_in_ints(ctx, 3, axes, EM_MAX_RANK, &n_axes));
        }
    }
    if (n != 2 * n_axes)
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %d pads for %d axes, expected two for each", n, n_axes);
    uint32_t mask;
    EML_TRY(eml_axes_mask(ctx, axes, n_axes, rank, &mask));
    for (int i = 0; i < n_axes; i++) {
        int d = (int)(axes[i] < 0 ? axes[i] + rank : axes[i]);
        begin[d] = pads[i];
        end[d] = pads[n_axes + i];
    }
    return EM_OK;
}

static em_status infer_pad(eml_ctx *ctx) {
    int64_t begin[EM_MAX_RANK] = {0}, end[EM_MAX_RANK] = {0};
    pad_mode mode;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_ANY));
    if (eml_ctx_has_in(ctx, 2)) {
        EML_TRY(eml_ctx_check_in(ctx, 2, EML_T_BIT(ctx->in[0]->dtype)));
        if (eml_tensor_n(ctx->in[2]) != 1)
            return eml_fail(ctx->err, EM_ERR_MODEL, "input 2 (the constant) has %lld elements, expected one",
                            (long long)eml_tensor_n(ctx->in[2]));
    }
    EML_TRY(get_mode(ctx, &mode));
    EML_TRY(get_pads(ctx, begin, end));
    return pad_out(ctx, begin, end, mode);
}

static em_status prepare_pad(eml_ctx *ctx) {
    int64_t begin[EM_MAX_RANK] = {0}, end[EM_MAX_RANK] = {0};
    pad_mode mode;
    EML_TRY(get_mode(ctx, &mode));
    EML_TRY(get_pads(ctx, begin, end));
    pad_params *p = pad_prepare(ctx, begin, end, mode);
    if (!p) return eml_ctx_no_memory(ctx);
    float value = eml_ctx_float(ctx, "value", 0);
    if (ctx->opset < 11 && p->value_size <= sizeof p->value) {
        eml_store_f64(ctx->in[0]->dtype, p->value, 0, (double)value);
        p->has_value = 1;
    }
    return EM_OK;
}

static const char *const pad_attrs[] = {"mode", "pads", "paddings", "value", NULL};
EML_OP_DEFINE(ai, Pad, run_pad, .infer = infer_pad, .prepare = prepare_pad, .min_in = 1, .max_in = 4, .min_out = 1,
              .max_out = 1, .attrs = pad_attrs);

/* ---- CenterCropPad ---- */

static em_status get_centered(eml_ctx *ctx, int64_t *begin, int64_t *end) {
    const em_tensor *in = ctx->in[0];
    int64_t wanted[EM_MAX_RANK], all[EM_MAX_RANK];
    size_t n_axes;
    int n;
    uint32_t mask;
    const int64_t *axes = eml_ctx_ints(ctx, "axes", &n_axes);
    for (int d = 0; d < in->rank; d++) {
        begin[d] = end[d] = 0;
        all[d] = d;
    }
    if (!axes) {
        axes = all;
        n_axes = (size_t)in->rank;
    }
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_INDEX));
    EML_TRY(eml_ctx_in_ints(ctx, 1, wanted, EM_MAX_RANK, &n));
    if ((size_t)n != n_axes) return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 has %d sizes for %zu axes", n, n_axes);
    EML_TRY(eml_axes_mask(ctx, axes, n, in->rank, &mask));
    for (int i = 0; i < n; i++) {
        int d = (int)(axes[i] < 0 ? axes[i] + in->rank : axes[i]);
        if (wanted[i] < 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "wanted size %lld of axis %d", (long long)wanted[i], d);
        int64_t more = wanted[i] - in->dims[d];
        begin[d] = more / 2; /* towards 0: the odd one goes to the end */
        end[d] = more - begin[d];
    }
    return EM_OK;
}

static em_status infer_center(eml_ctx *ctx) {
    int64_t begin[EM_MAX_RANK] = {0}, end[EM_MAX_RANK] = {0};
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_WHOLE));
    EML_TRY(get_centered(ctx, begin, end));
    return pad_out(ctx, begin, end, CONSTANT);
}

static em_status prepare_center(eml_ctx *ctx) {
    int64_t begin[EM_MAX_RANK] = {0}, end[EM_MAX_RANK] = {0};
    EML_TRY(get_centered(ctx, begin, end));
    return pad_prepare(ctx, begin, end, CONSTANT) ? EM_OK : eml_ctx_no_memory(ctx);
}

static const char *const center_attrs[] = {"axes", NULL};
EML_OP_DEFINE(ai, CenterCropPad, run_pad, .infer = infer_center, .prepare = prepare_center, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .attrs = center_attrs);
