/* SPDX-License-Identifier: Apache-2.0 */
/* TfIdfVectorizer: counts the n-grams of a pool in x[C] or in each row of x[N, C].
 * An n-gram of n items s apart (s = 1 .. max_skip_count + 1) counts in column ngram_indexes[its position in the pool].
 * mode TF: y = count; IDF: y = weight where the count is not 0; TFIDF: y = count * weight.
 *
 * The pool becomes a trie: items are numbered, node 0 is the root, an edge is (node, item) -> node. */
#include <string.h>

#include "ops/common/layout.h"
#include "ops/common/lookup.h"

typedef enum weighing { TF, IDF, TFIDF } weighing;

#define NO_COLUMN UINT32_MAX

typedef struct tfidf_blob {
    uint32_t mode, strings;
    int64_t least, most, skips; /* lengths of n-grams; greatest number of items left out between two */
    uint64_t width;             /* of the output */
    uint64_t items;             /* offset of eml_lookup: an item's number */
    uint64_t edges;             /* offset of eml_lookup: node << 32 | item -> node - 1 */
    uint64_t unigrams;          /* offset of uint32_t[items]: the root's edges, 0: none */
    uint64_t columns;           /* offset of uint32_t[nodes], NO_COLUMN: not in the pool */
    uint64_t weights;           /* offset of float[nodes] */
} tfidf_blob;

/* ---- attributes ---- */

typedef struct tfidf_attrs {
    const em_string *strings;
    const int64_t *integers, *counts, *indexes;
    const float *weights;
    size_t n_items, n_counts, n_indexes, n_weights;
    int64_t least, most, skips, width;
    weighing mode;
} tfidf_attrs;

static em_status read_attributes(eml_ctx *ctx, tfidf_attrs *a) {
    size_t n_integers;
    a->strings = eml_ctx_strings(ctx, "pool_strings", &a->n_items);
    a->integers = eml_ctx_ints(ctx, "pool_int64s", &n_integers);
    a->counts = eml_ctx_ints(ctx, "ngram_counts", &a->n_counts);
    a->indexes = eml_ctx_ints(ctx, "ngram_indexes", &a->n_indexes);
    a->weights = eml_ctx_floats(ctx, "weights", &a->n_weights);
    a->least = eml_ctx_int(ctx, "min_gram_length", 0);
    a->most = eml_ctx_int(ctx, "max_gram_length", 0);
    a->skips = eml_ctx_int(ctx, "max_skip_count", -1);
    em_string mode = eml_ctx_string(ctx, "mode", "");
    a->mode = eml_ctx_string_is(ctx, "mode", "", "TF") ? TF : eml_ctx_string_is(ctx, "mode", "", "IDF") ? IDF : TFIDF;
    if (a->mode == TFIDF && !eml_ctx_string_is(ctx, "mode", "", "TFIDF"))
        return eml_fail(ctx->err, EM_ERR_MODEL, "mode is '%.*s', expected TF, IDF or TFIDF",
                        (int)(mode.length < 40 ? mode.length : 40), mode.data);
    if ((a->n_items == 0) == (n_integers == 0))
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "has %zu pool_strings and %zu pool_int64s, expected values in one of them", a->n_items,
                        n_integers);
    if (a->n_items == 0) a->strings = NULL;
    a->n_items += n_integers;
    if (a->least < 1 || a->most < a->least || (uint64_t)a->most > a->n_counts)
        return eml_fail(ctx->err, EM_ERR_MODEL,
                        "n-grams have %lld to %lld items, expected 1 to %zu (one for each of ngram_counts)",
                        (long long)a->least, (long long)a->most, a->n_counts);
    if (a->skips < 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "max_skip_count is %lld, expected 0 or more", (long long)a->skips);
    if (a->n_weights != 0 && a->n_weights != a->n_indexes)
        return eml_fail(ctx->err, EM_ERR_MODEL, "weights has %zu values, expected %zu as ngram_indexes", a->n_weights,
                        a->n_indexes);
    a->width = 0;
    for (size_t i = 0; i < a->n_indexes; i++) {
        if (a->indexes[i] < 0 || a->indexes[i] >= INT32_MAX)
            return eml_fail(ctx->err, EM_ERR_MODEL, "ngram_indexes[%zu] is %lld, expected 0 to 2^31 - 2", i,
                            (long long)a->indexes[i]);
        if (a->indexes[i] >= a->width) a->width = a->indexes[i] + 1;
    }
    return EM_OK;
}

