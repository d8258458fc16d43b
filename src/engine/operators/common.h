/* SPDX-License-Identifier: MIT */
/* What operators share: tasks that move values, tasks that add, and the parts of a kernel's layer. */
#ifndef ENGINE_OPERATORS_COMMON_H
#define ENGINE_OPERATORS_COMMON_H

#include "engine/execute.h"
#include "engine/planner.h"

/* Of a task's output: below it, waking the other threads costs more than they bring. */
enum { SPLIT_VALUES = 65536 };

/* --- move.c --- */
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

/* --- padding.c --- */
/* The value that an operation with a window reads, inside a new image that carries the padding; without padding as it is. */
ocellus_status plan_padded_source(struct planner *planner, size_t operation, real fill, struct view *view,
                                  struct extent *extent);
bool window_pads(const struct window *window);

/* --- products.c: operations with a kernel --- */
bool products_mask(const struct planner *planner, size_t operation); /* the results pass a ReLU */
const struct shape *products_kernel(const struct planner *planner, size_t operation);
/* Adds `task`, which sums a kernel's gradient, and what joins it. */
ocellus_status plan_kernel_gradient(struct planner *planner, size_t operation, struct task task);
/* The gradient of the bias, where it has one that is trained. */
ocellus_status plan_bias_gradient(struct planner *planner, size_t operation, struct view diff);
/* The bias that the forward pass adds: with a NORMALIZATION folded in, where one is; NULL for none. */
const real *products_bias(const struct place *place, const struct task *task);
double products_flops(const struct lowered *lowered, const struct operation *operation);

/* --- convolution.c, pointwise.c: what a dense layer has in common with a convolution of 1x1 --- */
extern const struct task_type task_conv2d, task_conv2d_diff_src;
size_t conv2d_chain_rows(const struct task *task);
bool conv2d_reads_neighbours(const struct task *task);
size_t conv2d_row_values(const struct task *task);
extern const struct packing conv2d_packing;
struct conv_shape plan_conv_shape(const struct planner *planner, size_t operation, struct view src,
                                  struct extent extent, struct view dst);
ocellus_status plan_conv2d(struct planner *planner, size_t operation, int norm, struct view add, bool relu,
                           struct view dst);
/* A 1x1 kernel adds its gradient, while it is summed, to what others gave already: *add, or no view where it is the first to
 * come. With strides it gives to the pixels that it read; the others are zero then. Before plan_take_diff(). */
ocellus_status plan_prepare_pointwise(struct planner *planner, size_t operation, size_t now, struct view *add);
ocellus_status plan_conv2d_backward(struct planner *planner, size_t operation, size_t now);
ocellus_status plan_give_pointwise(struct planner *planner, size_t operation, struct view diff, struct view add);

#endif
