/* SPDX-License-Identifier: MIT */
/* Stochastic gradient descent and Adam, as Keras defines them. */
#include "engine/optimizers.h"

#include <math.h>

static size_t sgd_states(const struct optimizer *optimizer) {
    return optimizer->momentum > 0 ? 1 : 0;
}

static void sgd_step(const struct kernels *kernels, const struct optimizer *optimizer, double rate_scale, uint64_t t,
                     const struct optimizer_values *values) {
    (void)t;
    const struct sgd_step step = {.learning_rate = (real)(optimizer->learning_rate * rate_scale),
                                  .momentum = (real)optimizer->momentum,
                                  .nesterov = optimizer->nesterov};
    kernels->sgd(values->count, &step, values->gradient, values->weights, values->states[0]);
}

static size_t adam_states(const struct optimizer *optimizer) {
    (void)optimizer;
    return 2;
}

/* Keras takes the bias correction into the learning rate: lr * sqrt(1 - beta2^t) / (1 - beta1^t). */
static void adam_step(const struct kernels *kernels, const struct optimizer *optimizer, double rate_scale, uint64_t t,
                      const struct optimizer_values *values) {
    const double correction = sqrt(1 - pow(optimizer->beta2, (double)t)) / (1 - pow(optimizer->beta1, (double)t));
    const struct adam_step step = {.learning_rate = (real)(optimizer->learning_rate * rate_scale * correction),
                                   .share1 = (real)(1 - optimizer->beta1),
                                   .share2 = (real)(1 - optimizer->beta2),
                                   .epsilon = (real)optimizer->epsilon};
    kernels->adam(values->count, &step, values->gradient, values->weights, values->states[0], values->states[1]);
}

const struct optimizer_row optimizer_rows[OPTIMIZER_KINDS] = {
    [OPTIMIZER_SGD] = {{"velocity"}, sgd_states, sgd_step},
    [OPTIMIZER_ADAM] = {{"adam_m", "adam_v"}, adam_states, adam_step},
};
