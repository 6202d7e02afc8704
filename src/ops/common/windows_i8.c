/* SPDX-License-Identifier: Apache-2.0 */
#include "ops/common/windows_i8.h"

enum {
    LEAST_WORK = 1 << 19, /* multiply-adds worth a task */
    MOST_SLOTS = 4,       /* tasks share at most so many bands */
    SLACK = 16            /* elements kernels read beyond a band */
};

/* ---- weights ---- */

eml_weights_i8 eml_weights_i8_conv(int64_t groups, int64_t columns, int64_t channels, const int64_t *kernel,
                                   int64_t dilation_w) {
    int64_t taps = kernel[0] * kernel[1] * kernel[2], run = dilation_w == 1 ? kernel[2] : 1;
    return (eml_weights_i8){.groups = groups,
                            .columns = columns,
                            .segments = taps / run,
                            .outer = run,
                            .inner = channels,
                            .group_step = columns * channels * taps,
                            .column = channels * taps,
                            .segment = run,
                            .outer_step = 1,
                            .inner_step = taps,
                            .depthwise = channels == 1 && columns == 1 && groups > 1};
}

eml_weights_i8 eml_weights_i8_matrix(int64_t count, int64_t k, int64_t n, int64_t b_row, int64_t b_col) {
    return (eml_weights_i8){.groups = count,
                            .columns = n,
                            .segments = 1,
                            .outer = 1,
                            .inner = k,
                            .group_step = k * n,
                            .column = b_col,
                            .inner_step = b_row};
}

static int64_t depth_of(const eml_weights_i8 *w) {
    return w->outer * w->inner;
}

static int64_t round_to(int64_t n, int64_t unit) {
    return (n + unit - 1) & -unit; /* a power of two: 64-bit divisions take Arm 60 instructions */
}

/* A depthwise convolution is one matrix of groups columns. */
static int64_t matrices_of(const eml_weights_i8 *w) {
    return w->depthwise ? 1 : w->groups;
}
static int64_t columns_of(const eml_weights_i8 *w) {
    return w->depthwise ? w->groups : w->columns;
}

/* Bytes of a packed matrix. */
static int64_t matrix_bytes(const eml_weights_i8 *w) {
    if (w->depthwise) return round_to(w->groups, EML_I8_PANEL) * round_to(w->segments * w->outer, 2) * 2;
    return w->segments * round_to(depth_of(w), 4) * round_to(w->columns, EML_I8_PANEL);
}

/* What is declared may be far larger than what ever comes; padding included it must still be countable. */
static bool countable(const eml_weights_i8 *w) {
    double most = ((double)w->groups + EML_I8_PANEL) * ((double)w->columns + EML_I8_PANEL) * (double)w->segments *
                  ((double)w->outer * (double)w->inner + 4);
    return most < (double)(SIZE_MAX / 16 < INT64_MAX / 16 ? SIZE_MAX / 16 : INT64_MAX / 16);
}

size_t eml_weights_i8_add(eml_layout *layout, const eml_weights_i8 *w) {
    if (!countable(w)) {
        layout->overflow = true;
        return layout->bytes;
    }
    size_t at = eml_layout_add(layout, (size_t)matrices_of(w), (size_t)matrix_bytes(w));
    eml_layout_add(layout, (size_t)matrices_of(w), (size_t)round_to(columns_of(w), EML_I8_PANEL) * sizeof(int32_t));
    return at;
}

/* Column sums of a packed matrix. */
static const int32_t *sums_of(const eml_weights_i8 *w, const void *packed, int64_t groups, int64_t group) {
    const unsigned char *first = packed;
    int64_t matrices = w->depthwise ? 1 : groups;
    return (const int32_t *)(const void *)(first + round_to(matrices * matrix_bytes(w), 64)) +
           group * round_to(columns_of(w), EML_I8_PANEL);
}

void eml_weights_i8_pack(const eml_kernels *kernels, const eml_weights_i8 *w, const void *data, bool is_unsigned,
                         const eml_columns *columns, void *to) {
    const struct { const eml_kernels *k; } holder = {kernels};
    const eml_kernels *k = EML_K(&holder);
    if (w->depthwise) {
        int32_t *sums = (int32_t *)(uintptr_t)sums_of(w, to, w->groups, 0);
        k->depthwise_pack_i8((size_t)w->groups, (size_t)(w->segments * w->outer), data, is_unsigned,
                             eml_columns_b_zero(columns, 0), to, sums);
        return;
    }
    for (int64_t g = 0; g < w->groups; g++) {
        eml_pack_i8 b = {(size_t)w->columns,
                         (size_t)w->segments,
                         (size_t)w->outer,
                         (size_t)w->inner,
                         (const unsigned char *)data + g * w->group_step,
                         (size_t)w->column,
                         (size_t)w->segment,
                         (size_t)w->outer_step,
                         (size_t)w->inner_step,
                         is_unsigned};
        k->gemm_pack_i8(&b, (int8_t *)to + g * matrix_bytes(w), (int32_t *)(uintptr_t)sums_of(w, to, w->groups, g));
    }
}

