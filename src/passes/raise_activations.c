/* SPDX-License-Identifier: Apache-2.0 */
/* Activations that exporters took apart become one operator again. A product is looked at as its factors, however it
 * was grouped:
 *   x sigmoid(a x)                  Swish       x tanh(softplus(x))          Mish
 *   x hardsigmoid(x; 1/6, 1/2)      HardSwish   clip(x + 3, 0, 6) / 6        HardSigmoid(1/6, 1/2)
 *   x clip(x + 3, 0, 6) / 6         HardSwish   x (1 + erf(x / sqrt 2)) / 2  Gelu
 * What lies between must be read by nobody else. */
#include <math.h>

#include "passes/infer_types.h"

enum { MAX_FACTORS = 4 };

typedef struct product {
    int factors[MAX_FACTORS]; /* that are not numbers */
    int n;
    double scale;           /* product of those that are */
    int inner[MAX_FACTORS]; /* Mul and Div nodes below the root */
    int n_inner;
} product;

/* A constant with one element that does not raise the rank of what it is combined with. */
static bool number(const eml_rewriter *rw, int v, double *value) {
    if (!eml_rw_scalar(rw, v, value)) return false;
    int rank = eml_rw_const(rw, v)->rank;
    return rank == 0 || (rank == 1 && rw->shapes[eml_rw_out(rw, rw->current)].rank > 1);
}

static bool near(double a, double b) {
    return fabs(a - b) <= 1e-5 * fabs(b);
}

/* What is left of a product node's inputs is a number, or another product read only here, or a factor. */
static bool add_factor(const eml_rewriter *rw, product *p, int v, int *open, int *n_open) {
    double by;
    if (number(rw, v, &by)) {
        p->scale *= by;
        return true;
    }
    int inner = eml_rw_producer(rw, v, "", "Mul");
    if (inner < 0) inner = eml_rw_producer(rw, v, "", "Div");
    if (inner >= 0 && eml_rw_sole_use(rw, v) && p->n_inner < MAX_FACTORS) {
        open[(*n_open)++] = inner;
        p->inner[p->n_inner++] = inner;
        return true;
    }
    if (p->n == MAX_FACTORS) return false;
    p->factors[p->n++] = v;
    return true;
}

/* False when it is no product of a few factors. */
static bool read_product(const eml_rewriter *rw, int root, product *p) {
    int open[MAX_FACTORS + 1], n_open = 0;
    *p = (product){.scale = 1};
    open[n_open++] = root;
    while (n_open > 0) {
        int node = open[--n_open];
        const eml_node *n = eml_rw_node(rw, node);
        bool division = eml_rw_is(rw, node, "", "Div");
        double by;
        if (n->n_in != 2 || n->opset < 7) return false;
        if (division) {
            if (!number(rw, eml_rw_in(rw, node, 1), &by) || by == 0) return false;
            if (!eml_dtype_is_float(eml_rw_const(rw, eml_rw_in(rw, node, 1))->dtype)) return false;
            p->scale /= by;
        }
        for (int i = 0; i < (division ? 1 : 2); i++)
            if (!add_factor(rw, p, eml_rw_in(rw, node, i), open, &n_open)) return false;
    }
    return p->n > 0;
}

/* The node behind v when it is this operator and v is read once. */
static int step_back(const eml_rewriter *rw, int v, const char *op_type) {
    return eml_rw_sole_use(rw, v) ? eml_rw_producer(rw, v, "", op_type) : EML_NO_NODE;
}

/* v = other + number, read once; the node and the other. */
static int plus_number(const eml_rewriter *rw, int v, double addend, int *other) {
    int add = step_back(rw, v, "Add");
    if (add < 0 || eml_rw_node(rw, add)->opset < 7) return EML_NO_NODE;
    for (int side = 0; side < 2; side++) {
        double found;
        int c = eml_rw_in(rw, add, side);
        if (!number(rw, c, &found) || found != addend) continue;
        *other = eml_rw_in(rw, add, 1 - side);
        return add;
    }
    return EML_NO_NODE;
}

/* v = clip(x + 3, 0, 6), each read once. */
static bool is_clipped(const eml_rewriter *rw, int v, int *x, int *clip, int *add) {
    double low, high;
    *clip = step_back(rw, v, "Clip");
    if (*clip < 0) return false;
    if (eml_rw_node(rw, *clip)->opset < 11) {
        low = (double)eml_rw_attr_float(rw, *clip, "min", -INFINITY);
        high = (double)eml_rw_attr_float(rw, *clip, "max", INFINITY);
    } else if (!eml_rw_scalar(rw, eml_rw_in(rw, *clip, 1), &low) ||
               !eml_rw_scalar(rw, eml_rw_in(rw, *clip, 2), &high)) {
        return false;
    }
    *add = plus_number(rw, eml_rw_in(rw, *clip, 0), 3, x);
    return low == 0 && high == 6 && *add >= 0;
}

static void drop_inner(eml_rewriter *rw, const product *p) {
    for (int i = 0; i < p->n_inner; i++) eml_rw_drop(rw, p->inner[i]);
}

static em_status become(eml_rewriter *rw, int node, const product *p, const char *op_type, int opset, int x) {
    rw->graph->nodes[node].n_attrs = 0;
    eml_rw_become(rw, node, "", op_type, opset, &x, 1);
    drop_inner(rw, p);
    return rw->status;
}

