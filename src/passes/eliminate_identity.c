/* SPDX-License-Identifier: Apache-2.0 */
/* Takes out what gives its input back: Identity, Dropout at inference, Cast to the type it has, reshaping to the shape
 * it has, Transpose that moves nothing, Concat and the like of one value. */
#include <string.h>

#include "passes/infer_types.h"

/* Their output is their input whenever type and shape stay the same. */
static const char *const reshapers[] = {"Cast", "Expand", "Flatten", "Reshape", "Squeeze", "Unsqueeze"};
/* Their output is their input when it is the only one. */
static const char *const gatherers[] = {"Concat", "Max", "Mean", "Min", "Sum"};

static bool listed(const char *const *list, size_t n, const char *name) {
    for (size_t i = 0; i < n; i++)
        if (strcmp(list[i], name) == 0) return true;
    return false;
}

static bool dropout_is_off(const eml_rewriter *rw, int node) {
    const eml_node *n = eml_rw_node(rw, node);
    double training;
    if (n->n_out > 1 && n->out[1] != EML_NO_VALUE && eml_rw_uses(rw, n->out[1]) > 0) return false;
    if (n->opset < 7) return eml_rw_attr_int(rw, node, "is_test", 0) != 0;
    if (eml_rw_in(rw, node, 2) == EML_NO_VALUE) return true;
    return eml_rw_scalar(rw, eml_rw_in(rw, node, 2), &training) && training == 0;
}

static bool perm_is_identity(const eml_rewriter *rw, int node) {
    size_t n;
    const int64_t *perm = eml_rw_attr_ints(rw, node, "perm", &n);
    if (perm == NULL) return rw->shapes[eml_rw_in(rw, node, 0)].rank == 1;
    for (size_t d = 0; d < n; d++)
        if (perm[d] != (int64_t)d) return false;
    return true;
}

static bool does_nothing(const eml_rewriter *rw, int node) {
    const eml_node *n = eml_rw_node(rw, node);
    const char *op = n->op_type;
    if (n->domain[0] != '\0' || n->n_in < 1 || n->n_out < 1 || n->out[0] == EML_NO_VALUE) return false;
    if (eml_rw_in(rw, node, 0) == EML_NO_VALUE) return false;
    if (strcmp(op, "Identity") == 0) return true;
    if (strcmp(op, "Dropout") == 0) return dropout_is_off(rw, node);
    if (strcmp(op, "Transpose") == 0) return perm_is_identity(rw, node);
    if (listed(gatherers, sizeof(gatherers) / sizeof(gatherers[0]), op)) return n->n_in == 1;
    if (!listed(reshapers, sizeof(reshapers) / sizeof(reshapers[0]), op)) return false;
    return eml_shape_same(&rw->shapes[eml_rw_in(rw, node, 0)], &rw->shapes[n->out[0]]);
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    if (does_nothing(rw, node) && eml_rw_replace(rw, eml_rw_out(rw, node), eml_rw_in(rw, node, 0)))
        eml_rw_drop(rw, node);
    return EM_OK;
}

em_status eml_pass_eliminate_identity(eml_pass_ctx *ctx) {
    return eml_rw_run_typed(ctx, visit, NULL);
}
