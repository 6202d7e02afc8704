/* SPDX-License-Identifier: Apache-2.0 */
/* libedgeml: run ONNX models in C.
 *
 * The whole public interface, ordered as a lesson: status and errors, tensors, models, sessions, running, then options,
 * introspection and hooks. Fifteen lines do the common case:
 *
 *     em_error err;
 *     em_model *model = NULL;
 *     em_session *session = NULL;
 *     if (em_model_load_file("churn.onnx", NULL, &model, &err)) return fail(err.message);
 *     if (em_session_create(model, NULL, &session, &err)) return fail(err.message);
 *     float row[5] = {42.0f, 3.0f, 70.5f, 1.0f, 12.0f};
 *     em_tensor in = em_tensor_f32(row, 2, (const int64_t[]){1, 5});
 *     em_tensor out[2] = {{0}};
 *     if (em_session_run(session, &in, 1, out, 2, &err)) return fail(err.message);
 *     printf("%lld\n", (long long)((const int64_t *)out[0].data)[0]);
 *     em_session_destroy(session);
 *     em_model_destroy(model);
 *
 * Rules that hold everywhere. Every fallible call returns an em_status (EM_OK is 0). `err` is the caller's and may be
 * NULL; it is written only on failure. Destroyers accept NULL. The library never prints, aborts, exits or keeps
 * writable global state. A model is immutable and may be shared by any number of threads; a session belongs to one
 * thread at a time. */
#ifndef EDGEML_H
#define EDGEML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EM_VERSION_MAJOR 0
#define EM_VERSION_MINOR 1
#define EM_VERSION_PATCH 0

#if defined(_WIN32) && defined(EDGEML_SHARED)
#ifdef EDGEML_BUILD
#define EM_API __declspec(dllexport)
#else
#define EM_API __declspec(dllimport)
#endif
#elif defined(__GNUC__)
#define EM_API __attribute__((visibility("default")))
#else
#define EM_API
#endif

/* ---- 1. Status and errors ------------------------------------------------------------------------------------- */

typedef enum em_status {
    EM_OK = 0,
    EM_ERR_ARGUMENT = 1,    /* a caller's argument is wrong: NULL, unknown name, wrong count, rank, type or shape */
    EM_ERR_MEMORY = 2,      /* an allocation failed, or the caller's arena or memory limit is too small */
    EM_ERR_IO = 3,          /* a file cannot be opened or read */
    EM_ERR_FORMAT = 4,      /* the bytes are not a valid ONNX model (or plan image) */
    EM_ERR_UNSUPPORTED = 5, /* valid, but this build cannot run it: operator, opset, type or feature missing */
    EM_ERR_MODEL = 6,       /* the graph breaks a rule of ONNX: cycle, missing value, wrong type, attribute or shape */
    EM_ERR_DATA = 7,        /* the data of this run broke a rule: index out of range, unequal dimensions */
    EM_ERR_LIMIT = 8,       /* a limit set by the caller or by the format's safety rules was reached */
    EM_ERR_CANCELLED = 9    /* the caller's callback asked to stop */
} em_status;

enum { EM_ERROR_CHARS = 512, EM_MAX_RANK = 8 };

/* Owned by the caller; nothing to free. message is one line, NUL-terminated, and names file, node, operator, what was
 * found and what was expected, as far as they apply. */
typedef struct em_error {
    em_status status;
    char message[EM_ERROR_CHARS];
} em_error;

/* "out of memory" for EM_ERR_MEMORY and so on; never NULL, static storage. */
EM_API const char *em_status_string(em_status status);
/* "0.1.0", static storage. */
EM_API const char *em_version(void);

/* ---- 2. Tensors ----------------------------------------------------------------------------------------------- */

/* Element types; the numbers are those of ONNX TensorProto.DataType. 4-bit and 2-bit types are packed, first element in
 * the low bits. */
