/* SPDX-License-Identifier: Apache-2.0 */
/* Models into graphs: facts, types, inputs, attributes, subgraphs, constants; and the sentences for what is wrong. */
#include "load_fixture.h"

/* x[N, 3] -> Relu -> y, with the facts around it. */
static void simple(void **state) {
    (void)state;
    wire w = {0};
    wire_text(&w, 2, "maker");
    wire_text(&w, 3, "1.2");
    wire_text(&w, 4, "org.example");
    wire_number(&w, 5, 42);
    wire_text(&w, 6, "about this");
    wire_model(&w);
    for (int i = 0; i < 3; i++) {
        wire_open(&w, 14);
        wire_text(&w, 1, (const char *[]){"classes", "empty", ""}[i]);
        if (i != 1) wire_text(&w, 2, "a,b");
        wire_close(&w);
    }
    wire_open(&w, 7);
    wire_text(&w, 2, "net");
    wire_value(&w, 11, "x", 1, 2, (int64_t[]){-1, 3});
    wire_node(&w, "Relu", "x", "y");
    wire_value(&w, 12, "y", 1, 2, (int64_t[]){-1, 3});
    wire_close(&w);

    fixture f;
    fixture_ok(&f, &w);
    const eml_graph *g = &f.graph;
    assert_string_equal(g->producer_name, "maker");
    assert_string_equal(g->producer_version, "1.2");
    assert_string_equal(g->domain, "org.example");
    assert_string_equal(g->doc, "about this");
    assert_int_equal(g->model_version, 42);
    assert_int_equal(g->ir_version, 8);
    assert_int_equal(g->n_opsets, 2);
    assert_string_equal(g->opsets[1].domain, "ai.onnx.ml");
    assert_int_equal(g->opsets[1].version, 3);
    assert_int_equal(g->n_metadata, 3);
    assert_string_equal(g->metadata[0].key, "classes");
    assert_string_equal(g->metadata[0].value, "a,b");
    assert_string_equal(g->metadata[1].value, "");
    assert_string_equal(g->graphs[0].name, "net");
    assert_int_equal(g->graphs[0].n_inputs, 1);
    assert_int_equal(g->graphs[0].n_outputs, 1);
    const eml_value *x = &g->values[g->graphs[0].inputs[0]], *y = &g->values[g->graphs[0].outputs[0]];
    assert_string_equal(x->name, "x");
    assert_int_equal(x->producer, EML_NO_NODE);
    assert_true(x->type.kind == EM_TENSOR && x->type.dtype == EM_F32 && x->type.rank == 2);
    assert_true(x->type.dims[0] == -1 && x->type.dims[1] == 3);
    assert_string_equal(x->type.symbols[0], "N");
    assert_null(x->type.symbols[1]);
    const eml_node *relu = node_at(&f, 0, 0);
    assert_string_equal(relu->op_type, "Relu");
    assert_string_equal(relu->domain, "");
    assert_int_equal(relu->opset, 17);
    assert_ptr_equal(&g->values[relu->out[0]], y);
    assert_int_equal(y->producer, g->graphs[0].nodes[0]);
    assert_int_equal(y->type.rank, 2);
    fixture_end(&f);
    wire_free(&w);
}

