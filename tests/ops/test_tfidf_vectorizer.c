/* SPDX-License-Identifier: Apache-2.0 */
/* n-gram counts against counting every n-gram of every row by comparison. */
#include "support/expect.h"

#include <string.h>

enum { ITEMS = 4, MAX_POOL = 60, MAX_ROW = 14, MAX_GRAMS = 30 };
static const char *const words[] = {"a", "", "the", "\xc3\xa9t\xc3\xa9"};
static const char *const modes[] = {"TF", "IDF", "TFIDF"};

typedef struct pool {
    int64_t items[MAX_POOL], counts[3], indexes[MAX_GRAMS];
    float weights[MAX_GRAMS];
    size_t n_items, n_grams, first[MAX_GRAMS], length[MAX_GRAMS];
    int longest;
} pool;

static bool known(const pool *p, const int64_t *gram, size_t n) {
    for (size_t g = 0; g < p->n_grams; g++) {
        if (p->length[g] == n && memcmp(p->items + p->first[g], gram, n * sizeof(*gram)) == 0) return true;
    }
    return false;
}

static void make_pool(pool *p, uint64_t *seed) {
    memset(p, 0, sizeof(*p));
    p->longest = 1 + (int)(op_test_random(seed) * 3);
    for (size_t n = 1; n <= (size_t)p->longest; n++) {
        p->counts[n - 1] = (int64_t)p->n_items;
        for (int k = 0; k < 5; k++) {
            int64_t gram[3];
            for (size_t i = 0; i < n; i++) gram[i] = (int64_t)(op_test_random(seed) * ITEMS);
            if (known(p, gram, n)) continue;
            memcpy(p->items + p->n_items, gram, n * sizeof(gram[0]));
            p->first[p->n_grams] = p->n_items;
            p->length[p->n_grams] = n;
            p->weights[p->n_grams] = (float)(op_test_random(seed) + 0.5);
            p->n_grams++;
            p->n_items += n;
        }
    }
    for (size_t g = 0; g < p->n_grams; g++) p->indexes[g] = (int64_t)((g * 7 + 3) % p->n_grams); /* a permutation, if */
    if (p->n_grams % 7 == 0) {                                                                   /* 7 does not divide */
        for (size_t g = 0; g < p->n_grams; g++) p->indexes[g] = (int64_t)g;
    }
}

static void count_row(const pool *p, int least, int skips, int mode, const int64_t *row, int n, double *y) {
    for (size_t g = 0; g < p->n_grams; g++) {
        int length = (int)p->length[g], count = 0;
        for (int step = 1; step <= (length == 1 ? 1 : skips + 1); step++) {
            for (int start = 0; start + step * (length - 1) < n; start++) {
                bool same = true;
                for (int i = 0; i < length; i++)
                    same = same && row[start + i * step] == p->items[p->first[g] + (size_t)i];
                count += same;
            }
        }
        if (length < least) count = 0;
        y[p->indexes[g]] = mode == 0 ? count : (double)p->weights[g] * (mode == 1 ? count > 0 : count);
    }
}

static void random_pools(void **state) {
    (void)state;
    uint64_t seed = 81;
    for (int round = 0; round < 600; round++) {
        pool p;
        make_pool(&p, &seed);
        int least = 1 + (int)(op_test_random(&seed) * p.longest), skips = (int)(op_test_random(&seed) * 4),
            mode = round % 3;
        int rows = 1 + round % 3, n = (int)(op_test_random(&seed) * MAX_ROW), kind = round / 3 % 3;
        int64_t x64[3 * MAX_ROW];
        int32_t x32[3 * MAX_ROW];
        em_string text[3 * MAX_ROW], pool_text[MAX_POOL];
        double want[3 * MAX_GRAMS] = {0};
        for (int i = 0; i < rows * n; i++) {
            x64[i] = (int64_t)(op_test_random(&seed) * (ITEMS + 1)); /* one that no pool has */
            x32[i] = (int32_t)x64[i];
            text[i] = x64[i] < ITEMS ? em_string_of(words[x64[i]]) : (em_string)TEXT("other");
        }
        for (size_t i = 0; i < p.n_items; i++) pool_text[i] = em_string_of(words[p.items[i]]);
        for (int r = 0; r < rows; r++) count_row(&p, least, skips, mode, x64 + r * n, n, want + (size_t)r * p.n_grams);
        op_test t;
        op_test_begin(&t, "", "TfIdfVectorizer", 9);
        op_test_string(&t, "mode", modes[mode]);
        op_test_int(&t, "min_gram_length", least);
        op_test_int(&t, "max_gram_length", p.longest);
        op_test_int(&t, "max_skip_count", skips);
        op_test_ints(&t, "ngram_counts", p.counts, (size_t)p.longest);
        op_test_ints(&t, "ngram_indexes", p.indexes, p.n_grams);
        op_test_floats(&t, "weights", p.weights, p.n_grams);
        if (kind == 2)
            op_test_strings(&t, "pool_strings", pool_text, p.n_items);
        else
            op_test_ints(&t, "pool_int64s", p.items, p.n_items);
        int rank = rows == 1 ? 1 : 2;
        const int64_t dims[] = {rows, n}, *shape = rank == 1 ? dims + 1 : dims;
        op_test_in(&t, kind == 0   ? em_tensor_i64(x64, rank, shape)
                       : kind == 1 ? em_tensor_i32(x32, rank, shape)
                                   : em_tensor_strings(text, rank, shape));
        if (op_test_run(&t, 1) != EM_OK) fail_msg("round %d: %s", round, t.err.message);
        if (rank == 1)
            expect_shape(&t.out[0], 1, (int)p.n_grams);
        else
            expect_shape(&t.out[0], 2, rows, (int)p.n_grams);
        expect_floats(&t.out[0], want, 1e-5, 1e-5);
        op_test_end(&t);
    }
}

