/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml CastMap: the values of a map with integer keys as a tensor of floats, integers or strings.
 * map_form DENSE: Y[1, N], by ascending key. SPARSE: Y[1, max_map] with the value of key k at k, 0 (as text "0.f")
 * elsewhere; keys from max_map on have no place and are left out. Floats become text with six decimals. */
#include <string.h>

#include "base/decimal.h"
#include "ops/op.h"
#include "tensor/convert.h"

enum { FIXED_CHARS = 48 }; /* sign, 39 digits, point, 6 decimals */

typedef struct cast_map_params {
    int64_t width; /* of the output */
    bool sparse;
} cast_map_params;

/* ---- hooks ---- */

static em_status form(eml_ctx *ctx, em_dtype *to, bool *sparse, int64_t *max_map) {
    em_string cast = eml_ctx_string(ctx, "cast_to", "TO_FLOAT"), map = eml_ctx_string(ctx, "map_form", "DENSE");
    *to = eml_ctx_string_is(ctx, "cast_to", "TO_FLOAT", "TO_FLOAT")    ? EM_F32
          : eml_ctx_string_is(ctx, "cast_to", "TO_FLOAT", "TO_INT64")  ? EM_I64
          : eml_ctx_string_is(ctx, "cast_to", "TO_FLOAT", "TO_STRING") ? EM_STRING
                                                                       : EM_UNDEFINED;
    *sparse = eml_ctx_string_is(ctx, "map_form", "DENSE", "SPARSE");
    *max_map = eml_ctx_int(ctx, "max_map", 1);
    if (*to == EM_UNDEFINED)
        return eml_fail(ctx->err, EM_ERR_MODEL, "cast_to is '%.*s', expected TO_FLOAT, TO_INT64 or TO_STRING",
                        (int)(cast.length < 40 ? cast.length : 40), cast.data);
    if (!*sparse && !eml_ctx_string_is(ctx, "map_form", "DENSE", "DENSE"))
        return eml_fail(ctx->err, EM_ERR_MODEL, "map_form is '%.*s', expected DENSE or SPARSE",
                        (int)(map.length < 40 ? map.length : 40), map.data);
    if (*sparse && *max_map <= 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "max_map is %lld, expected a positive number", (long long)*max_map);
    return EM_OK;
}

static em_status infer(eml_ctx *ctx) {
    em_dtype to;
    bool sparse;
    int64_t max_map;
    EML_TRY(form(ctx, &to, &sparse, &max_map));
    const em_tensor *x = ctx->in[0];
    if (x->kind != EM_MAP || (x->dtype != EM_F32 && x->dtype != EM_STRING))
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 is not a map from int64 to float or string");
    return eml_ctx_out(ctx, 0, to, 2, (const int64_t[]){1, sparse ? max_map : x->dims[0]});
}

static em_status prepare(eml_ctx *ctx) {
    em_dtype to;
    cast_map_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(form(ctx, &to, &p->sparse, &p->width));
    if (p->sparse) return EM_OK;
    p->width = ctx->in[0]->dims[0];
    ctx->scratch_bytes = (size_t)p->width * sizeof(int64_t); /* smaller than the map itself */
    return EM_OK;
}

/* ---- elements ---- */

/* What printf("%f") writes for a float; returns the length. */
static size_t write_fixed(float value, char out[FIXED_CHARS]) {
    uint32_t bits, limbs[5] = {0}; /* |value| * 10^6, rounded half to even, little-endian: below 2^148 */
    memcpy(&bits, &value, sizeof(bits));
    size_t at = 0;
    if (bits >> 31) out[at++] = '-';
    int exponent = (int)(bits >> 23 & 0xff);
    uint64_t scaled = bits & 0x7fffff;
    if (exponent == 0xff) {
        memcpy(out + at, scaled != 0 ? "nan" : "inf", 3);
        return at + 3;
    }
    if (exponent > 0) scaled |= 0x800000;
    scaled *= 1000000; /* below 2^44 */
    int shift = (exponent > 0 ? exponent : 1) - 150;
    if (shift < 0) {
        int down = -shift < 60 ? -shift : 60;
        uint64_t rest = scaled & ((UINT64_C(1) << down) - 1), half = UINT64_C(1) << (down - 1);
        scaled >>= down;
        scaled += rest > half || (rest == half && (scaled & 1));
        shift = 0;
    }
    for (int i = 0; i < 2; i++) { /* scaled << shift, by parts of 32 bits */
        uint64_t part = (scaled >> (32 * i) & 0xffffffff) << (shift % 32);
        int limb = shift / 32 + i;
        if (limb < 5) limbs[limb] |= (uint32_t)part;
        if (limb + 1 < 5) limbs[limb + 1] |= (uint32_t)(part >> 32);
    }
    char digits[FIXED_CHARS];
    int n = 0;
    for (bool more = true; more || n < 7;) { /* one digit at a time, from the last */
        uint64_t rest = 0;
        more = false;
        for (int i = 4; i >= 0; i--) {
            rest = rest << 32 | limbs[i];
            limbs[i] = (uint32_t)(rest / 10);
            rest %= 10;
            more = more || limbs[i] != 0;
        }
        digits[n++] = (char)('0' + rest);
    }
    while (n > 0) {
        out[at++] = digits[--n];
        if (n == 6) out[at++] = '.';
    }
    return at;
}

static bool text_is(em_string s, const char *word) {
    return s.length == strlen(word) && memcmp(s.data, word, s.length) == 0;
}