/* Fields nobody knows, fields in any order, a padded tag, the private fields of the structs: all harmless. */
static void strange_but_right(void **state) {
    (void)state;
    wire w = {0};
    wire_open(&w, 7);
    wire_node(&w, "Relu", "x", "y");
    wire_text(&w, 99, "unknown");
    wire_value(&w, 12, "y", 1, -1, NULL);
    wire_open(&w, 1); /* a node with the private numbers in an attribute */
    wire_node_body(&w, "Add", "y,y", "z");
    wire_attribute(&w, "list", 7);
    wire_number(&w, 536870909, 1 << 20);
    wire_number(&w, 536870910, 1 << 21);
    wire_number(&w, 536870911, 1 << 22);
    wire_number(&w, 8, 5);
    wire_close(&w);
    wire_close(&w);
    wire_value(&w, 11, "x", 1, -1, NULL);
    wire_close(&w);
    wire_raw(&w, "\x88\x80\x80\x00\x08", 5); /* ir_version */
    wire_opset(&w, 8, "ai.onnx", 17);
    wire_number(&w, 1000, 5);
    wire_float(&w, 1001, 5);
    wire_double(&w, 1002, 5);
    fixture f;
    fixture_ok(&f, &w);
    const eml_attr *list = eml_node_attr(node_at(&f, 0, 1), "list");
    assert_int_equal(list->count, 1);
    assert_int_equal(list->v.ints[0], 5);
    fixture_end(&f);
    wire_free(&w);
}

static void begin_graph(wire *w) {
    *w = (wire){0};
    wire_model(w);
    wire_open(w, 7);
    wire_value(w, 11, "x", 1, 1, (int64_t[]){4});
}

static void end_graph(wire *w) {
    wire_value(w, 12, "y", 1, 1, (int64_t[]){4});
    wire_close(w);
}

static bool is_list(const char *domain, const char *op_type, const char *attribute) {
    assert_true(domain[0] == '\0' && op_type[0] != '\0');
    return strcmp(attribute, "floats") == 0 || strcmp(attribute, "ints") == 0 || strcmp(attribute, "strings") == 0;
}

/* Lists of 100 left in the model, read in pieces of 7 and one too large. */
static void check_unread_lists(const eml_node *n) {
    eml_list floats = *eml_node_attr(n, "floats")->v.unread, ints = *eml_node_attr(n, "ints")->v.unread;
    eml_list strings = *eml_node_attr(n, "strings")->v.unread;
    assert_true(eml_node_attr(n, "floats")->unread && eml_node_attr(n, "floats")->count == 100);
    for (int at = 0; at < 100; at += 7) {
        float f[7];
        int64_t i[7];
        em_string s[7];
        size_t wanted = at + 7 <= 100 ? 7 : (size_t)(100 - at);
        assert_int_equal(floats.read(&floats, f, 7), wanted);
        assert_int_equal(ints.read(&ints, i, 7), wanted);
        assert_int_equal(strings.read(&strings, s, 7), wanted);
        for (int k = 0; k < (int)wanted; k++) {
            assert_true(f[k] == (float)(at + k));
            assert_int_equal(i[k], at + k - 50);
            assert_int_equal(s[k].length, at + k < 50 ? 3 : 4);
            assert_memory_equal(s[k].data, at + k < 50 ? "LEQ" : "LEAF", s[k].length);
        }
    }
}

