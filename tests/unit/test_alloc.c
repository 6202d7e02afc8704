/* SPDX-License-Identifier: Apache-2.0 */
/* Hooks, budget and alignment of the one allocator. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"

typedef struct ledger {
    size_t allocs, releases, held;
    bool fail;
} ledger;

static void *count_alloc(void *user, size_t bytes) {
    ledger *l = user;
    if (l->fail) return NULL;
    l->allocs++;
    l->held += bytes;
    return malloc(bytes);
}

static void count_release(void *user, void *memory, size_t bytes) {
    ledger *l = user;
    assert_non_null(memory);
    l->releases++;
    l->held -= bytes;
    free(memory);
}

static void budget(void **state) {
    ledger l = {0};
    em_allocator hooks = {count_alloc, count_release, &l};
    eml_mem mem;
    (void)state;
    eml_mem_init(&mem, &hooks, 100);
    void *a = eml_mem_alloc(&mem, 60), *b = eml_mem_alloc(&mem, 40);
    assert_non_null(a);
    assert_non_null(b);
    assert_null(eml_mem_alloc(&mem, 1));
    assert_int_equal(l.allocs, 2);
    eml_mem_free(&mem, a, 60);
    assert_int_equal(mem.held, 40);
    assert_int_equal(mem.peak, 100);
    assert_null(eml_mem_alloc(&mem, SIZE_MAX));
    void *empty = eml_mem_alloc(&mem, 0);
    assert_non_null(empty);
    memset(empty, 1, 1);
    eml_mem_free(&mem, empty, 0);
    eml_mem_free(&mem, NULL, 5);
    eml_mem_free(&mem, b, 40);
    assert_int_equal(mem.held, 0);
    assert_int_equal(l.held, 0);
    assert_int_equal(l.releases, 3);
    l.fail = true;
    assert_null(eml_mem_alloc(&mem, 1));
    assert_null(eml_mem_alloc64(&mem, 1));
    assert_int_equal(mem.held, 0);
}

static void aligned(void **state) {
    eml_mem mem;
    unsigned char *blocks[50];
    (void)state;
    eml_mem_init(&mem, NULL, 0);
    for (size_t i = 0; i < 50; i++) {
        blocks[i] = eml_mem_alloc64(&mem, i * 7);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], (int)i, i * 7);
    }
    for (size_t i = 0; i < 50; i++) {
        for (size_t j = 0; j < i * 7; j++) assert_int_equal(blocks[i][j], i);
        eml_mem_free64(&mem, blocks[i], i * 7);
    }
    eml_mem_free64(&mem, NULL, 1);
    assert_int_equal(mem.held, 0);
    assert_null(eml_mem_alloc64(&mem, SIZE_MAX - 10));
}

static void messages(void **state) {
    em_error err;
    eml_mem mem;
    (void)state;
    eml_mem_init(&mem, NULL, 1000);
    assert_int_equal(eml_mem_fail(&mem, 1001, "weights", &err), EM_ERR_MEMORY);
    assert_string_equal(err.message, "weights needs 1001 bytes: with the 0 held that passes the limit of 1000");
    assert_int_equal(eml_mem_fail(&mem, 10, "weights", &err), EM_ERR_MEMORY);
    assert_string_equal(err.message, "out of memory: weights needs 10 bytes");
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(budget), cmocka_unit_test(aligned), cmocka_unit_test(messages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
