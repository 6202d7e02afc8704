/* SPDX-License-Identifier: Apache-2.0 */
/* Einsum. Operands are joined from the left, two at a time; each join is a batch of matrix products: labels that both
 * have and that are needed later are the batch, those that only one has are rows or columns, the others are summed
 * over. An operand whose labels do not fall into such a matrix by strides alone is copied into one first ("gathered"),
 * which also sums over labels that nothing else has, takes diagonals, and widens f16 and bf16 to f32. */
#include "ops/common/axes.h"
#include "ops/common/equation.h"
#include "ops/common/product.h"

/* A copy from a strided source into gapless memory; the last sums of its axes are added up. */
typedef struct gather {
    int32_t rank, sums;
    uint8_t from, to; /* em_dtype */
    int64_t n;        /* elements made */
    int64_t dims[EML_MOST_LABELS], strides[EML_MOST_LABELS];
} gather;

/* Where operands lie: an input as it is, or a place in scratch. */
typedef struct einsum_join {
    uint8_t gathers_a, gathers_b, into_out;
    gather a, b;
    eml_product product;
    int64_t left_at, a_at, b_at, result_at; /* bytes into scratch; left_at -1: input 0 */
} einsum_join;

typedef struct einsum_params {
    int32_t joins;
    uint8_t dtype, compute; /* of the tensors, of what lies in scratch */
    uint8_t finishes;       /* the last gather is needed */
    int64_t last_at;        /* its source: bytes into scratch, or -1: input 0 */
    gather last;
    einsum_join join[]; /* [n_in - 1] */
} einsum_params;

static em_status infer_einsum(eml_ctx *ctx) {
    for (int i = 0; i < ctx->n_in; i++) EML_TRY(eml_ctx_check_in(ctx, i, EML_T_NUMERIC));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    eml_equation eq;
    EML_TRY(eml_equation_read(ctx, &eq));
    int64_t dims[EML_MOST_LABELS];
    for (int d = 0; d < eq.rank; d++) dims[d] = eq.dims[eq.out[d]];
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, eq.rank, dims);
}

/* ---- prepare ---- */

/* Labels of one kind, in order. */
typedef struct group {
    int n;
    uint8_t labels[EML_MOST_LABELS];
} group;

static void append(group *to, int label) {
    to->labels[to->n++] = (uint8_t)label;
}

static int64_t group_count(const eml_equation *eq, const group *g) {
    int64_t n = 1;
    for (int i = 0; i < g->n; i++) n *= eq->dims[g->labels[i]];
    return n;
}

/* The step over a group as one axis; false when it takes several. */
static bool one_stride(const eml_equation *eq, const group *g, const eml_labelled *x, int64_t *stride) {
    int64_t expected = 0;
    *stride = 0;
    for (int i = g->n - 1; i >= 0; i--) {
        int64_t length = eq->dims[g->labels[i]], step = x->strides[g->labels[i]];
        if (length == 1) continue;
        if (expected == 0) *stride = expected = step;
        if (step != expected || step == 0) return false;
        expected = step * length;
    }
    return true;
}

static void gather_axis(const eml_equation *eq, gather *g, const eml_labelled *x, int label) {
    g->dims[g->rank + g->sums] = eq->dims[label];
    g->strides[g->rank + g->sums] = x->strides[label];
}

/* A gather of x into the axes of the groups, one after the other; what x has besides is summed. x then is the result.
 */
static gather make_gather(const eml_equation *eq, eml_labelled *x, const group *const *groups, int n_groups,
                          em_dtype from, em_dtype to) {
    gather g = {.from = (uint8_t)from, .to = (uint8_t)to, .n = 1};
    eml_labelled result = {0};
    for (int i = 0; i < n_groups; i++) {
        for (int l = 0; l < groups[i]->n; l++) {
            int label = groups[i]->labels[l];
            gather_axis(eq, &g, x, label);
            g.rank++;
            g.n *= eq->dims[label];
            result.labels[result.rank++] = (uint8_t)label;
            result.has |= UINT64_C(1) << label;
        }
    }
    for (int l = 0; l < x->rank; l++) {
        if ((result.has >> x->labels[l] & 1) != 0) continue;
        gather_axis(eq, &g, x, x->labels[l]);
        g.sums++;
    }
    int64_t stride = 1;
    for (int l = result.rank - 1; l >= 0; l--) {
        result.strides[result.labels[l]] = stride;
        stride *= eq->dims[result.labels[l]];
    }
    *x = result;
    return g;
}

typedef struct planner {
    eml_ctx *ctx;
    eml_equation eq;
    em_dtype dtype, compute;
    size_t at, product_bytes; /* scratch so far, without what the products need */
    bool fits;
} planner;

static int64_t reserve(planner *p, int64_t n) {
    size_t bytes, start = p->at;
    p->fits = p->fits && eml_size_mul((size_t)n, eml_dtype_size(p->compute), &bytes) &&
              eml_size_align(bytes, 64, &bytes) && eml_size_add(p->at, bytes, &p->at);
    return (int64_t)start;
}

