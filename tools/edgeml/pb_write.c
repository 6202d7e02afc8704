/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "edgeml/element.h"
#include "edgeml/pb.h"
#include "edgeml/pb_wire.h"

enum { MEMBER_TENSOR = 1, MEMBER_SEQUENCE = 3 }; /* elem_type of SequenceProto and OptionalProto */

static size_t component_bytes(em_dtype dtype) {
    return dtype == EM_C64 ? 4 : dtype == EM_C128 ? 8 : em_dtype_bytes(dtype, 1);
}

/* This machine's elements as little-endian bytes. */
static const void *raw_bytes(pool *p, const em_tensor *t, size_t bytes) {
    const uint16_t one = 1;
    size_t width = component_bytes(t->dtype);
    if (*(const uint8_t *)&one == 1 || width == 1) return t->data;
    uint8_t *raw = pool_alloc(p, bytes);
    for (size_t i = 0; i < bytes; i++) raw[i] = ((const uint8_t *)t->data)[i - i % width + (width - 1 - i % width)];
    return raw;
}

static bool put_tensor(pool *p, wire_out *out, const em_tensor *t, const char *name, em_error *err) {
    int64_t n = em_tensor_count(t);
    if (n < 0 || t->dtype == EM_UNDEFINED) return report_fail(err, "not a tensor with a type and a shape");
    for (int d = 0; d < t->rank; d++) wire_put_varint(out, 1, (uint64_t)t->dims[d]);
    wire_put_varint(out, 2, (uint64_t)t->dtype);
    if (name) wire_put_bytes(out, 8, name, strlen(name));
    if (t->dtype == EM_STRING) {
        for (int64_t i = 0; i < n; i++) {
            em_string s = ((const em_string *)t->data)[i];
            wire_put_bytes(out, 6, s.data, s.length);
        }
    } else {
        size_t bytes = em_dtype_bytes(t->dtype, n);
        wire_put_bytes(out, 9, raw_bytes(p, t, bytes), bytes);
    }
    return true;
}

static bool put_sequence(pool *p, wire_out *out, const em_tensor *t, const char *name, em_error *err) {
    if (name) wire_put_bytes(out, 1, name, strlen(name));
    wire_put_varint(out, 2, MEMBER_TENSOR);
    for (int64_t i = 0; i < t->dims[0]; i++) {
        const em_tensor *item = (const em_tensor *)t->data + i;
        wire_out member = {.p = p};
        if (item->kind != EM_TENSOR) return report_fail(err, "only sequences of tensors can be written as .pb");
        if (!put_tensor(p, &member, item, NULL, err)) return false;
        wire_put_message(out, 3, &member);
    }
    return true;
}

bool pb_write(pool *p, const em_tensor *t, const char *name, bool optional, file_bytes *file, em_error *err) {
    wire_out value = {.p = p}, wrapper = {.p = p};
    bool sequence = t->kind == EM_SEQUENCE;
    if (t->kind == EM_MAP || t->kind == EM_MAPS) return report_fail(err, "maps are not written as .pb but as .json");
    if (t->kind == EM_TENSOR && !put_tensor(p, &value, t, optional ? NULL : name, err)) return false;
    if (sequence && !put_sequence(p, &value, t, optional ? NULL : name, err)) return false;
    if (optional || t->kind == EM_NONE) {
        if (name) wire_put_bytes(&wrapper, 1, name, strlen(name));
        wire_put_varint(&wrapper, 2, t->kind == EM_NONE ? 0 : sequence ? MEMBER_SEQUENCE : MEMBER_TENSOR);
        if (t->kind != EM_NONE) wire_put_message(&wrapper, sequence ? 5 : 3, &value);
        value = wrapper;
    }
    *file = (file_bytes){value.data, value.length};
    return true;
}
