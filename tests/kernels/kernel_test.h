/* SPDX-License-Identifier: MIT */
/* What the files of the kernel test share. The program links base and kernels only, so that it runs anywhere. */
#ifndef TESTS_KERNEL_TEST_H
#define TESTS_KERNEL_TEST_H

#include "base/random.h"
#include "kernels/kernels.h"

#include <stdbool.h>
#include <stddef.h>

/* Counts one check. A failed one is printed with the row, the seed and what tested_case() said. */
void check(bool good, const char *format, ...) __attribute__((format(printf, 2, 3)));
void tested_case(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The stream of the round that runs now. */
extern struct random_stream random_now;
size_t pick(size_t count, const size_t *values);
float random_real(void);    /* in [-1, 1) */
float random_integer(void); /* in [-4, 4] */

/* Buffers of floats filled with NaN, 4 to 60 bytes off a cache line, between red zones or before a page that may not be
 * touched. Those of a round are checked and released together by buffers_end(), which fails when a red zone was written. */
extern bool buffers_aligned; /* for the benchmark: all on a cache line, as the engine's are */
float *buffer(size_t count);
float *buffer_filled(size_t count, float (*next)(void));
/* Rows of `row` values that lie row_stride apart, with NaN between them. */
float *buffer_rows(size_t rows, size_t row, size_t row_stride, float (*next)(void));
float *buffer_copy(size_t count, const float *from);
void *buffer_bytes(size_t bytes); /* filled with 0xa5 */
void *scratch(size_t bytes);      /* the same for the test's own numbers, aligned for any type */
void buffers_end(void);
/* Scratch for the row's conv2d, kept from round to round: its size is what the row says and no more. */
float *conv2d_room(const struct kernels *row);

/* The same bits; any NaN equals any NaN. */
void check_same(const char *what, size_t count, const float *got, const float *expected);
/* Each |got - expected| <= bound, NaN for NaN and an infinity for itself, with the place of the worst. */
void check_bound(const char *what, size_t count, const float *got, const double *expected, const double *bound);
/* The bound on the relative error of a sum of n products in any order (Higham, gamma_n), u = 2^-24. */
double gamma_bound(size_t n);

/* The fast row that every other one must agree with, bit by bit; of the reference row, itself. */
const struct kernels *first_fast(const struct kernels *row);

void test_convolution(const struct kernels *row, bool fused);
void test_panels(const struct kernels *row, bool fused);
void test_winograd(const struct kernels *row);
void test_winograd_exactness(void); /* after all rounds: enough of them were held to exact values */
void test_values(const struct kernels *row);
void test_channels(const struct kernels *row);
void test_pooling(const struct kernels *row);
void test_softmax(const struct kernels *row);
void test_depthwise(const struct kernels *row);
void test_average_pool(const struct kernels *row);
void test_unary(const struct kernels *row);
void test_functions(void);
void test_multiply(const struct kernels *row);
void test_dropout(const struct kernels *row);
void test_entropies(const struct kernels *row);
void test_optimizers(const struct kernels *row);
void test_exp_log(void);

void bench(const struct kernels *row);
void bench_winograd(const struct kernels *row);
/* The processor time of this thread: what else runs on a shared machine does not count. */
double seconds(void);
/* GFLOP/s of independent fused multiply-adds in registers, as wide as the row's vectors, measured for about a
 * millisecond; 0 where it is unknown. */
double peak_of(const char *row);

#endif
