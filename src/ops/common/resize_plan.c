/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/resize_plan.h"

#include "ops/common/layout.h"
#include "tensor/convert.h"

enum {
    NARROW = 16,   /* elements behind an axis that are folded into its table */
    PARTITIONS = 8 /* shares of slabs that can be worked on at the same time, each with scratch memory */
};

static int64_t largest(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static em_status too_large(eml_ctx *ctx) {
    return eml_fail(ctx->err, EM_ERR_MEMORY, "out of memory for the tables of resizing");
}

/* ---- preparing: nearest ---- */

static em_status prepare_nearest(eml_ctx *ctx, const eml_resize_how *how, const eml_resize_axis *axes, float value) {
    const em_tensor *x = ctx->in[0];
    eml_layout layout = {0};
    size_t at[EM_MAX_RANK] = {0};
    int last = x->rank - 1;
    while (last > 0 && eml_resize_is_copy(how, &axes[last])) last--;
    eml_layout_add(&layout, 1, sizeof(eml_resize_params));
    for (int d = 0; d <= last; d++)
        if (!eml_resize_is_copy(how, &axes[d])) at[d] = eml_layout_add(&layout, (size_t)axes[d].out, sizeof(int32_t));
    eml_resize_params *p = layout.overflow ? NULL : eml_ctx_params(ctx, layout.bytes);
    if (p == NULL) return too_large(ctx);
    p->dtype = (uint8_t)x->dtype;
    p->value = value;
    p->unit = eml_dims_product(x->dims, last + 1, x->rank) * (int64_t)eml_dtype_size(x->dtype);
    p->rows = eml_dims_product(ctx->out[0]->dims, 0, last);
    for (int d = 0; d <= last; d++) {
        eml_resize_nearest *a = &p->axes[p->n_axes];
        bool merge = at[d] == 0 && d > 0 && at[d - 1] == 0; /* neighbours that are copied are one axis */
        if (merge) a = &p->axes[p->n_axes - 1];
        int64_t out = merge ? a->out * axes[d].out : axes[d].out;
        *a = (eml_resize_nearest){out, eml_dims_product(x->dims, d + 1, last + 1), (int64_t)at[d], false};
        if (!merge) p->n_axes++;
        int32_t *index = (int32_t *)(void *)((char *)p + at[d]);
        for (int64_t o = 0; at[d] != 0 && o < axes[d].out; o++)
            if (!eml_resize_entry(how, &axes[d], 1, o, (eml_resize_slot){.index = &index[o]})) index[o] = -1;
        a->doubles = at[d] != 0 && axes[d].out % 2 == 0;
        for (int64_t o = 0; a->doubles && o < axes[d].out; o++) a->doubles = index[o] == o / 2;
    }
    uint32_t numbers = EML_T_NUMERIC | EML_T_BIT(EM_BOOL);
    if ((EML_T_BIT(x->dtype) & numbers) != 0) eml_store_f64(x->dtype, p->value_bytes, 0, (double)value);
    return EM_OK;
}

/* ---- preparing: weighted sums ---- */

/* The next axis to work on among those not done: shrinking before growing, the first of the shrinking, the last of the
 * growing. */
static int next_axis(const eml_resize_how *how, const eml_resize_axis *axes, int rank, uint32_t done) {
    int next = -1;
    for (int d = 0; d < rank; d++) {
        if ((done >> d & 1) != 0 || eml_resize_is_copy(how, &axes[d])) continue;
        if (axes[d].out < axes[d].in) return d;
        next = d;
    }
    return next;
}

/* Passes in order, their tables and scratch memory laid out; tables are filled when p is where they go. */
static bool plan_passes(const eml_resize_how *how, const eml_resize_axis *axes, int rank, eml_resize_params *p,
                        eml_layout *layout, int *order) {
    size_t weight_bytes = p->f64 ? sizeof(double) : sizeof(float);
    int64_t dims[EM_MAX_RANK];
    int first = 0;
    uint32_t done = 0;
    for (int d = 0; d < rank; d++) dims[d] = axes[d].in;
    while (first < rank && eml_resize_is_copy(how, &axes[first])) first++;
    p->slabs = eml_dims_product(dims, 0, first);
    p->stage[0] = eml_dims_product(dims, first, rank);
    for (int d; (d = next_axis(how, axes, rank, done)) >= 0; done |= UINT32_C(1) << d) {
        eml_resize_pass *pass = &p->passes[p->n_passes];
        int64_t inner = eml_dims_product(dims, d + 1, rank), fold = 1;
        if (inner < NARROW && axes[d].in <= INT32_MAX / NARROW && axes[d].out <= INT32_MAX / NARROW) fold = inner;
        *pass = (eml_resize_pass){.outer = eml_dims_product(dims, first, d),
                                  .in = axes[d].in * fold,
                                  .out = axes[d].out * fold,
                                  .inner = inner / fold,
                                  .taps = eml_resize_taps(how, &axes[d])};
        size_t entries;
        if (pass->taps == 0 || pass->taps > INT32_MAX || !eml_size_mul((size_t)pass->taps, (size_t)pass->out, &entries))
            return false;
        pass->index_at = (int64_t)eml_layout_add(layout, entries, sizeof(int32_t));
        pass->weight_at = (int64_t)eml_layout_add(layout, entries, weight_bytes);
        dims[d] = axes[d].out;
        int64_t n;
        if (!eml_shape_count(dims + first, rank - first, &n)) return false;
        order[p->n_passes++] = d;
        p->stage[p->n_passes] = n;
    }
    for (int d = first; how->place == EML_PLACE_TF_CROP && d < rank; d++) {
        if (eml_resize_is_copy(how, &axes[d])) continue;
        p->outside[p->n_outside++] = (eml_resize_outside){
            .outer = eml_dims_product(dims, first, d),
            .out = dims[d],
            .inner = eml_dims_product(dims, d + 1, rank),
            .flags_at = (int64_t)eml_layout_add(layout, (size_t)dims[d], 1),
        };
    }
    return !layout->overflow;
}

/* The entries at o * fold, those of an element, become those of the fold elements that lie together. */
static void fold_entries(const eml_resize_pass *pass, int64_t at, int64_t fold, eml_resize_slot slot) {
    for (int64_t t = 0; t < pass->taps; t++) {
        int64_t first = at + t * pass->out;
        int32_t index = slot.index[first];
        for (int64_t i = 0; i < fold; i++) {
            slot.index[first + i] = index * (int32_t)fold + (int32_t)i;
            if (slot.f32 != NULL) slot.f32[first + i] = slot.f32[first];
            if (slot.f64 != NULL) slot.f64[first + i] = slot.f64[first];
        }
    }
}

static void fill_tables(const eml_resize_how *how, const eml_resize_axis *axes, eml_resize_params *p,
                        const int *order) {
    char *base = (char *)p;
    for (int i = 0; i < p->n_passes; i++) {
        const eml_resize_pass *pass = &p->passes[i];
        const eml_resize_axis *axis = &axes[order[i]];
        int64_t fold = pass->out / axis->out;
        int which = 0; /* outside[] goes by the axes */
        for (int j = 0; j < p->n_passes; j++) which += order[j] < order[i];
        bool f64 = p->f64;
        eml_resize_slot all = {.index = (int32_t *)(void *)(base + pass->index_at),
                               .f32 = f64 ? NULL : (float *)(void *)(base + pass->weight_at),
                               .f64 = f64 ? (double *)(void *)(base + pass->weight_at) : NULL,
                               .step = pass->out};
        for (int64_t o = 0; o < axis->out; o++) {
            eml_resize_slot one = {.index = all.index + o * fold,
                                   .f32 = f64 ? NULL : all.f32 + o * fold,
                                   .f64 = f64 ? all.f64 + o * fold : NULL,
                                   .step = pass->out};
            bool inside = eml_resize_entry(how, axis, pass->taps, o, one);
            if (fold > 1) fold_entries(pass, o * fold, fold, all);
            if (!inside) base[p->outside[which].flags_at + o] = 1;
        }
    }
}

/* Slabs are shared out among at most PARTITIONS; each has two buffers that the passes write in turn: stage i is in
 * buffer i % 2. The input and the output are stages in scratch memory only when they have to be converted. */
static bool plan_scratch(eml_ctx *ctx, eml_resize_params *p) {
    int64_t most[2] = {0, 0}, bytes = p->f64 ? 8 : 4;
    int from = p->wide ? 0 : 1, to = p->wide ? p->n_passes : p->n_passes - 1;
    for (int i = from; i <= to; i++) most[i % 2] = largest(most[i % 2], p->stage[i]);
    p->partitions = p->slabs < PARTITIONS ? p->slabs : PARTITIONS;
    size_t even, odd, all;
    if (!eml_size_mul((size_t)most[0], (size_t)bytes, &even) || !eml_size_align(even, 64, &even)) return false;
    if (!eml_size_mul((size_t)most[1], (size_t)bytes, &odd) || !eml_size_align(odd, 64, &odd)) return false;
    if (!eml_size_add(even, odd, &all)) return false;
    p->odd_at = (int64_t)even;
    p->partition_bytes = (int64_t)all;
    return eml_size_mul(all, (size_t)p->partitions, &ctx->scratch_bytes);
}

static em_status prepare_sums(eml_ctx *ctx, const eml_resize_how *how, const eml_resize_axis *axes, float value) {
    const em_tensor *x = ctx->in[0];
    const uint32_t in_f32 = EML_T_BIT(EM_F32) | EML_T_BIT(EM_F16) | EML_T_BIT(EM_BF16) | EML_T_BIT(EM_I8) |
                            EML_T_BIT(EM_U8) | EML_T_BIT(EM_I16) | EML_T_BIT(EM_U16);
    bool f32 = (EML_T_BIT(x->dtype) & in_f32) != 0;
    eml_resize_params plan = {.dtype = (uint8_t)x->dtype,
                              .mode = (uint8_t)how->mode,
                              .f64 = !f32,
                              .wide = x->dtype != EM_F32 && x->dtype != EM_F64,
                              .value = value};
    eml_layout layout = {0};
    int order[EM_MAX_RANK];
    eml_layout_add(&layout, 1, sizeof(eml_resize_params));
    if (!plan_passes(how, axes, x->rank, &plan, &layout, order)) return too_large(ctx);
    eml_resize_params *p = eml_ctx_params(ctx, layout.bytes);
    if (p == NULL) return too_large(ctx);
    *p = plan;
    fill_tables(how, axes, p, order);
    return plan_scratch(ctx, p) ? EM_OK : too_large(ctx);
}

em_status eml_resize_prepare(eml_ctx *ctx, const eml_resize_how *how, const eml_resize_axis *axes, float value) {
    if (ctx->in[0]->rank == 0 || eml_tensor_n(ctx->in[0]) == 0) { /* nothing changes */
        eml_resize_params *p = eml_ctx_params(ctx, sizeof(*p));
        if (p == NULL) return eml_ctx_no_memory(ctx);
        p->mode = EML_RESIZE_LINEAR;
        return EM_OK;
    }
    return how->mode == EML_RESIZE_NEAREST ? prepare_nearest(ctx, how, axes, value)
                                           : prepare_sums(ctx, how, axes, value);
}
