/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel table: plain loops over plain memory, one table per instruction set, chosen once (cpu/select.h).
 *
 * Held by every kernel unless its type says otherwise:
 *   - sizes and strides count elements; n, rows, cols may be 0; pointers need no alignment beyond their type's;
 *   - no byte outside the stated arrays is read or written, whatever the size (no padding is asked for);
 *   - out may be exactly one of the inputs of the same element type, but must not overlap it otherwise;
 *   - element i of a result depends on element i of the inputs only, never on n, i, alignment or neighbours: a row
 * gives the same bits alone and in any batch;
 *   - NaN and infinities follow IEEE 754, subnormals are kept, nothing traps;
 *   - "ulp" is the largest error seen against a double computation, for every instruction set.
 *
 * Add a kernel: a line in kernels.def, EML_FN(name) in a body file here, a case in tests/kernels/check_<family>.c. */
#ifndef EML_KERNELS_KERNELS_H
#define EML_KERNELS_KERNELS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kernels/tree.h"

/* ---- Types of the elementwise kernels ---- */

/* out[i] = a[i * a_step] op b[i * b_step]; a step is 1, or 0 for one scalar against all. Integers wrap. */
typedef void eml_binary_f32_fn(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, float *out);
typedef void eml_binary_f64_fn(size_t n, const double *a, size_t a_step, const double *b, size_t b_step, double *out);
typedef void eml_binary_i32_fn(size_t n, const int32_t *a, size_t a_step, const int32_t *b, size_t b_step,
                               int32_t *out);
typedef void eml_binary_i64_fn(size_t n, const int64_t *a, size_t a_step, const int64_t *b, size_t b_step,
                               int64_t *out);

/* out[i] = 1 or 0. For a > b and a >= b swap the sides. NaN gives 0. */
typedef void eml_compare_f32_fn(size_t n, const float *a, size_t a_step, const float *b, size_t b_step, uint8_t *out);
/* out[i] = mask[i] ? a[i * a_step] : b[i * b_step], as bits; any non-zero byte is true. */
typedef void eml_where_32_fn(size_t n, const uint8_t *mask, const uint32_t *a, size_t a_step, const uint32_t *b,
                             size_t b_step, uint32_t *out);
typedef void eml_where_64_fn(size_t n, const uint8_t *mask, const uint64_t *a, size_t a_step, const uint64_t *b,
                             size_t b_step, uint64_t *out);

/* out[i] = f(x[i]). */
typedef void eml_unary_f32_fn(size_t n, const float *x, float *out);
typedef void eml_unary_f64_fn(size_t n, const double *x, double *out);
/* out[i] = f(x[i]; p, q); what p and q mean stands beside the kernel in kernels.def. */
typedef void eml_unary2_f32_fn(size_t n, const float *x, float p, float q, float *out);

/* Element i of out is element i of x in another type; the kernel's name tells both. out may be x only where the sizes
 * are equal. Rounded to nearest even; a float out of range of an integer (or NaN) gives its smallest number, as on x86;
 * integers keep their low bits. bool: 1 for what is not 0, NaN included. */
typedef void eml_convert_fn(size_t n, const void *x, void *out);
/* Rows of row_bytes; strides in bytes. */
typedef void eml_copy_rows_fn(size_t rows, size_t row_bytes, const void *x, size_t x_stride, void *out,
                              size_t out_stride);
/* out[c * out_stride + r] = x[r * x_stride + c], as bits. */
typedef void eml_transpose_8_fn(size_t rows, size_t cols, const uint8_t *x, size_t x_stride, uint8_t *out,
                                size_t out_stride);
typedef void eml_transpose_32_fn(size_t rows, size_t cols, const uint32_t *x, size_t x_stride, uint32_t *out,
                                 size_t out_stride);

/* ---- Types of the kernels on rows: x[rows, cols] with x_stride elements from row to row ---- */

/* out[r] = reduction of row r. Sums go over 32 lanes, element i into lane i mod 32, and the lanes are added by halves
 * (l with l + 16, then l + 8, ...); every 4096 elements the result moves on into a double. At most 32 squares are added
 * one after the other instead. The order is the same in every set. Of no elements: sums 0, max -infinity, min infinity.
 * A NaN gives NaN. */