/* ---- plan ---- */

/* Output pixels a block should have, and what its band may take: whole tiles; the second-level cache, or little of a
 * small memory. */
static int64_t pixels_wanted(size_t element) {
    return element == 1 ? 16 : 48;
}
static int64_t band_wanted(size_t element) {
    return element == 1 ? 8192 : 65536;
}

/* Windows of one element without gaps are rows of a matrix, all in one line: true when that is so. */
static bool flatten(eml_windows_i8 *p) {
    eml_window *w = &p->window;
    if (eml_window_taps(w) != 1 || p->weights.groups != 1) return false;
    for (int d = 0; d < EML_WINDOW_DIMS; d++)
        if (w->stride[d] != 1 || w->pad_begin[d] != 0 || w->pad_end[d] != 0) return false;
    int64_t n = p->batch * w->in[0] * w->in[1] * w->in[2];
    p->batch = 1;
    for (int d = 0; d < EML_WINDOW_DIMS; d++) w->in[d] = w->out[d] = 1;
    w->in[2] = w->out[2] = n;
    return true;
}

/* The band for blocks of that size; false when it cannot be addressed. */
static bool set_band(eml_windows_i8 *p, int64_t rows, int64_t width, int64_t *elements) {
    const eml_window *w = &p->window;
    p->rows = rows;
    p->width = width;
    /* a single row of output needs only the rows under its taps; windows of one pixel only theirs */
    p->from_h = rows == 1 ? w->dilation[1] : w->kernel[1] == 1 ? w->stride[1] : 1;
    p->step_h = w->kernel[1] == 1 ? 1 : w->stride[1];
    p->band_rows = rows == 1 ? w->kernel[1] : (rows - 1) * p->step_h + w->kernel[1];
    p->from_w = w->kernel[2] == 1 ? w->stride[2] : 1;
    p->step_w = w->kernel[2] == 1 ? 1 : w->stride[2];
    p->band_width = (width - 1) * p->step_w + (w->kernel[2] - 1) * w->dilation[2] + 1;
    int64_t n;
    return eml_i64_mul(w->kernel[0], p->band_rows, &n) && eml_i64_mul(n, p->band_width, &n) &&
           eml_i64_mul(n, p->pixel, elements) && *elements < UINT32_MAX / 4;
}

static bool choose_block(eml_windows_i8 *p, size_t element, int64_t *elements) {
    const eml_window *w = &p->window;
    int64_t wanted = pixels_wanted(element), most = band_wanted(element), width = w->out[2], rows = 1;
    if (width > 2 * wanted) {
        int64_t parts = (width + wanted - 1) / wanted;
        width = (width + parts - 1) / parts;
    } else if (w->dilation[1] == 1 || w->kernel[1] == 1) {
        rows = wanted / width > 1 ? wanted / width : 1;
        if (rows > w->out[1]) rows = w->out[1];
    }
    for (;;) {
        bool fits = set_band(p, rows, width, elements);
        if (fits && *elements * (int64_t)element <= most) return true;
        if (rows > 1) {
            rows = (rows + 1) / 2;
        } else if (width > 1) {
            width = (width + 1) / 2;
        } else {
            return fits;
        }
        if (rows == 1 && width == 1) return set_band(p, 1, 1, elements);
    }
}

