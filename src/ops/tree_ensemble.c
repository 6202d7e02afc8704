/* SPDX-License-Identifier: Apache-2.0 */
/* TreeEnsembleClassifier, TreeEnsembleRegressor, TreeEnsemble (ai.onnx.ml): forests of decision trees.
 *
 *   score[i, c] = post(base[c] + aggregate over trees t of the weight for c of the leaf that row x[i] reaches in t)
 *
 * pack checks the trees and lays them out (tree_ensemble_source, _forest, _pack), run (_run) evaluates them (_eval,
 * kernels/tree.h) and makes scores and labels (_finish). Float and integer rows are compared as float, double rows as
 * double; sums are taken in float, or in double for double rows or weights, in the order of the trees. */
#include <string.h>

#include "ops/tree_ensemble_pack.h"
#include "ops/tree_ensemble_run.h"

/* ---- infer ---- */

static em_status rows_of(eml_ctx *ctx, int64_t *n) {
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, 2));
    *n = ctx->in[0]->rank == 2 ? ctx->in[0]->dims[0] : 1;
    return EM_OK;
}

static em_status infer_classifier(eml_ctx *ctx) {
    size_t n_ints, n_strings;
    int64_t n;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_F32) | EML_T_BIT(EM_F64) | EML_T_BIT(EM_I64) | EML_T_BIT(EM_I32)));
    EML_TRY(rows_of(ctx, &n));
    (void)eml_ctx_ints(ctx, "classlabels_int64s", &n_ints);
    (void)eml_ctx_strings(ctx, "classlabels_strings", &n_strings);
    EML_TRY(eml_ctx_out(ctx, 0, n_strings > 0 ? EM_STRING : EM_I64, 1, &n));
    return eml_ctx_out(ctx, 1, EM_F32, 2, (int64_t[]){n, (int64_t)(n_strings > 0 ? n_strings : n_ints)});
}

static em_status infer_regressor(eml_ctx *ctx) {
    int64_t n;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_F32) | EML_T_BIT(EM_F64) | EML_T_BIT(EM_I64) | EML_T_BIT(EM_I32)));
    EML_TRY(rows_of(ctx, &n));
    return eml_ctx_out(ctx, 0, EM_F32, 2, (int64_t[]){n, eml_ctx_int(ctx, "n_targets", 1)});
}

static em_status infer_ensemble(eml_ctx *ctx) {
    int64_t n;
    EML_TRY(eml_ctx_check_in(ctx, 0, EML_T_BIT(EM_F32) | EML_T_BIT(EM_F64) | EML_T_BIT(EM_F16)));
    EML_TRY(rows_of(ctx, &n));
    return eml_ctx_out(ctx, 0, ctx->in[0]->dtype, 2, (int64_t[]){n, eml_ctx_int(ctx, "n_targets", 1)});
}

/* ---- pack ---- */

static em_status parse_name(eml_ctx *ctx, const char *attr, const char *const *names, uint32_t n, const char *fallback,
                            uint32_t *value) {
    em_string text = eml_ctx_string(ctx, attr, fallback);
    for (*value = 0; *value < n; ++*value) {
        if (strlen(names[*value]) == text.length && memcmp(names[*value], text.data, text.length) == 0) return EM_OK;
    }
    return eml_fail(ctx->err, EM_ERR_MODEL, "%s '%.*s' is not defined", attr,
                    (int)(text.length < 40 ? text.length : 40), text.data);
}

static em_status parse_post(eml_ctx *ctx, uint32_t *post) {
    static const char *const names[] = {"NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT"};
    return parse_name(ctx, "post_transform", names, 5, "NONE", post);
}

typedef struct class_labels {
    const int64_t *numbers;
    const em_string *strings;
    size_t n;
} class_labels;

/* Bytes of base values, labels and their characters. */
static size_t tail_bytes(const eml_tree_source *source, const class_labels *labels) {
    size_t bytes = source->base.n * sizeof(double) + labels->n * sizeof(int64_t);
    for (size_t i = 0; labels->strings != NULL && i < labels->n; i++) bytes += labels->strings[i].length;
    return bytes;
}

