/* SPDX-License-Identifier: Apache-2.0 */
/* The field numbers are those of onnx.proto (TensorProto) and onnx-data.proto (the other three). */
#include "edgeml/pb.h"

#include <string.h>

#include "edgeml/element.h"
#include "edgeml/pb_wire.h"

enum {
    TENSOR_DIMS = 1,
    TENSOR_TYPE = 2,
    TENSOR_SEGMENT = 3,
    TENSOR_FLOATS = 4,
    TENSOR_INT32S = 5,
    TENSOR_STRINGS = 6,
    TENSOR_INT64S = 7,
    TENSOR_RAW = 9,
    TENSOR_DOUBLES = 10,
    TENSOR_UINT64S = 11,
    TENSOR_LOCATION = 14
};
enum { LIST_TYPE = 2, LIST_TENSOR = 3, LIST_SPARSE = 4, LIST_SEQUENCE = 5, LIST_MAP = 6, LIST_OPTIONAL = 7 };
enum { MAP_KEY_TYPE = 2, MAP_KEYS = 3, MAP_STRING_KEYS = 4, MAP_VALUES = 5 };
enum { MAX_DEPTH = 8 }; /* recursion: sequences of optionals of sequences ... */

/* ---- Tensors ---- */

/* Which repeated field holds a type's elements when they are not raw, how its entries are coded, how many bytes of an
 * entry are an element, and how many entries there are. */
typedef struct storage {
    uint32_t field;
    int type; /* wire type of one entry */
    size_t width;
    size_t entries;
} storage;

static storage storage_of(em_dtype dtype, int64_t n) {
    size_t count = (size_t)n;
    switch (dtype) {
    case EM_F32: return (storage){TENSOR_FLOATS, WIRE_FIXED32, 4, count};
    case EM_C64: return (storage){TENSOR_FLOATS, WIRE_FIXED32, 4, 2 * count};
    case EM_F64: return (storage){TENSOR_DOUBLES, WIRE_FIXED64, 8, count};
    case EM_C128: return (storage){TENSOR_DOUBLES, WIRE_FIXED64, 8, 2 * count};
    case EM_I64: return (storage){TENSOR_INT64S, WIRE_VARINT, 8, count};
    case EM_U32: return (storage){TENSOR_UINT64S, WIRE_VARINT, 4, count};
    case EM_U64: return (storage){TENSOR_UINT64S, WIRE_VARINT, 8, count};
    case EM_STRING: return (storage){TENSOR_STRINGS, WIRE_BYTES, 0, count};
    default: /* 4- and 2-bit types: an entry is a byte of packed elements */
        return (storage){TENSOR_INT32S, WIRE_VARINT, em_dtype_bytes(dtype, 1),
                         em_dtype_bytes(dtype, n) / em_dtype_bytes(dtype, 1)};
    }
}

/* Stores the low width bytes of value in this machine's order. */
static void store(uint8_t *to, size_t width, uint64_t value) {
    uint8_t u8 = (uint8_t)value;
    uint16_t u16 = (uint16_t)value;
    uint32_t u32 = (uint32_t)value;
    memcpy(to,
           width == 1   ? (void *)&u8
           : width == 2 ? (void *)&u16
           : width == 4 ? (void *)&u32
                        : (void *)&value,
           width);
}

/* Little-endian bytes to this machine's order. */
static void copy_raw(uint8_t *to, const uint8_t *from, size_t bytes, size_t width) {
    for (size_t at = 0; at < bytes; at += width) {
        uint64_t value = 0;
        for (size_t i = 0; i < width; i++) value |= (uint64_t)from[at + i] << (8 * i);
        store(to + at, width, value);
    }
}