static void errors(void **state) {
    (void)state;
    static const int64_t items[] = {1, 2, 3, 2, 2, 1}, x[] = {1};
    static const struct {
        const char *mode;
        int64_t least, most, skips, counts[2], indexes[4];
        size_t n_counts, n_indexes, n_items, n_weights;
        const char *part;
    } cases[] = {
        {"TF", 1, 2, 0, {0, 2}, {0, 1, 2, 3}, 2, 4, 6, 0, NULL},
        {"tf", 1, 2, 0, {0, 2}, {0, 1, 2, 3}, 2, 4, 6, 0, "mode is 'tf'"},
        {"TF", 0, 2, 0, {0, 2}, {0, 1, 2, 3}, 2, 4, 6, 0, "n-grams have 0 to 2 items"},
        {"TF", 2, 1, 0, {0, 2}, {0, 1, 2, 3}, 2, 4, 6, 0, "n-grams have 2 to 1 items"},
        {"TF", 1, 3, 0, {0, 2}, {0, 1, 2, 3}, 2, 4, 6, 0, "n-grams have 1 to 3 items"},
        {"TF", 1, 2, -1, {0, 2}, {0, 1, 2, 3}, 2, 4, 6, 0, "max_skip_count is -1"},
        {"TF", 1, 2, 0, {0, 3}, {0, 1, 2, 3}, 2, 4, 6, 0, "2-grams take items 3 to 6"},
        {"TF", 1, 2, 0, {0, 7}, {0, 1, 2, 3}, 2, 4, 6, 0, "1-grams take items 0 to 7"},
        {"TF", 1, 2, 0, {-1, 2}, {0, 1, 2, 3}, 2, 4, 6, 0, "1-grams take items -1"},
        {"TF", 1, 2, 0, {0, 2}, {0, 1, 2, 3}, 2, 3, 6, 0, "ngram_indexes has 3 values, expected one for each"},
        {"TF", 1, 2, 0, {0, 2}, {0, -1, 2, 3}, 2, 4, 6, 0, "ngram_indexes[1] is -1"},
        {"TF", 1, 2, 0, {0, 2}, {0, INT64_MAX, 2, 3}, 2, 4, 6, 0, "ngram_indexes[1]"},
        {"TF", 1, 2, 0, {0, 2}, {0, 1, 2, 3}, 2, 4, 6, 2, "weights has 2 values, expected 4"},
        {"TF", 1, 2, 0, {0, 2}, {0, 1, 2, 3}, 2, 4, 0, 0, "0 pool_strings and 0 pool_int64s"},
        {"TF", 1, 1, 0, {0, 4}, {0, 1, 2, 3}, 2, 4, 6, 0, "n-gram 3 twice"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        static const float weights[4] = {0};
        op_test t;
        op_test_begin(&t, "", "TfIdfVectorizer", 9);
        op_test_string(&t, "mode", cases[i].mode);
        op_test_int(&t, "min_gram_length", cases[i].least);
        op_test_int(&t, "max_gram_length", cases[i].most);
        op_test_int(&t, "max_skip_count", cases[i].skips);
        op_test_ints(&t, "ngram_counts", cases[i].counts, cases[i].n_counts);
        op_test_ints(&t, "ngram_indexes", cases[i].indexes, cases[i].n_indexes);
        op_test_floats(&t, "weights", weights, cases[i].n_weights);
        op_test_ints(&t, "pool_int64s", items, cases[i].n_items);
        op_test_in(&t, em_tensor_i64(x, 1, (int64_t[]){1}));
        if (cases[i].part == NULL)
            assert_int_equal(op_test_run(&t, 1), EM_OK);
        else
            expect_failure(&t, 1, EM_ERR_MODEL, cases[i].part);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_pools), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
