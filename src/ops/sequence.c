/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of tensors: SequenceConstruct, SequenceEmpty, SequenceAt, SequenceInsert, SequenceErase, SequenceLength. A list
 * never changes: inserting and erasing make a new list that shares the items. */
#include "ops/common/move.h"

static em_status infer_sequence(eml_ctx *ctx, em_dtype dtype) {
    if (eml_ctx_has_out(ctx, 0)) *ctx->out[0] = (em_tensor){.kind = EM_SEQUENCE, .dtype = dtype, .rank = 1};
    return EM_OK;
}

static em_status check_sequence(eml_ctx *ctx) {
    if (!eml_ctx_has_in(ctx, 0)) return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 is missing");
    if (ctx->in[0]->kind != EM_SEQUENCE) return eml_fail(ctx->err, EM_ERR_MODEL, "input 0 is not a sequence");
    return EM_OK;
}

static em_status check_position(eml_ctx *ctx, int i) {
    if (!eml_ctx_has_in(ctx, i)) return EM_OK;
    EML_TRY(eml_ctx_check_in(ctx, i, EML_T_INDEX));
    if (eml_tensor_n(ctx->in[i]) == 1) return EM_OK;
    return eml_fail(ctx->err, EM_ERR_MODEL, "input %d (the position) has %lld elements, expected one", i,
                    (long long)eml_tensor_n(ctx->in[i]));
}

/* The position given as input i, or fallback; negative ones count from n, allowed are 0 .. last. */
static em_status get_position(eml_run *run, int i, int64_t fallback, int64_t n, int64_t last, int64_t *position) {
    *position = eml_run_has_in(run, i) ? eml_index_at(run->in[i], 0) : fallback;
    int64_t given = *position;
    if (*position < 0) *position += n;
    if (*position >= 0 && *position <= last) return EM_OK;
    return eml_fail(run->err, EM_ERR_DATA, "position %lld is out of range for a sequence of %lld (%lld to %lld)",
                    (long long)given, (long long)n, -(long long)n, (long long)last);
}

/* ---- SequenceConstruct, SequenceEmpty ---- */

static em_status infer_construct(eml_ctx *ctx) {
    for (int i = 0; i < ctx->n_in; i++) EML_TRY(eml_ctx_check_in(ctx, i, EML_T_ANY));
    EML_TRY(eml_ctx_check_same(ctx, 0));
    return infer_sequence(ctx, ctx->in[0]->dtype);
}

static em_status run_construct(eml_run *run) {
    em_tensor *items;
    EML_TRY(eml_sequence_out(run, run->in[0]->dtype, run->n_in, &items));
    for (int i = 0; i < run->n_in; i++) EML_TRY(eml_copy_item(run, run->in[i], &items[i]));
    return EM_OK;
}

static const char *const no_attrs[] = {NULL};
EML_OP_DEFINE(ai, SequenceConstruct, run_construct, .infer = infer_construct, .min_in = 1, .max_in = -1, .min_out = 1,
              .max_out = 1, .dynamic_out = true, .attrs = no_attrs);

static em_status infer_empty(eml_ctx *ctx) {
    int64_t dtype = eml_ctx_int(ctx, "dtype", EM_F32);
    if (dtype <= 0 || dtype >= EM_DTYPE_COUNT)
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'dtype' is %lld, which is no type", (long long)dtype);
    return infer_sequence(ctx, (em_dtype)dtype);
}

static em_status prepare_empty(eml_ctx *ctx) {
    int32_t *dtype = eml_ctx_params(ctx, sizeof *dtype);
    if (!dtype) return eml_ctx_no_memory(ctx);
    *dtype = (int32_t)eml_ctx_int(ctx, "dtype", EM_F32);
    return EM_OK;
}

static em_status run_empty(eml_run *run) {
    const int32_t *dtype = run->params;
    em_tensor *items;
    return eml_sequence_out(run, (em_dtype)*dtype, 0, &items);
}

static const char *const empty_attrs[] = {"dtype", NULL};
EML_OP_DEFINE(ai, SequenceEmpty, run_empty, .infer = infer_empty, .prepare = prepare_empty, .min_in = 0, .max_in = 0,
              .min_out = 1, .max_out = 1, .dynamic_out = true, .attrs = empty_attrs);

