/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel checks' common ground: the tables to check, memory between guard pages, seeded fills, errors in ulp, and
 * timing. A check program is one family of kernels.def:
 *
 *     static void check_abs_f32(void **state) { CHECK_EACH_TABLE(k) ... k->abs_f32(...) ... }
 *     int main(int argc, char **argv) { CHECK_MAIN(EML_KERNELS_UNARY) }
 *
 * CHECK_MAIN needs a check_<name> for every kernel of the family, so a kernel without one does not compile.
 * Arguments: --bench (also time), --seed N. Checks call kernels through their table, first scalar, then each set this
 * machine runs. */
#ifndef EDGEML_TESTS_CHECK_H
#define EDGEML_TESTS_CHECK_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "kernels/kernels.h"

/* NULL after the last table. */
const eml_kernels *check_table(int index);
#define CHECK_EACH_TABLE(k)                                   \
    for (int check_index = 0; check_index < 8; check_index++) \
        for (const eml_kernels *k = check_table(check_index); k != NULL; k = NULL)

/* Tail sizes 0 .. CHECK_SIZES - 1 reach past four of the widest vectors. */
enum { CHECK_SIZES = 68 };

/* Random numbers from the printed seed. */
uint32_t check_random(void);
uint32_t check_below(uint32_t n);

/* What floats to fill with. SPECIAL mixes NaN, infinities, zeros, subnormals and extremes into WIDE. */
typedef enum check_fill { CHECK_UNIT, CHECK_WIDE, CHECK_SPECIAL, CHECK_LOW, CHECK_HIGH, CHECK_FILLS } check_fill;
void check_fill_f32(float *p, size_t n, check_fill fill);
void check_fill_f64(double *p, size_t n, check_fill fill);
void check_fill_bytes(void *p, size_t bytes); /* any bits */

/* Memory of slot 0..CHECK_SLOTS-1, at most CHECK_SLOT_BYTES: its end (or its start) touches a page that faults; the
 * side that cannot is watched by check_slot_intact. Contents are unspecified. The old memory of the slot is gone. */
enum { CHECK_SLOTS = 8, CHECK_SLOT_BYTES = 4 << 20 };
void *check_slot(int slot, size_t bytes, bool at_end);
bool check_slots_intact(void);

/* |got - want| in units of the last place of a float (double) near want; 0 for NaN and NaN, or equal infinities;
 * infinite when only one is NaN or infinite, unless rounding want gives the infinity. */
double check_ulp_f32(float got, double want);
double check_ulp_f64(double got, double want);
/* Bits equal, or both NaN. */
bool check_same_f32(float a, float b);
bool check_same_f64(double a, double b);

/* Fails with the table, the kernel and what the format says. */
void check_fail(const eml_kernels *k, const char *kernel, const char *format, ...) CMOCKA_PRINTF_ATTRIBUTE(3, 4);

/* Timing. True when --bench was given. */
bool check_bench(void);
/* Shortest time of one call in nanoseconds. */
double check_time_ns(void (*call)(void *user), void *user);
/* One line: table, kernel, what was run, figure, unit, and the bound (0: none). */
void check_report(const eml_kernels *k, const char *kernel, const char *what, double figure, const char *unit,
                  double bound);
/* GB/s of memcpy over buffers of this size, both directions counted: the bound of elementwise kernels. */
double check_copy_gbs(size_t bytes);
/* Clock of this core in GHz, by a chain of additions. */
double check_clock_ghz(void);
/* Single-precision flops per cycle the vectors of a table allow, with two multiply-add units. */
double check_flops_per_cycle(const eml_kernels *k);

int check_run(int argc, char **argv, const struct CMUnitTest *tests, size_t count);
#define CHECK_CASE(name, type) cmocka_unit_test(check_##name),
#define CHECK_MAIN(FAMILY)                                  \
    const struct CMUnitTest tests[] = {FAMILY(CHECK_CASE)}; \
    return check_run(argc, argv, tests, sizeof tests / sizeof tests[0]);

#endif
