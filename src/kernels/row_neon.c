/* SPDX-License-Identifier: MIT */
/* The row of kernels for NEON on 64-bit ARM: a tile of 6 pixels x 16 channels. */
#if defined(__aarch64__) && !defined(OCELLUS_REAL_DOUBLE)

#define TILE_ROWS                6
#define TILE_VECTORS             4
#define FOR_TILE_ROWS(M, v, cut) M(1, v, cut) M(2, v, cut) M(3, v, cut) M(4, v, cut) M(5, v, cut) M(6, v, cut)
#define FOR_TILES(M)                                                                                                   \
    FOR_TILE_ROWS(M, 4, 0) FOR_TILE_ROWS(M, 1, 1) FOR_TILE_ROWS(M, 2, 1) FOR_TILE_ROWS(M, 3, 1) FOR_TILE_ROWS(M, 4, 1)

#define ROW_NAME "neon"
#define ROW_FILL kernels_fill_neon
#include "kernels/row.inc"

#else
typedef int kernels_empty_neon; /* this architecture or type has no such row */
#endif
