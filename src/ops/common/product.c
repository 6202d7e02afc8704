/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/product.h"

#include <math.h>

#include "ops/common/product_int.h"

enum {
    LEAST_WORK = 1 << 19, /* multiply-adds worth a task */
    MOST_SLOTS = 4,       /* tasks that need scratch share at most so many pieces of it */
    UNIT_ROWS = 12,       /* rows and columns a matrix is split by: whole tiles of every kernel set */
    UNIT_COLUMNS = 2 * EML_GEMM_PANEL_BYTES / (int)sizeof(float)
};

/* Few columns. Measured against panels on avx2 and avx512, 1 and 1000 rows. */
static bool is_linear(em_dtype dtype, int64_t n, int64_t k, bool plain) {
    return plain && dtype == EM_F32 && (n <= 8 || (n <= 16 && k >= 32));
}

/* ---- pack ---- */

/* Element b(p, j) of constant matrices, as f32 unless it is f64. */
static void copy_value(em_dtype dtype, const void *b, int64_t at, void *to) {
    if (dtype == EM_F64)
        memcpy(to, (const double *)b + at, sizeof(double));
    else
        eml_block_load(EML_CLASS_F32, dtype, eml_at_const(b, at, eml_dtype_size(dtype)), 1, to);
}

em_status eml_product_pack(eml_ctx *ctx, int64_t count, int64_t k, int64_t n, int64_t b_row, int64_t b_col,
                           bool plain) {
    const em_tensor *b = ctx->in[1];
    bool rows = count == 1 && is_linear(b->dtype, n, k, plain);
    if (!eml_dtype_is_float(b->dtype) || (rows && b_row == 1)) return EM_OK; /* [n, k] already */
    size_t size = b->dtype == EM_F64 ? sizeof(double) : sizeof(float), bytes;
    if (!eml_size_mul((size_t)eml_tensor_n(b), size, &bytes) || !eml_size_add(bytes, EML_PRODUCT_HEADER, &bytes))
        return eml_ctx_no_memory(ctx);
    unsigned char *blob = eml_ctx_blob(ctx, bytes), *to = blob;
    if (blob == NULL) return eml_ctx_no_memory(ctx);
    uint32_t kind = rows ? EML_BLOB_ROWS : EML_BLOB_PANELS;
    memcpy(blob, &kind, sizeof(kind));
    to += EML_PRODUCT_HEADER;
    /* Rows are panels of one column. */
    int64_t panel = rows ? 1 : EML_GEMM_PANEL_BYTES / (int64_t)size;
    for (int64_t i = 0; i < count; i++) {
        for (int64_t j = 0; j < n; j += panel) {
            int64_t width = n - j < panel ? n - j : panel;
            for (int64_t p = 0; p < k; p++) {
                for (int64_t x = j; x < j + width; x++, to += size)
                    copy_value(b->dtype, b->data, i * k * n + p * b_row + x * b_col, to);
            }
        }
    }
    ctx->consumed |= UINT64_C(1) << 1;
    return EM_OK;
}

/* ---- plan ---- */

static bool add_bytes(int64_t elements, size_t size, size_t *bytes) {
    size_t more;
    return eml_size_mul((size_t)elements, size, &more) && eml_size_align(more, 64, &more) &&
           eml_size_add(*bytes, more, bytes);
}

/* Elements that c spans in memory. */
static int64_t c_span(const eml_product *p) {
    return p->has_c && p->m > 0 && p->n > 0 ? (p->m - 1) * p->c_row + (p->n - 1) * p->c_col + 1 : 0;
}

static eml_product_path path_of(const eml_product *p, uint32_t blob) {
    em_dtype dtype = (em_dtype)p->dtype;
    if (!eml_dtype_is_float(dtype)) return EML_PRODUCT_INT;
    if (dtype == EM_F64) return EML_PRODUCT_F64;
    if (dtype != EM_F32) return EML_PRODUCT_WIDE;
    if (blob == EML_BLOB_ROWS) return EML_PRODUCT_LINEAR;
    bool vector_c = !p->has_c || (p->beta == 1 && p->c_row == 0 && (p->c_col == 1 || p->n == 1));
    bool plain = p->alpha == 1 && vector_c && p->a_col == 1, rows = p->b_row == 1 && (p->b_col == p->k || p->n == 1);
    return blob == EML_BLOB_NONE && rows && is_linear(dtype, p->n, p->k, plain) ? EML_PRODUCT_LINEAR : EML_PRODUCT_F32;
}

