/* SPDX-License-Identifier: MIT */
/* What follows the logits: probabilities, the losses and their gradients. */
#include "oracle/loss.h"

#include "oracle/operations.h"

#include <math.h>

/* A class's share of an image, smoothed. */
static double share_of(const struct oracle *oracle, const struct engine_targets *targets, size_t i, size_t c,
                       size_t classes) {
    const double share = targets->shares ? (double)targets->shares[i * classes + c] : (size_t)targets->labels[i] == c;
    const double even = oracle->lowered->link == LINK_SIGMOID ? 0.5 : 1 / (double)classes;
    return share * (1 - targets->smoothing) + targets->smoothing * even;
}

/* -log of the softmax's share of class c, of logits z: log(sum exp z) - z[c]; its gradient is the sum of the shares times
 * softmax, less the shares. */
static double softmax_loss(const struct oracle *oracle, const struct engine_targets *targets, size_t i, size_t classes,
                           const real *logits, double scale, real *gradient) {
    double most = (double)logits[0], sum = 0, shares = 0, loss = 0;
    for (size_t c = 1; c < classes; c++)
        most = fmax(most, (double)logits[c]);
    for (size_t c = 0; c < classes; c++) {
        sum += exp((double)logits[c] - most);
        shares += share_of(oracle, targets, i, c, classes);
    }
    for (size_t c = 0; c < classes; c++) {
        const double share = share_of(oracle, targets, i, c, classes), shifted = (double)logits[c] - most;
        loss += share * (log(sum) - shifted);
        gradient[c] = ((real)(exp(shifted) / sum * shares) - (real)share) * (real)scale;
    }
    return loss;
}

/* The mean over the classes of -t log s(z) - (1 - t) log(1 - s(z)) = max(z, 0) - t z + log(1 + exp(-|z|)). */
static double sigmoid_loss(const struct oracle *oracle, const struct engine_targets *targets, size_t i, size_t classes,
                           const real *logits, double scale, real *gradient) {
    static const struct unary sigmoid = {.function = UNARY_SIGMOID};
    double loss = 0;
    for (size_t c = 0; c < classes; c++) {
        const double share = share_of(oracle, targets, i, c, classes), z = (double)logits[c];
        loss += fmax(z, 0) - share * z + log1p(exp(-fabs(z)));
        gradient[c] = (oracle_unary(&sigmoid, logits[c]) - (real)share) * (real)(scale / (double)classes);
    }
    return loss / (double)classes;
}

double oracle_loss(struct oracle *oracle, const struct engine_targets *targets, double *losses) {
    const size_t logits = oracle->lowered->logits, classes = shape_size(&oracle->lowered->operations[logits].shape);
    const struct oracle_value *value = &oracle->operations[logits];
    const double denominator = targets->denominator > 0 ? targets->denominator : (double)oracle->n;
    double sum = 0;
    for (size_t i = 0; i < oracle->n; i++) {
        const double weight = targets->weights ? (double)targets->weights[i] : 1, scale = weight / denominator;
        const real *z = value->values + i * classes;
        real *gradient = value->gradient + i * classes;
        const double loss = weight * (oracle->lowered->link == LINK_SIGMOID
                                          ? sigmoid_loss(oracle, targets, i, classes, z, scale, gradient)
                                          : softmax_loss(oracle, targets, i, classes, z, scale, gradient));
        if (losses) losses[i] = loss;
        sum += loss;
    }
    return sum;
}

void oracle_probabilities(const struct oracle *oracle, real *probabilities) {
    static const struct unary sigmoid = {.function = UNARY_SIGMOID};
    const size_t logits = oracle->lowered->logits, classes = shape_size(&oracle->lowered->operations[logits].shape);
    const real *values = oracle->operations[logits].values;
    if (oracle->lowered->link == LINK_SOFTMAX) oracle_softmax(oracle->n, classes, values, probabilities);
    for (size_t i = 0; oracle->lowered->link == LINK_SIGMOID && i < oracle->n * classes; i++)
        probabilities[i] = oracle_unary(&sigmoid, values[i]);
}
