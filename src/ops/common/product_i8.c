/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/product_i8.h"

#include <math.h>
#include <string.h>

#include "tensor/convert.h"

enum {
    BYTES = EML_T_BIT(EM_U8) | EML_T_BIT(EM_I8),
    SMALL_FLOATS = EML_T_BIT(EM_F8E4M3FN) | EML_T_BIT(EM_F8E4M3FNUZ) | EML_T_BIT(EM_F8E5M2) | EML_T_BIT(EM_F8E5M2FNUZ)
};

static const em_tensor *input(const em_tensor *const *in, int n_in, int i) {
    return i >= 0 && i < n_in && in[i] != NULL && in[i]->kind != EM_NONE ? in[i] : NULL;
}

static bool is_byte(em_dtype dtype) {
    return dtype == EM_U8 || dtype == EM_I8;
}

/* ---- shapes ---- */

/* Matrices: m, k, n; how many of each side, and of the result. */
typedef struct shapes {
    int64_t m, k, k_of_b, n, a_count, b_count;
    int rank; /* batch axes of the result */
    int64_t dims[EM_MAX_RANK];
    bool a_trans, b_trans;
} shapes;

static int batch_rank(const em_tensor *t) {
    return t->rank > 2 ? t->rank - 2 : 0;
}

static void sides(eml_ctx *ctx, const eml_product_i8_form *f, const em_tensor *a, const em_tensor *b, shapes *s) {
    s->a_trans = f->gemm && eml_ctx_int(ctx, "transA", 0) != 0;
    s->b_trans = f->gemm && eml_ctx_int(ctx, "transB", 0) != 0;
    if (a != NULL) {
        s->m = a->rank >= 2 ? a->dims[a->rank - (s->a_trans ? 1 : 2)] : 1;
        s->k = a->dims[a->rank - (s->a_trans ? 2 : 1)];
        s->a_count = eml_dims_product(a->dims, 0, batch_rank(a));
    }
    s->n = b->rank >= 2 ? b->dims[b->rank - (s->b_trans ? 2 : 1)] : 1;
    s->k_of_b = b->rank >= 2 ? b->dims[b->rank - (s->b_trans ? 1 : 2)] : b->dims[0];
    s->b_count = eml_dims_product(b->dims, 0, batch_rank(b));
}

static em_status read_shapes(eml_ctx *ctx, const eml_product_i8_form *f, shapes *s) {
    const em_tensor *a = ctx->in[f->a], *b = ctx->in[f->b];
    EML_TRY(eml_ctx_check_rank(ctx, f->a, f->gemm ? 2 : 1, f->gemm ? 2 : EM_MAX_RANK));
    EML_TRY(eml_ctx_check_rank(ctx, f->b, f->gemm ? 2 : 1, f->gemm ? 2 : EM_MAX_RANK));
    *s = (shapes){0};
    sides(ctx, f, a, b, s);
    em_tensor batches[2] = {*a, *b};
    batches[0].rank = batch_rank(a);
    batches[1].rank = batch_rank(b);
    const em_tensor *const both[2] = {&batches[0], &batches[1]};
    if (s->k == s->k_of_b && eml_broadcast_shape(both, 2, s->dims, &s->rank)) return EM_OK;
    char text[2][EML_SHAPE_CHARS];
    return eml_fail(ctx->err, EM_ERR_MODEL, "A of shape %s%s and B of shape %s%s cannot be multiplied",
                    eml_shape_text(a->dims, a->rank, text[0]), s->a_trans ? " transposed" : "",
                    eml_shape_text(b->dims, b->rank, text[1]), s->b_trans ? " transposed" : "");
}

/* ---- infer ---- */

/* Part i has one element, count, or all. */
static em_status check_part(eml_ctx *ctx, const eml_product_i8_form *f, int i, uint32_t dtypes, int64_t count,
                            int64_t all) {
    int at = f->part[i];
    if (at < 0 || (!(f->required >> i & 1) && !eml_ctx_has_in(ctx, at))) return EM_OK;
    bool whole = eml_ctx_has_in(ctx, at) && eml_tensor_n(ctx->in[at]) == all;
    return eml_requant_check(ctx, at, f->name[i], dtypes, whole ? all : count);
}

static int64_t part_count(eml_ctx *ctx, const eml_product_i8_form *f, int i) {
    const em_tensor *t = input(ctx->in, ctx->n_in, f->part[i]);
    return t != NULL ? eml_tensor_n(t) : 1;
}

