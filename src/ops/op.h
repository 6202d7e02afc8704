/* SPDX-License-Identifier: Apache-2.0 */
/* What an operator is: four functions and a line in ops.def.
 *
 *   infer    from inputs' dtype and shape (and data, where it is known): outputs' dtype and shape
 *   pack     once per model, from attributes and constant inputs: a relocatable blob (lookup table, packed weights)
 *   prepare  once per set of shapes: a relocatable parameter struct, scratch size
 *   run      the work; no allocation but through the calls below, no checks but of data
 *
 * infer and prepare are also called at run time, on the host, when shapes depend on data; then all inputs have data.
 * The firmware links run only. infer, pack and prepare report a wrong model by eml_fail(ctx->err, ...): the caller puts
 * file, node and operator in front. Opset differences are settled in infer and prepare. */
#ifndef EML_OPS_OP_H
#define EML_OPS_OP_H

#include "graph/graph.h"
#include "kernels/kernels.h"
#include "tensor/tensor.h"

/* Internal statuses, never seen by the caller (em_status has no such values). */
enum {
    EML_NEED_DATA = 100, /* infer: a value input matters and its data is not known yet -> the step becomes dynamic */
    EML_CALL = 101       /* run: execute run->call.graph, then call me again (control flow) */
};

/* ---- infer, pack, prepare ----
 * EML_COLD: a function that begins with such a call is built for size, so infer and prepare need no mark of their own.
 * What pack calls first has none: packing may be most of a load. */

typedef struct eml_ctx eml_ctx;
struct eml_ctx {
    const eml_graph *graph;
    const eml_node *node;
    int opset;
    int n_in, n_out;            /* as written in the node, trailing absent ones included */
    const em_tensor *const *in; /* NULL: absent. data NULL: not known now. In pack, inputs that are not constant are
                                   given as tensors with dtype EM_UNDEFINED and data NULL. */
    em_tensor *const *out;      /* NULL: not asked for. infer sets kind, dtype, rank, dims; prepare reads them */
    const void *blob;           /* prepare: what pack made, or NULL */
    const eml_kernels *k;       /* the set that will run: blobs are packed for it, scratch is measured by it */
    em_error *err;
    const char *bad_attr; /* set by the accessors; the caller of the hook turns it into an error */
    eml_attr_type bad_wanted;

    /* Results of the hooks; set through the calls below. */
    void *params; /* prepare */
    size_t params_bytes;
    size_t scratch_bytes; /* prepare: working memory of one run, 64-byte aligned */
    size_t state_bytes;   /* prepare: kept between EML_CALL and resuming, zeroed at the first call of a run */
    bool all_packed;      /* prepare: eml_op.run_packed will do */
    void *packed;         /* pack */
    size_t packed_bytes;
    uint64_t consumed; /* pack: bit i set = input i is in the blob, run does not read it */

    /* Where params (16-byte aligned) and blobs (64-byte aligned) come from: zeroed; NULL when memory ran out. */
    void *(*alloc)(void *user, size_t bytes);
    void *alloc_user;
};

/* Zeroed parameter struct of this step, NULL when memory ran out (then return eml_ctx_no_memory(ctx)). It must hold
 * offsets, indices and numbers only, never pointers. Once per prepare. */
void *eml_ctx_params(eml_ctx *ctx, size_t bytes);
/* Likewise the blob of this node. Once per pack. Offsets inside are relative to its start. */
void *eml_ctx_blob(eml_ctx *ctx, size_t bytes);
EML_COLD em_status eml_ctx_no_memory(eml_ctx *ctx);

/* Attributes. The fallback is returned when the attribute is absent. One of another type than asked for is an error the
 * caller of the hook reports; the fallback is returned then, too. Pointers live as long as the graph. */
bool eml_ctx_has(const eml_ctx *ctx, const char *name);
int64_t eml_ctx_int(eml_ctx *ctx, const char *name, int64_t fallback);
float eml_ctx_float(eml_ctx *ctx, const char *name, float fallback);
em_string eml_ctx_string(eml_ctx *ctx, const char *name, const char *fallback);
bool eml_ctx_string_is(eml_ctx *ctx, const char *name, const char *fallback, const char *value);
const int64_t *eml_ctx_ints(eml_ctx *ctx, const char *name, size_t *count); /* NULL and 0 when absent */
const float *eml_ctx_floats(eml_ctx *ctx, const char *name, size_t *count);
const em_string *eml_ctx_strings(eml_ctx *ctx, const char *name, size_t *count);
/* The same list to be read piece by piece: how pack reads those of eml_op.packed, since they may still be in the
 * model's bytes. type: EML_ATTR_FLOATS, _INTS or _STRINGS. The number of entries, 0 when absent. */
