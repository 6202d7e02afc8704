/* SPDX-License-Identifier: Apache-2.0 */
/* The calls infer, pack and prepare make, and the checks around those hooks. */
#include <string.h>

#include "ops/op.h"

/* ---- memory ---- */

em_status(eml_ctx_no_memory)(eml_ctx *ctx) {
    return eml_fail(ctx->err, EM_ERR_MEMORY, "out of memory");
}

void *eml_ctx_params(eml_ctx *ctx, size_t bytes) {
    ctx->params = ctx->alloc(ctx->alloc_user, bytes);
    ctx->params_bytes = ctx->params != NULL ? bytes : 0;
    return ctx->params;
}

void *eml_ctx_blob(eml_ctx *ctx, size_t bytes) {
    ctx->packed = ctx->alloc(ctx->alloc_user, bytes);
    ctx->packed_bytes = ctx->packed != NULL ? bytes : 0;
    return ctx->packed;
}

/* ---- attributes ---- */

static const char *attr_type_name(eml_attr_type type) {
    static const char *const names[] = {
        "?",    "FLOAT",   "INT",     "STRING", "TENSOR",        "GRAPH",          "FLOATS",
        "INTS", "STRINGS", "TENSORS", "GRAPHS", "SPARSE_TENSOR", "SPARSE_TENSORS", "TYPE"};
    return (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : "?";
}

bool eml_ctx_has(const eml_ctx *ctx, const char *name) {
    return eml_node_attr(ctx->node, name) != NULL;
}

/* The attribute when it is there and of that type. */
static const eml_attr *typed_attr(eml_ctx *ctx, const char *name, eml_attr_type type) {
    const eml_attr *attr = eml_node_attr(ctx->node, name);
    if (attr == NULL || attr->type == type) return attr;
    if (ctx->bad_attr == NULL) {
        ctx->bad_attr = attr->name;
        ctx->bad_wanted = type;
    }
    return NULL;
}

int64_t eml_ctx_int(eml_ctx *ctx, const char *name, int64_t fallback) {
    const eml_attr *attr = typed_attr(ctx, name, EML_ATTR_INT);
    return attr != NULL ? attr->v.i : fallback;
}

float eml_ctx_float(eml_ctx *ctx, const char *name, float fallback) {
    const eml_attr *attr = typed_attr(ctx, name, EML_ATTR_FLOAT);
    return attr != NULL ? attr->v.f : fallback;
}

em_string eml_ctx_string(eml_ctx *ctx, const char *name, const char *fallback) {
    const eml_attr *attr = typed_attr(ctx, name, EML_ATTR_STRING);
    return attr != NULL ? attr->v.s : (em_string){fallback, strlen(fallback)};
}

bool eml_ctx_string_is(eml_ctx *ctx, const char *name, const char *fallback, const char *value) {
    em_string s = eml_ctx_string(ctx, name, fallback);
    return s.length == strlen(value) && memcmp(s.data, value, s.length) == 0;
}

const int64_t *eml_ctx_ints(eml_ctx *ctx, const char *name, size_t *count) {
    const eml_attr *attr = typed_attr(ctx, name, EML_ATTR_INTS);
    *count = attr != NULL ? attr->count : 0;
    return attr != NULL ? attr->v.ints : NULL;
}

const float *eml_ctx_floats(eml_ctx *ctx, const char *name, size_t *count) {
    const eml_attr *attr = typed_attr(ctx, name, EML_ATTR_FLOATS);
    *count = attr != NULL ? attr->count : 0;
    return attr != NULL ? attr->v.floats : NULL;
}

const em_string *eml_ctx_strings(eml_ctx *ctx, const char *name, size_t *count) {
    const eml_attr *attr = typed_attr(ctx, name, EML_ATTR_STRINGS);
    *count = attr != NULL ? attr->count : 0;
    return attr != NULL ? attr->v.strings : NULL;
}

/* Entries of list->number bytes in an array at list->base. */
static size_t read_array(eml_list *list, void *out, size_t n) {
    if (n > list->end - list->at) n = list->end - list->at;
    if (n > 0) memcpy(out, (const char *)list->base + list->at * list->number, n * list->number);
    list->at += n;
    return n;
}

size_t eml_ctx_list(eml_ctx *ctx, const char *name, eml_attr_type type, eml_list *list) {
    const eml_attr *attr = typed_attr(ctx, name, type);
    *list = (eml_list){.read = read_array};
    if (attr == NULL) return 0;
    if (attr->unread) {
        *list = *attr->v.unread;
        return attr->count;
    }
    list->end = attr->count;
    list->base = type == EML_ATTR_FLOATS ? (const void *)attr->v.floats
                 : type == EML_ATTR_INTS ? (const void *)attr->v.ints
                                         : (const void *)attr->v.strings;
    list->number = (uint32_t)(type == EML_ATTR_FLOATS ? sizeof(float)
                              : type == EML_ATTR_INTS ? sizeof(int64_t)
                                                      : sizeof(em_string));
    return attr->count;
}

const em_tensor *eml_ctx_tensor(eml_ctx *ctx, const char *name) {
    const eml_attr *attr = eml_node_attr(ctx->node, name);
    if (attr != NULL && attr->type == EML_ATTR_SPARSE_TENSOR) return attr->v.tensors;
    attr = typed_attr(ctx, name, EML_ATTR_TENSOR);
    return attr != NULL ? attr->v.tensors : NULL;
}

int eml_ctx_graph(eml_ctx *ctx, const char *name) {
    const eml_attr *attr = typed_attr(ctx, name, EML_ATTR_GRAPH);
    return attr != NULL ? attr->v.graphs[0] : -1;
}

/* ---- inputs and outputs ---- */

em_status eml_ctx_in_ints(eml_ctx *ctx, int i, int64_t *list, int max, int *count) {
    const em_tensor *in = ctx->in[i];
    if (in->dtype != EM_I64 && in->dtype != EM_I32)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input %d is %s, expected int64 or int32", i, em_dtype_name(in->dtype));
    if (in->rank > 1)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has rank %d, expected a list (rank 1)", i, in->rank);
    int64_t n = eml_tensor_n(in);
    if (n > max)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has %lld values, at most %d fit", i, (long long)n, max);
    if (n > 0 && in->data == NULL) return (em_status)EML_NEED_DATA;
    for (int64_t k = 0; k < n; k++)
        list[k] = in->dtype == EM_I64 ? ((const int64_t *)in->data)[k] : ((const int32_t *)in->data)[k];
    *count = (int)n;
    return EM_OK;
}

em_status eml_ctx_out(eml_ctx *ctx, int i, em_dtype dtype, int rank, const int64_t *dims) {
    if (!eml_ctx_has_out(ctx, i)) return EM_OK;
    if (rank > EM_MAX_RANK)
        return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "output %d would have rank %d, at most %d is supported", i, rank,
                        EM_MAX_RANK);
    em_tensor *out = ctx->out[i];
    out->kind = EM_TENSOR;
    out->keys = NULL;
    if (eml_tensor_shape(out, dtype, rank, dims)) return EM_OK;
    char text[EML_SHAPE_CHARS];
    return eml_fail(ctx->err, EM_ERR_MODEL, "output %d would have the shape %s, which no memory holds", i,
                    eml_shape_text(dims, rank, text));
}

