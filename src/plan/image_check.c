/* SPDX-License-Identifier: Apache-2.0 */
/* Verifies a plan image: nothing that eml_image_open accepts makes the session itself leave the image or the arena.
 * Part of the firmware library: no memory, no recursion. */
#include <string.h>

#include "plan/image.h"
#include "plan/plan.h"

/* Four bits at a time: a table of 64 bytes rather than 1024. */
uint32_t eml_crc32(const void *data, size_t bytes, uint32_t crc) {
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const unsigned char *from = data;
    crc = ~crc;
    for (size_t i = 0; i < bytes; i++) {
        crc ^= from[i];
        crc = table[crc & 15] ^ crc >> 4;
        crc = table[crc & 15] ^ crc >> 4;
    }
    return ~crc;
}

static em_status broken(em_error *err, const char *what, uint32_t index) {
    return eml_fail(err, EM_ERR_FORMAT, "plan image: %s (%u)", what, (unsigned)index);
}

static bool within(uint32_t at, uint32_t bytes, uint32_t end) {
    return at <= end && bytes <= end - at;
}

/* count items of size bytes at an aligned place; never more than 2^32 / size items are accepted. */
static bool fits(uint32_t at, uint32_t count, uint32_t size, uint32_t align, uint32_t end) {
    return at % align == 0 && count <= end / size && within(at, count * size, end);
}

static bool is_text(const unsigned char *section, uint32_t at, uint32_t end) {
    return at < end && memchr(section + at, 0, end - at) != NULL;
}

/* ---- header ---- */

static em_status check_header(const void *bytes, size_t length, em_error *err) {
    static const char magic[] = EML_IMAGE_MAGIC;
    const eml_image_header *h = bytes;
    const uint32_t one = 1;
    if (bytes == NULL || length < sizeof(*h) || memcmp(h->magic, magic, sizeof(h->magic)) != 0)
        return eml_fail(err, EM_ERR_FORMAT, "not a plan image");
    if (*(const uint8_t *)&one != 1)
        return eml_fail(err, EM_ERR_UNSUPPORTED, "plan images are for little-endian machines");
    if (((uintptr_t)bytes & (EML_IMAGE_ALIGN - 1)) != 0)
        return eml_fail(err, EM_ERR_ARGUMENT, "plan image: lies at an address that is no multiple of %d",
                        EML_IMAGE_ALIGN);
    if (h->version != EML_IMAGE_VERSION)
        return eml_fail(err, EM_ERR_UNSUPPORTED, "plan image: has version %u, this build reads %d",
                        (unsigned)h->version, EML_IMAGE_VERSION);
    if (h->bytes > length)
        return eml_fail(err, EM_ERR_FORMAT, "plan image: is cut off, %zu of %u bytes are there", length,
                        (unsigned)h->bytes);
    if (h->bytes < sizeof(*h)) return broken(err, "size", h->bytes);
    const size_t head = offsetof(eml_image_header, packing);
    if (eml_crc32((const unsigned char *)bytes + head, h->bytes - head, 0) != h->crc)
        return eml_fail(err, EM_ERR_FORMAT, "plan image: the checksum is wrong, bytes were changed");
    struct layout {
        char c;
        int64_t i;
    };
    if (h->int64_align != offsetof(struct layout, i))
        return eml_fail(err, EM_ERR_UNSUPPORTED, "plan image: made for a target that aligns int64 to %u bytes, not %zu",
                        (unsigned)h->int64_align, offsetof(struct layout, i));
    if (!fits(h->weights_at, h->weights_bytes, 1, 64, h->bytes) ||
        !fits(h->steps_at, h->steps_bytes, 1, 64, h->bytes) || !fits(h->names_at, h->names_bytes, 1, 64, h->bytes))
        return broken(err, "place of a section", h->bytes);
    return EM_OK;
}

