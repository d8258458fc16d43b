/* SPDX-License-Identifier: MIT */
/* The losses, by the definitions. */
#ifndef ORACLE_LOSS_H
#define ORACLE_LOSS_H

#include "oracle/oracle.h"

/* The sum of the images' losses, weighted; losses (NULL: not wanted) gets each of them. The logits get their gradient. */
double oracle_loss(struct oracle *oracle, const struct engine_targets *targets, double *losses);
/* Of the last forward pass, [n][classes]. */
void oracle_probabilities(const struct oracle *oracle, real *probabilities);

#endif