/* C of a Gemm: int32 that broadcasts to [m, n]. */
static em_status check_c(eml_ctx *ctx, int at, const shapes *s) {
    if (!eml_ctx_has_in(ctx, at)) return EM_OK;
    EML_TRY(eml_ctx_check_in(ctx, at, EML_T_BIT(EM_I32)));
    const em_tensor *c = ctx->in[at];
    bool fits = c->rank <= 2;
    for (int d = 0; d < c->rank && fits; d++) {
        int64_t want = d == c->rank - 1 ? s->n : s->m;
        fits = c->dims[d] == want || c->dims[d] == 1;
    }
    char text[2][EML_SHAPE_CHARS];
    if (fits) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "C of shape %s does not broadcast to %s",
                    eml_shape_text(c->dims, c->rank, text[0]), eml_shape_text((int64_t[]){s->m, s->n}, 2, text[1]));
}

static em_dtype result_type(const eml_product_i8_form *f, const em_tensor *const *in, int n_in) {
    if (!f->has_scale) return EM_I32;
    const em_tensor *zero = input(in, n_in, f->part[EML_PART_Y_ZERO]);
    if (zero != NULL) return zero->dtype;
    const em_tensor *scale = input(in, n_in, f->part[EML_PART_B_SCALE]);
    return f->part[EML_PART_Y_ZERO] >= 0 ? EM_F32 : scale->dtype;
}

em_status eml_product_i8_infer(eml_ctx *ctx, const eml_product_i8_form *f) {
    uint32_t sides_dtypes = BYTES | (f->small_floats && ctx->opset >= 21 ? (uint32_t)SMALL_FLOATS : 0);
    uint32_t scales = f->small_floats && ctx->opset < 21 ? EML_T_BIT(EM_F32) : f->scale_dtypes;
    shapes s;
    EML_TRY(eml_ctx_check_in(ctx, f->a, f->quantizes ? EML_T_BIT(EM_F32) : sides_dtypes));
    EML_TRY(eml_ctx_check_in(ctx, f->b, sides_dtypes));
    EML_TRY(read_shapes(ctx, f, &s));
    uint32_t a = EML_T_BIT(ctx->in[f->a]->dtype), b = EML_T_BIT(ctx->in[f->b]->dtype);
    int64_t rows = f->by_row ? s.m : 1, all_rows = f->by_row ? s.a_count * s.m : 1;
    EML_TRY(check_part(ctx, f, EML_PART_A_SCALE, scales, rows, all_rows));
    EML_TRY(check_part(ctx, f, EML_PART_A_ZERO, a, rows, all_rows));
    EML_TRY(check_part(ctx, f, EML_PART_B_SCALE, scales, s.n, s.b_count * s.n));
    EML_TRY(check_part(ctx, f, EML_PART_B_ZERO, b, s.n, s.b_count * s.n));
    EML_TRY(check_part(ctx, f, EML_PART_Y_SCALE, scales, 1, 1));
    EML_TRY(check_part(ctx, f, EML_PART_Y_ZERO, sides_dtypes, 1, 1));
    if (f->part[EML_PART_OFFSET] >= 0)
        EML_TRY(check_part(ctx, f, EML_PART_OFFSET, EML_T_BIT(ctx->in[f->part[EML_PART_B_SCALE]]->dtype), s.n, s.n));
    if (f->gemm) EML_TRY(check_c(ctx, f->part[EML_PART_BIAS], &s));
    int64_t scale_rows = part_count(ctx, f, EML_PART_A_SCALE), zero_rows = part_count(ctx, f, EML_PART_A_ZERO);
    if (scale_rows > 1 && zero_rows > 1 && scale_rows != zero_rows)
        return eml_fail(ctx->err, EM_ERR_MODEL, "A has %lld scales and %lld zero points", (long long)scale_rows,
                        (long long)zero_rows);
    const em_tensor *y_scale = input(ctx->in, ctx->n_in, f->part[EML_PART_Y_SCALE]);
    if (f->gemm && (y_scale != NULL) != (input(ctx->in, ctx->n_in, f->part[EML_PART_Y_ZERO]) != NULL))
        return eml_fail(ctx->err, EM_ERR_MODEL, "of y_scale and y_zero_point one is missing");
    if (ctx->in[f->a]->rank > 1) s.dims[s.rank++] = s.m;
    if (ctx->in[f->b]->rank > 1) s.dims[s.rank++] = s.n;
    return eml_ctx_out(ctx, 0, result_type(f, ctx->in, ctx->n_in), s.rank, s.dims);
}

