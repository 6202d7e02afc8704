/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/tree_ensemble_finish.h"

#include <math.h>

#include "tensor/convert.h"

/* The inverse of the normal distribution by Winitzki's approximation of the inverse error function (2008), in float, as
 * ONNX's reference has it: its error (some 1e-4) is part of the expected result. */
static float probit(float p) {
    const float a = 0.147f;
    float x = 2.0f * p - 1.0f;
    float log_term = logf((1.0f - x) * (1.0f + x));
    float v = (float)(2 / (3.14159265358979 * 0.147)) + 0.5f * log_term;
    float root = sqrtf(-v + sqrtf(v * v - 1.0f / a * log_term));
    return 1.41421356f * (x < 0 ? -root : root);
}

/* ---- Transforms of v[c * stride + i], in place ----
 * The elementwise functions are kernels, which give the same bits for one row and many. */

static void sigmoid_float(const eml_run *run, size_t n, float *v) {
    EML_K(run)->sigmoid_f32(n, v, v);
}
static void sigmoid_double(const eml_run *run, size_t n, double *v) {
    EML_K(run)->sigmoid_f64(n, v, v);
}
static void exp_float(const eml_run *run, size_t n, float *v) {
    EML_K(run)->exp_f32(n, v, v);
}
static void exp_double(const eml_run *run, size_t n, double *v) {
    EML_K(run)->exp_f64(n, v, v);
}

/* fn over n values of each of classes; one call when they lie side by side. */
#define EACH(T, fn)                                                          \
    do {                                                                     \
        if (n == stride) {                                                   \
            fn(run, n *classes, v);                                          \
        } else {                                                             \
            for (size_t c = 0; c < classes; c++) fn(run, n, v + c * stride); \
        }                                                                    \
    } while (0)

/* SOFTMAX_ZERO: values next to 0 stay (nearly) 0 and take no part. */
#define SOFTMAX(T, EXP)                                                                                      \
    static void softmax_zero_##T(T *v, size_t stride, size_t classes) {                                      \
        T most = v[0], sum = 0;                                                                              \
        for (size_t c = 1; c < classes; c++) most = v[c * stride] > most ? v[c * stride] : most;             \
        for (size_t c = 0; c < classes; c++) {                                                               \
            T x = v[c * stride];                                                                             \
            bool next_to_zero = x <= (T)1e-7f && x >= (T)-1e-7f;                                             \
            v[c * stride] = next_to_zero ? x * EXP(-most) : EXP(x - most);                                   \
            if (!next_to_zero) sum += v[c * stride];                                                         \
        }                                                                                                    \
        for (size_t c = 0; c < classes; c++) v[c * stride] /= sum;                                           \
    }                                                                                                        \
    static void softmax_##T(const eml_run *run, T *v, size_t stride, size_t classes, size_t n) {             \
        for (size_t i = 0; i < n; i++) {                                                                     \
            T most = v[i];                                                                                   \
            for (size_t c = 1; c < classes; c++) most = v[c * stride + i] > most ? v[c * stride + i] : most; \
            for (size_t c = 0; c < classes; c++) v[c * stride + i] -= most;                                  \
        }                                                                                                    \
        EACH(T, exp_##T);                                                                                    \
        for (size_t i = 0; i < n; i++) {                                                                     \
            T sum = 0;                                                                                       \
            for (size_t c = 0; c < classes; c++) sum += v[c * stride + i];                                   \
            for (size_t c = 0; c < classes; c++) v[c * stride + i] /= sum;                                   \
        }                                                                                                    \
    }

/* A single score is not transformed, but by PROBIT. */
#define TRANSFORM(T)                                                                                              \
    static void transform_##T(const eml_run *run, uint32_t post, T *v, size_t stride, size_t classes, size_t n) { \
        if (post == EML_TREE_POST_PROBIT) {                                                                       \
            for (size_t c = 0; c < classes; c++) {                                                                \
                for (size_t i = 0; i < n; i++) v[c * stride + i] = (T)probit((float)v[c * stride + i]);           \
            }                                                                                                     \
        } else if (classes > 1 && post == EML_TREE_POST_LOGISTIC) {                                               \
            EACH(T, sigmoid_##T);                                                                                 \
        } else if (classes > 1 && post == EML_TREE_POST_SOFTMAX) {                                                \
            softmax_##T(run, v, stride, classes, n);                                                              \
        } else if (classes > 1 && post == EML_TREE_POST_SOFTMAX_ZERO) {                                           \
            for (size_t i = 0; i < n; i++) softmax_zero_##T(v + i, stride, classes);                              \
        }                                                                                                         \
    }

/* ---- Labels and scores ---- */

static void put_label(const eml_tree_model *model, const eml_tree_rows *rows, size_t i, uint32_t label) {
    const void *labels = eml_tree_at(&model->tree, model->finish.labels);
    if (rows->numbers != NULL) {
        rows->numbers[i] = ((const int64_t *)labels)[label];
    } else if (rows->strings != NULL) {
        eml_tree_label text = ((const eml_tree_label *)labels)[label];
        rows->strings[i] = (em_string){eml_tree_at(&model->tree, text.at), text.length};
    }
}

