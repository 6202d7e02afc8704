/* SPDX-License-Identifier: Apache-2.0 */
/* Scores against double sums, labels against the largest score, one row against the same row in a batch. */
#include "support/expect.h"

#include <math.h>
#include <string.h>

enum { MAX_ROWS = 600, MAX_FEATURES = 20, MAX_TARGETS = 6 };

typedef struct model {
    size_t rows, features, targets;
    float x[MAX_ROWS * MAX_FEATURES], w[MAX_TARGETS * MAX_FEATURES], b[MAX_TARGETS];
    int64_t labels[MAX_TARGETS];
    const char *transform;
} model;

static void begin(op_test *t, const model *m, size_t n_labels) {
    op_test_begin(t, "ai.onnx.ml", "LinearClassifier", 1);
    op_test_floats(t, "coefficients", m->w, m->targets * m->features);
    op_test_floats(t, "intercepts", m->b, m->targets);
    op_test_ints(t, "classlabels_ints", m->labels, n_labels);
    op_test_string(t, "post_transform", m->transform);
}

static double probit(double p) { /* as the operator defines it */
    double x = 2 * p - 1, l = log((1 - x) * (1 + x)), v = 2 / (3.14159 * 0.147) + 0.5 * l;
    double root = sqrt(sqrt(v * v - l / 0.147) - v);
    return sqrt(2.0) * (x < 0 ? -root : root);
}

static void transform(const char *name, size_t n, double *s) {
    double most = s[0], sum = 0;
    for (size_t i = 0; i < n; i++) most = fmax(most, s[i]);
    bool softmax = strcmp(name, "SOFTMAX") == 0, zero = strcmp(name, "SOFTMAX_ZERO") == 0;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, "LOGISTIC") == 0) s[i] = 1 / (1 + exp(-s[i]));
        if (strcmp(name, "PROBIT") == 0) s[i] = probit(s[i]);
        if (zero && fabs(s[i]) < 1e-7)
            s[i] *= exp(-most);
        else if (softmax || zero)
            sum += s[i] = exp(s[i] - most);
    }
    for (size_t i = 0; i < n && (softmax || zero); i++) s[i] /= sum;
}

/* The scores of row r; returns the label's index. */
static size_t classify(const model *m, size_t r, double *s) {
    size_t best = 0;
    for (size_t c = 0; c < m->targets; c++) {
        s[c] = (double)m->b[c];
        for (size_t f = 0; f < m->features; f++)
            s[c] += (double)m->w[c * m->features + f] * (double)m->x[r * m->features + f];
        if (s[c] > s[best]) best = c;
    }
    if (m->targets == 1) {
        best = s[0] > 0;
        s[1] = s[0];
        s[0] = strcmp(m->transform, "LOGISTIC") == 0 ? -s[1] : 1 - s[1];
        if (strncmp(m->transform, "SOFTMAX", 7) != 0) transform(m->transform, 2, s);
    } else {
        transform(m->transform, m->targets, s);
    }
    return best;
}

static void check(const model *m) {
    static double want[MAX_ROWS * MAX_TARGETS];
    static int64_t labels[MAX_ROWS];
    size_t width = m->targets == 1 ? 2 : m->targets;
    for (size_t r = 0; r < m->rows; r++) labels[r] = m->labels[classify(m, r, want + r * width)];
    op_test t;
    begin(&t, m, width);
    op_test_in(&t, em_tensor_f32(m->x, 2, (int64_t[]){(int64_t)m->rows, (int64_t)m->features}));
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    expect_shape(&t.out[1], 2, (int)m->rows, (int)width);
    expect_ints(&t.out[0], labels);
    bool steep = strcmp(m->transform, "PROBIT") == 0; /* its slope is infinite at 0 and 1 */
    expect_floats(&t.out[1], want, steep ? 1e-3 : 1e-5, steep ? 1e-3 : 1e-5);
    for (size_t r = 0; r < m->rows; r += 1 + m->rows / 7) { /* alone, as a row and as a vector */
        op_test one;
        begin(&one, m, width);
        op_test_in(&one,
                   em_tensor_f32(m->x + r * m->features, r % 2 ? 1 : 2,
                                 r % 2 ? (int64_t[]){(int64_t)m->features} : (int64_t[]){1, (int64_t)m->features}));
        assert_int_equal(op_test_run(&one, 2), EM_OK);
        assert_memory_equal(one.out[1].data, (float *)t.out[1].data + r * width, width * sizeof(float));
        op_test_end(&one);
    }
    op_test_end(&t);
}