typedef void eml_reduce_rows_f32_fn(size_t rows, size_t cols, const float *x, size_t x_stride, float *out);
/* out[c] = reduction over the rows, one after the other (in sums, 256 at a time). out must not overlap x. */
typedef void eml_reduce_cols_f32_fn(size_t rows, size_t cols, const float *x, size_t x_stride, float *out);
/* out[r] = sum over c of x[r, c] * w[c], every step rounded, in one order for all sets and numbers of rows: four
 * products at a time are added up, ((p0 + p1) + p2) + p3, and then to the sum; of up to three left over, two at a time.
 * out must not overlap the inputs. */
typedef void eml_gemv_f32_fn(size_t rows, size_t cols, const float *x, size_t x_stride, const float *w, float *out);
/* out[r] = column of the largest (smallest) element of row r, the first one of equals; a NaN, the first, comes before
 * all. cols > 0. */
typedef void eml_arg_rows_f32_fn(size_t rows, size_t cols, const float *x, size_t x_stride, int64_t *out);
/* out[r, c] depends on row r only; out may be x when the strides agree. */
typedef void eml_map_rows_f32_fn(size_t rows, size_t cols, const float *x, size_t x_stride, float *out,
                                 size_t out_stride);
/* out[r, c] = (x[r, c] - offset[c]) * scale[c], without gaps between rows. out may be x. */
typedef void eml_scale_cols_f32_fn(size_t rows, size_t cols, const float *x, const float *offset, const float *scale,
                                   float *out);
/* out[r, c] = b[c] + sum over i of x[r, i] * w[c, i]; w[cols, features] without gaps, b NULL for none. Meant for few
 * columns and features (a linear model); out must not overlap the inputs. The sum of a row goes over the lanes of this
 * set's vectors, whatever the number of rows. */
typedef void eml_linear_f32_fn(size_t rows, size_t features, size_t cols, const float *x, size_t x_stride,
                               const float *w, const float *b, float *out, size_t out_stride);

/* ---- Types of the normalizations and resamplings ---- */

/* *squares: sum of (x[i] - *mean)^2. */
typedef void eml_moments_f32_fn(size_t n, const float *x, double *mean, double *squares);
typedef void eml_normalize_f32_fn(size_t n, const float *x, float mean, float factor, float bias, float *out);
typedef void eml_normalize_cols_f32_fn(size_t n, const float *x, float mean, float factor, float shift,
                                       const float *scale, const float *bias, float *out);
/* out[i] = sum over t < taps of w[t * step] * x[index[t * step] * x_stride + i]; taps > 0; out must not overlap. */
typedef void eml_blend_rows_f32_fn(size_t taps, size_t n, const float *x, size_t x_stride, const int32_t *index,
                                   const float *w, size_t step, float *out);
/* out[i] = sum over t < taps of w[t * step + i] * x[index[t * step + i]]; taps > 0; out must not overlap. */
typedef void eml_resample_f32_fn(size_t taps, size_t n, const float *x, const int32_t *index, const float *w,
                                 size_t step, float *out);

/* out[2 * i] = out[2 * i + 1] = x[i], as bits; out must not overlap. */
typedef void eml_double_32_fn(size_t n, const uint32_t *x, uint32_t *out);

/* ---- Matrix products ---- */

/* out[i, j] = min(max(alpha * (sum over p of a(i, p) * b(p, j)) + beta * c(i, j), low), high), i < m, j < n, p < k.
 * Transposes and broadcasts are strides: a(i, p) = a[i * a_row + p * a_col], likewise b and c. An element's sum runs
 * over p = 0, 1, ... in one accumulator, so it has the same bits whatever m, n, the layout of b and the neighbours are.
 * out must not overlap the inputs. */
typedef struct eml_gemm_f32 {
    size_t m, n, k;
    const float *a;
    size_t a_row, a_col;
    const float *b; /* not read when packed is given */
    size_t b_row, b_col;
    const float *packed; /* what pack_b_f32 made of b, or NULL */
    const float *c;      /* NULL: no c, beta is not used; c_col is 0 or 1 */
    size_t c_row, c_col;
    float alpha, beta;
    float low, high; /* -INFINITY, INFINITY: no clamping; NaN stays */
    float *out;
    size_t out_row;
} eml_gemm_f32;

typedef struct eml_gemm_f64 {
    size_t m, n, k;
    const double *a;
    size_t a_row, a_col;
    const double *b;
    size_t b_row, b_col;
    const double *packed;
    const double *c;
    size_t c_row, c_col;
    double alpha, beta;
    double low, high;
    double *out;
    size_t out_row;
} eml_gemm_f64;