/* Multiply-adds, as far as they can be counted. */
static bool is_large(const eml_product *p) {
    return (double)p->batch * (double)p->m * (double)p->n * (double)p->k >= 2.0 * LEAST_WORK;
}

/* Elements that the kernel packs of b at a time. */
static int64_t packing_room(const eml_ctx *ctx, const eml_product *p) {
    size_t m = (size_t)p->m, n = (size_t)p->n, k = (size_t)p->k, row = (size_t)p->b_row, col = (size_t)p->b_col;
    if (p->path == EML_PRODUCT_F64)
        return (int64_t)EML_KERNELS_OF(ctx->k)->gemm_scratch_f64(
            &(eml_gemm_f64){.m = m, .n = n, .k = k, .b_row = row, .b_col = col});
    return (int64_t)EML_KERNELS_OF(ctx->k)->gemm_scratch_f32(
        &(eml_gemm_f32){.m = m, .n = n, .k = k, .b_row = row, .b_col = col});
}

em_status eml_product_plan(eml_ctx *ctx, eml_product *p) {
    uint32_t blob = EML_BLOB_NONE;
    if (ctx->blob != NULL) memcpy(&blob, ctx->blob, sizeof(blob));
    p->packed = blob != EML_BLOB_NONE;
    p->path = (uint8_t)path_of(p, blob);
    p->slots = 0;
    if (!p->clamped) {
        p->low = -INFINITY;
        p->high = INFINITY;
    }
    const bool linear = p->path == EML_PRODUCT_LINEAR;
    ctx->all_packed = p->batch == 1 && (linear || (p->packed && p->path == EML_PRODUCT_F32)) && !is_large(p);
    if (p->path == EML_PRODUCT_INT || p->path == EML_PRODUCT_LINEAR) return EM_OK;
    size_t size = p->path == EML_PRODUCT_F64 ? sizeof(double) : sizeof(float), wide = 0, slot = 0;
    bool fits = true;
    if (p->path == EML_PRODUCT_WIDE) { /* one matrix of each, widened */
        fits = add_bytes(p->m * p->k, size, &wide) && add_bytes(p->m * p->n, size, &wide) &&
               add_bytes(c_span(p), size, &wide) && (p->packed || add_bytes(p->k * p->n, size, &wide));
    }
    if (!p->packed) { /* rows are never split then, and fewer columns take no more room */
        int64_t units = p->batch > 1 ? p->batch : (p->n + UNIT_COLUMNS - 1) / UNIT_COLUMNS;
        bool shared = p->path != EML_PRODUCT_WIDE && is_large(p);
        p->slots = (uint8_t)(!shared || units == 0 ? 1 : units < MOST_SLOTS ? units : MOST_SLOTS);
        fits = fits && add_bytes(packing_room(ctx, p), size, &slot);
    }
    p->slot_bytes = (int64_t)slot;
    if (!fits || !eml_size_mul(slot, p->slots, &slot) || !eml_size_add(wide, slot, &ctx->scratch_bytes))
        return eml_ctx_no_memory(ctx);
    return EM_OK;
}

/* ---- run ---- */

typedef struct product_task {
    const eml_product *p;
    const void *a, *b, *c;
    void *out;
    unsigned char *scratch;
    const eml_kernels *k;
} product_task;

/* A part of one matrix: rows i .., columns j .. (a multiple of the panels' width). a, b and out: the whole matrix. */
typedef struct part {
    const void *a, *b;
    void *out;
    int64_t i, rows, j, cols;
} part;