/* clip(x + 3, 0, 6) / 6 alone. */
static em_status raise_hard_sigmoid(eml_rewriter *rw, int node, const product *p) {
    int x, clip, add;
    if (!near(p->scale, 1.0 / 6) || !is_clipped(rw, p->factors[0], &x, &clip, &add)) return EM_OK;
    if (!eml_rw_has_op(rw, "", "HardSigmoid")) return EM_OK;
    EML_TRY(become(rw, node, p, "HardSigmoid", 6, x));
    eml_rw_put_float(rw, node, "alpha", (float)(1.0 / 6));
    eml_rw_put_float(rw, node, "beta", 0.5f);
    eml_rw_drop(rw, clip);
    eml_rw_drop(rw, add);
    return rw->status;
}

/* v = sigmoid(alpha x) */
static bool raise_swish(eml_rewriter *rw, int node, const product *p, int x, int v) {
    int sigmoid = step_back(rw, v, "Sigmoid"), mul = EML_NO_NODE;
    double alpha = 1;
    if (sigmoid < 0 || !near(p->scale, 1) || !eml_rw_has_op(rw, "", "Swish")) return false;
    int u = eml_rw_in(rw, sigmoid, 0);
    if (u != x) {
        mul = step_back(rw, u, "Mul");
        if (mul < 0 || eml_rw_node(rw, mul)->opset < 7) return false;
        int side = eml_rw_in(rw, mul, 0) == x ? 1 : 0;
        int c = eml_rw_in(rw, mul, side);
        if (eml_rw_in(rw, mul, 1 - side) != x || !number(rw, c, &alpha)) return false;
    }
    become(rw, node, p, "Swish", 24, x);
    if (alpha != 1) eml_rw_put_float(rw, node, "alpha", (float)alpha);
    eml_rw_drop(rw, sigmoid);
    if (mul >= 0) eml_rw_drop(rw, mul);
    return true;
}

/* v = tanh(softplus(x)) */
static bool raise_mish(eml_rewriter *rw, int node, const product *p, int x, int v) {
    int tanh_node = step_back(rw, v, "Tanh");
    int softplus = tanh_node >= 0 ? step_back(rw, eml_rw_in(rw, tanh_node, 0), "Softplus") : EML_NO_NODE;
    if (softplus < 0 || eml_rw_in(rw, softplus, 0) != x || !near(p->scale, 1)) return false;
    if (!eml_rw_has_op(rw, "", "Mish")) return false;
    become(rw, node, p, "Mish", 18, x);
    eml_rw_drop(rw, tanh_node);
    eml_rw_drop(rw, softplus);
    return true;
}

/* v = hardsigmoid(x), or clip(x + 3, 0, 6) with scale 1/6 */
static bool raise_hard_swish(eml_rewriter *rw, int node, const product *p, int x, int v) {
    int inner, clip, add;
    if (!eml_rw_has_op(rw, "", "HardSwish")) return false;
    int hard = step_back(rw, v, "HardSigmoid");
    if (hard >= 0) {
        bool fits = eml_rw_in(rw, hard, 0) == x && near((double)eml_rw_attr_float(rw, hard, "alpha", 0.2f), 1.0 / 6) &&
                    near((double)eml_rw_attr_float(rw, hard, "beta", 0.5f), 0.5) && near(p->scale, 1);
        if (!fits) return false;
        become(rw, node, p, "HardSwish", 14, x);
        eml_rw_drop(rw, hard);
        return true;
    }
    if (!near(p->scale, 1.0 / 6) || !is_clipped(rw, v, &inner, &clip, &add) || inner != x) return false;
    become(rw, node, p, "HardSwish", 14, x);
    eml_rw_drop(rw, clip);
    eml_rw_drop(rw, add);
    return true;
}

/* v = 1 + erf(x / sqrt 2) */
static bool raise_gelu(eml_rewriter *rw, int node, const product *p, int x, int v) {
    int erf_out, c;
    double by;
    if (!near(p->scale, 0.5) || !eml_rw_has_op(rw, "", "Gelu")) return false;
    int add = plus_number(rw, v, 1, &erf_out);
    int erf_node = add >= 0 ? step_back(rw, erf_out, "Erf") : EML_NO_NODE;
    if (erf_node < 0) return false;
    int u = eml_rw_in(rw, erf_node, 0), scaled = step_back(rw, u, "Div");
    bool division = scaled >= 0;
    if (!division) scaled = step_back(rw, u, "Mul");
    if (scaled < 0 || eml_rw_node(rw, scaled)->opset < 7) return false;
    int side = eml_rw_in(rw, scaled, 0) == x ? 0 : 1;
    if (eml_rw_in(rw, scaled, side) != x || (division && side != 0)) return false;
    c = eml_rw_in(rw, scaled, 1 - side);
    if (!number(rw, c, &by)) return false;
    if (!near(division ? 1 / by : by, sqrt(0.5))) return false;
    become(rw, node, p, "Gelu", 20, x);
    eml_rw_drop(rw, add);
    eml_rw_drop(rw, erf_node);
    eml_rw_drop(rw, scaled);
    return true;
}

static em_status visit(eml_rewriter *rw, int node, void *user) {
    (void)user;
    product p;
    if (!eml_rw_is(rw, node, "", "Mul") && !eml_rw_is(rw, node, "", "Div")) return EM_OK;
    if (eml_rw_node(rw, node)->n_out != 1 || !read_product(rw, node, &p)) return EM_OK;
    if (p.n == 1) return raise_hard_sigmoid(rw, node, &p);
    for (int i = 0; i < 2 && p.n == 2; i++) {
        int x = p.factors[i], v = p.factors[1 - i];
        if (raise_swish(rw, node, &p, x, v) || raise_mish(rw, node, &p, x, v) || raise_hard_swish(rw, node, &p, x, v) ||
            raise_gelu(rw, node, &p, x, v))
            break;
    }
    return rw->status;
}

em_status eml_pass_raise_activations(eml_pass_ctx *ctx) {
    return eml_rw_run_typed(ctx, visit, NULL);
}
