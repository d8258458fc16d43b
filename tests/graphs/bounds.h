/* SPDX-License-Identifier: MIT */
/* How far off an engine may be whose arithmetic has unit roundoff `unit`, beside the oracle's numbers: a running error
 * analysis (Higham, "Accuracy and Stability of Numerical Algorithms", 2002, 3.3) of the forward and of the backward pass.
 *
 * Beside every number v of the oracle stands a bound b: whatever an engine computed in its place lies in [v - b, v + b],
 * in whatever order it sums, fuses or folds. An operation F that is linear in each of its arguments (products, sums,
 * averages, what moves values) makes of them F(|v| + b) (1 + gamma_k) - F(|v|), with gamma_k = k unit / (1 - k unit) for k
 * roundings one after another; its gradients are such operations too. F is the oracle's own row, run on two shadows of the
 * oracle: `low` holds |v|, `high` |v| + b. A ReLU or a maximum whose arguments lie closer than their bounds may decide
 * otherwise: the whole gradient is its bound then. Normalization, functions and the loss have their own rules in the .c. */
#ifndef GRAPHS_BOUNDS_H
#define GRAPHS_BOUNDS_H

#include "oracle/oracle.h"

struct bounds {
    struct oracle *oracle, *low, *high; /* the first not owned */
    double unit;
    size_t *readers;     /* [operations] */
    double **statistics; /* [operations]: of a normalization's mean and inverse deviation, [2][c], else NULL */
    double loss;         /* of the loss */
    double *losses;      /* [batch_size] */
};

ocellus_status bounds_open(struct oracle *oracle, double unit, struct bounds **bounds);
void bounds_close(struct bounds *bounds);

/* After the oracle's call of that name; the loss with its targets, whose denominator is given, and each image's loss. */
void bounds_forward(struct bounds *bounds);
void bounds_loss(struct bounds *bounds, const struct engine_targets *targets, const double *losses);
void bounds_backward(struct bounds *bounds);

/* Of value number `i` of an operation's output, and of a parameter's gradient. */
double bounds_of_value(const struct bounds *bounds, size_t operation, size_t i);
double bounds_of_gradient(const struct bounds *bounds, size_t parameter, size_t i);
/* Of a moving statistic after a training step. */
double bounds_of_statistic(const struct bounds *bounds, size_t parameter, size_t i);

#endif
