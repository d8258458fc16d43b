/* SPDX-License-Identifier: MIT */
/* The oracle in float: the same definition with the roundings of one float32 evaluation. */
#ifndef GRAPHS_SIBLING_H
#define GRAPHS_SIBLING_H

#include "engine/engine.h"
#include "model/lowered.h"

struct sibling;

ocellus_status sibling_open(const struct lowered *lowered, size_t n, struct sibling **sibling);
void sibling_close(struct sibling *sibling);

/* One pass over all images from these parameters; targets NULL: an inference. */
void sibling_run(struct sibling *sibling, float *const *parameters, const float *images,
                 const struct engine_targets *targets, uint64_t seed, uint32_t epoch, uint32_t first);

/* Of the last pass: an operation's output before its activation, or after it; a parameter, or its gradient. */
const float *sibling_raw(const struct sibling *sibling, size_t operation);
const float *sibling_values(const struct sibling *sibling, size_t operation);
const float *sibling_parameter(const struct sibling *sibling, size_t parameter);
const float *sibling_gradient(const struct sibling *sibling, size_t parameter);

#endif
