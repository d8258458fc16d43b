/* SPDX-License-Identifier: MIT */
/* Values, made where they are wanted. */
#ifndef ENGINE_PLAN_FORWARD_H
#define ENGINE_PLAN_FORWARD_H

#include "engine/planner.h"

/* Emits what makes the value available in the current segment, unless it already is, and gives the view. When `want` is
 * given (the inside of a padded image), the value is written there. */
ocellus_status plan_produce(struct planner *planner, size_t operation, const struct view *want, struct view *view);
/* The same with rows back to back. */
ocellus_status plan_produce_dense(struct planner *planner, size_t operation, struct view *view);
/* The inside of a padded image. */
struct view view_inside(struct view padded, const size_t pad[2][2], size_t c);
ocellus_status plan_forward(struct planner *planner);

#endif
