/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/bcast.h"

#include <string.h>

em_status eml_bcast_infer(eml_ctx *ctx, int first, int count, int *rank, int64_t *dims) {
    if (eml_broadcast_shape(ctx->in + first, count, dims, rank)) return EM_OK;
    for (int i = first + 1; i < first + count; i++) { /* name the first pair that does not fit */
        const em_tensor *const pair[2] = {ctx->in[first], ctx->in[i]};
        if (eml_broadcast_shape(pair, 2, dims, rank)) continue;
        char a[EML_SHAPE_CHARS], b[EML_SHAPE_CHARS];
        return eml_fail(ctx->err, EM_ERR_MODEL, "shapes %s of input %d and %s of input %d do not broadcast",
                        eml_shape_text(pair[0]->dims, pair[0]->rank, a), first,
                        eml_shape_text(pair[1]->dims, pair[1]->rank, b), i);
    }
    return eml_fail(ctx->err, EM_ERR_MODEL, "the shapes of its %d inputs do not broadcast", count);
}

eml_bcast_shape eml_bcast_align(const em_tensor *tensor, int rank) {
    eml_bcast_shape shape;
    for (int i = 0; i < rank; i++) {
        int from = i - (rank - tensor->rank);
        shape.dims[i] = from >= 0 ? tensor->dims[from] : 1;
    }
    return shape;
}

static eml_bcast_mode mode_of(const eml_bcast_view *view, int64_t n) {
    int last = view->rank - 1;
    if (n <= 1 || view->rank == 0) return EML_BCAST_DIRECT;
    int64_t expected = 1;
    int d = last;
    while (d >= 0 && view->strides[d] == expected) expected *= view->dims[d--];
    if (d < 0) return EML_BCAST_DIRECT;
    int repeated = d;
    while (d >= 0 && view->strides[d] == 0) d--;
    if (d >= 0) return EML_BCAST_GATHER;
    if (repeated == last) return EML_BCAST_SCALAR;
    return expected <= EML_BLOCK / 2 ? EML_BCAST_TILE : EML_BCAST_GATHER;
}

static int64_t period(const eml_bcast_view *view) {
    int64_t n = 1;
    for (int d = view->rank - 1; d >= 0 && view->strides[d] != 0; d--) n *= view->dims[d];
    return n;
}

void eml_bcast_plan(const eml_bcast_shape *shapes, int count, const int64_t *dims, int rank, eml_bcast_view *views) {
    for (int v = 0; v < count; v++) {
        int64_t stride = 1;
        for (int d = rank - 1; d >= 0; d--) { /* strides of all axes, for now uncollapsed */
            views[v].strides[d] = shapes[v].dims[d] != 1 ? stride : 0;
            stride *= shapes[v].dims[d];
        }
    }
    int to = 0;
    for (int d = 0; d < rank; d++) {
        if (dims[d] == 1) continue;
        bool merge = to > 0;
        for (int v = 0; merge && v < count; v++) merge = views[v].strides[to - 1] == views[v].strides[d] * dims[d];
        if (!merge) to++;
        for (int v = 0; v < count; v++) {
            views[v].strides[to - 1] = views[v].strides[d];
            views[v].dims[to - 1] = merge ? views[v].dims[to - 1] * dims[d] : dims[d];
        }
    }
    int64_t n = 1;
    for (int v = 0; v < count; v++) views[v].rank = to;
    for (int d = 0; d < to; d++) n *= views[0].dims[d];
    int64_t tile = 0;
    for (int v = 0; v < count; v++) {
        views[v].mode = (int32_t)mode_of(&views[v], n);
        if (views[v].mode != EML_BCAST_TILE) continue;
        if (tile == 0) tile = period(&views[v]);
        if (period(&views[v]) != tile) views[v].mode = EML_BCAST_GATHER;
    }
}

int64_t eml_bcast_block(const eml_bcast_view *views, int count, size_t size) {
    int64_t most = size > sizeof(double) ? EML_BLOCK / 2 : EML_BLOCK;
    for (int v = 0; v < count; v++) {
        if (views[v].mode == EML_BCAST_TILE) return most / period(&views[v]) * period(&views[v]);
    }
    return most;
}

typedef struct pair16 {
    uint64_t a, b;
} pair16;

/* Copies n elements of runs along the last axis; index[] counts the outer axes. */
#define COPY(T)                                                \
    do {                                                       \
        const T *src = (const T *)data + offset;               \
        T *dst = (T *)out + done;                              \
        if (step == 0) {                                       \
            T one = *src;                                      \
            for (int64_t i = 0; i < run; i++) dst[i] = one;    \
        } else {                                               \
            for (int64_t i = 0; i < run; i++) dst[i] = src[i]; \
        }                                                      \
    } while (0)

void eml_bcast_copy(const eml_bcast_view *view, const void *data, size_t size, int64_t start, int64_t n, void *out) {
    int last = view->rank - 1;
    if (last < 0) { /* one element in all */
        memcpy(out, data, size);
        return;
    }
    int64_t index[EM_MAX_RANK] = {0}, offset = 0, rest = start;
    for (int d = last; d >= 0; d--) {
        index[d] = rest % view->dims[d];
        rest /= view->dims[d];
        offset += index[d] * view->strides[d];
    }
    int64_t step = view->strides[last], length = view->dims[last], done = 0;
    for (;;) {
        int64_t run = length - index[last] < n - done ? length - index[last] : n - done;
        switch (size) {
        case 1: COPY(uint8_t); break;
        case 2: COPY(uint16_t); break;
        case 4: COPY(uint32_t); break;
        case 8: COPY(uint64_t); break;
        default: COPY(pair16); break;
        }
        done += run;
        if (done >= n) return;
        offset -= index[last] * step;
        index[last] = 0;
        for (int d = last - 1; d >= 0; d--) { /* next row */
            offset += view->strides[d];
            if (++index[d] < view->dims[d]) break;
            offset -= view->dims[d] * view->strides[d];
            index[d] = 0;
        }
    }
}

eml_bcast_reader eml_bcast_reader_make(const eml_bcast_view *view, em_dtype dtype, eml_class compute, const void *data,
                                       eml_block *buffer) {
    bool convert = !eml_class_native(dtype) || eml_class_of(dtype) != compute;
    return (eml_bcast_reader){.view = view,
                              .dtype = dtype,
                              .compute = compute,
                              .convert = convert,
                              .size = eml_dtype_size(dtype),
                              .data = data,
                              .buffer = buffer,
                              .step = view->mode != EML_BCAST_SCALAR};
}

const void *eml_bcast_read(eml_bcast_reader *r, int64_t start, int64_t n) {
    void *wide = &r->buffer[1];
    const void *raw = r->data;
    switch (r->view->mode) {
    case EML_BCAST_DIRECT: raw = eml_at_const(r->data, start, r->size); break;
    case EML_BCAST_SCALAR: n = 1; break;
    default:
        raw = r->buffer;
        if (!r->ready) eml_bcast_copy(r->view, r->data, r->size, start, n, r->buffer);
    }
    if (r->convert && !r->ready) eml_block_load(r->compute, r->dtype, raw, n, wide);
    /* The first block is the longest, so what it read serves all later ones. */
    if (r->view->mode == EML_BCAST_SCALAR || r->view->mode == EML_BCAST_TILE) r->ready = true;
    return r->convert ? wide : raw;
}
