/* SPDX-License-Identifier: Apache-2.0 */
/* ai.onnx.ml SVMClassifier, with the layout of libsvm and the results of ONNX Runtime.
 *
 * With support vectors: classes vote in pairs. Vectors are sorted by class (vectors_per_class); coefficients[r, v] with
 * r < classes - 1 weigh vector v of class c against class r (r < c) or r + 1 (r >= c). For classes i < j
 *     s(i, j) = sum over v of class i of coefficients[j - 1, v] K(x, v)
 *             + sum over v of class j of coefficients[i, v] K(x, v) + rho[pair]      > 0: a vote for i, else for j.
 * Y = the first class with the most votes. Z = the s of all pairs; for two classes -s and s (LOGISTIC transforms these,
 * the others 1 - s and s). With prob_a, prob_b: Z = class probabilities (Platt; coupled after Wu, Lin and Weng 2004).
 *
 * Without: s[t] = x . coefficients[t, :] + rho[0]; Y = the class of the largest s, but of two classes without prob_a
 * the second as soon as the largest s is above 0 (at least 0.5 when no coefficient is negative). */
#include <string.h>

#include "ops/common/class_labels.h"
#include "ops/common/ml_input.h"
#include "ops/common/post_transform.h"
#include "ops/common/svm.h"

typedef struct svm_blob {
    eml_svm svm;
    eml_class_labels labels;
    uint32_t transform;
    uint32_t all_positive;  /* no coefficient is negative */
    uint32_t probabilities; /* prob_a and prob_b are there */
    uint64_t pairs;         /* classes * (classes - 1) / 2 */
    uint64_t
        coefficients; /* offset of float[]: per class float[classes - 1, its vectors]; without: [classes, features] */
    uint64_t rho;     /* offset of float[pairs]; without vectors float[classes] */
    uint64_t prob_a, prob_b; /* offsets of float[pairs] */
    uint64_t starts;         /* offset of uint64_t[classes + 1]: first vector of each class */
} svm_blob;

typedef struct svm_params {
    int64_t rows, features, block, width; /* width: columns of Z */
    /* Offsets into the scratch memory, in floats. */
    uint64_t converted, parts, pairs, coupling, votes, scores;
} svm_params;

/* ---- attributes ---- */

typedef struct svm_attrs {
    const float *coefficients, *rho, *prob_a, *prob_b;
    const int64_t *per_class;
    size_t n_coefficients, n_rho, n_prob, n_per_class, classes, pairs;
    eml_label_attrs labels;
    eml_post_transform transform;
    eml_svm svm;
} svm_attrs;

static em_status expect(eml_ctx *ctx, const char *what, size_t found, size_t least) {
    if (found >= least) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "%s has %zu values, expected %zu", what, found, least);
}

/* Vectors of all classes. */
static em_status count_vectors(eml_ctx *ctx, const svm_attrs *a, size_t *count) {
    int64_t sum = 0;
    for (size_t i = 0; i < a->n_per_class; i++) {
        if (a->per_class[i] < 0 || !eml_i64_add(sum, a->per_class[i], &sum) || (uint64_t)sum > SIZE_MAX)
            return eml_fail(ctx->err, EM_ERR_MODEL, "vectors_per_class[%zu] is %lld", i, (long long)a->per_class[i]);
    }
    *count = (size_t)sum;
    return EM_OK;
}