/* Reads (to != NULL) or only counts the entries of one field. */
static bool take_entries(const wire_field *field, const storage *s, uint8_t *to, size_t *count, em_error *err) {
    if (s->type == WIRE_BYTES || field->type == s->type) {
        if (to && s->type == WIRE_BYTES)
            ((em_string *)(void *)to)[*count] = (em_string){(const char *)field->bytes.at, wire_left(&field->bytes)};
        else if (to)
            store(to + *count * s->width, s->width, field->value);
        (*count)++;
        return true;
    }
    wire packed = field->bytes;
    size_t step = s->type == WIRE_FIXED32 ? 4 : s->type == WIRE_FIXED64 ? 8 : 0;
    if (step && wire_left(&packed) % step)
        return report_fail(err, "malformed: numbers of %zu bytes in %zu bytes at byte %zu", step, wire_left(&packed),
                           wire_offset(&packed, packed.at));
    while (wire_left(&packed)) {
        uint64_t value = 0;
        if (step) {
            for (size_t i = 0; i < step; i++) value |= (uint64_t)packed.at[i] << (8 * i);
            packed.at += step;
        } else if (!wire_varint(&packed, &value, err)) {
            return false;
        }
        if (to) store(to + *count * s->width, s->width, value);
        (*count)++;
    }
    return true;
}

typedef struct tensor_head {
    em_dtype dtype;
    int rank;
    int64_t dims[EM_MAX_RANK];
    const uint8_t *raw; /* NULL: none */
    size_t raw_bytes;
} tensor_head;

static bool add_dim(tensor_head *h, uint64_t value, em_error *err) {
    if (value > INT64_MAX) return report_fail(err, "malformed: dimension %lld is negative", (long long)value);
    if (h->rank == EM_MAX_RANK) return report_fail(err, "the tensor has more than %d dimensions", EM_MAX_RANK);
    h->dims[h->rank++] = (int64_t)value;
    return true;
}

static bool read_head(wire w, tensor_head *h, em_error *err) {
    wire_field field;
    bool failed = false;
    *h = (tensor_head){.dtype = EM_UNDEFINED};
    while (wire_next(&w, &field, &failed, err)) {
        if (field.number == TENSOR_DIMS && field.type == WIRE_BYTES) {
            uint64_t value;
            while (wire_left(&field.bytes))
                if (!wire_varint(&field.bytes, &value, err) || !add_dim(h, value, err)) return false;
        } else if (field.number == TENSOR_DIMS) {
            if (!add_dim(h, field.value, err)) return false;
        } else if (field.number == TENSOR_TYPE) {
            h->dtype = field.value < EM_DTYPE_COUNT ? (em_dtype)field.value : EM_UNDEFINED;
        } else if (field.number == TENSOR_RAW && field.type == WIRE_BYTES) {
            h->raw = field.bytes.at;
            h->raw_bytes = wire_left(&field.bytes);
        } else if (field.number == TENSOR_SEGMENT) {
            return report_fail(err, "segmented tensors are not supported");
        } else if (field.number == TENSOR_LOCATION && field.value == 1) {
            return report_fail(err, "the tensor's data is in another file (external data): save it inside");
        }
    }
    if (failed) return false;
    if (h->dtype == EM_UNDEFINED) return report_fail(err, "not a tensor file: no element type in it");
    return true;
}

static bool read_tensor(pool *p, wire w, em_tensor *out, em_error *err) {
    tensor_head h;
    if (!read_head(w, &h, err)) return false;
    char shape[SHAPE_CHARS];
    shape_text(h.dims, h.rank, NULL, shape);
    em_tensor t = em_tensor_make(h.dtype, NULL, h.rank, h.dims);
    int64_t n = em_tensor_count(&t);
    size_t bytes = n < 0 ? SIZE_MAX : em_dtype_bytes(h.dtype, n);
    if (bytes > SIZE_MAX / 4) return report_fail(err, "malformed: shape %s is too large", shape);

    wire_field field;
    bool failed = false;
    storage s = storage_of(h.dtype, n);
    size_t count = 0;
    for (wire again = w;
         wire_next(&again, &field, &failed, err);) /* count first: nothing large is allocated on a claim */
        if (field.number == s.field && (field.type == WIRE_BYTES || field.type == s.type))
            if (!take_entries(&field, &s, NULL, &count, err)) return false;
    if (failed) return false;
    if (h.raw && h.dtype == EM_STRING) return report_fail(err, "malformed: strings as raw bytes");
    if (h.raw ? h.raw_bytes != bytes : count != s.entries)
        return report_fail(err, "malformed: %s%s wants %zu %s, there are %zu", em_dtype_name(h.dtype), shape,
                           h.raw ? bytes : s.entries, h.raw ? "bytes" : "entries", h.raw ? h.raw_bytes : count);
    if (!tensor_new(p, h.dtype, h.rank, h.dims, out, err)) return false;
    if (h.raw) {
        copy_raw(out->data, h.raw, bytes, s.width);
        return true;
    }
    count = 0;
    for (wire again = w; wire_next(&again, &field, &failed, err);)
        if (field.number == s.field && (field.type == WIRE_BYTES || field.type == s.type))
            if (!take_entries(&field, &s, out->data, &count, err)) return false;
    return true;
}

