/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/strided_copy.h"

#include <string.h>

#include "tensor/convert.h"

/* Bytes of work worth a thread. */
enum { GRAIN_BYTES = 1 << 18 };

/* ---- planning ---- */

static void drop_axis(eml_copy *c, int axis) {
    c->rank--;
    for (int i = axis; i < c->rank; i++) {
        c->dims[i] = c->dims[i + 1];
        c->in_strides[i] = c->in_strides[i + 1];
        c->out_strides[i] = c->out_strides[i + 1];
    }
}

static void collapse(eml_copy *c) {
    for (int i = c->rank - 1; i >= 0; i--)
        if (c->dims[i] == 1) drop_axis(c, i);
    for (int i = c->rank - 2; i >= 0; i--) {
        int64_t n = c->dims[i + 1];
        if (c->in_strides[i] == n * c->in_strides[i + 1] && c->out_strides[i] == n * c->out_strides[i + 1]) {
            c->dims[i + 1] = n * c->dims[i];
            drop_axis(c, i);
        }
    }
}

/* Strides, offsets and the last axis from packed elements to bytes, when all of them are whole bytes. */
static bool to_bytes(eml_copy *c, int64_t per_byte) {
    int last = c->rank - 1;
    if (last < 0 || c->in_strides[last] != 1 || c->out_strides[last] != 1 || c->dims[last] % per_byte) return false;
    if (c->in_first % per_byte || c->out_first % per_byte) return false;
    for (int i = 0; i < last; i++)
        if (c->in_strides[i] % per_byte || c->out_strides[i] % per_byte) return false;
    for (int i = 0; i < last; i++) {
        c->in_strides[i] /= per_byte;
        c->out_strides[i] /= per_byte;
    }
    c->in_first /= per_byte;
    c->out_first /= per_byte;
    c->dims[last] /= per_byte;
    return true;
}

void eml_copy_plan(eml_copy *c, em_dtype dtype) {
    int64_t size = (int64_t)eml_dtype_size(dtype);
    c->across = -1;
    c->unit = 0;
    c->bits = eml_dtype_bits(dtype);
    collapse(c);
    for (int i = 0; i < c->rank; i++) {
        if (c->dims[i] == 0) { /* nothing to do: one axis of 0 */
            c->dims[0] = 0;
            c->rank = 1;
            break;
        }
    }
    if (size == 0) {
        if (!to_bytes(c, 8 / (int64_t)c->bits)) return;
        size = 1;
    }
    for (int i = 0; i < c->rank; i++) {
        c->in_strides[i] *= size;
        c->out_strides[i] *= size;
    }
    c->in_first *= size;
    c->out_first *= size;
    c->unit = size;
    int last = c->rank - 1;
    if (last >= 0 && c->in_strides[last] == size && c->out_strides[last] == size && c->dims[last] > 0) {
        c->unit = size * c->dims[last];
        c->rank--;
        last--;
    }
    if (c->unit > 16 || (c->unit & (c->unit - 1)) || last < 0 || c->out_strides[last] != c->unit) return;
    for (int i = 0; i < last && c->in_strides[last] != c->unit; i++)
        if (c->in_strides[i] == c->unit) c->across = i;
}

/* ---- planes: rows by columns, the columns along the last axis ---- */

typedef struct plane {
    int64_t rows, columns;
    const char *in;
    char *out;
    int64_t in_row, in_column, out_row, out_column; /* strides in bytes */
    size_t unit;
} plane;
typedef void plane_fn(const plane *p);

/* One loop for each size of unit: a constant size makes memcpy a load and a store. */
#define LINES(name, size)                                                                           \
    static void lines_##name(const plane *p) {                                                      \
        for (int64_t r = 0; r < p->rows; r++) {                                                     \
            const char *in = p->in + r * p->in_row;                                                 \
            char *out = p->out + r * p->out_row;                                                    \
            int64_t n = p->columns, in_stride = p->in_column, out_stride = p->out_column;           \
            for (int64_t i = 0; i < n; i++) memcpy(out + i * out_stride, in + i * in_stride, size); \
        }                                                                                           \
    }
