/* SPDX-License-Identifier: MIT */
/* Gradients, given and taken. */
#ifndef ENGINE_PLAN_BACKWARD_H
#define ENGINE_PLAN_BACKWARD_H

#include "engine/planner.h"

/* The segment in which an operation hands its gradient on. */
ocellus_status plan_begin_turn(struct planner *planner, size_t operation, bool per_shard);
/* The gradient to the value, masked by the ReLU inside the operation if `mask`; at `want` if given. */
ocellus_status plan_take_diff(struct planner *planner, size_t operation, bool mask, const struct view *want,
                              struct view *view);
/* An operation hands a gradient to an input: it writes to *target, then calls plan_give_end(). */
ocellus_status plan_give_begin(struct planner *planner, size_t input, size_t now, struct view *target);
ocellus_status plan_give_end(struct planner *planner, size_t input, size_t now, struct view target);
/* Hands on a gradient that needs no arithmetic. */
ocellus_status plan_give_view(struct planner *planner, size_t input, size_t now, struct view view);
/* The memory of a gradient, anew. */
ocellus_status plan_new_diff(struct planner *planner, size_t operation, size_t now);
/* An operation whose turn is still to come has its gradient in the same buffer, which must not be changed then. */
bool plan_is_shared(const struct planner *planner, size_t operation, size_t now);
bool plan_has_diff(const struct planner *planner, size_t operation);
ocellus_status plan_backward(struct planner *planner);

#endif