static void attributes(void **state) {
    (void)state;
    wire w;
    begin_graph(&w);
    wire_open(&w, 1);
    wire_node_body(&w, "Anything", "x", "y");
    wire_attribute(&w, "f", 1);
    wire_float(&w, 2, 2.5f);
    wire_close(&w);
    wire_attribute(&w, "i", 2);
    wire_number(&w, 3, -7);
    wire_close(&w);
    wire_attribute(&w, "zero", 2); /* a writer may leave out a zero */
    wire_close(&w);
    wire_attribute(&w, "s", 3);
    wire_data(&w, 4, "a\0b", 3);
    wire_close(&w);
    wire_attribute(&w, "floats", 6);
    for (int i = 0; i < 100; i++) wire_float(&w, 7, (float)i);
    wire_close(&w);
    wire_attribute(&w, "ints", 7);
    wire_open(&w, 8);
    for (int i = 0; i < 100; i++) wire_varint(&w, (uint64_t)(int64_t)(i - 50));
    wire_close(&w);
    wire_close(&w);
    wire_attribute(&w, "strings", 8);
    for (int i = 0; i < 100; i++) wire_text(&w, 9, i < 50 ? "LEQ" : "LEAF");
    wire_close(&w);
    wire_attribute(&w, "tensor", 4);
    wire_tensor(&w, 5, "", 7, 1, (int64_t[]){2});
    wire_number(&w, 7, 11);
    wire_number(&w, 7, -12);
    wire_close(&w);
    wire_close(&w);
    wire_attribute(&w, "tensors", 9);
    for (int i = 0; i < 2; i++) {
        wire_tensor(&w, 10, "", 7, 0, NULL);
        wire_number(&w, 7, i);
        wire_close(&w);
    }
    wire_close(&w);
    wire_attribute(&w, "type", 13);
    wire_open(&w, 14);
    wire_open(&w, 4); /* sequence of */
    wire_open(&w, 1);
    wire_open(&w, 1); /* tensors of */
    wire_number(&w, 1, 7);
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);
    end_graph(&w);

    fixture f;
    assert_int_equal(fixture_load(&f, &w, &(eml_load_options){.leave = is_list}), EM_OK);
    check_unread_lists(node_at(&f, 0, 0));
    eml_graph_drop_unread(&f.graph);
    assert_int_equal(eml_node_attr(node_at(&f, 0, 0), "floats")->count, 0);
    assert_false(eml_graph_has_unread(&f.graph));
    fixture_end(&f);
    fixture_ok(&f, &w);
    assert_false(eml_graph_has_unread(&f.graph));
    memset(f.bytes, 0xee, w.n); /* attributes must not point into the model */
    const eml_node *n = node_at(&f, 0, 0);
    assert_int_equal(n->n_attrs, 10);
    assert_true(eml_node_attr(n, "f")->v.f == 2.5f && eml_node_attr(n, "f")->type == EML_ATTR_FLOAT);
    assert_int_equal(eml_node_attr(n, "i")->v.i, -7);
    assert_int_equal(eml_node_attr(n, "zero")->v.i, 0);
    assert_int_equal(eml_node_attr(n, "s")->v.s.length, 3);
    assert_memory_equal(eml_node_attr(n, "s")->v.s.data, "a\0b", 3);
    const eml_attr *floats = eml_node_attr(n, "floats"), *ints = eml_node_attr(n, "ints");
    const eml_attr *strings = eml_node_attr(n, "strings");
    assert_true(floats->count == 100 && ints->count == 100 && strings->count == 100);
    for (int i = 0; i < 100; i++) {
        assert_true(floats->v.floats[i] == (float)i);
        assert_int_equal(ints->v.ints[i], i - 50);
        assert_int_equal(strings->v.strings[i].length, i < 50 ? 3 : 4);
        assert_memory_equal(strings->v.strings[i].data, i < 50 ? "LEQ" : "LEAF", i < 50 ? 3 : 4);
    }
    const em_tensor *tensor = eml_node_attr(n, "tensor")->v.tensors;
    assert_true(tensor->dtype == EM_I64 && tensor->rank == 1 && tensor->dims[0] == 2);
    assert_memory_equal(tensor->data, ((int64_t[]){11, -12}), 16);
    assert_int_equal(eml_node_attr(n, "tensors")->count, 2);
    assert_int_equal(*(const int64_t *)eml_node_attr(n, "tensors")->v.tensors[1].data, 1);
    assert_int_equal(eml_node_attr(n, "type")->v.declared->kind, EM_SEQUENCE);
    assert_int_equal(eml_node_attr(n, "type")->v.declared->dtype, EM_I64);
    assert_null(eml_node_attr(n, "absent"));
    fixture_end(&f);
    wire_free(&w);
}