static em_status check_weights(eml_image *image, const eml_image_header *h, em_error *err) {
    const unsigned char *section = (const unsigned char *)h + h->weights_at;
    const eml_image_weights *w = (const void *)section;
    if (h->weights_bytes < sizeof(*w)) return broken(err, "size of the weights", h->weights_bytes);
    if (!fits(sizeof(*w), w->n_data, sizeof(eml_image_data), 4, h->weights_bytes))
        return broken(err, "number of weights", w->n_data);
    image->weights = section;
    image->data = (const void *)(w + 1);
    for (uint32_t i = 0; i < w->n_data; i++) {
        if (image->data[i].at % 64 != 0 || !within(image->data[i].at, image->data[i].bytes, h->weights_bytes))
            return broken(err, "place of weight", i);
    }
    return EM_OK;
}

/* ---- steps ---- */

static em_status check_tables(eml_image *image, const eml_image_header *h, em_error *err) {
    const unsigned char *section = (const unsigned char *)h + h->steps_at;
    const eml_image_steps *s = (const void *)section;
    uint32_t end = h->steps_bytes;
    if (end < sizeof(*s)) return broken(err, "size of the steps", end);
    if (!fits(s->ops_at, s->n_ops, sizeof(eml_image_op), 4, end) ||
        !fits(s->values_at, s->n_values, sizeof(eml_image_value), 4, end) ||
        !fits(s->steps_at, s->n_steps, sizeof(eml_image_step), 4, end) || !fits(s->inputs_at, s->n_inputs, 4, 4, end) ||
        !fits(s->outputs_at, s->n_outputs, 4, 4, end) || !fits(s->refs_at, s->n_refs, 4, 4, end) ||
        !fits(s->dims_at, s->n_dims, 4, 4, end))
        return broken(err, "place of a table", end);
    if (s->n_values > EML_IMAGE_MAX_ITEMS || s->n_steps > EML_IMAGE_MAX_ITEMS) return broken(err, "size", s->n_values);
    if (s->max_refs > EML_IMAGE_MAX_REFS || s->arena_bytes > UINT32_MAX / 4 || s->heap_bytes > UINT32_MAX / 4)
        return broken(err, "memory", s->arena_bytes);
    image->section = section;
    image->steps = s;
    image->ops = (const void *)(section + s->ops_at);
    image->values = (const void *)(section + s->values_at);
    image->step = (const void *)(section + s->steps_at);
    image->inputs = (const void *)(section + s->inputs_at);
    image->outputs = (const void *)(section + s->outputs_at);
    image->refs = (const void *)(section + s->refs_at);
    image->dims = (const void *)(section + s->dims_at);
    for (uint32_t i = 0; i < s->n_ops; i++) {
        if (!is_text(section, image->ops[i].domain, end) || !is_text(section, image->ops[i].name, end))
            return broken(err, "name of operator", i);
    }
    return EM_OK;
}

/* What the shape says, a string counting 16. */
static bool shape_bytes(const eml_image *image, const eml_image_value *v, size_t *bytes) {
    int64_t dims[EM_MAX_RANK], n;
    for (int d = 0; d < v->rank; d++) dims[d] = image->dims[v->dims + (uint32_t)d];
    if (!eml_shape_count(dims, v->rank, &n)) return false;
    return v->dtype == EM_STRING ? eml_size_mul((size_t)n, 16, bytes) : eml_dtype_bytes((em_dtype)v->dtype, n, bytes);
}

static em_status check_value(const eml_image *image, const eml_image_value *v, uint32_t i, uint32_t n_data,
                             uint32_t end, em_error *err) {
    const eml_image_steps *s = image->steps;
    size_t bytes;
    bool maps = v->kind == EM_MAPS && v->rank == 2 && v->where == EML_AT_ARENA;
    if (v->kind != EM_TENSOR && !maps) return broken(err, "kind of value", i);
    if (v->rank > EM_MAX_RANK || !within(v->dims, v->rank, s->n_dims)) return broken(err, "rank of value", i);
    if (!shape_bytes(image, v, &bytes) || bytes != v->bytes) return broken(err, "type, shape or size of value", i);
    bool placed = false;
    switch (v->where) {
    case EML_AT_ARENA: placed = v->at % 16 == 0 && within(v->at, v->bytes, s->arena_bytes); break;
    case EML_AT_LOCAL: placed = v->at % 16 == 0 && within(v->at, v->bytes, end) && v->dtype != EM_STRING; break;
    case EML_AT_INPUT: placed = v->at < s->n_inputs; break;
    case EML_AT_CONST:
        placed = v->dtype != EM_STRING &&
                 (v->at == EML_IMAGE_NONE || (v->at < n_data && v->bytes <= image->data[v->at].bytes));
        break;
    default: break;
    }
    if (!placed) return broken(err, "place of value", i);
    if (v->where == EML_AT_ARENA && (v->first >= s->n_steps || v->last < v->first || v->last > s->n_steps))
        return broken(err, "lifetime of value", i);
    return EM_OK;
}

