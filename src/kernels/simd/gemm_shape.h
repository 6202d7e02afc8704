/* SPDX-License-Identifier: Apache-2.0 */
/* The shape of the tiles of a matrix product. Rows times vectors of sums, the vectors of b and one of a must fit the
 * registers, and there must be as many sums as multiply-adds are on the way (two units, four or five cycles).
 *   STRIP_VECTORS  a tile is so wide, over STRIP_PANELS panels
 *   TILE_ROWS      and at most so high; TILES: the heights there are, highest first
 *   TAIL_VECTORS   the right edge is taken in up to so many vectors
 *   WIDE_PANELS    a single row takes so many panels at once; 1: no more than a tile
 *   BLOCK_DEPTH_BYTES, BLOCK_COLS_BYTES  a block of b as far as k and n go: 512 x 128 floats (256 KB) where caches are
 *                  large, 256 x 16 (16 KB) on a microcontroller */
#ifndef EML_SIMD_GEMM_SHAPE_H
#define EML_SIMD_GEMM_SHAPE_H

#include "kernels/simd/simd.h"

#if defined(EML_ISA_AVX512) /* 32 registers: 24 sums, 2 of b */
#define STRIP_PANELS      2
#define STRIP_VECTORS     2
#define TILE_ROWS         12
#define BLOCK_DEPTH_BYTES 2048
#define BLOCK_COLS_BYTES  512
#define TAIL_VECTORS      2
#define WIDE_PANELS       4
#define TILES(X, ...)     X(12, __VA_ARGS__) X(8, __VA_ARGS__) X(4, __VA_ARGS__) X(2, __VA_ARGS__) X(1, __VA_ARGS__)
#elif defined(EML_ISA_AVX2) /* 16: 12 sums, 2 of b */
#define STRIP_PANELS      1
#define STRIP_VECTORS     2
#define TILE_ROWS         6
#define BLOCK_DEPTH_BYTES 2048
#define BLOCK_COLS_BYTES  512
#define TAIL_VECTORS      2
#define WIDE_PANELS       4
#define TILES(X, ...)     X(6, __VA_ARGS__) X(4, __VA_ARGS__) X(2, __VA_ARGS__) X(1, __VA_ARGS__)
#elif defined(EML_ISA_NEON) /* 32: 24 sums, 4 of b */
#define STRIP_PANELS      1
#define STRIP_VECTORS     4
#define TILE_ROWS         6
#define BLOCK_DEPTH_BYTES 2048
#define BLOCK_COLS_BYTES  512
#define TAIL_VECTORS      4
#define WIDE_PANELS       4
#define TILES(X, ...)     X(6, __VA_ARGS__) X(4, __VA_ARGS__) X(2, __VA_ARGS__) X(1, __VA_ARGS__)
#else /* 16 of most processors: 12 sums, 1 of a; a quarter of a panel */
#define STRIP_PANELS      1
#define STRIP_VECTORS     4
#define TILE_ROWS         3
#define BLOCK_DEPTH_BYTES 1024
#define BLOCK_COLS_BYTES  64
#define TAIL_VECTORS      1
#define WIDE_PANELS       1
#define TILES(X, ...)     X(3, __VA_ARGS__) X(1, __VA_ARGS__)
#endif

#endif
