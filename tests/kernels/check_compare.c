/* SPDX-License-Identifier: Apache-2.0 */
/* Comparisons and selection, byte for byte. */
#include <string.h>

#include "support/check.h"

#define COMPARE(op, symbol)                                                                                         \
    static void one_##op(const eml_kernels *k, size_t n, int steps) {                                               \
        size_t a_step = (size_t)steps & 1, b_step = (size_t)steps >> 1, a_n = a_step ? n : 1, b_n = b_step ? n : 1; \
        bool at_end = check_below(2);                                                                               \
        float *a = check_slot(0, a_n * sizeof *a, at_end), *b = check_slot(1, b_n * sizeof *b, at_end);             \
        uint8_t *out = check_slot(2, n, at_end);                                                                    \
        check_fill_f32(a, a_n, CHECK_SPECIAL);                                                                      \
        check_fill_f32(b, b_n, CHECK_SPECIAL);                                                                      \
        for (size_t i = 0; i < a_n && i < b_n; i++)                                                                 \
            if (check_below(4) == 0) b[i] = a[i];                                                                   \
        memset(out, 2, n);                                                                                          \
        k->op##_f32(n, a, a_step, b, b_step, out);                                                                  \
        for (size_t i = 0; i < n; i++)                                                                              \
            if (out[i] != (a[i * a_step] symbol b[i * b_step]))                                                     \
                check_fail(k, #op "_f32", "n %zu, element %zu: %.9g, %.9g: %d", n, i, (double)a[i * a_step],        \
                           (double)b[i * b_step], out[i]);                                                          \
        if (!check_slots_intact()) check_fail(k, #op "_f32", "n %zu: wrote outside", n);                            \
    }                                                                                                               \
    static void check_##op##_f32(void **state) {                                                                    \
        (void)state;                                                                                                \
        CHECK_EACH_TABLE(k)                                                                                         \
        for (size_t n = 0; n < CHECK_SIZES; n++)                                                                    \
            for (int i = 0; i < 32; i++) one_##op(k, n, i & 3);                                                     \
    }
COMPARE(lt, <)
COMPARE(le, <=)
COMPARE(eq, ==)

/* over 1, 2: in place. */
#define WHERE(name, T)                                                                                              \
    static void one_##name(const eml_kernels *k, size_t n, int steps, uint32_t over) {                              \
        size_t a_step = (size_t)steps & 1, b_step = (size_t)steps >> 1, a_n = a_step ? n : 1, b_n = b_step ? n : 1; \
        bool at_end = check_below(2);                                                                               \
        uint8_t *mask = check_slot(0, n, at_end);                                                                   \
        T *a = check_slot(1, a_n * sizeof *a, at_end), *b = check_slot(2, b_n * sizeof *b, at_end);                 \
        T *out = check_slot(3, n * sizeof *out, at_end), *want = check_slot(4, n * sizeof *want, at_end);           \
        check_fill_bytes(mask, n);                                                                                  \
        check_fill_bytes(a, a_n * sizeof *a);                                                                       \
        check_fill_bytes(b, b_n * sizeof *b);                                                                       \
        for (size_t i = 0; i < n; i++) {                                                                            \
            if (check_below(3) == 0) mask[i] = 0;                                                                   \
            want[i] = mask[i] ? a[i * a_step] : b[i * b_step];                                                      \
        }                                                                                                           \
        if (over == 1 && a_step) out = a;                                                                           \
        if (over == 2 && b_step) out = b;                                                                           \
        k->name(n, mask, a, a_step, b, b_step, out);                                                                \
        if (memcmp(out, want, n * sizeof *out) != 0) check_fail(k, #name, "n %zu, steps %d", n, steps);             \
        if (!check_slots_intact()) check_fail(k, #name, "n %zu: wrote outside", n);                                 \
    }                                                                                                               \
    static void check_##name(void **state) {                                                                        \
        (void)state;                                                                                                \
        CHECK_EACH_TABLE(k)                                                                                         \
        for (size_t n = 0; n < CHECK_SIZES; n++)                                                                    \
            for (int i = 0; i < 32; i++) one_##name(k, n, i & 3, check_below(3));                                   \
    }
WHERE(where_32, uint32_t)
WHERE(where_64, uint64_t)

int main(int argc, char **argv) {
    CHECK_MAIN(EML_KERNELS_COMPARE)
}