static void write_tail(eml_tree_model *model, const eml_tree_source *source, const class_labels *labels,
                       uint32_t tail) {
    unsigned char *blob = (unsigned char *)model;
    eml_tree_finish *finish = &model->finish;
    double *base = (double *)(void *)(blob + tail);
    finish->n_base = (uint32_t)source->base.n;
    finish->base = tail;
    for (size_t i = 0; i < source->base.n; i++) base[i] = eml_tree_real(source->base, i);
    finish->labels = tail + finish->n_base * (uint32_t)sizeof(double);
    finish->n_labels = (uint32_t)labels->n;
    finish->strings = labels->strings != NULL;
    if (labels->numbers != NULL) memcpy(blob + finish->labels, labels->numbers, labels->n * sizeof(int64_t));
    eml_tree_label *texts = (eml_tree_label *)(void *)(blob + finish->labels);
    uint32_t at = finish->labels + (uint32_t)(labels->n * sizeof(int64_t));
    for (size_t i = 0; labels->strings != NULL && i < labels->n; i++) {
        uint32_t length = (uint32_t)labels->strings[i].length;
        texts[i] = (eml_tree_label){at, length};
        if (length > 0) memcpy(blob + at, labels->strings[i].data, length);
        at += length;
    }
}
_Static_assert(sizeof(eml_tree_label) == sizeof(int64_t), "labels take the same room either way");

static em_status pack(eml_ctx *ctx, eml_arena *work, const eml_tree_source *source, const eml_forest *forest,
                      const eml_tree_finish *finish, const class_labels *labels, bool exact_presence) {
    eml_tree_pack_options options = {
        .single_target = finish->form == EML_TREE_BINARY || source->n_targets == 1,
        .add = finish->aggregate == EML_TREE_SUM || finish->aggregate == EML_TREE_AVERAGE,
        .exact_presence = exact_presence,
    };
    eml_tree *tree;
    uint32_t tail;
    EML_TRY(eml_tree_pack(ctx, work, source, forest, &options, sizeof(eml_tree_model), tail_bytes(source, labels),
                          &tail, &tree));
    eml_tree_model *model = (eml_tree_model *)(void *)tree;
    model->finish = *finish;
    model->finish.n_trees = source->n_trees;
    write_tail(model, source, labels, tail);
    return EM_OK;
}

/* The forest of the two older operators. */
static em_status read_forest(eml_ctx *ctx, eml_arena *work, const char *prefix, uint32_t n_targets,
                             eml_tree_source *source, eml_forest *forest) {
    bool usual;
    EML_TRY(eml_forest_usual(ctx, work, prefix, n_targets, source, forest, &usual));
    if (usual) return EM_OK;
    EML_TRY(eml_tree_source_nodes(ctx, work, prefix, n_targets, source));
    return eml_forest_build(ctx, work, source, forest);
}

static em_status read_labels(eml_ctx *ctx, class_labels *labels) {
    size_t n_numbers, n_strings;
    labels->numbers = eml_ctx_ints(ctx, "classlabels_int64s", &n_numbers);
    labels->strings = eml_ctx_strings(ctx, "classlabels_strings", &n_strings);
    if ((n_numbers > 0) == (n_strings > 0))
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %s of classlabels_int64s and classlabels_strings, expected one",
                        n_numbers > 0 ? "both" : "none");
    if (n_numbers == 0) labels->numbers = NULL;
    if (n_strings == 0) labels->strings = NULL;
    labels->n = n_numbers + n_strings;
    return labels->n <= INT32_MAX ? EM_OK : eml_fail(ctx->err, EM_ERR_LIMIT, "has too many classes");
}