static em_status infer(eml_ctx *ctx) {
    tfidf_attrs a;
    EML_TRY(read_attributes(ctx, &a));
    uint32_t integers = EML_T_BIT(EM_I32) | EML_T_BIT(EM_I64);
    EML_TRY(eml_ctx_check_in(ctx, 0, a.strings != NULL ? EML_T_BIT(EM_STRING) : integers));
    EML_TRY(eml_ctx_check_rank(ctx, 0, 1, 2));
    const em_tensor *x = ctx->in[0];
    int64_t dims[2] = {x->rank == 2 ? x->dims[0] : 1, a.width};
    return eml_ctx_out(ctx, 0, EM_F32, x->rank, x->rank == 2 ? dims : &dims[1]);
}

/* ---- pack ---- */

/* Enters the n-gram that begins at item i of the pool. */
static em_status enter(eml_ctx *ctx, const tfidf_attrs *a, tfidf_blob *b, size_t i, size_t length, size_t position) {
    eml_lookup *items = eml_blob_at_mutable(b, b->items), *edges = eml_blob_at_mutable(b, b->edges);
    uint32_t *columns = eml_blob_at_mutable(b, b->columns), *unigrams = eml_blob_at_mutable(b, b->unigrams);
    float *weights = eml_blob_at_mutable(b, b->weights);
    uint64_t node = 0;
    for (size_t k = 0; k < length; k++) {
        int64_t item = a->strings != NULL ? eml_lookup_put_string(items, a->strings[i + k])
                                          : eml_lookup_put_number(items, (uint64_t)a->integers[i + k]);
        int64_t edge = item >= 0 ? eml_lookup_put_number(edges, node << 32 | (uint64_t)item) : EML_LOOKUP_NONE;
        if (edge < 0) return eml_fail(ctx->err, EM_ERR_LIMIT, "%zu items collide in every table", a->n_items);
        if (node == 0) unigrams[item] = (uint32_t)edge + 1;
        node = (uint64_t)edge + 1;
    }
    if (columns[node] != 0) return eml_fail(ctx->err, EM_ERR_MODEL, "the pool has n-gram %zu twice", position);
    columns[node] = (uint32_t)a->indexes[position] + 1; /* + 1 until all are in */
    weights[node] = a->n_weights > 0 ? a->weights[position] : 1.0f;
    return EM_OK;
}

static em_status enter_pool(eml_ctx *ctx, const tfidf_attrs *a, tfidf_blob *b) {
    size_t position = 0;
    for (size_t n = 1; n <= a->n_counts; n++) {
        int64_t begin = a->counts[n - 1], end = n < a->n_counts ? a->counts[n] : (int64_t)a->n_items;
        if (begin < 0 || end < begin || (uint64_t)end > a->n_items || (uint64_t)(end - begin) % n != 0)
            return eml_fail(ctx->err, EM_ERR_MODEL,
                            "ngram_counts: %zu-grams take items %lld to %lld of %zu, expected whole ones in that range",
                            n, (long long)begin, (long long)end, a->n_items);
        bool wanted = (int64_t)n >= a->least && (int64_t)n <= a->most;
        for (size_t i = (size_t)begin; i < (size_t)end; i += n, position++) {
            if (position >= a->n_indexes)
                return eml_fail(ctx->err, EM_ERR_MODEL, "ngram_indexes has %zu values, expected one for each n-gram",
                                a->n_indexes);
            if (wanted) EML_TRY(enter(ctx, a, b, i, n, position));
        }
    }
    return EM_OK;
}

static em_status pack(eml_ctx *ctx) {
    tfidf_attrs a;
    size_t item_bytes, edge_bytes;
    EML_TRY(read_attributes(ctx, &a));
    EML_TRY(eml_lookup_measure(a.strings, a.n_items, &item_bytes, ctx->err));
    EML_TRY(eml_lookup_measure(NULL, a.n_items, &edge_bytes, ctx->err));
    eml_layout layout = {0};
    (void)eml_layout_add(&layout, 1, sizeof(tfidf_blob));
    tfidf_blob header = {.mode = a.mode,
                         .strings = a.strings != NULL,
                         .least = a.least,
                         .most = a.most,
                         .skips = a.skips,
                         .width = (uint64_t)a.width};
    header.items = eml_layout_add(&layout, item_bytes, 1);
    header.edges = eml_layout_add(&layout, edge_bytes, 1);
    header.unigrams = eml_layout_add(&layout, a.n_items, sizeof(uint32_t));
    header.columns = eml_layout_add(&layout, a.n_items + 1, sizeof(uint32_t));
    header.weights = eml_layout_add(&layout, a.n_items + 1, sizeof(float));
    tfidf_blob *b = eml_layout_blob(&layout, ctx);
    if (b == NULL) return eml_ctx_no_memory(ctx);
    *b = header;
    eml_lookup_begin(eml_blob_at_mutable(b, b->items), a.strings != NULL, a.n_items);
    eml_lookup_begin(eml_blob_at_mutable(b, b->edges), false, a.n_items);
    EML_TRY(enter_pool(ctx, &a, b));
    uint32_t *columns = eml_blob_at_mutable(b, b->columns);
    for (size_t i = 0; i <= a.n_items; i++) columns[i] -= 1; /* 0 becomes NO_COLUMN */
    return EM_OK;
}

