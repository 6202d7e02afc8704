/* SPDX-License-Identifier: Apache-2.0 */
/* SparseTensorProto -> dense em_tensor. values v[nnz]; indices i[nnz], row-major positions, or i[nnz, rank]. */
#include "load/loader.h"

#include <string.h>

/* Row-major position of entry k; false when it lies outside. */
static bool position_of(const em_tensor *dense, const em_tensor *indices, int64_t k, int64_t *position) {
    const int64_t *index = indices->data;
    if (indices->rank == 1) {
        *position = index[k];
        return index[k] >= 0 && index[k] < eml_tensor_n(dense);
    }
    *position = 0;
    for (int axis = 0; axis < dense->rank; axis++) {
        int64_t at = index[k * dense->rank + axis];
        if (at < 0 || at >= dense->dims[axis]) return false;
        *position = *position * dense->dims[axis] + at;
    }
    return true;
}

static em_status scatter(eml_loader *l, const em_tensor *values, const em_tensor *indices, em_tensor *dense) {
    size_t width = eml_dtype_size(values->dtype);
    int64_t last = -1, position;
    for (int64_t k = 0; k < values->dims[0]; k++) {
        if (!position_of(dense, indices, k, &position))
            return eml_fail(l->err, EM_ERR_MODEL, "index %lld of the sparse tensor lies outside its shape",
                            (long long)k);
        if (position <= last)
            return eml_fail(l->err, EM_ERR_MODEL, "index %lld of the sparse tensor is not in ascending order",
                            (long long)k);
        last = position;
        memcpy((char *)dense->data + (size_t)position * width, (const char *)values->data + (size_t)k * width, width);
    }
    return EM_OK;
}

static em_status check_parts(eml_loader *l, const em_tensor *values, const em_tensor *indices, int rank) {
    if (values->rank != 1 || eml_dtype_size(values->dtype) == 0 || values->dtype == EM_STRING)
        return eml_fail(l->err, EM_ERR_UNSUPPORTED, "a sparse tensor of %s, rank %d", em_dtype_name(values->dtype),
                        values->rank);
    bool fits = indices->dtype == EM_I64 && indices->rank >= 1 && indices->rank <= 2 &&
                indices->dims[0] == values->dims[0] && (indices->rank == 1 || indices->dims[1] == rank);
    return fits ? EM_OK : eml_fail(l->err, EM_ERR_MODEL, "the indices of a sparse tensor do not fit its values");
}

em_status eml_load_sparse(eml_loader *l, const Onnx__SparseTensorProto *proto, em_tensor *tensor) {
    em_tensor values, indices;
    bool borrowed;
    if (proto->values == NULL || proto->indices == NULL)
        return eml_fail(l->err, EM_ERR_MODEL, "a sparse tensor lacks its values or indices");
    eml_arena *arena = l->arena;
    bool borrow = l->options.borrow;
    l->arena = &l->scratch;
    l->options.borrow = false;
    em_status status = eml_load_tensor_proto(l, proto->values, &values, &borrowed);
    if (status == EM_OK) status = eml_load_tensor_proto(l, proto->indices, &indices, &borrowed);
    l->arena = arena;
    l->options.borrow = borrow;
    if (status != EM_OK) return status;

    *tensor = (em_tensor){.kind = EM_TENSOR};
    if (proto->n_dims > EM_MAX_RANK)
        return eml_fail(l->err, EM_ERR_UNSUPPORTED, "%zu dimensions, this library goes up to %d", proto->n_dims,
                        EM_MAX_RANK);
    EML_TRY(check_parts(l, &values, &indices, (int)proto->n_dims));
    if (!eml_tensor_shape(tensor, values.dtype, (int)proto->n_dims, proto->dims))
        return eml_fail(l->err, EM_ERR_MODEL, "a sparse tensor has an impossible shape");
    if (l->options.no_weights) return EM_OK;
    if (tensor->bytes > l->dense_left) /* a few bytes must not be able to ask for all memory */
        return eml_fail(l->err, EM_ERR_LIMIT, "a sparse tensor of %zu bytes of values would take %zu bytes",
                        values.bytes, tensor->bytes);
    l->dense_left -= tensor->bytes;
    tensor->data = eml_arena_zero(l->arena, tensor->bytes, 1);
    if (tensor->data == NULL) return eml_load_no_memory(l, tensor->bytes);
    return scatter(l, &values, &indices, tensor);
}
