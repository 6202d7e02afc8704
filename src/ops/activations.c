/* SPDX-License-Identifier: Apache-2.0 */
/* Activation functions with no parameter or one or two attributes (p, q):
 *   Relu max(x, 0)                          LeakyRelu x < 0 ? p x : x           ThresholdedRelu x > p ? x : 0
 *   Elu x < 0 ? p (e^x - 1) : x             Celu max(x, 0) + min(0, p (e^(x/p) - 1))
 *   Selu q (x > 0 ? x : p (e^x - 1))        HardSigmoid min(max(p x + q, 0), 1)  HardSwish x HardSigmoid(x; 1/6, 1/2)
 *   Sigmoid 1 / (1 + e^-x)                  Swish x Sigmoid(p x)                 Tanh
 *   Softplus log(1 + e^x)                   Softsign x / (1 + |x|)               Mish x tanh(Softplus(x))
 *   Gelu x/2 (1 + erf(x / sqrt 2)), or with approximate = tanh: x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3)))
 *   Shrink x < -p ? x + q : x > p ? x - q : 0 (integers through double, truncated)
 * NaN stays NaN but in ThresholdedRelu and Shrink, whose comparisons it fails. */

#include "ops/common/real_math.h"
#include "ops/common/unary.h"

static const char *const attrs_alpha[] = {"alpha", "beta", "gamma", "consumed_inputs", NULL};