em_status eml_windows_i8_plan(eml_ctx *ctx, eml_windows_i8 *p, size_t *scratch_bytes) {
    const eml_weights_i8 *weights = &p->weights;
    const eml_window *w = &p->window;
    p->line = flatten(p);
    size_t element = EML_K(ctx)->gemm_a_bytes_i8(), bytes = 0;
    p->pixel = weights->depthwise ? p->channels : p->channels / weights->groups;
    p->group_columns = weights->groups * weights->columns;
    p->slots = 0;
    *scratch_bytes = 0;
    if (p->batch * eml_window_positions(w) == 0) return EM_OK;
    int64_t elements = 0;
    if (!choose_block(p, element, &elements)) return eml_ctx_no_memory(ctx);
    p->row_blocks = (w->out[1] + p->rows - 1) / p->rows;
    p->width_blocks = (w->out[2] + p->width - 1) / p->width;
    p->direct = element == 1 && p->line && weights->inner % 4 == 0;
    eml_layout slot = {0};
    if (!p->direct) eml_layout_add(&slot, (size_t)elements + SLACK, element);
    eml_layout_add(&slot, (size_t)(p->rows * p->width), sizeof(uint32_t)); /* where windows begin */
    eml_layout_add(&slot, (size_t)(p->rows * p->width), sizeof(int32_t));  /* their sums */
    eml_layout_add(&slot, (size_t)(weights->segments * (weights->depthwise ? weights->outer : 1)), sizeof(uint32_t));
    double work = (double)p->batch * (double)eml_window_positions(w) * (double)(weights->columns * weights->groups) *
                  (double)weights->segments * (double)depth_of(weights);
    int64_t units = p->batch * w->out[0] * p->row_blocks * p->width_blocks;
    int64_t slots = (int64_t)(work / LEAST_WORK < MOST_SLOTS ? work / LEAST_WORK : MOST_SLOTS);
    slots = slots < 1 ? 1 : slots;
    p->slots = (int32_t)(units < slots ? units : slots);
    p->slot_bytes = (int64_t)slot.bytes;
    if (slot.overflow || !eml_size_mul(slot.bytes, (size_t)p->slots, &bytes)) return eml_ctx_no_memory(ctx);
    *scratch_bytes = bytes;
    return EM_OK;
}

/* ---- run ---- */

typedef struct windows_task {
    const eml_windows_i8 *p;
    const void *packed;
    int64_t packed_groups;
    const eml_columns *columns;
    int64_t first;
    const unsigned char *x;
    unsigned char *out;
    unsigned char *scratch;
    const eml_kernels *k;
    size_t element, out_size;
} windows_task;

typedef struct slot {
    unsigned char *band;
    uint32_t *rows, *segments;
    int32_t *sums;
} slot;

/* Bytes of n offsets at the end of a slot. */
static size_t slot_tail(size_t n) {
    return (n * sizeof(uint32_t) + 63) & ~(size_t)63;
}

/* Offsets that are the same for every block. */
static slot open_slot(const windows_task *t, int64_t index) {
    const eml_windows_i8 *p = t->p;
    const eml_window *w = &p->window;
    const eml_weights_i8 *weights = &p->weights;
    unsigned char *end = t->scratch + (index + 1) * p->slot_bytes;
    int64_t segments = weights->segments * (weights->depthwise ? weights->outer : 1);
    slot s = {.band = t->scratch + index * p->slot_bytes};
    s.segments = (uint32_t *)(void *)(end - slot_tail((size_t)segments));
    const size_t row_bytes = slot_tail((size_t)(p->rows * p->width));
    s.sums = (int32_t *)(void *)((unsigned char *)s.segments - row_bytes);
    s.rows = (uint32_t *)(void *)((unsigned char *)s.sums - row_bytes);
    for (int64_t r = 0; r < p->rows; r++)
        for (int64_t c = 0; c < p->width; c++)
            s.rows[r * p->width + c] = (uint32_t)((r * p->step_h * p->band_width + c * p->step_w) * p->pixel);
    const int64_t per_row = segments / (w->kernel[0] * w->kernel[1]);
    for (int64_t i = 0; i < segments; i++) {
        int64_t line = i / per_row, z = line / w->kernel[1], y = line % w->kernel[1];
        s.segments[i] = (uint32_t)(((z * p->band_rows + y) * p->band_width + i % per_row * w->dilation[2]) * p->pixel);
    }
    return s;
}

