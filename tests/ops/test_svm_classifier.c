/* SPDX-License-Identifier: Apache-2.0 */
/* Votes, scores and probabilities against double computations in libsvm's layout. */
#include "support/expect.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { MAX_CLASSES = 5, MAX_VECTORS = 60, MAX_FEATURES = 9, MAX_ROWS = 130, MAX_PAIRS = 10 };

typedef struct model {
    int classes, features, rows, vectors, kind;
    int64_t per_class[MAX_CLASSES], labels[MAX_CLASSES];
    float x[MAX_ROWS * MAX_FEATURES], sv[MAX_VECTORS * MAX_FEATURES], w[(MAX_CLASSES - 1) * MAX_VECTORS];
    float rho[MAX_PAIRS], prob_a[MAX_PAIRS], prob_b[MAX_PAIRS], params[3];
    bool probabilities, logistic;
} model;

static const char *const kinds[] = {"LINEAR", "POLY", "RBF", "SIGMOID"};

static double kernel(const model *m, const float *x, const float *v) {
    double dot = 0, distance = 0, g = (double)m->params[0], c = (double)m->params[1];
    for (int f = 0; f < m->features; f++) {
        dot += (double)x[f] * (double)v[f];
        distance += ((double)x[f] - (double)v[f]) * ((double)x[f] - (double)v[f]);
    }
    return m->kind == 0   ? dot
           : m->kind == 1 ? pow(g * dot + c, (double)m->params[2])
           : m->kind == 2 ? exp(-g * distance)
                          : tanh(g * dot + c);
}

/* Class probabilities as the exact minimum of the coupling problem: Q p + b = 0, sum p = 1, by elimination. */
static void couple(int n, double r[MAX_CLASSES][MAX_CLASSES], double *p) {
    double a[MAX_CLASSES + 1][MAX_CLASSES + 2] = {{0}};
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < n; j++) {
            if (i != j) a[i][j] = -r[j][i] * r[i][j];
            if (i != j) a[i][i] += r[j][i] * r[j][i];
        }
        a[i][n] = a[n][i] = 1;
    }
    a[n][n + 1] = 1;
    for (int k = 0; k <= n; k++) {
        int best = k;
        for (int i = k; i <= n; i++) best = fabs(a[i][k]) > fabs(a[best][k]) ? i : best;
        for (int j = 0; j <= n + 1; j++) {
            double swap = a[k][j];
            a[k][j] = a[best][j];
            a[best][j] = swap;
        }
        for (int i = 0; i <= n; i++) {
            double factor = i != k ? a[i][k] / a[k][k] : 0;
            for (int j = 0; j <= n + 1; j++) a[i][j] -= factor * a[k][j];
        }
    }
    for (int i = 0; i < n; i++) p[i] = a[i][n + 1] / a[i][i];
}

/* Writes the scores of a row and returns the label's index; *close when rounding may turn a vote. */
static int classify(const model *m, const float *x, double *z, bool *close) {
    double values[MAX_VECTORS], r[MAX_CLASSES][MAX_CLASSES] = {{0}};
    int start[MAX_CLASSES + 1] = {0}, votes[MAX_CLASSES] = {0}, pair = 0, best = 0;
    for (int c = 0; c < m->classes; c++) start[c + 1] = start[c] + (int)m->per_class[c];
    for (int v = 0; v < m->vectors; v++) values[v] = kernel(m, x, m->sv + v * m->features);
    for (int i = 0; i < m->classes; i++) {
        for (int j = i + 1; j < m->classes; j++, pair++) {
            double s = (double)m->rho[pair];
            for (int v = start[i]; v < start[i + 1]; v++) s += (double)m->w[(j - 1) * m->vectors + v] * values[v];
            for (int v = start[j]; v < start[j + 1]; v++) s += (double)m->w[i * m->vectors + v] * values[v];
            votes[s > 0 ? i : j]++;
            if (fabs(s) < 1e-4) *close = true;
            r[i][j] = 1 / (1 + exp(s * (double)m->prob_a[pair] + (double)m->prob_b[pair]));
            r[j][i] = 1 - r[i][j];
            z[pair] = s;
        }
    }
    for (int c = 1; c < m->classes; c++) best = votes[c] > votes[best] ? c : best;
    if (m->probabilities) {
        couple(m->classes, r, z);
    } else if (m->classes == 2) {
        z[1] = z[0];
        z[0] = -z[0];
    }
    int width = m->probabilities || m->classes == 2 ? m->classes : pair;
    for (int k = 0; k < width && m->logistic; k++) z[k] = 1 / (1 + exp(-z[k]));
    return best;
}

