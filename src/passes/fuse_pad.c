/* SPDX-License-Identifier: Apache-2.0 */
/* Padding before a convolution or pool is its own padding:
 *   Conv         zeros
 *   AveragePool  zeros, which count (count_include_pad), as long as its own padding, if it has any, counts, too
 *   MaxPool      -infinity or an integer type's least number, which is what its padding is; and zeros where no element
 *                is negative, for a window never sees padding alone. (Of nothing but NaN no largest is defined: there
 *                the zero is missed.)
 * A pool refuses padding as large as its window, rounds sizes up (ceil_mode) by what is its own, and indices of MaxPool
 * count what is padded. */
#include <math.h>
#include <string.h>

#include "passes/infer_types.h"

/* The Pad node adds numbers of one value to spatial dimensions only; pads[2 rank] are how many. */
static bool reads_pad(const eml_rewriter *rw, int node, int rank, int64_t *pads, double *value) {
    const eml_node *n = eml_rw_node(rw, node);
    size_t count;
    if (!eml_rw_attr_string_is(rw, node, "mode", "constant", "constant") || n->opset < 2) return false;
    if (eml_rw_in(rw, node, 3) != EML_NO_VALUE) return false; /* axes */
    *value = 0;
    if (n->opset < 11) {
        const int64_t *list = eml_rw_attr_ints(rw, node, "pads", &count);
        if (list == NULL || count != 2 * (size_t)rank) return false;
        memcpy(pads, list, count * sizeof(*pads));
        *value = (double)eml_rw_attr_float(rw, node, "value", 0);
    } else {
        int v = eml_rw_in(rw, node, 2);
        if (eml_rw_ints(rw, eml_rw_in(rw, node, 1), pads, 2 * EM_MAX_RANK) != 2 * rank) return false;
        if (v != EML_NO_VALUE && !eml_rw_scalar(rw, v, value)) return false;
    }
    for (int d = 0; d < 2 * rank; d++)
        if (pads[d] < 0 || pads[d] > INT32_MAX || (d % rank < 2 && pads[d] != 0)) return false;
    return true;
}

/* The window's own padding, begin and end of each spatial dimension; false when it depends on the input's size. */
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

/* No element of v is below zero. */
static bool is_not_negative(const eml_rewriter *rw, int v) {
    static const char *const plain[] = {"Relu", "Sigmoid"};
    if (rw->shapes[v].dtype == EM_U8) return true;
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
        if (eml_rw_producer(rw, v, "", plain[i]) >= 0) return true;
    int clip = eml_rw_producer(rw, v, "", "Clip"), low;
    double bound;
    if (clip < 0) return false;
    if (eml_rw_node(rw, clip)->opset < 11) return eml_rw_attr_float(rw, clip, "min", -1) >= 0;
    low = eml_rw_in(rw, clip, 1);
    return low != EML_NO_VALUE && eml_rw_scalar(rw, low, &bound) && bound >= 0;
}

/* Every window sees an element of image v: they lie side by side, there is one, and padding is less than a window. */
static bool sees_elements(const eml_rewriter *rw, int node, int v, int spatial) {
    size_t count;
    const int64_t *dilations = eml_rw_attr_ints(rw, node, "dilations", &count);
    const eml_shape *shape = &rw->shapes[v];
    for (size_t d = 0; dilations != NULL && d < count; d++)
        if (dilations[d] != 1) return false;
    for (int d = 2; d < spatial + 2; d++)
        if (shape->rank != spatial + 2 || shape->dims[d] < 1) return false;
    return true;
}

/* A pool with those pads of all in all takes the Pad's value, which stands before image v, for its own padding. */
static bool pool_takes(const eml_rewriter *rw, int node, int v, int spatial, double value, const int64_t *pads,
                       bool max) {
    size_t n_kernel, n_dilations;
    const int64_t *kernel = eml_rw_attr_ints(rw, node, "kernel_shape", &n_kernel);
    const int64_t *dilations = eml_rw_attr_ints(rw, node, "dilations", &n_dilations);
    if (n_kernel != (size_t)spatial || eml_rw_attr_int(rw, node, "ceil_mode", 0) != 0) return false;
    if (dilations != NULL && n_dilations != n_kernel) return false;
    for (int d = 0; d < 2 * spatial; d++) {
        int64_t k = kernel[d % spatial], step = dilations != NULL ? dilations[d % spatial] : 1;
        if (k < 1 || k > INT32_MAX || step < 1 || step > INT32_MAX || pads[d] > (k - 1) * step) return false;
    }
    if (!max) return value == 0;
    em_dtype dtype = rw->shapes[v].dtype;
    if (eml_dtype_is_float(dtype) && isinf(value) && value < 0) return true;
    if ((dtype == EM_I8 && value == -128) || (dtype == EM_U8 && value == 0)) return true;
    return value == 0 && is_not_negative(rw, v) && sees_elements(rw, node, v, spatial);
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    bool conv = eml_rw_is(rw, node, "", "Conv"), max = eml_rw_is(rw, node, "", "MaxPool");
    bool mean = eml_rw_is(rw, node, "", "AveragePool") && eml_rw_node(rw, node)->opset >= 7;
    if ((!conv && !max && !mean) || (max && eml_rw_node(rw, node)->n_out != 1)) return EM_OK;
    int x = eml_rw_in(rw, node, 0), pad = eml_rw_producer(rw, x, "", "Pad"), w = conv ? eml_rw_in(rw, node, 1) : x;
    if (pad < 0 || !eml_rw_sole_use(rw, x) || w == EML_NO_VALUE) return EM_OK;
    int rank = rw->shapes[w].rank, spatial = rank - 2, image = eml_rw_in(rw, pad, 0);
    int64_t pads[2 * EM_MAX_RANK] = {0}, own[2 * EM_MAX_RANK] = {0};
    double value;
    if (rank < 3 || !reads_pad(rw, pad, rank, pads, &value) || !own_pads(rw, node, spatial, own)) return EM_OK;
    bool has_own = false;
    for (int d = 0; d < spatial; d++) {
        has_own = has_own || own[d] != 0 || own[d + spatial] != 0;
        own[d] += pads[d + 2];
        own[d + spatial] += pads[rank + d + 2];
    }
    if (conv ? value != 0 : !pool_takes(rw, node, image, spatial, value, own, max)) return EM_OK;
    if (mean && has_own && eml_rw_attr_int(rw, node, "count_include_pad", 0) == 0) return EM_OK;
    eml_rw_remove_attr(rw, node, "auto_pad");
    if (!eml_rw_put_ints(rw, node, "pads", own, 2 * (size_t)spatial)) return rw->status;
    if (mean && !eml_rw_put_int(rw, node, "count_include_pad", 1)) return rw->status;
    eml_rw_set_in(rw, node, 0, image);
    eml_rw_drop(rw, pad);
    return rw->status;
}

em_status eml_pass_fuse_pad(eml_pass_ctx *ctx) {
    return eml_rw_run_typed(ctx, visit, NULL);
}
