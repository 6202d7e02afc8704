/* SPDX-License-Identifier: Apache-2.0 */
/* What the API shows of passes and plans: stop_after, em_session_plan*. Exact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "support/onnx_writer.h"

static const float weights[6] = {1, 2, 3, 4, 5, 6}, offsets[2] = {-1, 1};

/* y = relu(x w + b), x float32[N, 3] */
static void write_model(onnx_buffer *model, int64_t n) {
    static onnx_buffer graph;
    em_tensor w = em_tensor_f32(weights, 2, (const int64_t[]){3, 2}),
              b = em_tensor_f32(offsets, 1, (const int64_t[]){2});
    graph.length = model->length = 0;
    onnx_input(&graph, "x", EM_F32, 2, (const int64_t[]){n, 3});
    onnx_initializer(&graph, "w", &w);
    onnx_initializer(&graph, "b", &b);
    onnx_node(&graph, "", "MatMul", "x,w", "p", NULL);
    onnx_node(&graph, "", "Add", "p,b", "s", NULL);
    onnx_node(&graph, "", "Relu", "s", "y", NULL);
    onnx_output(&graph, "y", EM_F32, 2, (const int64_t[]){n, 2});
    onnx_model(model, &graph, 17);
}

static em_session *open_session(const char *stop_after, int64_t n, em_model **model) {
    static onnx_buffer bytes;
    em_error err;
    em_session *session = NULL;
    em_model_options options = EM_OPTIONS_INIT(em_model_options);
    options.stop_after = stop_after;
    write_model(&bytes, n);
    if (em_model_load_memory(bytes.data, bytes.length, &options, model, &err) != EM_OK) fail_msg("%s", err.message);
    if (em_session_create(*model, NULL, &session, &err) != EM_OK) fail_msg("%s", err.message);
    return session;
}

static void passes_stop_where_asked(void **state) {
    (void)state;
    static const struct {
        const char *stop_after;
        size_t steps;
    } cases[] = {{"", 3}, {"fold_constants", 3}, {"fuse_matmul_add", 2}, {NULL, 1}};
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        em_model *model = NULL;
        em_session *session = open_session(cases[i].stop_after, 2, &model);
        em_plan_info plan;
        assert_int_equal(em_session_plan(session, &plan), EM_OK);
        assert_int_equal(plan.step_count, cases[i].steps);
        const float x[6] = {1, 0, 0, 0, -1, 0};
        em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){2, 3}), out = {0};
        assert_int_equal(em_session_run(session, &in, 1, &out, 1, NULL), EM_OK);
        const float expected[4] = {0, 3, 0, 0};
        assert_memory_equal(out.data, expected, sizeof(expected));
        em_session_destroy(session);
        em_model_destroy(model);
    }
}

static void an_unknown_pass_names_those_that_exist(void **state) {
    (void)state;
    static onnx_buffer bytes;
    em_error err;
    em_model *model = NULL;
    em_model_options options = EM_OPTIONS_INIT(em_model_options);
    options.stop_after = "fold";
    write_model(&bytes, 2);
    assert_int_equal(em_model_load_memory(bytes.data, bytes.length, &options, &model, &err), EM_ERR_ARGUMENT);
    assert_non_null(strstr(err.message, "no pass 'fold'"));
    assert_non_null(strstr(err.message, "fold_constants, "));
    assert_non_null(strstr(err.message, "remove_dead"));
    assert_null(model);
}

static void steps_and_values_are_told(void **state) {
    (void)state;
    em_model *model = NULL;
    em_session *session = open_session("", 2, &model);
    em_plan_info plan;
    em_plan_step_info step;
    em_plan_value_info value;
    assert_int_equal(em_session_plan(session, &plan), EM_OK);
    assert_true(plan.arena_bytes >= plan.lower_bound && plan.lower_bound >= 16);
    assert_int_equal(em_session_plan_step(session, 0, &step), EM_OK);
    assert_string_equal(step.op_type, "MatMul");
    assert_string_equal(step.node, "p");
    assert_true(step.in_count == 2 && step.out_count == 1 && !step.dynamic);
    assert_int_equal(em_session_plan_value(session, (size_t)step.in[0], &value), EM_OK);
    assert_string_equal(value.name, "x");
    assert_true(value.place == EM_PLACE_INPUT && value.rank == 2 && value.dims[0] == 2 && value.dims[1] == 3);
    assert_int_equal(em_session_plan_value(session, (size_t)step.in[1], &value), EM_OK);
    assert_true(value.place == EM_PLACE_CONSTANT && value.bytes == sizeof(weights));
    assert_int_equal(em_session_plan_step(session, 2, &step), EM_OK);
    assert_int_equal(em_session_plan_value(session, (size_t)step.out[0], &value), EM_OK);
    assert_string_equal(value.name, "y");
    assert_true(value.output && value.place == EM_PLACE_ARENA && value.dtype == EM_F32 && value.bytes == 16);
    assert_true(value.offset + value.bytes <= plan.arena_bytes);
    assert_int_equal(em_session_plan_step(session, plan.step_count, &step), EM_ERR_ARGUMENT);
    assert_int_equal(em_session_plan_value(session, plan.value_count, &value), EM_ERR_ARGUMENT);
    assert_int_equal(em_session_plan(NULL, &plan), EM_ERR_ARGUMENT);
    assert_int_equal(em_session_plan(session, NULL), EM_ERR_ARGUMENT);
    em_session_destroy(session);
    em_model_destroy(model);
}

/* The plan is that of the latest run. */
static void the_plan_follows_the_shapes(void **state) {
    (void)state;
    em_model *model = NULL;
    em_session *session = open_session(NULL, -1, &model);
    const float x[15] = {0};
    for (int64_t n = 5; n >= 2; n -= 3) {
        em_tensor in = em_tensor_f32(x, 2, (const int64_t[]){n, 3}), out = {0};
        em_plan_step_info step;
        em_plan_value_info value;
        assert_int_equal(em_session_run(session, &in, 1, &out, 1, NULL), EM_OK);
        assert_int_equal(em_session_plan_step(session, 0, &step), EM_OK);
        assert_int_equal(em_session_plan_value(session, (size_t)step.in[0], &value), EM_OK);
        assert_int_equal(value.dims[0], n);
    }
    em_session_destroy(session);
    em_model_destroy(model);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passes_stop_where_asked),
        cmocka_unit_test(an_unknown_pass_names_those_that_exist),
        cmocka_unit_test(steps_and_values_are_told),
        cmocka_unit_test(the_plan_follows_the_shapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