/* sequence(map(int64, tensor(float))) and optional(tensor) as input types. */
static void container_types(void **state) {
    (void)state;
    wire w;
    begin_graph(&w);
    wire_open(&w, 11);
    wire_text(&w, 1, "maps");
    wire_open(&w, 2);
    wire_open(&w, 4);
    wire_open(&w, 1);
    wire_open(&w, 5);
    wire_number(&w, 1, 7);
    wire_open(&w, 2);
    wire_open(&w, 1);
    wire_number(&w, 1, 1);
    for (int i = 0; i < 7; i++) wire_close(&w);
    wire_open(&w, 11);
    wire_text(&w, 1, "maybe");
    wire_open(&w, 2);
    wire_open(&w, 9);
    wire_open(&w, 1);
    wire_open(&w, 1);
    wire_number(&w, 1, 11);
    for (int i = 0; i < 5; i++) wire_close(&w);
    wire_node(&w, "Relu", "x", "y");
    end_graph(&w);
    fixture f;
    fixture_ok(&f, &w);
    const eml_type *maps = &value_named(&f, "maps")->type, *maybe = &value_named(&f, "maybe")->type;
    assert_true(maps->kind == EM_MAPS && maps->key == EM_I64 && maps->dtype == EM_F32 && !maps->optional);
    assert_true(maybe->kind == EM_TENSOR && maybe->dtype == EM_F64 && maybe->optional && maybe->rank == -1);
    fixture_end(&f);
    wire_free(&w);
}

static void weight(wire *w, const char *name) {
    wire_tensor(w, 5, name, 1, 1, (int64_t[]){4});
    wire_data(w, 9, "\0\0\x80\x3f\0\0\0\x40\0\0\x40\x40\0\0\x80\x40", 16); /* 1 2 3 4 */
    wire_close(w);
}

/* An initializer that is an input too: a default from IR version 4 on, before that simply a constant. */
static void inputs_with_initializers(void **state) {
    (void)state;
    for (int ir = 3; ir <= 4; ir++) {
        wire w = {0};
        wire_number(&w, 1, ir);
        wire_opset(&w, 8, "", 9);
        wire_open(&w, 7);
        wire_value(&w, 11, "w", 1, 1, (int64_t[]){4});
        wire_value(&w, 11, "x", 1, 1, (int64_t[]){4});
        weight(&w, "w");
        weight(&w, "v");
        wire_node(&w, "Add", "x,w", "t");
        wire_node(&w, "Add", "t,v", "y");
        end_graph(&w);
        fixture f;
        fixture_ok(&f, &w);
        const eml_subgraph *g = &f.graph.graphs[0];
        assert_int_equal(g->n_inputs, ir == 3 ? 1 : 2);
        assert_string_equal(f.graph.values[g->inputs[0]].name, ir == 3 ? "x" : "w");
        assert_true(value_named(&f, "w")->constant >= 0 && value_named(&f, "x")->constant < 0);
        assert_true(((const float *)constant_named(&f, "v")->data)[3] == 4.0f);
        assert_int_equal(value_named(&f, "v")->type.rank, 1);
        fixture_end(&f);
        wire_free(&w);
    }
}

/* Outputs may be inputs, initializers or constants, and the nodes may come in any order. */
static void outputs_of_every_kind(void **state) {
    (void)state;
    wire w;
    begin_graph(&w);
    weight(&w, "w");
    wire_node(&w, "Relu", "t", "y");
    wire_node(&w, "Abs", "x", "t");
    wire_open(&w, 1);
    wire_node_body(&w, "Constant", NULL, "c");
    wire_attribute(&w, "value_floats", 6);
    wire_float(&w, 7, 1.5f);
    wire_float(&w, 7, -2.0f);
    wire_close(&w);
    wire_close(&w);
    wire_value(&w, 12, "x", 1, 1, (int64_t[]){4});
    wire_value(&w, 12, "w", 1, 1, (int64_t[]){4});
    wire_value(&w, 12, "c", 1, 1, (int64_t[]){2});
    end_graph(&w);
    fixture f;
    fixture_ok(&f, &w);
    const eml_subgraph *g = &f.graph.graphs[0];
    assert_int_equal(g->n_nodes, 2);
    assert_string_equal(node_at(&f, 0, 0)->op_type, "Abs");
    assert_int_equal(g->n_outputs, 4);
    assert_int_equal(g->outputs[0], g->inputs[0]);
    assert_ptr_equal(&f.graph.values[g->outputs[1]], value_named(&f, "w"));
    assert_true(((const float *)constant_named(&f, "c")->data)[1] == -2.0f);
    fixture_end(&f);
    wire_free(&w);
}

