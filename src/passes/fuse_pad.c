/* SPDX-License-Identifier: Apache-2.0 */
/* Padding with zeros before a convolution is the convolution's own padding. Pools are left alone: their padding is no
 * number (MaxPool), or is counted or not (AveragePool). */
#include <string.h>

#include "passes/infer_types.h"

/* The Pad node adds zeros to spatial dimensions only; pads[2 rank] are what it adds. */
static bool pads_zeros(const eml_rewriter *rw, int node, int rank, int64_t *pads) {
    const eml_node *n = eml_rw_node(rw, node);
    double value = 0;
    size_t count;
    if (!eml_rw_attr_string_is(rw, node, "mode", "constant", "constant") || n->opset < 2) return false;
    if (eml_rw_in(rw, node, 3) != EML_NO_VALUE) return false; /* axes */
    if (n->opset < 11) {
        const int64_t *list = eml_rw_attr_ints(rw, node, "pads", &count);
        if (list == NULL || count != 2 * (size_t)rank) return false;
        memcpy(pads, list, count * sizeof(*pads));
        value = (double)eml_rw_attr_float(rw, node, "value", 0);
    } else {
        int v = eml_rw_in(rw, node, 2);
        if (eml_rw_ints(rw, eml_rw_in(rw, node, 1), pads, 2 * EM_MAX_RANK) != 2 * rank) return false;
        if (v != EML_NO_VALUE && !eml_rw_scalar(rw, v, &value)) return false;
    }
    for (int d = 0; d < 2 * rank; d++)
        if (pads[d] < 0 || pads[d] > INT32_MAX || (d % rank < 2 && pads[d] != 0)) return false;
    return value == 0;
}

/* The convolution's own padding, begin and end of each spatial dimension; false when it depends on the input's size. */
static bool own_pads(const eml_rewriter *rw, int node, int spatial, int64_t *own) {
    size_t count;
    const int64_t *list = eml_rw_attr_ints(rw, node, "pads", &count);
    for (int i = 0; i < 2 * spatial; i++) own[i] = 0;
    if (eml_rw_attr_string_is(rw, node, "auto_pad", "NOTSET", "VALID")) return true;
    if (!eml_rw_attr_string_is(rw, node, "auto_pad", "NOTSET", "NOTSET")) return false;
    if (list == NULL) return true;
    if (count != 2 * (size_t)spatial) return false;
    for (int i = 0; i < 2 * spatial; i++) {
        if (list[i] < 0 || list[i] > INT32_MAX) return false;
        own[i] = list[i];
    }
    return true;
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    if (!eml_rw_is(rw, node, "", "Conv")) return EM_OK;
    int x = eml_rw_in(rw, node, 0), pad = eml_rw_producer(rw, x, "", "Pad"), w = eml_rw_in(rw, node, 1);
    if (pad < 0 || !eml_rw_sole_use(rw, x) || w == EML_NO_VALUE) return EM_OK;
    int rank = rw->shapes[w].rank, spatial = rank - 2;
    int64_t pads[2 * EM_MAX_RANK], own[2 * EM_MAX_RANK];
    if (rank < 3 || !pads_zeros(rw, pad, rank, pads) || !own_pads(rw, node, spatial, own)) return EM_OK;
    for (int d = 0; d < spatial; d++) {
        own[d] += pads[d + 2];
        own[d + spatial] += pads[rank + d + 2];
    }
    eml_rw_remove_attr(rw, node, "auto_pad");
    if (!eml_rw_put_ints(rw, node, "pads", own, 2 * (size_t)spatial)) return rw->status;
    eml_rw_set_in(rw, node, 0, eml_rw_in(rw, pad, 0));
    eml_rw_drop(rw, pad);
    return rw->status;
}

em_status eml_pass_fuse_pad(eml_pass_ctx *ctx) {
    return eml_rw_run_typed(ctx, visit, NULL);
}
