/* SPDX-License-Identifier: Apache-2.0 */
/* An activation after a float32 convolution is computed while its result is at hand: com.microsoft.FusedConv. So are
 * bounds, of Relu and Clip, after a product: edgeml.ClampedGemm. Others after a product stay: in FusedGemm they take as
 * long, and it takes the code of all of them along. */
#include <float.h>
#include <string.h>

#include "passes/infer_types.h"

typedef struct activation {
    const char *name;
    float params[2];
    size_t n_params;
} activation;

/* Bounds of Clip; absent ones are the ends of float32. */
static bool read_clip(const eml_rewriter *rw, int node, activation *a) {
    *a = (activation){.name = "Clip", .params = {-FLT_MAX, FLT_MAX}, .n_params = 2};
    if (eml_rw_node(rw, node)->opset < 11) {
        a->params[0] = eml_rw_attr_float(rw, node, "min", -FLT_MAX);
        a->params[1] = eml_rw_attr_float(rw, node, "max", FLT_MAX);
        return true;
    }
    for (int i = 0; i < 2; i++) {
        double bound;
        int v = eml_rw_in(rw, node, i + 1);
        if (v == EML_NO_VALUE) continue;
        if (!eml_rw_scalar(rw, v, &bound)) return false;
        a->params[i] = (float)bound;
    }
    return true;
}

static bool read_activation(const eml_rewriter *rw, int node, activation *a) {
    static const char *const plain[] = {"HardSwish", "Relu", "Sigmoid", "Tanh"};
    for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
        *a = (activation){.name = plain[i]};
        if (eml_rw_is(rw, node, "", plain[i])) return true;
    }
    if (eml_rw_is(rw, node, "", "Clip")) return read_clip(rw, node, a);
    if (eml_rw_is(rw, node, "", "LeakyRelu")) {
        *a = (activation){"LeakyRelu", {eml_rw_attr_float(rw, node, "alpha", 0.01f)}, 1};
        return true;
    }
    if (eml_rw_is(rw, node, "", "HardSigmoid")) {
        *a = (activation){
            "HardSigmoid", {eml_rw_attr_float(rw, node, "alpha", 0.2f), eml_rw_attr_float(rw, node, "beta", 0.5f)}, 2};
        return true;
    }
    *a = (activation){.name = "Swish"};
    return eml_rw_is(rw, node, "", "Swish") && eml_rw_attr_float(rw, node, "alpha", 1) == 1;
}

/* A convolution without activation whose result only this node reads. */
static int conv_behind(const eml_rewriter *rw, int v) {
    int conv = eml_rw_producer(rw, v, "", "Conv");
    if (conv < 0) {
        conv = eml_rw_producer(rw, v, "com.microsoft", "FusedConv");
        if (conv >= 0 && eml_node_attr(eml_rw_node(rw, conv), "activation") != NULL) return EML_NO_NODE;
    }
    if (conv < 0 || !eml_rw_sole_use(rw, v)) return EML_NO_NODE;
    int w = eml_rw_in(rw, conv, 1);
    return w != EML_NO_VALUE && rw->shapes[w].dtype == EM_F32 ? conv : EML_NO_NODE;
}

static em_status fuse_conv(eml_rewriter *rw, int node, int conv, const activation *a) {
    const eml_node *c = eml_rw_node(rw, conv);
    int in[4] = {EML_NO_VALUE, EML_NO_VALUE, EML_NO_VALUE, EML_NO_VALUE}, n_in = c->n_in;
    if (n_in > 4) return EM_OK;
    for (int i = 0; i < n_in; i++) in[i] = eml_rw_in(rw, conv, i);
    if (!eml_rw_copy_attrs(rw, node, conv) || !eml_rw_put_string(rw, node, "activation", a->name)) return rw->status;
    if (a->n_params > 0 && !eml_rw_put_floats(rw, node, "activation_params", a->params, a->n_params)) return rw->status;
    eml_rw_become(rw, node, "com.microsoft", "FusedConv", 1, in, n_in);
    eml_rw_drop(rw, conv);
    return rw->status;
}

/* A product in float32 whose result only this node reads. */
static int gemm_behind(const eml_rewriter *rw, int v) {
    int gemm = eml_rw_producer(rw, v, "", "Gemm");
    if (gemm < 0 || !eml_rw_sole_use(rw, v)) return EML_NO_NODE;
    int b = eml_rw_in(rw, gemm, 1);
    return b != EML_NO_VALUE && rw->shapes[b].dtype == EM_F32 ? gemm : EML_NO_NODE;
}

static em_status fuse_gemm(eml_rewriter *rw, int node, int gemm, const activation *a) {
    bool relu = strcmp(a->name, "Relu") == 0;
    int in[3] = {EML_NO_VALUE, EML_NO_VALUE, EML_NO_VALUE}, n_in = eml_rw_node(rw, gemm)->n_in;
    if ((!relu && strcmp(a->name, "Clip") != 0) || n_in > 3) return EM_OK;
    for (int i = 0; i < n_in; i++) in[i] = eml_rw_in(rw, gemm, i);
    if (!eml_rw_copy_attrs(rw, node, gemm)) return rw->status;
    eml_rw_remove_attr(rw, node, "broadcast");
    if (!eml_rw_put_float(rw, node, "low", a->params[0])) return rw->status; /* Relu: 0 */
    if (!relu && !eml_rw_put_float(rw, node, "high", a->params[1])) return rw->status;
    eml_rw_become(rw, node, "edgeml", "ClampedGemm", 1, in, n_in);
    eml_rw_drop(rw, gemm);
    return rw->status;
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    activation a;
    int x = eml_rw_in(rw, node, 0), conv = conv_behind(rw, x), gemm = gemm_behind(rw, x);
    if ((conv < 0 && gemm < 0) || !read_activation(rw, node, &a)) return EM_OK;
    if (gemm >= 0) return eml_rw_has_op(rw, "edgeml", "ClampedGemm") ? fuse_gemm(rw, node, gemm, &a) : EM_OK;
    return eml_rw_has_op(rw, "com.microsoft", "FusedConv") ? fuse_conv(rw, node, conv, &a) : EM_OK;
}

em_status eml_pass_fuse_activation(eml_pass_ctx *ctx) {
    return eml_rw_run_typed(ctx, visit, NULL);
}