static void constants(void **state) {
    (void)state;
    wire w;
    begin_graph(&w);
    static const char *const names[] = {"value_float",  "value_int",     "value_ints",
                                        "value_string", "value_strings", "value"};
    static const int types[] = {1, 2, 7, 3, 8, 4};
    for (int i = 0; i < 6; i++) {
        wire_open(&w, 1);
        wire_node_body(&w, "Constant", NULL, names[i]);
        wire_attribute(&w, names[i], types[i]);
        if (i == 0) wire_float(&w, 2, 0.5f);
        if (i == 1) wire_number(&w, 3, -9);
        if (i == 2) wire_number(&w, 8, 1), wire_number(&w, 8, 2), wire_number(&w, 8, 3);
        if (i == 3) wire_text(&w, 4, "one");
        if (i == 4) wire_text(&w, 9, "one"), wire_text(&w, 9, "");
        if (i == 5) {
            wire_tensor(&w, 5, "", 9, 1, (int64_t[]){2});
            wire_data(&w, 9, "\x05\x00", 2);
            wire_close(&w);
        }
        wire_close(&w);
        wire_close(&w);
    }
    wire_node(&w, "Relu", "x", "y");
    end_graph(&w);
    fixture f;
    fixture_ok(&f, &w);
    const em_tensor *t = constant_named(&f, "value_float");
    assert_true(t->dtype == EM_F32 && t->rank == 0 && *(const float *)t->data == 0.5f);
    t = constant_named(&f, "value_int");
    assert_true(t->dtype == EM_I64 && t->rank == 0 && *(const int64_t *)t->data == -9);
    t = constant_named(&f, "value_ints");
    assert_true(t->rank == 1 && t->dims[0] == 3 && ((const int64_t *)t->data)[2] == 3);
    t = constant_named(&f, "value_string");
    assert_true(t->rank == 0 && ((const em_string *)t->data)->length == 3);
    t = constant_named(&f, "value_strings");
    assert_true(t->rank == 1 && t->dims[0] == 2 && ((const em_string *)t->data)[1].length == 0);
    t = constant_named(&f, "value");
    assert_memory_equal(t->data, "\x01\x00", 2); /* bool is 0 or 1 */
    assert_int_equal(f.graph.n_nodes, 1);
    fixture_end(&f);
    wire_free(&w);
}

/* If(x) { y = Add(outer, inner_const) } else { y2 = x }; the node stands before the one that makes `outer`. */
static void subgraphs(void **state) {
    (void)state;
    wire w;
    begin_graph(&w);
    wire_open(&w, 1);
    wire_node_body(&w, "If", "x", "y");
    wire_attribute(&w, "then_branch", 5);
    wire_open(&w, 6);
    wire_text(&w, 2, "then");
    weight(&w, "k");
    wire_node(&w, "Add", "outer,k", "t");
    wire_node(&w, "Relu", "t", "hidden");
    wire_value(&w, 12, "hidden", 1, -1, NULL);
    wire_close(&w);
    wire_close(&w);
    wire_attribute(&w, "else_branch", 5);
    wire_open(&w, 6);
    wire_value(&w, 12, "x", 1, -1, NULL);
    wire_close(&w);
    wire_close(&w);
    wire_close(&w);
    wire_node(&w, "Abs", "x", "outer");
    end_graph(&w);
    fixture f;
    fixture_ok(&f, &w);
    const eml_graph *g = &f.graph;
    assert_int_equal(g->n_graphs, 3);
    assert_string_equal(node_at(&f, 0, 0)->op_type, "Abs");
    const eml_node *branch = node_at(&f, 0, 1);
    const int then_graph = eml_node_attr(branch, "then_branch")->v.graphs[0];
    const int else_graph = eml_node_attr(branch, "else_branch")->v.graphs[0];
    assert_string_equal(g->graphs[then_graph].name, "then");
    assert_int_equal(g->graphs[then_graph].depth, 1);
    assert_ptr_equal(&g->nodes[g->graphs[then_graph].parent_node], branch);
    assert_int_equal(node_at(&f, then_graph, 0)->in[0], node_at(&f, 0, 0)->out[0]);
    assert_int_equal(value_named(&f, "k")->graph, then_graph);
    assert_int_equal(g->graphs[else_graph].outputs[0], g->graphs[0].inputs[0]);
    fixture_end(&f);
    wire_free(&w);
}

