/* SPDX-License-Identifier: Apache-2.0 */
/* Runs one operator in a test, without a model file:
 *
 *     op_test t;
 *     op_test_begin(&t, "", "Softmax", 13);
 *     op_test_int(&t, "axis", -1);
 *     op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 3}));      (op_test_absent(&t) for a left-out optional input)
 *     assert_int_equal(op_test_run(&t, 1), EM_OK);                 (1 = number of outputs asked for)
 *     ... t.out[0] ... or t.err.message
 *     op_test_end(&t);
 *
 * The operator runs with data known at infer (as constant folding and dynamic steps do). For an operator without
 * dynamic_out, op_test_run also runs infer with the data of all inputs hidden and checks that it either asks for data
 * or finds the same types and shapes. Kernels: the default of this machine, or EDGEML_ISA. */
#ifndef EML_TESTS_OP_TEST_H
#define EML_TESTS_OP_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ops/common/op_eval.h"

enum { OP_TEST_MAX = 16 };

typedef struct op_test {
    eml_mem mem;
    eml_graph graph;
    eml_node node;
    eml_attr attrs[OP_TEST_MAX];
    int in_ids[OP_TEST_MAX], out_ids[OP_TEST_MAX];
    em_tensor in_store[OP_TEST_MAX];
    const em_tensor *in[OP_TEST_MAX];
    em_tensor out[OP_TEST_MAX];
    em_tensor *out_ptr[OP_TEST_MAX];
    em_error err;
} op_test;

void op_test_begin(op_test *t, const char *domain, const char *op_type, int opset);
void op_test_end(op_test *t);
/* Values are copied; arrays stay the caller's until op_test_end. */
void op_test_int(op_test *t, const char *name, int64_t value);
void op_test_float(op_test *t, const char *name, float value);
void op_test_string(op_test *t, const char *name, const char *value);
void op_test_ints(op_test *t, const char *name, const int64_t *values, size_t count);
void op_test_floats(op_test *t, const char *name, const float *values, size_t count);
void op_test_strings(op_test *t, const char *name, const em_string *values, size_t count);
void op_test_tensor(op_test *t, const char *name, const em_tensor *value);
void op_test_in(op_test *t, em_tensor value);
void op_test_absent(op_test *t);
em_status op_test_run(op_test *t, int n_out);

/* A deterministic generator for random tests: uniform in [0, 1). Print the seed on failure. */
double op_test_random(uint64_t *state);

#endif
