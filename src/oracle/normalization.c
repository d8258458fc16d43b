/* SPDX-License-Identifier: MIT */
/* BatchNormalization (Ioffe and Szegedy 2015): xhat = (x - mean) / sqrt(variance + epsilon), y = gamma * xhat + beta, a
 * channel at a time over all images and pixels; the variance is biased, as Keras has it. */
#include "oracle/operations.h"

#include <math.h>

static size_t channels(const struct oracle_call *call) {
    return extent_of(&call->operation->shape).c;
}

static size_t count(const struct oracle_call *call) {
    return call->n * shape_size(&call->operation->shape);
}

static void find_statistics(const struct oracle_call *call, size_t channel, real *mean, real *variance) {
    const size_t c = channels(call);
    const real values = (real)(count(call) / c);
    real sum = 0, squares = 0;
    for (size_t i = channel; i < count(call); i += c)
        sum += call->src[0][i];
    *mean = sum / values;
    for (size_t i = channel; i < count(call); i += c)
        squares += (call->src[0][i] - *mean) * (call->src[0][i] - *mean);
    *variance = squares / values;
}

static real mean_of(const struct oracle_call *call, size_t channel) {
    return call->batch_statistics ? call->statistics[channel] : call->parameters[PARAMETER_MOVING_MEAN][channel];
}

static real inverse_of(const struct oracle_call *call, size_t channel) {
    const real variance = call->batch_statistics ? call->statistics[channels(call) + channel]
                                                 : call->parameters[PARAMETER_MOVING_VARIANCE][channel];
    return (real)(1 / sqrt((double)variance + call->operation->epsilon));
}

/* A layer may be without them. */
static real gamma_of(const struct oracle_call *call, size_t channel) {
    return call->parameters[PARAMETER_GAMMA] ? call->parameters[PARAMETER_GAMMA][channel] : 1;
}

static real beta_of(const struct oracle_call *call, size_t channel) {
    return call->parameters[PARAMETER_BETA] ? call->parameters[PARAMETER_BETA][channel] : 0;
}

static void normalization(const struct oracle_call *call) {
    const size_t c = channels(call);
    for (size_t channel = 0; channel < c; channel++) {
        if (call->batch_statistics)
            find_statistics(call, channel, &call->statistics[channel], &call->statistics[c + channel]);
        const real scale = gamma_of(call, channel) * inverse_of(call, channel),
                   shift = beta_of(call, channel) - mean_of(call, channel) * scale;
        for (size_t i = channel; i < count(call); i += c)
            call->dst[i] = call->src[0][i] * scale + shift;
    }
}

/* diff_beta = sum of diff, diff_gamma = sum of diff * xhat; diff_x = gamma * inverse * (diff - diff_beta / N - xhat *
 * diff_gamma / N), without the sums where the statistics are no function of x. */
static void normalization_backward(const struct oracle_call *call) {
    const size_t c = channels(call);
    const real values = (real)(count(call) / c);
    for (size_t channel = 0; channel < c; channel++) {
        const real mean = mean_of(call, channel), inverse = inverse_of(call, channel);
        real sum = 0, sum_xhat = 0;
        for (size_t i = channel; i < count(call); i += c) {
            sum += call->diff_dst[i];
            sum_xhat += call->diff_dst[i] * (call->src[0][i] - mean) * inverse;
        }
        if (call->diff_parameters[PARAMETER_BETA]) call->diff_parameters[PARAMETER_BETA][channel] += sum;
        if (call->diff_parameters[PARAMETER_GAMMA]) call->diff_parameters[PARAMETER_GAMMA][channel] += sum_xhat;
        if (!call->batch_statistics) sum = sum_xhat = 0;
        for (size_t i = channel; call->diff_src[0] && i < count(call); i += c) {
            const real xhat = (call->src[0][i] - mean) * inverse;
            call->diff_src[0][i] +=
                gamma_of(call, channel) * inverse * (call->diff_dst[i] - sum / values - xhat * sum_xhat / values);
        }
    }
}

const struct oracle_operation oracle_normalization = {normalization, normalization_backward};
