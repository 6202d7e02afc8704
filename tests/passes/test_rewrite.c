/* SPDX-License-Identifier: Apache-2.0 */
/* The helpers of passes by the smallest passes that use them, and these passes: eliminate_identity, fold_shapes,
 * merge_transposes. Everything here is exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "passes/infer_types.h"
#include "support/graph_test.h"

static const int64_t image[] = {-1, 3, 4, 5};

static int unary(graph_test *t, const char *op_type, const char *attrs, int x) {
    return graph_test_node(t, "", op_type, attrs, &x, 1);
}

static void chains_of_identities_go(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int a = unary(&t, "Identity", "", unary(&t, "Identity", "", x));
    int b = unary(&t, "Identity", "", unary(&t, "Neg", "", a));
    graph_test_output(&t, "y", unary(&t, "Identity", "", b)); /* Neg makes it now */
    graph_test_pass(&t, eml_pass_eliminate_identity, 0);
    assert_int_equal(graph_test_nodes(&t), 1);
    const eml_node *neg = graph_test_only(&t, "Neg");
    assert_int_equal(neg->in[0], x);
    assert_string_equal(t.graph.values[neg->out[0]].name, "y");
    graph_test_end(&t);
}

static void an_output_that_is_an_input_keeps_its_identity(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image), n = unary(&t, "Neg", "", x);
    graph_test_output(&t, "y", unary(&t, "Identity", "", x));
    graph_test_output(&t, "n", n);
    graph_test_output(&t, "m", unary(&t, "Identity", "", n)); /* both names stay */
    graph_test_pass(&t, eml_pass_eliminate_identity, 0);
    assert_int_equal(graph_test_count(&t, "Identity"), 2);
    graph_test_end(&t);
}

static void what_changes_nothing_goes(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int a = unary(&t, "Cast", "to=1", x);
    a = graph_test_node(&t, "", "Reshape", "", (int[]){a, graph_test_ints(&t, (const int64_t[]){-1, 3, 4, 5}, 4)}, 2);
    a = graph_test_node(&t, "", "Reshape", "", (int[]){a, graph_test_ints(&t, (const int64_t[]){0, 0, -1, 5}, 4)}, 2);
    a = unary(&t, "Transpose", "perm=0,1,2,3", a);
    a = unary(&t, "Concat", "axis=1", a);
    graph_test_output(&t, "y", unary(&t, "Abs", "", a));
    graph_test_pass(&t, eml_pass_eliminate_identity, 0);
    assert_int_equal(graph_test_nodes(&t), 1);
    graph_test_end(&t);
}

static void what_may_change_something_stays(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, (const int64_t[]){-1, -1, 4, 5});
    int a = unary(&t, "Cast", "to=11", x);
    /* -1 stands for the product of two unknown dimensions */
    a = graph_test_node(&t, "", "Reshape", "", (int[]){a, graph_test_ints(&t, (const int64_t[]){2, -1, 4, 5}, 4)}, 2);
    a = unary(&t, "Transpose", "perm=0,1,3,2", a);
    a = graph_test_node(&t, "", "Concat", "axis=1", (int[]){a, a}, 2);
    graph_test_output(&t, "y", a);
    graph_test_pass(&t, eml_pass_eliminate_identity, 0);
    assert_int_equal(graph_test_nodes(&t), 4);
    graph_test_end(&t);
}

static void known_sizes_become_constants(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int shape = unary(&t, "Shape", "", x), one = graph_test_ints(&t, (const int64_t[]){1}, 1),
        zero = graph_test_ints(&t, (const int64_t[]){0}, 1);
    graph_test_output(&t, "tail", unary(&t, "Shape", "start=1", x));
    graph_test_output(&t, "c", graph_test_node(&t, "", "Gather", "", (int[]){shape, one}, 2));
    graph_test_output(&t, "n", graph_test_node(&t, "", "Gather", "", (int[]){shape, zero}, 2)); /* not known */
    int dims = unary(&t, "Shape", "start=2", unary(&t, "Relu", "", x));
    graph_test_output(&t, "z", graph_test_node(&t, "", "Add", "", (int[]){dims, one}, 2));
    graph_test_pass(&t, eml_pass_fold_shapes, 0);
    assert_int_equal(graph_test_count(&t, "Gather"), 2);
    graph_test_end(&t);
}

static void transposes_merge(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, image);
    int last = unary(&t, "Transpose", "perm=0,2,3,1", x), first = unary(&t, "Transpose", "perm=0,3,1,2", last);
    graph_test_output(&t, "a", unary(&t, "Relu", "", first));                 /* none left */
    graph_test_output(&t, "b", unary(&t, "Transpose", "perm=1,0,2,3", last)); /* one left */
    graph_test_pass(&t, eml_pass_merge_transposes, 0);
    assert_int_equal(graph_test_count(&t, "Transpose"), 1);
    assert_int_equal(graph_test_nodes(&t), 2);
    graph_test_end(&t);
}

static void moving_ones_is_a_reshape(void **state) {
    (void)state;
    graph_test t;
    graph_test_begin(&t);
    int x = graph_test_input(&t, "x", EM_F32, 4, (const int64_t[]){-1, 1, 4, 5});
    int z = graph_test_input(&t, "z", EM_F32, 4, (const int64_t[]){-1, 1, -1, 5});
    graph_test_output(&t, "a", unary(&t, "Transpose", "perm=0,2,3,1", x));
    graph_test_output(&t, "b", unary(&t, "Transpose", "perm=0,2,3,1", z)); /* two unknown dimensions */
    graph_test_output(&t, "c", unary(&t, "Transpose", "perm=1,0,3,2", x)); /* moves others, too */
    graph_test_pass(&t, eml_pass_merge_transposes, 0);
    assert_int_equal(graph_test_count(&t, "Reshape"), 1);
    assert_int_equal(graph_test_count(&t, "Transpose"), 2);
    graph_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(chains_of_identities_go),      cmocka_unit_test(an_output_that_is_an_input_keeps_its_identity),
        cmocka_unit_test(what_changes_nothing_goes),    cmocka_unit_test(what_may_change_something_stays),
        cmocka_unit_test(known_sizes_become_constants), cmocka_unit_test(transposes_merge),
        cmocka_unit_test(moving_ones_is_a_reshape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