static em_status read_attributes(eml_ctx *ctx, svm_attrs *a) {
    size_t n_prob_b, vectors = 0, wanted;
    a->coefficients = eml_ctx_floats(ctx, "coefficients", &a->n_coefficients);
    a->rho = eml_ctx_floats(ctx, "rho", &a->n_rho);
    a->prob_a = eml_ctx_floats(ctx, "prob_a", &a->n_prob);
    a->prob_b = eml_ctx_floats(ctx, "prob_b", &n_prob_b);
    a->per_class = eml_ctx_ints(ctx, "vectors_per_class", &a->n_per_class);
    EML_TRY(eml_post_transform_read(ctx, &a->transform));
    EML_TRY(eml_labels_read(ctx, "classlabels_ints", "classlabels_strings", &a->labels));
    EML_TRY(count_vectors(ctx, a, &vectors));
    EML_TRY(eml_svm_read(ctx, vectors, &a->svm));
    a->classes = a->labels.count;
    if (a->classes == 0 || a->classes >= 65536 || (vectors > 0 && a->classes < 2))
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %zu class labels", a->classes);
    a->pairs = a->classes * (a->classes - 1) / 2; /* below 2^31 */
    if (a->n_prob != n_prob_b)
        return eml_fail(ctx->err, EM_ERR_MODEL, "prob_a has %zu values and prob_b %zu, expected as many", a->n_prob,
                        n_prob_b);
    if (vectors == 0) {
        if (a->n_coefficients == 0 || a->n_coefficients % a->classes != 0)
            return eml_fail(ctx->err, EM_ERR_MODEL, "coefficients has %zu values for %zu classes", a->n_coefficients,
                            a->classes);
        return expect(ctx, "rho", a->n_rho, 1);
    }
    if (a->n_per_class != a->classes)
        return eml_fail(ctx->err, EM_ERR_MODEL, "vectors_per_class has %zu values, expected %zu (classes)",
                        a->n_per_class, a->classes);
    if (!eml_size_mul(a->classes - 1, vectors, &wanted)) return eml_ctx_no_memory(ctx);
    EML_TRY(expect(ctx, "coefficients", a->n_coefficients, wanted));
    EML_TRY(expect(ctx, "rho", a->n_rho, a->pairs));
    return a->n_prob > 0 ? expect(ctx, "prob_a", a->n_prob, a->pairs) : EM_OK;
}

static int64_t width_of(const svm_attrs *a) {
    if (a->svm.vectors == 0 || a->n_prob > 0 || a->classes == 2) return (int64_t)a->classes;
    return (int64_t)a->pairs;
}

static em_status infer(eml_ctx *ctx) {
    svm_attrs a;
    int64_t rows, features;
    EML_TRY(read_attributes(ctx, &a));
    EML_TRY(eml_ml_rows(ctx, &rows, &features));
    int64_t wanted = (int64_t)(a.svm.vectors > 0 ? a.svm.features : a.n_coefficients / a.classes);
    if (features != wanted)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 has %lld features, the model has %lld", (long long)features,
                        (long long)wanted);
    EML_TRY(eml_ctx_out(ctx, 0, eml_labels_dtype(&a.labels), 1, (const int64_t[]){rows}));
    return eml_ctx_out(ctx, 1, EM_F32, 2, (const int64_t[]){rows, width_of(&a)});
}

/* ---- pack ---- */

/* Coefficients class by class, so that the weights of a class against all others stand together. */
static void pack_pairs(const svm_attrs *a, svm_blob *b) {
    uint64_t *starts = eml_blob_at_mutable(b, b->starts);
    float *out = eml_blob_at_mutable(b, b->coefficients);
    for (size_t c = 0; c < a->classes; c++) starts[c + 1] = starts[c] + (uint64_t)a->per_class[c];
    for (size_t c = 0; c < a->classes; c++) {
        for (size_t r = 0; r + 1 < a->classes; r++) {
            for (uint64_t v = starts[c]; v < starts[c + 1]; v++) *out++ = a->coefficients[r * a->svm.vectors + v];
        }
    }
    memcpy(eml_blob_at_mutable(b, b->rho), a->rho, a->pairs * sizeof(float));
    if (a->n_prob > 0) {
        memcpy(eml_blob_at_mutable(b, b->prob_a), a->prob_a, a->pairs * sizeof(float));
        memcpy(eml_blob_at_mutable(b, b->prob_b), a->prob_b, a->pairs * sizeof(float));
    }
}

