/* SPDX-License-Identifier: MIT */
/* The functions of one value, and their derivatives: formulas and what they are at the corners. */
#include "kernels/reference.h"

#include "kernels/exp_log.h"
#include "kernels/functions.h"

#include <math.h>

static real linear(const struct unary *unary, real x) {
    (void)unary;
    return x;
}
static real linear_derivative(const struct unary *unary, real x) {
    (void)unary, (void)x;
    return 1;
}

static real relu(const struct unary *unary, real x) {
    const real most = (real)unary->max_value, slope = (real)unary->negative_slope;
    if (x < 0) return slope == 0 ? 0 : slope * x; /* of -infinity too */
    return most > 0 && x > most ? most : x;
}
/* At 0 that of the left, at the maximum that of the right. */
static real relu_derivative(const struct unary *unary, real x) {
    const real most = (real)unary->max_value;
    if (x <= 0) return (real)unary->negative_slope;
    return most > 0 && x >= most ? 0 : 1;
}

static real hard_sigmoid(const struct unary *unary, real x) {
    (void)unary;
    real value = x + 3;
    value = value < 0 ? 0 : value;
    return (value > 6 ? 6 : value) / 6;
}
static real hard_sigmoid_derivative(const struct unary *unary, real x) {
    (void)unary;
    return x > -3 && x < 3 ? (real)1 / 6 : 0;
}

static real hard_swish(const struct unary *unary, real x) {
    return x <= -3 ? 0 : x * hard_sigmoid(unary, x);
}
static real hard_swish_derivative(const struct unary *unary, real x) {
    (void)unary;
    if (x <= -3) return 0;
    return x >= 3 ? 1 : (x + x + 3) / 6;
}

static real elu(const struct unary *unary, real x) {
    return x < 0 ? (real)(unary->alpha * expm1_double((double)x)) : x;
}
static real elu_derivative(const struct unary *unary, real x) {
    return x < 0 ? (real)(unary->alpha * exp_double((double)x)) : 1;
}

/* Those without parameters, computed in double and rounded once. */
#define SMOOTH(name)                                                                                                   \
    static real smooth_##name(const struct unary *unary, real x) {                                                     \
        (void)unary;                                                                                                   \
        return (real)function_##name((double)x);                                                                       \
    }                                                                                                                  \
    static real smooth_##name##_derivative(const struct unary *unary, real x) {                                        \
        (void)unary;                                                                                                   \
        return (real)function_##name##_derivative((double)x);                                                          \
    }
SMOOTH(sigmoid)
SMOOTH(tanh)
SMOOTH(swish)
SMOOTH(gelu)

static const struct {
    real (*value)(const struct unary *unary, real x);
    real (*derivative)(const struct unary *unary, real x);
} functions[UNARY_FUNCTIONS] = {
    [UNARY_LINEAR] = {linear, linear_derivative},
    [UNARY_RELU] = {relu, relu_derivative},
    [UNARY_SIGMOID] = {smooth_sigmoid, smooth_sigmoid_derivative},
    [UNARY_TANH] = {smooth_tanh, smooth_tanh_derivative},
    [UNARY_SWISH] = {smooth_swish, smooth_swish_derivative},
    [UNARY_HARD_SIGMOID] = {hard_sigmoid, hard_sigmoid_derivative},
    [UNARY_HARD_SWISH] = {hard_swish, hard_swish_derivative},
    [UNARY_GELU] = {smooth_gelu, smooth_gelu_derivative},
    [UNARY_ELU] = {elu, elu_derivative},
};

void reference_unary(const struct rows_shape *shape, const struct unary *unary, const real *src, real *dst) {
    for (size_t y = 0; y < shape->rows; y++, src += shape->src_row_stride, dst += shape->dst_row_stride) {
        for (size_t i = 0; i < shape->width * shape->c; i++)
            dst[i] = functions[unary->function].value(unary, src[i]);
    }
}

void reference_unary_backward(const struct rows_shape *shape, const struct unary *unary, const real *diff_dst,
                              const real *src, size_t src_row_stride, real *diff_src) {
    for (size_t y = 0; y < shape->rows; y++, src += src_row_stride) {
        for (size_t i = 0; i < shape->width * shape->c; i++) {
            real derivative = isnan(src[i]) ? src[i] : functions[unary->function].derivative(unary, src[i]);
            diff_src[y * shape->dst_row_stride + i] = derivative * diff_dst[y * shape->src_row_stride + i];
        }
    }
}