em_status eml_ctx_out_like(eml_ctx *ctx, int i, const em_tensor *like) {
    return eml_ctx_out(ctx, i, like->dtype, like->rank, like->dims);
}

em_status eml_ctx_check_in(eml_ctx *ctx, int i, uint32_t dtypes) {
    if (!eml_ctx_has_in(ctx, i)) return eml_fail(ctx->err, EM_ERR_MODEL, "input %d is missing", i);
    const em_tensor *in = ctx->in[i];
    if (in->kind != EM_TENSOR) return eml_fail(ctx->err, EM_ERR_MODEL, "input %d is not a tensor", i);
    if ((dtypes & EML_T_BIT(in->dtype)) == 0)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input %d is %s, which this operator does not take", i,
                        em_dtype_name(in->dtype));
    return EM_OK;
}

em_status eml_ctx_check_same(eml_ctx *ctx, int first) {
    for (int i = first + 1; i < ctx->n_in; i++) {
        if (eml_ctx_has_in(ctx, i) && ctx->in[i]->dtype != ctx->in[first]->dtype)
            return eml_fail(ctx->err, EM_ERR_MODEL, "input %d is %s, expected %s as input %d", i,
                            em_dtype_name(ctx->in[i]->dtype), em_dtype_name(ctx->in[first]->dtype), first);
    }
    return EM_OK;
}

