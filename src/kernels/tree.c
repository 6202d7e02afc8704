/* SPDX-License-Identifier: Apache-2.0 */
/* The two engines of forests that vectors speed up; what they compute stands in tree.h. */
#include <string.h>

#include "kernels/tree_vectors.h"

/* ---- Rank: how many cuts of the column x is above. NaN gives 0. ---- */

static inline uint32_t rank1(const float *cuts, float x) {
    return tree_count16(cuts, x);
}

static inline uint32_t rank2(const float *cuts, const float *every16, float x) {
    uint32_t group = tree_count16(every16, x);
    return group * EML_TREE_FANOUT + tree_count16(cuts + group * EML_TREE_FANOUT, x);
}

static inline uint32_t rank3(const float *cuts, const float *every16, const float *every256, float x) {
    uint32_t group = rank2(every16, every256, x);
    return group * EML_TREE_FANOUT + tree_count16(cuts + group * EML_TREE_FANOUT, x);
}

/* ---- mask ---- */

/* Which fixes of a column apply. */
typedef struct fix_range {
    uint32_t begin, end;
} fix_range;

static const uint64_t *find_masks(const eml_tree *tree, const eml_tree_column *column, float x, fix_range *fixes) {
    const float *cuts = eml_tree_at(tree, column->level[0]);
    const unsigned char *masks = eml_tree_at(tree, column->masks);
    *fixes = (fix_range){0, 0};
    size_t row = (column->n_cuts >> tree->mask_shift) + 1; /* NaN */
    if (x == x) {
        uint32_t rank;
        if (column->n_levels == 1) {
            rank = rank1(cuts, x);
        } else if (column->n_levels == 2) {
            rank = rank2(cuts, eml_tree_at(tree, column->level[1]), x);
        } else {
            rank = rank3(cuts, eml_tree_at(tree, column->level[1]), eml_tree_at(tree, column->level[2]), x);
        }
        row = rank >> tree->mask_shift;
        if (tree->mask_shift > 0) {
            const uint32_t *start = eml_tree_at(tree, column->fix_start);
            *fixes = (fix_range){start[row << tree->mask_shift], start[rank]};
        }
    }
    return (const uint64_t *)(const void *)(masks + row * tree->mask_bytes);
}

/* The nodes between the ready masks and x. */
#define APPLY(bits)                                                                                 \
    static void apply_##bits(const eml_tree *tree, const fix_range *fixes, uint##bits##_t *masks) { \
        const eml_tree_column *columns = eml_tree_at(tree, tree->columns);                          \
        for (uint32_t c = 0; c < tree->n_columns; c++) {                                            \
            const uint##bits##_t *fix = eml_tree_at(tree, columns[c].fix_masks);                    \
            const uint16_t *at = eml_tree_at(tree, columns[c].fix_trees);                           \
            for (uint32_t i = fixes[c].begin; i < fixes[c].end; i++) masks[at[i]] &= fix[i];        \
        }                                                                                           \
    }
APPLY(16)
APPLY(32)
APPLY(64)

void EML_FN(tree_mask)(const eml_tree *tree, const float *x, void *masks) {
    const eml_tree_column *columns = eml_tree_at(tree, tree->columns);
    const uint64_t *rows[EML_TREE_MASK_COLUMNS];
    fix_range fixes[EML_TREE_MASK_COLUMNS];
    for (uint32_t c = 0; c < tree->n_columns; c++)
        rows[c] = find_masks(tree, &columns[c], x[columns[c].feature], &fixes[c]);
    tree_and_rows(rows, tree->n_columns, tree->mask_bytes, masks);
    if (tree->mask_shift == 0) return;
    if (tree->lane_bits == 16) {
        apply_16(tree, fixes, masks);
    } else if (tree->lane_bits == 32) {
        apply_32(tree, fixes, masks);
    } else {
        apply_64(tree, fixes, masks);
    }
}

/* ---- slice ---- */

/* Sets bit i of plane rank(x[i]), for every row; NaN counts as nan_rank. */
#define MARK(RANK)                                                                      \
    for (size_t i = 0; i < n; i++, x += x_stride) {                                     \
        uint32_t rank = *x == *x ? RANK : column->nan_rank;                             \
        plane[(size_t)rank * EML_TREE_PLANE_WORDS + i / 64] |= UINT64_C(1) << (i % 64); \
    }

static void mark_ranks(const eml_tree *tree, const eml_tree_column *column, const float *x, size_t x_stride, size_t n,
                       uint64_t *plane) {
    const float *cuts = eml_tree_at(tree, column->level[0]);
    const float *every16 = eml_tree_at(tree, column->level[1]), *every256 = eml_tree_at(tree, column->level[2]);
    if (column->n_levels == 1) {
        MARK(rank1(cuts, *x))
    } else if (column->n_levels == 2) {
        MARK(rank2(cuts, every16, *x))
    } else {
        MARK(rank3(cuts, every16, every256, *x))
    }
}

