/* SPDX-License-Identifier: Apache-2.0 */
/* TopK: the k largest (or smallest) elements along an axis and where they stood. Equal elements come in the order of
 * their indices, sorted or not; a NaN is larger than every number, 0 and -0 are equal.
 *
 * Every element is turned into a 64-bit key whose order is the wanted one, least first; a heap holds the k least pairs
 * (key, index) seen, its greatest on top, so most elements cost one comparison. k is attribute k in version 1, input 1
 * later. */
#include "ops/common/axes.h"
#include "ops/common/block.h"

typedef struct topk_params {
    eml_axis_split split;
    int64_t k;
    uint8_t dtype, largest, sorted;
} topk_params;

typedef struct topk_pair {
    uint64_t key;
    int64_t index;
} topk_pair;

/* Up to this k the heap is on the stack, so threads can share the work. */
enum { STACK_K = 32 };

/* ---- infer, prepare ---- */

static em_status k_of(eml_ctx *ctx, int64_t *k) {
    if (ctx->opset < 10) {
        if (!eml_ctx_has(ctx, "k")) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'k' is missing");
        *k = eml_ctx_int(ctx, "k", 0);
        return EM_OK;
    }
    int count;
    if (!eml_ctx_has_in(ctx, 1)) return eml_fail(ctx->err, EM_ERR_MODEL, "input 1, K, is missing");
    if (eml_tensor_n(ctx->in[1]) != 1) return eml_fail(ctx->err, EM_ERR_MODEL, "input 1, K, must be one number");
    return eml_ctx_in_ints(ctx, 1, k, 1, &count);
}

static em_status infer_topk(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_NUMERIC));
    const em_tensor *x = ctx->in[0];
    int axis;
    int64_t k;
    EML_TRY(eml_axis_attr(ctx, -1, &axis));
    EML_TRY(k_of(ctx, &k));
    int64_t length = eml_axis_split_at(x, axis).length;
    if (k < 0 || k > length)
        return eml_fail(ctx->err, EM_ERR_MODEL, "k is %lld, but axis %d has %lld elements", (long long)k, axis,
                        (long long)length);
    int64_t dims[EM_MAX_RANK];
    for (int d = 0; d < x->rank; d++) dims[d] = d == axis ? k : x->dims[d];
    EML_TRY(eml_ctx_out(ctx, 0, x->dtype, x->rank, dims));
    return eml_ctx_out(ctx, 1, EM_I64, x->rank, dims);
}

static em_status prepare_topk(eml_ctx *ctx) {
    int axis;
    EML_TRY(eml_axis_attr(ctx, -1, &axis));
    topk_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(k_of(ctx, &p->k));
    p->split = eml_axis_split_at(ctx->in[0], axis);
    p->dtype = (uint8_t)ctx->in[0]->dtype;
    p->largest = eml_ctx_int(ctx, "largest", 1) != 0;
    p->sorted = eml_ctx_int(ctx, "sorted", 1) != 0;
    if (p->k > STACK_K && !eml_size_mul((size_t)p->k, sizeof(topk_pair), &ctx->scratch_bytes))
        return eml_ctx_no_memory(ctx);
    return EM_OK;
}

/* ---- keys ---- */

#define SIGN_BIT (UINT64_C(1) << 63)

/* Floats: negative ones by their complement. Zeros become one, NaNs the greatest. */
static uint64_t key_of_f64(double v) {
    union {
        double f;
        uint64_t bits;
    } u = {v == 0 ? 0 : v};
    if (v != v) return UINT64_MAX;
    return u.bits & SIGN_BIT ? ~u.bits : u.bits | SIGN_BIT;
}

/* n elements, stride apart; the greater the element, the greater the key. */
static void keys_of(em_dtype dtype, const void *x, int64_t stride, int64_t n, eml_block *keys) {
    size_t size = eml_dtype_size(dtype);
    bool real = eml_dtype_is_float(dtype);
    if (stride == 1) {
        if (real)
            eml_block_to_f64(dtype, x, n, keys->f64);
        else
            eml_block_to_i64(dtype, x, n, keys->i64);
    } else {
        for (int64_t i = 0; i < n; i++) {
            const void *at = eml_at_const(x, i * stride, size);
            if (real)
                eml_block_to_f64(dtype, at, 1, &keys->f64[i]);
            else
                eml_block_to_i64(dtype, at, 1, &keys->i64[i]);
        }
    }
    uint64_t flip = dtype == EM_U64 ? 0 : SIGN_BIT;
    for (int64_t i = 0; i < n; i++) keys->u64[i] = real ? key_of_f64(keys->f64[i]) : keys->u64[i] ^ flip;
}