static void begin(op_test *t, const model *m) {
    size_t pairs = (size_t)(m->classes * (m->classes - 1) / 2);
    op_test_begin(t, "ai.onnx.ml", "SVMClassifier", 1);
    op_test_string(t, "kernel_type", kinds[m->kind]);
    op_test_floats(t, "kernel_params", m->params, 3);
    op_test_floats(t, "support_vectors", m->sv, (size_t)(m->vectors * m->features));
    op_test_ints(t, "vectors_per_class", m->per_class, (size_t)m->classes);
    op_test_floats(t, "coefficients", m->w, (size_t)((m->classes - 1) * m->vectors));
    op_test_floats(t, "rho", m->rho, pairs);
    op_test_ints(t, "classlabels_ints", m->labels, (size_t)m->classes);
    op_test_string(t, "post_transform", m->logistic ? "LOGISTIC" : "NONE");
    if (m->probabilities) op_test_floats(t, "prob_a", m->prob_a, pairs);
    if (m->probabilities) op_test_floats(t, "prob_b", m->prob_b, pairs);
}

static void make(model *m, uint64_t *seed) {
    static const int rows[] = {1, 2, 7, 63, 64, 65, 130};
    m->classes = 2 + (int)(op_test_random(seed) * (MAX_CLASSES - 1));
    m->features = 1 + (int)(op_test_random(seed) * MAX_FEATURES);
    m->rows = rows[(int)(op_test_random(seed) * 7)];
    m->kind = (int)(op_test_random(seed) * 4);
    m->probabilities = op_test_random(seed) < 0.4;
    m->logistic = op_test_random(seed) < 0.3;
    m->vectors = 0;
    for (int c = 0; c < m->classes; c++) {
        m->per_class[c] = (int64_t)(op_test_random(seed) * 12); /* may have none */
        m->vectors += (int)m->per_class[c];
        m->labels[c] = c * 3 - 4;
    }
    if (m->vectors == 0) m->vectors = (int)(m->per_class[0] = 5);
    random_floats(seed, m->x, (size_t)(m->rows * m->features), 1);
    random_floats(seed, m->sv, (size_t)(m->vectors * m->features), 1);
    random_floats(seed, m->w, (size_t)((m->classes - 1) * m->vectors), 0.5);
    random_floats(seed, m->rho, MAX_PAIRS, 0.5);
    random_floats(seed, m->prob_a, MAX_PAIRS, 1);
    random_floats(seed, m->prob_b, MAX_PAIRS, 0.3);
    m->params[0] = 0.2f;
    m->params[1] = 0.4f;
    m->params[2] = (float)(1 + (int)(op_test_random(seed) * 4));
}