#define MULTIPLY(T, suffix)                                                                  \
    static void multiply_##suffix(const product_task *t, const part *w, void *scratch) {     \
        const eml_product *p = t->p;                                                         \
        const T *b = w->b, *c = t->c;                                                        \
        eml_gemm_##suffix g = {.m = (size_t)w->rows,                                         \
                               .n = (size_t)w->cols,                                         \
                               .k = (size_t)p->k,                                            \
                               .a = (const T *)w->a + w->i * p->a_row,                       \
                               .a_row = (size_t)p->a_row,                                    \
                               .a_col = (size_t)p->a_col,                                    \
                               .b = p->packed ? NULL : b + w->j * p->b_col,                  \
                               .b_row = (size_t)p->b_row,                                    \
                               .b_col = (size_t)p->b_col,                                    \
                               .packed = p->packed ? b + w->j * p->k : NULL,                 \
                               .c = p->has_c ? c + w->i * p->c_row + w->j * p->c_col : NULL, \
                               .c_row = (size_t)p->c_row,                                    \
                               .c_col = (size_t)p->c_col,                                    \
                               .alpha = p->alpha,                                            \
                               .beta = p->beta,                                              \
                               .low = p->low,                                                \
                               .high = p->high,                                              \
                               .out = (T *)w->out + w->i * p->n + w->j,                      \
                               .out_row = (size_t)p->n};                                     \
        EML_KERNELS_OF(t->k)->gemm_##suffix(&g, scratch);                                    \
    }
MULTIPLY(float, f32)
MULTIPLY(double, f64)

/* Of all columns: there are few, so they are never split. */
static void clamp_rows(const product_task *t, const part *w) {
    float *rows = (float *)w->out + w->i * t->p->n;
    EML_KERNELS_OF(t->k)->clip_f32((size_t)(w->rows * t->p->n), rows, t->p->low, t->p->high, rows);
}

static void multiply_linear(const product_task *t, const part *w) {
    const eml_product *p = t->p;
    EML_KERNELS_OF(t->k)->linear_f32(
        (size_t)w->rows, (size_t)p->k, (size_t)w->cols, (const float *)w->a + w->i * p->a_row, (size_t)p->a_row,
        (const float *)w->b + w->j * p->k, p->has_c ? (const float *)t->c + w->j * p->c_col : NULL,
        (float *)w->out + w->i * p->n + w->j, (size_t)p->n);
    if (p->clamped) clamp_rows(t, w);
}

static void multiply(const product_task *t, const part *w, void *scratch) {
    const eml_product *p = t->p;
    switch (p->path) {
    case EML_PRODUCT_LINEAR: multiply_linear(t, w); return;
    case EML_PRODUCT_F64: multiply_f64(t, w, scratch); return;
    case EML_PRODUCT_INT: eml_product_int(p, w->a, w->b, t->c, w->out); return;
    default: multiply_f32(t, w, scratch); return;
    }
}

/* The matrices of batch index i. */
static part matrices(const product_task *t, int64_t i) {
    const eml_product *p = t->p;
    size_t size = eml_dtype_size((em_dtype)p->dtype);
    int64_t a = 0, b = 0, rest = i;
    for (int d = p->batch_rank - 1; d >= 0; d--) {
        a += rest % p->batch_dims[d] * p->a_batch[d];
        b += rest % p->batch_dims[d] * p->b_batch[d];
        rest /= p->batch_dims[d];
    }
    size_t b_size = p->packed && p->path == EML_PRODUCT_WIDE ? sizeof(float) : size;
    return (part){eml_at_const(t->a, a, size),
                  eml_at_const(t->b, b, b_size),
                  eml_at(t->out, i * p->m * p->n, size),
                  0,
                  p->m,
                  0,
                  p->n};
}

/* Units are whole matrices, or groups of columns or rows of the only one. */
static bool by_rows(const eml_product *p) {
    return p->slots == 0 && p->m >= 2 * UNIT_ROWS;
}

static int64_t units_of(const eml_product *p) {
    if (p->batch != 1) return p->batch;
    return by_rows(p) ? (p->m + UNIT_ROWS - 1) / UNIT_ROWS : (p->n + UNIT_COLUMNS - 1) / UNIT_COLUMNS;
}

