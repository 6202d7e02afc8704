/* SPDX-License-Identifier: Apache-2.0 */
/* Row by row: softmax and the normalizations. And the scaling of columns. */
#include "kernels/simd/functions.h"
#include "kernels/simd/reductions.h"

/* out[i] = f(x[i], d) for i < n */
#define MAP(name, f)                                                                 \
    static inline void name(size_t n, const float *x, float d, float *out) {         \
        vf32 vd = vf32_set1(d);                                                      \
        for (; n >= vf32_lanes; n -= vf32_lanes, x += vf32_lanes, out += vf32_lanes) \
            vf32_store(out, f(vf32_load(x), vd));                                    \
        if (n > 0) vf32_store_n(out, f(vf32_load_n(x, n), vd), n);                   \
    }

static inline vf32 exp_sub(vf32 x, vf32 d) {
    return vf32_exp_negative(vf32_sub(x, d));
}

MAP(map_exp_sub, exp_sub)
MAP(map_sub, vf32_sub)
MAP(map_mul, vf32_mul)
MAP(map_div, vf32_div)

/* Rows of few classes stay in one vector. */
static inline void softmax_short(size_t n, const float *x, float *out) {
    vf32 none = vf32_set1(-INFINITY);
    vf32 y = n < vf32_lanes ? vf32_select(vm32_first(n), vf32_load_n(x, n), none) : vf32_load(x);
    vf32 e = vf32_exp_negative(vf32_sub(y, vf32_set1(vf32_hmax(y))));
    e = vf32_mul(e, vf32_set1(1.0f / vf32_sum(e)));
    if (n < vf32_lanes)
        vf32_store_n(out, e, n);
    else
        vf32_store(out, e);
}

void EML_FN(softmax_rows_f32)(size_t rows, size_t cols, const float *x, size_t x_stride, float *out,
                              size_t out_stride) {
    if (cols == 0) return;
    for (; rows > 0; rows--, x += x_stride, out += out_stride) {
        if (cols <= vf32_lanes) {
            softmax_short(cols, x, out);
            continue;
        }
        map_exp_sub(cols, x, reduce_max(cols, x, 0.0f), out);
        map_mul(cols, out, 1.0f / reduce_sum(cols, out), out);
    }
}

/* log(sum of e^(x[i] - most)), some elements at a time. */
static float log_sum_exp(size_t n, const float *x, float most) {
    enum { SOME = 128 };
    float e[SOME], sum = 0.0f;
    for (; n > 0; x += SOME) {
        size_t some = n < SOME ? n : SOME;
        map_exp_sub(some, x, most, e);
        sum += reduce_sum(some, e);
        n -= some;
    }
    return logf(sum);
}

void EML_FN(log_softmax_rows_f32)(size_t rows, size_t cols, const float *x, size_t x_stride, float *out,
                                  size_t out_stride) {
    for (; rows > 0; rows--, x += x_stride, out += out_stride) {
        float most = reduce_max(cols, x, 0.0f), log_sum = log_sum_exp(cols, x, most);
        map_sub(cols, x, most, out);
        map_sub(cols, out, log_sum, out);
    }
}

#define NORMALIZE(name, divisor)                                                                                  \
    void EML_FN(name)(size_t rows, size_t cols, const float *x, size_t x_stride, float *out, size_t out_stride) { \
        for (; rows > 0; rows--, x += x_stride, out += out_stride) {                                              \
            float d = divisor;                                                                                    \
            map_div(cols, x, d == 0.0f ? 1.0f : d, out);                                                          \
        }                                                                                                         \
    }

NORMALIZE(l1_normalize_rows_f32, reduce_sum_abs(cols, x))
NORMALIZE(l2_normalize_rows_f32, sqrtf(reduce_sum_squares(cols, x)))
NORMALIZE(max_normalize_rows_f32, reduce_max(cols, x, 0.0f))

static inline vf32 scale(vf32 x, vf32 offset, vf32 factor) {
    return vf32_mul(vf32_sub(x, offset), factor);
}

static void scale_run(size_t n, const float *x, const float *offset, const float *factor, float *out) {
    for (; n >= vf32_lanes; n -= vf32_lanes) {
        vf32_store(out, scale(vf32_load(x), vf32_load(offset), vf32_load(factor)));
        x += vf32_lanes, offset += vf32_lanes, factor += vf32_lanes, out += vf32_lanes;
    }
    if (n > 0) vf32_store_n(out, scale(vf32_load_n(x, n), vf32_load_n(offset, n), vf32_load_n(factor, n)), n);
}

/* offset and factor of narrow rows are repeated, so that a run goes on over many rows without partial vectors. */
void EML_FN(scale_cols_f32)(size_t rows, size_t cols, const float *x, const float *offset, const float *factor,
                            float *out) {
    enum { NARROW = 32, REPEAT = vf32_lanes };
    if (cols <= NARROW && rows >= 2 * REPEAT) {
        float offsets[NARROW * REPEAT], factors[NARROW * REPEAT];
        const size_t run = cols * REPEAT;
        for (size_t i = 0; i < run; i++) {
            offsets[i] = i < cols ? offset[i] : offsets[i - cols];
            factors[i] = i < cols ? factor[i] : factors[i - cols];
        }
        for (; rows >= REPEAT; rows -= REPEAT, x += run, out += run) scale_run(run, x, offsets, factors, out);
        scale_run(rows * cols, x, offsets, factors, out);
        return;
    }
    for (; rows > 0; rows--, x += cols, out += cols) scale_run(cols, x, offset, factor, out);
}