static em_status classifier(eml_ctx *ctx, eml_arena *work) {
    class_labels labels = {0};
    eml_tree_finish finish = {.form = EML_TREE_CLASSES, .aggregate = EML_TREE_SUM, .positive = 1};
    eml_tree_source source;
    eml_forest forest;
    EML_TRY(parse_post(ctx, &finish.post));
    EML_TRY(read_labels(ctx, &labels));
    EML_TRY(read_forest(ctx, work, "class", (uint32_t)labels.n, &source, &forest));
    finish.n_scores = (uint32_t)labels.n;
    if (source.base.n > labels.n || (labels.n > 2 && source.base.n != 0 && source.base.n != labels.n))
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %zu base_values for %zu classes", source.base.n, labels.n);
    bool one_column = labels.n == 2 && source.weight.n > 0;
    for (size_t i = 0; i < source.weight.n; i++) {
        one_column &= eml_tree_target(&source, (uint32_t)i) == eml_tree_target(&source, 0);
        if (eml_tree_real(source.weight, i) < 0) finish.positive = 0;
    }
    if (one_column) {
        finish.form = EML_TREE_BINARY;
        finish.column = eml_tree_target(&source, 0);
    }
    return pack(ctx, work, &source, &forest, &finish, &labels, labels.n > 2 && source.base.n == 0);
}

static em_status regressor(eml_ctx *ctx, eml_arena *work) {
    static const char *const aggregates[] = {"AVERAGE", "SUM", "MIN", "MAX"};
    eml_tree_finish finish = {.form = EML_TREE_SCORES};
    eml_tree_source source;
    eml_forest forest;
    int64_t n_targets = eml_ctx_int(ctx, "n_targets", 1);
    EML_TRY(parse_post(ctx, &finish.post));
    EML_TRY(parse_name(ctx, "aggregate_function", aggregates, 4, "SUM", &finish.aggregate));
    if (n_targets < 1 || n_targets > INT32_MAX)
        return eml_fail(ctx->err, EM_ERR_MODEL, "n_targets is %lld, expected 1 or more", (long long)n_targets);
    finish.n_scores = (uint32_t)n_targets;
    EML_TRY(read_forest(ctx, work, "target", finish.n_scores, &source, &forest));
    if (source.base.n != 0 && source.base.n != finish.n_scores)
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %zu base_values for %u targets", source.base.n, finish.n_scores);
    return pack(ctx, work, &source, &forest, &finish, &(class_labels){0}, false);
}

static em_status ensemble(eml_ctx *ctx, eml_arena *work) {
    eml_tree_finish finish = {.form = EML_TREE_SCORES};
    eml_tree_source source;
    eml_forest forest;
    int64_t post = eml_ctx_int(ctx, "post_transform", EML_TREE_POST_NONE);
    int64_t aggregate = eml_ctx_int(ctx, "aggregate_function", EML_TREE_SUM);
    if (post < EML_TREE_POST_NONE || post > EML_TREE_POST_PROBIT)
        return eml_fail(ctx->err, EM_ERR_MODEL, "post_transform %lld is not defined", (long long)post);
    if (aggregate < EML_TREE_AVERAGE || aggregate > EML_TREE_MAX)
        return eml_fail(ctx->err, EM_ERR_MODEL, "aggregate_function %lld is not defined", (long long)aggregate);
    EML_TRY(eml_tree_source_split(ctx, work, &source));
    EML_TRY(eml_forest_build(ctx, work, &source, &forest));
    finish.post = (uint32_t)post;
    finish.aggregate = (uint32_t)aggregate;
    finish.n_scores = source.n_targets;
    return pack(ctx, work, &source, &forest, &finish, &(class_labels){0}, false);
}

/* With working memory of the model, given back at once. */
static em_status with_work(eml_ctx *ctx, em_status (*fn)(eml_ctx *ctx, eml_arena *work)) {
    enum { WORK_CHUNK = 64 << 10 };
    eml_arena work;
    eml_arena_init(&work, ctx->graph->arena.mem, WORK_CHUNK);
    em_status status = fn(ctx, &work);
    eml_arena_destroy(&work);
    return status;
}

static em_status pack_classifier(eml_ctx *ctx) {
    return with_work(ctx, classifier);
}
static em_status pack_regressor(eml_ctx *ctx) {
    return with_work(ctx, regressor);
}
static em_status pack_ensemble(eml_ctx *ctx) {
    return with_work(ctx, ensemble);
}

