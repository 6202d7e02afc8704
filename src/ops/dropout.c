/* SPDX-License-Identifier: Apache-2.0 */
/* Dropout: y = x, mask = 1. When training_mode (since version 12) is true and ratio is not 0, an element stays with
 * probability 1 - ratio, times 1 / (1 - ratio), else 0 takes its place; mask tells which stayed. The numbers are those
 * of numpy's RandomState(seed): the Mersenne Twister, 53 bits at a time. Without the attribute `seed` they begin with a
 * hash of x, so other data drop elsewhere. Before version 10 the mask has the type of x. */
#include "ops/common/block.h"
#include "ops/common/move.h"
#include "ops/common/strided_copy.h"
#include "tensor/convert.h"

enum { STATE = 624, SHIFT = 397 };

typedef struct twister {
    uint32_t state[STATE];
    int at;
} twister;

static void twister_seed(twister *t, uint32_t seed) {
    for (int i = 0; i < STATE; i++) {
        t->state[i] = seed;
        seed = UINT32_C(1812433253) * (seed ^ seed >> 30) + (uint32_t)i + 1;
    }
    t->at = STATE;
}

static uint32_t twister_next(twister *t) {
    if (t->at == STATE) {
        for (int i = 0; i < STATE; i++) {
            uint32_t y = (t->state[i] & UINT32_C(0x80000000)) | (t->state[(i + 1) % STATE] & UINT32_C(0x7fffffff));
            t->state[i] = t->state[(i + SHIFT) % STATE] ^ y >> 1 ^ ((y & 1) != 0 ? UINT32_C(0x9908b0df) : 0);
        }
        t->at = 0;
    }
    uint32_t y = t->state[t->at++];
    y ^= y >> 11;
    y ^= y << 7 & UINT32_C(0x9d2c5680);
    y ^= y << 15 & UINT32_C(0xefc60000);
    return y ^ y >> 18;
}

/* Uniform in [0, 1). */
static double twister_uniform(twister *t) {
    double high = (double)(twister_next(t) >> 5), low = (double)(twister_next(t) >> 6);
    return (high * 67108864.0 + low) / 9007199254740992.0;
}

typedef struct dropout_params {
    uint32_t seed;
    int32_t seeded;
} dropout_params;

/* Floats and the float8 types of version 22. */
#define DROPOUT_TYPES \
    (EML_T_FLOATS | EML_T_BIT(EM_F8E4M3FN) | EML_T_BIT(EM_F8E4M3FNUZ) | EML_T_BIT(EM_F8E5M2) | EML_T_BIT(EM_F8E5M2FNUZ))

static em_status check_scalar(eml_ctx *ctx, int i, uint32_t types) {
    if (!eml_ctx_has_in(ctx, i)) return EM_OK;
    EML_TRY(eml_ctx_check_in(ctx, i, types));
    int64_t n = eml_tensor_n(ctx->in[i]);
    if (n == 1) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has %lld elements, expected one", i, (long long)n);
}

static em_status infer_dropout(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    EML_TRY(eml_ctx_check_in(ctx, 0, DROPOUT_TYPES));
    EML_TRY(check_scalar(ctx, 1, DROPOUT_TYPES));
    EML_TRY(check_scalar(ctx, 2, EML_T_BIT(EM_BOOL)));
    EML_TRY(eml_ctx_out(ctx, 1, ctx->opset < 10 ? x->dtype : EM_BOOL, x->rank, x->dims));
    return eml_ctx_out_like(ctx, 0, x);
}

static em_status prepare_dropout(eml_ctx *ctx) {
    dropout_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    p->seeded = eml_ctx_has(ctx, "seed");
    p->seed = (uint32_t)(uint64_t)eml_ctx_int(ctx, "seed", 0);
    return EM_OK;
}

/* FNV-1a. */
static uint32_t hash(const em_tensor *x) {
    uint32_t h = UINT32_C(2166136261);
    for (size_t i = 0; i < x->bytes; i++) h = (h ^ ((const uint8_t *)x->data)[i]) * UINT32_C(16777619);
    return h;
}

static em_status drop(eml_run *run, double ratio) {
    const dropout_params *p = run->params;
    const em_tensor *x = run->in[0], *mask = run->n_out > 1 ? run->out[1] : NULL;
    if (!(ratio >= 0 && ratio < 1))
        return eml_fail(run->err, EM_ERR_DATA, "ratio is %g, expected 0 or more and less than 1", ratio);
    twister t;
    double scale = 1 / (1 - ratio);
    twister_seed(&t, p->seeded ? p->seed : hash(x));
    int64_t n = eml_tensor_n(x);
    for (int64_t i = 0; i < n; i++) {
        bool stays = twister_uniform(&t) >= ratio;
        if (mask != NULL) eml_store_f64(mask->dtype, mask->data, i, stays);
        eml_store_f64(x->dtype, run->out[0]->data, i, stays ? eml_load_f64(x->dtype, x->data, i) * scale : 0);
    }
    return EM_OK;
}

static em_status run_dropout(eml_run *run) {
    const em_tensor *x = run->in[0];
    bool training = eml_run_has_in(run, 2) && *(const uint8_t *)run->in[2]->data != 0;
    double ratio = eml_run_has_in(run, 1) ? eml_load_f64(run->in[1]->dtype, run->in[1]->data, 0) : 0.5;
    if (training && ratio != 0) return drop(run, ratio);
    eml_copy_bytes(run, x->data, run->out[0]->data, x->bytes);
    const em_tensor *mask = run->n_out > 1 ? run->out[1] : NULL;
    if (mask == NULL) return EM_OK;
    uint64_t one = 0;
    eml_store_f64(mask->dtype, &one, 0, 1);
    eml_fill(mask->data, eml_tensor_n(mask), eml_dtype_size(mask->dtype), &one);
    return EM_OK;
}

static const char *const dropout_attrs[] = {"ratio", "is_test", "seed", "consumed_inputs", NULL};
EML_OP_DEFINE(ai, Dropout, run_dropout, .infer = infer_dropout, .prepare = prepare_dropout, .min_in = 1, .max_in = 3,
              .min_out = 1, .max_out = 2, .inplace = 1, .random = true, .attrs = dropout_attrs);
