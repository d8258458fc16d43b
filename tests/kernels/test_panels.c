/* SPDX-License-Identifier: MIT */
/* Gradients from panels: these hold the pixels that are read and zeros beyond the channels; a square's sums are, bit for bit, the
 * promised chain over images and pixels. */
#include "kernel_test.h"

#include <math.h>

enum { IMAGES_MOST = 3 };

struct problem {
    struct pixels_shape shape;
    size_t images, pixels, image_stride; /* from an image's panels to the next's */
    const float *src;
    float *panels;
};

static struct problem new_problem(const struct kernels *row, size_t images, size_t rows, size_t width,
                                  float (*next)(void)) {
    static const size_t channels[] = {1, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 65, 100};
    struct problem p = {.images = images, .pixels = rows * width};
    p.shape = (struct pixels_shape){.rows = rows, .width = width, .c = pick(15, channels)};
    p.shape.pixel_stride = (1 + random_below(&random_now, 2)) * p.shape.c;
    p.shape.row_stride = width * p.shape.pixel_stride + random_below(&random_now, 3) * 5;
    const size_t count = (rows - 1) * p.shape.row_stride + (width - 1) * p.shape.pixel_stride + p.shape.c;
    const size_t size = kernels_packed_size(row, p.pixels, p.shape.c);
    p.image_stride = size + random_below(&random_now, 2) * 16;
    p.panels = buffer((images - 1) * p.image_stride + size);
    float *src = buffer_filled(images * count, next);
    for (size_t image = 0; image < images; image++)
        row->pack_pixels(&p.shape, src + image * count, p.panels + image * p.image_stride);
    p.src = src;
    return p;
}

static float value_at(const struct problem *p, size_t image, size_t pixel, size_t c) {
    const struct pixels_shape *s = &p->shape;
    const size_t count = (s->rows - 1) * s->row_stride + (s->width - 1) * s->pixel_stride + s->c;
    if (c >= s->c) return 0;
    return p->src[image * count + pixel / s->width * s->row_stride + pixel % s->width * s->pixel_stride + c];
}

static void test_packing(const struct kernels *row, const struct problem *p) {
    const size_t columns = row->tile_columns, values = kernels_packed_size(row, p->pixels, p->shape.c);
    for (size_t image = 0; image < p->images; image++) {
        float *expected = buffer(values);
        for (size_t i = 0; i < values; i++)
            expected[i] =
                value_at(p, image, i / columns % p->pixels, i / (columns * p->pixels) * columns + i % columns);
        check_same("pack_pixels", values, p->panels + image * p->image_stride, expected);
    }
}

static void test_sums(const struct kernels *row, const struct problem *src, const struct problem *diff, bool fused,
                      bool whole_numbers) {
    const size_t columns = row->tile_columns, square = columns * columns;
    const size_t ic = random_below(&random_now, (uint32_t)((src->shape.c + columns - 1) / columns)) * columns;
    const size_t oc = random_below(&random_now, (uint32_t)((diff->shape.c + columns - 1) / columns)) * columns;
    const struct panels_shape shape = {src->images, src->pixels, src->image_stride, diff->image_stride};
    float *sums = buffer(square), *chain = buffer(square);
    double *expected = scratch(square * sizeof *expected), *bound = scratch(square * sizeof *bound);
    row->sum_panels(&shape, src->panels + ic * src->pixels, diff->panels + oc * diff->pixels, sums);
    for (size_t i = 0; i < square; i++) {
        chain[i] = 0, expected[i] = bound[i] = 0;
        for (size_t at = 0; at < src->images * src->pixels; at++) {
            const float a = value_at(src, at / src->pixels, at % src->pixels, ic + i / columns);
            const float b = value_at(diff, at / src->pixels, at % src->pixels, oc + i % columns);
            chain[i] = fmaf(a, b, chain[i]);
            expected[i] += (double)a * (double)b;
            bound[i] += fabs((double)a * (double)b) * gamma_bound(src->images * src->pixels + 1);
        }
        if (whole_numbers) bound[i] = 0;
    }
    check_bound("sum_panels", square, sums, expected, bound);
    if (fused) check_same("sum_panels, in its order", square, sums, chain);
}

void test_panels(const struct kernels *row, bool fused) {
    for (int whole = 0; whole < 2; whole++) {
        const size_t images = 1 + random_below(&random_now, IMAGES_MOST), rows = 1 + random_below(&random_now, 8);
        const size_t width = 1 + random_below(&random_now, 15);
        float (*next)(void) = whole ? random_integer : random_real;
        const struct problem src = new_problem(row, images, rows, width, next);
        const struct problem diff = new_problem(row, images, rows, width, next);
        tested_case("%s panels, %zu images of %zux%zu, %zu and %zu channels", whole ? "integer" : "real", images, rows,
                    width, src.shape.c, diff.shape.c);
        test_packing(row, &src);
        test_sums(row, &src, &diff, fused, whole);
        buffers_end();
    }
}
