/* SPDX-License-Identifier: Apache-2.0 */
/* A packed forest, as the code that evaluates it sees it: one relocatable block, offsets in bytes from its start, every
 * array 64-byte aligned. ops/tree_ensemble_pack.h makes it; nothing here checks it again.
 *
 * A node sends a row to its right child when !(x[feature] <= cut), else to the left one. The leaves of a tree are
 * numbered from left to right, those of the forest tree after tree. Every engine answers the same question - which leaf
 * does a row reach in tree t - and every sum over the trees is taken in the order of the trees, in the same precision:
 * so all engines, batch sizes and instruction sets give the same bits.
 *
 *   walk    node by node, eight trees at a time. Any forest of 32-bit cuts; the smallest data.
 *   wide    likewise, for double cuts and nodes that test equality or membership.
 *   mask    (QuickScorer's idea: Lucchese et al., SIGIR 2015) one row without following nodes: trees of at most 64
 *           leaves have one bit per leaf; a node that sends right clears the bits of its left subtree; what remains
 *           lowest is the leaf. All nodes of one feature are answered by one look-up: the rank of x among the sorted
 *           cuts finds a ready row of masks, one per tree.
 *   slice   512 rows at once, one bit per row: a node is a plane of 512 bits (x > cut), and the bits of the leaf number
 *           are computed bottom up by bitwise multiplexers, so a node costs some instructions per 512 rows. */
#ifndef EML_KERNELS_TREE_H
#define EML_KERNELS_TREE_H

#include <stddef.h>
#include <stdint.h>

enum {
    EML_TREE_BLOCK = 512, /* rows of a plane */
    EML_TREE_PLANE_WORDS = EML_TREE_BLOCK / 64,
    EML_TREE_FANOUT = 16,     /* cuts compared at once when a value is ranked */
    EML_TREE_LEVELS = 3,      /* of that search */
    EML_TREE_MAX_CUTS = 4095, /* what three levels of 16 reach */
    EML_TREE_MASK_COLUMNS = 64,
    EML_TREE_MASK_WORDS = 512, /* 64-bit words of a row of masks, at most */
    EML_TREE_MASK_TREES = EML_TREE_MASK_WORDS * 4,
    EML_TREE_MAX_BITS = 16,   /* of a leaf number in the slice engine */
    EML_TREE_WEIGHTS_PAD = 64 /* floats after the weights that may be read */
};

/* One feature's distinct cuts, ascending. level[0] holds all of them, level[1] every 16th (the last of each full group
 * of 16), level[2] every 256th; each is filled up with +inf to a multiple of 16 past its end. */
typedef struct eml_tree_column {
    uint32_t feature;
    uint32_t n_cuts;
    uint32_t n_levels;
    uint32_t level[EML_TREE_LEVELS]; /* float arrays */
    /* mask: masks[(rank >> mask_shift)] is the state at that multiple, the row after the last is for NaN; then the
     * nodes between that multiple and the rank are fixes[fix_start[multiple] .. fix_start[rank]) */
    uint32_t masks;
    uint32_t fix_start; /* uint32_t[n_cuts + 1] */
    uint32_t fix_masks; /* unsigned integers of lane_bits */
    uint32_t fix_trees; /* uint16_t */
    /* slice: plane + r, for r in 1 .. n_cuts, holds the rows whose rank is r or more, so those sent right by cut r - 1.
     * A row with NaN counts as nan_rank: n_cuts + 1 (goes right everywhere) or 0. plane + n_cuts + 1 is the rows with
     * NaN in the first case; plane + 0 is scratch. */
    uint32_t plane;
    uint32_t nan_rank;
} eml_tree_column;

/* slice: plane[out] = plane[p] ? plane[right] : plane[left]; out may be left or right. */
typedef struct eml_tree_mux {
    uint16_t p, left, right, out;
} eml_tree_mux;

/* slice: a plane that is another one without the rows of NaN. */
typedef struct eml_tree_extra {
    uint32_t from, nan;
} eml_tree_extra;

/* slice: one tree; after its multiplexers ran, bits[i] names the plane of bit i of the leaf's number in the tree. */
typedef struct eml_tree_program {
    uint32_t n_muxes, n_bits;
    uint32_t bits; /* uint32_t[n_bits] */
} eml_tree_program;

