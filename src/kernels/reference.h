/* SPDX-License-Identifier: MIT */
/* The reference row, and the rows built on it: each *_fill replaces the operators it does better in a copy of it. */
#ifndef KERNELS_REFERENCE_H
#define KERNELS_REFERENCE_H

#include "kernels/kernels.h"

extern const struct kernels kernels_reference;                   /* its Winograd is filled in by dispatch.c */
extern const struct winograd_kernels kernels_winograd_reference; /* winograd_reference.c */

/* Of the reference row, in files of their own: reference_depthwise.c, reference_unary.c, reference_values.c. */
void reference_depthwise(const struct depthwise_shape *shape, const real *src, const real *weights, const real *bias,
                         bool relu, size_t row_begin, size_t row_end, real *dst);
void reference_depthwise_diff_src(const struct depthwise_shape *shape, const real *diff_dst, const real *weights,
                                  real *diff_src);
void reference_depthwise_diff_weights(const struct depthwise_shape *shape, const real *src, const real *diff_dst,
                                      bool resume, real *diff_weights);
void reference_average_pool(const struct average_shape *shape, const real *src, size_t row_begin, size_t row_end,
                            real *dst);
void reference_average_pool_backward(const struct average_shape *shape, const real *diff_dst, real *diff_src);
void reference_unary(const struct rows_shape *shape, const struct unary *unary, const real *src, real *dst);
void reference_unary_backward(const struct rows_shape *shape, const struct unary *unary, const real *diff_dst,
                              const real *src, size_t src_row_stride, real *diff_src);
void reference_multiply(const struct rows_shape *shape, const real *a, const struct repeated *a_strides, const real *b,
                        const struct repeated *b_strides, real *dst);
void reference_multiply_backward(const struct rows_shape *shape, const real *diff_dst, const real *other,
                                 const struct repeated *other_strides, real *diff, const struct repeated *diff_strides);
void reference_dropout(const struct rows_shape *shape, double rate, const struct random_stream *place, const real *src,
                       real *dst);
void reference_softmax_target_entropy(size_t n, size_t classes, const real *logits, const real *targets,
                                      const real *weights, real scale, real *loss, real *diff_logits);
void reference_sigmoid_cross_entropy(size_t n, size_t classes, const real *logits, const real *targets,
                                     const real *weights, real scale, real *loss, real *diff_logits);

void kernels_fill_avx2(struct kernels *row);
void kernels_fill_avx512(struct kernels *row);
void kernels_fill_neon(struct kernels *row);

#endif
