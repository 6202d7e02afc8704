/* SPDX-License-Identifier: Apache-2.0 */
/* Sizes that are known before any input is seen become constants: Shape, Size, and Gather of a Shape's elements. */
#include "passes/infer_types.h"

/* start and end of Shape, clamped; all of it when they are not given. */
static void shape_range(const eml_rewriter *rw, int node, int rank, int *start, int *end) {
    int64_t s = eml_rw_attr_int(rw, node, "start", 0), e = eml_rw_attr_int(rw, node, "end", rank);
    if (s < 0) s += rank;
    if (e < 0) e += rank;
    *start = s < 0 ? 0 : s > rank ? rank : (int)s;
    *end = e < *start ? *start : e > rank ? rank : (int)e;
}

/* The node's output becomes a constant with the type of the index list's shape: rank 0 or 1. */
static em_status become_constant(eml_rewriter *rw, int node, int rank, const int64_t *list, int n) {
    void *data;
    int made = eml_rw_add_constant(rw, eml_rw_node(rw, node)->graph, EM_I64, rank, (const int64_t[]){n}, &data);
    if (made < 0) return rw->status;
    for (int i = 0; i < n; i++) ((int64_t *)data)[i] = list[i];
    if (eml_rw_replace(rw, eml_rw_out(rw, node), made)) eml_rw_drop(rw, node);
    return EM_OK;
}

static em_status fold_shape(eml_rewriter *rw, int node) {
    const eml_shape *x = &rw->shapes[eml_rw_in(rw, node, 0)];
    int64_t list[EM_MAX_RANK];
    int start, end, n = 0;
    if (x->rank < 0) return EM_OK;
    shape_range(rw, node, x->rank, &start, &end);
    for (int d = start; d < end; d++) {
        if (x->dims[d] < 0) return EM_OK;
        list[n++] = x->dims[d];
    }
    return become_constant(rw, node, 1, list, n);
}

static em_status fold_size(eml_rewriter *rw, int node) {
    const eml_shape *x = &rw->shapes[eml_rw_in(rw, node, 0)];
    int64_t count;
    if (!eml_shape_known(x) || !eml_shape_count(x->dims, x->rank, &count)) return EM_OK;
    return become_constant(rw, node, 0, &count, 1);
}

static em_status fold_gather(eml_rewriter *rw, int node) {
    int shape = eml_rw_producer(rw, eml_rw_in(rw, node, 0), "", "Shape");
    if (shape < 0 || eml_rw_in(rw, shape, 0) == EML_NO_VALUE) return EM_OK;
    const em_tensor *index = eml_rw_const(rw, eml_rw_in(rw, node, 1));
    const eml_shape *x = &rw->shapes[eml_rw_in(rw, shape, 0)];
    int64_t list[EM_MAX_RANK];
    int start, end, n = eml_rw_ints(rw, eml_rw_in(rw, node, 1), list, EM_MAX_RANK);
    if (x->rank < 0 || n < 0) return EM_OK;
    shape_range(rw, shape, x->rank, &start, &end);
    for (int i = 0; i < n; i++) {
        int d;
        if (!eml_axis_normalize(list[i], end - start, &d) || x->dims[start + d] < 0) return EM_OK;
        list[i] = x->dims[start + d];
    }
    return become_constant(rw, node, index->rank, list, n);
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    if (eml_rw_in(rw, node, 0) == EML_NO_VALUE) return EM_OK;
    if (eml_rw_is(rw, node, "", "Shape")) return fold_shape(rw, node);
    if (eml_rw_is(rw, node, "", "Size")) return fold_size(rw, node);
    if (eml_rw_is(rw, node, "", "Gather")) return fold_gather(rw, node);
    return EM_OK;
}

em_status eml_pass_fold_shapes(eml_pass_ctx *ctx) {
    return eml_rw_run_typed(ctx, visit, NULL);
}
