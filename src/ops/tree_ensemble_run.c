/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/tree_ensemble_run.h"

#include <math.h>

#include "tensor/convert.h"

enum { MAX_CHUNKS = 8, MIN_CHUNK_BLOCKS = 2, NEAR_SUMS = 4096 };

/* Next place in the scratch, 64-byte aligned; false when it does not fit. */
static bool place(uint64_t *total, uint64_t count, uint64_t size, uint64_t *at) {
    *at = *total;
    if (size != 0 && count > (SIZE_MAX / 2 - *total) / size) return false;
    *total += (count * size + 63) / 64 * 64;
    return true;
}

/* Rows are used as they are. */
static bool direct(const eml_tree *tree, em_dtype dtype) {
    return dtype == EM_F32 && tree->engine != EML_TREE_WIDE;
}

bool eml_tree_plan_run(const eml_tree_model *model, em_dtype dtype, int64_t n, int64_t n_features, eml_tree_params *p,
                       size_t *scratch_bytes) {
    const eml_tree *tree = &model->tree;
    *p = (eml_tree_params){.n = n, .n_features = n_features, .dtype = dtype};
    p->in_double = dtype == EM_F64 || tree->weights_f64;
    p->slice = tree->n_tiles > 0 && !p->in_double && n >= tree->slice_rows;
    uint64_t blocks = ((uint64_t)n + EML_TREE_BLOCK - 1) / EML_TREE_BLOCK, chunks = blocks / MIN_CHUNK_BLOCKS;
    if (chunks > MAX_CHUNKS) chunks = MAX_CHUNKS;
    if (chunks == 0) chunks = 1;
    p->chunk_rows = (int64_t)((blocks + chunks - 1) / chunks * EML_TREE_BLOCK);

    /* LIST tells which targets are present, of one row. Else as many rows as the sums have room for nearby. */
    uint64_t rows = tree->kind == EML_TREE_LIST ? 1 : NEAR_SUMS / tree->n_targets + 1;
    if (rows > EML_TREE_BLOCK) rows = EML_TREE_BLOCK;
    if (rows > (uint64_t)n) rows = n > 0 ? (uint64_t)n : 1;
    p->block = p->slice ? EML_TREE_BLOCK : (uint32_t)rows;
    uint64_t value_bytes = tree->engine == EML_TREE_WIDE ? sizeof(double) : sizeof(float);
    uint64_t row_values = direct(tree, dtype) ? 0 : (uint64_t)n_features;
    size_t sum_bytes = p->in_double ? sizeof(double) : sizeof(float);
    uint64_t *total = &p->scratch_bytes;
    return place(total, (uint64_t)p->block * tree->n_targets, sum_bytes, &p->sums) &&
           place(total, tree->n_targets, sum_bytes, &p->row_sums) &&
           place(total, tree->kind == EML_TREE_LIST ? tree->n_targets : 0, 1, &p->present) &&
           place(total, tree->n_inputs, sizeof(float), &p->inputs) &&
           place(total, row_values, (p->slice ? EML_TREE_BLOCK : 1) * value_bytes, &p->row) &&
           place(total, p->slice ? tree->n_planes : 0, EML_TREE_BLOCK / 8, &p->planes) &&
           place(total, tree->engine == EML_TREE_MASK ? tree->mask_bytes : 0, 1, &p->masks) &&
           place(total, tree->engine == EML_TREE_MASK ? tree->n_trees : 0, sizeof(uint32_t), &p->leaves) &&
           eml_size_mul((size_t)*total, (size_t)chunks, scratch_bytes);
}

/* ---- rows ---- */

typedef struct task {
    eml_run *run;
    const eml_tree_model *model;
    const eml_tree_params *p;
} task;

/* The float on the far side of value (above, or for strict cuts below), so that comparing it with a float cut gives
 * what comparing value gives. */
static float round_away(double value, bool strict) {
    float f = (float)value;
    if (strict ? (double)f > value : (double)f < value) f = nextafterf(f, strict ? -INFINITY : INFINITY);
    return f;
}

/* Value i of x as the nodes see it; integers go through float. */
static float float_at(const task *t, int64_t i) {
    const void *x = t->run->in[0]->data;
    switch (t->p->dtype) {
    case EM_F32: return ((const float *)x)[i];
    case EM_F64: return round_away(((const double *)x)[i], t->model->tree.strict != 0);
    case EM_I64: return (float)((const int64_t *)x)[i];
    case EM_I32: return (float)((const int32_t *)x)[i];
    default: return eml_f16_to_f32(((const uint16_t *)x)[i]);
    }
}

