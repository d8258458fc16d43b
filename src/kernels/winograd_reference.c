/* SPDX-License-Identifier: MIT */
/* Winograd's minimal filtering in plain C, by its matrices (Lavin and Gray, "Fast Algorithms for Convolutional Neural
 * Networks", 2016): with d a patch of the source, g a kernel, e the gradient of a tile of the output,
 *     the output's tile        A^T [(G g G^T) . (B^T d B)] A
 *     the kernel's gradient    G^T [sum over the tiles of (B^T d B) . (A e A^T)] G,
 * where . multiplies value by value. */
#include "kernels/reference.h"

#include <string.h>

enum { SIDE = 6, KERNEL = 3 }; /* the longest side of a patch; the side of a kernel */

/* A matrix with its number of rows and columns; and its transposed. */
struct matrix {
    size_t rows, columns;
    real at[SIDE][SIDE];
};

static struct matrix transposed(const struct matrix *m) {
    struct matrix t = {m->columns, m->rows, {{0}}};
    for (size_t i = 0; i < m->rows; i++) {
        for (size_t j = 0; j < m->columns; j++)
            t.at[j][i] = m->at[i][j];
    }
    return t;
}

static struct matrix product(const struct matrix *a, const struct matrix *b) {
    struct matrix result = {a->rows, b->columns, {{0}}};
    for (size_t i = 0; i < a->rows; i++) {
        for (size_t j = 0; j < b->columns; j++) {
            for (size_t k = 0; k < a->columns; k++)
                result.at[i][j] += a->at[i][k] * b->at[k][j];
        }
    }
    return result;
}

/* m x m^T. */
static struct matrix both_sides(const struct matrix *m, const struct matrix *x) {
    const struct matrix left = product(m, x), right = transposed(m);
    return product(&left, &right);
}

static const struct matrix source4 = {6,
                                      6,
                                      {{4, 0, -5, 0, 1, 0},
                                       {0, -4, -4, 1, 1, 0},
                                       {0, 4, -4, -1, 1, 0},
                                       {0, -2, -1, 2, 1, 0},
                                       {0, 2, -1, -2, 1, 0},
                                       {0, 4, 0, -5, 0, 1}}};
static const struct matrix output4 = {
    4, 6, {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}}};
static const struct matrix source2 = {4, 4, {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}}};
static const struct matrix output2 = {2, 4, {{1, 1, 1, 0}, {0, 1, -1, -1}}};

static struct matrix weights_matrix(size_t tile) {
    if (tile == 2) return (struct matrix){4, 3, {{1}, {0.5, 0.5, 0.5}, {0.5, -0.5, 0.5}, {0, 0, 1}}};
    const real sixth = (real)1 / 6;
    return (struct matrix){6,
                           3,
                           {{0.25},
                            {-sixth, -sixth, -sixth},
                            {-sixth, sixth, -sixth},
                            {sixth / 4, sixth / 2, sixth},
                            {sixth / 4, -sixth / 2, sixth},
                            {0, 0, 1}}};
}

static void pack_any(size_t tile, const real *weights, size_t ic, size_t oc, bool rotated, real *packed) {
    const struct matrix g = weights_matrix(tile);
    const size_t rows = rotated ? oc : ic, columns = rotated ? ic : oc, width = kernels_reference.tile_columns;
    const size_t side = tile + KERNEL - 1, matrices = side * side;
    memset(packed, 0, kernels_packed_size(&kernels_reference, matrices * rows, columns) * sizeof *packed);
    for (size_t i = 0; i < ic; i++) {
        for (size_t o = 0; o < oc; o++) {
            struct matrix kernel = {KERNEL, KERNEL, {{0}}};
            for (size_t tap = 0; tap < KERNEL * KERNEL; tap++) {
                const size_t at = rotated ? KERNEL * KERNEL - 1 - tap : tap;
                kernel.at[tap / KERNEL][tap % KERNEL] = weights[(at * ic + i) * oc + o];
            }
            const struct matrix u = both_sides(&g, &kernel);
            const size_t row = rotated ? o : i, column = rotated ? i : o;
            for (size_t xi = 0; xi < matrices; xi++)
                packed[((column / width * matrices + xi) * rows + row) * width + column % width] =
                    u.at[xi / side][xi % side];
        }
    }
}

static void pack(size_t tile, const real *weights, size_t ic, size_t oc, real *packed) {
    pack_any(tile, weights, ic, oc, false, packed);
}

static void pack_rotated(size_t tile, const real *weights, size_t ic, size_t oc, real *packed) {
    pack_any(tile, weights, ic, oc, true, packed);
}

/* One channel of a side x side patch whose corner is (y, x); 0 beyond the image. */
static struct matrix patch(const real *image, size_t row_stride, size_t c, size_t height, size_t width, size_t y,
                           size_t x, size_t channel, size_t side) {
    struct matrix result = {side, side, {{0}}};
    for (size_t i = 0; i < side && y + i < height; i++) {
        for (size_t j = 0; j < side && x + j < width; j++)
            result.at[i][j] = image[(y + i) * row_stride + (x + j) * c + channel];
    }
    return result;
}

