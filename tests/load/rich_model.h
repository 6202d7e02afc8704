/* SPDX-License-Identifier: Apache-2.0 */
/* A model of about a kilobyte that has one of everything the loader knows: the seed of damaged ones. */
#ifndef EDGEML_TESTS_RICH_MODEL_H
#define EDGEML_TESTS_RICH_MODEL_H

#include "wire_writer.h"

static inline void rich_type(wire *w, int field, int nested) {
    wire_open(w, field);
    wire_open(w, nested);
    wire_open(w, nested == 5 ? 2 : 1);
    wire_open(w, 1);
    wire_number(w, 1, 1);
    wire_open(w, 2);
    wire_open(w, 1);
    wire_text(w, 2, "batch");
    wire_close(w);
    wire_close(w);
    wire_close(w);
    wire_close(w);
    wire_close(w);
    wire_close(w);
}

static inline void rich_function(wire *w) {
    wire_open(w, 25);
    wire_text(w, 1, "Scale");
    wire_text(w, 10, "local");
    wire_names(w, 4, "a,b");
    wire_names(w, 5, "r,s");
    wire_text(w, 6, "axis");
    wire_open(w, 11);
    wire_text(w, 1, "factor");
    wire_number(w, 20, 1);
    wire_float(w, 2, 2.0f);
    wire_close(w);
    wire_opset(w, 9, "", 17);
    wire_open(w, 7);
    wire_node_body(w, "Constant", NULL, "k");
    wire_attribute(w, "value_float", 1);
    wire_text(w, 21, "factor");
    wire_close(w);
    wire_close(w);
    wire_open(w, 7);
    wire_node_body(w, "Mul", "a,k", "r");
    wire_close(w);
    wire_open(w, 7);
    wire_node_body(w, "If", "b", "s");
    wire_attribute(w, "then_branch", 5);
    wire_open(w, 6);
    wire_node(w, "Neg", "k", "n");
    wire_value(w, 12, "n", 1, 0, NULL);
    wire_close(w);
    wire_close(w);
    wire_close(w);
    wire_close(w);
}

static inline void rich_attributes(wire *w) {
    wire_attribute(w, "floats", 6);
    for (int i = 0; i < 5; i++) wire_float(w, 7, (float)i);
    wire_close(w);
    wire_attribute(w, "ints", 7);
    for (int i = 0; i < 5; i++) wire_number(w, 8, i * 100);
    wire_close(w);
    wire_attribute(w, "strings", 8);
    for (int i = 0; i < 5; i++) wire_text(w, 9, "BRANCH");
    wire_close(w);
    wire_attribute(w, "type", 13);
    rich_type(w, 14, 4);
    wire_close(w);
    wire_attribute(w, "s", 3);
    wire_text(w, 4, "text");
    wire_close(w);
    wire_attribute(w, "tensors", 9);
    wire_tensor(w, 10, "", 8, 1, (int64_t[]){2});
    wire_text(w, 6, "one");
    wire_text(w, 6, "two");
    wire_close(w);
    wire_close(w);
}

static inline void rich_tensors(wire *w) {
    wire_tensor(w, 5, "raw", 1, 2, (int64_t[]){2, 2});
    wire_data(w, 9, "\0\0\x80\x3f\0\0\x80\x3f\0\0\x80\x3f\0\0\x80\x3f", 16);
    wire_close(w);
    wire_tensor(w, 5, "typed", 3, 1, (int64_t[]){4});
    wire_data(w, 5, "\x01\x02\x03\x04", 4);
    wire_close(w);
    wire_tensor(w, 5, "elsewhere", 2, 1, (int64_t[]){0}); /* nothing of it, so it needs no file to load */
    wire_open(w, 13);
    wire_text(w, 1, "location");
    wire_text(w, 2, "weights.bin");
    wire_close(w);
    wire_number(w, 14, 0);
    wire_close(w);
    wire_open(w, 15);
    wire_number(w, 3, 6);
    wire_tensor(w, 1, "sparse", 1, 1, (int64_t[]){1});
    wire_float(w, 4, 1.0f);
    wire_close(w);
    wire_tensor(w, 2, "", 7, 1, (int64_t[]){1});
    wire_number(w, 7, 3);
    wire_close(w);
    wire_close(w);
}

/* *w is empty. */
static inline void rich_model(wire *w) {
    wire_model(w);
    wire_text(w, 2, "maker");
    wire_opset(w, 8, "local", 1);
    wire_open(w, 14);
    wire_text(w, 1, "key");
    wire_text(w, 2, "value");
    wire_close(w);
    rich_function(w);
    wire_open(w, 7);
    wire_text(w, 2, "rich");
    wire_value(w, 11, "x", 1, 2, (int64_t[]){-1, 2});
    wire_open(w, 11);
    wire_text(w, 1, "maps");
    rich_type(w, 2, 5);
    wire_close(w);
    rich_tensors(w);
    wire_open(w, 1);
    wire_node_body(w, "TreeEnsembleRegressor", "x", "t");
    wire_text(w, 3, "trees");
    wire_text(w, 7, "ai.onnx.ml");
    rich_attributes(w);
    wire_close(w);
    wire_open(w, 1);
    wire_node_body(w, "Scale", "t,raw", "y,z");
    wire_text(w, 7, "local");
    wire_attribute(w, "axis", 2);
    wire_number(w, 3, 1);
    wire_close(w);
    wire_close(w);
    wire_open(w, 1);
    wire_node_body(w, "Loop", "typed,,y", "q");
    wire_attribute(w, "body", 5);
    wire_open(w, 6);
    wire_value(w, 11, "i", 7, 0, NULL);
    wire_value(w, 11, "state", 1, -1, NULL);
    wire_node(w, "Add", "state,sparse", "next");
    wire_value(w, 12, "i", 9, 0, NULL);
    wire_value(w, 12, "next", 1, -1, NULL);
    wire_close(w);
    wire_close(w);
    wire_close(w);
    wire_value(w, 13, "t", 1, 2, (int64_t[]){-1, 1});
    wire_value(w, 12, "q", 1, -1, NULL);
    wire_value(w, 12, "z", 1, -1, NULL);
    wire_close(w);
}

#endif