#define PUT_SCORE(T)                                                                 \
    static inline void put_score_##T(const eml_tree_rows *rows, size_t i, T value) { \
        if (rows->dtype == EM_F32) {                                                 \
            ((float *)rows->scores)[i] = (float)value;                               \
        } else if (rows->dtype == EM_F64) {                                          \
            ((double *)rows->scores)[i] = (double)value;                             \
        } else {                                                                     \
            eml_store_f64(rows->dtype, rows->scores, (int64_t)i, (double)value);     \
        }                                                                            \
    }

/* Two classes from the sum s of one, v[n]. Either both scores are made from s: (1 - s, s) for probabilities, (-s, s),
 * or (sigmoid(-s), sigmoid(s)); or the other class has its base value, or 0, and the two are transformed like any. */
#define BINARY(T)                                                                                              \
    static void binary_##T(const eml_run *run, const eml_tree_model *model, const eml_tree_rows *rows, T *v) { \
        const eml_tree_finish *f = &model->finish;                                                             \
        const double *base = eml_tree_at(&model->tree, f->base);                                               \
        size_t n = rows->n;                                                                                    \
        bool one = f->n_base == 1 && f->column == 0;                                                           \
        T add = f->n_base == 2 ? (T)base[f->column] : one ? (T)base[0] : 0, limit = f->positive ? (T)0.5 : 0;  \
        if (add != 0) {                                                                                        \
            for (size_t i = 0; i < n; i++) v[i] += add;                                                        \
        }                                                                                                      \
        for (size_t i = 0; i < n; i++) put_label(model, rows, i, v[i] > limit);                                \
        if (rows->scores == NULL) return;                                                                      \
        if (f->column == 1 || f->n_base == 2) {                                                                \
            for (size_t i = 0; i < n; i++) {                                                                   \
                T pair[2] = {0, 0};                                                                            \
                if (f->n_base == 2 && f->column == 1) pair[0] = (T)base[0];                                    \
                pair[f->column] = v[i];                                                                        \
                transform_##T(run, f->post, pair, 1, 2, 1);                                                    \
                put_score_##T(rows, 2 * i, pair[0]);                                                           \
                put_score_##T(rows, 2 * i + 1, pair[1]);                                                       \
            }                                                                                                  \
            return;                                                                                            \
        }                                                                                                      \
        bool logistic = f->post == EML_TREE_POST_LOGISTIC, probits = f->post == EML_TREE_POST_PROBIT;          \
        if (logistic) sigmoid_##T(run, n, v);                                                                  \
        T whole = f->positive || logistic ? 1 : 0;                                                             \
        for (size_t i = 0; i < n; i++) {                                                                       \
            T other = whole - v[i];                                                                            \
            put_score_##T(rows, 2 * i, probits ? (T)probit((float)other) : other);                             \
            put_score_##T(rows, 2 * i + 1, probits ? (T)probit((float)v[i]) : v[i]);                           \
        }                                                                                                      \
    }

/* Any number of scores. The label is the first class with the highest one. */
#define CLASSES(T)                                                                                              \
    static void classes_##T(const eml_run *run, const eml_tree_model *model, const eml_tree_rows *rows, T *v) { \
        const eml_tree_finish *f = &model->finish;                                                              \
        const double *base = eml_tree_at(&model->tree, f->base);                                                \
        size_t n = rows->n, stride = rows->stride, classes = f->n_scores;                                       \
        bool all = rows->present == NULL || classes <= 2 || f->n_base == classes;                               \
        for (size_t c = 0; c < classes && f->aggregate == EML_TREE_AVERAGE; c++) {                              \
            for (size_t i = 0; i < n; i++) v[c * stride + i] /= (T)f->n_trees;                                  \
        }                                                                                                       \
        for (size_t c = 0; c < f->n_base; c++) {                                                                \
            for (size_t i = 0; i < n; i++) v[c * stride + i] += (T)base[c];                                     \
        }                                                                                                       \
        for (size_t i = 0; i < n && f->n_labels > 0; i++) {                                                     \
            size_t label = classes;                                                                             \
            for (size_t c = 0; c < classes; c++) {                                                              \
                if (!all && !rows->present[c]) continue;                                                        \
                if (label == classes || v[c * stride + i] > v[label * stride + i]) label = c;                   \
            }                                                                                                   \
            put_label(model, rows, i, label == classes ? 0 : (uint32_t)label);                                  \
        }                                                                                                       \
        if (rows->scores == NULL) return;                                                                       \
        transform_##T(run, f->post, v, stride, classes, n);                                                     \
        for (size_t i = 0; i < n; i++) {                                                                        \
            for (size_t c = 0; c < classes; c++) put_score_##T(rows, i *classes + c, v[c * stride + i]);        \
        }                                                                                                       \
    }

#define ALL(T, EXP) SOFTMAX(T, EXP) TRANSFORM(T) PUT_SCORE(T) BINARY(T) CLASSES(T)
ALL(float, expf)
ALL(double, exp)

void eml_tree_finish_rows(const eml_run *run, const eml_tree_model *model, const eml_tree_rows *rows) {
    bool binary = model->finish.form == EML_TREE_BINARY;
    if (rows->f32 != NULL) {
        (binary ? binary_float : classes_float)(run, model, rows, rows->f32);
    } else {
        (binary ? binary_double : classes_double)(run, model, rows, rows->f64);
    }
}
