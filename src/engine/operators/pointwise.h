/* SPDX-License-Identifier: MIT */
/* The gradient to the source of 1x1 kernels. */
#ifndef ENGINE_OPERATORS_POINTWISE_H
#define ENGINE_OPERATORS_POINTWISE_H

#include "engine/planner.h"

/* A 1x1 kernel adds its gradient, while it is summed, to what others gave already: *add, or no view where it is the first to
 * come. With strides it gives to the pixels that it read; the others are zero then. Before plan_take_diff(). */
ocellus_status plan_prepare_pointwise(struct planner *planner, size_t operation, size_t now, struct view *add);
ocellus_status plan_give_pointwise(struct planner *planner, size_t operation, struct view diff, struct view add);

#endif
