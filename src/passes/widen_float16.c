/* SPDX-License-Identifier: Apache-2.0 */
/* A network of float16 computes in float32: its weights are widened here, once, instead of in every run, and results
 * are rounded once, where they leave the model. So they are no less precise; where float16 would have overflowed, they
 * are finite.
 *
 * Only models that have float16 weights in a product or a convolution are touched, and only when every node means the
 * same in both types: no BitCast, no sequences or optionals, no bodies. */
#include <string.h>

#include "ops/common/block.h"
#include "passes/infer_types.h"
#include "tensor/convert.h"

typedef struct widener {
    int *wide;    /* [n_values] value that stands for a float16 one, or EML_NO_VALUE */
    int n_values; /* as many as there were at first */
    bool *leaves; /* [n_values] float16 output of the model that a node makes */
} widener;

static bool listed(const char *const *list, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0) return true;
    return false;
}

/* ---- whether ---- */

static bool worth_it(const eml_rewriter *rw, int node) {
    static const char *const heavy[] = {"Conv", "ConvTranspose", "FusedConv", "FusedMatMul", "GRU",
                                        "Gemm", "LSTM",          "MatMul",    "RNN"};
    const eml_node *n = eml_rw_node(rw, node);
    if (!listed(heavy, sizeof(heavy) / sizeof(heavy[0]), n->op_type)) return false;
    const em_tensor *w = eml_rw_const(rw, eml_rw_in(rw, node, 1));
    return w != NULL && w->dtype == EM_F16;
}

static bool forbids(const eml_rewriter *rw, int node) {
    static const char *const bad[] = {
        "BitCast",        "ConcatFromSequence", "Optional",       "OptionalGetElement", "OptionalHasElement",
        "SequenceAt",     "SequenceConstruct",  "SequenceEmpty",  "SequenceErase",      "SequenceInsert",
        "SequenceLength", "SequenceMap",        "SplitToSequence"};
    return listed(bad, sizeof(bad) / sizeof(bad[0]), eml_rw_node(rw, node)->op_type);
}

static bool applies(const eml_rewriter *rw) {
    const eml_graph *graph = rw->graph;
    const eml_subgraph *body = &graph->graphs[0];
    bool worth = false;
    if (graph->n_graphs != 1) return false;
    for (int i = 0; i < body->n_nodes; i++) {
        if (forbids(rw, body->nodes[i])) return false;
        worth = worth || worth_it(rw, body->nodes[i]);
    }
    for (int i = 0; i < body->n_inputs; i++) {
        const eml_type *type = &graph->values[body->inputs[i]].type;
        if (type->kind != EM_TENSOR || type->optional) return false;
    }
    return worth;
}

/* Marks the outputs of the model that are float16; false when an output's type is not known. */
static bool find_outputs(const eml_rewriter *rw, widener *w) {
    const eml_graph *graph = rw->graph;
    for (int i = 0; i < graph->graphs[0].n_outputs; i++) {
        int v = graph->graphs[0].outputs[i];
        em_dtype dtype = rw->shapes[v].dtype;
        if (dtype == EM_UNDEFINED && graph->values[v].type.kind == EM_TENSOR) dtype = graph->values[v].type.dtype;
        if (dtype == EM_UNDEFINED) return false;
        w->leaves[v] = dtype == EM_F16 && graph->values[v].producer != EML_NO_NODE;
    }
    return true;
}

/* ---- rewriting ---- */

static int widened_constant(eml_rewriter *rw, int v) {
    em_tensor t = *eml_rw_const(rw, v);
    void *data;
    int made = eml_rw_add_constant(rw, rw->graph->values[v].graph, EM_F32, t.rank, t.dims, &data);
    if (made >= 0) EML_KERNELS_OF(rw->pass->kernels)->f16_to_f32((size_t)eml_tensor_n(&t), t.data, data);
    return made;
}