/* left and right meet; left then is the result. later: labels that what follows needs. */
static em_status plan_join(planner *p, einsum_join *join, eml_labelled *left, eml_labelled *right, uint64_t later,
                           bool left_is_input) {
    const eml_equation *eq = &p->eq;
    group batch = {0}, m = {0}, n = {0}, k = {0};
    bool sums_left = false, sums_right = false;
    for (int i = 0; i < left->rank; i++) {
        int label = left->labels[i];
        bool shared = (right->has >> label & 1) != 0, kept = (later >> label & 1) != 0;
        if (shared)
            append(kept ? &batch : &k, label);
        else if (kept)
            append(&m, label);
        else
            sums_left = true;
    }
    for (int i = 0; i < right->rank; i++) {
        int label = right->labels[i];
        if ((left->has >> label & 1) != 0) continue;
        if ((later >> label & 1) != 0)
            append(&n, label);
        else
            sums_right = true;
    }
    int64_t unused;
    const group *const a_groups[3] = {&batch, &m, &k}, *const b_groups[3] = {&batch, &k, &n};
    bool raw_left = left_is_input && p->dtype != p->compute;
    join->gathers_a = raw_left || sums_left || !one_stride(eq, &m, left, &unused) || !one_stride(eq, &k, left, &unused);
    join->gathers_b = p->dtype != p->compute || sums_right || !one_stride(eq, &k, right, &unused) ||
                      !one_stride(eq, &n, right, &unused);
    if (join->gathers_a) {
        join->a = make_gather(eq, left, a_groups, 3, left_is_input ? p->dtype : p->compute, p->compute);
        join->a_at = reserve(p, join->a.n);
    }
    if (join->gathers_b) {
        join->b = make_gather(eq, right, b_groups, 3, p->dtype, p->compute);
        join->b_at = reserve(p, join->b.n);
    }

    eml_product *product = &join->product;
    *product = (eml_product){.m = group_count(eq, &m),
                             .n = group_count(eq, &n),
                             .k = group_count(eq, &k),
                             .alpha = 1,
                             .beta = 1,
                             .dtype = (uint8_t)p->compute,
                             .batch = group_count(eq, &batch)};
    one_stride(eq, &m, left, &product->a_row);
    one_stride(eq, &k, left, &product->a_col);
    one_stride(eq, &k, right, &product->b_row);
    one_stride(eq, &n, right, &product->b_col);
    for (int i = 0; i < batch.n; i++) {
        int label = batch.labels[i];
        if (eq->dims[label] == 1) continue;
        if (product->batch_rank == EM_MAX_RANK)
            return eml_fail(p->ctx->err, EM_ERR_UNSUPPORTED, "equation: more than %d labels go through a product",
                            EM_MAX_RANK);
        product->batch_dims[product->batch_rank] = eq->dims[label];
        product->a_batch[product->batch_rank] = left->strides[label];
        product->b_batch[product->batch_rank++] = right->strides[label];
    }
    EML_TRY(eml_product_plan(p->ctx, product));
    if (p->ctx->scratch_bytes > p->product_bytes) p->product_bytes = p->ctx->scratch_bytes;

    eml_labelled result = {0}; /* [batch, m, n] without gaps */
    const group *const groups[3] = {&batch, &m, &n};
    make_gather(eq, &result, groups, 3, p->compute, p->compute);
    *left = result;
    return EM_OK;
}

static bool is_result(const eml_equation *eq, const eml_labelled *x) {
    bool same = x->rank == eq->rank;
    for (int i = 0; same && i < eq->rank; i++) same = x->labels[i] == eq->out[i];
    return same;
}

static em_status plan_all(planner *p, einsum_params *params) {
    eml_ctx *ctx = p->ctx;
    eml_labelled left, right;
    eml_equation_operand(ctx, &p->eq, 0, &left);
    int64_t left_at = -1;
    params->joins = ctx->n_in - 1;
    params->finishes = true;
    for (int i = 0; i < params->joins; i++) {
        uint64_t later = p->eq.in_out;
        for (int l = i + 2; l < ctx->n_in; l++) {
            eml_equation_operand(ctx, &p->eq, l, &right);
            later |= right.has;
        }
        eml_equation_operand(ctx, &p->eq, i + 1, &right);
        einsum_join *join = &params->join[i];
        join->left_at = left_at;
        EML_TRY(plan_join(p, join, &left, &right, later, left_at < 0));
        join->into_out = i + 1 == params->joins && p->dtype == p->compute && is_result(&p->eq, &left);
        if (join->into_out)
            params->finishes = false;
        else
            left_at = join->result_at = reserve(p, join->product.batch * join->product.m * join->product.n);
    }
    if (!params->finishes) return EM_OK;
    group out = {.n = p->eq.rank};
    memcpy(out.labels, p->eq.out, sizeof(out.labels));
    const group *const groups[1] = {&out};
    params->last = make_gather(&p->eq, &left, groups, 1, left_at < 0 ? p->dtype : p->compute, p->dtype);
    params->last_at = left_at;
    return EM_OK;
}

