/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/requant.h"

#include <math.h>

#include "tensor/convert.h"

static const char *const names[EML_PARTS] = {[EML_PART_A_SCALE] = "the scale of the left side",
                                             [EML_PART_A_ZERO] = "the zero point of the left side",
                                             [EML_PART_B_SCALE] = "the scale of the right side",
                                             [EML_PART_B_ZERO] = "the zero point of the right side",
                                             [EML_PART_Y_SCALE] = "the scale of the result",
                                             [EML_PART_Y_ZERO] = "the zero point of the result",
                                             [EML_PART_BIAS] = "the bias",
                                             [EML_PART_OFFSET] = "the bias"};

static int64_t padded(int64_t columns) {
    return (columns + EML_I8_PANEL - 1) / EML_I8_PANEL * EML_I8_PANEL;
}

size_t eml_columns_add(eml_layout *layout, int64_t groups, int64_t columns) {
    int64_t total;
    if (columns > INT32_MAX || !eml_i64_mul(groups, padded(columns), &total) || (uint64_t)total > SIZE_MAX / 64) {
        layout->overflow = true;
        total = 0;
    }
    size_t at = eml_layout_add(layout, 1, EML_COLUMNS_HEADER);
    eml_layout_add(layout, (size_t)total, 4 * sizeof(int32_t));
    return at;
}

bool eml_requant_known(const eml_requant_source *s) {
    for (int i = 0; i < EML_PARTS; i++) {
        if (s->part[i] != NULL && s->part[i]->data == NULL) return false;
    }
    return true;
}

/* Which element of a part column j of a group has. */
static int64_t element(const em_tensor *t, int64_t groups, int64_t columns, int64_t group, int64_t j) {
    int64_t n = eml_tensor_n(t);
    return n == 1 ? 0 : n == columns && groups != 1 ? j : group * columns + j;
}

static em_status scale_at(const eml_requant_source *s, int part, int64_t i, em_status status, em_error *err,
                          float *out) {
    const em_tensor *t = s->part[part];
    *out = 1;
    if (t == NULL) return EM_OK;
    double value = eml_load_f64(t->dtype, t->data, i);
    if (!(value > 0 && value <= (double)INFINITY) || isinf(value))
        return eml_fail(err, status, "input %d, %s, is %g at element %lld, expected a finite number above 0",
                        s->input[part], names[part], value, (long long)i);
    *out = (float)value;
    return EM_OK;
}

static int32_t zero_at(const eml_requant_source *s, int part, int64_t i) {
    const em_tensor *t = s->part[part];
    return t == NULL ? 0 : (int32_t)eml_load_i64(t->dtype, t->data, i);
}

static int64_t row_element(const em_tensor *t, int64_t row) {
    return t == NULL || eml_tensor_n(t) == 1 ? 0 : row;
}

typedef struct arrays {
    int32_t *bias, *b_zero;
    float *scale, *offset;
} arrays;

static arrays arrays_of(const eml_columns *c, int64_t group) {
    unsigned char *first = (unsigned char *)(uintptr_t)c + EML_COLUMNS_HEADER;
    size_t part = (size_t)c->total * sizeof(int32_t), at = (size_t)group * (size_t)c->stride * sizeof(int32_t);
    return (arrays){.bias = (int32_t *)(void *)(first + at),
                    .scale = (float *)(void *)(first + part + at),
                    .b_zero = (int32_t *)(void *)(first + 2 * part + at),
                    .offset = (float *)(void *)(first + 3 * part + at)};
}

