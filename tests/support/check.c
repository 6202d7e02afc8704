/* SPDX-License-Identifier: Apache-2.0 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "support/check.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "cpu/select.h"

static uint64_t state;
static bool bench;

#ifdef EML_KERNELS_ONLY
const eml_kernels *check_table(int index) {
    return index == 0 ? &EML_KERNELS_ONLY : NULL; /* select gives it without kernels */
}
#else
const eml_kernels *check_table(int index) {
    static const eml_isa order[] = {EML_USE_SCALAR,     EML_USE_AVX2, EML_USE_AVXVNNI, EML_USE_AVX512,
                                    EML_USE_AVX512VNNI, EML_USE_NEON, EML_USE_NEONDOT};
    for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
        const eml_kernels *table = eml_cpu_select(order[i]);
        if (table && index-- == 0) return table;
    }
    return NULL;
}
#endif

/* ---- Random ---- */

/* SplitMix64. */
static uint64_t random64(void) {
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t check_random(void) {
    return (uint32_t)(random64() >> 32);
}

uint32_t check_below(uint32_t n) {
    return (uint32_t)(((uint64_t)check_random() * n) >> 32);
}

static double unit(void) {
    return (double)(random64() >> 11) * 0x1p-52 - 1.0;
}

void check_fill_f32(float *p, size_t n, check_fill fill) {
    static const float special[] = {0.0f,       -0.0f,     INFINITY, -INFINITY, NAN,     0x1p-149f,
                                    -0x1p-149f, 0x1p-126f, 1.0f,     -1.0f,     3.4e38f, -3.4e38f,
                                    0.5f,       1.5f,      2.5f,     -0.5f,     -2.5f,   8388607.5f,
                                    8388608.0f, 0x1p31f,   -0x1p31f, 0x1p63f,   88.8f,   -103.9f};
    for (size_t i = 0; i < n; i++) {
        float wide = (float)ldexp(unit(), (int)check_below(276) - 148);
        switch (fill) {
        case CHECK_WIDE: p[i] = wide; break;
        case CHECK_SPECIAL:
            p[i] = check_below(2) ? special[check_below(sizeof special / sizeof special[0])] : wide;
            break;
        case CHECK_LOW: p[i] = -3.4028235e38f; break;
        case CHECK_HIGH: p[i] = 3.4028235e38f; break;
        default: p[i] = (float)unit(); break;
        }
    }
}

void check_fill_f64(double *p, size_t n, check_fill fill) {
    static const double special[] = {0.0, -0.0, INFINITY, -INFINITY, NAN, 0x1p-1074, -0x1p-1074,
                                     1.0, -1.0, 1.7e308,  -1.7e308,  0.5, 2.5,       -2.5};
    for (size_t i = 0; i < n; i++) {
        double wide = ldexp(unit(), (int)check_below(2090) - 1070);
        switch (fill) {
        case CHECK_WIDE: p[i] = wide; break;
        case CHECK_SPECIAL:
            p[i] = check_below(2) ? special[check_below(sizeof special / sizeof special[0])] : wide;
            break;
        case CHECK_LOW: p[i] = -1.7976931348623157e308; break;
        case CHECK_HIGH: p[i] = 1.7976931348623157e308; break;
        default: p[i] = unit(); break;
        }
    }
}

void check_fill_bytes(void *p, size_t bytes) {
    unsigned char *to = p;
    for (size_t i = 0; i < bytes; i++) to[i] = (unsigned char)check_random();
}

/* ---- Guarded memory: [guard page][CHECK_SLOT_BYTES][guard page] ---- */

enum { PAGE = 1 << 16, CANARY = 64, CANARY_BYTE = 0xa5 }; /* a multiple of every page size in use */

static struct slot {
    unsigned char *base; /* first usable byte */
    size_t bytes;
    bool at_end;
} slots[CHECK_SLOTS];

static unsigned char *canary(const struct slot *s) {
    size_t room = CHECK_SLOT_BYTES - s->bytes;
    if (room < CANARY) return NULL;
    return s->at_end ? s->base + room - CANARY : s->base + s->bytes;
}

void *check_slot(int slot, size_t bytes, bool at_end) {
    struct slot *s = &slots[slot];
    assert_in_range(bytes, 0, CHECK_SLOT_BYTES);
    if (!s->base) {
        unsigned char *map = mmap(NULL, CHECK_SLOT_BYTES + 2 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        assert_true(map != MAP_FAILED);
        assert_int_equal(mprotect(map + PAGE, CHECK_SLOT_BYTES, PROT_READ | PROT_WRITE), 0);
        s->base = map + PAGE;
    }
    s->bytes = bytes;
    s->at_end = at_end;
    if (canary(s)) memset(canary(s), CANARY_BYTE, CANARY);
    return at_end ? s->base + CHECK_SLOT_BYTES - bytes : s->base;
}

bool check_slots_intact(void) {
    for (int i = 0; i < CHECK_SLOTS; i++) {
        const unsigned char *watched = slots[i].base ? canary(&slots[i]) : NULL;
        for (int j = 0; watched && j < CANARY; j++)
            if (watched[j] != CANARY_BYTE) return false;
    }
    return true;
}

/* ---- Comparing ---- */

static double ulp_error(double got, double want, double rounded, int digits, int min_exponent) {
    int exponent;
    if (isnan(got) || isnan(want)) return isnan(got) && isnan(want) ? 0.0 : INFINITY;
    if (isinf(got) || isinf(rounded)) return got == rounded ? 0.0 : INFINITY;
    frexp(want, &exponent);
    if (exponent < min_exponent) exponent = min_exponent;
    return fabs(got - want) / ldexp(1.0, exponent - digits);
}

double check_ulp_f32(float got, double want) {
    return ulp_error(got, want, (float)want, 24, -125);
}

double check_ulp_f64(double got, double want) {
    return ulp_error(got, want, want, 53, -1021);
}

bool check_same_f32(float a, float b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

bool check_same_f64(double a, double b) {
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

void check_fail(const eml_kernels *k, const char *kernel, const char *format, ...) {
    char text[256];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    fail_msg("%s_%s: %s", kernel, k->isa_name, text);
}

/* ---- Timing ---- */

bool check_bench(void) {
    return bench;
}

/* Processor time of this thread: other programs take turns and caches, but not these nanoseconds. */
static double now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* Batches of about 0.2 ms, the best of 150 (at least three, for slow calls): the minimum is what noise cannot lower. */
double check_time_ns(void (*call)(void *user), void *user) {
    double best = INFINITY, begin = now_ns();
    long batch = 1;
    for (;;) {
        double start = now_ns();
        for (long i = 0; i < batch; i++) call(user);
        double spent = now_ns() - start;
        if (spent > 2e5 || batch > 1 << 24) break;
        batch *= 2;
    }
    for (int i = 0; i < 150 && (i < 3 || now_ns() - begin < 5e8); i++) {
        double start = now_ns();
        for (long j = 0; j < batch; j++) call(user);
        double each = (now_ns() - start) / (double)batch;
        if (each < best) best = each;
    }
    return best;
}

void check_report(const eml_kernels *k, const char *kernel, const char *what, double figure, const char *unit,
                  double bound) {
    printf("  %-8s %-20s %-24s %9.2f %s", k->isa_name, kernel, what, figure, unit);
    if (bound > 0.0) printf("  (bound %.1f: %.0f %%)", bound, 100.0 * figure / bound);
    printf("\n");
}

struct copy {
    void *from, *to;
    size_t bytes;
};

static void copy_once(void *user) {
    struct copy *c = user;
    memcpy(c->to, c->from, c->bytes);
}

double check_copy_gbs(size_t bytes) {
    struct copy c = {malloc(bytes), malloc(bytes), bytes};
    assert_true(c.from && c.to);
    memset(c.from, 1, bytes);
    double ns = check_time_ns(copy_once, &c);
    free(c.from);
    free(c.to);
    return 2.0 * (double)bytes / ns;
}

static void add_chain(void *user) {
    uint64_t x = *(uint64_t *)user;
    for (int i = 0; i < 1000; i++) {
#if defined(__x86_64__)
        __asm__ volatile("add %0, %0\n\tadd %0, %0\n\tadd %0, %0\n\tadd %0, %0" : "+r"(x));
#elif defined(__aarch64__)
        __asm__ volatile("add %0, %0, %0\n\tadd %0, %0, %0\n\tadd %0, %0, %0\n\tadd %0, %0, %0" : "+r"(x));
#else
        x += x << 1;
#endif
    }
    *(uint64_t *)user = x;
}

double check_clock_ghz(void) {
    static double ghz;
    uint64_t x = 1;
    if (ghz == 0.0) ghz = 4000.0 / check_time_ns(add_chain, &x);
    return ghz;
}

double check_flops_per_cycle(const eml_kernels *k) {
    switch (k->isa) {
    case EML_USE_AVX512:
    case EML_USE_AVX512VNNI: return 64.0;
    case EML_USE_AVX2:
    case EML_USE_AVXVNNI: return 32.0;
    case EML_USE_NEON:
    case EML_USE_NEONDOT: return 16.0;
    default: return 4.0;
    }
}

int check_run(int argc, char **argv, const struct CMUnitTest *tests, size_t count) {
    state = (uint64_t)time(NULL);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--bench") == 0) bench = true;
        if (strcmp(argv[i], "--seed") == 0 && i + 1 < argc) state = strtoull(argv[++i], NULL, 0);
    }
    printf("seed %llu\n", (unsigned long long)state);
    return _cmocka_run_group_tests(argv[0], tests, count, NULL, NULL);
}