typedef enum em_dtype {
    EM_UNDEFINED = 0,
    EM_F32 = 1,
    EM_U8 = 2,
    EM_I8 = 3,
    EM_U16 = 4,
    EM_I16 = 5,
    EM_I32 = 6,
    EM_I64 = 7,
    EM_STRING = 8, /* elements are em_string */
    EM_BOOL = 9,   /* one byte, 0 or 1 */
    EM_F16 = 10,
    EM_F64 = 11,
    EM_U32 = 12,
    EM_U64 = 13,
    EM_C64 = 14,  /* two float: real, imaginary */
    EM_C128 = 15, /* two double */
    EM_BF16 = 16,
    EM_F8E4M3FN = 17,
    EM_F8E4M3FNUZ = 18,
    EM_F8E5M2 = 19,
    EM_F8E5M2FNUZ = 20,
    EM_U4 = 21,
    EM_I4 = 22,
    EM_F4E2M1 = 23,
    EM_F8E8M0 = 24,
    EM_U2 = 25,
    EM_I2 = 26,
    EM_DTYPE_COUNT = 27
} em_dtype;

/* One element of a string tensor: length bytes, not necessarily NUL-terminated; may hold any byte. */
typedef struct em_string {
    const char *data;
    size_t length;
} em_string;

typedef enum em_kind {
    EM_TENSOR = 0,
    EM_SEQUENCE = 1, /* data is em_tensor[dims[0]], rank 1: a list of tensors */
    EM_MAP = 2,      /* data holds the values [N], keys the N keys */
    EM_MAPS = 3,     /* a list of maps that share their keys (what ZipMap makes): values [N, C], keys [C] */
    EM_NONE = 4      /* an empty optional */
} em_kind;

/* A value going in or out: a plain struct the caller fills and reads.
 * As an input: data stays the caller's, is only read, and must stay valid until the run returns.
 * As an output with data == NULL: the session lends its own buffer, valid until its next run or its destruction.
 * As an output with data != NULL and bytes set: the result is written there; too small a buffer is EM_ERR_ARGUMENT. */
typedef struct em_tensor {
    em_kind kind;
    em_dtype dtype; /* element type (of the values, for maps) */
    int rank;
    int64_t dims[EM_MAX_RANK];
    void *data;                   /* row-major, no gaps */
    size_t bytes;                 /* size of data in bytes; on input 0 means "as dims say" */
    const struct em_tensor *keys; /* maps only: 1-D tensor of int64 or string; same owner and lifetime as data */
} em_tensor;

/* Wraps the caller's array; no copy. dims[rank], rank <= EM_MAX_RANK. */
EM_API em_tensor em_tensor_make(em_dtype dtype, const void *data, int rank, const int64_t *dims);
EM_API em_tensor em_tensor_f32(const float *data, int rank, const int64_t *dims);
EM_API em_tensor em_tensor_f64(const double *data, int rank, const int64_t *dims);
EM_API em_tensor em_tensor_i64(const int64_t *data, int rank, const int64_t *dims);
EM_API em_tensor em_tensor_i32(const int32_t *data, int rank, const int64_t *dims);
EM_API em_tensor em_tensor_strings(const em_string *data, int rank, const int64_t *dims);
/* Wraps a NUL-terminated C string as an element. */
EM_API em_string em_string_of(const char *text);

/* Number of elements; 0 when a dimension is 0, -1 when the product does not fit. A scalar (rank 0) has 1. */
EM_API int64_t em_tensor_count(const em_tensor *tensor);
/* Bytes that count elements of dtype take, packed types rounded up; SIZE_MAX when it does not fit. */
EM_API size_t em_dtype_bytes(em_dtype dtype, int64_t count);
/* "float32", "int64", "string", ...; "undefined" for what is no type. */
EM_API const char *em_dtype_name(em_dtype dtype);