/* ---- SequenceAt ---- */

static em_status infer_at(eml_ctx *ctx) {
    EML_TRY(check_sequence(ctx));
    EML_TRY(check_position(ctx, 1));
    if (eml_ctx_has_out(ctx, 0)) *ctx->out[0] = (em_tensor){.kind = EM_TENSOR, .dtype = ctx->in[0]->dtype};
    return EM_OK;
}

static em_status run_at(eml_run *run) {
    const em_tensor *list = run->in[0];
    int64_t position;
    EML_TRY(get_position(run, 1, 0, list->dims[0], list->dims[0] - 1, &position));
    const em_tensor *item = (const em_tensor *)list->data + position;
    EML_TRY(eml_run_out(run, 0, item->dtype, item->rank, item->dims));
    if (run->out[0] && item->bytes > 0) memcpy(run->out[0]->data, item->data, item->bytes);
    return EM_OK;
}

EML_OP_DEFINE(ai, SequenceAt, run_at, .infer = infer_at, .min_in = 2, .max_in = 2, .min_out = 1, .max_out = 1,
              .dynamic_out = true, .attrs = no_attrs);

/* ---- SequenceInsert, SequenceErase ---- */

static em_status infer_insert(eml_ctx *ctx) {
    EML_TRY(check_sequence(ctx));
    EML_TRY(eml_ctx_check_in(ctx, 1, EML_T_ANY));
    EML_TRY(check_position(ctx, 2));
    /* An empty list takes whatever comes: converters leave its type at the default. */
    em_dtype dtype = ctx->in[0]->dtype, item = ctx->in[1]->dtype;
    if (dtype != item && ctx->in[0]->dims[0] > 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input 1 is %s, the sequence holds %s", em_dtype_name(item),
                        em_dtype_name(dtype));
    return infer_sequence(ctx, item);
}

static void copy_items(em_tensor *to, const em_tensor *from, int64_t n) {
    if (n > 0) memcpy(to, from, (size_t)n * sizeof *to);
}

static em_status run_insert(eml_run *run) {
    const em_tensor *list = run->in[0], *old = list->data;
    int64_t n = list->dims[0], position;
    em_tensor *items;
    EML_TRY(get_position(run, 2, n, n, n, &position));
    EML_TRY(eml_sequence_out(run, run->in[1]->dtype, n + 1, &items));
    copy_items(items, old, position);
    EML_TRY(eml_copy_item(run, run->in[1], &items[position]));
    if (n > 0) copy_items(items + position + 1, old + position, n - position);
    return EM_OK;
}

EML_OP_DEFINE(ai, SequenceInsert, run_insert, .infer = infer_insert, .min_in = 2, .max_in = 3, .min_out = 1,
              .max_out = 1, .dynamic_out = true, .attrs = no_attrs);

static em_status infer_erase(eml_ctx *ctx) {
    EML_TRY(check_sequence(ctx));
    EML_TRY(check_position(ctx, 1));
    return infer_sequence(ctx, ctx->in[0]->dtype);
}

static em_status run_erase(eml_run *run) {
    const em_tensor *list = run->in[0], *old = list->data;
    int64_t n = list->dims[0], position;
    em_tensor *items;
    EML_TRY(get_position(run, 1, n - 1, n, n - 1, &position));
    EML_TRY(eml_sequence_out(run, list->dtype, n - 1, &items));
    copy_items(items, old, position);
    copy_items(items + position, old + position + 1, n - 1 - position);
    return EM_OK;
}

EML_OP_DEFINE(ai, SequenceErase, run_erase, .infer = infer_erase, .min_in = 1, .max_in = 2, .min_out = 1, .max_out = 1,
              .dynamic_out = true, .attrs = no_attrs);

/* ---- SequenceLength ---- */

static em_status infer_length(eml_ctx *ctx) {
    EML_TRY(check_sequence(ctx));
    return eml_ctx_out(ctx, 0, EM_I64, 0, NULL);
}

static em_status run_length(eml_run *run) {
    memcpy(run->out[0]->data, run->in[0]->dims, sizeof(int64_t));
    return EM_OK;
}

EML_OP_DEFINE(ai, SequenceLength, run_length, .infer = infer_length, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .attrs = no_attrs);