static em_status pack(eml_ctx *ctx) {
    svm_attrs a;
    EML_TRY(read_attributes(ctx, &a));
    bool pairs = a.svm.vectors > 0;
    eml_layout layout = {0};
    svm_blob header = {.svm = a.svm, .transform = a.transform, .probabilities = a.n_prob > 0, .pairs = a.pairs};
    (void)eml_layout_add(&layout, 1, sizeof(header));
    eml_svm_lay_out(&layout, &header.svm);
    EML_TRY(eml_labels_lay_out(ctx, &a.labels, &layout, &header.labels));
    header.coefficients = eml_layout_add(&layout, a.n_coefficients, sizeof(float));
    header.rho = eml_layout_add(&layout, pairs ? a.pairs : a.classes, sizeof(float));
    header.prob_a = eml_layout_add(&layout, pairs ? a.n_prob : 0, sizeof(float));
    header.prob_b = eml_layout_add(&layout, pairs ? a.n_prob : 0, sizeof(float));
    header.starts = eml_layout_add(&layout, a.classes + 1, sizeof(uint64_t));
    header.all_positive = true;
    for (size_t i = 0; i < a.n_coefficients; i++)
        if (!(a.coefficients[i] >= 0.0f)) header.all_positive = false;
    svm_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    eml_labels_pack(&a.labels, &b->labels, b);
    eml_svm_pack(ctx, &b->svm, b);
    if (pairs) {
        pack_pairs(&a, b);
        return EM_OK;
    }
    memcpy(eml_blob_at_mutable(b, b->coefficients), a.coefficients, a.n_coefficients * sizeof(float));
    for (size_t c = 0; c < a.classes; c++) ((float *)eml_blob_at_mutable(b, b->rho))[c] = a.rho[0];
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    const svm_blob *b = ctx->blob;
    svm_params *p = eml_ctx_params(ctx, sizeof(*p));
    if (p == NULL) return eml_ctx_no_memory(ctx);
    EML_TRY(eml_ml_rows(ctx, &p->rows, &p->features));
    p->block = eml_svm_block(&b->svm);
    size_t block = (size_t)p->block, classes = b->labels.count, pairs = (size_t)b->pairs;
    bool vote = b->svm.vectors > 0;
    p->width = !vote || b->probabilities || classes == 2 ? (int64_t)classes : (int64_t)pairs;
    /* Parts begin on 64-byte lines: of a layout in bytes, in floats. */
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, vote ? (size_t)b->svm.vectors : 0, block * sizeof(float)); /* values come first */
    size_t convert = ctx->in[0]->dtype != EM_F32 ? (size_t)p->features : 0;
    p->converted = eml_layout_add(&layout, convert, block * sizeof(float)) / sizeof(float);
    p->parts = eml_layout_add(&layout, vote ? 2 * pairs : 0, block * sizeof(float)) / sizeof(float);
    p->pairs = eml_layout_add(&layout, vote ? pairs : 0, sizeof(float)) / sizeof(float);
    p->coupling = eml_layout_add(&layout, vote && b->probabilities ? classes * (2 * classes + 1) : 0, sizeof(float)) /
                  sizeof(float);
    p->votes = eml_layout_add(&layout, vote ? classes : 0, sizeof(float)) / sizeof(float);
    size_t scores = eml_ctx_has_out(ctx, 1) ? 0 : (size_t)p->width;
    p->scores = eml_layout_add(&layout, scores, block * sizeof(float)) / sizeof(float);
    ctx->scratch_bytes = layout.bytes;
    return layout.overflow ? eml_ctx_no_memory(ctx) : EM_OK;
}

/* ---- run: probabilities ---- */

/* p[n] from r[n, n], r[i, j] = probability of i against j. T.-F. Wu, C.-J. Lin, R. C. Weng, "Probability estimates for
 * multi-class classification by pairwise coupling", algorithm 2, with libsvm's stopping rule. room: float[n * n + n].
 */
