/* SPDX-License-Identifier: Apache-2.0 */
/* The list itself: every family has its check program, every table of this build is complete, selection obeys. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cpu/select.h"
#include "support/check.h"

static void test_every_family_has_a_check(void **state) {
    (void)state;
#define FAMILY(name) EDGEML_SOURCE_DIR "/tests/kernels/check_" #name ".c",
    static const char *const paths[] = {EML_KERNEL_FAMILIES(FAMILY)};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        FILE *file = fopen(paths[i], "r");
        if (!file) fail_msg("%s is missing", paths[i]);
        fclose(file);
    }
}

static void test_families_are_the_list(void **state) {
    (void)state;
#define NAME(name, type) #name,
    static const char *const names[] = {EML_KERNELS(NAME)};
    const size_t count = sizeof names / sizeof names[0];
    assert_int_equal(sizeof(eml_kernels) - offsetof(eml_kernels, isa_name) - sizeof(char *),
                     count * sizeof(void (*)(void)));
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) assert_string_not_equal(names[i], names[j]);
}

static void test_tables_have_no_hole(void **state) {
    (void)state;
    assert_non_null(check_table(0));
    CHECK_EACH_TABLE(k) {
#define NOT_NULL(name, type) assert_true(k->name != NULL);
        EML_KERNELS(NOT_NULL)
    }
}

static void test_selection(void **state) {
    (void)state;
    assert_non_null(eml_cpu_kernels());
    unsetenv("EDGEML_ISA");
    const eml_kernels *best = eml_cpu_kernels();
    CHECK_EACH_TABLE(k) {
        assert_int_equal(eml_cpu_select(k->isa)->isa, k->isa);
        setenv("EDGEML_ISA", k->isa_name, 1);
        assert_int_equal(eml_cpu_kernels()->isa, k->isa);
    }
    setenv("EDGEML_ISA", "no such set", 1);
    assert_ptr_equal(eml_cpu_kernels(), best);
    unsetenv("EDGEML_ISA");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_family_has_a_check),
        cmocka_unit_test(test_families_are_the_list),
        cmocka_unit_test(test_tables_have_no_hole),
        cmocka_unit_test(test_selection),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
