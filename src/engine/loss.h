/* SPDX-License-Identifier: MIT */
/* The losses: one row for each link between logits and probabilities. To add one: its kernel and its row. */
#ifndef ENGINE_LOSS_H
#define ENGINE_LOSS_H

#include "engine/engine.h"
#include "kernels/kernels.h"
#include "model/lowered.h"

/* Of one batch, on its logits. */
struct loss_batch {
    const struct kernels *kernels;
    size_t n, classes;
    const real *logits; /* [n][classes] */
    real *losses;       /* [n] */
    real *diff_logits;  /* [n][classes]: of the sum of the losses over the denominator */
    /* Room for targets that are no plain labels. */
    real *shares, *weights; /* [n][classes], [n] */
};

/* Losses and gradient, their sum (by shards of images, then by the fixed tree, in double), and the images that are right.
 * Plain labels need no shares. The targets were checked. */
void loss_take(enum output_link link, const struct loss_batch *batch, const struct engine_targets *targets,
               struct engine_metrics *metrics);

/* What the link makes of logits, [n][classes]. */
void loss_probabilities(enum output_link link, const struct kernels *kernels, size_t n, size_t classes,
                        const real *logits, real *probabilities);

#endif