/* ---- prepare ---- */

static em_status prepare(eml_ctx *ctx) {
    const eml_tree_model *model = ctx->blob;
    const em_tensor *x = ctx->in[0];
    int64_t n = x->rank == 2 ? x->dims[0] : 1, n_features = x->dims[x->rank - 1];
    if (n_features < model->tree.n_features)
        return eml_fail(ctx->err, EM_ERR_MODEL, "a tree uses feature %u, input 0 has %lld columns",
                        model->tree.n_features - 1, (long long)n_features);
    eml_tree_params *params = eml_ctx_params(ctx, sizeof(*params));
    if (params == NULL || !eml_tree_plan_run(model, x->dtype, n, n_features, params, &ctx->scratch_bytes))
        return eml_ctx_no_memory(ctx);
    return EM_OK;
}

/* ---- descriptors ---- */

#define NODES                                                                                                    \
    "nodes_falsenodeids", "nodes_featureids", "nodes_hitrates", "nodes_hitrates_as_tensor",                      \
        "nodes_missing_value_tracks_true", "nodes_modes", "nodes_nodeids", "nodes_treeids", "nodes_truenodeids", \
        "nodes_values", "nodes_values_as_tensor", "base_values", "base_values_as_tensor", "post_transform"

static const char *const classifier_attrs[] = {NODES,
                                               "class_ids",
                                               "class_nodeids",
                                               "class_treeids",
                                               "class_weights",
                                               "class_weights_as_tensor",
                                               "classlabels_int64s",
                                               "classlabels_strings",
                                               NULL};
static const char *const regressor_attrs[] = {NODES,
                                              "aggregate_function",
                                              "n_targets",
                                              "target_ids",
                                              "target_nodeids",
                                              "target_treeids",
                                              "target_weights",
                                              "target_weights_as_tensor",
                                              NULL};
static const char *const ensemble_attrs[] = {"aggregate_function",
                                             "leaf_targetids",
                                             "leaf_weights",
                                             "membership_values",
                                             "n_targets",
                                             "nodes_falseleafs",
                                             "nodes_falsenodeids",
                                             "nodes_featureids",
                                             "nodes_hitrates",
                                             "nodes_missing_value_tracks_true",
                                             "nodes_modes",
                                             "nodes_splits",
                                             "nodes_trueleafs",
                                             "nodes_truenodeids",
                                             "post_transform",
                                             "tree_roots",
                                             NULL};

static const char *const packed[] = {"class_ids",          "class_nodeids",
                                     "class_treeids",      "class_weights",
                                     "leaf_targetids",     "nodes_falseleafs",
                                     "nodes_falsenodeids", "nodes_featureids",
                                     "nodes_hitrates",     "nodes_missing_value_tracks_true",
                                     "nodes_modes",        "nodes_nodeids",
                                     "nodes_treeids",      "nodes_trueleafs",
                                     "nodes_truenodeids",  "nodes_values",
                                     "target_ids",         "target_nodeids",
                                     "target_treeids",     "target_weights",
                                     "tree_roots",         NULL};

EML_OP_DEFINE(ml, TreeEnsembleClassifier, eml_tree_run, .infer = infer_classifier, .pack = pack_classifier,
              .prepare = prepare, .packed = packed, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 2,
              .last_opset = 4, .attrs = classifier_attrs);
EML_OP_DEFINE(ml, TreeEnsembleRegressor, eml_tree_run, .infer = infer_regressor, .pack = pack_regressor,
              .prepare = prepare, .packed = packed, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 1,
              .last_opset = 4, .attrs = regressor_attrs);
EML_OP_DEFINE(ml, TreeEnsemble, eml_tree_run, .infer = infer_ensemble, .pack = pack_ensemble, .prepare = prepare,
              .packed = packed, .min_in = 1, .max_in = 1, .min_out = 1, .max_out = 1, .attrs = ensemble_attrs);
