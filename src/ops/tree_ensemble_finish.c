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

/* ---- For sums in float and in double ---- */

#define LOGISTIC(T, EXP)                               \
    static T logistic_##T(T x) {                       \
        T small = (T)1 / ((T)1 + EXP(x < 0 ? x : -x)); \
        return x < 0 ? (T)1 - small : small;           \
    }

/* SOFTMAX, and SOFTMAX_ZERO: values next to 0 stay (nearly) 0 and take no part. */
#define SOFTMAX(T, EXP)                                                   \
    static void softmax_##T(T *v, size_t stride, uint32_t n, bool zero) { \
        T most = v[0], sum = 0;                                           \
        for (uint32_t c = 1; c < n; c++) {                                \
            if (v[c * stride] > most) most = v[c * stride];               \
        }                                                                 \
        for (uint32_t c = 0; c < n; c++) {                                \
            T x = v[c * stride];                                          \
            if (zero && x <= (T)1e-7f && x >= (T)-1e-7f) {                \
                v[c * stride] = x * EXP(-most);                           \
            } else {                                                      \
                v[c * stride] = EXP(x - most);                            \
                sum += v[c * stride];                                     \
            }                                                             \
        }                                                                 \
        for (uint32_t c = 0; c < n; c++) v[c * stride] /= sum;            \
    }

#define TRANSFORM(T)                                                                          \
    static void transform_##T(eml_tree_post post, T *v, size_t stride, uint32_t n) {          \
        if (post == EML_TREE_POST_PROBIT) {                                                   \
            for (uint32_t c = 0; c < n; c++) v[c * stride] = (T)probit((float)v[c * stride]); \
        } else if (n > 1 && post == EML_TREE_POST_LOGISTIC) {                                 \
            for (uint32_t c = 0; c < n; c++) v[c * stride] = logistic_##T(v[c * stride]);     \
        } else if (n > 1 && post != EML_TREE_POST_NONE) {                                     \
            softmax_##T(v, stride, n, post == EML_TREE_POST_SOFTMAX_ZERO);                    \
        }                                                                                     \
    }

/* Two classes from one sum: scores to v, the class returned. */
#define BINARY(T)                                                                           \
    static uint32_t binary_##T(const eml_tree_finish *f, const double *base, T s, T v[2]) { \
        if (f->n_base == 2) s += (T)base[f->column];                                        \
        if (f->n_base == 1 && f->column == 0) s += (T)base[0];                              \
        uint32_t label = f->positive ? s > (T)0.5 : s > 0;                                  \
        v[0] = f->column == 1 ? 0 : s;                                                      \
        v[1] = f->column == 1 ? s : 0;                                                      \
        if (f->column == 1 && f->n_base == 2) v[0] = (T)base[0];                            \
        if (f->column == 1 || f->n_base == 2) {                                             \
            transform_##T((eml_tree_post)f->post, v, 1, 2);                                 \
            return label;                                                                   \
        }                                                                                   \
        if (f->post == EML_TREE_POST_LOGISTIC) {                                            \
            v[0] = logistic_##T(-s);                                                        \
            v[1] = logistic_##T(s);                                                         \
            return label;                                                                   \
        }                                                                                   \
        v[0] = f->positive ? (T)1 - s : -s;                                                 \
        v[1] = s;                                                                           \
        if (f->post == EML_TREE_POST_PROBIT) transform_##T(EML_TREE_POST_PROBIT, v, 1, 2);  \
        return label;                                                                       \
    }