/* A buffer in the arena is there when step reads it. */
static bool readable(const eml_image_value *v, uint32_t step) {
    return v->where != EML_AT_ARENA || (v->first < step && step <= v->last);
}

static em_status check_step(const eml_image *image, uint32_t i, uint32_t n_data, uint32_t end, em_error *err) {
    const eml_image_steps *s = image->steps;
    const eml_image_step *step = &image->step[i];
    uint32_t n = (uint32_t)step->n_in + step->n_out;
    if (step->op >= s->n_ops) return broken(err, "operator of step", i);
    if (step->blob != EML_IMAGE_NONE && step->blob >= n_data) return broken(err, "blob of step", i);
    if (n > s->max_refs || !within(step->refs, n, s->n_refs)) return broken(err, "number of values of step", i);
    if (step->params_bytes > 0 && (step->params_at % 16 != 0 || !within(step->params_at, step->params_bytes, end)))
        return broken(err, "parameters of step", i);
    if (step->scratch_bytes > 0 &&
        (step->scratch_at % 16 != 0 || !within(step->scratch_at, step->scratch_bytes, s->arena_bytes)))
        return broken(err, "scratch memory of step", i);
    const uint32_t *refs = image->refs + step->refs;
    for (uint32_t k = 0; k < n; k++) {
        if (refs[k] == EML_IMAGE_NONE) continue;
        if (refs[k] >= s->n_values) return broken(err, "a value of step", i);
        const eml_image_value *v = &image->values[refs[k]];
        if (k < step->n_in ? !readable(v, i) || v->kind != EM_TENSOR : (v->where != EML_AT_ARENA || v->first != i))
            return broken(err, "order of step", i);
    }
    return EM_OK;
}

static bool meet(uint32_t a, uint32_t a_bytes, uint32_t b, uint32_t b_bytes) {
    return a_bytes > 0 && b_bytes > 0 && a < b + b_bytes && b < a + a_bytes;
}

/* Buffers that are needed at the same time do not overlap, unless they are the same (a view, or a result written over
 * its input), and each is written by the step it says. */
static em_status check_lifetimes(const eml_image *image, em_error *err) {
    const eml_image_steps *s = image->steps;
    for (uint32_t i = 0; i < s->n_values; i++) {
        const eml_image_value *v = &image->values[i];
        if (v->where != EML_AT_ARENA) continue;
        const eml_image_step *writer = &image->step[v->first];
        bool written = false;
        for (uint32_t k = 0; k < writer->n_out && !written; k++) {
            uint32_t out = image->refs[writer->refs + writer->n_in + k];
            written = out != EML_IMAGE_NONE && image->values[out].at == v->at && image->values[out].bytes == v->bytes;
        }
        if (!written) return broken(err, "no step writes value", i);
        for (uint32_t j = 0; j < i; j++) {
            const eml_image_value *w = &image->values[j];
            if (w->where != EML_AT_ARENA || w->first > v->last || v->first > w->last) continue;
            if ((w->at != v->at || w->bytes != v->bytes) && meet(w->at, w->bytes, v->at, v->bytes))
                return broken(err, "memory of value", i);
        }
        for (uint32_t k = v->first; k <= v->last && k < s->n_steps; k++) {
            const eml_image_step *step = &image->step[k];
            if (step->scratch_bytes > 0 && meet(step->scratch_at, step->scratch_bytes, v->at, v->bytes))
                return broken(err, "scratch memory of step", k);
        }
    }
    return EM_OK;
}

