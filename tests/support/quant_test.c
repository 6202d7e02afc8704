/* SPDX-License-Identifier: Apache-2.0 */
#include "support/quant_test.h"

#include <math.h>

quant_one quant_random(uint64_t *seed, em_dtype dtype, double low, double high) {
    return (quant_one){dtype, (float)(low + (high - low) * op_test_random(seed)),
                       (uint8_t)elements_below(seed, 0, 255)};
}

void quant_in(op_test *t, const quant_one *q) {
    op_test_in(t, em_tensor_f32(&q->scale, 0, NULL));
    op_test_in(t, em_tensor_make(q->dtype, (void *)(uintptr_t)&q->zero_bits, 0, NULL));
}

static int number(em_dtype dtype, uint8_t bits) {
    return dtype == EM_I8 && bits > 127 ? bits - 256 : bits;
}

int quant_zero(const quant_one *q) {
    return number(q->dtype, q->zero_bits);
}

int quant_element(const em_tensor *t, int64_t i) {
    return number(t->dtype, ((const uint8_t *)t->data)[i]);
}

double quant_value(const em_tensor *t, int64_t i, const quant_one *q) {
    return (quant_element(t, i) - quant_zero(q)) * (double)q->scale;
}

int quant_saturate(em_dtype dtype, double x) {
    int low = dtype == EM_I8 ? -128 : 0;
    return !(x > low) ? low : x > low + 255 ? low + 255 : (int)nearbyint(x);
}

void quant_expect(const em_tensor *got, int64_t i, double value, const quant_one *q, double slack, const char *what) {
    double x = value / (double)q->scale + quant_zero(q);
    int element = quant_element(got, i);
    if (element == quant_saturate(got->dtype, x - slack) || element == quant_saturate(got->dtype, x + slack)) return;
    fail_msg("%s, element %lld: %d, not %g", what, (long long)i, element, x);
}

int64_t quant_scale_index(const em_tensor *x, const em_tensor *scale, int axis, int64_t block, int64_t i) {
    int64_t index[EM_MAX_RANK];
    elements_index(x, i, index);
    if (em_tensor_count(scale) == 1) return 0;
    if (block == 0) return index[axis];
    index[axis] /= block;
    return elements_at(scale, index);
}
