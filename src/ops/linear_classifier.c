/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml LinearClassifier: s[n, t] = x[n, :] . coefficients[t, :] + intercepts[t]; Y[n] = label of the largest
 * score, Z = the scores after post_transform. multi_class changes nothing: it only tells how the model was trained.
 *
 * One target and two labels: Y = the second label where s > 0; Z has two columns, made of s as in ONNX Runtime:
 * LOGISTIC 1 / (1 + e^s) and 1 / (1 + e^-s), else 1 - s and s (then PROBIT of each). Without labels Y is 0 or 1 and Z
 * s. Two targets whose weights are each other's negatives (every binary model of scikit-learn): one score is computed.
 */
#include <string.h>

#include "ops/common/class_labels.h"
#include "ops/common/ml_input.h"
#include "ops/common/post_transform.h"

enum { BLOCK = 256 }; /* rows at a time: scores stay in the first cache until they are transformed */

typedef struct classifier_blob {
    uint32_t transform;
    uint32_t mirrored; /* if there are two targets */
    eml_class_labels labels;
    uint64_t coefficients, intercepts; /* offsets of float[]; 0: no intercepts */
} classifier_blob;

typedef struct classifier_params {
    int64_t rows, features;
    int32_t targets, width; /* columns of Z */
    em_dtype dtype;
} classifier_params;

/* ---- shapes ---- */

typedef struct classifier_attrs {
    const float *coefficients, *intercepts;
    size_t n_coefficients, n_intercepts;
    eml_label_attrs labels;
    eml_post_transform transform;
} classifier_attrs;

static const int64_t no_yes[] = {0, 1}; /* labels of a model without */

static em_status read_attributes(eml_ctx *ctx, classifier_attrs *a) {
    a->coefficients = eml_ctx_floats(ctx, "coefficients", &a->n_coefficients);
    a->intercepts = eml_ctx_floats(ctx, "intercepts", &a->n_intercepts);
    if (a->n_coefficients == 0) return eml_fail(ctx->err, EM_ERR_MODEL, "coefficients has no values");
    EML_TRY(eml_labels_read(ctx, "classlabels_ints", "classlabels_strings", &a->labels));
    if (a->labels.count == 0) a->labels = (eml_label_attrs){no_yes, NULL, 2};
    return eml_post_transform_read(ctx, &a->transform);
}

static em_status shape(eml_ctx *ctx, const classifier_attrs *a, classifier_params *p) {
    EML_TRY(eml_ml_rows(ctx, &p->rows, &p->features));
    size_t features = (size_t)p->features;
    size_t targets = a->n_intercepts > 0 ? a->n_intercepts : features > 0 ? a->n_coefficients / features : 0, product;
    if (!eml_size_mul(targets, features, &product) || product != a->n_coefficients || targets == 0)
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "coefficients has %zu values, expected %zu targets x %zu features (input)", a->n_coefficients,
                        targets, features);
    size_t labels = targets == 1 ? 2 : targets;
    if (a->labels.count != labels)
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %zu class labels, expected %zu for %zu targets", a->labels.count,
                        labels, targets);
    if (targets > INT32_MAX) return eml_fail(ctx->err, EM_ERR_LIMIT, "has %zu targets", targets);
    p->targets = (int32_t)targets;
    bool has_labels = a->labels.integers != no_yes;
    p->width = targets == 1 && !has_labels ? 1 : (int32_t)labels;
    p->dtype = ctx->in[0]->dtype;
    return EM_OK;
}

static em_status infer(eml_ctx *ctx) {
    classifier_attrs a;
    classifier_params p;
    EML_TRY(read_attributes(ctx, &a));
    EML_TRY(shape(ctx, &a, &p));
    EML_TRY(eml_ctx_out(ctx, 0, eml_labels_dtype(&a.labels), 1, (const int64_t[]){p.rows}));
    return eml_ctx_out(ctx, 1, EM_F32, 2, (const int64_t[]){p.rows, p.width});
}

static em_status pack(eml_ctx *ctx) {
    classifier_attrs a;
    EML_TRY(read_attributes(ctx, &a));
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(classifier_blob));
    classifier_blob header = {.transform = a.transform};
    header.coefficients = eml_layout_add(&layout, a.n_coefficients, sizeof(float));
    if (a.n_intercepts > 0) header.intercepts = eml_layout_add(&layout, a.n_intercepts, sizeof(float));
    EML_TRY(eml_labels_lay_out(ctx, &a.labels, &layout, &header.labels));
    size_t half = a.n_coefficients / 2;
    header.mirrored = a.n_intercepts == 2 && a.intercepts[0] == -a.intercepts[1] && a.n_coefficients % 2 == 0;
    for (size_t i = 0; i < half && header.mirrored; i++)
        header.mirrored = a.coefficients[i] == -a.coefficients[half + i];
    classifier_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    memcpy(eml_blob_at_mutable(b, b->coefficients), a.coefficients, a.n_coefficients * sizeof(float));
    if (a.n_intercepts > 0) memcpy(eml_blob_at_mutable(b, b->intercepts), a.intercepts, a.n_intercepts * sizeof(float));
    eml_labels_pack(&a.labels, &b->labels, b);
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    classifier_attrs a;
    classifier_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(read_attributes(ctx, &a));
    EML_TRY(shape(ctx, &a, p));
    /* Room for a block of converted rows, and of scores when nobody wants them. */
    size_t floats = 0, scores;
    bool fits = p->dtype == EM_F32 || eml_size_mul((size_t)p->features, BLOCK, &floats);
    fits = fits && eml_size_mul((size_t)p->width, eml_ctx_has_out(ctx, 1) ? 0 : BLOCK, &scores) &&
           eml_size_add(floats, scores, &floats) && eml_size_mul(floats, sizeof(float), &ctx->scratch_bytes);
    return fits ? EM_OK : eml_ctx_no_memory(ctx);
}

