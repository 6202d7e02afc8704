/* SPDX-License-Identifier: Apache-2.0 */
/* Pools: out = the largest, the mean, or (sum |x|^p)^(1/p) of the elements under a window, those of the padding left
 * out; a mean may count the padding. Of no element the largest is the least number (-infinity), the mean 0; NaN is less
 * than all numbers.
 * Channels last goes pixel by pixel, all channels of a tap at once; channels first goes row by row, the rows under the
 * window first made one, then along it. What neither does (indices, |x|^p, f64, windows wider than EML_POOL_SPAN) goes
 * element by element. */
#ifndef EML_OPS_COMMON_POOLING_H
#define EML_OPS_COMMON_POOLING_H

#include "ops/common/block.h"
#include "ops/common/window.h"

enum {
    EML_POOL_TAPS = 64,      /* rows handed to a kernel at once */
    EML_POOL_CHANNELS = 256, /* channels at a time, where sums lie on the stack */
    EML_POOL_SPAN = 768      /* columns of a row at a time */
};

typedef enum eml_pool_kind { EML_POOL_MAX, EML_POOL_MEAN, EML_POOL_LP } eml_pool_kind;

typedef struct eml_pool {
    eml_window w;
    int64_t n, c, p;     /* p: of |x|^p */
    uint8_t kind, dtype; /* eml_pool_kind, em_dtype */
    uint8_t channels_last;
    uint8_t include_pad;  /* a mean divides by the padding's elements, too */
    uint8_t column_major; /* indices count the first spatial axis fastest */
} eml_pool;

/* Window, batch and channels of input 0 by the attributes; refuses padding as large as the kernel. */
em_status eml_pool_read(eml_ctx *ctx, bool channels_last, eml_pool *pool);
/* Attribute p of LpPool and GlobalLpPool: a float of version 1, an integer since. */
em_status eml_pool_power(eml_ctx *ctx, int64_t *p);
/* The output's shape; dims[rank of input 0]. */
void eml_pool_dims(const eml_ctx *ctx, const eml_pool *pool, int64_t *dims);

/* The taps [first, end) of dimension d that lie in the input for output index o; begin: where tap 0 is; counted: taps
 * within input and padding. */
typedef struct eml_pool_taps {
    int64_t first, end, begin, counted;
} eml_pool_taps;
eml_pool_taps eml_pool_taps_at(const eml_window *w, int d, int64_t o);
static inline int64_t eml_pool_valid(const eml_pool_taps *t) {
    return t->end > t->first ? t->end - t->first : 0;
}
/* What a mean over those taps divides by. */
float eml_pool_divisor(const eml_pool *pool, const eml_pool_taps *d, const eml_pool_taps *h, const eml_pool_taps *w);

/* All rows under one window, as addresses, some at a time: begin, then next until it gives 0. */
typedef struct eml_pool_rows {
    const eml_window *w;
    const unsigned char *base;
    int64_t pixel_bytes; /* from one pixel to the next */
    eml_pool_taps taps[EML_WINDOW_DIMS];
    int64_t at[EML_WINDOW_DIMS];
    bool done;
} eml_pool_rows;
void eml_pool_rows_begin(eml_pool_rows *rows);
size_t eml_pool_rows_next(eml_pool_rows *rows, const void **list); /* at most EML_POOL_TAPS - 1 */

/* Runs; indices NULL for none. */
void eml_pool_run_last(eml_run *run, const eml_pool *pool, const void *x, void *out);
void eml_pool_run_first(eml_run *run, const eml_pool *pool, const void *x, void *out);
void eml_pool_run_direct(eml_run *run, const eml_pool *pool, const void *x, void *out, int64_t *indices);

#endif
