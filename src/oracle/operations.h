/* SPDX-License-Identifier: MIT */
/* What every kind of operation computes, a row each. */
#ifndef ORACLE_OPERATIONS_H
#define ORACLE_OPERATIONS_H

#include "base/real.h"
#include "model/lowered.h"
#include "oracle/names.h"

/* Where the batch's first image stands, for random numbers. */
struct oracle_place {
    uint64_t seed;
    uint32_t epoch, first;
};

/* All that one operation reads and writes. `src` and `diff_src` have an element for each input. Gradients are added to
 * what is there; NULL ones are not wanted. */
struct oracle_call {
    const struct operation *operation;
    const struct lowered *lowered; /* for the inputs' shapes */
    size_t n;
    bool batch_statistics, drops;
    struct oracle_place place;
    const real **src;
    const real *parameters[PARAMETER_ROLES];
    real *dst;        /* before the activation of a convolution or a dense layer */
    real *statistics; /* NORMALIZATION: written by a forward pass with batch_statistics */
    const real *diff_dst;
    real **diff_src;
    real *diff_parameters[PARAMETER_ROLES];
    real *scratch; /* of as many values as the largest kernel */
};

struct oracle_operation {
    void (*forward)(const struct oracle_call *call);
    void (*backward)(const struct oracle_call *call);
};
extern const struct oracle_operation *const oracle_operations[OPERATION_KINDS];

/* f(x) and f'(x); a ReLU's slope at 0 is that of the side below. */
real oracle_unary(const struct unary *unary, real x);
real oracle_slope(const struct unary *unary, real x);

/* Of each row of `classes` values. */
void oracle_softmax(size_t n, size_t classes, const real *logits, real *probabilities);

/* --- for the rows --- */

/* Rows, columns, channels; a vector is one pixel. */
struct extent {
    size_t h, w, c;
};
static inline struct extent extent_of(const struct shape *shape) {
    const bool image = shape->rank == 3;
    const size_t h = image ? (size_t)shape->dims[0] : 1, w = image ? (size_t)shape->dims[1] : 1;
    return (struct extent){h, w, shape_size(shape) / (h * w)};
}
static inline const struct shape *source_shape(const struct oracle_call *call, size_t input) {
    return &call->lowered->operations[call->operation->inputs[input]].shape;
}

/* The source pixel that tap (ky, kx) of output pixel (y, x) reads; false in the padding. */
static inline bool tap_at(const struct window *window, const struct extent *src, size_t y, size_t x, size_t ky,
                          size_t kx, size_t *pixel) {
    const size_t row = y * window->strides[0] + ky, column = x * window->strides[1] + kx;
    if (row < window->pad[0][0] || row - window->pad[0][0] >= src->h) return false;
    if (column < window->pad[1][0] || column - window->pad[1][0] >= src->w) return false;
    *pixel = (row - window->pad[0][0]) * src->w + column - window->pad[1][0];
    return true;
}

extern const struct oracle_operation oracle_convolution, oracle_depthwise, oracle_dense, oracle_normalization,
    oracle_max_pool, oracle_average_pool, oracle_pad, oracle_upsample;

#endif