/* Any number of scores, in place; the class returned. */
#define CLASSES(T)                                                                                          \
    static uint32_t classes_##T(const eml_tree_finish *f, const double *base, const uint8_t *present, T *v, \
                                size_t stride) {                                                            \
        bool all_present = present == NULL || f->n_scores <= 2 || f->n_base == f->n_scores, any = false;    \
        uint32_t label = 0;                                                                                 \
        for (uint32_t c = 0; c < f->n_scores; c++) {                                                        \
            T *s = &v[c * stride];                                                                          \
            if (f->aggregate == EML_TREE_AVERAGE) *s /= (T)f->n_trees;                                      \
            if (c < f->n_base) *s += (T)base[c];                                                            \
            if (!(all_present || present[c]) || (any && !(*s > v[label * stride]))) continue;               \
            label = c;                                                                                      \
            any = true;                                                                                     \
        }                                                                                                   \
        transform_##T((eml_tree_post)f->post, v, stride, f->n_scores);                                      \
        return label;                                                                                       \
    }

#define ALL(T, EXP) LOGISTIC(T, EXP) SOFTMAX(T, EXP) TRANSFORM(T) BINARY(T) CLASSES(T)
ALL(float, expf)
ALL(double, exp)

/* ---- Writing ---- */

static void put_score(const eml_tree_rows *rows, size_t i, double value) {
    if (rows->dtype == EM_F32) {
        ((float *)rows->scores)[i] = (float)value;
    } else if (rows->dtype == EM_F64) {
        ((double *)rows->scores)[i] = value;
    } else {
        eml_store_f64(rows->dtype, rows->scores, (int64_t)i, value);
    }
}

static void put_label(const eml_tree_model *model, const eml_tree_rows *rows, size_t i, uint32_t label) {
    const void *labels = eml_tree_at(&model->tree, model->finish.labels);
    if (rows->numbers != NULL) {
        rows->numbers[i] = ((const int64_t *)labels)[label];
    } else if (rows->strings != NULL) {
        eml_tree_label text = ((const eml_tree_label *)labels)[label];
        rows->strings[i] = (em_string){eml_tree_at(&model->tree, text.at), text.length};
    }
}

static void finish_binary(const eml_tree_model *model, const double *base, const eml_tree_rows *rows, size_t i) {
    uint32_t label;
    if (rows->f32 != NULL) {
        float v[2];
        label = binary_float(&model->finish, base, rows->f32[i * rows->row_stride], v);
        if (rows->scores != NULL) {
            ((float *)rows->scores)[2 * i] = v[0];
            ((float *)rows->scores)[2 * i + 1] = v[1];
        }
    } else {
        double v[2];
        label = binary_double(&model->finish, base, rows->f64[i * rows->row_stride], v);
        if (rows->scores != NULL) {
            put_score(rows, 2 * i, v[0]);
            put_score(rows, 2 * i + 1, v[1]);
        }
    }
    put_label(model, rows, i, label);
}

static void finish_classes(const eml_tree_model *model, const double *base, const eml_tree_rows *rows, size_t i) {
    const eml_tree_finish *f = &model->finish;
    uint32_t label;
    if (rows->f32 != NULL) {
        float *v = rows->f32 + i * rows->row_stride;
        label = classes_float(f, base, rows->present, v, rows->target_stride);
        for (uint32_t c = 0; rows->scores != NULL && c < f->n_scores; c++)
            put_score(rows, i * f->n_scores + c, (double)v[c * rows->target_stride]);
    } else {
        double *v = rows->f64 + i * rows->row_stride;
        label = classes_double(f, base, rows->present, v, rows->target_stride);
        for (uint32_t c = 0; rows->scores != NULL && c < f->n_scores; c++)
            put_score(rows, i * f->n_scores + c, v[c * rows->target_stride]);
    }
    put_label(model, rows, i, label);
}

void eml_tree_finish_rows(const eml_tree_model *model, const eml_tree_rows *rows) {
    const double *base = eml_tree_at(&model->tree, model->finish.base);
    if (model->finish.form == EML_TREE_BINARY) {
        for (size_t i = 0; i < rows->n; i++) finish_binary(model, base, rows, i);
    } else {
        for (size_t i = 0; i < rows->n; i++) finish_classes(model, base, rows, i);
    }
}
