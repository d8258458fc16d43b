/* SPDX-License-Identifier: MIT */
/* The operations that work value by value or move values; and the table of all. */
#include "oracle/operations.h"

#include "base/random.h"

#include <math.h>
#include <string.h>

static size_t size_of(const struct oracle_call *call) {
    return call->n * shape_size(&call->operation->shape);
}

static void nothing(const struct oracle_call *call) {
    (void)call;
}

/* --- functions of one value (formulas: base/unary.h) --- */

static double sigmoid(double x) {
    return x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x));
}

static double hard_sigmoid(double x) {
    return fmin(fmax(x + 3, 0), 6) / 6;
}

static double normal_share(double x) {
    return 0.5 * erfc(-x / sqrt(2));
}

static double value_of(const struct unary *unary, double x) {
    switch (unary->function) {
    case UNARY_RELU:
        if (!(x > 0)) return unary->negative_slope * x;
        return unary->max_value > 0 ? fmin(x, unary->max_value) : x;
    case UNARY_SIGMOID:
        return sigmoid(x);
    case UNARY_TANH:
        return tanh(x);
    case UNARY_SWISH:
        return x * sigmoid(x);
    case UNARY_HARD_SIGMOID:
        return hard_sigmoid(x);
    case UNARY_HARD_SWISH:
        return x * hard_sigmoid(x);
    case UNARY_GELU:
        return x * normal_share(x);
    case UNARY_ELU:
        return x < 0 ? unary->alpha * expm1(x) : x;
    case UNARY_LINEAR:
    case UNARY_SOFTMAX: /* no function of one value, and never before the logits */
    case UNARY_FUNCTIONS:
        break;
    }
    return x;
}

static double slope_of(const struct unary *unary, double x) {
    const double s = sigmoid(x), inside = fabs(x) < 3 ? 1 : 0;
    switch (unary->function) {
    case UNARY_RELU:
        if (!(x > 0)) return unary->negative_slope;
        return unary->max_value > 0 && x >= unary->max_value ? 0 : 1;
    case UNARY_SIGMOID:
        return s * (1 - s);
    case UNARY_TANH:
        return 1 - tanh(x) * tanh(x);
    case UNARY_SWISH:
        return s + x * s * (1 - s);
    case UNARY_HARD_SIGMOID:
        return inside / 6;
    case UNARY_HARD_SWISH:
        return hard_sigmoid(x) + x * inside / 6;
    case UNARY_GELU:
        return normal_share(x) + x * exp(-x * x / 2) / sqrt(2 * 3.14159265358979323846);
    case UNARY_ELU:
        return x < 0 ? unary->alpha * exp(x) : 1;
    case UNARY_LINEAR:
    case UNARY_SOFTMAX:
    case UNARY_FUNCTIONS:
        break;
    }
    return 1;
}

real oracle_unary(const struct unary *unary, real x) {
    return (real)value_of(unary, (double)x);
}

real oracle_slope(const struct unary *unary, real x) {
    return (real)slope_of(unary, (double)x);
}

void oracle_softmax(size_t n, size_t classes, const real *logits, real *probabilities) {
    for (size_t i = 0; i < n; i++, logits += classes, probabilities += classes) {
        real most = logits[0], sum = 0;
        for (size_t c = 1; c < classes; c++)
            most = logits[c] > most ? logits[c] : most;
        for (size_t c = 0; c < classes; c++)
            sum += probabilities[c] = (real)exp((double)(logits[c] - most));
        for (size_t c = 0; c < classes; c++)
            probabilities[c] /= sum;
    }
}

static void unary(const struct oracle_call *call) {
    const size_t classes = shape_size(&call->operation->shape);
    if (call->operation->unary.function == UNARY_SOFTMAX) oracle_softmax(call->n, classes, call->src[0], call->dst);
    for (size_t i = 0; call->operation->unary.function != UNARY_SOFTMAX && i < size_of(call); i++)
        call->dst[i] = oracle_unary(&call->operation->unary, call->src[0][i]);
}

static void unary_backward(const struct oracle_call *call) {
    for (size_t i = 0; call->diff_src[0] && i < size_of(call); i++)
        call->diff_src[0][i] += call->diff_dst[i] * oracle_slope(&call->operation->unary, call->src[0][i]);
}

/* --- sums and products of values --- */

static void add(const struct oracle_call *call) {
    for (size_t i = 0; i < size_of(call); i++)
        call->dst[i] = call->src[0][i] + call->src[1][i];
}

/* Adds the gradient as it is to every input's. */
static void copy_back(const struct oracle_call *call) {
    for (size_t input = 0; input < call->operation->input_count; input++) {
        for (size_t i = 0; call->diff_src[input] && i < size_of(call); i++)
            call->diff_src[input][i] += call->diff_dst[i];
    }
}

/* Where output value `i` has its factor: a dimension of 1 is repeated. */
static size_t factor_at(const struct oracle_call *call, size_t input, size_t i) {
    const struct shape *dst = &call->operation->shape, *src = source_shape(call, input);
    size_t at = 0, step = 1;
    for (size_t axis = dst->rank; axis-- > 0;) {
        if (src->dims[axis] > 1) at += i % (size_t)dst->dims[axis] * step;
        step *= (size_t)src->dims[axis];
        i /= (size_t)dst->dims[axis];
    }
    return at + i * step; /* what is left of i is the image */
}