static void random_models(void **state) {
    (void)state;
    uint64_t seed = 61;
    for (int round = 0; round < 400; round++) {
        static model m;
        static double want[MAX_ROWS * MAX_PAIRS];
        make(&m, &seed);
        int pairs = m.classes * (m.classes - 1) / 2, width = m.probabilities || m.classes == 2 ? m.classes : pairs;
        op_test t;
        begin(&t, &m);
        op_test_in(&t, em_tensor_f32(m.x, 2, (int64_t[]){m.rows, m.features}));
        assert_int_equal(op_test_run(&t, 2), EM_OK);
        expect_shape(&t.out[0], 1, m.rows);
        expect_shape(&t.out[1], 2, m.rows, width);
        for (int r = 0; r < m.rows; r++) {
            double z[MAX_PAIRS + MAX_CLASSES];
            bool close = false;
            int label = classify(&m, m.x + r * m.features, z, &close);
            memcpy(want + r * width, z, (size_t)width * sizeof(double));
            if (!close && ((int64_t *)t.out[0].data)[r] != m.labels[label])
                fail_msg("round %d: label of row %d", round, r);
        }
        /* The iteration stops at residuals of 0.005 / classes. */
        expect_floats(&t.out[1], want, m.probabilities ? 0.02 : 1e-4, 1e-4);
        for (int r = 0; r < m.rows; r += 1 + m.rows / 5) {
            op_test one;
            begin(&one, &m);
            op_test_in(&one, em_tensor_f32(m.x + r * m.features, 2, (int64_t[]){1, m.features}));
            assert_int_equal(op_test_run(&one, 2), EM_OK);
            assert_memory_equal(one.out[1].data, (float *)t.out[1].data + r * width, (size_t)width * sizeof(float));
            op_test_end(&one);
        }
        op_test_end(&t);
    }
}

static const float w[] = {0.5f, -0.2f, 0.1f, 0.7f, -0.3f, -0.4f}, rho[] = {0.1f, 5, 6};
static const float x[] = {1, 2, -1, 0.5f, 0, 0, 0.3f, -0.7f};
static const em_string names[] = {TEXT("a"), TEXT("b"), TEXT("c")};

/* Without support vectors; the rule for two classes is peculiar. */
static void linear_mode(void **state) {
    (void)state;
    static const float positive[] = {0.5f, 0.2f, 0.1f, 0.7f};
    op_test t;
    op_test_begin(&t, "ai.onnx.ml", "SVMClassifier", 1);
    op_test_floats(&t, "coefficients", w, 6);
    op_test_floats(&t, "rho", rho, 3);
    op_test_strings(&t, "classlabels_strings", names, 3);
    op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){4, 2}));
    assert_int_equal(op_test_run(&t, 2), EM_OK);
    expect_strings(&t.out[0], (const char *const[]){"b", "b", "a", "a"});
    expect_floats(&t.out[1], (double[]){0.2, 1.6, -1, -0.5, 0.35, 0.2, 0.1, 0.1, 0.1, 0.39, -0.36, 0.29}, 1e-6, 0);
    op_test_end(&t);
    for (int k = 0; k < 3; k++) {
        op_test_begin(&t, "ai.onnx.ml", "SVMClassifier", 1);
        op_test_floats(&t, "coefficients", k == 1 ? positive : w, 4);
        op_test_floats(&t, "rho", rho, 1);
        op_test_strings(&t, "classlabels_strings", names, 2);
        if (k == 2) op_test_floats(&t, "prob_a", rho, 1);
        if (k == 2) op_test_floats(&t, "prob_b", rho, 1);
        op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){4, 2}));
        assert_int_equal(op_test_run(&t, 2), EM_OK);
        if (k == 0) expect_strings(&t.out[0], (const char *const[]){"b", "b", "b", "b"}); /* some score above 0 */
        if (k == 1) expect_strings(&t.out[0], (const char *const[]){"b", "b", "a", "a"}); /* at least 0.5 */
        if (k == 2) expect_strings(&t.out[0], (const char *const[]){"b", "b", "a", "a"}); /* the largest */
        op_test_end(&t);
    }
}

static void other_inputs(void **state) {
    (void)state;
    static const double d[] = {1, -2, 3, 0};
    static const int64_t l[] = {1, -2, 3, 0};
    static const int32_t i[] = {1, -2, 3, 0};
    static const float f[] = {1, -2, 3, 0}, sv[] = {1, 0, 0, 1, 2, 2}, params[] = {0.1f, 0, 3};
    static const int64_t per_class[] = {1, 2};
    const int64_t dims[] = {2, 2};
    em_tensor inputs[] = {em_tensor_f32(f, 2, dims), em_tensor_f64(d, 2, dims), em_tensor_i64(l, 2, dims),
                          em_tensor_i32(i, 2, dims)};
    float first[4];
    for (int k = 0; k < 4; k++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "SVMClassifier", 1);
        op_test_string(&t, "kernel_type", "RBF");
        op_test_floats(&t, "kernel_params", params, 3);
        op_test_floats(&t, "support_vectors", sv, 6);
        op_test_ints(&t, "vectors_per_class", per_class, 2);
        op_test_floats(&t, "coefficients", w, 3);
        op_test_floats(&t, "rho", rho, 1);
        op_test_strings(&t, "classlabels_strings", names, 2);
        op_test_in(&t, inputs[k]);
        assert_int_equal(op_test_run(&t, 2), EM_OK);
        if (k == 0) memcpy(first, t.out[1].data, sizeof(first));
        assert_memory_equal(t.out[1].data, first, sizeof(first));
        op_test_end(&t);
    }
}

