/* SPDX-License-Identifier: Apache-2.0 */
/* Scales, zero points and bias of a product of bytes, as its kernels want them: per column, in one block, which is part
 * of a blob where all of it is constant, and of the scratch memory otherwise.
 *   multiplier[j] = alpha * a_scale * b_scale[j] / y_scale, each step rounded to float, as ONNX Runtime has it */
#ifndef EML_OPS_COMMON_REQUANT_H
#define EML_OPS_COMMON_REQUANT_H

#include "ops/common/layout.h"

/* The tensors, NULL for those an operator does not have. */
typedef enum eml_requant_part {
    EML_PART_A_SCALE,
    EML_PART_A_ZERO,
    EML_PART_B_SCALE,
    EML_PART_B_ZERO,
    EML_PART_Y_SCALE,
    EML_PART_Y_ZERO,
    EML_PART_BIAS,   /* int32, added to the sums */
    EML_PART_OFFSET, /* float, added to the result */
    EML_PARTS
} eml_requant_part;

typedef struct eml_requant_source {
    const em_tensor *part[EML_PARTS];
    int8_t input[EML_PARTS]; /* its number in the node, for messages; -1: the operator has no such input */
    float alpha;
    bool has_scale; /* false: the result are the sums, as int32 */
    em_dtype b, y;  /* element type of b, and of the result */
} eml_requant_source;

/* Columns: groups times columns, those of a group rounded up to whole panels. A part with one element is for all, one
 * with columns elements for each group, one with groups * columns for each of all columns. */
typedef struct eml_columns {
    int32_t a_zero, y_zero, low, high;
    uint8_t kind; /* eml_i8_out */
    uint8_t has_b_zero, has_bias, has_offset;
    int32_t reserved;
    uint64_t stride; /* columns of a group */
    uint64_t total;  /* bias[total], scale[total], b_zero[total], offset[total] follow at EML_COLUMNS_HEADER */
} eml_columns;
enum { EML_COLUMNS_HEADER = 64 };

/* Bytes of the block; overflow of layout is set when there are too many. */
size_t eml_columns_add(eml_layout *layout, int64_t groups, int64_t columns);
/* True when every part is known by value. */
bool eml_requant_known(const eml_requant_source *source);
/* Fills the block. row: the element of a_scale and a_zero (where they have more than one) and the row of bias, which
 * are bias_row elements apart. Fails with status, naming the input: scales that are not finite or not above 0. */
em_status eml_columns_fill(const eml_requant_source *source, int64_t groups, int64_t columns, int64_t row,
                           int64_t bias_row, em_status status, em_error *err, void *block);

/* What a kernel wants, for columns of one group. */
eml_requant eml_columns_requant(const eml_columns *c, int64_t group);
/* Zero points of packed numbers; NULL when all are 0. */
const int32_t *eml_columns_b_zero(const eml_columns *c, int64_t group);

/* Checks in infer: input i has count elements (or one), and the type. */
em_status eml_requant_check(eml_ctx *ctx, int i, const char *name, uint32_t dtypes, int64_t count);

#endif
