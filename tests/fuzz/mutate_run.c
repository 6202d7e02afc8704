/* SPDX-License-Identifier: Apache-2.0 */
/* Damages models and runs what still loads: any status is fine, a crash, a hang or a leak is not. Built with
 * -DEDGEML_SANITIZE=address,undefined by tests/fuzz/run.sh.
 *
 *     mutate_run ROUNDS SEED MODEL.onnx...
 *
 * Each round takes one model, changes 1 to 8 places (a byte, a bit, a run of bytes copied elsewhere, a cut) and loads
 * it. A model that loads is run on three batches of made-up inputs, under a memory limit and a bound on the number of
 * executed nodes. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "edgeml.h"

enum { MAX_MODEL = 1 << 22, MEMORY_LIMIT = 256 << 20, MAX_NODES = 20000, MAX_IO = 64, FILL_BYTES = 1 << 20 };

static uint64_t state;

static uint64_t next(void) { /* splitmix64 */
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static size_t below(size_t n) {
    return n == 0 ? 0 : (size_t)(next() % n);
}

static size_t damage(unsigned char *bytes, size_t length) {
    for (size_t k = 1 + below(8); k > 0 && length > 0; k--) {
        size_t at = below(length);
        switch (below(8)) {
        case 0: bytes[at] = (unsigned char)next(); break;
        case 1: bytes[at] = below(2) ? 0xff : 0; break;
        case 2: { /* copy a run elsewhere */
            size_t from = below(length), n = below(32);
            if (from + n <= length && at + n <= length) memmove(bytes + at, bytes + from, n);
            break;
        }
        case 3:
            if (below(16) == 0) length = at;
            break;
        default: bytes[at] ^= (unsigned char)(1u << below(8)); break;
        }
    }
    return length;
}

static size_t executed;

static bool count_nodes(void *user) {
    (void)user;
    return ++executed > MAX_NODES;
}

/* A tensor of the declared type with random bytes of a sane size, or nothing when the type is no tensor. */
static bool make_input(const em_io_info *info, int64_t batch, em_tensor *t) {
    static _Alignas(64) unsigned char bytes[FILL_BYTES];
    static em_string strings[256];
    static const char *const words[] = {"", "a", "Zwei drei", "\xff\xfe", "42", "red"};
    *t = (em_tensor){.kind = EM_NONE};
    if (info->kind != EM_TENSOR || info->rank < 0) return info->optional;
    int64_t dims[EM_MAX_RANK];
    for (int d = 0; d < info->rank; d++) dims[d] = info->dims[d] < 0 ? batch : info->dims[d];
    *t = em_tensor_make(info->dtype, bytes, info->rank, dims);
    int64_t n = em_tensor_count(t);
    size_t size = em_dtype_bytes(info->dtype, n);
    if (n < 0 || size > sizeof(bytes) || n > 65536) return false;
    if (info->dtype == EM_STRING) {
        if (n > 256) return false;
        for (int64_t i = 0; i < n; i++) strings[i] = em_string_of(words[below(6)]);
        t->data = strings;
        return true;
    }
    for (size_t i = 0; i < size; i++)
        bytes[i] = info->dtype == EM_BOOL ? (unsigned char)(next() & 1) : (unsigned char)next();
    if (info->dtype == EM_F32 && below(2))
        for (int64_t i = 0; i < n; i++) ((float *)(void *)bytes)[i] = (float)(next() % 2000) / 100.0f - 10.0f;
    return true;
}

static void run(const em_model *model) {
    em_session_options o = EM_OPTIONS_INIT(em_session_options);
    o.memory_limit = MEMORY_LIMIT;
    o.cancel = count_nodes;
    em_session *session = NULL;
    em_error err;
    if (em_session_create(model, &o, &session, &err) != EM_OK) return;
    int n_in = em_model_input_count(model), n_out = em_model_output_count(model);
    for (int64_t batch = 1; batch <= 4 && n_in <= MAX_IO && n_out <= MAX_IO; batch += 1 + batch % 2) {
        em_tensor in[MAX_IO], out[MAX_IO];
        memset(out, 0, sizeof(out));
        bool ok = true;
        for (int i = 0; i < n_in; i++) {
            em_io_info info;
            em_model_input(model, i, &info);
            ok = ok && make_input(&info, batch, &in[i]);
        }
        executed = 0;
        if (ok) em_session_run(session, in, (size_t)n_in, out, (size_t)n_out, &err);
    }
    em_session_destroy(session);
}

int main(int argc, char **argv) {
    if (argc < 4) {
        fprintf(stderr, "usage: mutate_run ROUNDS SEED MODEL.onnx...\n");
        return 2;
    }
    static unsigned char original[MAX_MODEL], bytes[MAX_MODEL];
    long rounds = atol(argv[1]), loaded = 0;
    uint64_t seed = strtoull(argv[2], NULL, 10);
    for (long r = 0; r < rounds; r++) {
        const char *path = argv[3 + (size_t)r % (size_t)(argc - 3)];
        FILE *f = fopen(path, "rb");
        if (f == NULL) {
            fprintf(stderr, "mutate_run: cannot open %s\n", path);
            return 2;
        }
        size_t length = fread(original, 1, sizeof(original), f);
        fclose(f);
        state = seed + (uint64_t)r;
        memcpy(bytes, original, length);
        length = damage(bytes, length);
        if (getenv("MUTATE_KEEP") != NULL) { /* the input of a crash, to look at */
            FILE *keep = fopen(getenv("MUTATE_KEEP"), "wb");
            if (keep != NULL) {
                fwrite(bytes, 1, length, keep);
                fclose(keep);
            }
        }
        em_model_options o = EM_OPTIONS_INIT(em_model_options);
        o.memory_limit = MEMORY_LIMIT;
        em_model *model = NULL;
        em_error err;
        if (em_model_load_memory(bytes, length, &o, &model, &err) != EM_OK) continue;
        loaded++;
        run(model);
        em_model_destroy(model);
    }
    printf("%ld rounds from seed %llu, %ld models still loaded\n", rounds, (unsigned long long)seed, loaded);
    return 0;
}
