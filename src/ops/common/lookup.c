/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/lookup.h"

#include <string.h>

#include "base/size.h"

enum { SEEDS = 64 };

/* The finalizer of MurmurHash3: every bit of the key moves every bit of the result. */
static uint64_t mix(uint64_t x) {
    x = (x ^ (x >> 33)) * UINT64_C(0xff51afd7ed558ccd);
    x = (x ^ (x >> 33)) * UINT64_C(0xc4ceb9fe1a85ec53);
    return x ^ (x >> 33);
}

static uint32_t hash_number(uint64_t key, uint32_t seed) {
    return (uint32_t)mix(key + seed * UINT64_C(0x9e3779b97f4a7c15));
}

/* Up to eight bytes, little-endian wherever it runs: a blob means the same everywhere. */
static uint64_t load_bytes(const unsigned char *p, size_t n) {
    uint64_t x = 0;
    for (size_t i = 0; i < n; i++) x |= (uint64_t)p[i] << (8 * i);
    return x;
}

static uint64_t load_8(const unsigned char *p) { /* compilers make one load of it */
    return (uint64_t)p[0] | (uint64_t)p[1] << 8 | (uint64_t)p[2] << 16 | (uint64_t)p[3] << 24 | (uint64_t)p[4] << 32 |
           (uint64_t)p[5] << 40 | (uint64_t)p[6] << 48 | (uint64_t)p[7] << 56;
}

static uint32_t hash_string(em_string key, uint32_t seed) {
    const unsigned char *p = (const unsigned char *)key.data;
    uint64_t h = (key.length + 1) * UINT64_C(0x9e3779b97f4a7c15) + seed;
    size_t n = key.length;
    for (; n >= 8; n -= 8, p += 8) h = mix(h ^ load_8(p));
    return (uint32_t)(n > 0 ? mix(h ^ load_bytes(p, n)) : mix(h));
}

static eml_string_list *string_keys(const eml_lookup *lookup) {
    return (eml_string_list *)(void *)((char *)(uintptr_t)lookup + lookup->keys_offset);
}
static uint64_t *number_keys(const eml_lookup *lookup) {
    return (uint64_t *)(void *)((char *)(uintptr_t)lookup + lookup->keys_offset);
}

/* Power of two, at least twice count. */
static size_t slots_for(size_t count) {
    size_t slots = 2;
    while (slots < 2 * count) slots *= 2;
    return slots;
}

/* keys: bytes of the list of keys. */
static em_status measure(size_t keys, size_t count, size_t *bytes, em_error *err) {
    size_t slots, total;
    if (count > UINT32_MAX / 4 || !eml_size_mul(slots_for(count), sizeof(eml_lookup_slot), &slots) ||
        !eml_size_add(slots, keys, &total) || !eml_size_add(total, sizeof(eml_lookup), &total))
        return eml_fail(err, EM_ERR_LIMIT, "%zu keys are more than a table holds", count);
    *bytes = total;
    return EM_OK;
}

em_status eml_lookup_measure(const em_string *strings, size_t count, size_t *bytes, em_error *err) {
    size_t keys = SIZE_MAX;
    if (strings != NULL)
        EML_TRY(eml_string_list_measure(strings, count, &keys, err));
    else
        (void)eml_size_mul(count, sizeof(uint64_t), &keys);
    return measure(keys, count, bytes, err);
}

em_status eml_lookup_measure_text(size_t text_bytes, size_t count, size_t *bytes, em_error *err) {
    size_t keys;
    EML_TRY(eml_string_list_measure_text(text_bytes, count, &keys, err));
    return measure(keys, count, bytes, err);
}

void eml_lookup_begin(eml_lookup *lookup, bool strings, size_t capacity) {
    size_t slots = slots_for(capacity);
    *lookup = (eml_lookup){.mask = (uint32_t)(slots - 1),
                           .strings = strings,
                           .keys_offset = sizeof(eml_lookup) + slots * sizeof(eml_lookup_slot)};
    if (strings) eml_string_list_begin(string_keys(lookup), capacity);
}

static uint32_t hash_entry(const eml_lookup *lookup, uint32_t i) {
    return lookup->strings ? hash_string(eml_string_list_get(string_keys(lookup), i), lookup->seed)
                           : hash_number(number_keys(lookup)[i], lookup->seed);
}

