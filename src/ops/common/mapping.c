/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/mapping.h"

#include <string.h>

#include "ops/common/layout.h"
#include "ops/common/lookup.h"

struct eml_mapping {
    uint32_t key, value;    /* em_dtype */
    uint32_t count;         /* distinct keys; values[count] is for all others */
    uint32_t span;          /* length of the table, 0: a hash table is there instead */
    int64_t least;          /* key of table[0] */
    uint64_t keys_offset;   /* uint32_t table[span] of indices into values, or eml_lookup */
    uint64_t values_offset; /* elements of type value, or eml_string_list */
};

enum { CHUNK = 128 };

static uint64_t key_at(const eml_typed_list *list, size_t i) {
    return list->data != NULL ? eml_lookup_key(list->dtype, list->data, i) : i;
}

/* Length of a table for integer keys, 0 when they lie too far apart for one. */
static uint32_t table_span(const eml_typed_list *keys, int64_t *least) {
    if (!eml_dtype_is_integer(keys->dtype) || keys->count == 0) return 0;
    int64_t low = INT64_MAX, high = INT64_MIN;
    for (size_t i = 0; i < keys->count; i++) {
        int64_t key = (int64_t)key_at(keys, i);
        if (key < low) low = key;
        if (key > high) high = key;
    }
    uint64_t distance = (uint64_t)high - (uint64_t)low;
    *least = low;
    return distance < 4 * (uint64_t)keys->count + 64 && distance < UINT32_MAX / 8 ? (uint32_t)distance + 1 : 0;
}

static em_status measure_values(const eml_typed_list *values, const eml_typed_list *other, size_t *bytes,
                                em_error *err) {
    if (values->dtype == EM_STRING) {
        size_t more;
        EML_TRY(eml_string_list_measure(values->data, values->count, bytes, err));
        EML_TRY(eml_string_list_measure(other->data, 1, &more, err));
        if (!eml_size_add(*bytes, more, bytes) || *bytes > UINT32_MAX)
            return eml_fail(err, EM_ERR_LIMIT, "the strings take 4 GiB or more");
        return EM_OK;
    }
    if (!eml_size_mul(values->count + 1, eml_dtype_size(values->dtype), bytes))
        return eml_fail(err, EM_ERR_LIMIT, "%zu values do not fit memory", values->count);
    return EM_OK;
}

/* Where the parts stand; the span of the table is the same in measuring and writing. */
static em_status lay_out(const eml_typed_list *keys, const eml_typed_list *values, const eml_typed_list *other,
                         eml_mapping *m, size_t *bytes, em_error *err) {
    eml_layout layout = {0};
    size_t key_bytes, value_bytes;
    m->span = table_span(keys, &m->least);
    if (m->span != 0)
        key_bytes = m->span * sizeof(uint32_t);
    else
        EML_TRY(eml_lookup_measure(keys->dtype == EM_STRING ? keys->data : NULL, keys->count, &key_bytes, err));
    EML_TRY(measure_values(values, other, &value_bytes, err));
    (void)eml_layout_add(&layout, 1, sizeof(eml_mapping));
    m->keys_offset = eml_layout_add(&layout, key_bytes, 1);
    m->values_offset = eml_layout_add(&layout, value_bytes, 1);
    *bytes = layout.bytes;
    return layout.overflow ? eml_fail(err, EM_ERR_LIMIT, "%zu keys do not fit memory", keys->count) : EM_OK;
}

em_status eml_mapping_measure(const eml_typed_list *keys, const eml_typed_list *values, const eml_typed_list *other,
                              size_t *bytes, em_error *err) {
    eml_mapping scrap;
    return lay_out(keys, values, other, &scrap, bytes, err);
}

/* The index of key i among the distinct keys; *fresh when it is its first. */
static int64_t put_key(eml_mapping *m, const eml_typed_list *keys, size_t i, bool *fresh) {
    void *place = eml_blob_at_mutable(m, m->keys_offset);
    if (m->span != 0) {
        uint32_t *cell = (uint32_t *)place + (key_at(keys, i) - (uint64_t)m->least);
        *fresh = *cell == 0;
        if (*fresh) *cell = ++m->count; /* index + 1 until all are in */
        return (int64_t)*cell - 1;
    }
    uint32_t before = ((eml_lookup *)place)->count;
    int64_t index;
    if (keys->dtype == EM_STRING)
        index = eml_lookup_put_string(place, ((const em_string *)keys->data)[i]);
    else
        index = eml_lookup_put_number(place, key_at(keys, i));
    m->count = ((eml_lookup *)place)->count;
    *fresh = m->count > before;
    return index;
}

