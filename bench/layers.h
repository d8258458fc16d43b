/* SPDX-License-Identifier: MIT */
/* The convolutions of ResNet50 and the depthwise ones of MobileNetV2, at 224 x 224: what both sides of their tables run, and
 * what the driver asks for. */
#ifndef BENCH_LAYERS_H
#define BENCH_LAYERS_H

#include <stddef.h>

struct layer {
    const char *name;
    size_t in, out;  /* rows and columns of the image before and after */
    size_t ic, oc;   /* channels */
    size_t k, s, p;  /* kernel, stride, padding before; after it as much as the output needs */
    size_t how_many; /* in the network */
};

static const struct layer layers[] = {
    {"7x7/2 112 3-64", 224, 112, 3, 64, 7, 2, 3, 1},      {"1x1 56 64-64", 56, 56, 64, 64, 1, 1, 0, 1},
    {"3x3 56 64-64", 56, 56, 64, 64, 3, 1, 1, 3},         {"1x1 56 64-256", 56, 56, 64, 256, 1, 1, 0, 4},
    {"1x1 56 256-64", 56, 56, 256, 64, 1, 1, 0, 2},       {"1x1/2 28 256-128", 56, 28, 256, 128, 1, 2, 0, 1},
    {"3x3 28 128-128", 28, 28, 128, 128, 3, 1, 1, 4},     {"1x1 28 128-512", 28, 28, 128, 512, 1, 1, 0, 4},
    {"1x1/2 28 256-512", 56, 28, 256, 512, 1, 2, 0, 1},   {"1x1 28 512-128", 28, 28, 512, 128, 1, 1, 0, 3},
    {"1x1/2 14 512-256", 28, 14, 512, 256, 1, 2, 0, 1},   {"3x3 14 256-256", 14, 14, 256, 256, 3, 1, 1, 6},
    {"1x1 14 256-1024", 14, 14, 256, 1024, 1, 1, 0, 6},   {"1x1/2 14 512-1024", 28, 14, 512, 1024, 1, 2, 0, 1},
    {"1x1 14 1024-256", 14, 14, 1024, 256, 1, 1, 0, 5},   {"1x1/2 7 1024-512", 14, 7, 1024, 512, 1, 2, 0, 1},
    {"3x3 7 512-512", 7, 7, 512, 512, 3, 1, 1, 3},        {"1x1 7 512-2048", 7, 7, 512, 2048, 1, 1, 0, 3},
    {"1x1/2 7 1024-2048", 14, 7, 1024, 2048, 1, 2, 0, 1}, {"1x1 7 2048-512", 7, 7, 2048, 512, 1, 1, 0, 2},
};
enum { LAYERS = sizeof layers / sizeof layers[0] };

/* Padded as Keras does it: evenly for stride 1, behind alone for stride 2 in an even image. */
static const struct layer depthwise_layers[] = {
    {"3x3 112 32", 112, 112, 32, 32, 3, 1, 1, 1},  {"3x3/2 112 96", 112, 56, 96, 96, 3, 2, 0, 1},
    {"3x3 56 144", 56, 56, 144, 144, 3, 1, 1, 1},  {"3x3/2 56 144", 56, 28, 144, 144, 3, 2, 0, 1},
    {"3x3 28 192", 28, 28, 192, 192, 3, 1, 1, 2},  {"3x3/2 28 192", 28, 14, 192, 192, 3, 2, 0, 1},
    {"3x3 14 384", 14, 14, 384, 384, 3, 1, 1, 4},  {"3x3 14 576", 14, 14, 576, 576, 3, 1, 1, 2},
    {"3x3/2 14 576", 14, 7, 576, 576, 3, 2, 0, 1}, {"3x3 7 960", 7, 7, 960, 960, 3, 1, 1, 3},
};
enum { DEPTHWISE_LAYERS = sizeof depthwise_layers / sizeof depthwise_layers[0] };

enum direction { FORWARD, DIFF_SRC, DIFF_WEIGHTS, DIRECTIONS };

/* The number of a case in the protocol: layer * DIRECTIONS + direction. */
static inline size_t layer_case(size_t layer, enum direction direction) {
    return layer * DIRECTIONS + direction;
}

/* The network's images need no gradient. */
static inline int layer_has(size_t layer, enum direction direction) {
    return layer > 0 || direction != DIFF_SRC;
}

/* Direct convolution, 2 operations a multiply-add, one image. */
static inline double layer_flops(const struct layer *layer) {
    return 2.0 * (double)(layer->k * layer->k * layer->ic * layer->oc) * (double)(layer->out * layer->out);
}

#endif
