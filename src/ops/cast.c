/* SPDX-License-Identifier: Apache-2.0 */
/* Cast to the type of attribute `to` (its name in version 1), CastLike to the type of input 1. Any numeric type, bool
 * and string to any other. */
#include "ops/common/cast_numbers.h"
#include "ops/common/cast_text.h"
#include "ops/common/move.h"
#include "ops/common/strided_copy.h"

#define CAST_TYPES (EML_T_ANY & ~(EML_T_BIT(EM_C64) | EML_T_BIT(EM_C128)))
/* Elements that a thread takes at once: keeps packed types apart by whole bytes. */
enum { CHUNK = 4096 };

static bool to_attr(eml_ctx *ctx, em_dtype *to) {
    static const char *const names[] = {"",       "FLOAT",  "UINT8",     "INT8",       "UINT16",  "INT16",
                                        "INT32",  "INT64",  "STRING",    "BOOL",       "FLOAT16", "DOUBLE",
                                        "UINT32", "UINT64", "COMPLEX64", "COMPLEX128", "BFLOAT16"};
    int64_t value = 0;
    if (ctx->opset < 6) {
        for (int i = EM_BF16; i > 0 && value == 0; i--)
            if (eml_ctx_string_is(ctx, "to", "", names[i])) value = i;
    } else {
        value = eml_ctx_int(ctx, "to", EM_UNDEFINED);
    }
    *to = value > 0 && value < EM_DTYPE_COUNT ? (em_dtype)value : EM_UNDEFINED;
    return CAST_TYPES & EML_T_BIT(*to) & ~1u;
}

static em_status prepare_to(eml_ctx *ctx, em_dtype to) {
    eml_cast *cast = eml_ctx_params(ctx, sizeof *cast);
    if (!cast) return eml_ctx_no_memory(ctx);
    cast->from = (uint8_t)ctx->in[0]->dtype;
    cast->to = (uint8_t)to;
    cast->saturate = eml_ctx_int(ctx, "saturate", 1) != 0;
    cast->round = EML_E8M0_UP;
    if (eml_ctx_string_is(ctx, "round_mode", "up", "down"))
        cast->round = EML_E8M0_DOWN;
    else if (eml_ctx_string_is(ctx, "round_mode", "up", "nearest"))
        cast->round = EML_E8M0_NEAREST;
    else if (!eml_ctx_string_is(ctx, "round_mode", "up", "up"))
        return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'round_mode' is none of up, down, nearest");
    return EM_OK;
}

static em_status infer_cast(eml_ctx *ctx) {
    em_dtype to;
    EML_TRY(eml_ctx_check_in(ctx, 0, CAST_TYPES));
    if (!to_attr(ctx, &to)) return eml_fail(ctx->err, EM_ERR_MODEL, "attribute 'to' names no type to cast to");
    return eml_ctx_out(ctx, 0, to, ctx->in[0]->rank, ctx->in[0]->dims);
}

static em_status prepare_cast(eml_ctx *ctx) {
    em_dtype to;
    to_attr(ctx, &to);
    return prepare_to(ctx, to);
}

static em_status infer_castlike(eml_ctx *ctx) {
    EML_TRY(eml_ctx_check_in(ctx, 0, CAST_TYPES));
    EML_TRY(eml_ctx_check_in(ctx, 1, CAST_TYPES));
    return eml_ctx_out(ctx, 0, ctx->in[1]->dtype, ctx->in[0]->rank, ctx->in[0]->dims);
}

static em_status prepare_castlike(eml_ctx *ctx) {
    return prepare_to(ctx, ctx->in[1]->dtype);
}

/* ---- run ---- */

typedef struct cast_task {
    const eml_cast *cast;
    const void *in;
    void *out;
    int64_t n;
} cast_task;

static void cast_chunks(void *task, int64_t begin, int64_t end) {
    const cast_task *t = task;
    int64_t first = begin * CHUNK, n = (end * CHUNK < t->n ? end * CHUNK : t->n) - first;
    eml_cast_numbers(t->cast, t->in, first, n, t->out);
}

static em_status from_text(eml_run *run, int64_t n) {
    const em_string *in = run->in[0]->data;
    em_dtype dtype = run->out[0]->dtype;
    for (int64_t i = 0; i < n; i++) {
        if (eml_cast_from_text(in[i], dtype, run->out[0]->data, i)) continue;
        int shown = in[i].length < 40 ? (int)in[i].length : 40;
        return eml_fail(run->err, EM_ERR_DATA, "element %lld is '%.*s', which is no %s", (long long)i, shown,
                        shown ? in[i].data : "", em_dtype_name(dtype));
    }
    return EM_OK;
}

/* The characters go to pieces of memory that hold many numbers. */
static em_status to_text(eml_run *run, int64_t n) {
    enum { PIECE = 4096 };
    const em_tensor *in = run->in[0];
    em_string *out = run->out[0]->data;
    char *next = NULL;
    size_t room = 0;
    for (int64_t i = 0; i < n; i++) {
        if (room < EML_CAST_TEXT_CHARS) {
            room = n - i < PIECE / EML_CAST_TEXT_CHARS ? (size_t)(n - i) * EML_CAST_TEXT_CHARS : PIECE;
            next = eml_run_alloc(run, room);
            if (!next) return eml_run_no_memory(run);
        }
        out[i] = (em_string){next, eml_cast_to_text(in->dtype, in->data, i, next)};
        next += out[i].length;
        room -= out[i].length;
    }
    return EM_OK;
}

static em_status run_cast(eml_run *run) {
    const eml_cast *cast = run->params;
    int64_t n = eml_tensor_n(run->out[0]);
    cast_task task = {cast, run->in[0]->data, run->out[0]->data, n};
    if (n == 0) return EM_OK;
    if (cast->from == cast->to)
        eml_copy_bytes(run, task.in, task.out, run->out[0]->bytes);
    else if (cast->from == EM_STRING)
        return from_text(run, n);
    else if (cast->to == EM_STRING)
        return to_text(run, n);
    else
        eml_run_parallel(run, (n + CHUNK - 1) / CHUNK, 4, cast_chunks, &task);
    return EM_OK;
}

static const char *const cast_attrs[] = {"to", "saturate", "round_mode", NULL};
EML_OP_DEFINE(ai, Cast, run_cast, .infer = infer_cast, .prepare = prepare_cast, .min_in = 1, .max_in = 1, .min_out = 1,
              .max_out = 1, .inplace = 1, .attrs = cast_attrs);
static const char *const castlike_attrs[] = {"saturate", "round_mode", NULL};
EML_OP_DEFINE(ai, CastLike, run_cast, .infer = infer_castlike, .prepare = prepare_castlike, .min_in = 2, .max_in = 2,
              .min_out = 1, .max_out = 1, .inplace = 1, .attrs = castlike_attrs);