static struct matrix source_patch(const struct winograd_shape *shape, const real *src, size_t y, size_t x, size_t i) {
    const struct conv_shape *s = &shape->conv;
    const struct matrix d = patch(src, s->src_row_stride, s->ic, s->ih, s->iw, y, x, i, shape->tile + KERNEL - 1);
    return both_sides(shape->tile == 4 ? &source4 : &source2, &d);
}

static void conv2d_tile(const struct winograd_shape *shape, const real *src, const real *packed, const real *bias,
                        bool relu, size_t row_begin, size_t row_end, size_t y, size_t x, real *dst) {
    const struct conv_shape *s = &shape->conv;
    const size_t width = kernels_reference.tile_columns, side = shape->tile + KERNEL - 1, matrices = side * side;
    const size_t pixel = s->dst_pixel_stride ? s->dst_pixel_stride : s->oc;
    for (size_t o = 0; o < s->oc; o++) {
        struct matrix sum = {side, side, {{0}}};
        for (size_t i = 0; i < s->ic; i++) {
            const struct matrix v = source_patch(shape, src, y, x, i);
            for (size_t xi = 0; xi < matrices; xi++)
                sum.at[xi / side][xi % side] +=
                    v.at[xi / side][xi % side] * packed[((o / width * matrices + xi) * s->ic + i) * width + o % width];
        }
        const struct matrix out = both_sides(shape->tile == 4 ? &output4 : &output2, &sum);
        for (size_t i = y < row_begin ? row_begin - y : 0; i < shape->tile && y + i < row_end; i++) {
            for (size_t j = 0; j < shape->tile && x + j < s->ow; j++) {
                const real value = out.at[i][j] + (bias ? bias[o] : 0);
                dst[(y + i) * s->dst_row_stride + (x + j) * pixel + o] = relu && value < 0 ? 0 : value;
            }
        }
    }
}

static void conv2d(const struct winograd_shape *shape, const real *src, const real *packed, const real *bias, bool relu,
                   size_t row_begin, size_t row_end, real *dst, real *scratch) {
    (void)scratch;
    for (size_t image = 0; image < shape->images; image++) {
        for (size_t y = row_begin / shape->tile * shape->tile; y < row_end; y += shape->tile) {
            for (size_t x = 0; x < shape->conv.ow; x += shape->tile)
                conv2d_tile(shape, src + image * shape->src_image_stride, packed, bias, relu, row_begin, row_end, y, x,
                            dst + image * shape->dst_image_stride);
        }
    }
}

/* The kernel's gradient between one channel of the source and one of the output. */
static struct matrix diff_kernel(const struct winograd_shape *shape, const real *src, const real *diff_dst, size_t i,
                                 size_t o) {
    const struct conv_shape *s = &shape->conv;
    const struct matrix a = transposed(shape->tile == 4 ? &output4 : &output2), g = weights_matrix(shape->tile);
    const struct matrix g_transposed = transposed(&g);
    struct matrix sum = {a.rows, a.rows, {{0}}};
    for (size_t image = 0; image < shape->images;
         image++, src += shape->src_image_stride, diff_dst += shape->dst_image_stride) {
        for (size_t y = 0; y < s->oh; y += shape->tile) {
            for (size_t x = 0; x < s->ow; x += shape->tile) {
                const struct matrix e = patch(diff_dst, s->dst_row_stride, s->oc, s->oh, s->ow, y, x, o, shape->tile);
                const struct matrix v = source_patch(shape, src, y, x, i), m = both_sides(&a, &e);
                for (size_t xi = 0; xi < a.rows * a.rows; xi++)
                    sum.at[xi / a.rows][xi % a.rows] += v.at[xi / a.rows][xi % a.rows] * m.at[xi / a.rows][xi % a.rows];
            }
        }
    }
    return both_sides(&g_transposed, &sum);
}

static void diff_weights(const struct winograd_shape *shape, const real *src, const real *diff_dst, bool resume,
                         real *weights, real *scratch) {
    const size_t ic = shape->conv.ic, oc = shape->conv.oc;
    (void)scratch;
    for (size_t i = 0; i < ic; i++) {
        for (size_t o = 0; o < oc; o++) {
            const struct matrix kernel = diff_kernel(shape, src, diff_dst, i, o);
            for (size_t tap = 0; tap < KERNEL * KERNEL; tap++) {
                real *weight = &weights[(tap * ic + i) * oc + o];
                *weight = (resume ? *weight : 0) + kernel.at[tap / KERNEL][tap % KERNEL];
            }
        }
    }
}

/* The reference row is for clarity: by the definition, which is clearer. */
static size_t never(const struct conv_shape *shape, bool of_weights) {
    (void)shape, (void)of_weights;
    return 0;
}

static size_t no_scratch(size_t tile, size_t ic, size_t oc) {
    (void)tile, (void)ic, (void)oc;
    return 0;
}

const struct winograd_kernels kernels_winograd_reference = {.tile = never,
                                                            .scratch_size = no_scratch,
                                                            .pack = pack,
                                                            .pack_rotated = pack_rotated,
                                                            .conv2d = conv2d,
                                                            .diff_weights = diff_weights};
