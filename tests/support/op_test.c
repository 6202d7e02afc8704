/* SPDX-License-Identifier: Apache-2.0 */
#include "support/op_test.h"

#include <string.h>

#include "cpu/select.h"

void op_test_begin(op_test *t, const char *domain, const char *op_type, int opset) {
    memset(t, 0, sizeof(*t));
    eml_mem_init(&t->mem, NULL, 0);
    eml_graph_init(&t->graph, &t->mem);
    t->graph.file = "";
    t->node = (eml_node){.name = "test",
                         .op_type = op_type,
                         .domain = domain,
                         .opset = opset,
                         .in = t->in_ids,
                         .out = t->out_ids,
                         .attrs = t->attrs};
}

void op_test_end(op_test *t) {
    eml_graph_destroy(&t->graph);
    assert_int_equal(t->mem.held, 0);
}

static eml_attr *add_attr(op_test *t, const char *name, eml_attr_type type, size_t count) {
    assert_true(t->node.n_attrs < OP_TEST_MAX);
    eml_attr *attr = &t->attrs[t->node.n_attrs++];
    *attr = (eml_attr){.name = name, .type = type, .count = count};
    return attr;
}

void op_test_int(op_test *t, const char *name, int64_t value) {
    add_attr(t, name, EML_ATTR_INT, 1)->v.i = value;
}
void op_test_float(op_test *t, const char *name, float value) {
    add_attr(t, name, EML_ATTR_FLOAT, 1)->v.f = value;
}
void op_test_string(op_test *t, const char *name, const char *value) {
    add_attr(t, name, EML_ATTR_STRING, 1)->v.s = em_string_of(value);
}
void op_test_ints(op_test *t, const char *name, const int64_t *values, size_t count) {
    add_attr(t, name, EML_ATTR_INTS, count)->v.ints = values;
}
void op_test_floats(op_test *t, const char *name, const float *values, size_t count) {
    add_attr(t, name, EML_ATTR_FLOATS, count)->v.floats = values;
}
void op_test_strings(op_test *t, const char *name, const em_string *values, size_t count) {
    add_attr(t, name, EML_ATTR_STRINGS, count)->v.strings = values;
}
void op_test_tensor(op_test *t, const char *name, const em_tensor *value) {
    add_attr(t, name, EML_ATTR_TENSOR, 1)->v.tensors = value;
}

void op_test_in(op_test *t, em_tensor value) {
    assert_true(t->node.n_in < OP_TEST_MAX);
    int i = t->node.n_in++;
    t->in_ids[i] = i;
    t->in_store[i] = value;
    t->in[i] = &t->in_store[i];
}

void op_test_absent(op_test *t) {
    assert_true(t->node.n_in < OP_TEST_MAX);
    int i = t->node.n_in++;
    t->in_ids[i] = EML_NO_VALUE;
    t->in[i] = NULL;
}

/* What the planner sees: shapes without data. */
static void check_infer_without_data(op_test *t, const eml_op_entry *entry) {
    em_tensor hidden[OP_TEST_MAX], out[OP_TEST_MAX];
    const em_tensor *in[OP_TEST_MAX];
    em_tensor *out_ptr[OP_TEST_MAX];
    for (int i = 0; i < t->node.n_in; i++) {
        hidden[i] = t->in_store[i];
        hidden[i].data = NULL;
        in[i] = t->in[i] != NULL ? &hidden[i] : NULL;
    }
    memset(out, 0, sizeof(out));
    for (int i = 0; i < t->node.n_out; i++) out_ptr[i] = &out[i];
    em_error err;
    eml_ctx ctx = {.graph = &t->graph,
                   .node = &t->node,
                   .opset = t->node.opset,
                   .n_in = t->node.n_in,
                   .n_out = t->node.n_out,
                   .in = in,
                   .out = out_ptr,
                   .err = &err};
    em_status status = eml_op_infer(&ctx, entry);
    if ((int)status == EML_NEED_DATA) return;
    assert_int_equal(status, EM_OK);
    for (int i = 0; i < t->node.n_out; i++) {
        assert_int_equal(out[i].kind, t->out[i].kind);
        assert_int_equal(out[i].dtype, t->out[i].dtype);
        assert_true(eml_shape_equal(&out[i], &t->out[i]));
    }
}

em_status op_test_run(op_test *t, int n_out) {
    assert_true(n_out <= OP_TEST_MAX);
    t->node.n_out = n_out;
    for (int i = 0; i < n_out; i++) {
        t->out_ids[i] = OP_TEST_MAX + i;
        t->out[i] = (em_tensor){0};
        t->out_ptr[i] = &t->out[i];
    }
    em_status status = eml_op_eval(&t->graph.arena, &t->graph, &t->node, t->in, t->out_ptr, eml_cpu_kernels(), &t->err);
    const eml_op_entry *entry = eml_op_find(t->node.domain, t->node.op_type);
    if (status == EM_OK && !entry->op->dynamic_out) check_infer_without_data(t, entry);
    return status;
}

double op_test_random(uint64_t *state) { /* splitmix64 */
    uint64_t z = (*state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((z ^ (z >> 31)) >> 11) * 0x1p-53;
}
