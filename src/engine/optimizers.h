/* SPDX-License-Identifier: MIT */
/* The optimizers: one row each. To add one: its word in base/optimizer_kind.h, its settings in
 * struct optimizer, its kernel, its row. */
#ifndef ENGINE_OPTIMIZERS_H
#define ENGINE_OPTIMIZERS_H

#include "engine/engine.h"
#include "kernels/kernels.h"

enum { OPTIMIZER_STATES = 2 }; /* values beside each weight, at most */

/* Some values of trained parameters: `count` of each. */
struct optimizer_values {
    size_t count;
    const real *gradient;
    real *weights;
    real *states[OPTIMIZER_STATES]; /* NULL where not in use */
};

struct optimizer_row {
    const char *states[OPTIMIZER_STATES]; /* their names in checkpoints, for ever: PARAMETER/NAME */
    /* How many of them, from the first, these settings use. */
    size_t (*state_count)(const struct optimizer *optimizer);
    /* Update number t, from 1, with the learning rate scaled. */
    void (*step)(const struct kernels *kernels, const struct optimizer *optimizer, double rate_scale, uint64_t t,
                 const struct optimizer_values *values);
};
extern const struct optimizer_row optimizer_rows[OPTIMIZER_KINDS];

#endif