static bool read_float(em_string s, float *out) {
    double value;
    if (text_is(s, "nan"))
        value = (double)eml_f16_to_f32(0x7e00);
    else if (text_is(s, "inf") || text_is(s, "-inf"))
        value = (double)eml_f16_to_f32(s.data[0] == '-' ? 0xfc00 : 0x7c00);
    else if (!eml_decimal_read(s.data, s.length, EML_DECIMAL_F32, &value))
        return false;
    *out = (float)value;
    return true;
}

static bool read_integer(em_string s, int64_t *out) {
    size_t i = s.length > 0 && (s.data[0] == '-' || s.data[0] == '+');
    bool negative = i > 0 && s.data[0] == '-';
    if (i == s.length) return false;
    for (*out = 0; i < s.length; i++) {
        int64_t digit = s.data[i] - '0';
        if (digit < 0 || digit > 9 || !eml_i64_mul(*out, 10, out) || !eml_i64_add(*out, negative ? -digit : digit, out))
            return false;
    }
    return true;
}

static em_status bad_text(eml_run *run, em_string s) {
    return eml_fail(run->err, EM_ERR_DATA, "'%.*s' is no number", (int)(s.length < 40 ? s.length : 40), s.data);
}

/* y[to] = cast(x[from]); text has room for FIXED_CHARS, NULL when it is not needed. */
static em_status put(eml_run *run, int64_t from, int64_t to, char *text) {
    const em_tensor *x = run->in[0];
    em_tensor *y = run->out[0];
    if (x->dtype == EM_STRING) {
        em_string s = ((const em_string *)x->data)[from];
        if (y->dtype == EM_STRING)
            ((em_string *)y->data)[to] = s;
        else if (y->dtype == EM_F32 && !read_float(s, (float *)y->data + to))
            return bad_text(run, s);
        else if (y->dtype == EM_I64 && !read_integer(s, (int64_t *)y->data + to))
            return bad_text(run, s);
        return EM_OK;
    }
    if (y->dtype == EM_F32)
        ((float *)y->data)[to] = ((const float *)x->data)[from];
    else if (y->dtype == EM_I64)
        ((int64_t *)y->data)[to] = eml_load_i64(EM_F32, x->data, from);
    else if (text != NULL)
        ((em_string *)y->data)[to] = (em_string){text, write_fixed(((const float *)x->data)[from], text)};
    return EM_OK;
}

/* ---- order ---- */

/* Heap sort of positions by key: no recursion, no more memory. */
static void sift(const int64_t *keys, int64_t *order, int64_t root, int64_t n) {
    int64_t moving = order[root];
    for (int64_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && keys[order[child + 1]] > keys[order[child]]) child++;
        if (keys[order[child]] <= keys[moving]) break;
        order[root] = order[child];
    }
    order[root] = moving;
}

static void sort(const int64_t *keys, int64_t *order, int64_t n) {
    bool sorted = true;
    for (int64_t i = 0; i < n; i++) {
        order[i] = i;
        sorted = sorted && (i == 0 || keys[i - 1] < keys[i]);
    }
    if (sorted) return;
    for (int64_t i = n / 2 - 1; i >= 0; i--) sift(keys, order, i, n);
    for (int64_t i = n - 1; i > 0; i--) {
        int64_t greatest = order[0];
        order[0] = order[i];
        order[i] = greatest;
        sift(keys, order, 0, i);
    }
}

static em_status run_sparse(eml_run *run, const int64_t *keys, int64_t n, char *text) {
    const cast_map_params *p = run->params;
    em_tensor *y = run->out[0];
    for (int64_t i = 0; i < p->width; i++) {
        if (y->dtype == EM_STRING)
            ((em_string *)y->data)[i] = (em_string){"0.f", 3};
        else if (y->dtype == EM_F32)
            ((float *)y->data)[i] = 0.0f;
        else
            ((int64_t *)y->data)[i] = 0;
    }
    for (int64_t i = 0; i < n; i++) {
        if (keys[i] < 0) return eml_fail(run->err, EM_ERR_DATA, "the map has the key %lld", (long long)keys[i]);
        if (keys[i] >= p->width) continue;
        EML_TRY(put(run, i, keys[i], text));
        if (text != NULL) text += FIXED_CHARS;
    }
    return EM_OK;
}

static em_status run(eml_run *run) {
    const cast_map_params *p = run->params;
    const em_tensor *x = run->in[0];
    int64_t n = x->dims[0];
    if (x->keys == NULL || x->keys->dtype != EM_I64)
        return eml_fail(run->err, EM_ERR_DATA, "the map's keys are not int64");
    const int64_t *keys = x->keys->data;
    char *text = NULL;
    if (x->dtype == EM_F32 && run->out[0]->dtype == EM_STRING) {
        size_t bytes;
        if (eml_size_mul((size_t)n, FIXED_CHARS, &bytes)) text = eml_run_alloc(run, bytes);
        if (text == NULL) return eml_run_no_memory(run);
    }
    if (p->sparse) return run_sparse(run, keys, n, text);
    int64_t *order = run->scratch;
    sort(keys, order, n);
    for (int64_t i = 0; i < n; i++) {
        if (i > 0 && keys[order[i - 1]] == keys[order[i]])
            return eml_fail(run->err, EM_ERR_DATA, "the map has the key %lld twice", (long long)keys[order[i]]);
        EML_TRY(put(run, order[i], i, text));
        if (text != NULL) text += FIXED_CHARS;
    }
    return EM_OK;
}

static const char *const attrs[] = {"cast_to", "map_form", "max_map", NULL};

EML_OP_DEFINE(ml, CastMap, run, .infer = infer, .prepare = prepare, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .attrs = attrs);