/* ---- pack ---- */

static eml_requant_source source_of(const eml_product_i8_form *f, const em_tensor *const *in, int n_in, float alpha) {
    eml_requant_source s = {.alpha = alpha, .has_scale = f->has_scale, .b = in[f->b]->dtype};
    for (int i = 0; i < EML_PARTS; i++) {
        s.input[i] = f->part[i];
        s.part[i] = input(in, n_in, f->part[i]);
    }
    s.y = result_type(f, in, n_in);
    if (s.y == EM_F16) s.y = EM_F32; /* rounded once more at the end */
    return s;
}

/* One of a scale, a zero point, or a bias for each row: the product is done row by row. */
static bool goes_by_row(const eml_requant_source *s) {
    const em_tensor *bias = s->part[EML_PART_BIAS];
    for (int i = EML_PART_A_SCALE; i <= EML_PART_A_ZERO; i++)
        if (s->part[i] != NULL && eml_tensor_n(s->part[i]) > 1) return true;
    return bias != NULL && bias->rank == 2 && bias->dims[0] > 1;
}

/* All parts are constants of lengths that fit, and for all rows. */
static bool columns_known(const eml_requant_source *s, const shapes *p) {
    if (!eml_requant_known(s) || goes_by_row(s)) return false;
    for (int i = 0; i < EML_PARTS; i++) {
        const em_tensor *t = s->part[i];
        int64_t n = t != NULL ? eml_tensor_n(t) : 1;
        bool by_column = i == EML_PART_B_SCALE || i == EML_PART_B_ZERO || i == EML_PART_BIAS || i == EML_PART_OFFSET;
        if (n != 1 && !(by_column && (n == p->n || n == p->n * p->b_count))) return false;
    }
    return true;
}

typedef struct product_blob {
    uint64_t columns, weights; /* offsets; 0: not here */
} product_blob;

em_status eml_product_i8_pack(eml_ctx *ctx, const eml_product_i8_form *f) {
    const em_tensor *b = ctx->in[f->b];
    if (b == NULL || b->data == NULL || !is_byte(b->dtype) || b->rank < 1 || (f->gemm && b->rank != 2)) return EM_OK;
    const em_tensor *y_zero = input(ctx->in, ctx->n_in, f->part[EML_PART_Y_ZERO]);
    if (f->small_floats) { /* what the other side and the result are must be known */
        const em_tensor *a_zero = input(ctx->in, ctx->n_in, f->part[EML_PART_A_ZERO]);
        if (a_zero == NULL || y_zero == NULL || !is_byte(a_zero->dtype) || !is_byte(y_zero->dtype)) return EM_OK;
    }
    shapes s = {0};
    sides(ctx, f, NULL, b, &s);
    eml_weights_i8 weights =
        eml_weights_i8_matrix(s.b_count, s.k_of_b, s.n, s.b_trans ? 1 : s.n, s.b_trans ? s.k_of_b : 1);
    bool typed = !f->has_scale || y_zero != NULL || input(ctx->in, ctx->n_in, f->part[EML_PART_B_SCALE]) != NULL;
    if (!typed) return EM_OK;
    eml_requant_source source = source_of(f, ctx->in, ctx->n_in, eml_ctx_float(ctx, "alpha", 1));
    bool known = !f->quantizes && columns_known(&source, &s);
    eml_layout layout = {0};
    eml_layout_add(&layout, 1, sizeof(product_blob));
    product_blob at = {.columns = known ? eml_columns_add(&layout, s.b_count, s.n) : 0,
                       .weights = eml_weights_i8_add(&layout, &weights)};
    unsigned char *blob = eml_layout_blob(&layout, ctx);
    if (blob == NULL) return eml_ctx_no_memory(ctx);
    memcpy(blob, &at, sizeof(at));
    if (known) {
        EML_TRY(eml_columns_fill(&source, s.b_count, s.n, 0, 0, EM_ERR_MODEL, ctx->err, blob + at.columns));
        for (int i = 0; i < EML_PARTS; i++)
            if (source.part[i] != NULL) ctx->consumed |= UINT64_C(1) << f->part[i];
    }
    eml_weights_i8_pack(ctx->k, &weights, b->data, b->dtype == EM_U8, NULL, blob + at.weights);
    ctx->consumed |= UINT64_C(1) << f->b;
    return EM_OK;
}