/* packed[k * n]: columns in panels of EML_GEMM_PANEL_BYTES (16 floats, 8 doubles; the last panel may be narrower),
 * panel after panel, row after row within a panel. Panels from column j on, a multiple of the width, begin at packed[j
 * * k]: so a packed b can be split by columns. The same for every set. */
enum { EML_GEMM_PANEL_BYTES = 64 };
typedef void eml_gemm_pack_f32_fn(size_t k, size_t n, const float *b, size_t b_row, size_t b_col, float *packed);
typedef void eml_gemm_pack_f64_fn(size_t k, size_t n, const double *b, size_t b_row, size_t b_col, double *packed);

/* scratch: as many elements as the _scratch kernel says for the same m, n, k, strides and packed (NULL or not); 0 when
 * b is packed. It reads no data. */
typedef void eml_gemm_f32_fn(const eml_gemm_f32 *g, float *scratch);
typedef void eml_gemm_f64_fn(const eml_gemm_f64 *g, double *scratch);
typedef size_t eml_gemm_scratch_f32_fn(const eml_gemm_f32 *g);
typedef size_t eml_gemm_scratch_f64_fn(const eml_gemm_f64 *g);

/* A product with packed b and rows of a that lie in pieces: a(i, s * run + q) = a[s * m + i][q], s < runs, q < run, as
 * the taps of a convolution find them. out[i, j] = min(max(c[j] + sum over p of a(i, p) * b(p, j), low), high); c NULL:
 * 0. The order of a sum depends on n, j, runs and run only. */
typedef struct eml_gemm_runs_f32 {
    size_t m, n, runs, run;
    const float *const *a;
    const float *packed; /* b[runs * run, n] */
    const float *c;
    float low, high;
    float *out;
    size_t out_row;
} eml_gemm_runs_f32;

typedef struct eml_gemm_runs_f64 {
    size_t m, n, runs, run;
    const double *const *a;
    const double *packed;
    const double *c;
    double low, high;
    double *out;
    size_t out_row;
} eml_gemm_runs_f64;
typedef void eml_gemm_runs_f32_fn(const eml_gemm_runs_f32 *g);
typedef void eml_gemm_runs_f64_fn(const eml_gemm_runs_f64 *g);

/* The same product for int32, wrapping: no c, no packing, no scratch. */
typedef void eml_gemm_i32_fn(size_t m, size_t n, size_t k, const int32_t *a, size_t a_row, size_t a_col,
                             const int32_t *b, size_t b_row, size_t b_col, int32_t *out, size_t out_row);

/* ---- Quantised elements: value = (x - zero) * scale ---- */

/* Element i has scale[i * step] and zero[i * step]; step is 1, or 0 for one of each. A zero point is a number of the
 * quantised type. x and out must not overlap. */
typedef void eml_quantize_fn(size_t n, const float *x, const float *scale, const int32_t *zero, size_t step, void *out);
typedef void eml_dequantize_fn(size_t n, const void *x, const float *scale, const int32_t *zero, size_t step,
                               float *out);

/* qadd: saturate(round(a * a_scale + (b * b_scale + fixed))), each product and sum rounded once together.
 * qmul: saturate(round((a - a_zero) * (b - b_zero) * a_scale + fixed)), the product rounded first.
 * Rounded half to even; NaN gives the smallest. */
typedef struct eml_qlinear {
    float a_scale, b_scale, fixed;
    int32_t a_zero, b_zero;
} eml_qlinear;
/* Steps as of eml_binary_f32_fn. */
typedef void eml_qbinary_fn(size_t n, const void *a, size_t a_step, const void *b, size_t b_step, const eml_qlinear *q,
                            void *out);

/* ---- Pools ---- */

/* out[i] = largest of rows[t][i], t < taps, NaN when there is one, -infinity (the smallest byte) of none; their sum
 * over divisor, added in order. out may be one of the rows. The bytes of an i8 kernel are signed. */
typedef void eml_max_taps_f32_fn(size_t taps, const float *const *rows, size_t n, float *out);
typedef void eml_mean_taps_f32_fn(size_t taps, const float *const *rows, size_t n, float divisor, float *out);
typedef void eml_max_taps_u8_fn(size_t taps, const uint8_t *const *rows, size_t n, uint8_t *out);
/* out[i] = the same over x[i * stride + t * dilation], t < taps. out must not overlap x. */
typedef void eml_max_line_f32_fn(size_t n, size_t taps, size_t stride, size_t dilation, const float *x, float *out);
typedef void eml_mean_line_f32_fn(size_t n, size_t taps, size_t stride, size_t dilation, const float *x, float divisor,
                                  float *out);