/* Pixels of the input's line y, or zero points: band pixel i is input pixel first + i * from_w. */
static void fill_line(const windows_task *t, const unsigned char *line, int64_t first, int64_t count, int64_t group,
                      unsigned char *to) {
    const eml_windows_i8 *p = t->p;
    const eml_kernels *k = EML_K(t);
    const int64_t in = p->window.in[2], step = p->from_w;
    const int32_t zero = t->columns->a_zero;
    const size_t pixel = (size_t)p->pixel, bytes = pixel * t->element;
    int64_t before = first >= 0 ? 0 : (-first + step - 1) / step, left = in - first;
    int64_t end = left <= 0 ? 0 : (left + step - 1) / step; /* band pixels before the right padding */
    if (line == NULL || before > count) before = count;
    if (end > count) end = count;
    if (end < before) end = before;
    k->gemm_a_i8((size_t)before * pixel, NULL, p->a_signed, zero, to);
    if (end > before) {
        const unsigned char *from = line + (first + before * step) * p->channels + group * p->pixel;
        unsigned char *at = to + (size_t)before * bytes;
        bool whole = step == 1 && p->pixel == p->channels;
        int64_t calls = whole ? 1 : end - before;
        size_t n = whole ? (size_t)(end - before) * pixel : pixel;
        for (; calls > 0; calls--, from += step * p->channels, at += bytes)
            k->gemm_a_i8(n, from, p->a_signed, zero, at);
    }
    k->gemm_a_i8((size_t)(count - end) * pixel, NULL, p->a_signed, zero, to + (size_t)end * bytes);
}

/* A block of output: image, plane, rows and width. */
typedef struct block {
    int64_t image, plane, row, rows, col, width;
} block;

static block block_at(const eml_windows_i8 *p, int64_t unit) {
    block b = {.col = unit % p->width_blocks * p->width};
    unit /= p->width_blocks;
    b.row = unit % p->row_blocks * p->rows;
    unit /= p->row_blocks;
    b.plane = unit % p->window.out[0];
    b.image = unit / p->window.out[0];
    b.rows = p->window.out[1] - b.row < p->rows ? p->window.out[1] - b.row : p->rows;
    b.width = p->window.out[2] - b.col < p->width ? p->window.out[2] - b.col : p->width;
    return b;
}

static void fill_band(const windows_task *t, const block *b, int64_t group, unsigned char *band) {
    const eml_windows_i8 *p = t->p;
    const eml_window *w = &p->window;
    const size_t line_bytes = (size_t)(p->band_width * p->pixel) * t->element;
    const int64_t used_rows = p->rows == 1 ? p->band_rows : (b->rows - 1) * p->step_h + w->kernel[1];
    const int64_t used_width = (b->width - 1) * p->step_w + (w->kernel[2] - 1) * w->dilation[2] + 1;
    for (int64_t z = 0; z < w->kernel[0]; z++) {
        int64_t from_z = b->plane * w->stride[0] - w->pad_begin[0] + z * w->dilation[0];
        unsigned char *to = band + (size_t)(z * p->band_rows) * line_bytes;
        for (int64_t y = 0; y < used_rows; y++, to += line_bytes) {
            int64_t from_y = b->row * w->stride[1] - w->pad_begin[1] + y * p->from_h;
            bool inside = from_z >= 0 && from_z < w->in[0] && from_y >= 0 && from_y < w->in[1];
            const unsigned char *line =
                inside ? t->x + ((b->image * w->in[0] + from_z) * w->in[1] + from_y) * w->in[2] * p->channels : NULL;
            fill_line(t, line, b->col * w->stride[2] - w->pad_begin[2], used_width, group, to);
        }
    }
}

static void run_depthwise(const windows_task *t, const block *b, const slot *s, unsigned char *out) {
    const eml_windows_i8 *p = t->p;
    const eml_weights_i8 *w = &p->weights;
    fill_band(t, b, 0, s->band);
    eml_depthwise_i8 g = {.m = (size_t)(b->rows * b->width),
                          .channels = (size_t)w->groups,
                          .taps = (size_t)(w->segments * w->outer),
                          .a = s->band,
                          .a_rows = s->rows,
                          .taps_at = s->segments,
                          .a_signed = p->a_signed,
                          .a_zero = t->columns->a_zero,
                          .packed = t->packed,
                          .column_sums = sums_of(w, t->packed, t->packed_groups, 0),
                          .to = eml_columns_requant(t->columns, 0),
                          .out = out,
                          .out_row = (size_t)p->group_columns};
    EML_K(t)->depthwise_i8(&g);
}