/* slice: consecutive trees whose planes fit the cache together. */
typedef struct eml_tree_tile {
    uint32_t first_tree, n_trees;
    uint32_t columns, n_columns; /* eml_tree_column */
    uint32_t extras, n_extras;   /* eml_tree_extra; they are planes first_extra .. */
    uint32_t first_extra;
    uint32_t zero;     /* plane of zeros; the next one is all ones */
    uint32_t muxes;    /* eml_tree_mux, all trees */
    uint32_t programs; /* eml_tree_program[n_trees] */
} eml_tree_tile;

/* walk: leaves have a NaN cut whose low 22 bits are the leaf's number and the node before themselves as child, so a
 * walk that has arrived stays there. Children are neighbours: child, child + 1. */
typedef struct eml_tree_node {
    float cut;
    uint32_t link; /* child << column_bits | column */
} eml_tree_node;

/* wide: right = table >> (x < cut ? 0 : x == cut ? 1 : x > cut ? 2 : 3) & 1, and 3 for NaN. With EML_TREE_MEMBER the
 * cut is the position of a sorted set and x in the set counts as equal, anything else as less. A leaf has
 * EML_TREE_LEAF, and its number as feature. */
typedef struct eml_tree_wide {
    double cut;
    uint32_t feature;
    uint32_t link; /* child << 6 | flags */
} eml_tree_wide;
enum { EML_TREE_MEMBER = 16, EML_TREE_LEAF = 32, EML_TREE_WIDE_SHIFT = 6 };

typedef enum eml_tree_engine { EML_TREE_WALK, EML_TREE_WIDE, EML_TREE_MASK } eml_tree_engine;

/* How leaves add to targets. ONE: leaf l of tree t adds weights[l] to tree_target[t]. ROWS: leaf l adds
 * weights[l * leaf_stride + c * target_stride] to every target c. LIST: weights[i] to list_target[i], for i in
 * list_start[l] .. list_start[l + 1]. */
typedef enum eml_tree_kind { EML_TREE_ONE, EML_TREE_ROWS, EML_TREE_LIST } eml_tree_kind;

typedef struct eml_tree {
    uint32_t bytes;      /* of the block */
    uint32_t n_features; /* columns that x must have at least */
    uint32_t n_trees, n_leaves, n_targets;
    uint32_t engine;     /* eml_tree_engine of single rows */
    uint32_t kind;       /* eml_tree_kind */
    uint32_t strict;     /* cuts stand for x < c: see eml_tree_pack */
    uint32_t first_leaf; /* uint32_t[n_trees + 1] */
    uint32_t weights;    /* float, or double with weights_f64; EML_TREE_WEIGHTS_PAD more follow */
    uint32_t weights_f64;
    uint32_t leaf_stride, target_stride;
    uint32_t tree_target; /* uint32_t[n_trees] */
    uint32_t list_start, list_target;
    /* walk, wide */
    uint32_t roots; /* uint32_t[n_trees]: nodes */
    uint32_t nodes;
    uint32_t column_bits;
    uint32_t n_inputs; /* walk: values of a row as the nodes see it; 0: x itself. Else inputs[i] is feature << 1 |
                          lowest, lowest: NaN reads as -inf, so it goes left */
    uint32_t inputs;
    uint32_t sets; /* wide: the sets of values, each preceded by its length, as double */
    /* mask */
    uint32_t lane_bits;  /* 16, 32 or 64 bits per tree */
    uint32_t mask_bytes; /* of a row of masks, a multiple of 64 */
    uint32_t mask_shift;
    uint32_t columns, n_columns;
    /* slice */
    uint32_t n_tiles; /* 0: no such engine here */
    uint32_t tiles;
    uint32_t n_planes;   /* of scratch */
    uint32_t slice_rows; /* fewest rows for which it is the faster one */
} eml_tree;

static inline const void *eml_tree_at(const eml_tree *tree, uint32_t offset) {
    return (const unsigned char *)tree + offset;
}

/* masks[n_trees], unsigned integers of lane_bits: the lowest bit of masks[t] is the number of the leaf in tree t.
 * Writes mask_bytes; masks is 64-byte aligned. For forests with the mask engine. */
typedef void eml_tree_mask_fn(const eml_tree *tree, const float *x, void *masks);

/* x[n, ...] with x_stride elements from row to row, n <= EML_TREE_BLOCK. sums[c * EML_TREE_BLOCK + i] = sum over the
 * trees for target c of row i; no more than n rounded up to 64 are written per target.
 * planes: tree->n_planes * EML_TREE_PLANE_WORDS words, 64-byte aligned. */
typedef void eml_tree_slice_fn(const eml_tree *tree, const float *x, size_t x_stride, size_t n, uint64_t *planes,
                               float *sums);

#endif