size_t eml_ctx_list(eml_ctx *ctx, const char *name, eml_attr_type type, eml_list *list);
const em_tensor *eml_ctx_tensor(eml_ctx *ctx, const char *name); /* NULL when absent */
int eml_ctx_graph(eml_ctx *ctx, const char *name);               /* subgraph index, or -1 */

/* Inputs. */
static inline bool eml_ctx_has_in(const eml_ctx *ctx, int i) {
    return i < ctx->n_in && ctx->in[i] != NULL && ctx->in[i]->kind != EM_NONE;
}
/* True when output i is asked for. */
static inline bool eml_ctx_has_out(const eml_ctx *ctx, int i) {
    return i < ctx->n_out && ctx->out[i] != NULL;
}
/* Sets *list to the integers of a 1-D (or scalar) int64/int32 input; EML_NEED_DATA when unknown. At most max. */
EML_COLD em_status eml_ctx_in_ints(eml_ctx *ctx, int i, int64_t *list, int max, int *count);

/* Output i becomes a tensor of that type and shape; EM_ERR_MODEL when it does not fit memory. Ignores absent outputs.
 */
EML_COLD em_status eml_ctx_out(eml_ctx *ctx, int i, em_dtype dtype, int rank, const int64_t *dims);
/* Output i has the dtype and shape of tensor like. */
EML_COLD em_status eml_ctx_out_like(eml_ctx *ctx, int i, const em_tensor *like);

/* Checks with ready messages: input must be a tensor with one of the listed dtypes ("EML_T_FLOAT | EML_T_BIT(EM_I64)").
 */
#define EML_T_BIT(dtype) (UINT32_C(1) << (dtype))
#define EML_T_FLOATS     (EML_T_BIT(EM_F32) | EML_T_BIT(EM_F64) | EML_T_BIT(EM_F16) | EML_T_BIT(EM_BF16))
#define EML_T_SIGNED     (EML_T_BIT(EM_I8) | EML_T_BIT(EM_I16) | EML_T_BIT(EM_I32) | EML_T_BIT(EM_I64))
#define EML_T_UNSIGNED   (EML_T_BIT(EM_U8) | EML_T_BIT(EM_U16) | EML_T_BIT(EM_U32) | EML_T_BIT(EM_U64))
#define EML_T_NUMERIC    (EML_T_FLOATS | EML_T_SIGNED | EML_T_UNSIGNED)
#define EML_T_ANY        (UINT32_C(0x7fffffe)) /* every element type */
EML_COLD em_status eml_ctx_check_in(eml_ctx *ctx, int i, uint32_t dtypes);
/* All present inputs from first on have the dtype of input first. */
EML_COLD em_status eml_ctx_check_same(eml_ctx *ctx, int first);
EML_COLD em_status eml_ctx_check_rank(eml_ctx *ctx, int i, int min_rank, int max_rank);

/* ---- run ---- */

struct eml_env; /* the session, as operators see it: exec/env.h */

typedef struct eml_run {
    em_tensor *const *in;  /* NULL: absent; count as in the node */
    em_tensor *const *out; /* NULL: not asked for. data points to room for what infer said, except dynamic_out */
    int n_in, n_out;
    const void *params; /* what prepare made, or NULL */
    const void *blob;   /* what pack made, or NULL */
    void *scratch;
    void *state;
    const eml_kernels *k;
    struct eml_env *env;
    em_error *err;
    struct {                    /* control flow: run returns EML_CALL with these set */
        int graph;              /* subgraph to execute */
        const em_tensor **args; /* values of its inputs, shallow copies are taken */
        int n_args;
        em_tensor *const *results; /* after it: its outputs; valid until it is called again */
        int n_results;
        int phase; /* 0 at the first call of a step, then counts up */
    } call;
} eml_run;

/* Memory of this run (until the session's next run): for outputs of dynamic_out operators, items of sequences, bytes of
 * strings. Aligned to 64. NULL when it ran out: return eml_run_no_memory(run). */