/* ---- run ---- */

typedef struct classifier_task {
    eml_run *run;
    const classifier_params *p;
    const classifier_blob *b;
} classifier_task;

/* scores[n, width]; what is left of a row is filled by spread. */
static void score(const classifier_task *t, const float *x, int64_t n, float *scores) {
    const classifier_params *p = t->p;
    const float *w = eml_blob_at(t->b, t->b->coefficients);
    const float *bias = t->b->intercepts != 0 ? eml_blob_at(t->b, t->b->intercepts) : NULL;
    size_t features = (size_t)p->features, width = (size_t)p->width, targets = (size_t)p->targets;
    if (targets == 2 && t->b->mirrored) {
        targets = 1;
        w += features;
        bias += 1;
        scores += 1;
    } else if (targets < width) {
        scores += 1;
    }
    EML_K(t->run)->linear_f32((size_t)n, features, targets, x, features, w, bias, scores, width);
}

/* index[i] = which label row i gets. A NaN is larger than nothing. */
static void choose(const classifier_task *t, int64_t n, const float *scores, uint32_t *index) {
    int32_t targets = t->p->targets, width = t->p->width;
    if (targets == 1 || (targets == 2 && t->b->mirrored)) {
        for (int64_t i = 0; i < n; i++) index[i] = scores[i * width + width - 1] > 0.0f;
        return;
    }
    for (int64_t i = 0; i < n; i++, scores += width) {
        uint32_t best = 0;
        for (int32_t c = 1; c < targets; c++) best = scores[c] > scores[best] ? (uint32_t)c : best;
        index[i] = best;
    }
}

/* The first of two columns from the second. */
static void spread(const classifier_task *t, int64_t n, float *scores) {
    bool negative = t->p->targets == 2 || t->b->transform == EML_POST_LOGISTIC;
    if (negative) {
        for (int64_t i = 0; i < n; i++) scores[2 * i] = -scores[2 * i + 1];
    } else {
        for (int64_t i = 0; i < n; i++) scores[2 * i] = 1.0f - scores[2 * i + 1];
    }
}

static void classify(void *task, int64_t begin, int64_t end) {
    const classifier_task *t = task;
    const classifier_params *p = t->p;
    eml_run *run = t->run;
    float *room = run->scratch, *z = run->n_out > 1 && run->out[1] != NULL ? run->out[1]->data : NULL;
    float *converted = room, *scores = p->dtype != EM_F32 ? room + BLOCK * p->features : room;
    bool one_score = p->targets == 1 || (p->targets == 2 && t->b->mirrored);
    /* One column: ONNX Runtime transforms it by PROBIT only. With two made of one, NONE and SOFTMAX leave 1 - s and s.
     */
    eml_post_transform transform = (eml_post_transform)t->b->transform;
    if (p->targets == 1 && transform != EML_POST_PROBIT && (p->width == 1 || transform != EML_POST_LOGISTIC))
        transform = EML_POST_NONE;
    for (int64_t first = begin; first < end; first += BLOCK) {
        uint32_t index[BLOCK];
        int64_t n = end - first < BLOCK ? end - first : BLOCK;
        const float *x = converted;
        if (p->dtype == EM_F32)
            x = (const float *)run->in[0]->data + first * p->features;
        else
            eml_ml_to_f32(p->dtype, run->in[0]->data, first * p->features, n * p->features, converted);
        if (z != NULL) scores = z + first * p->width;
        score(t, x, n, scores);
        if (run->out[0] != NULL) {
            choose(t, n, scores, index);
            eml_labels_write(&t->b->labels, t->b, index, n, run->out[0]->data, first);
        }
        if (z != NULL && one_score && p->width == 2) spread(t, n, scores);
        if (z != NULL) eml_post_transform_rows(run->k, transform, n, p->width, scores);
    }
}

static em_status run(eml_run *run) {
    classifier_task task = {run, run->params, run->blob};
    const classifier_params *p = task.p;
    bool shares_nothing = p->dtype == EM_F32 && run->n_out > 1 && run->out[1] != NULL;
    if (shares_nothing && p->rows > BLOCK)
        eml_run_parallel(run, p->rows, 8 * BLOCK, classify, &task);
    else
        classify(&task, 0, p->rows);
    return EM_OK;
}

static const char *const attrs[] = {
    "classlabels_ints", "classlabels_strings", "coefficients", "intercepts", "multi_class", "post_transform", NULL};

EML_OP_DEFINE(ml, LinearClassifier, run, .infer = infer, .pack = pack, .prepare = prepare, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 2, .attrs = attrs);