/* Files entry i, which is in no slot yet; false when that takes too many probes. */
static bool file_entry(eml_lookup *lookup, uint32_t i) {
    uint32_t hash = hash_entry(lookup, i);
    for (uint32_t probe = 0; probe < EML_LOOKUP_PROBES; probe++) {
        eml_lookup_slot *slot = &lookup->slots[(hash + probe) & lookup->mask];
        if (slot->entry != 0) continue;
        *slot = (eml_lookup_slot){hash, i + 1};
        return true;
    }
    return false;
}

/* Files the newest entry, with other seeds if it must be. */
static int64_t add_entry(eml_lookup *lookup) {
    uint32_t newest = lookup->count++;
    bool filed = file_entry(lookup, newest);
    while (!filed && ++lookup->seed < SEEDS) {
        memset(lookup->slots, 0, ((size_t)lookup->mask + 1) * sizeof(eml_lookup_slot));
        filed = true;
        for (uint32_t i = 0; i <= newest && filed; i++) filed = file_entry(lookup, i);
    }
    return filed ? (int64_t)newest : EML_LOOKUP_NONE;
}

int64_t eml_lookup_put_number(eml_lookup *lookup, uint64_t key) {
    int64_t found = eml_lookup_number(lookup, key);
    if (found >= 0) return found;
    number_keys(lookup)[lookup->count] = key;
    return add_entry(lookup);
}

int64_t eml_lookup_put_string(eml_lookup *lookup, em_string key) {
    int64_t found = eml_lookup_string(lookup, key);
    if (found >= 0) return found;
    eml_string_list_add(string_keys(lookup), key);
    return add_entry(lookup);
}

em_status eml_lookup_put_strings(eml_lookup *lookup, const em_string *keys, size_t count, uint32_t *indices,
                                 em_error *err) {
    for (size_t i = 0; i < count; i++) {
        int64_t index = eml_lookup_put_string(lookup, keys[i]);
        if (index < 0) return eml_fail(err, EM_ERR_LIMIT, "%zu keys collide in every table", count);
        if (indices != NULL) indices[i] = (uint32_t)index;
    }
    return EM_OK;
}

int64_t eml_lookup_number(const eml_lookup *lookup, uint64_t key) {
    uint32_t hash = hash_number(key, lookup->seed);
    const uint64_t *keys = number_keys(lookup);
    for (uint32_t probe = 0; probe < EML_LOOKUP_PROBES; probe++) {
        const eml_lookup_slot *slot = &lookup->slots[(hash + probe) & lookup->mask];
        if (slot->entry == 0) break;
        if (slot->hash == hash && keys[slot->entry - 1] == key) return (int64_t)slot->entry - 1;
    }
    return EML_LOOKUP_NONE;
}

int64_t eml_lookup_string(const eml_lookup *lookup, em_string key) {
    uint32_t hash = hash_string(key, lookup->seed);
    const eml_string_list *keys = string_keys(lookup);
    for (uint32_t probe = 0; probe < EML_LOOKUP_PROBES; probe++) {
        const eml_lookup_slot *slot = &lookup->slots[(hash + probe) & lookup->mask];
        if (slot->entry == 0) break;
        if (slot->hash != hash) continue;
        em_string known = eml_string_list_get(keys, slot->entry - 1);
        if (known.length == key.length && (key.length == 0 || memcmp(known.data, key.data, key.length) == 0))
            return (int64_t)slot->entry - 1;
    }
    return EML_LOOKUP_NONE;
}

static uint64_t float_key(double value) {
    uint64_t bits;
    if (value != value) return UINT64_C(0x7ff8000000000000);
    value += 0.0; /* -0 becomes 0 */
    memcpy(&bits, &value, sizeof(bits));
    return bits;
}

uint64_t eml_lookup_key(em_dtype dtype, const void *data, size_t i) {
    switch (dtype) {
    case EM_F32: return float_key((double)((const float *)data)[i]);
    case EM_F64: return float_key(((const double *)data)[i]);
    case EM_I64: return (uint64_t)((const int64_t *)data)[i];
    case EM_I32: return (uint64_t)((const int32_t *)data)[i];
    case EM_I16: return (uint64_t)((const int16_t *)data)[i];
    default: return 0;
    }
}
