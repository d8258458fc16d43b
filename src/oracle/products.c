/* SPDX-License-Identifier: MIT */
/* Convolutions, depthwise ones and dense layers: sums of products, tap by tap. */
#include "oracle/operations.h"

/* One pair of pixels that a tap joins: source pixel, output pixel, and the tap's weights begin at these values. */
struct pair {
    size_t src, dst, weights;
};
typedef void pair_function(const struct oracle_call *call, const struct extent *src, const struct extent *dst,
                           const struct pair *pair, const real *weights);

/* Calls `function` for all pairs; a tap's weights are `tap_size` values. */
static void for_pairs(const struct oracle_call *call, size_t tap_size, pair_function *function, const real *weights) {
    const struct window *window = &call->operation->window;
    const struct extent src = extent_of(source_shape(call, 0)), dst = extent_of(&call->operation->shape);
    for (size_t out = 0; out < call->n * dst.h * dst.w; out++) {
        const size_t x = out % dst.w, y = out / dst.w % dst.h, image = out / dst.w / dst.h;
        for (size_t tap = 0; tap < window->size[0] * window->size[1]; tap++) {
            size_t pixel;
            if (!tap_at(window, &src, y, x, tap / window->size[1], tap % window->size[1], &pixel)) continue;
            const struct pair pair = {(image * src.h * src.w + pixel) * src.c, out * dst.c, tap * tap_size};
            function(call, &src, &dst, &pair, weights);
        }
    }
}

static void begin_with_bias(const struct oracle_call *call) {
    const size_t c = extent_of(&call->operation->shape).c, count = call->n * shape_size(&call->operation->shape);
    const real *bias = call->parameters[PARAMETER_BIAS];
    for (size_t i = 0; i < count; i++)
        call->dst[i] = bias ? bias[i % c] : 0;
}

static void add_bias_gradient(const struct oracle_call *call) {
    const size_t c = extent_of(&call->operation->shape).c, count = call->n * shape_size(&call->operation->shape);
    real *diff_bias = call->diff_parameters[PARAMETER_BIAS];
    for (size_t i = 0; diff_bias && i < count; i++)
        diff_bias[i % c] += call->diff_dst[i];
}

/* --- convolutions: weights [kh][kw][ic][oc] --- */

static void convolve(const struct oracle_call *call, const struct extent *src, const struct extent *dst,
                     const struct pair *pair, const real *weights) {
    real *restrict sums = call->dst + pair->dst;
    for (size_t i = 0; i < src->c; i++) {
        const real value = call->src[0][pair->src + i], *row = weights + pair->weights + i * dst->c;
        for (size_t o = 0; o < dst->c; o++)
            sums[o] += value * row[o];
    }
}

/* By weights [kh][kw][oc][ic]. */
static void convolve_back(const struct oracle_call *call, const struct extent *src, const struct extent *dst,
                          const struct pair *pair, const real *weights) {
    real *restrict sums = call->diff_src[0] + pair->src;
    for (size_t o = 0; o < dst->c; o++) {
        const real value = call->diff_dst[pair->dst + o], *row = weights + pair->weights + o * src->c;
        for (size_t i = 0; i < src->c; i++)
            sums[i] += value * row[i];
    }
}

static void convolve_weights(const struct oracle_call *call, const struct extent *src, const struct extent *dst,
                             const struct pair *pair, const real *weights) {
    (void)weights;
    const real *diff = call->diff_dst + pair->dst;
    for (size_t i = 0; i < src->c; i++) {
        const real value = call->src[0][pair->src + i];
        real *restrict sums = call->diff_parameters[PARAMETER_KERNEL] + pair->weights + i * dst->c;
        for (size_t o = 0; o < dst->c; o++)
            sums[o] += value * diff[o];
    }
}

/* The weights with their last two dimensions exchanged, so that sums over output channels run along memory too. */
static const real *turn(const struct oracle_call *call) {
    const size_t ic = extent_of(source_shape(call, 0)).c, oc = extent_of(&call->operation->shape).c;
    const size_t count = call->operation->window.size[0] * call->operation->window.size[1] * ic * oc;
    for (size_t i = 0; i < count; i++)
        call->scratch[i / (ic * oc) * ic * oc + i % oc * ic + i / oc % ic] = call->parameters[PARAMETER_KERNEL][i];
    return call->scratch;
}

static void convolution(const struct oracle_call *call) {
    const size_t ic = extent_of(source_shape(call, 0)).c, oc = extent_of(&call->operation->shape).c;
    begin_with_bias(call);
    for_pairs(call, ic * oc, convolve, call->parameters[PARAMETER_KERNEL]);
}

static void convolution_backward(const struct oracle_call *call) {
    const size_t ic = extent_of(source_shape(call, 0)).c, oc = extent_of(&call->operation->shape).c;
    add_bias_gradient(call);
    if (call->diff_parameters[PARAMETER_KERNEL]) for_pairs(call, ic * oc, convolve_weights, NULL);
    if (call->diff_src[0]) for_pairs(call, ic * oc, convolve_back, turn(call));
}

const struct oracle_operation oracle_convolution = {convolution, convolution_backward};

/* A dense layer is a convolution of one pixel by one tap. */
static struct operation as_convolution(const struct oracle_call *call) {
    struct operation operation = *call->operation;
    operation.window = (struct window){.size = {1, 1}, .strides = {1, 1}};
    return operation;
}

static void dense(const struct oracle_call *call) {
    const struct operation operation = as_convolution(call);
    struct oracle_call same = *call;
    same.operation = &operation;
    convolution(&same);
}

static void dense_backward(const struct oracle_call *call) {
    const struct operation operation = as_convolution(call);
    struct oracle_call same = *call;
    same.operation = &operation;
    convolution_backward(&same);
}

const struct oracle_operation oracle_dense = {dense, dense_backward};

/* --- depthwise: weights [kh][kw][c][multiplier] --- */

static void filter(const struct oracle_call *call, const struct extent *src, const struct extent *dst,
                   const struct pair *pair, const real *weights) {
    for (size_t o = 0; o < dst->c; o++)
        call->dst[pair->dst + o] += call->src[0][pair->src + o / (dst->c / src->c)] * weights[pair->weights + o];
}

static void filter_back(const struct oracle_call *call, const struct extent *src, const struct extent *dst,
                        const struct pair *pair, const real *weights) {
    for (size_t o = 0; o < dst->c; o++)
        call->diff_src[0][pair->src + o / (dst->c / src->c)] +=
            call->diff_dst[pair->dst + o] * weights[pair->weights + o];
}

static void filter_weights(const struct oracle_call *call, const struct extent *src, const struct extent *dst,
                           const struct pair *pair, const real *weights) {
    (void)weights;
    for (size_t o = 0; o < dst->c; o++)
        call->diff_parameters[PARAMETER_KERNEL][pair->weights + o] +=
            call->src[0][pair->src + o / (dst->c / src->c)] * call->diff_dst[pair->dst + o];
}

static void depthwise(const struct oracle_call *call) {
    begin_with_bias(call);
    for_pairs(call, extent_of(&call->operation->shape).c, filter, call->parameters[PARAMETER_KERNEL]);
}

static void depthwise_backward(const struct oracle_call *call) {
    const size_t oc = extent_of(&call->operation->shape).c;
    add_bias_gradient(call);
    if (call->diff_parameters[PARAMETER_KERNEL]) for_pairs(call, oc, filter_weights, NULL);
    if (call->diff_src[0]) for_pairs(call, oc, filter_back, call->parameters[PARAMETER_KERNEL]);
}

const struct oracle_operation oracle_depthwise = {depthwise, depthwise_backward};