/* values[index] = list[i]; of strings each is appended, and index moves to it. */
static void put_value(eml_mapping *m, const eml_typed_list *list, size_t i, int64_t index) {
    void *values = eml_blob_at_mutable(m, m->values_offset);
    if (list->dtype == EM_STRING) {
        eml_string_list *strings = values;
        uint32_t appended = strings->count;
        eml_string_list_add(strings, ((const em_string *)list->data)[i]);
        strings->items[index] = strings->items[appended];
        if ((int64_t)appended > index) strings->count--;
    } else if (list->data == NULL) {
        ((int64_t *)values)[index] = (int64_t)i;
    } else {
        size_t size = eml_dtype_size(list->dtype);
        memcpy((char *)values + (size_t)index * size, (const char *)list->data + i * size, size);
    }
}

em_status eml_mapping_write(eml_mapping *m, const eml_typed_list *keys, const eml_typed_list *values,
                            const eml_typed_list *other, bool last, em_error *err) {
    size_t bytes;
    EML_TRY(lay_out(keys, values, other, m, &bytes, err));
    m->key = keys->dtype;
    m->value = values->dtype;
    void *place = eml_blob_at_mutable(m, m->keys_offset);
    if (m->span == 0) eml_lookup_begin(place, keys->dtype == EM_STRING, keys->count);
    if (values->dtype == EM_STRING) eml_string_list_begin(eml_blob_at_mutable(m, m->values_offset), values->count + 1);
    for (size_t i = 0; i < keys->count; i++) {
        bool fresh = false;
        int64_t index = put_key(m, keys, i, &fresh);
        if (index < 0) return eml_fail(err, EM_ERR_LIMIT, "%zu keys collide in every table", keys->count);
        if (fresh || last) put_value(m, values, i, index);
    }
    put_value(m, other, 0, m->count);
    for (uint32_t i = 0; i < m->span; i++) { /* from index + 1 to index, or to the value for others */
        uint32_t *cell = (uint32_t *)place + i;
        *cell = *cell != 0 ? *cell - 1 : m->count;
    }
    return EM_OK;
}

/* ---- run ---- */

/* index[i] = where in values the value of in[from + i] stands. */
static void find_table(const eml_mapping *m, const void *in, int64_t from, int n, uint32_t *index) {
    const uint32_t *table = eml_blob_at(m, m->keys_offset);
    for (int i = 0; i < n; i++) {
        uint64_t cell = eml_lookup_key((em_dtype)m->key, in, (size_t)(from + i)) - (uint64_t)m->least;
        index[i] = cell < m->span ? table[cell] : m->count;
    }
}

static void find_hashed(const eml_mapping *m, const void *in, int64_t from, int n, uint32_t *index) {
    const eml_lookup *lookup = eml_blob_at(m, m->keys_offset);
    for (int i = 0; i < n; i++) {
        size_t at = (size_t)(from + i);
        int64_t found = m->key == EM_STRING ? eml_lookup_string(lookup, ((const em_string *)in)[at])
                                            : eml_lookup_number(lookup, eml_lookup_key((em_dtype)m->key, in, at));
        index[i] = found >= 0 ? (uint32_t)found : m->count;
    }
}

static void take(const eml_mapping *m, const uint32_t *index, int n, void *out, int64_t from) {
    const void *values = eml_blob_at(m, m->values_offset);
    if (m->value == EM_STRING) {
        for (int i = 0; i < n; i++) ((em_string *)out)[from + i] = eml_string_list_get(values, index[i]);
        return;
    }
    switch (eml_dtype_size((em_dtype)m->value)) {
    case 2:
        for (int i = 0; i < n; i++) ((uint16_t *)out)[from + i] = ((const uint16_t *)values)[index[i]];
        break;
    case 4:
        for (int i = 0; i < n; i++) ((uint32_t *)out)[from + i] = ((const uint32_t *)values)[index[i]];
        break;
    default:
        for (int i = 0; i < n; i++) ((uint64_t *)out)[from + i] = ((const uint64_t *)values)[index[i]];
    }
}

void eml_mapping_apply(const eml_mapping *m, const void *in, int64_t n, void *out) {
    uint32_t index[CHUNK];
    for (int64_t from = 0; from < n; from += CHUNK) {
        int count = n - from < CHUNK ? (int)(n - from) : CHUNK;
        if (m->span != 0)
            find_table(m, in, from, count, index);
        else
            find_hashed(m, in, from, count, index);
        take(m, index, count, out, from);
    }
}
