/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the model, inlined: names, attributes and their defaults, optional ends, nesting, and bombs. */
#include "load_fixture.h"

#include <stdio.h>

/* Opens FunctionProto; its nodes (field 7) and wire_close are the caller's. */
static void function(wire *w, const char *name, const char *inputs, const char *outputs) {
    wire_open(w, 25);
    wire_text(w, 1, name);
    wire_text(w, 10, "local");
    wire_names(w, 4, inputs);
    wire_names(w, 5, outputs);
    wire_opset(w, 9, "", 13);
    wire_opset(w, 9, "local", 1);
}

static void body_node(wire *w, const char *op, const char *domain, const char *inputs, const char *outputs) {
    wire_open(w, 7);
    wire_node_body(w, op, inputs, outputs);
    if (domain[0] != '\0') wire_text(w, 7, domain);
    wire_close(w);
}

/* Opens a node of the main graph in domain "local". */
static void call(wire *w, const char *name, const char *op, const char *inputs, const char *outputs) {
    wire_open(w, 1);
    wire_node_body(w, op, inputs, outputs);
    wire_text(w, 3, name);
    wire_text(w, 7, "local");
}

static void begin(wire *w) {
    *w = (wire){0};
    wire_model(w);
    wire_opset(w, 8, "local", 1);
}

static void begin_graph(wire *w) {
    wire_open(w, 7);
    wire_value(w, 11, "x", 1, -1, NULL);
}

static void end_graph(wire *w) {
    wire_value(w, 12, "y", 1, -1, NULL);
    wire_close(w);
}

static const char *in_name(const fixture *f, const eml_node *node, int i) {
    return node->in[i] < 0 ? "-" : f->graph.values[node->in[i]].name;
}

static const char *out_name(const fixture *f, const eml_node *node, int i) {
    return node->out[i] < 0 ? "-" : f->graph.values[node->out[i]].name;
}

/* Two calls of t = a * a; r = t + a, with the function's own operator set. */
static void inlined(void **state) {
    (void)state;
    wire w;
    fixture f;
    begin(&w);
    function(&w, "F", "a", "r");
    body_node(&w, "Mul", "", "a,a", "t");
    body_node(&w, "Add", "", "t,a", "r");
    wire_close(&w);
    begin_graph(&w);
    call(&w, "first", "F", "x", "m");
    wire_close(&w);
    wire_node(&w, "Relu", "m", "t"); /* "t" of the graph is not that of the function */
    call(&w, "", "F", "t", "y");
    wire_close(&w);
    end_graph(&w);
    fixture_ok(&f, &w);
    static const char *const wanted[][4] = {
        {"Mul", "x", "x", "first/t"}, {"Add", "first/t", "x", "m"}, {"Relu", "m", "", "t"},
        {"Mul", "t", "t", "F_3/t"},   {"Add", "F_3/t", "t", "y"},
    };
    assert_int_equal(f.graph.graphs[0].n_nodes, 5);
    for (int i = 0; i < 5; i++) {
        const eml_node *node = node_at(&f, 0, i);
        assert_string_equal(node->op_type, wanted[i][0]);
        assert_string_equal(in_name(&f, node, 0), wanted[i][1]);
        if (wanted[i][2][0] != '\0') assert_string_equal(in_name(&f, node, 1), wanted[i][2]);
        assert_string_equal(out_name(&f, node, 0), wanted[i][3]);
        assert_int_equal(node->opset, i == 2 ? 17 : 13);
    }
    fixture_end(&f);
    wire_free(&w);
}

