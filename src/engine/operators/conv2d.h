/* SPDX-License-Identifier: MIT */
/* What a dense layer has in common with a convolution of 1x1: the task, packing, and what emits it. */
#ifndef ENGINE_OPERATORS_CONV2D_H
#define ENGINE_OPERATORS_CONV2D_H

#include "engine/place.h"
#include "engine/planner.h"

extern const struct task_type task_conv2d, task_conv2d_diff_src;
size_t conv2d_chain_rows(const struct task *task);
bool conv2d_reads_neighbours(const struct task *task);
size_t conv2d_row_values(const struct task *task);
extern const struct packing conv2d_packing;
struct conv_shape plan_conv_shape(const struct planner *planner, size_t operation, struct view src,
                                  struct extent extent, struct view dst);
ocellus_status plan_conv2d(struct planner *planner, size_t operation, int norm, struct view add, bool relu,
                           struct view dst);

#endif