/* ---- heap ---- */

static bool before(topk_pair a, topk_pair b) {
    return a.key < b.key || (a.key == b.key && a.index < b.index);
}

/* Puts pair into the hole at the top of heap[n] and lets it sink. */
static void sink(topk_pair *heap, int64_t n, int64_t hole, topk_pair pair) {
    for (;;) {
        int64_t child = 2 * hole + 1;
        if (child >= n) break;
        if (child + 1 < n && before(heap[child], heap[child + 1])) child++;
        if (!before(pair, heap[child])) break;
        heap[hole] = heap[child];
        hole = child;
    }
    heap[hole] = pair;
}

/* The k least of one line, in heap; sorted when asked. */
static void select_line(const topk_params *p, const void *x, int64_t stride, topk_pair *heap) {
    size_t size = eml_dtype_size((em_dtype)p->dtype);
    int64_t held = 0, k = p->k, length = p->split.length;
    uint64_t flip = p->largest ? UINT64_MAX : 0;
    for (int64_t i = 0; i < length; i += EML_BLOCK) {
        int64_t n = length - i < EML_BLOCK ? length - i : EML_BLOCK;
        eml_block keys;
        keys_of((em_dtype)p->dtype, eml_at_const(x, i * stride, size), stride, n, &keys);
        for (int64_t j = 0; j < n; j++) {
            topk_pair pair = {keys.u64[j] ^ flip, i + j};
            if (held < k) {
                heap[held++] = pair;
                if (held == k)
                    for (int64_t at = k / 2 - 1; at >= 0; at--) sink(heap, k, at, heap[at]);
            } else if (pair.key < heap[0].key) { /* an equal one stood earlier */
                sink(heap, k, 0, pair);
            }
        }
    }
    for (int64_t n = k - 1; p->sorted && n > 0; n--) {
        topk_pair last = heap[n];
        heap[n] = heap[0];
        sink(heap, n, 0, last);
    }
}

/* ---- run ---- */

typedef struct topk_task {
    const topk_params *p;
    const void *x;
    void *values;
    int64_t *indices;
    topk_pair *heap; /* NULL: on the stack */
} topk_task;

/* Lines begin .. end-1 of outer * inner. */
static void run_lines(void *task, int64_t begin, int64_t end) {
    const topk_task *t = task;
    const topk_params *p = t->p;
    topk_pair on_stack[STACK_K], *heap = t->heap != NULL ? t->heap : on_stack;
    size_t size = eml_dtype_size((em_dtype)p->dtype);
    int64_t inner = p->split.inner;
    for (int64_t line = begin; line < end; line++) {
        int64_t in = line / inner * p->split.length * inner + line % inner;
        int64_t out = line / inner * p->k * inner + line % inner;
        select_line(p, eml_at_const(t->x, in, size), inner, heap);
        for (int64_t i = 0; i < p->k; i++, out += inner) {
            const void *from = eml_at_const(t->x, in + heap[i].index * inner, size);
            if (t->indices != NULL) t->indices[out] = heap[i].index;
            if (t->values != NULL) eml_copy_element(eml_at(t->values, out, size), from, size);
        }
    }
}

static em_status run_topk(eml_run *run) {
    const topk_params *p = run->params;
    if (p->k == 0) return EM_OK;
    topk_task task = {p, run->in[0]->data, run->out[0] != NULL ? run->out[0]->data : NULL,
                      run->n_out > 1 && run->out[1] != NULL ? run->out[1]->data : NULL,
                      p->k > STACK_K ? run->scratch : NULL};
    int64_t lines = p->split.outer * p->split.inner;
    if (task.heap != NULL)
        run_lines(&task, 0, lines);
    else
        eml_run_parallel(run, lines, EML_GRAIN / p->split.length + 1, run_lines, &task);
    return EM_OK;
}

static const char *const attrs_topk[] = {"axis", "k", "largest", "sorted", NULL};
EML_OP_DEFINE(ai, TopK, run_topk, .infer = infer_topk, .prepare = prepare_topk, .min_in = 1, .max_in = 2, .min_out = 1,
              .max_out = 2, .attrs = attrs_topk);