/* Plane r: rank r or more. */
static void compare_column(const eml_tree *tree, const eml_tree_column *column, const float *x, size_t x_stride,
                           size_t n, uint64_t *planes) {
    uint64_t *plane = planes + (size_t)column->plane * EML_TREE_PLANE_WORDS;
    memset(plane, 0, (size_t)(column->n_cuts + 2) * EML_TREE_PLANE_WORDS * sizeof(*plane));
    mark_ranks(tree, column, x + column->feature, x_stride, n, plane);
    uint64_t above[EML_TREE_PLANE_WORDS] = {0};
    for (size_t r = column->n_cuts + 1; r > 0; r--) {
        uint64_t *p = plane + r * EML_TREE_PLANE_WORDS;
        for (int i = 0; i < EML_TREE_PLANE_WORDS; i++) p[i] = above[i] |= p[i];
    }
}

/* Adds the leaf weights of one tree for up to EML_TREE_BLOCK rows. */
static void add_tree(const eml_tree *tree, const eml_tree_program *program, uint32_t t, size_t n,
                     const uint64_t *planes, float *sums) {
    const float *w =
        (const float *)eml_tree_at(tree, tree->weights) + ((const uint32_t *)eml_tree_at(tree, tree->first_leaf))[t];
    const uint32_t *bits = eml_tree_at(tree, program->bits);
    uint32_t n_targets = tree->n_targets, low = program->n_bits < 8 ? program->n_bits : 8;
    if (tree->kind == EML_TREE_ONE) {
        sums += (size_t)((const uint32_t *)eml_tree_at(tree, tree->tree_target))[t] * EML_TREE_BLOCK;
        n_targets = 1;
    }
    for (uint32_t word = 0; word * 64 < n; word++, sums += 64) {
        _Alignas(64) uint8_t row[64], high[64];
        tree_gather_bits(planes, bits, low, word, row);
        if (program->n_bits > 8) tree_gather_bits(planes, bits + 8, program->n_bits - 8, word, high);
        for (uint32_t c = 0; c < n_targets; c++) {
            const float *wc = w + (size_t)c * tree->target_stride;
            float *s = sums + (size_t)c * EML_TREE_BLOCK;
            if (program->n_bits <= 8) {
                tree_add_leaves(wc, program->n_bits, row, s);
            } else {
                for (int i = 0; i < 64; i++) s[i] += wc[row[i] | high[i] << 8];
            }
        }
    }
}

static void slice_tile(const eml_tree *tree, const eml_tree_tile *tile, const float *x, size_t x_stride, size_t n,
                       uint64_t *planes, float *sums) {
    const eml_tree_column *columns = eml_tree_at(tree, tile->columns);
    const eml_tree_extra *extras = eml_tree_at(tree, tile->extras);
    const eml_tree_mux *mux = eml_tree_at(tree, tile->muxes);
    const eml_tree_program *programs = eml_tree_at(tree, tile->programs);
    for (uint32_t c = 0; c < tile->n_columns; c++) compare_column(tree, &columns[c], x, x_stride, n, planes);
    uint64_t *out = planes + (size_t)tile->first_extra * EML_TREE_PLANE_WORDS;
    for (uint32_t i = 0; i < tile->n_extras; i++, out += EML_TREE_PLANE_WORDS) {
        const uint64_t *from = tree_plane(planes, extras[i].from), *nan = tree_plane(planes, extras[i].nan);
        for (int k = 0; k < EML_TREE_PLANE_WORDS; k++) out[k] = from[k] & ~nan[k];
    }
    uint64_t *zero = planes + (size_t)tile->zero * EML_TREE_PLANE_WORDS;
    memset(zero, 0, EML_TREE_PLANE_WORDS * sizeof(*zero));
    memset(zero + EML_TREE_PLANE_WORDS, 255, EML_TREE_PLANE_WORDS * sizeof(*zero));
    for (uint32_t t = 0; t < tile->n_trees; t++) {
        for (const eml_tree_mux *end = mux + programs[t].n_muxes; mux < end; mux++)
            tree_mux(tree_plane(planes, mux->p), tree_plane(planes, mux->left), tree_plane(planes, mux->right),
                     planes + (size_t)mux->out * EML_TREE_PLANE_WORDS);
        add_tree(tree, &programs[t], tile->first_tree + t, n, planes, sums);
    }
}

void EML_FN(tree_slice)(const eml_tree *tree, const float *x, size_t x_stride, size_t n, uint64_t *planes,
                        float *sums) {
    const eml_tree_tile *tiles = eml_tree_at(tree, tree->tiles);
    for (uint32_t c = 0; c < tree->n_targets; c++)
        memset(sums + (size_t)c * EML_TREE_BLOCK, 0, (n + 63) / 64 * 64 * sizeof(*sums));
    for (uint32_t i = 0; i < tree->n_tiles; i++) slice_tile(tree, &tiles[i], x, x_stride, n, planes, sums);
}