static void errors(void **state) {
    (void)state;
    static const struct {
        size_t n_sv, n_w, n_rho, n_params, n_labels, n_a, n_b;
        int64_t per_class[2];
        const char *kind, *part;
    } cases[] = {
        {6, 3, 1, 3, 2, 0, 0, {1, 2}, "RBF", NULL},
        {6, 2, 1, 3, 2, 0, 0, {1, 2}, "RBF", "coefficients has 2 values, expected 3"},
        {5, 3, 1, 3, 2, 0, 0, {1, 2}, "RBF", "support_vectors has 5 values, expected a multiple of 3"},
        {3, 3, 1, 3, 2, 0, 0, {1, 2}, "RBF", "input 0 has 2 features, the model has 1"},
        {6, 3, 0, 3, 2, 0, 0, {1, 2}, "RBF", "rho has 0 values, expected 1"},
        {6, 3, 1, 2, 2, 0, 0, {1, 2}, "RBF", "kernel_params has 2 values"},
        {6, 3, 1, 0, 2, 0, 0, {1, 2}, "POLY", "kernel_params has 0 values"},
        {6, 3, 1, 3, 3, 0, 0, {1, 2}, "RBF", "vectors_per_class has 2 values, expected 3 (classes)"},
        {6, 3, 1, 3, 0, 0, 0, {1, 2}, "RBF", "has 0 class labels"},
        {6, 3, 1, 3, 2, 1, 0, {1, 2}, "RBF", "prob_a has 1 values and prob_b 0"},
        {6, 3, 1, 3, 2, 0, 0, {-1, 4}, "RBF", "vectors_per_class[0] is -1"},
        {6, 3, 1, 3, 2, 0, 0, {1, INT64_MAX}, "RBF", "vectors_per_class[1]"},
        {6, 3, 1, 3, 2, 0, 0, {1, 2}, "RBFX", "kernel_type is 'RBFX'"},
        {0, 3, 1, 3, 2, 0, 0, {0, 0}, "LINEAR", "coefficients has 3 values for 2 classes"},
        {6, 4, 1, 3, 2, 0, 0, {0, 0}, "LINEAR", "support_vectors has 6 values"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        op_test t;
        op_test_begin(&t, "ai.onnx.ml", "SVMClassifier", 1);
        op_test_string(&t, "kernel_type", cases[i].kind);
        op_test_floats(&t, "kernel_params", rho, cases[i].n_params);
        op_test_floats(&t, "support_vectors", x, cases[i].n_sv);
        op_test_ints(&t, "vectors_per_class", cases[i].per_class, 2);
        op_test_floats(&t, "coefficients", w, cases[i].n_w);
        op_test_floats(&t, "rho", rho, cases[i].n_rho);
        op_test_floats(&t, "prob_a", rho, cases[i].n_a);
        op_test_floats(&t, "prob_b", rho, cases[i].n_b);
        op_test_strings(&t, "classlabels_strings", names, cases[i].n_labels);
        op_test_in(&t, em_tensor_f32(x, 2, (int64_t[]){2, 2}));
        if (cases[i].part == NULL)
            assert_int_equal(op_test_run(&t, 2), EM_OK);
        else
            expect_failure(&t, 2, EM_ERR_MODEL, cases[i].part);
        op_test_end(&t);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(random_models), cmocka_unit_test(linear_mode),
                                       cmocka_unit_test(other_inputs), cmocka_unit_test(errors)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