/* ---- prepare ---- */

typedef struct product_params {
    eml_windows_i8 windows; /* of all rows of a matrix, or of one */
    product_blob blob;
    uint64_t columns, weights, a, y, work; /* offsets into scratch */
    shapes s;
    int64_t batch, a_step[EM_MAX_RANK], b_step[EM_MAX_RANK]; /* of matrices */
    int64_t bias_row;
    float alpha;
    uint8_t by_row, small, half; /* half: the result is f16 */
} product_params;

em_status eml_product_i8_prepare(eml_ctx *ctx, const eml_product_i8_form *f) {
    product_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(read_shapes(ctx, f, &p->s));
    shapes *s = &p->s;
    const em_tensor *a = ctx->in[f->a], *b = ctx->in[f->b];
    if (ctx->blob != NULL) memcpy(&p->blob, ctx->blob, sizeof(p->blob));
    p->alpha = eml_ctx_float(ctx, "alpha", 1);
    eml_requant_source source = source_of(f, ctx->in, ctx->n_in, p->alpha);
    const em_tensor *bias = source.part[EML_PART_BIAS];
    p->by_row = goes_by_row(&source);
    p->bias_row = bias != NULL && bias->rank == 2 && bias->dims[0] > 1 ? bias->dims[1] : 0;
    p->half = ctx->out[0]->dtype == EM_F16;
    p->small =
        !(f->quantizes || is_byte(a->dtype)) || !is_byte(b->dtype) ||
        (ctx->out[0]->dtype != EM_F16 && eml_dtype_size(ctx->out[0]->dtype) == 1 && !is_byte(ctx->out[0]->dtype));
    p->batch = eml_dims_product(s->dims, 0, s->rank);
    eml_broadcast_strides(a->dims, batch_rank(a), s->dims, s->rank, p->a_step);
    eml_broadcast_strides(b->dims, batch_rank(b), s->dims, s->rank, p->b_step);
    if (p->small) return EM_OK;
    int64_t rows = p->by_row ? 1 : s->m;
    if (!p->by_row && s->b_count == 1) { /* one b: all of a is one matrix */
        rows = s->a_count * s->m;
        p->batch = 1;
        s->rank = 0;
    }
    p->windows =
        (eml_windows_i8){.weights = eml_weights_i8_matrix(1, s->k, s->n, s->b_trans ? 1 : s->n, s->b_trans ? s->k : 1),
                         .window = {.rank = 1,
                                    .in = {1, 1, rows},
                                    .out = {1, 1, rows},
                                    .kernel = {1, 1, 1},
                                    .stride = {1, 1, 1},
                                    .dilation = {1, 1, 1}},
                         .batch = 1,
                         .channels = s->k,
                         .a_signed = a->dtype == EM_I8};
    size_t work;
    EML_TRY(eml_windows_i8_plan(ctx, &p->windows, &work));
    eml_weights_i8 all = p->windows.weights;
    all.groups = s->b_count;
    eml_layout layout = {0};
    if (p->blob.columns == 0) p->columns = eml_columns_add(&layout, s->b_count, s->n);
    if (p->blob.weights == 0) p->weights = eml_weights_i8_add(&layout, &all);
    if (s->a_trans || f->quantizes) p->a = eml_layout_add(&layout, (size_t)eml_tensor_n(a), 1);
    if (p->half) p->y = eml_layout_add(&layout, (size_t)eml_tensor_n(ctx->out[0]), sizeof(float));
    p->work = eml_layout_add(&layout, 1, work);
    if (layout.overflow) return eml_ctx_no_memory(ctx);
    ctx->scratch_bytes = layout.bytes;
    ctx->all_packed = p->blob.columns != 0 && p->blob.weights != 0 && p->batch == 1 && s->b_count == 1 && f->a == 0 &&
                      p->windows.slots == 1 && !p->by_row && !p->half && !s->a_trans && !f->quantizes;
    return EM_OK;
}

/* ---- run ---- */

/* Which matrix of a side goes with matrix i of the result. */
static int64_t matrix_at(const shapes *s, const int64_t *steps, int64_t i) {
    int64_t at = 0;
    for (int d = s->rank - 1; d >= 0; d--) {
        at += i % s->dims[d] * steps[d];
        i /= s->dims[d];
    }
    return at;
}