/* sum[i] += rows[t][i], wrapping; the sum of x[n]. */
typedef void eml_sum_taps_u8_fn(size_t taps, const uint8_t *const *rows, size_t n, int32_t *sum);
typedef int32_t eml_sum_line_u8_fn(size_t n, const uint8_t *x);
/* sum[i] += (rows[t][i] - zero) * scale, in order. out[i] = saturate(round(sum[i] / divisor / scale + zero)). */
typedef void eml_qsum_taps_fn(size_t taps, const uint8_t *const *rows, size_t n, float scale, int32_t zero, float *sum);
typedef void eml_qmean_fn(size_t n, const float *sum, float divisor, float scale, int32_t zero, uint8_t *out);
/* ---- Convolutions ---- */

/* One line of a depthwise convolution: out[p, c] = min(max(bias[c] + sum over taps (d, h, v) of x(p, d, h, v, c) *
 * w(d, h, v, c), low), high), p < pixels, c < channels, where x(p, d, h, v, c) = x[p * x_pixel + d * x_step[0] + h *
 * x_step[1] + v * x_step[2] + c], w likewise by w_step, and out[p * out_pixel + c]. All taps lie inside x: a caller
 * leaves out those in the padding. The sum starts with the bias (0 when NULL) and takes the taps in order. */
typedef struct eml_depthwise_f32 {
    size_t pixels, channels;
    size_t taps[3]; /* of the kernel: depth, height, width; may be 0 */
    const float *x;
    size_t x_pixel, x_step[3];
    const float *w;
    size_t w_step[3];
    const float *bias;
    float low, high; /* as in a product */
    float *out;
    size_t out_pixel;
} eml_depthwise_f32;
typedef void eml_depthwise_f32_fn(const eml_depthwise_f32 *g);
/* ---- Products of bytes ---- */

/* What becomes of the 32-bit sums of column j, which wrap. Arrays have n elements, rounded up to EML_I8_PANEL, of which
 * those beyond n may hold anything finite. The same bits in every set. */
typedef enum eml_i8_out {
    EML_I8_TO_I32,  /* y = sum + bias[j] */
    EML_I8_TO_BYTE, /* y = round((float)(sum + bias[j]) * scale[j]) + zero within low .. high; round: half to even */
    EML_I8_TO_F32   /* y = (float)(sum + bias[j]) * scale[j] + offset[j] */
} eml_i8_out;
typedef struct eml_requant {
    eml_i8_out kind;
    const int32_t *bias;     /* NULL: none */
    const float *scale;      /* finite */
    const float *offset;     /* NULL: none */
    int32_t zero, low, high; /* each within -128 .. 127, or each within 0 .. 255 */
} eml_requant;

/* A prepared row holds a set's own elements, of gemm_a_bytes_i8() bytes: 1, the bytes as they are, or 2, int16 with the
 * zero point taken off. gemm_a_i8 prepares n bytes, or n times the zero point itself when x is NULL. */
typedef size_t eml_gemm_a_bytes_i8_fn(void);
typedef void eml_gemm_a_i8_fn(size_t n, const void *x, bool is_signed, int32_t zero, void *out);

/* Sums over k of (a(i, k) - a_zero) (b(k, j) - b_zero[j]). k runs over segments of depth elements: element p of segment
 * s of row i stands at a + row(i) + a_segments[s] + p, of which up to 3 elements beyond the last are read, too.
 * Offsets count prepared elements. Meant for windows: rows overlap, segments are the rows of a kernel. */
enum { EML_I8_PANEL = 16 };
typedef struct eml_gemm_i8 {
    size_t m, n;
    size_t segments, depth;
    const void *a; /* prepared */
    size_t a_row;
    const uint32_t *a_rows;     /* [m], where the rows begin; NULL: at i * a_row */
    const uint32_t *a_segments; /* [segments]; NULL: one segment at 0 */
    bool a_signed;              /* how a was prepared */
    int32_t a_zero;
    const int8_t *packed; /* what gemm_pack_i8 made */
    const int32_t *column_sums;
    const int32_t *b_zero; /* of packed numbers, n rounded up to EML_I8_PANEL; NULL: all are 0 */
    int32_t *row_sums;     /* [m], working memory where b_zero is given */
    eml_requant to;
    void *out; /* int32, bytes, or float */
    size_t out_row;
} eml_gemm_i8;
typedef void eml_gemm_i8_fn(const eml_gemm_i8 *g);

