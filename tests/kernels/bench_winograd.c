/* SPDX-License-Identifier: MIT */
/* On one core: what Winograd brings over the direct kernels, in effective GFLOP/s (the direct way's operations over the
 * time), by turns in one run: the ground of the rule that says where it is used. */
#include "kernel_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGES = 8, REPEATS = 15, WAYS = 7 };

struct layer {
    const char *name;
    size_t size, ic, oc; /* of the square output */
};

static const struct layer layers[] = {
    {"SimCNN conv2", 13, 32, 64},     {"SimCNN conv2 back", 15, 64, 32}, {"SimCNN conv3", 4, 64, 64},
    {"SimCNN conv3 back", 6, 64, 64}, {"ResNet50 56", 56, 64, 64},       {"ResNet50 28", 28, 128, 128},
    {"ResNet50 14", 14, 256, 256},    {"ResNet50 7", 7, 512, 512},
};

/* One way to run a layer: direct (tile 0) or Winograd, so many images a call. */
struct way {
    size_t tile, images;
    float *packed;
    double seconds[REPEATS];
};

struct operands {
    struct conv_shape shape;
    size_t src_image, dst_image;
    float *src, *dst, *weights, *diff_weights, *scratch;
};

static void run(const struct kernels *row, const struct operands *o, const struct way *way, bool gradient) {
    const struct conv_shape *s = &o->shape;
    const struct winograd_shape w = {*s, way->tile, way->images, o->src_image, o->dst_image};
    for (size_t image = 0; image < IMAGES; image += way->images) {
        const float *src = o->src + image * o->src_image;
        float *dst = o->dst + image * o->dst_image;
        if (gradient && !way->tile) row->conv2d_diff_weights(s, src, dst, true, o->diff_weights);
        else if (gradient) row->winograd.diff_weights(&w, src, dst, true, o->diff_weights, o->scratch);
        else if (!way->tile) row->conv2d(s, src, way->packed, NULL, NULL, true, 0, s->oh, dst, conv2d_room(row));
        else row->winograd.conv2d(&w, src, way->packed, NULL, true, 0, s->oh, dst, o->scratch);
    }
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void bench_layer(const struct kernels *row, const struct layer *l) {
    struct way ways[WAYS] = {{.images = 1},
                             {.tile = 4, .images = 1},
                             {.tile = 4, .images = 2},
                             {.tile = 4, .images = 8},
                             {.tile = 2, .images = 1},
                             {.tile = 2, .images = 2},
                             {.tile = 2, .images = 8}};
    struct operands o = {.shape = {.ih = l->size + 2,
                                   .iw = l->size + 2,
                                   .ic = l->ic,
                                   .oh = l->size,
                                   .ow = l->size,
                                   .oc = l->oc,
                                   .kh = 3,
                                   .kw = 3,
                                   .sh = 1,
                                   .sw = 1}};
    struct conv_shape *s = &o.shape;
    s->src_row_stride = s->iw * s->ic, s->dst_row_stride = s->ow * s->oc;
    o.src_image = s->ih * s->src_row_stride, o.dst_image = s->oh * s->dst_row_stride;
    o.src = buffer_filled(IMAGES * o.src_image, random_real), o.dst = buffer_filled(IMAGES * o.dst_image, random_real);
    o.weights = buffer_filled(9 * l->ic * l->oc, random_real),
    o.diff_weights = buffer_copy(9 * l->ic * l->oc, o.weights);
    o.scratch = buffer(row->winograd.scratch_size(2, l->ic, l->oc) + row->winograd.scratch_size(4, l->ic, l->oc));
    const double flops = 18.0 * (double)(l->ic * l->oc * l->size * l->size * IMAGES) / 1e9;
    double pack_seconds[WAYS];
    for (size_t i = 0; i < WAYS; i++) {
        const size_t places = ways[i].tile ? (ways[i].tile + 2) * (ways[i].tile + 2) : 9;
        ways[i].packed = buffer(kernels_packed_size(row, places * l->ic, l->oc));
        const double start = seconds();
        if (ways[i].tile) row->winograd.pack(ways[i].tile, o.weights, l->ic, l->oc, ways[i].packed);
        else row->pack(o.weights, 9 * l->ic, l->oc, ways[i].packed);
        pack_seconds[i] = seconds() - start;
    }
    for (int gradient = 0; gradient < 2; gradient++) {
        printf("%-6s %-18s %-12s", row->name, l->name, gradient ? "diff_weights" : "conv2d");
        for (int repeat = 0; repeat < REPEATS; repeat++) {
            for (size_t i = 0; i < WAYS; i++) {
                const double start = seconds();
                run(row, &o, &ways[i], gradient);
                ways[i].seconds[repeat] = seconds() - start;
            }
        }
        for (size_t i = 0; i < WAYS; i++) {
            qsort(ways[i].seconds, REPEATS, sizeof(double), compare);
            const double median = ways[i].seconds[REPEATS / 2];
            if (i == 0) printf("  direct %6.1f", flops / median);
            else
                printf("  F(%zu)x%zu %6.1f (%4.2f)", ways[i].tile, ways[i].images, flops / median,
                       ways[0].seconds[REPEATS / 2] / median);
        }
        printf("  peak %.0f\n", peak_of(row->name));
    }
    printf("%-6s %-18s packing      direct %.2f ms, F(4) %.2f ms, F(2) %.2f ms\n", row->name, l->name,
           1e3 * pack_seconds[0], 1e3 * pack_seconds[2], 1e3 * pack_seconds[5]);
    buffers_end();
}

void bench_winograd(const struct kernels *row) {
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        bench_layer(row, &layers[i]);
}