/* Element of a's scale or zero point that has n of them, for row r of matrix i. */
static int64_t row_part(const shapes *s, int64_t n, int64_t i, int64_t r) {
    return n == 1 ? 0 : n == s->m ? r : i * s->m + r;
}

/* uint8 by the range of x, zero included: scale = range / 255, zero = round(-min / scale), as DynamicQuantizeLinear. */
static em_status quantize(eml_run *run, const em_tensor *x, uint8_t *out, float *scale, uint8_t *zero) {
    enum { SOME = 256 };
    const eml_kernels *k = EML_K(run);
    size_t n = (size_t)eml_tensor_n(x);
    const float *v = x->data;
    float least = 0, most = 0, buffer[SOME];
    *scale = 1;
    *zero = 0;
    if (n == 0) return EM_OK;
    k->min_rows_f32(1, n, v, n, &least);
    k->max_rows_f32(1, n, v, n, &most);
    if (!isfinite(least) || !isfinite(most) || !isfinite(most - least))
        return eml_fail(run->err, EM_ERR_DATA, "input 0, A, has elements from %g to %g, which no scale is for",
                        (double)least, (double)most);
    least = least < 0 ? least : 0;
    most = most > 0 ? most : 0;
    if (most > least) *scale = (most - least) / 255.0f;
    if (*scale == 0) *scale = 1; /* the range is below what a float can divide */
    float at = rintf(0 - least / *scale);
    *zero = (uint8_t)(at < 0 ? 0 : at > 255 ? 255 : at);
    const int32_t shift = *zero;
    for (size_t i = 0; i < n; i += SOME) {
        size_t some = n - i < SOME ? n - i : SOME;
        k->div_f32(some, v + i, 1, scale, 0, buffer);
        k->round_f32(some, buffer, buffer);
        k->clip_f32(some, buffer, (float)-shift, (float)(255 - shift), buffer);
        for (size_t j = 0; j < some; j++) out[i + j] = (uint8_t)((int32_t)buffer[j] + shift);
    }
    return EM_OK;
}

/* 8-bit floats, which no kernel knows: in double. */
static em_status run_small(eml_run *run, const product_params *p, const eml_product_i8_form *f) {
    const shapes *s = &p->s;
    const em_tensor *a = run->in[f->a], *b = run->in[f->b], *y = run->out[0];
    const em_tensor *part[EML_PARTS];
    double value[EML_PARTS];
    for (int i = 0; i < EML_PARTS; i++) part[i] = input((const em_tensor *const *)run->in, run->n_in, f->part[i]);
    const int64_t matrix = s->m * s->n;
    for (int64_t e = 0; e < p->batch * matrix; e++) {
        int64_t i = e / matrix, r = e % matrix / s->n, j = e % s->n;
        int64_t ia = matrix_at(s, p->a_step, i), ib = matrix_at(s, p->b_step, i);
        for (int q = 0; q < EML_PART_BIAS; q++) {
            int64_t n = eml_tensor_n(part[q]);
            int64_t at = q <= EML_PART_A_ZERO ? row_part(s, n, ia, r) : n == 1 ? 0 : n == s->n ? j : ib * s->n + j;
            value[q] = eml_load_f64(part[q]->dtype, part[q]->data, at);
            bool scale = q == EML_PART_A_SCALE || q == EML_PART_B_SCALE || q == EML_PART_Y_SCALE;
            if (scale && !(value[q] > 0 && isfinite(value[q])))
                return eml_fail(run->err, EM_ERR_DATA, "input %d, %s, is %g, expected a finite number above 0",
                                f->part[q], f->name[q], value[q]);
        }
        double sum = 0;
        for (int64_t t = 0; t < s->k; t++)
            sum += (eml_load_f64(a->dtype, a->data, (ia * s->m + r) * s->k + t) - value[EML_PART_A_ZERO]) *
                   (eml_load_f64(b->dtype, b->data, (ib * s->k + t) * s->n + j) - value[EML_PART_B_ZERO]);
        sum = sum * (value[EML_PART_A_SCALE] * value[EML_PART_B_SCALE] / value[EML_PART_Y_SCALE]);
        if (is_byte(y->dtype)) {
            double least = y->dtype == EM_I8 ? -128 : 0;
            sum = rint(sum) + value[EML_PART_Y_ZERO];
            sum = sum > least ? (sum < least + 255 ? sum : least + 255) : least;
            eml_store_f64(y->dtype, y->data, e, sum);
        } else {
            ((uint8_t *)y->data)[e] = eml_f32_to_f8(y->dtype, eml_f64_to_f32_odd(sum + value[EML_PART_Y_ZERO]), true);
        }
    }
    return EM_OK;
}