/* Maps (EM_MAP, and EM_MAPS with its row): the float or int64 value under a key, as double.
 * Returns false when there is no such key, or the kinds do not fit. row is ignored for EM_MAP. */
EM_API bool em_map_get_string(const em_tensor *maps, int64_t row, const char *key, double *value);
EM_API bool em_map_get_i64(const em_tensor *maps, int64_t row, int64_t key, double *value);

/* ---- 3. Models ------------------------------------------------------------------------------------------------ */

typedef struct em_model em_model;
typedef struct em_session em_session;

/* Memory hooks. alloc returns NULL on failure, else memory aligned as malloc's; release takes what alloc gave (never
 * NULL) with its size. Called from the thread that uses the object; a model shared by threads needs thread-safe hooks.
 */
typedef struct em_allocator {
    void *(*alloc)(void *user, size_t bytes);
    void (*release)(void *user, void *memory, size_t bytes);
    void *user;
} em_allocator;

/* Every options struct starts with its size: set it with EM_OPTIONS_INIT, then change what you need. */
typedef struct em_model_options {
    size_t struct_bytes;
    const em_allocator *allocator; /* NULL: malloc and free. Copied. */
    size_t memory_limit;           /* bytes the model may hold at any time; 0: no limit */
    bool borrow;                   /* load_memory: the bytes outlive the model, so weights may stay in them */
    const char *directory;         /* load_memory: where external data files lie; NULL: external data is refused */
    const char *stop_after;        /* name of a rewrite of the graph to stop after, to find the one that goes wrong;
                                      NULL: all run, "": none does. An unknown name is EM_ERR_ARGUMENT and lists them. */
    bool final_defaults;           /* nobody will give a value to an input that has a default: such values are weights,
                                      prepared like all others, and no inputs. For models made by exporters that list
                                      every weight as an input, as the format once asked for; those of IR version 3 and
                                      below are read like this in any case. */
} em_model_options;

#ifdef __cplusplus
#define EM_OPTIONS_INIT(type) (type{sizeof(type)})
#else
#define EM_OPTIONS_INIT(type) ((type){.struct_bytes = sizeof(type)})
#endif

/* Reads, checks and prepares a model. *model is set only on EM_OK. options may be NULL. */
EM_API em_status em_model_load_file(const char *path, const em_model_options *options, em_model **model, em_error *err);
EM_API em_status em_model_load_memory(const void *bytes, size_t length, const em_model_options *options,
                                      em_model **model, em_error *err);
EM_API void em_model_destroy(em_model *model);

/* Declared input or output. Strings belong to the model. */
typedef struct em_io_info {
    const char *name;
    const char *doc;           /* "" when there is none */
    em_kind kind;              /* EM_NONE: not declared by the model */
    bool optional;             /* may be left out or be empty: optional type, or an initializer gives its default */
    em_dtype dtype;            /* of the elements; EM_UNDEFINED when the model does not say */
    em_dtype key;              /* maps: type of the keys */
    int rank;                  /* -1 when the model does not say */
    int64_t dims[EM_MAX_RANK]; /* -1 where unknown */
    const char *symbols[EM_MAX_RANK]; /* the name of an unknown dimension ("batch"), or NULL */
} em_io_info;

EM_API int em_model_input_count(const em_model *model);
EM_API int em_model_output_count(const em_model *model);
/* index outside the range is EM_ERR_ARGUMENT. */
EM_API em_status em_model_input(const em_model *model, int index, em_io_info *info);
EM_API em_status em_model_output(const em_model *model, int index, em_io_info *info);
/* Position by name, or -1. */
EM_API int em_model_input_index(const em_model *model, const char *name);
EM_API int em_model_output_index(const em_model *model, const char *name);

