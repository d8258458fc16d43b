/* SPDX-License-Identifier: MIT */
/* Tasks that move, add and mask values. */
#ifndef ENGINE_OPERATORS_MOVE_H
#define ENGINE_OPERATORS_MOVE_H

#include "engine/place.h"
#include "engine/planner.h"

/* Of a task's output: below it, waking the other threads costs more than they bring. */
enum { SPLIT_VALUES = 65536 };

/* The shape of a pass over all values of an image: rows of a value's extent, strides of the views. */
struct rows_shape plan_rows(struct extent extent, struct view src, struct view dst);
ocellus_status plan_copy(struct planner *planner, size_t operation, struct extent extent, struct view src,
                         struct view dst);
/* The same from pixels that lie src_pixel apart to such that lie dst_pixel apart. */
ocellus_status plan_copy_pixels(struct planner *planner, size_t operation, struct extent extent, struct view src,
                                size_t src_pixel, struct view dst, size_t dst_pixel);
/* dst = act(norm(src)): norm and relu as of a task. */
ocellus_status plan_affine(struct planner *planner, size_t operation, struct extent extent, int norm, bool relu,
                           struct view src, struct view dst);
/* Writes `value` around the inside of a padded image of that extent. */
ocellus_status plan_fill_border(struct planner *planner, size_t operation, struct extent padded, const size_t pad[2][2],
                                real value, struct view dst);
ocellus_status plan_fill(struct planner *planner, size_t operation, struct extent extent, real value, struct view dst);
/* src's pixels to every (strides)th pixel of dst, whose others are zero already. */
ocellus_status plan_scatter(struct planner *planner, size_t operation, const size_t strides[2], struct view src,
                            struct view dst);
ocellus_status plan_sum(struct planner *planner, size_t operation, struct extent extent, struct view a, struct view b,
                        struct view dst);
/* dst = output > 0 ? diff : 0 */
ocellus_status plan_relu_mask(struct planner *planner, size_t operation, struct extent extent, struct view diff,
                              struct view output, struct view dst);
extern const struct task_type task_add;

/* What rows tasks have in common, for their rows in task tables. */
size_t rows_chain_rows(const struct task *task);
size_t rows_row_values(const struct task *task);
size_t rows_units(const struct cpu_engine *engine, const struct task *task);
/* The task for rows [begin, end) of its output. */
struct task rows_cut(const struct task *task, size_t begin, size_t end);
/* In a per-shard segment the images are rows of a dense matrix. */
struct rows_shape rows_of(const struct place *place, const struct task *task);

#endif