static void couple(size_t n, const float *r, float *p, float *room) {
    float *q = room, *qp = room + n * n, least = 0.005f / (float)n;
    for (size_t i = 0; i < n; i++) {
        p[i] = 1.0f / (float)n;
        q[i * n + i] = 0.0f;
        for (size_t j = 0; j < n; j++) {
            if (j == i) continue;
            q[i * n + i] += r[j * n + i] * r[j * n + i];
            q[i * n + j] = -r[j * n + i] * r[i * n + j];
        }
    }
    for (int round = 0; round < 100; round++) {
        float pqp = 0.0f, worst = 0.0f;
        for (size_t i = 0; i < n; i++) {
            qp[i] = 0.0f;
            for (size_t j = 0; j < n; j++) qp[i] += q[i * n + j] * p[j];
            pqp += p[i] * qp[i];
        }
        for (size_t i = 0; i < n; i++) {
            float error = qp[i] > pqp ? qp[i] - pqp : pqp - qp[i];
            if (error > worst) worst = error;
        }
        if (worst < least) break;
        for (size_t i = 0; i < n; i++) {
            float step = (pqp - qp[i]) / q[i * n + i];
            p[i] += step;
            pqp = (pqp + step * (step * q[i * n + i] + 2.0f * qp[i])) / (1.0f + step) / (1.0f + step);
            for (size_t j = 0; j < n; j++) {
                qp[j] = (qp[j] + step * q[i * n + j]) / (1.0f + step);
                p[j] /= 1.0f + step;
            }
        }
    }
}

/* p[classes] from the scores of the pairs, which are overwritten. */
static void estimate(eml_run *run, const svm_blob *b, float *scores, float *p, float *room) {
    const float *prob_a = eml_blob_at(b, b->prob_a), *prob_b = eml_blob_at(b, b->prob_b);
    size_t n = b->labels.count, pairs = (size_t)b->pairs, pair = 0;
    float *r = room, *rest = room + n * n;
    for (size_t i = 0; i < pairs; i++) scores[i] = scores[i] * prob_a[i] + prob_b[i];
    EML_K(run)->sigmoid_f32(pairs, scores, scores);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++, pair++) {
            float win = 1.0f - scores[pair];
            win = win < 1e-7f ? 1e-7f : win > 1.0f - 1e-7f ? 1.0f - 1e-7f : win;
            r[i * n + j] = win;
            r[j * n + i] = 1.0f - win;
        }
    }
    couple(n, r, p, rest);
}

/* ---- run: votes ---- */

/* parts[n, classes, classes - 1]: for each class the sums of its vectors against the others. */
static void sum_parts(eml_run *run, const svm_blob *b, const float *values, int64_t n, float *parts) {
    const uint64_t *starts = eml_blob_at(b, b->starts);
    const float *w = eml_blob_at(b, b->coefficients);
    size_t classes = b->labels.count, others = classes - 1, vectors = (size_t)b->svm.vectors;
    for (size_t c = 0; c < classes; c++) {
        size_t count = (size_t)(starts[c + 1] - starts[c]);
        EML_K(run)->linear_f32((size_t)n, count, others, values + starts[c], vectors, w, NULL, parts + c * others,
                               classes * others);
        w += count * others;
    }
}

/* The winning class; scores[pairs] of one row from its parts. */
static uint32_t vote(const svm_blob *b, const float *parts, float *scores, uint32_t *votes) {
    const float *rho = eml_blob_at(b, b->rho);
    size_t classes = b->labels.count, others = classes - 1, pair = 0;
    uint32_t best = 0;
    memset(votes, 0, classes * sizeof(*votes));
    for (size_t i = 0; i < classes; i++) {
        for (size_t j = i + 1; j < classes; j++, pair++) {
            scores[pair] = parts[i * others + j - 1] + parts[j * others + i] + rho[pair];
            votes[scores[pair] > 0.0f ? i : j]++;
        }
    }
    for (uint32_t c = 1; c < classes; c++) best = votes[c] > votes[best] ? c : best;
    return best;
}