/* Element (s, (o, i)) of column j is b[j * b_column + s * b_segment + o * b_outer + i * b_inner], less 128 when it is
 * unsigned; depth is outer * inner. packed: eml_pack_i8_bytes() bytes, panels of 16 columns, in each per segment groups
 * of 4 along the depth, whose order within 64 bytes is the set's own; zeros fill up.
 * column_sums: of the packed numbers, n rounded up to EML_I8_PANEL. */
typedef struct eml_pack_i8 {
    size_t n, segments, outer, inner;
    const void *b;
    size_t b_column, b_segment, b_outer, b_inner;
    bool b_unsigned;
} eml_pack_i8;
typedef void eml_gemm_pack_i8_fn(const eml_pack_i8 *b, int8_t *packed, int32_t *column_sums);

/* One channel in, one out: sums over t of (a(i, t, c) - a_zero) w(t, c). a(i, t, c) is at a + row(i) + taps_at[t] + c;
 * up to 15 elements beyond the last channel are read, too. */
typedef struct eml_depthwise_i8 {
    size_t m, channels, taps;
    const void *a;           /* prepared as for gemm_i8 */
    const uint32_t *a_rows;  /* [m] */
    const uint32_t *taps_at; /* [taps] */
    bool a_signed;
    int32_t a_zero;
    const int16_t *packed; /* what depthwise_pack_i8 made */
    const int32_t *column_sums;
    eml_requant to;
    void *out;
    size_t out_row;
} eml_depthwise_i8;
typedef void eml_depthwise_i8_fn(const eml_depthwise_i8 *g);
/* w(t, c) = b[c * taps + t], less 128 when it is unsigned, less b_zero[c] (NULL: 0). packed: channels rounded up to 16,
 * times taps rounded up to 2, elements; column_sums: channels rounded up to 16. */
typedef void eml_depthwise_pack_i8_fn(size_t channels, size_t taps, const void *b, bool b_unsigned,
                                      const int32_t *b_zero, int16_t *packed, int32_t *column_sums);

/* ---- The table ---- */

/* Plan images hold these numbers. */
typedef enum eml_isa {
    EML_USE_ANY = 0,
    EML_USE_SCALAR,
    EML_USE_AVX2,
    EML_USE_AVX512,
    EML_USE_NEON,
    EML_USE_AVXVNNI,
    EML_USE_AVX512VNNI,
    EML_USE_NEONDOT
} eml_isa;

#include "kernels/kernels.def"

typedef struct eml_kernels {
    eml_isa isa;
    const char *isa_name; /* "avx2" */
#define EML_MEMBER(name, type) type *name;
    EML_KERNELS(EML_MEMBER)
#undef EML_MEMBER
} eml_kernels;

