/* SPDX-License-Identifier: Apache-2.0 */
/* The inputs of one run, gathered from what the user names: files, folders, tables and values on the command line. */
#ifndef EDGEML_INPUTS_H
#define EDGEML_INPUTS_H

#include "edgeml/csv.h"

typedef struct inputs {
    const em_model *model;
    int count;           /* the model's inputs */
    em_io_info *infos;   /* [count] */
    em_tensor *tensors;  /* [count]; kind EM_NONE: not given */
    csv_header header;   /* how tables are read */
    const char *columns; /* columns to take from tables, "a,b,c"; NULL: whatever fits */
} inputs;

void inputs_init(pool *p, const em_model *model, inputs *in);

/* spec: NAME=FILE, NAME=VALUE, or a FILE or folder without a name. Fails with a message that begins with the file's or
 * the input's name. */
bool inputs_give(pool *p, inputs *in, const char *spec, em_error *err);
/* A folder in the layout of ONNX's tests: input_0.pb, input_1.pb, ... */
bool inputs_give_folder(pool *p, inputs *in, const char *folder, em_error *err);
/* Fails when an input that the model needs is missing; names all of them. */
bool inputs_complete(pool *p, const inputs *in, em_error *err);

/* Pseudo-random values for inputs that were not given, unknown dimensions as batch: floats in [0, 1), integers 1, bytes
 * 0..127, bools true, strings "a". Inputs that may be left out stay so. The same numbers in every run and on every
 * machine, so that measurements of different runtimes can be paired. */
bool inputs_fill(pool *p, inputs *in, int64_t batch, em_error *err);

/* "float32[batch, 5]", "sequence of float32[?]", "map int64 -> float32". */
const char *io_type_text(pool *p, const em_io_info *io);

#endif