/* Attributes of the call, of its default, of neither; through two levels; into a Constant and a subgraph. */
static void attributes(void **state) {
    (void)state;
    wire w;
    fixture f;
    begin(&w);
    function(&w, "Inner", "a", "r");
    wire_open(&w, 11); /* attribute_proto: default */
    wire_text(&w, 1, "scale");
    wire_number(&w, 20, 1);
    wire_float(&w, 2, 0.5f);
    wire_close(&w);
    wire_text(&w, 6, "axis");
    wire_text(&w, 6, "never");
    wire_open(&w, 7);
    wire_node_body(&w, "Foo", "a", "s");
    static const char *const refs[] = {"scale", "axis", "never"};
    for (int i = 0; i < 3; i++) {
        wire_attribute(&w, (const char *[]){"alpha", "dim", "gone"}[i], i == 0 ? 1 : 2);
        wire_text(&w, 21, refs[i]);
        wire_close(&w);
    }
    wire_close(&w);
    wire_open(&w, 7);
    wire_node_body(&w, "Constant", NULL, "k");
    wire_attribute(&w, "value_int", 2);
    wire_text(&w, 21, "axis");
    wire_close(&w);
    wire_close(&w);
    wire_open(&w, 7);
    wire_node_body(&w, "If", "s", "r");
    wire_attribute(&w, "then_branch", 5);
    wire_open(&w, 6);
    wire_open(&w, 1);
    wire_node_body(&w, "Bar", "k,a", "in");
    wire_attribute(&w, "beta", 1);
    wire_text(&w, 21, "scale");
    wire_close(&w);
    wire_close(&w);
    wire_value(&w, 12, "in", 1, -1, NULL);
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);

    function(&w, "Outer", "a", "r");
    wire_text(&w, 6, "which");
    wire_open(&w, 7);
    wire_node_body(&w, "Inner", "a", "r");
    wire_text(&w, 3, "nested");
    wire_text(&w, 7, "local");
    wire_attribute(&w, "axis", 2);
    wire_text(&w, 21, "which");
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);

    begin_graph(&w);
    call(&w, "one", "Outer", "x", "m");
    wire_attribute(&w, "which", 2);
    wire_number(&w, 3, 7);
    wire_close(&w);
    wire_close(&w);
    call(&w, "two", "Inner", "m", "y");
    wire_attribute(&w, "scale", 1);
    wire_float(&w, 2, 3.0f);
    wire_close(&w);
    wire_attribute(&w, "axis", 2);
    wire_number(&w, 3, -1);
    wire_close(&w);
    wire_close(&w);
    end_graph(&w);
    fixture_ok(&f, &w);
    for (int i = 0; i < 2; i++) {
        const eml_node *foo = node_at(&f, 0, 2 * i), *branch = node_at(&f, 0, 2 * i + 1);
        assert_int_equal(foo->n_attrs, 2);
        assert_true(eml_node_attr(foo, "alpha")->v.f == (i == 0 ? 0.5f : 3.0f));
        assert_int_equal(eml_node_attr(foo, "dim")->v.i, i == 0 ? 7 : -1);
        assert_null(eml_node_attr(foo, "gone"));
        assert_string_equal(out_name(&f, foo, 0), i == 0 ? "one/nested/s" : "two/s");
        int inner = eml_node_attr(branch, "then_branch")->v.graphs[0];
        const eml_node *bar = node_at(&f, inner, 0);
        assert_true(eml_node_attr(bar, "beta")->v.f == (i == 0 ? 0.5f : 3.0f));
        assert_string_equal(in_name(&f, bar, 0), i == 0 ? "one/nested/k" : "two/k");
        assert_string_equal(in_name(&f, bar, 1), i == 0 ? "x" : "m");
        assert_int_equal(*(const int64_t *)constant_named(&f, i == 0 ? "one/nested/k" : "two/k")->data,
                         i == 0 ? 7 : -1);
        assert_int_equal(bar->opset, 13);
    }
    fixture_end(&f);
    wire_free(&w);
}

/* Inputs left out, outputs not wanted, outputs that are inputs or come twice. */
static void optional_ends(void **state) {
    (void)state;
    wire w;
    fixture f;
    begin(&w);
    function(&w, "F", "a,b,c", "r,same,again,unused");
    body_node(&w, "Foo", "", "a,b,c,", "r");
    body_node(&w, "Bar", "", "a", "unused");
    wire_close(&w);
    /* "same" is an input, "again" the first output once more: said by names */
    function(&w, "G", "same", "r,same,r");
    body_node(&w, "Foo", "", "same", "r");
    wire_close(&w);
    begin_graph(&w);
    call(&w, "g", "G", "x", "r1,s1,r2");
    wire_close(&w);
    wire_open(&w, 1);
    wire_node_body(&w, "F", "r1,,s1", "y");
    wire_text(&w, 7, "local");
    wire_close(&w);
    wire_value(&w, 12, "r2", 1, -1, NULL);
    end_graph(&w);
    fixture_ok(&f, &w);
    int identities = 0;
    for (int i = 0; i < f.graph.graphs[0].n_nodes; i++) {
        const eml_node *node = node_at(&f, 0, i);
        if (strcmp(node->op_type, "Identity") == 0) {
            identities++;
            bool second = strcmp(out_name(&f, node, 0), "r2") == 0;
            assert_string_equal(in_name(&f, node, 0), second ? "r1" : "x");
        }
        if (node->n_in == 4) {
            assert_string_equal(in_name(&f, node, 0), "r1");
            assert_string_equal(in_name(&f, node, 1), "-");
            assert_string_equal(in_name(&f, node, 2), "s1");
            assert_string_equal(in_name(&f, node, 3), "-");
            assert_string_equal(out_name(&f, node, 0), "y");
        }
    }
    assert_int_equal(identities, 2);
    fixture_end(&f);
    wire_free(&w);
}