/* The float32 value in place of v; v itself when it is no constant and no input of float16. -1: memory ran out. */
static int widened(eml_rewriter *rw, widener *w, int node, int v) {
    if (v >= w->n_values) return v;
    if (w->wide[v] != EML_NO_VALUE) return w->wide[v];
    const eml_value *value = &rw->graph->values[v];
    const em_tensor *t = eml_rw_const(rw, v);
    int made = v;
    if (t != NULL && t->dtype == EM_F16) {
        made = widened_constant(rw, v);
    } else if (t == NULL && value->producer == EML_NO_NODE && rw->shapes[v].dtype == EM_F16) {
        int cast = eml_rw_add_before(rw, node, "", "Cast", EML_RW_OPSET, &v, 1);
        if (cast < 0 || !eml_rw_put_int(rw, cast, "to", EM_F32)) return -1;
        made = eml_rw_out(rw, cast);
    }
    w->wide[v] = made;
    return made;
}

/* Attributes that name the type. */
static em_status change_attributes(eml_rewriter *rw, int node) {
    static const char *const names[] = {"to", "dtype", "output_datatype", "output_dtype"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        if (strcmp(names[i], "to") == 0 && !eml_rw_is(rw, node, "", "Cast")) continue;
        if (eml_rw_attr_int(rw, node, names[i], 0) == EM_F16) eml_rw_put_int(rw, node, names[i], EM_F32);
    }
    const eml_attr *value = eml_node_attr(eml_rw_node(rw, node), "value");
    if (value == NULL || value->type != EML_ATTR_TENSOR || value->v.tensors[0].dtype != EM_F16) return rw->status;
    const em_tensor old = value->v.tensors[0];
    em_tensor fresh = {.kind = EM_TENSOR};
    eml_arena *arena = &rw->graph->arena;
    em_tensor *list = eml_arena_zero(arena, 1, sizeof(*list));
    if (list == NULL || !eml_tensor_shape(&fresh, EM_F32, old.rank, old.dims) ||
        (fresh.data = eml_arena_alloc(arena, fresh.bytes, 64)) == NULL)
        return eml_fail(rw->pass->err, EM_ERR_MEMORY, "out of memory while rewriting");
    eml_to_f32(EM_F16, old.data, eml_tensor_n(&old), fresh.data);
    *list = fresh;
    eml_node *n = &rw->graph->nodes[node];
    for (int i = 0; i < n->n_attrs; i++)
        if (strcmp(n->attrs[i].name, "value") == 0) n->attrs[i].v.tensors = list;
    return rw->status;
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    widener *w = user;
    for (int i = 0; i < eml_rw_node(rw, node)->n_in; i++) {
        int v = eml_rw_in(rw, node, i);
        if (v == EML_NO_VALUE) continue;
        int wide = widened(rw, w, node, v);
        if (wide < 0) return rw->status;
        if (wide != v) eml_rw_set_in(rw, node, i, wide);
    }
    EML_TRY(change_attributes(rw, node));
    for (int i = 0; i < eml_rw_node(rw, node)->n_out; i++) {
        int v = eml_rw_node(rw, node)->out[i];
        if (v == EML_NO_VALUE || v >= w->n_values || !w->leaves[v]) continue;
        int made = eml_rw_add_value(rw, 0);
        if (made < 0) return rw->status;
        eml_rw_set_out(rw, node, i, made);
        w->wide[v] = made;
        int cast = eml_rw_add_after(rw, node, "", "Cast", EML_RW_OPSET, &made, 1);
        if (cast < 0 || !eml_rw_put_int(rw, cast, "to", EM_F16)) return rw->status;
        eml_rw_set_out(rw, cast, 0, v);
    }
    return rw->status;
}

static em_status run(eml_rewriter *rw) {
    if (!applies(rw)) return EM_OK;
    EML_TRY(eml_infer_types(rw));
    widener w = {.n_values = rw->graph->n_values};
    w.wide = eml_arena_zero(&rw->work, (size_t)w.n_values + 1, sizeof(*w.wide));
    w.leaves = eml_arena_zero(&rw->work, (size_t)w.n_values + 1, sizeof(*w.leaves));
    if (w.wide == NULL || w.leaves == NULL)
        return eml_fail(rw->pass->err, EM_ERR_MEMORY, "out of memory while rewriting");
    for (int v = 0; v < w.n_values; v++) w.wide[v] = EML_NO_VALUE;
    if (!find_outputs(rw, &w)) return EM_OK;
    return eml_rw_walk(rw, visit, &w);
}

em_status eml_pass_widen_float16(eml_pass_ctx *ctx) {
    eml_rewriter rw;
    em_status status = eml_rw_begin(&rw, ctx);
    if (status == EM_OK) status = run(&rw);
    return eml_rw_end(&rw, status);
}