static em_status prepare_einsum(eml_ctx *ctx) {
    size_t bytes;
    if (!eml_size_mul((size_t)ctx->n_in, sizeof(einsum_join), &bytes) ||
        !eml_size_add(bytes, sizeof(einsum_params), &bytes))
        return eml_ctx_no_memory(ctx);
    einsum_params *params = eml_ctx_params(ctx, bytes);
    if (params == NULL) return eml_ctx_no_memory(ctx);
    planner p = {.ctx = ctx, .dtype = ctx->in[0]->dtype, .fits = true};
    p.compute = p.dtype == EM_F16 || p.dtype == EM_BF16 ? EM_F32 : p.dtype;
    params->dtype = (uint8_t)p.dtype;
    params->compute = (uint8_t)p.compute;
    EML_TRY(eml_equation_read(ctx, &p.eq));
    EML_TRY(plan_all(&p, params));
    /* The products' scratch comes first, everything else after it. */
    size_t base = 0;
    if (!p.fits || !eml_size_align(p.product_bytes, 64, &base) || !eml_size_add(base, p.at, &ctx->scratch_bytes))
        return eml_ctx_no_memory(ctx);
    for (int i = 0; i < params->joins; i++) {
        einsum_join *join = &params->join[i];
        join->a_at += (int64_t)base;
        join->b_at += (int64_t)base;
        join->result_at += (int64_t)base;
        if (join->left_at >= 0) join->left_at += (int64_t)base;
    }
    if (params->last_at >= 0) params->last_at += (int64_t)base;
    return EM_OK;
}

/* ---- run ---- */

/* The sum over the summed axes at x, as one element of type to. */
static void sum_element(const gather *g, const void *x, void *out) {
    em_dtype from = (em_dtype)g->from, to = (em_dtype)g->to;
    size_t size = eml_dtype_size(from);
    int64_t n = 1;
    for (int d = g->rank; d < g->rank + g->sums; d++) n *= g->dims[d];
    eml_walk walk;
    eml_walk_begin(&walk, g->sums, g->dims + g->rank, g->strides + g->rank, 0);
    double real = 0, value;
    int64_t bits;
    uint64_t whole = 0;
    bool is_float = eml_dtype_is_float(from);
    for (int64_t i = 0; i < n; i++, eml_walk_next(&walk)) {
        const void *at = eml_at_const(x, walk.offset, size);
        if (is_float) {
            eml_block_to_f64(from, at, 1, &value);
            real += value;
        } else {
            eml_block_to_i64(from, at, 1, &bits);
            whole += (uint64_t)bits;
        }
    }
    bits = (int64_t)whole;
    if (is_float)
        eml_block_from_f64(to, &real, 1, out);
    else
        eml_block_from_i64(to, &bits, 1, out);
}

static void run_gather(const gather *g, const void *x, void *out) {
    size_t size = eml_dtype_size((em_dtype)g->from), out_size = eml_dtype_size((em_dtype)g->to);
    eml_walk walk;
    eml_walk_begin(&walk, g->rank, g->dims, g->strides, 0);
    for (int64_t i = 0; i < g->n; i++, eml_walk_next(&walk)) {
        const void *from = eml_at_const(x, walk.offset, size);
        void *to = eml_at(out, i, out_size);
        if (g->sums > 0)
            sum_element(g, from, to);
        else if (g->from == g->to)
            eml_copy_element(to, from, size);
        else if (g->to == EM_F32)
            eml_block_load(EML_CLASS_F32, (em_dtype)g->from, from, 1, to);
        else
            eml_block_store(EML_CLASS_F32, (em_dtype)g->to, from, 1, to);
    }
}

static em_status run_einsum(eml_run *run) {
    const einsum_params *p = run->params;
    unsigned char *scratch = run->scratch;
    for (int i = 0; i < p->joins; i++) {
        const einsum_join *join = &p->join[i];
        const void *a = join->left_at < 0 ? run->in[0]->data : scratch + join->left_at, *b = run->in[i + 1]->data;
        if (join->gathers_a) {
            run_gather(&join->a, a, scratch + join->a_at);
            a = scratch + join->a_at;
        }
        if (join->gathers_b) {
            run_gather(&join->b, b, scratch + join->b_at);
            b = scratch + join->b_at;
        }
        eml_product_run(run, &join->product, a, b, NULL,
                        join->into_out ? run->out[0]->data : scratch + join->result_at);
    }
    if (p->finishes) run_gather(&p->last, p->last_at < 0 ? run->in[0]->data : scratch + p->last_at, run->out[0]->data);
    return EM_OK;
}

static const char *const attrs_einsum[] = {"equation", NULL};
EML_OP_DEFINE(ai, Einsum, run_einsum, .infer = infer_einsum, .prepare = prepare_einsum, .min_in = 1, .max_in = -1,
              .min_out = 1, .max_out = 1, .attrs = attrs_einsum);