/* ---- Sequences, maps, optionals ---- */

static bool read_sequence(pool *p, wire w, const em_io_info *io, int depth, em_tensor *out, em_error *err);

/* MapProto: keys[N] and one value of a single element for each. */
static bool read_map(pool *p, wire w, int depth, em_tensor *out, em_error *err) {
    wire_field field;
    bool failed = false;
    em_dtype key_dtype = EM_I64;
    em_tensor values = {0}, *keys = pool_alloc(p, sizeof *keys);
    size_t count = 0;
    for (wire again = w; wire_next(&again, &field, &failed, err);) {
        if (field.number == MAP_KEY_TYPE && field.value < EM_DTYPE_COUNT) key_dtype = (em_dtype)field.value;
        if (field.number == MAP_VALUES && !read_sequence(p, field.bytes, NULL, depth + 1, &values, err)) return false;
    }
    if (failed) return false;
    storage s =
        key_dtype == EM_STRING ? (storage){MAP_STRING_KEYS, WIRE_BYTES, 0, 0} : (storage){MAP_KEYS, WIRE_VARINT, 8, 0};
    for (wire again = w; wire_next(&again, &field, &failed, err);)
        if (field.number == s.field && !take_entries(&field, &s, NULL, &count, err)) return false;
    int64_t n = (int64_t)count;
    if (values.rank != 1 || values.dims[0] != n)
        return report_fail(err, "malformed: a map with %zu keys and %lld values", count, (long long)values.dims[0]);
    if (!tensor_new(p, key_dtype == EM_STRING ? EM_STRING : EM_I64, 1, &n, keys, err)) return false;
    count = 0;
    for (wire again = w; wire_next(&again, &field, &failed, err);)
        if (field.number == s.field && !take_entries(&field, &s, keys->data, &count, err)) return false;
    if (!tensor_new(p, values.dtype == EM_UNDEFINED ? EM_F32 : values.dtype, 1, &n, out, err)) return false;
    size_t each = out->dtype == EM_STRING ? sizeof(em_string) : em_dtype_bytes(out->dtype, 1);
    for (int64_t i = 0; i < n; i++) {
        const em_tensor *value = (const em_tensor *)values.data + i;
        if (value->kind != EM_TENSOR || value->dtype != out->dtype || em_tensor_count(value) != 1)
            return report_fail(err, "malformed: the values of a map are not single elements of one type");
        memcpy((uint8_t *)out->data + (size_t)i * each, value->data, each);
    }
    out->kind = EM_MAP;
    out->keys = keys;
    return true;
}

static bool same_keys(const em_tensor *a, const em_tensor *b) {
    int64_t n = em_tensor_count(a);
    if (a->dtype != b->dtype || em_tensor_count(b) != n) return false;
    if (a->dtype != EM_STRING) return n == 0 || !memcmp(a->data, b->data, (size_t)n * 8);
    for (int64_t i = 0; i < n; i++)
        if (!text_equal(((const em_string *)a->data)[i], ((const em_string *)b->data)[i])) return false;
    return true;
}

/* n maps that share their keys, as one value of kind EM_MAPS. */
static bool join_maps(pool *p, const em_tensor *maps, size_t n, em_tensor *out, em_error *err) {
    int64_t dims[2] = {(int64_t)n, maps[0].dims[0]};
    if (!tensor_new(p, maps[0].dtype, 2, dims, out, err)) return false;
    size_t row = out->bytes / n;
    for (size_t i = 0; i < n; i++) {
        if (maps[i].kind != EM_MAP || maps[i].dtype != maps[0].dtype || !same_keys(maps[i].keys, maps[0].keys))
            return report_fail(err, "maps of different keys in one list are not supported");
        memcpy((uint8_t *)out->data + i * row, maps[i].data, row);
    }
    out->kind = EM_MAPS;
    out->keys = maps[0].keys;
    return true;
}