/* The local function wins over the standard operator of that name; overloads are told apart. */
static void chosen(void **state) {
    (void)state;
    wire w;
    fixture f;
    begin(&w);
    for (int i = 0; i < 2; i++) {
        wire_open(&w, 25);
        wire_text(&w, 1, "Relu");
        if (i == 1) wire_text(&w, 13, "second");
        wire_text(&w, 10, i == 0 ? "ai.onnx" : "");
        wire_names(&w, 4, "a");
        wire_names(&w, 5, "r");
        wire_opset(&w, 9, "", 13);
        body_node(&w, i == 0 ? "Abs" : "Neg", "", "a", "r");
        wire_close(&w);
    }
    begin_graph(&w);
    wire_node(&w, "Relu", "x", "t");
    wire_open(&w, 1);
    wire_node_body(&w, "Relu", "t", "y");
    wire_text(&w, 8, "second");
    wire_close(&w);
    end_graph(&w);
    fixture_ok(&f, &w);
    assert_string_equal(node_at(&f, 0, 0)->op_type, "Abs");
    assert_string_equal(node_at(&f, 0, 1)->op_type, "Neg");
    fixture_end(&f);
    wire_free(&w);
}

static void refused(void **state) {
    (void)state;
    wire w;
    begin(&w);
    function(&w, "F", "a", "r");
    body_node(&w, "F", "local", "a", "r");
    wire_close(&w);
    begin_graph(&w);
    call(&w, "c", "F", "x", "y");
    wire_close(&w);
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "node 0 of c/ (F): function 'F' calls itself");

    begin(&w); /* itself, by way of a subgraph */
    function(&w, "F", "a", "r");
    wire_open(&w, 7);
    wire_node_body(&w, "If", "a", "r");
    wire_attribute(&w, "then_branch", 5);
    wire_open(&w, 6);
    call(&w, "again", "F", "a", "t");
    wire_close(&w);
    wire_value(&w, 12, "t", 1, -1, NULL);
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);
    begin_graph(&w);
    call(&w, "c", "F", "x", "y");
    wire_close(&w);
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "function 'F' calls itself");

    static const struct {
        const char *inputs, *outputs, *call_inputs, *call_outputs, *body_in, *body_out;
        em_status status;
        const char *part;
    } cases[] = {
        {"a", "r", "x,x", "y", "a", "r", EM_ERR_MODEL, "2 inputs and 1 outputs, but the function has 1 and 1"},
        {"a", "r", "x", "y,z", "a", "r", EM_ERR_MODEL, "1 inputs and 2 outputs"},
        {"a,a", "r", "x", "y", "a", "r", EM_ERR_MODEL, "two inputs 'a'"},
        {"a", "r", "x", "y", "x", "r", EM_ERR_MODEL, "gives the value 'x'"}, /* the caller's names are not seen */
        {"a", "r", "x", "y", "a", "other", EM_ERR_MODEL, "no node of the function 'F' makes its output 'r'"},
        {"a", "r", "x", "y", "a", "a", EM_ERR_MODEL, "value 'a' is defined twice"},
        {"a,b", "b", "x", "y", "a", "r", EM_ERR_MODEL, "an input that is left out"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        begin(&w);
        function(&w, "F", cases[i].inputs, cases[i].outputs);
        body_node(&w, "Foo", "", cases[i].body_in, cases[i].body_out);
        wire_close(&w);
        begin_graph(&w);
        call(&w, "c", "F", cases[i].call_inputs, cases[i].call_outputs);
        wire_close(&w);
        end_graph(&w);
        expect_refused(&w, cases[i].status, cases[i].part);
    }

    begin(&w);
    for (int i = 0; i < 2; i++) {
        function(&w, "F", "a", "r");
        wire_close(&w);
    }
    begin_graph(&w);
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "function 'F' of domain 'local' is defined twice");
}