LINES(1, 1)
LINES(2, 2)
LINES(4, 4)
LINES(8, 8)
LINES(16, 16)
LINES(any, p->unit)

/* Rows that repeat one value. */
#define FILL(size)                                                                        \
    static void fill_##size(const plane *p) {                                             \
        for (int64_t r = 0; r < p->rows; r++) {                                           \
            char value[size], *out = p->out + r * p->out_row;                             \
            memcpy(value, p->in + r * p->in_row, size);                                   \
            for (int64_t i = 0; i < p->columns; i++) memcpy(out + i * size, value, size); \
        }                                                                                 \
    }
FILL(1)
FILL(2)
FILL(4)
FILL(8)
FILL(16)

/* A transpose, rows contiguous in the input and columns in the output, by tiles with rows of a cache line. */
#define TILE(size) (64 / size < 8 ? 8 : 64 / size)
#define ACROSS(size)                                                                              \
    static void across_##size(const plane *p) {                                                   \
        for (int64_t first = 0; first < p->columns; first += TILE(size)) {                        \
            int64_t n = p->columns - first < TILE(size) ? p->columns - first : TILE(size);        \
            for (int64_t r = 0; r < p->rows; r++) {                                               \
                const char *in = p->in + r * size + first * p->in_column;                         \
                char *out = p->out + r * p->out_row + first * size;                               \
                int64_t in_stride = p->in_column;                                                 \
                for (int64_t i = 0; i < n; i++) memcpy(out + i * size, in + i * in_stride, size); \
            }                                                                                     \
        }                                                                                         \
    }
ACROSS(1)
ACROSS(2)
ACROSS(4)
ACROSS(8)
ACROSS(16)

static plane_fn *plane_of(const eml_copy *c, bool fill) {
    static plane_fn *const lines[] = {lines_1, lines_2, lines_4, lines_8, lines_16};
    static plane_fn *const fills[] = {fill_1, fill_2, fill_4, fill_8, fill_16};
    static plane_fn *const acrosses[] = {across_1, across_2, across_4, across_8, across_16};
    int power = 0;
    while (power < 4 && (INT64_C(1) << power) < c->unit) power++;
    if (INT64_C(1) << power != c->unit) return lines_any;
    return c->across >= 0 ? acrosses[power] : fill ? fills[power] : lines[power];
}

/* ---- running ---- */

/* The last axis gives the columns of planes, axis `row` the rows, in blocks; the others are walked. */
typedef struct walk {
    const eml_copy *copy;
    const char *in;
    char *out;
    plane_fn *run;
    int row;
    int64_t block, blocks; /* rows per block, blocks per plane */
} walk;

/* Items [begin, end) of all blocks of all planes. */
static void walk_items(void *task, int64_t begin, int64_t end) {
    const walk *w = task;
    const eml_copy *c = w->copy;
    int last = c->rank - 1;
    int64_t index[EML_COPY_RANK] = {0}, planes = begin / w->blocks, block = begin % w->blocks;
    plane p = {.columns = c->dims[last],
               .in = w->in + c->in_first,
               .out = w->out + c->out_first,
               .in_column = c->in_strides[last],
               .out_column = c->out_strides[last],
               .unit = (size_t)c->unit};
    int64_t rows = w->row < 0 ? 1 : c->dims[w->row];
    if (w->row >= 0) {
        p.in_row = c->in_strides[w->row];
        p.out_row = c->out_strides[w->row];
    }
    for (int i = last - 1; i >= 0; i--) {
        if (i == w->row) continue;
        index[i] = planes % c->dims[i];
        planes /= c->dims[i];
        p.in += index[i] * c->in_strides[i];
        p.out += index[i] * c->out_strides[i];
    }
    const char *in = p.in;
    char *out = p.out;
    for (int64_t item = begin; item < end; item++) {
        int64_t first = block * w->block;
        p.rows = rows - first < w->block ? rows - first : w->block;
        p.in = in + first * p.in_row;
        p.out = out + first * p.out_row;
        w->run(&p);
        if (++block < w->blocks) continue;
        block = 0;
        for (int i = last - 1; i >= 0; i--) {
            if (i == w->row) continue;
            in += c->in_strides[i];
            out += c->out_strides[i];
            if (++index[i] < c->dims[i]) break;
            in -= c->dims[i] * c->in_strides[i];
            out -= c->dims[i] * c->out_strides[i];
            index[i] = 0;
        }
    }
}