/* Inputs number the values they fill, and no other value claims to be one. */
static em_status check_io(const eml_image *image, em_error *err) {
    const eml_image_steps *s = image->steps;
    for (uint32_t i = 0; i < s->n_inputs; i++) {
        uint32_t v = image->inputs[i];
        if (v == EML_IMAGE_NONE) continue;
        if (v >= s->n_values || image->values[v].where != EML_AT_INPUT || image->values[v].at != i)
            return broken(err, "input", i);
    }
    for (uint32_t v = 0; v < s->n_values; v++) { /* a view of an input has its bytes */
        const eml_image_value *value = &image->values[v];
        if (value->where != EML_AT_INPUT) continue;
        uint32_t in = image->inputs[value->at];
        if (in == EML_IMAGE_NONE || image->values[in].bytes != value->bytes ||
            (image->values[in].dtype == EM_STRING) != (value->dtype == EM_STRING))
            return broken(err, "input of value", v);
    }
    for (uint32_t i = 0; i < s->n_outputs; i++) {
        uint32_t v = image->outputs[i];
        if (v >= s->n_values || !readable(&image->values[v], s->n_steps) ||
            (image->values[v].where == EML_AT_CONST && image->values[v].at == EML_IMAGE_NONE))
            return broken(err, "output", i);
    }
    return EM_OK;
}

static em_status check_names(eml_image *image, const eml_image_header *h, em_error *err) {
    const eml_image_steps *s = image->steps;
    image->names = NULL;
    if (h->names_bytes == 0) return EM_OK;
    const unsigned char *section = (const unsigned char *)h + h->names_at;
    uint64_t n = (uint64_t)1 + s->n_inputs + s->n_outputs + s->n_steps;
    if (n > h->names_bytes / 4) return broken(err, "number of names", (uint32_t)n);
    image->names = (const void *)section;
    for (uint32_t i = 0; i < (uint32_t)n; i++) {
        if (!is_text(section, image->names[i], h->names_bytes)) return broken(err, "name", i);
    }
    return EM_OK;
}

em_status eml_image_open(const void *bytes, size_t length, const void *weights, size_t weights_length, eml_image *image,
                         em_error *err) {
    EML_TRY(check_header(bytes, length, err));
    const eml_image_header *h = bytes, *w = h;
    if (weights != NULL) {
        EML_TRY(check_header(weights, weights_length, err));
        w = weights;
    }
    if (h->steps_bytes == 0) return eml_fail(err, EM_ERR_FORMAT, "plan image: has no steps, only weights");
    if (w->weights_bytes == 0)
        return eml_fail(err, EM_ERR_FORMAT, "plan image: has no weights, they are in an image of their own");
    if (w->weights_crc != h->weights_crc || w->packing != h->packing)
        return eml_fail(err, EM_ERR_FORMAT, "plan image: the weights are those of another model or target");
    image->packing = h->packing;
    EML_TRY(check_weights(image, w, err));
    EML_TRY(check_tables(image, h, err));
    uint32_t n_data = ((const eml_image_weights *)(const void *)image->weights)->n_data;
    for (uint32_t i = 0; i < image->steps->n_values; i++)
        EML_TRY(check_value(image, &image->values[i], i, n_data, h->steps_bytes, err));
    for (uint32_t i = 0; i < image->steps->n_steps; i++) EML_TRY(check_step(image, i, n_data, h->steps_bytes, err));
    EML_TRY(check_lifetimes(image, err));
    EML_TRY(check_io(image, err));
    return check_names(image, h, err);
}

const char *eml_image_name(const eml_image *image, eml_image_text what, uint32_t index) {
    const eml_image_steps *s = image->steps;
    if (image->names == NULL) return "";
    if (what > EML_TEXT_MODEL) index += 1;
    if (what > EML_TEXT_INPUT) index += s->n_inputs;
    if (what > EML_TEXT_OUTPUT) index += s->n_outputs;
    return (const char *)image->names + image->names[index];
}