/* The sets of this build: symbols, tables, and a table's initializer. */
#define EML_TABLE(ISA, isa_text) EML_TABLE_BYTES(ISA, ISA, isa_text)
/* A set that adds to BASE instructions for products of bytes: the other kernels are BASE's. */
#define EML_TABLE_BYTES(BASE, ISA, isa_text)                                                                        \
    {                                                                                                               \
        .isa = EML_USE_##ISA, .isa_name = isa_text,                                                                 \
        EML_KERNELS_WIDE(EML_ENTRY_##BASE) EML_KERNELS_BYTES(EML_ENTRY_##ISA) EML_KERNELS_NARROW(EML_NARROW_##BASE) \
    }
#define EML_NARROW_SCALAR EML_ENTRY_SCALAR
#define EML_NARROW_AVX2   EML_ENTRY_AVX2
#define EML_NARROW_NEON   EML_ENTRY_NEON
#ifdef EML_HAVE_AVX2
#define EML_NARROW_AVX512 EML_ENTRY_AVX2
#else
#define EML_NARROW_AVX512 EML_ENTRY_AVX512
#endif
#ifdef EML_HAVE_SCALAR
#define EML_SYMBOL_SCALAR(name, type) type eml_##name##_scalar;
#define EML_ENTRY_SCALAR(name, type)  .name = eml_##name##_scalar,
EML_KERNELS(EML_SYMBOL_SCALAR)
extern const eml_kernels eml_kernels_scalar;
#endif
#if defined(EML_HAVE_AVX2) || defined(EML_HAVE_AVXVNNI)
#define EML_SYMBOL_AVX2(name, type) type eml_##name##_avx2;
#define EML_ENTRY_AVX2(name, type)  .name = eml_##name##_avx2,
EML_KERNELS(EML_SYMBOL_AVX2)
extern const eml_kernels eml_kernels_avx2;
#endif
#if defined(EML_HAVE_AVX512) || defined(EML_HAVE_AVX512VNNI)
#define EML_SYMBOL_AVX512(name, type) type eml_##name##_avx512;
#define EML_ENTRY_AVX512(name, type)  .name = eml_##name##_avx512,
EML_KERNELS(EML_SYMBOL_AVX512)
extern const eml_kernels eml_kernels_avx512;
#endif
#if defined(EML_HAVE_NEON) || defined(EML_HAVE_NEONDOT)
#define EML_SYMBOL_NEON(name, type) type eml_##name##_neon;
#define EML_ENTRY_NEON(name, type)  .name = eml_##name##_neon,
EML_KERNELS(EML_SYMBOL_NEON)
extern const eml_kernels eml_kernels_neon;
#endif
#ifdef EML_HAVE_AVXVNNI
#define EML_SYMBOL_AVXVNNI(name, type) type eml_##name##_avxvnni;
#define EML_ENTRY_AVXVNNI(name, type)  .name = eml_##name##_avxvnni,
EML_KERNELS_BYTES(EML_SYMBOL_AVXVNNI)
extern const eml_kernels eml_kernels_avxvnni;
#endif
#ifdef EML_HAVE_AVX512VNNI
#define EML_SYMBOL_AVX512VNNI(name, type) type eml_##name##_avx512vnni;
#define EML_ENTRY_AVX512VNNI(name, type)  .name = eml_##name##_avx512vnni,
EML_KERNELS_BYTES(EML_SYMBOL_AVX512VNNI)
extern const eml_kernels eml_kernels_avx512vnni;
#endif
#ifdef EML_HAVE_NEONDOT
#define EML_SYMBOL_NEONDOT(name, type) type eml_##name##_neondot;
#define EML_ENTRY_NEONDOT(name, type)  .name = eml_##name##_neondot,
EML_KERNELS_BYTES(EML_SYMBOL_NEONDOT)
extern const eml_kernels eml_kernels_neondot;
#endif

/* Calling: EML_K(run)->add_f32(n, a, 1, b, 1, out), where run->k is the table that was chosen. In a build with one set
 * the table is a compile-time constant here: calls become direct and the linker drops the kernels nobody calls. */
#if defined(EML_HAVE_SCALAR) + defined(EML_HAVE_AVX2) + defined(EML_HAVE_AVX512) + defined(EML_HAVE_NEON) + \
        defined(EML_HAVE_AVXVNNI) + defined(EML_HAVE_AVX512VNNI) + defined(EML_HAVE_NEONDOT) ==             \
    1
#if defined(EML_HAVE_SCALAR)
#define EML_ONLY(TABLE, TABLE_BYTES) TABLE(SCALAR, "scalar")
#elif defined(EML_HAVE_AVX2)
#define EML_ONLY(TABLE, TABLE_BYTES) TABLE(AVX2, "avx2")
#elif defined(EML_HAVE_AVX512)
#define EML_ONLY(TABLE, TABLE_BYTES) TABLE(AVX512, "avx512")
#elif defined(EML_HAVE_AVXVNNI)
#define EML_ONLY(TABLE, TABLE_BYTES) TABLE_BYTES(AVX2, AVXVNNI, "avxvnni")
#elif defined(EML_HAVE_AVX512VNNI)
#define EML_ONLY(TABLE, TABLE_BYTES) TABLE_BYTES(AVX512, AVX512VNNI, "avx512vnni")
#elif defined(EML_HAVE_NEONDOT)
#define EML_ONLY(TABLE, TABLE_BYTES) TABLE_BYTES(NEON, NEONDOT, "neondot")
#else
#define EML_ONLY(TABLE, TABLE_BYTES) TABLE(NEON, "neon")
#endif
#define EML_KERNELS_ONLY eml_kernels_only
#define EML_K(holder)    ((void)(holder), &eml_kernels_only)
static const eml_kernels eml_kernels_only = EML_ONLY(EML_TABLE, EML_TABLE_BYTES);
#else
#define EML_K(holder) ((holder)->k)
#endif

#endif