/* depth graphs in each other; the innermost uses x. */
static void nest(wire *w, int depth) {
    begin_graph(w);
    wire_open(w, 1);
    wire *inner = w;
    wire_node_body(inner, "If", "x", "y");
    wire levels[80] = {{0}};
    for (int i = depth - 1; i >= 0; i--) { /* from the inside out */
        wire *level = &levels[i];
        wire_node(level, "Relu", "x", "r");
        if (i + 1 < depth) {
            wire_open(level, 1);
            wire_node_body(level, "If", "x", "deep");
            wire_attribute(level, "then_branch", 5);
            wire_data(level, 6, levels[i + 1].bytes, levels[i + 1].n);
            wire_close(level);
            wire_close(level);
        }
        wire_value(level, 12, "r", 1, -1, NULL);
    }
    wire_attribute(w, "then_branch", 5);
    wire_data(w, 6, levels[0].bytes, levels[0].n);
    wire_close(w);
    wire_close(w);
    end_graph(w);
    for (int i = 0; i < depth; i++) wire_free(&levels[i]);
}

static void deep_subgraphs(void **state) {
    (void)state;
    wire w;
    fixture f;
    nest(&w, EML_MAX_DEPTH);
    fixture_ok(&f, &w);
    assert_int_equal(f.graph.n_graphs, EML_MAX_DEPTH + 1);
    fixture_end(&f);
    wire_free(&w);
    nest(&w, EML_MAX_DEPTH + 1);
    expect_refused(&w, EM_ERR_LIMIT, "nested more than 64 deep");
}

static void structure_only(void **state) {
    (void)state;
    wire w;
    fixture f;
    begin_graph(&w);
    weight(&w, "w");
    wire_tensor(&w, 5, "lost", 1, 1, (int64_t[]){1000}); /* its data is not even there */
    wire_close(&w);
    wire_open(&w, 1);
    wire_node_body(&w, "Foo", "x,w,lost", "y");
    wire_attribute(&w, "ints", 7);
    wire_number(&w, 8, 1);
    wire_close(&w);
    wire_close(&w);
    end_graph(&w);
    assert_int_equal(fixture_load(&f, &w, &(eml_load_options){.no_weights = true}), EM_OK);
    assert_int_equal(constant_named(&f, "lost")->dims[0], 1000);
    assert_null(constant_named(&f, "w")->data);
    assert_int_equal(eml_node_attr(node_at(&f, 0, 0), "ints")->count, 0);
    fixture_end(&f);
    expect_refused(&w, EM_ERR_MODEL, "tensor 'lost': the data has 0 entries, but float32 of shape [1000] needs 1000");
}

/* ---- what is wrong, and how it is said ---- */

static wire headed(int64_t ir) {
    wire w = {0};
    wire_number(&w, 1, ir);
    wire_opset(&w, 8, "", 17);
    return w;
}