/* Facts of the file. Strings belong to the model; "" when absent. */
typedef struct em_model_info {
    const char *producer_name, *producer_version, *domain, *graph_name, *doc;
    int64_t ir_version, model_version;
    size_t node_count;   /* after functions were inlined, subgraphs included */
    size_t weight_bytes; /* constants and packed weights the model holds */
} em_model_info;
EM_API void em_model_get_info(const em_model *model, em_model_info *info);
/* Metadata by key, NULL when absent; and by position (false past the end). */
EM_API const char *em_model_metadata(const em_model *model, const char *key);
EM_API bool em_model_metadata_at(const em_model *model, size_t index, const char **key, const char **value);
/* Imported operator sets by position (domain "" is ai.onnx); false past the end. */
EM_API bool em_model_opset_at(const em_model *model, size_t index, const char **domain, int64_t *version);

/* ---- 4. Sessions ---------------------------------------------------------------------------------------------- */

/* Asked between operators; return true to stop the run with EM_ERR_CANCELLED. */
typedef bool (*em_cancel_fn)(void *user);

/* One call per executed node, after it ran. Names belong to the model. */
typedef struct em_profile_event {
    const char *node, *op_type, *domain;
    uint64_t nanoseconds;
} em_profile_event;
typedef void (*em_profile_fn)(void *user, const em_profile_event *event);

typedef struct em_session_options {
    size_t struct_bytes;
    const em_allocator *allocator; /* NULL: the model's. Copied. */
    size_t memory_limit;           /* bytes the session may hold; 0: no limit */
    void *arena;                   /* caller's memory, 64-byte aligned is best; then the session never allocates */
    size_t arena_bytes;
    int threads; /* 0 and 1: the calling thread only. Results do not depend on it. */
    em_cancel_fn cancel;
    void *cancel_user;
    em_profile_fn profile;
    void *profile_user;
} em_session_options;

/* The model must outlive its sessions. Fixed input shapes are planned here, others when first seen. */
EM_API em_status em_session_create(const em_model *model, const em_session_options *options, em_session **session,
                                   em_error *err);
EM_API void em_session_destroy(em_session *session);

/* inputs[input_count] in the model's order (em_model_input_index finds a name); optional ones at the end may be left
 * out or have kind EM_NONE. outputs[output_count] likewise: output_count may be smaller than the model's. On failure
 * the outputs are untouched or empty and the session stays usable. With shapes seen before, nothing is allocated. */
EM_API em_status em_session_run(em_session *session, const em_tensor *inputs, size_t input_count, em_tensor *outputs,
                                size_t output_count, em_error *err);

/* The same by name: names[i] goes with inputs[i] or outputs[i]. */
EM_API em_status em_session_run_named(em_session *session, const char *const *input_names, const em_tensor *inputs,
                                      size_t input_count, const char *const *output_names, em_tensor *outputs,
                                      size_t output_count, em_error *err);

/* Memory of the current plan, in bytes. */
typedef struct em_memory_info {
    size_t arena_bytes;   /* planned activations */
    size_t plan_bytes;    /* steps, parameters, bindings */
    size_t dynamic_bytes; /* held for outputs whose size only the data tells */
    size_t weight_bytes;  /* shared, in the model */
} em_memory_info;
EM_API void em_session_memory(const em_session *session, em_memory_info *info);

/* Looking into the plan of the session's latest run (or of its creation): steps in order, the values they read and
 * write, where these lie. The strings and lists belong to the session and its model, until the session plans anew. */
typedef struct em_plan_info {
    size_t step_count, value_count;
    size_t arena_bytes; /* of this plan; the session's arena is that of its largest one */
    size_t lower_bound; /* most bytes alive at once: no arrangement of these steps needs less */
} em_plan_info;

typedef struct em_plan_step_info {
    const char *node, *op_type, *domain; /* node: its name in the file, or "" */
    size_t in_count, out_count;
    const int32_t *in, *out;              /* numbers of values; -1: left out */
    bool dynamic;                         /* only the run tells the shapes */
    size_t scratch_bytes, scratch_offset; /* working memory in the arena */
} em_plan_step_info;

