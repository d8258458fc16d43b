/* SPDX-License-Identifier: MIT */
/* What operations with a kernel have in common. */
#ifndef ENGINE_OPERATORS_PRODUCTS_H
#define ENGINE_OPERATORS_PRODUCTS_H

#include "engine/place.h"
#include "engine/planner.h"

bool products_mask(const struct planner *planner, size_t operation); /* the results pass a ReLU */
const struct shape *products_kernel(const struct planner *planner, size_t operation);
/* Adds `task`, which sums a kernel's gradient, and what joins it. */
ocellus_status plan_kernel_gradient(struct planner *planner, size_t operation, struct task task);
/* The gradient of the bias, where it has one that is trained. */
ocellus_status plan_bias_gradient(struct planner *planner, size_t operation, struct view diff);
/* The bias that the forward pass adds: with a NORMALIZATION folded in, where one is; NULL for none. */
const real *products_bias(const struct place *place, const struct task *task);
double products_flops(const struct lowered *lowered, const struct operation *operation);

#endif