void *eml_run_alloc(eml_run *run, size_t bytes);
em_status eml_run_no_memory(eml_run *run);
/* dynamic_out: gives output i its type and shape and points data to fresh memory. No-op for absent outputs. */
em_status eml_run_out(eml_run *run, int i, em_dtype dtype, int rank, const int64_t *dims);
/* Splits [0, n) into ranges over the session's threads; each task writes only its own part, so results do not depend on
 * the number of threads. grain: least elements worth a task. */
typedef void (*eml_task_fn)(void *task, int64_t begin, int64_t end);
void eml_run_parallel(eml_run *run, int64_t n, int64_t grain, eml_task_fn fn, void *task);

typedef em_status (*eml_run_fn)(eml_run *run);

typedef struct eml_op {
    em_status (*infer)(eml_ctx *ctx);
    em_status (*pack)(eml_ctx *ctx);    /* NULL: nothing to pack */
    em_status (*prepare)(eml_ctx *ctx); /* NULL: no parameters */
    eml_run_fn run;
    eml_run_fn run_packed; /* what run does of the steps whose prepare says all_packed, without reading any input that
                              is in the blob: less code and less to do. NULL: there is none */
    int8_t min_in, max_in, min_out, max_out; /* -1 as max: any number */
    uint8_t last_opset;        /* 0: still in the standard; else the last operator-set version that has it */
    bool dynamic_out;          /* run sets the outputs' shapes (eml_run_out); infer sets dtype and kind only, rank 0 */
    bool alias;                /* output 0 is input 0 under another shape: run may be skipped when they share memory */
    uint32_t inplace;          /* bit i: output 0 may be written over input i (same bytes), when that value dies here */
    bool random;               /* not a function of its inputs: never folded */
    bool shape_only;           /* run reads only shapes and types of its inputs, no data (Shape, Size) */
    bool control;              /* run returns EML_CALL: executes subgraphs; implies dynamic_out */
    const char *const *packed; /* NULL-terminated names of lists that only pack reads, with eml_ctx_list */
    const char *const *attrs;  /* NULL-terminated names of all attributes of all versions; others are an error */
} eml_op;

/* Defines the descriptor and, apart, the run function for firmware:
 * EML_OP_DEFINE(ai, Softmax, run_softmax, .infer = infer_softmax, .prepare = prepare_softmax, .min_in = 1, ...) */
#define EML_OP_DEFINE(tag, name, run_function, ...)         \
    extern const eml_run_fn eml_run_##tag##_##name;         \
    extern const eml_op eml_op_##tag##_##name;              \
    const eml_run_fn eml_run_##tag##_##name = run_function; \
    const eml_op eml_op_##tag##_##name = {.run = run_function, __VA_ARGS__}

/* Likewise run_packed. An image names such a step's operator with "_packed" behind it. */
#define EML_OP_PACKED(tag, name, run_function)               \
    extern const eml_run_fn eml_run_##tag##_##name##_packed; \
    const eml_run_fn eml_run_##tag##_##name##_packed = run_function
#define EML_PACKED_SUFFIX "_packed"

/* ---- the table (registry.c, from ops.def) ---- */

typedef struct eml_op_entry {
    const char *domain, *name;
    int first_opset;
    const eml_op *op;
} eml_op_entry;

/* All operators of this build, sorted by domain and name. */
const eml_op_entry *eml_ops(size_t *count);
/* NULL when this build lacks it. Binary search. */
const eml_op_entry *eml_op_find(const char *domain, const char *name);

/* Runs a hook with the checks around it (attribute types and names, input counts) and puts file, node and operator in
 * front of its message. */
em_status eml_op_check(eml_ctx *ctx, const eml_op_entry *entry); /* counts, attribute names, opset range */
em_status eml_op_infer(eml_ctx *ctx, const eml_op_entry *entry); /* may return EML_NEED_DATA */
em_status eml_op_pack(eml_ctx *ctx, const eml_op_entry *entry);
em_status eml_op_prepare(eml_ctx *ctx, const eml_op_entry *entry);
/* "model.onnx: node 'dense_1' (Gemm, opset 13): " in front of the message. */
void eml_op_prefix(const eml_graph *graph, const eml_node *node, em_error *err);

/* See eml_fail. */
#if defined(__clang_analyzer__)
#define eml_ctx_no_memory(ctx) eml_failed(eml_ctx_no_memory(ctx), EM_ERR_MEMORY)
#define eml_run_no_memory(run) eml_failed(eml_run_no_memory(run), EM_ERR_MEMORY)
#endif

#endif
