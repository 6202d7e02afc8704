/* SPDX-License-Identifier: Apache-2.0 */
/* Transpose after Transpose is one or none; one that only moves dimensions of size 1 is a Reshape, which costs nothing:
 *   perm = a[b[i]] for the outer b of the inner a. */
#include <string.h>

#include "passes/infer_types.h"

static bool read_perm(const eml_rewriter *rw, int node, int *perm, int *rank) {
    size_t n;
    const int64_t *list = eml_rw_attr_ints(rw, node, "perm", &n);
    const eml_shape *x = &rw->shapes[eml_rw_in(rw, node, 0)];
    *rank = list != NULL ? (int)n : x->rank;
    if (*rank < 0 || n > EM_MAX_RANK || (list != NULL && x->rank >= 0 && n != (size_t)x->rank)) return false;
    uint32_t seen = 0;
    for (int d = 0; d < *rank; d++) {
        perm[d] = *rank - 1 - d;
        if (list != NULL && !eml_axis_normalize(list[d], *rank, &perm[d])) return false;
        seen |= UINT32_C(1) << perm[d];
    }
    return seen == (UINT32_C(1) << *rank) - 1;
}

static bool is_identity(const int *perm, int rank) {
    for (int d = 0; d < rank; d++)
        if (perm[d] != d) return false;
    return true;
}

/* The dimensions larger than 1 stay in order, so the elements do. */
static bool only_ones_move(const eml_shape *x, const int *perm) {
    int last = -1;
    for (int d = 0; d < x->rank; d++) {
        if (x->dims[perm[d]] == 1) continue;
        if (perm[d] < last) return false;
        last = perm[d];
    }
    return true;
}

/* Reshape can say the new shape: at most one of its dimensions is unknown. */
static bool reshape_list(const eml_shape *x, const int *perm, int64_t *list) {
    int unknown = 0;
    for (int d = 0; d < x->rank; d++) {
        list[d] = x->dims[perm[d]] > 0 ? x->dims[perm[d]] : -1;
        unknown += x->dims[perm[d]] < 0;
        if (x->dims[perm[d]] == 0) return false;
    }
    return unknown <= 1;
}

static em_status to_reshape(eml_rewriter *rw, int node, int x, const int *perm) {
    int64_t list[EM_MAX_RANK];
    if (!only_ones_move(&rw->shapes[x], perm) || !reshape_list(&rw->shapes[x], perm, list)) return EM_OK;
    if (!eml_rw_has_op(rw, "", "Reshape")) return EM_OK;
    int rank = rw->shapes[x].rank;
    void *data;
    int shape = eml_rw_add_constant(rw, eml_rw_node(rw, node)->graph, EM_I64, 1, (const int64_t[]){rank}, &data);
    if (shape < 0) return rw->status;
    memcpy(data, list, (size_t)rank * sizeof(*list));
    eml_rw_remove_attr(rw, node, "perm");
    eml_rw_become(rw, node, "", "Reshape", EML_RW_OPSET, (const int[]){x, shape}, 2);
    return rw->status;
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    if (!eml_rw_is(rw, node, "", "Transpose") || eml_rw_node(rw, node)->n_in != 1) return EM_OK;
    int outer[EM_MAX_RANK], inner[EM_MAX_RANK], rank, inner_rank;
    if (!read_perm(rw, node, outer, &rank)) return EM_OK;
    int x = eml_rw_in(rw, node, 0), before = eml_rw_producer(rw, x, "", "Transpose");
    if (before >= 0 && read_perm(rw, before, inner, &inner_rank) && inner_rank == rank) {
        int64_t perm[EM_MAX_RANK];
        for (int d = 0; d < rank; d++) {
            outer[d] = inner[outer[d]];
            perm[d] = outer[d];
        }
        x = eml_rw_in(rw, before, 0);
        eml_rw_set_in(rw, node, 0, x);
        eml_rw_put_ints(rw, node, "perm", perm, (size_t)rank);
        eml_rw_drop_unused(rw, before);
    }
    if (is_identity(outer, rank)) {
        if (eml_rw_replace(rw, eml_rw_out(rw, node), x)) eml_rw_drop(rw, node);
        return EM_OK;
    }
    return rw->shapes[x].rank == rank ? to_reshape(rw, node, x, outer) : EM_OK;
}

em_status eml_pass_merge_transposes(eml_pass_ctx *ctx) {
    return eml_rw_run_typed(ctx, visit, NULL);
}
