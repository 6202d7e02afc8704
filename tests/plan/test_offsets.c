/* SPDX-License-Identifier: Apache-2.0 */
/* Placement: no two buffers alive at once overlap, offsets are aligned, and the arena is close to the lower bound. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan/offsets.h"
#include "support/op_test.h"

enum { MAX = 64 };

static void check_placed(const eml_buffer *b, int n, uint64_t total) {
    for (int i = 0; i < n; i++) {
        assert_int_equal(b[i].at % 64, 0);
        assert_int_equal(b[i].bytes % 64, 0);
        assert_true(b[i].at + b[i].bytes <= total);
        for (int j = 0; j < i; j++) {
            bool together = b[i].first <= b[j].last && b[j].first <= b[i].last;
            bool apart = b[i].at + b[i].bytes <= b[j].at || b[j].at + b[j].bytes <= b[i].at;
            assert_true(!together || apart);
        }
    }
}

/* Most bytes alive at one time, counted time by time. */
static uint64_t busiest(const eml_buffer *b, int n, int times) {
    uint64_t most = 0;
    for (int t = 0; t < times; t++) {
        uint64_t live = 0;
        for (int i = 0; i < n; i++)
            if (b[i].first <= t && t <= b[i].last) live += b[i].bytes;
        if (live > most) most = live;
    }
    return most;
}

static void random_lifetimes(void **state) {
    (void)state;
    uint64_t seed = 20261122;
    double worst = 1;
    for (int round = 0; round < 2000; round++) {
        eml_buffer b[MAX];
        int order[MAX];
        int n = 1 + (int)(op_test_random(&seed) * (MAX - 1)), times = 40;
        for (int i = 0; i < n; i++) {
            int first = (int)(op_test_random(&seed) * times);
            int last = first + (int)(op_test_random(&seed) * 8);
            uint64_t bytes = (uint64_t)(op_test_random(&seed) * (round % 2 ? 100000 : 200));
            b[i] = (eml_buffer){.bytes = bytes, .first = first, .last = last < times ? last : times - 1};
        }
        uint64_t total, lower;
        assert_true(eml_offsets_place(b, order, n, &total, &lower));
        check_placed(b, n, total);
        assert_int_equal(lower, busiest(b, n, times));
        assert_true(total >= lower);
        if (lower > 0 && (double)total / (double)lower > worst) worst = (double)total / (double)lower;
    }
    assert_true(worst < 1.6); /* greedy by size: seen 1.4 on random lifetimes; chains, as models have, reach 1.0 */
}

static void a_chain_needs_two_buffers(void **state) {
    (void)state;
    eml_buffer b[10];
    int order[10];
    for (int i = 0; i < 10; i++) b[i] = (eml_buffer){.bytes = 640, .first = i, .last = i + 1};
    uint64_t total, lower;
    assert_true(eml_offsets_place(b, order, 10, &total, &lower));
    check_placed(b, 10, total);
    assert_int_equal(total, 2 * 640);
    assert_int_equal(lower, total);
}

static void sizes_that_overflow_are_refused(void **state) {
    (void)state;
    eml_buffer b[2] = {{.bytes = UINT64_MAX - 10, .first = 0, .last = 1}, {.bytes = 64, .first = 0, .last = 1}};
    int order[2];
    uint64_t total, lower;
    assert_false(eml_offsets_place(b, order, 2, &total, &lower));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_lifetimes),
        cmocka_unit_test(a_chain_needs_two_buffers),
        cmocka_unit_test(sizes_that_overflow_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
