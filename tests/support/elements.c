/* SPDX-License-Identifier: Apache-2.0 */
#include "support/elements.h"

#include <stdlib.h>
#include <string.h>

#include "cpu/select.h"
#include "ops/env.h"
#include "tensor/convert.h"

const em_dtype elements_whole[6] = {EM_U8, EM_F16, EM_F32, EM_I64, EM_C128, EM_STRING};
const em_dtype elements_packed[5] = {EM_U4, EM_I4, EM_F4E2M1, EM_U2, EM_I2};

static em_tensor make(em_dtype dtype, int rank, const int64_t *dims) {
    static void *all[100000];
    static size_t n;
    em_tensor t = em_tensor_make(dtype, NULL, rank, dims);
    t.data = calloc(1, t.bytes + 1);
    assert_non_null(t.data);
    if (n < N(all)) all[n++] = t.data; /* still reachable: no leak to report */
    return t;
}

int64_t elements_below(uint64_t *seed, int64_t low, int64_t high) {
    return low + (int64_t)(op_test_random(seed) * (double)(high - low + 1));
}

em_tensor elements_random(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims) {
    em_tensor t = make(dtype, rank, dims);
    for (size_t i = 0; i < t.bytes; i++)
        ((uint8_t *)t.data)[i] = (uint8_t)elements_below(seed, 0, dtype == EM_BOOL ? 1 : 255);
    return t;
}

em_tensor elements_integers(uint64_t *seed, em_dtype dtype, int rank, const int64_t *dims, int64_t low, int64_t high) {
    em_tensor t = make(dtype, rank, dims);
    for (int64_t i = 0; i < em_tensor_count(&t); i++)
        eml_store_i64(dtype, t.data, i, elements_below(seed, low, high - 1));
    return t;
}

em_tensor elements_list(const int64_t *values, size_t count) {
    em_tensor t = make(EM_I64, 1, D((int64_t)count));
    if (count > 0) memcpy(t.data, values, t.bytes);
    return t;
}

em_tensor elements_scalar(int64_t value) {
    em_tensor t = make(EM_I64, 0, NULL);
    memcpy(t.data, &value, sizeof value);
    return t;
}

int64_t elements_at(const em_tensor *t, const int64_t *index) {
    int64_t at = 0;
    for (int d = 0; d < t->rank; d++) {
        assert_true(index[d] >= 0 && index[d] < t->dims[d]);
        at = at * t->dims[d] + index[d];
    }
    return at;
}

void elements_index(const em_tensor *t, int64_t at, int64_t *index) {
    for (int d = t->rank - 1; d >= 0; d--) {
        index[d] = at % t->dims[d];
        at /= t->dims[d];
    }
}

bool elements_same(const em_tensor *a, int64_t i, const em_tensor *b, int64_t j) {
    unsigned bits = eml_dtype_bits(a->dtype);
    if (bits < 8) return eml_packed_get(a->data, i, bits) == eml_packed_get(b->data, j, bits);
    size_t size = bits / 8;
    return memcmp((const char *)a->data + (size_t)i * size, (const char *)b->data + (size_t)j * size, size) == 0;
}

void elements_shape(const em_tensor *got, em_dtype dtype, int rank, const int64_t *dims) {
    assert_int_equal(got->kind, EM_TENSOR);
    assert_int_equal(got->dtype, dtype);
    assert_int_equal(got->rank, rank);
    for (int d = 0; d < rank; d++) assert_int_equal(got->dims[d], dims[d]);
    assert_int_equal(got->bytes, em_dtype_bytes(dtype, em_tensor_count(got)));
}

void elements_equal(const em_tensor *got, const em_tensor *wanted) {
    elements_shape(got, wanted->dtype, wanted->rank, wanted->dims);
    for (int64_t i = 0; i < em_tensor_count(got); i++) assert_true(elements_same(got, i, wanted, i));
}

void elements_fails(op_test *t, em_status status, const char *text) {
    em_status found = op_test_run(t, t->node.n_out > 0 ? t->node.n_out : 1);
    assert_int_equal(found, status);
    if (!strstr(t->err.message, text)) fail_msg("'%s' does not tell '%s'", t->err.message, text);
    op_test_end(t);
}

static void *arena_alloc(void *arena, size_t bytes) {
    return eml_arena_zero(arena, bytes, 1);
}

void elements_in_place(op_test *t, int i) {
    const eml_op_entry *entry = eml_op_find(t->node.domain, t->node.op_type);
    em_tensor out = t->out[0], copy = t->in_store[i], *outs[1] = {&out}, *ins[OP_TEST_MAX];
    assert_true(entry->op->inplace >> i & 1);
    assert_int_equal(copy.bytes, out.bytes);
    copy.data = eml_arena_alloc(&t->graph.arena, copy.bytes, 64);
    memcpy(copy.data, t->in_store[i].data, copy.bytes);
    for (int k = 0; k < t->node.n_in; k++) ins[k] = k == i ? &copy : t->in[k] ? &t->in_store[k] : NULL;
    eml_ctx ctx = {.graph = &t->graph,
                   .node = &t->node,
                   .opset = t->node.opset,
                   .n_in = t->node.n_in,
                   .n_out = 1,
                   .in = (const em_tensor *const *)ins,
                   .out = outs,
                   .err = &t->err,
                   .k = eml_cpu_kernels(),
                   .alloc = arena_alloc,
                   .alloc_user = &t->graph.arena};
    assert_int_equal(eml_op_infer(&ctx, entry), EM_OK);
    assert_int_equal(eml_op_prepare(&ctx, entry), EM_OK);
    out.data = copy.data;
    eml_run run = {.in = ins,
                   .out = outs,
                   .n_in = t->node.n_in,
                   .n_out = 1,
                   .params = ctx.params,
                   .k = eml_cpu_kernels(),
                   .env = &(eml_env){.alloc = NULL},
                   .err = &t->err};
    assert_int_equal(entry->op->run(&run), EM_OK);
    elements_equal(&out, &t->out[0]);
}