static void run_units(const product_task *t, int64_t begin, int64_t end, void *scratch) {
    const eml_product *p = t->p;
    if (p->batch != 1) {
        for (int64_t i = begin; i < end; i++) {
            part w = matrices(t, i);
            multiply(t, &w, scratch);
        }
        return;
    }
    part w = matrices(t, 0);
    if (by_rows(p)) {
        w.i = begin * UNIT_ROWS;
        w.rows = (end * UNIT_ROWS < p->m ? end * UNIT_ROWS : p->m) - w.i;
    } else {
        w.j = begin * UNIT_COLUMNS;
        w.cols = (end * UNIT_COLUMNS < p->n ? end * UNIT_COLUMNS : p->n) - w.j;
    }
    multiply(t, &w, scratch);
}

static void run_without_scratch(void *task, int64_t begin, int64_t end) {
    run_units(task, begin, end, NULL);
}

static void run_slots(void *task, int64_t begin, int64_t end) {
    const product_task *t = task;
    int64_t units = units_of(t->p), slots = t->p->slots;
    for (int64_t s = begin; s < end; s++)
        run_units(t, units * s / slots, units * (s + 1) / slots,
                  t->p->slot_bytes > 0 ? t->scratch + s * t->p->slot_bytes : NULL);
}

/* One matrix after the other through f32. */
static void run_wide(const product_task *t) {
    const eml_product *p = t->p;
    em_dtype dtype = (em_dtype)p->dtype;
    unsigned char *next = t->scratch + (p->packed ? 0 : p->slot_bytes);
    float *room[4] = {NULL}; /* a, out, c, b */
    const int64_t counts[4] = {p->m * p->k, p->m * p->n, c_span(p), p->packed ? 0 : p->k * p->n};
    for (int i = 0; i < 4; i++) {
        room[i] = (float *)(void *)next;
        next += (counts[i] * (int64_t)sizeof(float) + 63) / 64 * 64;
    }
    product_task inner = *t;
    inner.c = room[2];
    if (p->has_c) eml_block_load(EML_CLASS_F32, dtype, t->c, counts[2], room[2]);
    for (int64_t i = 0; i < p->batch; i++) {
        part w = matrices(t, i);
        void *out = w.out;
        eml_block_load(EML_CLASS_F32, dtype, w.a, counts[0], room[0]);
        if (!p->packed) eml_block_load(EML_CLASS_F32, dtype, w.b, counts[3], room[3]);
        w.a = room[0];
        w.b = p->packed ? w.b : room[3];
        w.out = room[1];
        multiply(&inner, &w, t->scratch);
        eml_block_store(EML_CLASS_F32, dtype, room[1], counts[1], out);
    }
}

void eml_product_run_packed(eml_run *run, const eml_product *p, const void *a, const void *c, void *out) {
    const void *b = p->packed ? (const unsigned char *)run->blob + EML_PRODUCT_HEADER : run->in[1]->data;
    const product_task t = {p, a, b, c, out, NULL, run->k};
    const part w = {a, b, out, 0, p->m, 0, p->n};
    if (p->m == 0 || p->n == 0) return;
    if (p->path == EML_PRODUCT_LINEAR)
        multiply_linear(&t, &w);
    else
        multiply_f32(&t, &w, NULL);
}

void eml_product_run(eml_run *run, const eml_product *p, const void *a, const void *b, const void *c, void *out) {
    if (p->batch == 0 || p->m == 0 || p->n == 0) return;
    if (p->packed) b = (const unsigned char *)run->blob + EML_PRODUCT_HEADER;
    product_task t = {p, a, b, c, out, run->scratch, run->k};
    if (p->path == EML_PRODUCT_WIDE) {
        run_wide(&t);
    } else if (p->batch == 1 && (p->path == EML_PRODUCT_INT || !is_large(p))) {
        part w = {a, b, out, 0, p->m, 0, p->n};
        multiply(&t, &w, run->scratch);
    } else if (p->slots > 0) {
        eml_run_parallel(run, p->slots, 1, run_slots, &t);
    } else {
        int64_t units = units_of(p);
        double work = (double)p->batch * (double)p->m * (double)p->n * (double)p->k / (double)units;
        eml_run_parallel(run, units, work > LEAST_WORK ? 1 : (int64_t)(LEAST_WORK / (work + 1)) + 1,
                         run_without_scratch, &t);
    }
}