/* n functions, each calling the next `times` times: times^n calls. With a subgraph in between when through_graph. */
static void tower(wire *w, int n, int times, bool through_graph) {
    char name[16], next[16], from[16], to[16];
    begin(w);
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "F%d", i);
        snprintf(next, sizeof next, "F%d", i + 1);
        function(w, name, "a", "r");
        for (int k = 0; k < times; k++) {
            snprintf(from, sizeof from, k == 0 ? "a" : "v%d", k);
            snprintf(to, sizeof to, k + 1 == times ? "r" : "v%d", k + 1);
            if (i + 1 == n) {
                body_node(w, "Relu", "", from, to);
            } else if (!through_graph) {
                body_node(w, next, "local", from, to);
            } else {
                wire_open(w, 7);
                wire_node_body(w, "If", from, to);
                wire_attribute(w, "then_branch", 5);
                wire_open(w, 6);
                call(w, "deep", next, "a", "t");
                wire_close(w);
                wire_value(w, 12, "t", 1, -1, NULL);
                wire_close(w);
                wire_close(w);
                wire_close(w);
            }
        }
        wire_close(w);
    }
    begin_graph(w);
    call(w, "top", "F0", "x", "y");
    wire_close(w);
    end_graph(w);
}

static void towers(void **state) {
    (void)state;
    wire w;
    fixture f;
    tower(&w, 60, 1, false);
    fixture_ok(&f, &w);
    assert_int_equal(f.graph.graphs[0].n_nodes, 1);
    fixture_end(&f);
    wire_free(&w);
    tower(&w, 66, 1, false);
    expect_refused(&w, EM_ERR_LIMIT, "functions call each other more than 64 deep");
    tower(&w, 12, 2, false);
    fixture_ok(&f, &w);
    assert_int_equal(f.graph.graphs[0].n_nodes, 1 << 12);
    fixture_end(&f);
    wire_free(&w);
    tower(&w, 40, 2, false);
    expect_refused(&w, EM_ERR_LIMIT, "expand to more nodes than a real model would have");
    tower(&w, 6, 3, true);
    fixture_ok(&f, &w);
    assert_int_equal(f.graph.n_graphs, 1 + 3 + 9 + 27 + 81 + 243);
    fixture_end(&f);
    wire_free(&w);
    tower(&w, 40, 2, true);
    expect_refused(&w, EM_ERR_LIMIT, "expand to more nodes than a real model would have");
}

/* A large attribute in a function that is called often. */
static void large_attribute(void **state) {
    (void)state;
    enum { INTS = 100000, CALLS = 4000 };
    wire w;
    begin(&w);
    function(&w, "F", "a", "r");
    wire_open(&w, 7);
    wire_node_body(&w, "Foo", "a", "r");
    wire_attribute(&w, "ints", 7);
    wire_open(&w, 8);
    for (int i = 0; i < INTS; i++) wire_varint(&w, 1);
    for (int i = 0; i < 4; i++) wire_close(&w);
    begin_graph(&w);
    for (int i = 0; i < CALLS; i++) {
        char from[16], to[16];
        snprintf(from, sizeof from, i == 0 ? "x" : "v%d", i);
        snprintf(to, sizeof to, i + 1 == CALLS ? "y" : "v%d", i + 1);
        call(&w, "", "F", from, to);
        wire_close(&w);
    }
    end_graph(&w);
    expect_refused(&w, EM_ERR_LIMIT, "expand to a larger graph than a real model would have");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(inlined),         cmocka_unit_test(attributes), cmocka_unit_test(optional_ends),
        cmocka_unit_test(chosen),          cmocka_unit_test(refused),    cmocka_unit_test(towers),
        cmocka_unit_test(large_attribute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
