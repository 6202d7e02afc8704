/* SPDX-License-Identifier: Apache-2.0 */
/* Unique: the different elements (or slices along an axis) of X, ascending or in order of appearance; with the index of
 * the first appearance of each, the place of every element among them, and how often each occurs. NaN equals NaN and
 * comes last. Slices compare by their elements in row-major order. */
#include "ops/common/move.h"
#include "tensor/convert.h"

typedef struct unique_params {
    int64_t outer, n, inner; /* X seen as [outer, n, inner], n elements to compare */
    int32_t axis;            /* -1: flattened */
    int32_t sorted;
} unique_params;

static em_status infer_unique(eml_ctx *ctx) {
    int axis;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_NUMERIC | EML_T_BIT(EM_BOOL) | EML_T_BIT(EM_STRING)));
    if (eml_ctx_has(ctx, "axis")) EML_TRY(eml_axis_of(ctx, 0, ctx->in[0]->rank, &axis));
    for (int i = 0; i < ctx->n_out; i++)
        if (eml_ctx_has_out(ctx, i))
            *ctx->out[i] = (em_tensor){.kind = EM_TENSOR, .dtype = i == 0 ? ctx->in[0]->dtype : EM_I64};
    return EM_OK;
}

static em_status prepare_unique(eml_ctx *ctx) {
    const em_tensor *in = ctx->in[0];
    int axis = -1;
    size_t bytes;
    if (eml_ctx_has(ctx, "axis")) EML_TRY(eml_axis_of(ctx, 0, in->rank, &axis));
    unique_params *p = eml_ctx_params(ctx, sizeof *p);
    if (!p) return eml_ctx_no_memory(ctx);
    p->axis = axis;
    p->sorted = eml_ctx_int(ctx, "sorted", 1) != 0;
    p->outer = axis < 0 ? 1 : eml_dims_product(in->dims, 0, axis);
    p->n = axis < 0 ? eml_tensor_n(in) : in->dims[axis];
    p->inner = axis < 0 ? 1 : eml_dims_product(in->dims, axis + 1, in->rank);
    if (!eml_size_mul((size_t)p->n, 4 * sizeof(int64_t), &bytes)) return eml_ctx_no_memory(ctx);
    ctx->scratch_bytes = bytes;
    return EM_OK;
}

typedef struct keys {
    const unique_params *p;
    em_dtype dtype;
    const void *data;
} keys;

#define THREE_WAY(T)                                                      \
    {                                                                     \
        const T x = ((const T *)k->data)[a], y = ((const T *)k->data)[b]; \
        return (x > y) - (x < y);                                         \
    }

static int compare_elements(const keys *k, int64_t a, int64_t b) {
    switch (k->dtype) {
    case EM_I64: THREE_WAY(int64_t)
    case EM_U64: THREE_WAY(uint64_t)
    case EM_I32: THREE_WAY(int32_t)
    case EM_STRING: {
        em_string x = ((const em_string *)k->data)[a], y = ((const em_string *)k->data)[b];
        size_t shorter = x.length < y.length ? x.length : y.length;
        int order = shorter ? memcmp(x.data, y.data, shorter) : 0;
        return order ? order : (x.length > y.length) - (x.length < y.length);
    }
    default: {
        double x = eml_load_f64(k->dtype, k->data, a), y = eml_load_f64(k->dtype, k->data, b);
        if (x != x || y != y) return (x != x) - (y != y);
        return (x > y) - (x < y);
    }
    }
}

static int compare_slices(const keys *k, int64_t a, int64_t b) {
    const unique_params *p = k->p;
    for (int64_t o = 0; o < p->outer; o++) {
        for (int64_t i = 0; i < p->inner; i++) {
            int order = compare_elements(k, (o * p->n + a) * p->inner + i, (o * p->n + b) * p->inner + i);
            if (order) return order;
        }
    }
    return 0;
}

