/* SPDX-License-Identifier: Apache-2.0 */
#include "load/unpack.h"

#include "base/size.h"

enum { TREE_ALIGN = 8, TREE_CHUNK_BYTES = 16384 };
/* Of 2,221 real models and standard tests those above 5 KB ask for at most 9.8 bytes of tree per byte of file, the
 * small ones for 16. Two-byte empty messages, which is what a bomb is made of, ask for 60 to 145. */
enum { BUDGET_BASE = 1 << 20, BUDGET_PER_BYTE = 32 };

void eml_unpack_init(eml_unpack *unpack, const void *bytes, size_t length, eml_mem *mem) {
    *unpack = (eml_unpack){.bytes = bytes, .length = length, .slim = {.mem = mem}};
    eml_arena_init(&unpack->arena, mem, TREE_CHUNK_BYTES);
    if (!eml_size_mul(length, BUDGET_PER_BYTE, &unpack->budget) ||
        !eml_size_add(unpack->budget, BUDGET_BASE, &unpack->budget))
        unpack->budget = SIZE_MAX;
}

void eml_unpack_destroy(eml_unpack *unpack) {
    eml_slim_destroy(&unpack->slim);
    eml_arena_destroy(&unpack->arena);
}

static size_t room(const eml_unpack *unpack) {
    size_t used = unpack->arena.used + unpack->spent; /* both are in memory: no overflow */
    return used > unpack->budget ? 0 : unpack->budget - used;
}

static void *tree_alloc(void *user, size_t bytes) {
    eml_unpack *unpack = user;
    unpack->over = bytes > room(unpack);
    void *memory = unpack->over ? NULL : eml_arena_alloc(&unpack->arena, bytes, TREE_ALIGN);
    if (memory == NULL) unpack->failed = bytes;
    return memory;
}

static void tree_free(void *user, void *memory) {
    (void)user; /* all at once, with the arena */
    (void)memory;
}

em_status eml_unpack_message(eml_unpack *unpack, const ProtobufCMessageDescriptor *type, eml_span body,
                             ProtobufCMessage **message, em_error *err) {
    unpack->slim.room = room(unpack);
    EML_TRY(eml_slim_write(&unpack->slim, type, unpack->bytes, body, err));
    ProtobufCAllocator allocator = {tree_alloc, tree_free, unpack};
    unpack->failed = 0;
    *message = protobuf_c_message_unpack(type, &allocator, unpack->slim.n, unpack->slim.bytes);
    if (*message != NULL) return EM_OK;
    if (unpack->failed == 0)
        return eml_fail(err, EM_ERR_FORMAT, "the %s at byte %zu cannot be unpacked", type->short_name, body.begin);
    if (!unpack->over) return eml_mem_fail(unpack->slim.mem, unpack->failed, "the model's structure", err);
    return eml_fail(err, EM_ERR_LIMIT,
                    "the %s at byte %zu unpacks to more than %zu bytes, far more than a real model would",
                    type->short_name, body.begin, unpack->budget);
}

em_status eml_unpack_spend(eml_unpack *unpack, size_t count, size_t entry_bytes, const char *what, em_error *err) {
    if (count > room(unpack) / entry_bytes)
        return eml_fail(err, EM_ERR_LIMIT, "%zu %s in a model of %zu bytes, far more than a real one would have", count,
                        what, unpack->length);
    unpack->spent += count * entry_bytes;
    return EM_OK;
}