/* Labels and scores of n rows by pairs. */
static void classify_pairs(eml_run *run, const svm_params *p, const float *x, int64_t n, float *z, uint32_t *index) {
    const svm_blob *b = run->blob;
    float *values = run->scratch, *parts = values + p->parts, *room = values + p->coupling;
    uint32_t *votes = (uint32_t *)(void *)(values + p->votes);
    size_t classes = b->labels.count, row_parts = classes * (classes - 1);
    eml_svm_values(run, &b->svm, b, x, n, values);
    sum_parts(run, b, values, n, parts);
    for (int64_t i = 0; i < n; i++, z += p->width) {
        float *scores = b->probabilities || classes == 2 ? values + p->pairs : z;
        index[i] = vote(b, parts + (size_t)i * row_parts, scores, votes);
        if (b->probabilities) {
            estimate(run, b, scores, z, room);
        } else if (classes == 2) {
            bool negative = b->transform == EML_POST_NONE || b->transform == EML_POST_LOGISTIC;
            z[0] = negative ? -scores[0] : 1.0f - scores[0];
            z[1] = scores[0];
        }
    }
}

/* ---- run: without support vectors ---- */

static void classify_linear(eml_run *run, const svm_params *p, const float *x, int64_t n, float *z, uint32_t *index) {
    const svm_blob *b = run->blob;
    size_t classes = b->labels.count, features = (size_t)p->features;
    EML_K(run)->linear_f32((size_t)n, features, classes, x, features, eml_blob_at(b, b->coefficients),
                           eml_blob_at(b, b->rho), z, classes);
    for (int64_t i = 0; i < n; i++, z += classes) {
        uint32_t best = 0;
        for (uint32_t c = 1; c < classes; c++) best = z[c] > z[best] ? c : best;
        if (classes == 2 && !b->probabilities && (b->all_positive ? z[best] >= 0.5f : z[best] > 0.0f)) best = 1;
        index[i] = best;
    }
}

static em_status run(eml_run *run) {
    const svm_params *p = run->params;
    const svm_blob *b = run->blob;
    const em_tensor *in = run->in[0];
    float *room = run->scratch, *z = run->n_out > 1 && run->out[1] != NULL ? run->out[1]->data : NULL;
    bool voted = b->svm.vectors > 0, made_of_one = voted && !b->probabilities && p->width == 2 && b->pairs == 1;
    eml_post_transform transform = (eml_post_transform)b->transform;
    /* A single score is transformed by PROBIT only, two made of one also by LOGISTIC. */
    if (transform != EML_POST_PROBIT && (p->width == 1 || (made_of_one && transform != EML_POST_LOGISTIC)))
        transform = EML_POST_NONE;
    for (int64_t first = 0; first < p->rows; first += p->block) {
        uint32_t index[EML_SVM_BLOCK];
        int64_t n = p->rows - first < p->block ? p->rows - first : p->block;
        const float *x;
        float *scores = z != NULL ? z + first * p->width : room + p->scores;
        if (in->dtype == EM_F32) {
            x = (const float *)in->data + first * p->features;
        } else {
            eml_ml_to_f32(in->dtype, in->data, first * p->features, n * p->features, room + p->converted);
            x = room + p->converted;
        }
        if (voted)
            classify_pairs(run, p, x, n, scores, index);
        else
            classify_linear(run, p, x, n, scores, index);
        if (run->out[0] != NULL) eml_labels_write(&b->labels, b, index, n, run->out[0]->data, first);
        eml_post_transform_rows(run->k, transform, n, p->width, scores);
    }
    return EM_OK;
}

static const char *const attrs[] = {"classlabels_ints",
                                    "classlabels_strings",
                                    "coefficients",
                                    "kernel_params",
                                    "kernel_type",
                                    "post_transform",
                                    "prob_a",
                                    "prob_b",
                                    "rho",
                                    "support_vectors",
                                    "vectors_per_class",
                                    NULL};

EML_OP_DEFINE(ml, SVMClassifier, run, .infer = infer, .pack = pack, .prepare = prepare, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 2, .attrs = attrs);