static void refused_files(void **state) {
    (void)state;
    wire w = {0};
    expect_refused(&w, EM_ERR_FORMAT, "not an ONNX model: the file is empty");
    wire_raw(&w, "hello world, this is text", 25);
    expect_refused(&w, EM_ERR_FORMAT, "not an ONNX model: ");
    wire_raw(&w, "version https://git-lfs.github.com/spec/v1\noid", 46);
    expect_refused(&w, EM_ERR_FORMAT, "Git LFS");
    wire_raw(&w, "PK\x03\x04rest", 8);
    expect_refused(&w, EM_ERR_FORMAT, "zip archive");

    w = headed(8);
    wire_tag(&w, 7, 2);
    wire_varint(&w, 800);
    wire_raw(&w, "\x0a", 1);
    fixture f;
    assert_int_equal(fixture_load(&f, &w, &(eml_load_options){.name = "churn.onnx"}), EM_ERR_FORMAT);
    assert_string_equal(f.err.message,
                        "churn.onnx: not an ONNX model: field 7 (graph) of the ModelProto at byte 6 ends at "
                        "byte 809, past the end of the data (10 bytes)");
    fixture_end(&f);
    wire_free(&w);

    w = headed(8);
    expect_refused(&w, EM_ERR_FORMAT, "field 7 (graph) is missing");
    wire_opset(&w, 8, "", 17);
    expect_refused(&w, EM_ERR_FORMAT, "field 1 (ir_version) is missing");
    w = headed(2);
    expect_refused(&w, EM_ERR_UNSUPPORTED, "IR version 2");
    w = headed(15);
    expect_refused(&w, EM_ERR_UNSUPPORTED, "IR version 15");
    wire_number(&w, 1, 8);
    wire_opset(&w, 8, "", 29);
    expect_refused(&w, EM_ERR_UNSUPPORTED, "ai.onnx is imported in version 29, the newest known is 28");
    w = headed(8);
    wire_opset(&w, 8, "ai.onnx.ml", 6);
    expect_refused(&w, EM_ERR_UNSUPPORTED, "ai.onnx.ml");
    w = headed(8);
    wire_opset(&w, 8, "ai.onnx", 16);
    expect_refused(&w, EM_ERR_MODEL, "versions 17 and 16");
    wire_number(&w, 1, 8);
    wire_opset(&w, 8, "", -1);
    expect_refused(&w, EM_ERR_MODEL, "version -1");
    wire_number(&w, 1, 8);
    wire_open(&w, 7);
    wire_close(&w);
    expect_refused(&w, EM_ERR_MODEL, "no operator set");

    for (int twice = 0; twice < 2; twice++) { /* two graphs would have to be merged */
        if (twice == 0) w = headed(8);
        wire_open(&w, 7);
        wire_close(&w);
    }
    expect_refused(&w, EM_ERR_FORMAT, "field 7 (graph) of the ModelProto at byte 8: it occurs twice");
    w = headed(8);
    wire_data(&w, 2, "a\0b", 3);
    expect_refused(&w, EM_ERR_FORMAT, "field 2 (producer_name) of the ModelProto at byte 6: a NUL byte");
    w = headed(8);
    wire_number(&w, 2, 3);
    expect_refused(&w, EM_ERR_FORMAT, "another type than it should be");
    wire_text(&w, 1, "eight");
    expect_refused(&w, EM_ERR_FORMAT, "field 1 (ir_version)");
}