static void random_models(void **state) {
    (void)state;
    static const char *const transforms[] = {"NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO", "PROBIT"};
    static const size_t rows[] = {1, 2, 7, 8, 9, 255, 256, 257, 600}, features[] = {1, 2, 5, 8, 13, 20};
    uint64_t seed = 31;
    for (int round = 0; round < 300; round++) {
        static model m;
        m.rows = rows[(size_t)(op_test_random(&seed) * 9)];
        m.features = features[(size_t)(op_test_random(&seed) * 6)];
        m.targets = 1 + (size_t)(op_test_random(&seed) * MAX_TARGETS);
        m.transform = transforms[(size_t)(op_test_random(&seed) * 5)];
        random_floats(&seed, m.x, m.rows * m.features, 1.0);
        random_floats(&seed, m.w, m.targets * m.features, 0.3);
        random_floats(&seed, m.b, m.targets, 0.3);
        for (size_t c = 0; c < MAX_TARGETS; c++) m.labels[c] = (int64_t)c * 10 - 20;
        bool mirrored = m.targets == 2 && op_test_random(&seed) < 0.5;
        for (size_t f = 0; f < m.features && mirrored; f++) m.w[f] = -m.w[m.features + f];
        if (mirrored) m.b[0] = -m.b[1];
        if (strcmp(m.transform, "PROBIT") == 0) { /* scores are probabilities then */
            for (size_t i = 0; i < m.rows * m.features; i++) m.x[i] = fabsf(m.x[i]) / (float)m.features / 8;
            for (size_t i = 0; i < m.targets * m.features; i++) m.w[i] = fabsf(m.w[i]);
            for (size_t c = 0; c < m.targets; c++) m.b[c] = 0.3f;
        }
        check(&m);
    }
}

static const float w2[] = {0.5f, -0.2f, -0.5f, 0.2f}, b2[] = {0.1f, -0.1f};

static void strings_and_other_inputs(void **state) {
    (void)state;
    static const em_string labels[] = {TEXT("no"), TEXT("yes")};
    static const float f[] = {1, 2, -1, 3, 0, 0};
    static const double d[] = {1, 2, -1, 3, 0, 0};
    static const int64_t l[] = {1, 2, -1, 3, 0, 0};
    static const int32_t i[] = {1, 2, -1, 3, 0, 0};
    const int64_t dims[] = {3, 2};
    em_tensor inputs[] = {em_tensor_f32(f, 2, dims), em_tensor_f64(d, 2, dims), em_tensor_i64(l, 2, dims),
                          em_tensor_i32(i, 2, dims)};
    for (int k = 0; k < 8; k++) { /* the second time without the scores */
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "LinearClassifier", 1);
        op_test_floats(&t, "coefficients", w2, 4);
        op_test_floats(&t, "intercepts", b2, 2);
        op_test_strings(&t, "classlabels_strings", labels, 2);
        op_test_in(&t, inputs[k % 4]);
        assert_int_equal(op_test_run(&t, k < 4 ? 2 : 1), EM_OK);
        expect_strings(&t.out[0], (const char *const[]){"no", "yes", "no"});
        if (k < 4) expect_floats(&t.out[1], (double[]){0.2, -0.2, -1, 1, 0.1, -0.1}, 1e-6, 0);
        op_test_end(&t);
    }
}