em_status eml_ctx_check_rank(eml_ctx *ctx, int i, int min_rank, int max_rank) {
    int rank = ctx->in[i]->rank;
    if (rank >= min_rank && rank <= max_rank) return EM_OK;
    if (min_rank == max_rank)
        return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has rank %d, expected %d", i, rank, min_rank);
    return eml_fail(ctx->err, EM_ERR_MODEL, "input %d has rank %d, expected %d to %d", i, rank, min_rank, max_rank);
}

/* ---- the hooks with their checks ---- */

void eml_op_prefix(const eml_graph *graph, const eml_node *node, em_error *err) {
    eml_fail_prefix(err, "%s%snode '%s' (%s%s%s, opset %d): ", graph->file, graph->file[0] != '\0' ? ": " : "",
                    node->name, node->domain, node->domain[0] != '\0' ? "." : "", node->op_type, node->opset);
}

static em_status check_count(eml_ctx *ctx, const char *what, int n, int least, int most) {
    if (n < least || (most >= 0 && n > most)) {
        if (most < 0) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d %ss, expected at least %d", n, what, least);
        if (least == most) return eml_fail(ctx->err, EM_ERR_MODEL, "has %d %ss, expected %d", n, what, least);
        return eml_fail(ctx->err, EM_ERR_MODEL, "has %d %ss, expected %d to %d", n, what, least, most);
    }
    return EM_OK;
}

static em_status check_attr_names(eml_ctx *ctx, const char *const *known) {
    for (int i = 0; i < ctx->node->n_attrs; i++) {
        const char *name = ctx->node->attrs[i].name;
        const char *const *k = known;
        while (*k != NULL && strcmp(*k, name) != 0) k++;
        if (*k == NULL)
            return eml_fail(ctx->err, EM_ERR_MODEL, "has an attribute '%s' that is not defined for it", name);
    }
    return EM_OK;
}

static em_status check(eml_ctx *ctx, const eml_op_entry *entry) {
    const eml_op *op = entry->op;
    if (ctx->opset < entry->first_opset)
        return eml_fail(ctx->err, EM_ERR_UNSUPPORTED, "exists since opset %d only", entry->first_opset);
    if (op->last_opset != 0 && ctx->opset > op->last_opset)
        return eml_fail(ctx->err, EM_ERR_MODEL, "was removed after opset %d", op->last_opset);
    EML_TRY(check_count(ctx, "input", ctx->n_in, op->min_in, op->max_in));
    EML_TRY(check_count(ctx, "output", ctx->n_out, op->min_out, op->max_out));
    for (int i = 0; i < op->min_in; i++) {
        if (ctx->node->in[i] == EML_NO_VALUE) return eml_fail(ctx->err, EM_ERR_MODEL, "input %d is missing", i);
    }
    return op->attrs != NULL ? check_attr_names(ctx, op->attrs) : EM_OK;
}

/* Turns a wrongly typed attribute into the hook's failure, and names the place of any failure. */
static em_status finish(eml_ctx *ctx, em_status status) {
    if (ctx->bad_attr != NULL) {
        const eml_attr *attr = eml_node_attr(ctx->node, ctx->bad_attr);
        status = eml_fail(ctx->err, EM_ERR_MODEL, "attribute '%s' is %s, expected %s", ctx->bad_attr,
                          attr_type_name(attr->type), attr_type_name(ctx->bad_wanted));
    }
    if (status != EM_OK && (int)status < EML_NEED_DATA) eml_op_prefix(ctx->graph, ctx->node, ctx->err);
    return status;
}

em_status eml_op_check(eml_ctx *ctx, const eml_op_entry *entry) {
    return finish(ctx, check(ctx, entry));
}

em_status eml_op_infer(eml_ctx *ctx, const eml_op_entry *entry) {
    return finish(ctx, entry->op->infer(ctx));
}

em_status eml_op_pack(eml_ctx *ctx, const eml_op_entry *entry) {
    return entry->op->pack != NULL ? finish(ctx, entry->op->pack(ctx)) : EM_OK;
}

em_status eml_op_prepare(eml_ctx *ctx, const eml_op_entry *entry) {
    return entry->op->prepare != NULL ? finish(ctx, entry->op->prepare(ctx)) : EM_OK;
}
