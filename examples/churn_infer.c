/* SPDX-License-Identifier: Apache-2.0 */
/* Who is about to leave? Reads a model and a table of customers, prints a label and a churn probability for each.
 *
 *     churn_infer churn.onnx customers.csv
 *
 * Any classifier on float [N, F] will do, with the probabilities as maps (scikit-learn's default) or as a tensor. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/table.h"
#include "edgeml.h"

/* Where the model's F features are in the table. The model may name them (train_churn.py writes "feature_names");
 * otherwise they are the last F columns. */
static bool find_features(const em_model *model, const table *t, size_t features, size_t *columns) {
    const char *names = em_model_metadata(model, "feature_names");
    if (t->columns < features)
        return fprintf(stderr, "%s: line 1: %zu columns, the model takes %zu\n", t->path, t->columns, features), false;
    for (size_t f = 0; f < features; f++) {
        columns[f] = t->columns - features + f;
        if (!names) continue;
        char name[128];
        size_t length = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)length, names);
        int found = table_column(t, name);
        if (found < 0) return false;
        columns[f] = (size_t)found;
        names += length + (names[length] == ',');
    }
    return true;
}

/* x[rows, features], malloc'ed; NULL when a cell is no number. */
static float *read_features(const table *t, size_t features, const size_t *columns) {
    float *x = malloc((t->rows * features + 1) * sizeof *x);
    for (size_t r = 0; x && r < t->rows; r++)
        for (size_t f = 0; f < features; f++)
            if (!table_number(t, r, columns[f], &x[r * features + f])) return free(x), NULL;
    return x;
}

/* Maps are asked for the label that means "leaves"; in a plain tensor [N, C] it is the last class. */
static double churn_probability(const em_tensor *p, int64_t row) {
    double value;
    if (em_map_get_i64(p, row, 1, &value) || em_map_get_string(p, row, "churn", &value)) return value;
    int64_t classes = p->rank > 1 ? p->dims[1] : 1;
    return ((const float *)p->data)[row * classes + classes - 1];
}

static void print_row(const table *t, size_t row, bool has_id, const em_tensor *label, const em_tensor *p) {
    if (has_id) printf("%s,", table_cell(t, row, 0));
    if (label->dtype == EM_STRING) {
        em_string text = ((const em_string *)label->data)[row];
        printf("%.*s", (int)text.length, text.data);
    } else {
        printf("%lld", (long long)((const int64_t *)label->data)[row]);
    }
    printf(",%.9f\n", churn_probability(p, (int64_t)row));
}

static bool infer(em_model *model, em_session *session, const table *t, em_error *err) {
    em_io_info input;
    em_model_input(model, 0, &input);
    if (input.dtype != EM_F32 || input.rank != 2 || input.dims[1] < 1 || em_model_output_count(model) < 2)
        return fprintf(stderr, "the model is no classifier on float [N, F]\n"), false;
    size_t features = (size_t)input.dims[1], *columns = calloc(features, sizeof *columns);
    bool found = columns && find_features(model, t, features, columns), ok = false;
    bool has_id = t->columns > features;
    for (size_t f = 0; found && f < features; f++) has_id = has_id && columns[f] != 0;
    float *x = found ? read_features(t, features, columns) : NULL;
    if (x) {
        em_tensor in = em_tensor_f32(x, 2, (int64_t[]){(int64_t)t->rows, (int64_t)features}), out[2] = {{0}};
        ok = em_session_run(session, &in, 1, out, 2, err) == EM_OK;
        if (!ok) fprintf(stderr, "%s\n", err->message);
        bool known = (out[0].dtype == EM_I64 || out[0].dtype == EM_STRING) && out[1].dtype == EM_F32;
        if (ok && (!known || em_tensor_count(&out[0]) != in.dims[0] || out[1].dims[0] != in.dims[0])) {
            fprintf(stderr, "the model gives no label and probability for each row\n");
            ok = false;
        }
        if (ok) printf("%s%slabel,churn_probability\n", has_id ? t->cells[0] : "", has_id ? "," : "");
        for (size_t r = 0; ok && r < t->rows; r++) print_row(t, r, has_id, &out[0], &out[1]);
    }
    free(x);
    free(columns);
    return ok;
}

int main(int argc, char **argv) {
    if (argc != 3) return fprintf(stderr, "usage: churn_infer MODEL.onnx CUSTOMERS.csv\n"), 2;
    em_error err;
    em_model *model = NULL;
    em_session *session = NULL;
    table t = {0};
    bool ok = em_model_load_file(argv[1], NULL, &model, &err) == EM_OK &&
              em_session_create(model, NULL, &session, &err) == EM_OK;
    if (!ok) fprintf(stderr, "%s\n", err.message);
    ok = ok && table_read(argv[2], &t) && infer(model, session, &t, &err);
    table_free(&t);
    em_session_destroy(session);
    em_model_destroy(model);
    return ok ? 0 : 1;
}
