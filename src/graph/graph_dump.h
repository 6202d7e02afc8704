/* SPDX-License-Identifier: Apache-2.0 */
/* The graph as text, for people and for tests. One line per value that is given or constant, one per node:
 *
 *     churn.onnx: IR 8, ai.onnx 15, ai.onnx.ml 3
 *     const %2 "weight": float32[5, 2], 40 bytes
 *     graph 0 "main"
 *       input  %0 "float_input": float32[N, 5]
 *       node   0 "dense": %3 "logits" = Gemm.15(%0, %2, -) {alpha: 1, transB: 1}
 *       output %3 "logits": float32[N, 2]
 *
 * "-" is an input that is left out; long attribute lists are cut, with their length. */
#ifndef EML_GRAPH_GRAPH_DUMP_H
#define EML_GRAPH_GRAPH_DUMP_H

#include "graph/graph.h"

/* Gets the text piece by piece; text is not NUL-terminated. */
typedef void (*eml_text_fn)(void *user, const char *text, size_t length);

void eml_graph_dump(const eml_graph *graph, eml_text_fn write, void *user);
/* "float32[N, 5]", "sequence of int64[?]", "?"; cut to capacity. Returns out. */
const char *eml_type_text(const eml_type *type, char *out, size_t capacity);

#endif