typedef enum em_place {
    EM_PLACE_NONE = 0, /* absent, or gone because no step needs it */
    EM_PLACE_ARENA,    /* at offset */
    EM_PLACE_CONSTANT, /* in the model or the plan */
    EM_PLACE_INPUT,    /* the caller's */
    EM_PLACE_RUN       /* found at run time: unknown sizes, sequences, views of inputs */
} em_place;

typedef struct em_plan_value_info {
    const char *name; /* in the file, or "" */
    em_place place;
    em_dtype dtype; /* EM_UNDEFINED, rank -1: only the run tells */
    int rank;
    int64_t dims[EM_MAX_RANK];
    size_t bytes, offset;
    bool output; /* of the model */
} em_plan_value_info;

/* EM_ERR_ARGUMENT when the session has no plan yet, or past the end. */
EM_API em_status em_session_plan(const em_session *session, em_plan_info *info);
EM_API em_status em_session_plan_step(const em_session *session, size_t index, em_plan_step_info *info);
EM_API em_status em_session_plan_value(const em_session *session, size_t index, em_plan_value_info *info);

/* ---- 5. Operators --------------------------------------------------------------------------------------------- */

typedef struct em_op_info {
    const char *domain, *name; /* domain "" is ai.onnx */
    int first_opset;           /* oldest operator-set version this build runs */
} em_op_info;
/* Operators of this build, by position; false past the end. */
EM_API bool em_op_at(size_t index, em_op_info *info);

/* What a model asks for, without loading its weights: one call per distinct (domain, name, version).
 * supported is false when this build lacks it. Lists every gap at once. */
typedef void (*em_op_visit_fn)(void *user, const char *domain, const char *name, int version, bool supported);
EM_API em_status em_model_scan_ops(const void *bytes, size_t length, em_op_visit_fn visit, void *user, em_error *err);

/* ---- 6. Plan images: sessions without a model, for microcontrollers and fast starts --------------------------- */

/* `edgeml compile model.onnx -o model.emp` (or --c FOLDER, for flash) writes a plan image: one set of input shapes,
 * planned, with packed weights. It is run in place, from caller's memory alone: nothing is allocated, ever. image must
 * lie at a multiple of 64 and outlive the session; so must arena. Its structure is verified, but operators
 * trust their parameters in it: an image of unknown origin is as dangerous as a program (SECURITY.md). */
EM_API em_status em_session_create_static(const void *image, size_t image_bytes, void *arena, size_t arena_bytes,
                                          em_session **session, em_error *err);
/* The same when the image holds steps only and the weights, shared by several of them, lie in an image of their own. */
EM_API em_status em_session_create_shared(const void *weights, size_t weights_bytes, const void *image,
                                          size_t image_bytes, void *arena, size_t arena_bytes, em_session **session,
                                          em_error *err);
/* The bytes of arena such a session needs, exactly; 0 when this is no valid image with steps. */
EM_API size_t em_plan_arena_bytes(const void *image, size_t image_bytes);

/* The same at compile time; `edgeml compile --c` writes <MODEL>_ARENA_BYTES with the plan's numbers. */
#define EM_STATIC_WORDS 32
#define EM_STATIC_ARENA_BYTES(ops, refs, outputs, activations, heap)                                                 \
    (((EM_STATIC_WORDS + (ops) + (refs) + (outputs)) * sizeof(void *) + (refs) * sizeof(em_tensor) + 63) / 64 * 64 + \
     ((size_t)(activations) + 63) / 64 * 64 + (heap))

/* Firmware (libedgeml_rt): the operators that are linked, by name. `edgeml compile --c` writes em_op_bindings, ended by
 * name NULL, beside the image. */
struct eml_run;
typedef struct em_op_binding {
    const char *domain, *name;
    em_status (*const *run)(struct eml_run *run);
} em_op_binding;

#ifdef __cplusplus
}
#endif
#endif