#define F64(name, expression) EML_UNARY_LOOP(name##_f64, double, double, expression)
#define REAL(name, expression)                           \
    EML_UNARY_LOOP(name##_f32, float, float, expression) \
    F64(name, expression)
/* f32 by a kernel without or with p and q; both floats by kernels. */
#define REAL_K(name, expression)             \
    EML_UNARY_KERNEL(name##_f32, name##_f32) \
    F64(name, expression)
#define REAL_KPQ(name, expression)              \
    EML_UNARY_KERNEL_PQ(name##_f32, name##_f32) \
    F64(name, expression)
#define REAL_KK(name)                        \
    EML_UNARY_KERNEL(name##_f32, name##_f32) \
    EML_UNARY_KERNEL(name##_f64, name##_f64)
#define REALS(name)                      [EML_CLASS_F32] = name##_f32, [EML_CLASS_F64] = name##_f64
#define REAL_OP(Name, name, attrs, p, q) EML_UNARY_OP(Name, eml_unary_infer_floats, attrs, p, q, REALS(name));
#define FLOAT(name, fallback)            eml_ctx_float(ctx, name, fallback)

REAL_K(relu, v < 0 ? 0 : v)
EML_UNARY_LOOP(relu_i8, int8_t, int8_t, v < 0 ? 0 : v)
EML_UNARY_LOOP(relu_i16, int16_t, int16_t, v < 0 ? 0 : v)
EML_UNARY_LOOP(relu_i32, int32_t, int32_t, v < 0 ? 0 : v)
EML_UNARY_LOOP(relu_i64, int64_t, int64_t, v < 0 ? 0 : v)
EML_UNARY_OP(Relu, eml_unary_infer_signed, eml_attrs_v1, 0, 0, REALS(relu), [EML_CLASS_I8] = relu_i8,
             [EML_CLASS_I16] = relu_i16, [EML_CLASS_I32] = relu_i32, [EML_CLASS_I64] = relu_i64);

REAL_KPQ(leaky_relu, v < 0 ? p * v : v)
REAL_OP(LeakyRelu, leaky_relu, attrs_alpha, FLOAT("alpha", 0.01f), 0)

REAL(thresholded_relu, v > p ? v : 0)
REAL_OP(ThresholdedRelu, thresholded_relu, attrs_alpha, FLOAT("alpha", 1), 0)

REAL_KPQ(elu, v < 0 ? p * expm1(v) : v)
REAL_OP(Elu, elu, attrs_alpha, FLOAT("alpha", 1), 1)

REAL(celu, v < 0 ? p * expm1(v / p) : v)
REAL_OP(Celu, celu, attrs_alpha, FLOAT("alpha", 1), 0)

/* The elu kernel scales both sides: p q below 0, q above. */
static void selu_f32(size_t n, const void *x, void *out, float p, float q, const eml_kernels *k) {
    EML_KERNELS_OF(k)->elu_f32(n, x, p * q, q, out);
}
F64(selu, q *(v > 0 ? v : p * expm1(v)))
REAL_OP(Selu, selu, attrs_alpha, FLOAT("alpha", ctx->opset < 6 ? 1.6732f : 1.67326319217681884765625f),
        FLOAT("gamma", ctx->opset < 6 ? 1.0507f : 1.05070102214813232421875f))

REAL_KPQ(hard_sigmoid, p *v + q < 0 ? 0 : p * v + q > 1 ? 1 : p * v + q)
REAL_OP(HardSigmoid, hard_sigmoid, attrs_alpha, FLOAT("alpha", 0.2f), FLOAT("beta", 0.5f))

/* A factor of x at a time: the hard sigmoid of a block, then the product. */
static void hard_swish_f32(size_t n, const void *x, void *out, float p, float q, const eml_kernels *kernels) {
    (void)p, (void)q;
    const eml_kernels *k = EML_KERNELS_OF(kernels);
    float factor[EML_BLOCK];
    for (size_t i = 0; i < n; i += EML_BLOCK) {
        size_t some = n - i < EML_BLOCK ? n - i : EML_BLOCK;
        const float *from = (const float *)x + i;
        k->hard_sigmoid_f32(some, from, 1.0f / 6, 0.5f, factor);
        k->mul_f32(some, from, 1, factor, 1, (float *)out + i);
    }
}
F64(hard_swish, v >= 3 ? v : v <= -3 ? 0 : v * (v + 3) / 6)
REAL_OP(HardSwish, hard_swish, eml_attrs_v1, 0, 0)

REAL_KK(sigmoid)
REAL_OP(Sigmoid, sigmoid, eml_attrs_v1, 0, 0)

/* e^-|x| never overflows. */
#define SIGMOID(x) ((x) < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-(x))))
REAL_KPQ(swish, v *SIGMOID(p *v))
REAL_OP(Swish, swish, attrs_alpha, FLOAT("alpha", 1), 0)

REAL_KK(tanh)
REAL_OP(Tanh, tanh, eml_attrs_v1, 0, 0)

REAL_KK(softplus)
REAL_OP(Softplus, softplus, eml_attrs_v1, 0, 0)

REAL_K(softsign, v / (1 + fabs(v)))
REAL_OP(Softsign, softsign, eml_attrs_v1, 0, 0)

#define SOFTPLUS(x) ((x) > 0 ? (x) + log1p(exp(-(x))) : log1p(exp(x)))
REAL_K(mish, v *tanh(SOFTPLUS(v)))
REAL_OP(Mish, mish, eml_attrs_v1, 0, 0)

/* p: 1 for the tanh form. */
static void gelu_f32(size_t n, const void *x, void *out, float p, float q, const eml_kernels *k) {
    (void)q;
    if (p > 0)
        EML_KERNELS_OF(k)->gelu_tanh_f32(n, x, out);
    else
        EML_KERNELS_OF(k)->gelu_f32(n, x, out);
}
#define SQRT_1_2  0.70710678118654752440
#define SQRT_2_PI 0.79788456080286535588
F64(gelu, v / 2 * (1 + (p > 0 ? tanh(SQRT_2_PI * (v + 0.044715 * v * v * v)) : erf(v * SQRT_1_2))))
static const char *const attrs_gelu[] = {"approximate", NULL};
static float gelu_form(eml_ctx *ctx) {
    return eml_ctx_string_is(ctx, "approximate", "none", "tanh");
}
REAL_OP(Gelu, gelu, attrs_gelu, gelu_form(ctx), 0)

static const char *const attrs_none[] = {NULL}, *const attrs_quick_gelu[] = {"alpha", NULL};
/* com.microsoft's: Gelu by erf; QuickGelu is Swish of another alpha. */
EML_OP_DEFINE(ms, Gelu, run_Gelu, .infer = eml_unary_infer_floats, .prepare = prepare_Gelu, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs_none);
static em_status prepare_QuickGelu(eml_ctx *ctx) {
    return eml_unary_prepare(ctx, &op_Swish, FLOAT("alpha", 1.702f), 0);
}
EML_OP_DEFINE(ms, QuickGelu, run_Swish, .infer = eml_unary_infer_floats, .prepare = prepare_QuickGelu, .min_in = 1,
              .max_in = 1, .min_out = 1, .max_out = 1, .inplace = 1, .attrs = attrs_quick_gelu);

REAL(shrink, v<-p ? v + q : v> p ? v - q : 0)
static const char *const attrs_shrink[] = {"lambd", "bias", NULL};
EML_UNARY_OP(Shrink, eml_unary_infer_numeric, attrs_shrink, FLOAT("lambd", 0.5f), FLOAT("bias", 0), REALS(shrink));
