/* SPDX-License-Identifier: Apache-2.0 */
/* A batch is a promise: row by row the model gives the same. Kernels that treat the last rows of a block differently,
 * or mix rows up, break it. */
#include <string.h>

#include "edgeml/case.h"
#include "edgeml/inputs.h"

/* Rows all tensors of the batch have; 0 when there is no batch. */
static int64_t batch_rows(const inputs *in) {
    int64_t rows = 0;
    for (int i = 0; i < in->count; i++) {
        const em_tensor *t = &in->tensors[i];
        if (t->kind == EM_NONE) continue;
        if (t->kind != EM_TENSOR || t->rank < 1 || in->infos[i].rank != t->rank || in->infos[i].dims[0] >= 0) return 0;
        if (rows && t->dims[0] != rows) return 0;
        if (em_dtype_bytes(t->dtype, 2) == em_dtype_bytes(t->dtype, 1))
            return 0; /* packed: a row begins inside a byte */
        rows = t->dims[0];
    }
    return rows < 2 ? 0 : rows;
}

/* Row r of x[rows, ...] as [1, ...]; shares its data. */
static em_tensor row_of(const em_tensor *t, int64_t r) {
    em_tensor row = *t;
    row.dims[0] = 1;
    row.bytes = em_dtype_bytes(t->dtype, em_tensor_count(&row));
    if (t->data) row.data = (char *)t->data + (size_t)r * row.bytes;
    return row;
}

static bool compare_row(const em_model *model, const em_tensor *batch, const em_tensor *alone, int64_t rows, int64_t r,
                        em_error *err) {
    const tolerance tol = {.rtol = 1e-6, .atol = 1e-6, .rtol_bf16 = 1e-6};
    for (int i = 0; i < em_model_output_count(model); i++) {
        em_io_info io;
        bool has_rows = (batch[i].kind == EM_TENSOR || batch[i].kind == EM_MAPS) && batch[i].rank > 0 &&
                        batch[i].dims[0] == rows &&
                        em_dtype_bytes(batch[i].dtype, 2) > em_dtype_bytes(batch[i].dtype, 1);
        if (!has_rows) continue;
        em_model_output(model, i, &io);
        em_tensor expected = row_of(&batch[i], r);
        if (!compare_values(&expected, &alone[i], &tol, err))
            return report_prefix(err, "output '%s': row %lld alone differs from the batch: ", io.name, (long long)r);
    }
    return true;
}

bool case_check_rows(pool *p, const em_model *model, const em_tensor *given, const em_tensor *outputs, int threads,
                     em_error *err) {
    inputs in;
    inputs_init(p, model, &in);
    for (int i = 0; i < in.count; i++) in.tensors[i] = given[i];
    int64_t rows = batch_rows(&in);
    if (rows == 0) return true;
    int count = em_model_output_count(model);
    em_tensor *alone = pool_array(p, (size_t)count, sizeof *alone);
    em_session *session = NULL; /* of its own: outputs lie in the buffers of the other */
    em_session_options options = EM_OPTIONS_INIT(em_session_options);
    options.threads = threads;
    bool ok = em_session_create(model, &options, &session, err) == EM_OK;
    for (int64_t r = 0; ok && r < rows; r++) {
        for (int i = 0; i < in.count; i++)
            if (given[i].kind == EM_TENSOR) in.tensors[i] = row_of(&given[i], r);
        memset(alone, 0, (size_t)count * sizeof *alone);
        ok = em_session_run(session, in.tensors, (size_t)in.count, alone, (size_t)count, err) == EM_OK;
        if (!ok) report_message_prefix(err, "row %lld alone: ", (long long)r);
        ok = ok && compare_row(model, outputs, alone, rows, r, err);
    }
    em_session_destroy(session);
    return ok;
}
