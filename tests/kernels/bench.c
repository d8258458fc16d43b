/* SPDX-License-Identifier: MIT */
/* On one core: GFLOP/s of the convolutions and their share of the measured peak, GB/s of the other operators. */
#include "kernel_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 8, REPEATS = 25 };

struct layer {
    const char *name;
    size_t oh, ow, ic, oc, k, stride;
};

static const struct layer layers[] = {
    {"SimCNN conv1", 30, 30, 3, 32, 3, 1},
    {"SimCNN conv2", 13, 13, 32, 64, 3, 1},
    {"SimCNN conv3", 4, 4, 64, 64, 3, 1},
    {"SimCNN dense, 32 images", 1, 32, 1024, 64, 1, 1},
    {"SimCNN dense, 2 images", 1, 2, 1024, 64, 1, 1},
    {"ResNet50 7x7/2", 112, 112, 3, 64, 7, 2},
    {"ResNet50 1x1 56 64-64", 56, 56, 64, 64, 1, 1},
    {"ResNet50 1x1 56 64-256", 56, 56, 64, 256, 1, 1},
    {"ResNet50 1x1 56 256-64", 56, 56, 256, 64, 1, 1},
    {"ResNet50 3x3 56 64-64", 56, 56, 64, 64, 3, 1},
    {"ResNet50 1x1/2 28 256-512", 28, 28, 256, 512, 1, 2},
    {"ResNet50 1x1 28 128-512", 28, 28, 128, 512, 1, 1},
    {"ResNet50 1x1 28 512-128", 28, 28, 512, 128, 1, 1},
    {"ResNet50 3x3 28 128-128", 28, 28, 128, 128, 3, 1},
    {"ResNet50 1x1 14 256-1024", 14, 14, 256, 1024, 1, 1},
    {"ResNet50 1x1 14 1024-256", 14, 14, 1024, 256, 1, 1},
    {"ResNet50 3x3 14 256-256", 14, 14, 256, 256, 3, 1},
    {"ResNet50 1x1 7 512-2048", 7, 7, 512, 2048, 1, 1},
    {"ResNet50 1x1 7 2048-512", 7, 7, 2048, 512, 1, 1},
    {"ResNet50 3x3 7 512-512", 7, 7, 512, 512, 3, 1},
};

/* Operands of IMAGES images, so that what a training step would find cold is not hot here. */
struct operands {
    struct conv_shape shape;
    size_t src_image, dst_image;
    float *src, *packed, *bias, *dst, *weights;
};

static void forward(const struct kernels *row, const struct operands *o, size_t image) {
    row->conv2d(&o->shape, o->src + image * o->src_image, o->packed, o->bias, NULL, true, 0, o->shape.oh,
                o->dst + image * o->dst_image, conv2d_room(row));
}