/* Merge sort, stable, from the bottom up; the result is in `list`. */
static void sort(const keys *k, int64_t *list, int64_t *room, int64_t n) {
    int64_t *from = list, *to = room;
    for (int64_t width = 1; width < n; width *= 2) {
        for (int64_t start = 0; start < n; start += 2 * width) {
            int64_t middle = start + width < n ? start + width : n, end = start + 2 * width < n ? start + 2 * width : n;
            int64_t a = start, b = middle;
            for (int64_t i = start; i < end; i++)
                to[i] = a < middle && (b >= end || compare_slices(k, from[a], from[b]) <= 0) ? from[a++] : from[b++];
        }
        int64_t *swap = from;
        from = to;
        to = swap;
    }
    if (from != list && n > 0) memcpy(list, from, (size_t)n * sizeof *list);
}

/* out = the slices of X whose indices are in first[0 .. found). */
static em_status put_slices(eml_run *run, const int64_t *first, int64_t found) {
    const unique_params *p = run->params;
    const em_tensor *in = run->in[0];
    int64_t dims[EM_MAX_RANK], unit = p->inner * (int64_t)eml_dtype_size(in->dtype);
    for (int d = 0; d < in->rank; d++) dims[d] = in->dims[d];
    dims[p->axis < 0 ? 0 : p->axis] = found;
    EML_TRY(eml_run_out(run, 0, in->dtype, p->axis < 0 ? 1 : in->rank, dims));
    if (!run->out[0] || unit == 0) return EM_OK;
    char *out = run->out[0]->data;
    for (int64_t o = 0; o < p->outer; o++)
        for (int64_t i = 0; i < found; i++, out += unit)
            eml_move_unit(out, (const char *)in->data + (o * p->n + first[i]) * unit, (size_t)unit);
    return EM_OK;
}

static em_status put_list(eml_run *run, int i, const int64_t *list, int64_t n) {
    EML_TRY(eml_run_out(run, i, EM_I64, 1, &n));
    if (i < run->n_out && run->out[i] && n > 0) memcpy(run->out[i]->data, list, (size_t)n * sizeof *list);
    return EM_OK;
}

static em_status run_unique(eml_run *run) {
    const unique_params *p = run->params;
    keys k = {p, run->in[0]->dtype, run->in[0]->data};
    int64_t n = p->n, found = 0;
    /* order: indices by value; first, count: of each different one; place[i]: of element i among them. */
    int64_t *order = run->scratch, *first = order + n, *place = first + n, *count = place + n;
    for (int64_t i = 0; i < n; i++) order[i] = i;
    sort(&k, order, first, n);
    for (int64_t i = 0; i < n; i++) {
        if (i == 0 || compare_slices(&k, order[i - 1], order[i]) != 0) {
            first[found] = order[i]; /* the sort is stable: the first to appear */
            count[found++] = 0;
        }
        count[found - 1]++;
        place[order[i]] = found - 1;
    }
    if (!p->sorted) { /* number them anew as they appear; `order` gives each old number its new one */
        int64_t next = 0;
        for (int64_t i = 0; i < found; i++) order[i] = -1;
        for (int64_t i = 0; i < n; i++) {
            if (order[place[i]] < 0) order[place[i]] = next++;
            place[i] = order[place[i]];
        }
        for (int64_t i = 0; i < found; i++) count[i] = 0;
        for (int64_t i = n - 1; i >= 0; i--) {
            first[place[i]] = i;
            count[place[i]]++;
        }
    }
    EML_TRY(put_slices(run, first, found));
    EML_TRY(put_list(run, 1, first, found));
    EML_TRY(put_list(run, 2, place, n));
    return put_list(run, 3, count, found);
}

static const char *const unique_attrs[] = {"axis", "sorted", NULL};
EML_OP_DEFINE(ai, Unique, run_unique, .infer = infer_unique, .prepare = prepare_unique, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 4, .dynamic_out = true, .attrs = unique_attrs);