em_status eml_columns_fill(const eml_requant_source *s, int64_t groups, int64_t columns, int64_t row, int64_t bias_row,
                           em_status status, em_error *err, void *block) {
    eml_columns *c = block;
    const int64_t stride = padded(columns);
    *c = (eml_columns){.a_zero = zero_at(s, EML_PART_A_ZERO, row_element(s->part[EML_PART_A_ZERO], row)),
                       .y_zero = zero_at(s, EML_PART_Y_ZERO, 0),
                       .low = s->y == EM_I8 ? -128 : 0,
                       .high = s->y == EM_I8 ? 127 : 255,
                       .kind = !s->has_scale    ? EML_I8_TO_I32
                               : s->y == EM_F32 ? EML_I8_TO_F32
                                                : EML_I8_TO_BYTE,
                       .has_bias = s->part[EML_PART_BIAS] != NULL,
                       .has_offset = s->part[EML_PART_OFFSET] != NULL,
                       .stride = (uint64_t)stride,
                       .total = (uint64_t)(groups * stride)};
    float a_scale, y_scale;
    EML_TRY(scale_at(s, EML_PART_A_SCALE, row_element(s->part[EML_PART_A_SCALE], row), status, err, &a_scale));
    EML_TRY(scale_at(s, EML_PART_Y_SCALE, 0, status, err, &y_scale));
    const float a_part = s->alpha * a_scale;
    for (int64_t g = 0; g < groups; g++) {
        arrays to = arrays_of(c, g);
        for (int64_t j = 0; j < stride; j++) {
            to.bias[j] = to.b_zero[j] = 0;
            to.scale[j] = to.offset[j] = 0;
            if (j >= columns) continue;
            const em_tensor *t = s->part[EML_PART_B_SCALE];
            if (s->has_scale) {
                float b_scale;
                EML_TRY(scale_at(s, EML_PART_B_SCALE, t != NULL ? element(t, groups, columns, g, j) : 0, status, err,
                                 &b_scale));
                const float product = a_part * b_scale, multiplier = product / y_scale;
                if (!isfinite(multiplier))
                    return eml_fail(err, status,
                                    "the scales of column %lld are %g, %g and %g: their quotient does not fit",
                                    (long long)j, (double)a_scale, (double)b_scale, (double)y_scale);
                to.scale[j] = multiplier;
            }
            t = s->part[EML_PART_B_ZERO];
            if (t != NULL) to.b_zero[j] = zero_at(s, EML_PART_B_ZERO, element(t, groups, columns, g, j));
            if (s->b == EM_U8) to.b_zero[j] -= 128;
            if (to.b_zero[j] != 0) c->has_b_zero = 1;
            t = s->part[EML_PART_BIAS];
            if (t != NULL)
                to.bias[j] =
                    zero_at(s, EML_PART_BIAS, row * bias_row + element(t, groups, columns, g, bias_row == 1 ? 0 : j));
            t = s->part[EML_PART_OFFSET];
            if (t != NULL) to.offset[j] = (float)eml_load_f64(t->dtype, t->data, element(t, groups, columns, g, j));
        }
    }
    return EM_OK;
}

eml_requant eml_columns_requant(const eml_columns *c, int64_t group) {
    const arrays from = arrays_of(c, group);
    return (eml_requant){.kind = (eml_i8_out)c->kind,
                         .bias = c->has_bias ? from.bias : NULL,
                         .scale = from.scale,
                         .offset = c->has_offset ? from.offset : NULL,
                         .zero = c->y_zero,
                         .low = c->low,
                         .high = c->high};
}

const int32_t *eml_columns_b_zero(const eml_columns *c, int64_t group) {
    return c->has_b_zero ? arrays_of(c, group).b_zero : NULL;
}

em_status eml_requant_check(eml_ctx *ctx, int i, const char *name, uint32_t dtypes, int64_t count) {
    if (!eml_ctx_has_in(ctx, i)) return eml_fail(ctx->err, EM_ERR_MODEL, "input %d, %s, is missing", i, name);
    EML_TRY(eml_ctx_check_in(ctx, i, dtypes));
    int64_t n = eml_tensor_n(ctx->in[i]);
    if (n != 1 && n != count)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input %d, %s, has %lld elements, expected 1 or %lld", i, name,
                        (long long)n, (long long)count);
    return EM_OK;
}