static void odd_models(void **state) {
    (void)state;
    static const float x[] = {1, 2, -1, 0.5f};
    static const int64_t labels[] = {5, 9};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "LinearClassifier", 1); /* no labels: 0 and 1, one column */
    op_test_floats(&t, "coefficients", w2, 2);
    op_test_floats(&t, "intercepts", b2, 1);
    op_test_string(&t, "post_transform", "LOGISTIC");
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    expect_shape(&t.out[1], 2, 2, 1);
    expect_ints(&t.out[0], (int64_t[]){1, 0});
    expect_floats(&t.out[1], (double[]){0.2, -0.5}, 1e-6, 0);
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "LinearClassifier", 1); /* no intercepts */
    op_test_floats(&t, "coefficients", w2, 4);
    op_test_ints(&t, "classlabels_ints", labels, 2);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    expect_ints(&t.out[0], (int64_t[]){5, 9});
    expect_floats(&t.out[1], (double[]){0.1, -0.1, -0.6, 0.6}, 1e-6, 0);
    op_test_end(&t);
    static const float nan[] = {NAN, 1};
    op_test_begin(&t, "ai.onnx.ml", "LinearClassifier", 1); /* NaN wins against nothing */
    op_test_floats(&t, "coefficients", w2, 4);
    op_test_floats(&t, "intercepts", b2, 2);
    op_test_ints(&t, "classlabels_ints", labels, 2);
    op_test_in(&t, em_tensor_f32(nan, 1, (int64_t[]){2}));
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    expect_ints(&t.out[0], (int64_t[]){5});
    op_test_end(&t);
    op_test_begin(&t, "ai.onnx.ml", "LinearClassifier", 1); /* no rows */
    op_test_floats(&t, "coefficients", w2, 4);
    op_test_floats(&t, "intercepts", b2, 2);
    op_test_ints(&t, "classlabels_ints", labels, 2);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){0, 2}));
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    expect_shape(&t.out[1], 2, 0, 2);
    op_test_end(&t);
}

static void errors(void **state) {
    (void)state;
    static const float x[6] = {0};
    static const int64_t labels[] = {5, 9, 11};
    static const struct {
        size_t n_w, n_b, n_labels;
        int64_t features;
        const char *transform, *part;
    } cases[] = {
        {4, 2, 2, 3, "NONE", "coefficients has 4 values, expected 2 targets x 3 features (input)"},
        {3, 1, 2, 2, "NONE", "coefficients has 3 values, expected 1 targets x 2 features"},
        {2, 1, 3, 2, "NONE", "has 3 class labels, expected 2 for 1 targets"},
        {4, 2, 3, 2, "NONE", "has 3 class labels, expected 2 for 2 targets"},
        {2, 1, 1, 2, "NONE", "has 1 class labels"},
        {0, 2, 2, 2, "NONE", "coefficients has no values"},
        {4, 2, 2, 2, "SOFTMAX ", "post_transform is 'SOFTMAX '"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "LinearClassifier", 1);
        op_test_floats(&t, "coefficients", w2, cases[i].n_w);
        op_test_floats(&t, "intercepts", b2, cases[i].n_b);
        op_test_ints(&t, "classlabels_ints", labels, cases[i].n_labels);
        op_test_string(&t, "post_transform", cases[i].transform);
        op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){1, cases[i].features}));
        expect_failure(&t, 2, EM_ERR_MODEL, cases[i].part);
        op_test_end(&t);
    }
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "LinearClassifier", 1);
    op_test_floats(&t, "coefficients", w2, 4);
    op_test_in(&t, em_tensor_f32(x, 3, (int64_t[]){1, 2, 1}));
    expect_failure(&t, 2, EM_ERR_MODEL, "rank 3, expected 1 to 2");
    op_test_end(&t);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_models), cmocka_unit_test(strings_and_other_inputs),
                                       cmocka_unit_test(odd_models), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