static void multiply(const struct oracle_call *call) {
    for (size_t i = 0; i < size_of(call); i++)
        call->dst[i] = call->src[0][factor_at(call, 0, i)] * call->src[1][factor_at(call, 1, i)];
}

static void multiply_backward(const struct oracle_call *call) {
    for (size_t i = 0; i < size_of(call); i++) {
        const size_t a = factor_at(call, 0, i), b = factor_at(call, 1, i);
        if (call->diff_src[0]) call->diff_src[0][a] += call->diff_dst[i] * call->src[1][b];
        if (call->diff_src[1]) call->diff_src[1][b] += call->diff_dst[i] * call->src[0][a];
    }
}

/* The values dropped, or their gradients, are added to `to`. */
static void drop(const struct oracle_call *call, const real *from, real *to) {
    const size_t size = shape_size(&call->operation->shape);
    const double rate = call->operation->rate;
    for (size_t image = 0; image < call->n; image++) {
        struct random_stream stream = random_part(call->place.seed, RANDOM_DROPOUT, (uint32_t)call->operation->dropout,
                                                  call->place.epoch, call->place.first + (uint32_t)image);
        for (size_t i = image * size; i < (image + 1) * size; i++) {
            const bool kept = !call->drops || (double)random_unit(&stream) >= rate;
            if (kept) to[i] += call->drops ? from[i] / (real)(1 - rate) : from[i];
        }
    }
}

static void dropout(const struct oracle_call *call) {
    memset(call->dst, 0, size_of(call) * sizeof(real));
    drop(call, call->src[0], call->dst);
}

static void dropout_backward(const struct oracle_call *call) {
    if (call->diff_src[0]) drop(call, call->diff_dst, call->diff_src[0]);
}

/* --- values that move --- */

static void copy(const struct oracle_call *call) {
    memcpy(call->dst, call->src[0], size_of(call) * sizeof(real));
}

/* Runs of values of the inputs take turns: from the axis on. */
static size_t run_size(const struct oracle_call *call, const struct shape *shape) {
    size_t size = 1;
    for (size_t axis = call->operation->axis; axis < shape->rank; axis++)
        size *= (size_t)shape->dims[axis];
    return size;
}

static void concatenate(const struct oracle_call *call) {
    const size_t whole = run_size(call, &call->operation->shape);
    for (size_t input = 0, begin = 0; input < call->operation->input_count; input++) {
        const size_t size = run_size(call, source_shape(call, input));
        for (size_t i = 0; i < size_of(call) / whole * size; i++)
            call->dst[i / size * whole + begin + i % size] = call->src[input][i];
        begin += size;
    }
}

static void concatenate_backward(const struct oracle_call *call) {
    const size_t whole = run_size(call, &call->operation->shape);
    for (size_t input = 0, begin = 0; input < call->operation->input_count; input++) {
        const size_t size = run_size(call, source_shape(call, input));
        for (size_t i = 0; call->diff_src[input] && i < size_of(call) / whole * size; i++)
            call->diff_src[input][i] += call->diff_dst[i / size * whole + begin + i % size];
        begin += size;
    }
}

static void global_average(const struct oracle_call *call) {
    const struct extent src = extent_of(source_shape(call, 0));
    const size_t pixels = src.h * src.w;
    memset(call->dst, 0, size_of(call) * sizeof(real));
    for (size_t i = 0; i < call->n * pixels * src.c; i++)
        call->dst[i / (pixels * src.c) * src.c + i % src.c] += call->src[0][i];
    for (size_t i = 0; i < size_of(call); i++)
        call->dst[i] /= (real)pixels;
}

static void global_average_backward(const struct oracle_call *call) {
    const struct extent src = extent_of(source_shape(call, 0));
    const size_t pixels = src.h * src.w;
    for (size_t i = 0; call->diff_src[0] && i < call->n * pixels * src.c; i++)
        call->diff_src[0][i] += call->diff_dst[i / (pixels * src.c) * src.c + i % src.c] / (real)pixels;
}

static const struct oracle_operation input_row = {nothing, nothing}, unary_row = {unary, unary_backward},
                                     add_row = {add, copy_back}, multiply_row = {multiply, multiply_backward},
                                     concatenate_row = {concatenate, concatenate_backward},
                                     average_row = {global_average, global_average_backward},
                                     reshape_row = {copy, copy_back}, dropout_row = {dropout, dropout_backward};

const struct oracle_operation *const oracle_operations[OPERATION_KINDS] = {
    [OPERATION_INPUT] = &input_row,
    [OPERATION_CONVOLUTION] = &oracle_convolution,
    [OPERATION_DEPTHWISE] = &oracle_depthwise,
    [OPERATION_DENSE] = &oracle_dense,
    [OPERATION_NORMALIZATION] = &oracle_normalization,
    [OPERATION_UNARY] = &unary_row,
    [OPERATION_ADD] = &add_row,
    [OPERATION_MULTIPLY] = &multiply_row,
    [OPERATION_CONCATENATE] = &concatenate_row,
    [OPERATION_MAX_POOL] = &oracle_max_pool,
    [OPERATION_AVERAGE_POOL] = &oracle_average_pool,
    [OPERATION_GLOBAL_AVERAGE] = &average_row,
    [OPERATION_PAD] = &oracle_pad,
    [OPERATION_UPSAMPLE] = &oracle_upsample,
    [OPERATION_RESHAPE] = &reshape_row,
    [OPERATION_DROPOUT] = &dropout_row,
};
