/* SPDX-License-Identifier: MIT */
#include "winograd_bounds.h"

#include <math.h>

/* The magnitudes of B^T, G and A^T (Lavin and Gray 2016), and A and G^T for the kernel's gradient. */
static const double source_rows[6][6] = {{4, 0, 5, 0, 1, 0}, {0, 4, 4, 1, 1, 0}, {0, 4, 4, 1, 1, 0},
                                         {0, 2, 1, 2, 1, 0}, {0, 2, 1, 2, 1, 0}, {0, 4, 0, 5, 0, 1}};
static const double weight_rows[6][3] = {{1. / 4, 0, 0},
                                         {1. / 6, 1. / 6, 1. / 6},
                                         {1. / 6, 1. / 6, 1. / 6},
                                         {1. / 24, 1. / 12, 1. / 6},
                                         {1. / 24, 1. / 12, 1. / 6},
                                         {0, 0, 1}};
static const double output_rows[4][6] = {
    {1, 1, 1, 1, 1, 0}, {0, 1, 1, 2, 2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, 1, 8, 8, 1}};
static const double diff_rows[6][4] = {{1, 0, 0, 0}, {1, 1, 1, 1}, {1, 1, 1, 1},
                                       {1, 2, 4, 8}, {1, 2, 4, 8}, {0, 0, 0, 1}};
static const double kernel_rows[3][6] = {{1. / 4, 1. / 6, 1. / 6, 1. / 24, 1. / 24, 0},
                                         {0, 1. / 6, 1. / 6, 1. / 12, 1. / 12, 0},
                                         {0, 1. / 6, 1. / 6, 1. / 6, 1. / 6, 1}};

/* to = rows from rows^T: an n x n square of m x m values. */
static void transform(size_t n, size_t m, const double *rows, const double *from, double *to) {
    double half[6][6];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++) {
            half[i][j] = 0;
            for (size_t k = 0; k < m; k++)
                half[i][j] += rows[i * m + k] * from[k * m + j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            to[i * n + j] = 0;
            for (size_t k = 0; k < m; k++)
                to[i * n + j] += half[i][k] * rows[j * m + k];
        }
    }
}

void winograd_bounds_weights(const struct winograd_bounds *shape, const double *kernel, int turned) {
    const size_t ic = shape->ic, oc = shape->oc;
    for (size_t at = 0; at < ic * oc; at++) {
        double taps[9], square[36];
        const size_t from = turned ? at % oc * ic + at / oc : at;
        for (size_t tap = 0; tap < 9; tap++)
            taps[tap] = fabs(kernel[(turned ? 8 - tap : tap) * ic * oc + from]);
        transform(6, 3, &weight_rows[0][0], taps, square);
        for (size_t p = 0; p < 36; p++)
            shape->weights[p * ic * oc + at] = square[p];
    }
}

/* Transformed magnitudes of the side x side square at (y, x), which may lie outside, to [36][c]. */
static void transform_square(size_t side, const double *rows, const double *image, size_t h, size_t w, size_t c,
                             size_t y, size_t x, double *to) {
    for (size_t i = 0; i < c; i++) {
        double square[36] = {0}, result[36];
        for (size_t p = 0; p < side * side; p++) {
            const size_t row = y + p / side, column = x + p % side; /* wrapped around below 0 */
            if (row < h && column < w) square[p] = image[(row * w + column) * c + i];
        }
        transform(6, side, rows, square, result);
        for (size_t p = 0; p < 36; p++)
            to[p * c + i] = result[p];
    }
}

static void add_tile(const struct winograd_bounds *shape, size_t y, size_t x, double gamma, double *bounds) {
    const size_t ic = shape->ic, oc = shape->oc;
    double *products = shape->patch + 36 * ic;
    for (size_t i = 0; i < 36 * oc; i++)
        products[i] = 0;
    for (size_t i = 0; i < 36 * ic; i++) {
        for (size_t o = 0; o < oc; o++)
            products[i / ic * oc + o] += shape->patch[i] * shape->weights[i * oc + o];
    }
    for (size_t o = 0; o < oc; o++) {
        double square[36], tile[16], most = 0;
        for (size_t p = 0; p < 36; p++)
            square[p] = products[p * oc + o];
        transform(4, 6, &output_rows[0][0], square, tile);
        for (size_t p = 0; p < 16; p++)
            most = fmax(most, tile[p]);
        for (size_t p = 0; p < 16; p++) {
            if (y + p / 4 < shape->oh && x + p % 4 < shape->ow)
                bounds[((y + p / 4) * shape->ow + x + p % 4) * oc + o] += 2 * gamma * most;
        }
    }
}

void winograd_bounds_add(const struct winograd_bounds *shape, const double *src, double gamma, double *bounds) {
    for (size_t y = 0; y < shape->oh; y += 4) {
        for (size_t x = 0; x < shape->ow; x += 4) {
            transform_square(6, &source_rows[0][0], src, shape->ih, shape->iw, shape->ic, y - shape->top,
                             x - shape->left, shape->patch);
            add_tile(shape, y, x, gamma, bounds);
        }
    }
}

void winograd_bounds_sum(const struct winograd_bounds *shape, const double *src, const double *diff_dst) {
    const size_t ic = shape->ic, oc = shape->oc;
    double *diff = shape->patch + 36 * ic;
    for (size_t y = 0; y < shape->oh; y += 4) {
        for (size_t x = 0; x < shape->ow; x += 4) {
            transform_square(6, &source_rows[0][0], src, shape->ih, shape->iw, ic, y - shape->top, x - shape->left,
                             shape->patch);
            transform_square(4, &diff_rows[0][0], diff_dst, shape->oh, shape->ow, oc, y, x, diff);
            for (size_t i = 0; i < 36 * ic; i++) {
                for (size_t o = 0; o < oc; o++)
                    shape->weights[i * oc + o] += shape->patch[i] * diff[i / ic * oc + o];
            }
        }
    }
}

void winograd_bounds_kernel(const struct winograd_bounds *shape, double gamma, double *bounds) {
    const size_t count = shape->ic * shape->oc;
    for (size_t at = 0; at < count; at++) {
        double square[36], taps[9];
        for (size_t p = 0; p < 36; p++)
            square[p] = shape->weights[p * count + at];
        transform(3, 6, &kernel_rows[0][0], square, taps);
        for (size_t tap = 0; tap < 9; tap++)
            bounds[tap * count + at] += 2 * gamma * taps[tap];
    }
}