static void refused_graphs(void **state) {
    (void)state;
    wire w;
    begin_graph(&w);
    wire_node(&w, "Add", "x,nowhere", "y");
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "node 0 (Add): input 1: no input, initializer or node gives the value 'nowhere'");
    begin_graph(&w);
    wire_node(&w, "Relu", "x", "y");
    wire_node(&w, "Abs", "x", "y");
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "value 'y' is defined twice");
    begin_graph(&w);
    wire_node(&w, "Relu", "x", "x");
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "value 'x' is defined twice");
    begin_graph(&w);
    weight(&w, "w");
    weight(&w, "w");
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "two initializers 'w'");
    begin_graph(&w);
    weight(&w, "");
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "an initializer has no name");
    begin_graph(&w);
    wire_value(&w, 11, "", 1, 0, NULL);
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "input 1 has no name");
    begin_graph(&w);
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "output 0: no input, initializer or node gives the value 'y'");
    begin_graph(&w);
    wire_node(&w, "Add", "z,x", "y");
    wire_node(&w, "Mul", "y,x", "z");
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "cycle");
    begin_graph(&w);
    wire_open(&w, 1);
    wire_node_body(&w, "Relu", "x", "y");
    wire_text(&w, 3, "act");
    wire_text(&w, 7, "com.example");
    wire_close(&w);
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "node 'act' (Relu): no operator set of domain 'com.example' is imported");
    begin_graph(&w);
    wire_open(&w, 1);
    wire_node_body(&w, "NhwcAveragePool", "x", "y");
    wire_text(&w, 7, "edgeml");
    wire_close(&w);
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "no operator set of domain 'edgeml' is imported");
    w = (wire){0};
    wire_model(&w);
    wire_opset(&w, 8, "edgeml", 1);
    expect_refused(&w, EM_ERR_MODEL, "operator set 'edgeml' is imported: its operators are made by this library");
    begin_graph(&w);
    wire_node(&w, "", "x", "y");
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "node 0 (): it names no operator");
    begin_graph(&w);
    wire_node(&w, "Constant", NULL, "y");
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "a constant has exactly one attribute");
}

static void refused_attributes(void **state) {
    (void)state;
    static const struct {
        const char *name;
        int type;
        em_status status;
        const char *part;
    } cases[] = {
        {"", 2, EM_ERR_MODEL, "an attribute has no name"},
        {"g", 5, EM_ERR_MODEL, "node 0 (Foo): attribute 'g': the graph is missing"},
        {"t", 4, EM_ERR_MODEL, "attribute 't': the tensor is missing"},
        {"u", 0, EM_ERR_UNSUPPORTED, "attribute 'u': attribute type 0"},
        {"p", 14, EM_ERR_UNSUPPORTED, "attribute type 14"},
        {"n", -1, EM_ERR_UNSUPPORTED, "attribute type -1"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wire w;
        begin_graph(&w);
        wire_open(&w, 1);
        wire_node_body(&w, "Foo", "x", "y");
        wire_attribute(&w, cases[i].name, cases[i].type);
        wire_close(&w);
        wire_close(&w);
        end_graph(&w);
        expect_refused(&w, cases[i].status, cases[i].part);
    }
    wire w;
    begin_graph(&w);
    wire_open(&w, 1);
    wire_node_body(&w, "Foo", "x", "y");
    for (int i = 0; i < 2; i++) {
        wire_attribute(&w, "same", 2);
        wire_close(&w);
    }
    wire_close(&w);
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "attribute 'same' is given twice");
    begin_graph(&w);
    wire_open(&w, 1);
    wire_node_body(&w, "Foo", "x", "y");
    wire_attribute(&w, "alpha", 1);
    wire_text(&w, 21, "outer_alpha");
    wire_close(&w);
    wire_close(&w);
    end_graph(&w);
    expect_refused(&w, EM_ERR_MODEL, "attribute 'alpha' refers to one of a function, but is in none");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simple),
        cmocka_unit_test(strange_but_right),
        cmocka_unit_test(attributes),
        cmocka_unit_test(container_types),
        cmocka_unit_test(inputs_with_initializers),
        cmocka_unit_test(outputs_of_every_kind),
        cmocka_unit_test(constants),
        cmocka_unit_test(subgraphs),
        cmocka_unit_test(deep_subgraphs),
        cmocka_unit_test(structure_only),
        cmocka_unit_test(refused_files),
        cmocka_unit_test(refused_graphs),
        cmocka_unit_test(refused_attributes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