/* n rows from row on, as the engine takes them. buffer: room for them when they are not direct. */
static eml_tree_row rows_at(const task *t, int64_t row, int64_t n, void *buffer) {
    const em_tensor *x = t->run->in[0];
    int64_t first = row * t->p->n_features, count = n * t->p->n_features;
    if (direct(&t->model->tree, (em_dtype)t->p->dtype)) return (eml_tree_row){.f32 = (const float *)x->data + first};
    if (t->model->tree.engine != EML_TREE_WIDE) {
        float *out = buffer;
        for (int64_t i = 0; i < count; i++) out[i] = float_at(t, first + i);
        return (eml_tree_row){.f32 = out};
    }
    if (t->p->dtype == EM_F64) return (eml_tree_row){.f64 = (const double *)x->data + first};
    double *out = buffer;
    for (int64_t i = 0; i < count; i++) out[i] = (double)float_at(t, first + i);
    return (eml_tree_row){.f64 = out};
}

/* Where the results of rows from row on go. */
static eml_tree_rows results_at(const task *t, int64_t row) {
    eml_run *run = t->run;
    bool labels = t->model->finish.n_labels > 0;
    em_tensor *label = labels ? run->out[0] : NULL;
    em_tensor *scores = !labels ? run->out[0] : run->n_out > 1 ? run->out[1] : NULL;
    eml_tree_rows rows = {.dtype = EM_F32};
    if (label != NULL && label->dtype == EM_STRING) rows.strings = (em_string *)label->data + row;
    if (label != NULL && label->dtype == EM_I64) rows.numbers = (int64_t *)label->data + row;
    if (scores != NULL) {
        size_t at = (size_t)row * t->model->finish.n_scores;
        rows.dtype = scores->dtype;
        rows.scores = (unsigned char *)scores->data + at * eml_dtype_size(scores->dtype);
    }
    return rows;
}

/* Sums of one row, to place i of the block. */
static void sum_row(const task *t, int64_t row, size_t i, unsigned char *scratch) {
    const eml_tree_params *p = t->p;
    const eml_tree *tree = &t->model->tree;
    eml_tree_row x = rows_at(t, row, 1, scratch + p->row);
    if (tree->n_inputs > 0) {
        float *inputs = (float *)(void *)(scratch + p->inputs);
        eml_tree_inputs(tree, x.f32, inputs);
        x.f32 = inputs;
    }
    /* With one target, or in a block of one row, the sums are where they belong at once. */
    bool here = tree->n_targets == 1 || p->block == 1;
    eml_tree_sums sums = {.present = scratch + p->present,
                          .masks = scratch + p->masks,
                          .leaves = (uint32_t *)(void *)(scratch + p->leaves)};
    if (p->in_double) {
        double *all = (double *)(void *)(scratch + p->sums);
        sums.f64 = here ? all + i : (double *)(void *)(scratch + p->row_sums);
        eml_tree_run_row(t->run, tree, (eml_tree_aggregate)t->model->finish.aggregate, x, sums);
        for (size_t c = 0; c < tree->n_targets && !here; c++) all[c * p->block + i] = sums.f64[c];
    } else {
        float *all = (float *)(void *)(scratch + p->sums);
        sums.f32 = here ? all + i : (float *)(void *)(scratch + p->row_sums);
        eml_tree_run_row(t->run, tree, (eml_tree_aggregate)t->model->finish.aggregate, x, sums);
        for (size_t c = 0; c < tree->n_targets && !here; c++) all[c * p->block + i] = sums.f32[c];
    }
}

static void run_block(const task *t, int64_t row, int64_t n, unsigned char *scratch) {
    const eml_tree_params *p = t->p;
    const eml_tree *tree = &t->model->tree;
    if (p->slice && n >= tree->slice_rows) {
        const float *x = rows_at(t, row, n, scratch + p->row).f32;
        EML_K(t->run)->tree_slice(tree, x, (size_t)p->n_features, (size_t)n, (uint64_t *)(void *)(scratch + p->planes),
                                  (float *)(void *)(scratch + p->sums));
    } else {
        for (int64_t i = 0; i < n; i++) sum_row(t, row + i, (size_t)i, scratch);
    }
    eml_tree_rows rows = results_at(t, row);
    if (p->in_double) {
        rows.f64 = (double *)(void *)(scratch + p->sums);
    } else {
        rows.f32 = (float *)(void *)(scratch + p->sums);
    }
    if (tree->kind == EML_TREE_LIST) rows.present = scratch + p->present;
    rows.stride = p->block;
    rows.n = (size_t)n;
    eml_tree_finish_rows(t->run, t->model, &rows);
}

static void run_chunks(void *user, int64_t begin, int64_t end) {
    const task *t = user;
    int64_t row = begin * t->p->chunk_rows, last = end * t->p->chunk_rows;
    unsigned char *scratch = (unsigned char *)t->run->scratch + (size_t)begin * t->p->scratch_bytes;
    if (last > t->p->n) last = t->p->n;
    for (; row < last; row += t->p->block)
        run_block(t, row, last - row < t->p->block ? last - row : t->p->block, scratch);
}

em_status eml_tree_run(eml_run *run) {
    task t = {run, run->blob, run->params};
    int64_t chunks = (t.p->n + t.p->chunk_rows - 1) / t.p->chunk_rows;
    if (chunks > 1) {
        eml_run_parallel(run, chunks, 1, run_chunks, &t);
    } else {
        run_chunks(&t, 0, chunks);
    }
    return EM_OK;
}