/* Elements of less than a byte, one by one. */
static void copy_packed(const eml_copy *c, const void *in, void *out) {
    int64_t index[EML_COPY_RANK] = {0}, from = c->in_first, to = c->out_first;
    for (;;) {
        eml_packed_set(out, to, c->bits, eml_packed_get(in, from, c->bits));
        int i = c->rank - 1;
        for (; i >= 0; i--) {
            from += c->in_strides[i];
            to += c->out_strides[i];
            if (++index[i] < c->dims[i]) break;
            from -= c->dims[i] * c->in_strides[i];
            to -= c->dims[i] * c->out_strides[i];
            index[i] = 0;
        }
        if (i < 0) return;
    }
}

void eml_copy_run(eml_run *run, const eml_copy *c, const void *in, void *out) {
    int last = c->rank - 1;
    if (last >= 0 && c->dims[0] == 0) return;
    if (c->unit == 0) {
        copy_packed(c, in, out);
        return;
    }
    if (last < 0) {
        eml_copy_bytes(run, (const char *)in + c->in_first, (char *)out + c->out_first, (size_t)c->unit);
        return;
    }
    walk w = {.copy = c, .in = in, .out = out, .row = c->across >= 0 ? c->across : last - 1};
    w.run = plane_of(c, c->in_strides[last] == 0 && c->out_strides[last] == c->unit);
    int64_t rows = w.row < 0 ? 1 : c->dims[w.row], line_bytes = c->dims[last] * c->unit, items = 1;
    if (c->across >= 0)
        w.block = 64 / c->unit < 8 ? 8 : 64 / c->unit;
    else
        w.block = line_bytes > GRAIN_BYTES ? 1 : GRAIN_BYTES / line_bytes;
    w.blocks = (rows + w.block - 1) / w.block;
    for (int i = 0; i < last; i++) items *= i == w.row ? w.blocks : c->dims[i];
    int64_t item_bytes = (rows < w.block ? rows : w.block) * line_bytes;
    eml_run_parallel(run, items, GRAIN_BYTES / item_bytes + 1, walk_items, &w);
}

void eml_copy_rows(eml_run *run, em_dtype dtype, const void *in, int64_t in_first, int64_t in_row, void *out,
                   int64_t out_first, int64_t out_row, int64_t outer, int64_t part) {
    eml_copy copy = {.in_first = in_first,
                     .out_first = out_first,
                     .rank = 2,
                     .dims = {outer, part},
                     .in_strides = {in_row, 1},
                     .out_strides = {out_row, 1}};
    if (outer == 0 || part == 0) return;
    eml_copy_plan(&copy, dtype);
    eml_copy_run(run, &copy, in, out);
}

typedef struct block_task {
    const char *in;
    char *out;
} block_task;

static void copy_block(void *task, int64_t begin, int64_t end) {
    const block_task *t = task;
    memcpy(t->out + begin, t->in + begin, (size_t)(end - begin));
}

void eml_copy_bytes(eml_run *run, const void *in, void *out, size_t bytes) {
    if (in == out || bytes == 0) return;
    block_task task = {in, out};
    eml_run_parallel(run, (int64_t)bytes, GRAIN_BYTES, copy_block, &task);
}