/* The value in a field of SequenceProto or OptionalProto: both number their members alike. */
static bool read_member(pool *p, const wire_field *field, int depth, em_tensor *out, em_error *err) {
    wire_field inner;
    bool failed = false;
    if (depth > MAX_DEPTH) return report_fail(err, "malformed: nested too deeply");
    switch (field->number) {
    case LIST_TENSOR: return read_tensor(p, field->bytes, out, err);
    case LIST_SEQUENCE: return read_sequence(p, field->bytes, NULL, depth + 1, out, err);
    case LIST_MAP: return read_map(p, field->bytes, depth + 1, out, err);
    case LIST_OPTIONAL:
        *out = (em_tensor){.kind = EM_NONE};
        for (wire w = field->bytes; wire_next(&w, &inner, &failed, err);)
            if (inner.number >= LIST_TENSOR && inner.type == WIRE_BYTES)
                return read_member(p, &inner, depth + 1, out, err);
        return !failed;
    default: return report_fail(err, "sparse tensors are not supported");
    }
}

static bool read_sequence(pool *p, wire w, const em_io_info *io, int depth, em_tensor *out, em_error *err) {
    wire_field field;
    bool failed = false;
    em_tensor *items = NULL;
    size_t count = 0, capacity = 0;
    while (wire_next(&w, &field, &failed, err)) {
        if (field.number < LIST_TENSOR || field.number > LIST_OPTIONAL || field.type != WIRE_BYTES) continue;
        items = pool_grow(p, items, count, &capacity, sizeof *items);
        if (!read_member(p, &field, depth, &items[count], err)) return false;
        count++;
    }
    if (failed) return false;
    if (count && items[0].kind == EM_MAP && !(io && io->kind == EM_SEQUENCE))
        return join_maps(p, items, count, out, err);
    *out = (em_tensor){.kind = EM_SEQUENCE, .rank = 1, .dims = {(int64_t)count}, .data = items};
    out->dtype = count ? items[0].dtype : io ? io->dtype : EM_UNDEFINED;
    out->bytes = count * sizeof *items;
    if (!items) out->data = pool_alloc(p, sizeof *items);
    return true;
}

/* What is in the file, where the declared type leaves it open. An optional may have been written with or without its
 * wrapper; dims are unpacked numbers (proto2), so a text in field 1 is a name. */
static em_kind guess(wire w, const em_io_info *io, bool *wrapped) {
    wire_field field;
    bool failed = false, seen[16] = {false}, number_in_1 = false;
    uint64_t type = 0;
    while (wire_next(&w, &field, &failed, NULL)) {
        if (field.number < 16) seen[field.number] = true;
        if (field.number == 1 && field.type == WIRE_VARINT) number_in_1 = true;
        if (field.number == 2 && field.type == WIRE_VARINT) type = field.value;
    }
    bool data = seen[4] || seen[5] || seen[6] || seen[7] || seen[9] || seen[10] || seen[11];
    bool tensor = number_in_1 || seen[8] || seen[9] || seen[10] || seen[11];
    em_kind kind = io ? io->kind : EM_NONE;
    *wrapped = false;
    if (kind == EM_NONE) return tensor || !seen[3] ? EM_TENSOR : EM_SEQUENCE;
    if (!io->optional) return kind;
    if (kind == EM_TENSOR) *wrapped = !tensor && (seen[3] || !data);
    if (kind == EM_SEQUENCE || kind == EM_MAPS) *wrapped = type == 3 || (type != 1 && !seen[3]);
    if (kind == EM_MAP) *wrapped = seen[6];
    return kind;
}

bool pb_read(pool *p, const file_bytes *file, const em_io_info *io, em_tensor *out, em_error *err) {
    wire w = wire_of(file->data, file->length);
    bool wrapped;
    em_kind kind = guess(w, io, &wrapped);
    if (wrapped) {
        wire_field whole = {.number = LIST_OPTIONAL, .type = WIRE_BYTES, .bytes = w};
        return read_member(p, &whole, 0, out, err);
    }
    if (kind == EM_MAP) return read_map(p, w, 0, out, err);
    if (kind == EM_SEQUENCE || kind == EM_MAPS) return read_sequence(p, w, io, 0, out, err);
    return read_tensor(p, w, out, err);
}
