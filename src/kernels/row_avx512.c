/* SPDX-License-Identifier: MIT */
/* The row of kernels for AVX-512 (F, BW, DQ, VL): a tile of 14 pixels x 32 channels. */
#if defined(__x86_64__) && !defined(OCELLUS_REAL_DOUBLE)

#define TILE_ROWS    14
#define TILE_VECTORS 2
/* One tool lays this list otherwise each time. */
/* clang-format off */
#define FOR_TILE_ROWS(M, v, cut)                                                                                       \
    M(1, v, cut) M(2, v, cut) M(3, v, cut) M(4, v, cut) M(5, v, cut) M(6, v, cut) M(7, v, cut) M(8, v, cut)            \
    M(9, v, cut) M(10, v, cut) M(11, v, cut) M(12, v, cut) M(13, v, cut) M(14, v, cut)
/* clang-format on */
#define FOR_TILES(M) FOR_TILE_ROWS(M, 2, 0) FOR_TILE_ROWS(M, 1, 1) FOR_TILE_ROWS(M, 2, 1)

#define ROW_NAME "avx512"
#define ROW_FILL kernels_fill_avx512
#include "kernels/row.inc"

#else
typedef int kernels_empty_avx512; /* this architecture or type has no such row */
#endif