static void diff_weights(const struct kernels *row, const struct operands *o, size_t image) {
    row->conv2d_diff_weights(&o->shape, o->src + image * o->src_image, o->dst + image * o->dst_image, true, o->weights);
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The medians of the GFLOP/s and of the peak, measured by turns. */
static void print_rate(void (*run)(const struct kernels *, const struct operands *, size_t), const struct kernels *row,
                       const struct operands *o, double flops, const char *what) {
    double rates[REPEATS], peaks[REPEATS];
    for (int repeat = 0; repeat < REPEATS; repeat++) {
        const double start = seconds();
        for (size_t image = 0; image < IMAGES; image++)
            run(row, o, image);
        rates[repeat] = flops * IMAGES / (seconds() - start);
        peaks[repeat] = peak_of(row->name);
    }
    qsort(rates, REPEATS, sizeof *rates, compare);
    qsort(peaks, REPEATS, sizeof *peaks, compare);
    printf("  %s %6.1f GFLOP/s", what, rates[REPEATS / 2]);
    if (peaks[0] > 0) printf(" %3.0f %% of %.0f", 100 * rates[REPEATS / 2] / peaks[REPEATS / 2], peaks[REPEATS / 2]);
}

static void bench_layer(const struct kernels *row, const struct layer *l) {
    struct operands o = {.shape = {.ic = l->ic, .oh = l->oh, .ow = l->ow, .oc = l->oc, .kh = l->k, .kw = l->k}};
    struct conv_shape *s = &o.shape;
    s->sh = s->sw = l->stride;
    s->ih = (l->oh - 1) * l->stride + l->k, s->iw = (l->ow - 1) * l->stride + l->k;
    s->src_row_stride = s->iw * s->ic, s->dst_row_stride = s->ow * s->oc;
    o.src_image = s->ih * s->src_row_stride, o.dst_image = s->oh * s->dst_row_stride;
    const size_t k = l->k * l->k * l->ic;
    o.src = buffer_filled(IMAGES * o.src_image, random_real), o.dst = buffer(IMAGES * o.dst_image);
    o.weights = buffer_filled(k * l->oc, random_real), o.bias = buffer_filled(l->oc, random_real);
    memset(o.dst, 0, IMAGES * o.dst_image * sizeof *o.dst);
    o.packed = buffer(kernels_packed_size(row, k, l->oc));
    row->pack(o.weights, k, l->oc, o.packed);
    const double flops = 2.0 * (double)(k * l->oc * l->oh * l->ow) / 1e9;
    printf("%-6s %-26s", row->name, l->name);
    print_rate(forward, row, &o, flops, "forward");
    print_rate(diff_weights, row, &o, flops, "diff_weights");
    printf("\n");
    buffers_end();
}

static void print_bytes(const struct kernels *row, const char *what, double bytes, double start, int calls) {
    printf("%-6s %-26s %7.1f GB/s\n", row->name, what, bytes * calls / (seconds() - start) / 1e9);
}

/* The operators on SimCNN's second layer, one image at a time, as the engine calls them. */
static void bench_values(const struct kernels *row) {
    enum { CALLS = 2000, PIXELS = 13 * 13, C = 64, VALUES = PIXELS * C, WEIGHTS = 123210 };
    const double image = 4.0 * VALUES;
    const struct rows_shape rows = {13, 13, C, 13 * C, 13 * C};
    const struct pool_shape pool = {13, 13, C, 6, 6, 2, 2, 2, 2, 13 * C, 6 * C};
    const struct adam_step adam = {1e-3f, 0.9f, 0.999f, 1e-7f};
    float *src = buffer_filled(VALUES, random_real), *diff = buffer_filled(VALUES, random_real), *dst = buffer(VALUES);
    float *a = buffer_filled(C, random_real), *b = buffer_filled(C, random_real), *d = buffer_filled(C, random_real);
    float *w = buffer_filled(4 * WEIGHTS, random_real);
    uint8_t *argmax = buffer_bytes(VALUES);
    double start = seconds();
    for (int i = 0; i < CALLS; i++)
        row->affine(&rows, src, a, b, true, dst);
    print_bytes(row, "affine", 2 * image, start, CALLS), start = seconds();
    for (int i = 0; i < CALLS; i++)
        row->statistics(PIXELS, C, src, a, b);
    print_bytes(row, "statistics", image, start, CALLS), start = seconds();
    for (int i = 0; i < CALLS; i++)
        row->batch_norm_reduce(PIXELS, C, diff, src, d, a, b);
    print_bytes(row, "batch_norm_reduce", 2 * image, start, CALLS), start = seconds();
    for (int i = 0; i < CALLS; i++)
        row->batch_norm_backward(&rows, diff, src, a, b, d, true, dst);
    print_bytes(row, "batch_norm_backward", 3 * image, start, CALLS), start = seconds();
    for (int i = 0; i < CALLS; i++)
        row->sum_pixels(&rows, src, a);
    print_bytes(row, "sum_pixels", image, start, CALLS), start = seconds();
    for (int i = 0; i < CALLS; i++)
        row->max_pool(&pool, src, b, d, dst, argmax);
    print_bytes(row, "max_pool", image, start, CALLS), start = seconds();
    for (int i = 0; i < CALLS; i++)
        row->max_pool_backward(&pool, diff, argmax, dst);
    print_bytes(row, "max_pool_backward", image, start, CALLS), start = seconds();
    for (int i = 0; i < CALLS / 20; i++)
        row->adam(WEIGHTS, &adam, w, w + WEIGHTS, w + 2 * WEIGHTS, w + 3 * WEIGHTS);
    print_bytes(row, "adam", 7 * 4.0 * WEIGHTS, start, CALLS / 20);
    buffers_end();
}

void bench(const struct kernels *row) {
    random_now = random_at(1, RANDOM_TEST, 1, 0);
    buffers_aligned = true;
    const size_t count = strcmp(row->name, "ref") == 0 ? 4 : sizeof layers / sizeof *layers; /* ref: the small ones */
    for (size_t i = 0; i < count; i++)
        bench_layer(row, &layers[i]);
    if (strcmp(row->name, "ref") != 0) bench_winograd(row);
    bench_values(row);
}
