/* SPDX-License-Identifier: Apache-2.0 */
/* Alignment, growth, and the promise that the same work done again allocates nothing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"

static uint32_t next_random(uint32_t *seed) {
    *seed = *seed * 1664525u + 1013904223u;
    return *seed >> 8;
}

/* Allocates n blocks of random size and alignment, fills them, then checks that none was overwritten. */
static void work(eml_arena *arena, uint32_t seed, int n) {
    unsigned char *blocks[200];
    size_t sizes[200];
    for (int i = 0; i < n; i++) {
        size_t align = (size_t)1 << next_random(&seed) % 7;
        sizes[i] = next_random(&seed) % 300;
        blocks[i] = eml_arena_alloc(arena, sizes[i], align);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % align, 0);
        memset(blocks[i], i, sizes[i]);
    }
    for (int i = 0; i < n; i++)
        for (size_t j = 0; j < sizes[i]; j++) assert_int_equal(blocks[i][j], (unsigned char)i);
}

static void second_run_allocates_nothing(void **state) {
    (void)state;
    for (uint32_t seed = 1; seed <= 200; seed++) {
        eml_mem mem;
        eml_arena arena;
        eml_mem_init(&mem, NULL, 0);
        eml_arena_init(&arena, &mem, 64 + seed * 5);
        work(&arena, seed, 200);
        assert_true(arena.used <= arena.held);
        eml_arena_reset(&arena);
        assert_int_equal(arena.used, 0);
        size_t held = mem.held;
        for (int run = 0; run < 3; run++) {
            work(&arena, seed, 200);
            if (mem.held != held) print_message("seed %u\n", (unsigned)seed);
            assert_int_equal(mem.held, held);
            eml_arena_reset(&arena);
            assert_int_equal(mem.held, held);
        }
        eml_arena_destroy(&arena);
        assert_int_equal(mem.held, 0);
    }
}

static void fixed(void **state) {
    unsigned char block[256];
    eml_arena arena;
    (void)state;
    eml_arena_init_fixed(&arena, block + 1, 200);
    unsigned char *a = eml_arena_alloc(&arena, 100, 1);
    assert_ptr_equal(a, block + 1);
    assert_null(eml_arena_alloc(&arena, 101, 1));
    assert_non_null(eml_arena_alloc(&arena, 100, 1));
    assert_null(eml_arena_alloc(&arena, 1, 1));
    assert_int_equal(arena.used, 200);
    eml_arena_reset(&arena);
    assert_ptr_equal(eml_arena_alloc(&arena, 200, 1), block + 1);
    eml_arena_reset(&arena);
    unsigned char *aligned = eml_arena_alloc(&arena, 1, 64);
    assert_int_equal((uintptr_t)aligned % 64, 0);
    eml_arena_destroy(&arena);

    eml_arena_init_fixed(&arena, NULL, 0);
    assert_null(eml_arena_alloc(&arena, 0, 1));
}

static void limits(void **state) {
    eml_mem mem;
    eml_arena arena;
    (void)state;
    eml_mem_init(&mem, NULL, 4096);
    eml_arena_init(&arena, &mem, 1024);
    assert_null(eml_arena_alloc(&arena, 8192, 16));
    assert_null(eml_arena_alloc(&arena, SIZE_MAX, 16));
    assert_null(eml_arena_zero(&arena, SIZE_MAX / 2, 3));
    assert_null(eml_arena_text(&arena, "x", SIZE_MAX));
    assert_non_null(eml_arena_alloc(&arena, 2000, 16));
    assert_null(eml_arena_alloc(&arena, 2000, 16));
    eml_arena_destroy(&arena);
    assert_int_equal(mem.held, 0);
}

static void contents(void **state) {
    eml_mem mem;
    eml_arena arena;
    (void)state;
    eml_mem_init(&mem, NULL, 0);
    eml_arena_init(&arena, &mem, 256);
    memset(eml_arena_alloc(&arena, 256, 1), 0xff, 256);
    eml_arena_reset(&arena);
    unsigned char *zero = eml_arena_zero(&arena, 10, 10);
    assert_int_equal((uintptr_t)zero % 16, 0);
    for (int i = 0; i < 100; i++) assert_int_equal(zero[i], 0);
    assert_string_equal(eml_arena_text(&arena, "hello world", 5), "hello");
    assert_string_equal(eml_arena_text(&arena, NULL, 0), "");
    eml_arena_destroy(&arena);
}

/* What is given back is handed out again; what was there before stays, whether chunks were added since or not. */
static void marks(void **state) {
    (void)state;
    for (size_t bytes = 100; bytes < 3000; bytes += 700) {
        eml_mem mem;
        eml_arena arena;
        eml_mem_init(&mem, NULL, 0);
        eml_arena_init(&arena, &mem, 1024);
        eml_arena_mark start = eml_arena_mark_here(&arena);
        unsigned char *kept = eml_arena_alloc(&arena, 500, 16);
        memset(kept, 7, 500);
        size_t held = mem.held, used = arena.used;
        eml_arena_mark before = eml_arena_mark_here(&arena);
        unsigned char *first = eml_arena_alloc(&arena, bytes, 16);
        memset(first, 1, bytes);
        memset(eml_arena_alloc(&arena, 2000, 64), 2, 2000);
        eml_arena_give_back(&arena, before);
        assert_int_equal(mem.held, held);
        assert_int_equal(arena.used, used);
        unsigned char *again = eml_arena_alloc(&arena, bytes, 16);
        if (bytes == 100) assert_ptr_equal(again, first);
        eml_arena_cut_back(&arena, again + 32);
        assert_ptr_equal(eml_arena_alloc(&arena, bytes - 32, 16), again + 32);
        for (int i = 0; i < 500; i++) assert_int_equal(kept[i], 7);
        eml_arena_give_back(&arena, start);
        assert_int_equal(mem.held, 0);
        eml_arena_destroy(&arena);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(second_run_allocates_nothing), cmocka_unit_test(fixed),
                                       cmocka_unit_test(limits), cmocka_unit_test(contents), cmocka_unit_test(marks)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