em_status eml_product_i8_run_packed(eml_run *run) {
    const product_params *p = run->params;
    const unsigned char *blob = run->blob;
    eml_windows_i8_run_line(run, &p->windows, blob + p->blob.weights, (const void *)(blob + p->blob.columns),
                            run->in[0]->data, run->out[0]->data, (unsigned char *)run->scratch + p->work);
    return EM_OK;
}

em_status eml_product_i8_run(eml_run *run, const eml_product_i8_form *f) {
    const product_params *p = run->params;
    const shapes *s = &p->s;
    const em_tensor *const *in = (const em_tensor *const *)run->in;
    unsigned char *scratch = run->scratch;
    const unsigned char *blob = run->blob;
    if (p->batch * s->m * s->n == 0 || eml_tensor_n(run->out[0]) == 0) return EM_OK;
    if (p->small) return run_small(run, p, f);

    const uint8_t *a = in[f->a]->data;
    eml_requant_source source = source_of(f, in, run->n_in, p->alpha);
    float a_scale;
    uint8_t a_zero;
    em_tensor own[2] = {{.kind = EM_TENSOR, .dtype = EM_F32, .data = &a_scale, .bytes = sizeof(a_scale)},
                        {.kind = EM_TENSOR, .dtype = EM_U8, .data = &a_zero, .bytes = sizeof(a_zero)}};
    if (f->quantizes) {
        EML_TRY(quantize(run, in[f->a], scratch + p->a, &a_scale, &a_zero));
        source.part[EML_PART_A_SCALE] = &own[0];
        source.part[EML_PART_A_ZERO] = &own[1];
        a = scratch + p->a;
    } else if (s->a_trans) {
        EML_K(run)->transpose_8((size_t)s->k, (size_t)s->m, a, (size_t)s->m, scratch + p->a, (size_t)s->k);
        a = scratch + p->a;
    }
    const void *weights = p->blob.weights != 0 ? blob + p->blob.weights : NULL;
    if (p->blob.weights == 0) {
        eml_weights_i8 all = p->windows.weights;
        all.groups = s->b_count;
        eml_weights_i8_pack(run->k, &all, in[f->b]->data, in[f->b]->dtype == EM_U8, NULL, scratch + p->weights);
        weights = scratch + p->weights;
    }
    const eml_columns *columns = (const void *)(p->blob.columns != 0 ? blob + p->blob.columns : scratch + p->columns);
    if (p->blob.columns == 0 && !p->by_row)
        EML_TRY(eml_columns_fill(&source, s->b_count, s->n, 0, 0, EM_ERR_DATA, run->err, scratch + p->columns));

    const size_t size = p->half ? sizeof(float) : eml_dtype_size(run->out[0]->dtype);
    unsigned char *y = p->half ? scratch + p->y : run->out[0]->data;
    const int64_t rows = p->windows.window.out[2], calls = p->by_row ? s->m : 1;
    for (int64_t i = 0; i < p->batch; i++) {
        int64_t ia = matrix_at(s, p->a_step, i), ib = matrix_at(s, p->b_step, i);
        for (int64_t r = 0; r < calls; r++, y += (size_t)(rows * s->n) * size) {
            if (p->by_row) {
                const em_tensor *by = source.part[EML_PART_A_SCALE], *zeros = source.part[EML_PART_A_ZERO];
                int64_t n = by != NULL ? eml_tensor_n(by) : 1;
                if (n == 1 && zeros != NULL) n = eml_tensor_n(zeros);
                int64_t row = p->bias_row != 0 ? r : row_part(s, n, ia, r);
                EML_TRY(eml_columns_fill(&source, s->b_count, s->n, row, p->bias_row, EM_ERR_DATA, run->err,
                                         scratch + p->columns));
            }
            eml_windows_i8_run(run, &p->windows, weights, s->b_count, columns, ib, a + (ia * s->m + r) * s->k, y,
                               scratch + p->work);
        }
    }
    if (p->half) EML_K(run)->f32_to_f16((size_t)eml_tensor_n(run->out[0]), scratch + p->y, run->out[0]->data);
    return EM_OK;
}
