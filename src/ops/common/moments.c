/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/moments.h"

#include "ops/common/block.h"

/* Two sets of numbers as one. */
static void join(eml_moments *a, eml_moments b) {
    if (a->n == 0) {
        *a = b;
        return;
    }
    double n = a->n + b.n, apart = b.mean - a->mean;
    a->mean += apart * (b.n / n);
    a->squares += b.squares + apart * apart * (a->n * b.n / n);
    a->n = n;
}

static eml_moments moments_f64(const double *x, int64_t n) {
    eml_moments m = {.n = (double)n};
    double rest = 0;
    for (int64_t i = 0; i < n; i++) m.mean += x[i];
    m.mean /= m.n;
    for (int64_t i = 0; i < n; i++) {
        double d = x[i] - m.mean;
        rest += d;
        m.squares += d * d;
    }
    m.squares -= rest * rest / m.n;
    if (m.squares < 0) m.squares = 0;
    m.mean += rest / m.n;
    return m;
}

static void add_f32(eml_moments *m, const float *x, int64_t n, const eml_kernels *k) {
    eml_moments part = {.n = (double)n};
    EML_KERNELS_OF(k)->moments_f32((size_t)n, x, &part.mean, &part.squares);
    join(m, part);
}

void eml_moments_add(eml_moments *m, em_dtype dtype, const void *x, int64_t n, const eml_kernels *k) {
    if (n == 0) return;
    if (dtype == EM_F64) {
        join(m, moments_f64(x, n));
    } else if (dtype == EM_F32) {
        add_f32(m, x, n, k);
    } else {
        float wide[EML_MOMENTS_BLOCK];
        for (int64_t i = 0; i < n; i += EML_MOMENTS_BLOCK) {
            int64_t some = n - i < EML_MOMENTS_BLOCK ? n - i : EML_MOMENTS_BLOCK;
            eml_block_load(EML_CLASS_F32, dtype, eml_at_const(x, i, eml_dtype_size(dtype)), some, wide);
            add_f32(m, wide, some, k);
        }
    }
}

/* What the mean loses by rounding to float goes into the bias. */
static void normalize_f32(const float *x, int64_t n, double mean, double factor, double bias, float *out,
                          const eml_kernels *k) {
    float m = (float)mean;
    EML_KERNELS_OF(k)->normalize_f32((size_t)n, x, m, (float)factor, (float)(bias + ((double)m - mean) * factor), out);
}

void eml_normalize(em_dtype dtype, const void *x, int64_t n, double mean, double factor, double bias, void *out,
                   const eml_kernels *k) {
    if (dtype == EM_F64) {
        for (int64_t i = 0; i < n; i++) ((double *)out)[i] = (((const double *)x)[i] - mean) * factor + bias;
    } else if (dtype == EM_F32) {
        normalize_f32(x, n, mean, factor, bias, out, k);
    } else {
        float wide[EML_MOMENTS_BLOCK];
        for (int64_t i = 0; i < n; i += EML_MOMENTS_BLOCK) {
            int64_t some = n - i < EML_MOMENTS_BLOCK ? n - i : EML_MOMENTS_BLOCK;
            eml_block_load(EML_CLASS_F32, dtype, eml_at_const(x, i, eml_dtype_size(dtype)), some, wide);
            normalize_f32(wide, some, mean, factor, bias, wide, k);
            eml_block_store(EML_CLASS_F32, dtype, wide, some, eml_at(out, i, eml_dtype_size(dtype)));
        }
    }
}

em_status eml_epsilon_attr(eml_ctx *ctx, float fallback, float *epsilon) {
    *epsilon = eml_ctx_float(ctx, "epsilon", fallback);
    if (*epsilon >= 0) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'epsilon' is %g, expected a number that is not negative",
                    (double)*epsilon);
}

em_status eml_stash_type_attr(eml_ctx *ctx, em_dtype *dtype) {
    int64_t type = eml_ctx_int(ctx, "stash_type", EM_F32);
    *dtype = EM_F32;
    if (type != EM_F32 && type != EM_F64 && type != EM_F16 && type != EM_BF16)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'stash_type' is %lld, expected 1 (float) or 16 (bfloat16)",
                        (long long)type);
    *dtype = (em_dtype)type;
    return EM_OK;
}

em_status eml_check_list(eml_ctx *ctx, int i, int64_t n, const char *what) {
    EML_TRY(eml_ctx_check_in(ctx, i, EML_T_FLOATS));
    int64_t have = eml_tensor_n(ctx->in[i]);
    if (have == n) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has %lld values, expected %lld, one for each %s", i,
                    (long long)have, (long long)n, what);
}