static em_status prepare(eml_ctx *ctx) {
    const em_tensor *x = ctx->in[0];
    ctx->scratch_bytes = (size_t)x->dims[x->rank - 1] * sizeof(int32_t); /* no more than a row of the input */
    return EM_OK;
}

/* ---- run ---- */

static void number_items(const tfidf_blob *b, const em_tensor *x, int64_t first, int64_t n, int32_t *numbers) {
    const eml_lookup *items = eml_blob_at(b, b->items);
    for (int64_t i = 0; i < n; i++) {
        int64_t at = first + i;
        if (b->strings)
            numbers[i] = (int32_t)eml_lookup_string(items, ((const em_string *)x->data)[at]);
        else if (x->dtype == EM_I64)
            numbers[i] = (int32_t)eml_lookup_number(items, (uint64_t)((const int64_t *)x->data)[at]);
        else
            numbers[i] = (int32_t)eml_lookup_number(items, (uint64_t)((const int32_t *)x->data)[at]);
    }
}

static void count(const tfidf_blob *b, uint32_t node, float *y) {
    uint32_t column = ((const uint32_t *)eml_blob_at(b, b->columns))[node];
    if (column == NO_COLUMN) return;
    float weight = ((const float *)eml_blob_at(b, b->weights))[node];
    if (b->mode == TF)
        y[column] += 1.0f;
    else if (b->mode == TFIDF)
        y[column] += weight;
    else
        y[column] = weight;
}

/* n-grams of at least two items, step apart. */
static void count_longer(const tfidf_blob *b, const int32_t *numbers, int64_t n, int64_t step, float *y) {
    const eml_lookup *edges = eml_blob_at(b, b->edges);
    const uint32_t *unigrams = eml_blob_at(b, b->unigrams);
    for (int64_t start = 0; start + step < n; start++) {
        uint32_t node = numbers[start] >= 0 ? unigrams[numbers[start]] : 0;
        int64_t at = start + step;
        for (int64_t length = 2; node != 0 && length <= b->most && at < n; length++, at += step) {
            if (numbers[at] < 0) break;
            node = (uint32_t)(eml_lookup_number(edges, (uint64_t)node << 32 | (uint32_t)numbers[at]) + 1);
            if (node != 0 && length >= b->least) count(b, node, y);
        }
    }
}

static em_status run(eml_run *run) {
    const tfidf_blob *b = run->blob;
    const em_tensor *x = run->in[0];
    const uint32_t *unigrams = eml_blob_at(b, b->unigrams);
    int64_t rows = x->rank == 2 ? x->dims[0] : 1, n = x->dims[x->rank - 1];
    int32_t *numbers = run->scratch;
    float *y = run->out[0]->data;
    if (run->out[0]->bytes > 0) memset(y, 0, run->out[0]->bytes);
    for (int64_t r = 0; r < rows; r++, y += b->width) {
        number_items(b, x, r * n, n, numbers);
        for (int64_t i = 0; i < n && b->least == 1; i++) {
            if (numbers[i] >= 0 && unigrams[numbers[i]] != 0) count(b, unigrams[numbers[i]], y);
        }
        for (int64_t step = 1; step < n && b->most > 1; step++) {
            if (step - 1 > b->skips) break;
            count_longer(b, numbers, n, step, y);
        }
    }
    return EM_OK;
}

static const char *const attrs[] = {"max_gram_length", "max_skip_count", "min_gram_length", "mode",    "ngram_counts",
                                    "ngram_indexes",   "pool_int64s",    "pool_strings",    "weights", NULL};

EML_OP_DEFINE(ai, TfIdfVectorizer, run, .infer = infer, .pack = pack, .prepare = prepare, .min_in = 1, .max_in = 1,
              .min_out = 1, .max_out = 1, .attrs = attrs);
