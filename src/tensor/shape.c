/* SPDX-License-Identifier: Apache-2.0 */
#include "tensor/tensor.h"

/* The product of the dimensions that are not 0 must fit, too: then no partial product can overflow. */
bool eml_shape_count(const int64_t *dims, int rank, int64_t *count) {
    int64_t product = 1;
    bool empty = false;
    for (int i = 0; i < rank; i++) {
        if (dims[i] < 0) return false;
        if (dims[i] == 0)
            empty = true;
        else if (!eml_i64_mul(product, dims[i], &product))
            return false;
    }
    if ((uint64_t)product > SIZE_MAX) return false;
    *count = empty ? 0 : product;
    return true;
}

int64_t eml_dims_product(const int64_t *dims, int from, int to) {
    int64_t product = 1;
    for (int i = from; i < to; i++) product *= dims[i];
    return product;
}

bool eml_shape_equal(const em_tensor *a, const em_tensor *b) {
    if (a->rank != b->rank) return false;
    for (int i = 0; i < a->rank; i++)
        if (a->dims[i] != b->dims[i]) return false;
    return true;
}

bool eml_axis_normalize(int64_t axis, int rank, int *out) {
    if (axis < -rank || axis >= rank) return false;
    *out = (int)(axis < 0 ? axis + rank : axis);
    return true;
}

const char *eml_shape_text(const int64_t *dims, int rank, char *out) {
    size_t length = eml_format(out, EML_SHAPE_CHARS, "[");
    for (int i = 0; i < rank && i < EM_MAX_RANK; i++) {
        const char *comma = i ? ", " : "";
        char *at = out + length;
        if (dims[i] < 0)
            length += eml_format(at, EML_SHAPE_CHARS - length, "%s?", comma);
        else
            length += eml_format(at, EML_SHAPE_CHARS - length, "%s%lld", comma, (long long)dims[i]);
    }
    eml_format(out + length, EML_SHAPE_CHARS - length, "]");
    return out;
}

void eml_strides(const int64_t *dims, int rank, int64_t *strides) {
    int64_t stride = 1;
    for (int i = rank - 1; i >= 0; i--) {
        strides[i] = stride;
        stride *= dims[i];
    }
}

void eml_broadcast_strides(const int64_t *dims, int rank, const int64_t *to, int to_rank, int64_t *strides) {
    int64_t stride = 1;
    for (int i = to_rank - 1, j = rank - 1; i >= 0; i--, j--) {
        strides[i] = j < 0 || (dims[j] == 1 && to[i] != 1) ? 0 : stride;
        if (j >= 0) stride *= dims[j];
    }
}

bool eml_broadcast_shape(const em_tensor *const *in, int n, int64_t *dims, int *rank) {
    int widest = 0;
    for (int k = 0; k < n; k++)
        if (in[k]->rank > widest) widest = in[k]->rank;
    for (int i = 0; i < widest; i++) dims[i] = 1;
    for (int k = 0; k < n; k++) {
        for (int i = 0; i < in[k]->rank; i++) {
            int64_t *to = &dims[widest - in[k]->rank + i], from = in[k]->dims[i];
            if (from == *to || from == 1) continue;
            if (*to != 1) return false;
            *to = from;
        }
    }
    *rank = widest;
    return true;
}

bool eml_tensor_shape(em_tensor *tensor, em_dtype dtype, int rank, const int64_t *dims) {
    int64_t count;
    size_t bytes;
    if (rank < 0 || rank > EM_MAX_RANK || !eml_shape_count(dims, rank, &count)) return false;
    if (!eml_dtype_bytes(dtype, count, &bytes)) return false;
    tensor->dtype = dtype;
    tensor->rank = rank;
    for (int i = 0; i < rank; i++) tensor->dims[i] = dims[i];
    tensor->bytes = bytes;
    return true;
}

int64_t eml_tensor_n(const em_tensor *tensor) {
    return eml_dims_product(tensor->dims, 0, tensor->rank);
}
