/* SPDX-License-Identifier: Apache-2.0 */
/* One case of an ONNX test collection: a folder with model.onnx and test_data_set_0, test_data_set_1, ..., each with
 * input_N.pb and output_N.pb (or output_N.json for lists of maps). */
#ifndef EDGEML_CASE_H
#define EDGEML_CASE_H

#include "edgeml/tolerance.h"

typedef enum case_outcome {
    CASE_FAILED, /* 0: what a job that wrote nothing leaves */
    CASE_PASSED,
    CASE_UNSUPPORTED /* this build lacks something the model needs */
} case_outcome;

typedef struct case_result { /* plain: travels through a pipe */
    case_outcome outcome;
    double seconds;
    char reason[1024];  /* one line; "" when passed */
    char lacking[1024]; /* operators this build lacks, separated by spaces */
} case_result;

typedef struct case_options {
    tolerance tol;
    bool own_tolerance; /* given by the user: a case's data.json does not change it */
    bool batch_rows;    /* also compare each row alone with the row in its batch */
    int threads;
} case_options;

void case_run(const char *folder, const case_options *options, case_result *result);

/* Folders with a model.onnx at or below path, in order, appended to list. */
void case_find(pool *p, const char *path, const char ***list, size_t *count, size_t *room);

/* Runs each row of the inputs alone and compares it with its row in the outputs of the whole batch, to 1e-6. Passes
 * when the model has no batch: an input without an unknown first dimension, or with fewer than two rows. */
bool case_check_rows(pool *p, const em_model *model, const em_tensor *inputs, const em_tensor *outputs, int threads,
                     em_error *err);

#endif