static void run_group(const windows_task *t, const block *b, const slot *s, int64_t group, unsigned char *out) {
    const eml_windows_i8 *p = t->p;
    const eml_weights_i8 *w = &p->weights;
    if (!p->direct) fill_band(t, b, group, s->band);
    eml_gemm_i8 g = {.m = (size_t)(b->rows * b->width),
                     .n = (size_t)w->columns,
                     .segments = (size_t)w->segments,
                     .depth = (size_t)depth_of(w),
                     .a = p->direct ? t->x + b->col * p->channels : s->band,
                     .a_row = (size_t)p->channels,
                     .a_rows = p->direct ? NULL : s->rows,
                     .a_segments = s->segments,
                     .a_signed = p->a_signed,
                     .a_zero = t->columns->a_zero,
                     .packed = (const int8_t *)t->packed + (t->first + group) * matrix_bytes(w),
                     .column_sums = sums_of(w, t->packed, t->packed_groups, t->first + group),
                     .b_zero = eml_columns_b_zero(t->columns, t->first + group),
                     .row_sums = s->sums,
                     .to = eml_columns_requant(t->columns, t->first + group),
                     .out = out + (size_t)(group * w->columns) * t->out_size,
                     .out_row = (size_t)p->group_columns};
    EML_K(t)->gemm_i8(&g);
}

/* A line: rows of the input are rows of a matrix as they are, or prepared a block at a time. */
static void run_line(const windows_task *t) {
    const eml_windows_i8 *p = t->p;
    const eml_weights_i8 *w = &p->weights;
    const eml_kernels *k = EML_K(t);
    const size_t rows = (size_t)p->window.out[2], depth = (size_t)p->channels, most = (size_t)p->width;
    const size_t out_row = (size_t)w->columns * t->out_size;
    eml_gemm_i8 g = {.m = 0, /* all are named, so that no call clears them */
                     .n = (size_t)w->columns,
                     .segments = 1,
                     .depth = depth,
                     .a = t->scratch,
                     .a_row = depth,
                     .a_rows = NULL,
                     .a_segments = NULL,
                     .a_signed = p->a_signed,
                     .a_zero = t->columns->a_zero,
                     .packed = (const int8_t *)t->packed + t->first * matrix_bytes(w),
                     .column_sums = sums_of(w, t->packed, t->packed_groups, t->first),
                     .b_zero = eml_columns_b_zero(t->columns, t->first),
                     .row_sums = (int32_t *)(void *)(t->scratch + p->slot_bytes - slot_tail(1) - slot_tail(most)),
                     .to = eml_columns_requant(t->columns, t->first),
                     .out = t->out,
                     .out_row = (size_t)w->columns};
    for (size_t row = 0; row < rows; row += most) {
        const unsigned char *x = t->x + row * depth;
        g.m = rows - row < most ? rows - row : most;
        g.out = t->out + row * out_row;
        if (p->direct)
            g.a = x;
        else
            k->gemm_a_i8(g.m * depth, x, p->a_signed, t->columns->a_zero, t->scratch);
        k->gemm_i8(&g);
    }
}

static void run_slots(void *task, int64_t begin, int64_t end) {
    const windows_task *t = task;
    const eml_windows_i8 *p = t->p;
    const eml_window *w = &p->window;
    int64_t units = p->batch * w->out[0] * p->row_blocks * p->width_blocks;
    for (int64_t i = begin; i < end; i++) {
        slot s = open_slot(t, i);
        for (int64_t u = units * i / p->slots; u < units * (i + 1) / p->slots; u++) {
            block b = block_at(p, u);
            int64_t pixel = ((b.image * w->out[0] + b.plane) * w->out[1] + b.row) * w->out[2] + b.col;
            unsigned char *out = t->out + (size_t)(pixel * p->group_columns) * t->out_size;
            if (p->weights.depthwise) {
                run_depthwise(t, &b, &s, out);
                continue;
            }
            for (int64_t g = 0; g < p->weights.groups; g++) run_group(t, &b, &s, g, out);
        }
    }
}

void eml_windows_i8_run(eml_run *run, const eml_windows_i8 *p, const void *packed, int64_t packed_groups,
                        const eml_columns *columns, int64_t first, const void *x, void *out, void *scratch) {
    windows_task t = {p,
                      packed,
                      packed_groups,
                      columns,
                      first,
                      x,
                      out,
                      scratch,
                      run->k,
                      EML_K(run)->gemm_a_bytes_i8(),
                      columns->kind == EML_I8_TO_BYTE ? 1 : 4};
    if (p->line && p->slots == 1)
        run_line(&t);
    else if (p->slots > 0)
        eml_run_parallel(run, p->slots, 1, run_slots, &t);
}

void eml_windows_i8_run_line(eml_run *run, const eml_windows_i8 *p, const void *packed, const eml_columns *columns,
                             const void *x, void *out, void *scratch) {
    const windows_task t = {
        p, packed, 1, columns, 0, x, out, scratch, run->k, 0, columns->kind == EML_I8_TO_BYTE ? 1 : 4};
    run_line(&t);
}
