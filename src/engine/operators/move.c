/* SPDX-License-Identifier: MIT */
/* Tasks that move values: copies, with a NORMALIZATION and a ReLU on the way; sums; borders; and what tasks that work row by
 * row have in common. */
#include "engine/operators/move.h"

#include "engine/operator.h"
#include "engine/place.h"
#include "engine/plan_emit.h"
#include "engine/plan_values.h"

#include <string.h>

struct rows_shape plan_rows(struct extent extent, struct view src, struct view dst) {
    return (struct rows_shape){.rows = extent.h,
                               .width = extent.w,
                               .c = extent.c,
                               .src_row_stride = src.row_stride,
                               .dst_row_stride = dst.row_stride};
}

size_t rows_chain_rows(const struct task *task) {
    return task->shape.rows.rows;
}
size_t rows_row_values(const struct task *task) {
    return task->shape.rows.width * task->shape.rows.c;
}
size_t rows_units(const struct cpu_engine *engine, const struct task *task) {
    const struct rows_shape *rows = &task->shape.rows;
    (void)engine;
    return rows->rows * rows->width * rows->c < SPLIT_VALUES ? 0 : rows->rows;
}

struct task rows_cut(const struct task *whole, size_t begin, size_t end) {
    struct task task = *whole;
    task.src.offset += begin * task.shape.rows.src_row_stride;
    task.src2.offset += begin * task.src2.row_stride;
    task.dst.offset += begin * task.shape.rows.dst_row_stride;
    task.shape.rows.rows = end - begin;
    return task;
}

struct rows_shape rows_of(const struct place *place, const struct task *task) {
    struct rows_shape rows = task->shape.rows;
    rows.rows *= place->images;
    return rows;
}

/* --- dst = act(norm(src)) --- */

static void run_affine(const struct place *place, const struct task *task) {
    const struct norm_state *norm = task->norm == PLAN_NONE ? NULL : &place->engine->norms[task->norm];
    const struct rows_shape rows = rows_of(place, task);
    place->engine->kernels->affine(&rows, place_at(place, task->src), norm ? norm->scale : NULL,
                                   norm ? norm->shift : NULL, task->relu, place_at(place, task->dst));
}

static void run_affine_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct task rows = rows_cut(task, begin, end);
    run_affine(place, &rows);
}

static const struct task_type task_affine = {.name = "affine",
                                             .work = WORK_OTHER,
                                             .product = PRODUCTS,
                                             .run = run_affine,
                                             .run_rows = run_affine_rows,
                                             .chain_rows = rows_chain_rows,
                                             .row_values = rows_row_values,
                                             .units = rows_units,
                                             .run_units = run_affine_rows};

ocellus_status plan_affine(struct planner *planner, size_t operation, struct extent extent, int norm, bool relu,
                           struct view src, struct view dst) {
    struct task task = plan_task(&task_affine, operation, src, dst);
    task.norm = norm;
    task.relu = relu;
    task.shape.rows = plan_rows(extent, src, dst);
    return plan_add_task(planner, task);
}

ocellus_status plan_copy(struct planner *planner, size_t operation, struct extent extent, struct view src,
                         struct view dst) {
    return plan_affine(planner, operation, extent, PLAN_NONE, false, src, dst);
}

/* --- dst = act(norm(src) + norm2(src2)) --- */

static struct operand operand_of(const struct place *place, struct view view, int norm) {
    const struct norm_state *state = norm == PLAN_NONE ? NULL : &place->engine->norms[norm];
    return (struct operand){.values = place_at(place, view),
                            .row_stride = view.row_stride,
                            .scale = state ? state->scale : NULL,
                            .shift = state ? state->shift : NULL};
}

static void run_add(const struct place *place, const struct task *task) {
    const struct rows_shape rows = rows_of(place, task);
    const struct operand a = operand_of(place, task->src, task->norm), b = operand_of(place, task->src2, task->norm2);
    place->engine->kernels->add(&rows, &a, &b, task->relu, place_at(place, task->dst));
}

static void run_add_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct task rows = rows_cut(task, begin, end);
    run_add(place, &rows);
}

const struct task_type task_add = {.name = "add",
                                   .work = WORK_OTHER,
                                   .product = PRODUCTS,
                                   .run = run_add,
                                   .run_rows = run_add_rows,
                                   .chain_rows = rows_chain_rows,
                                   .row_values = rows_row_values,
                                   .units = rows_units,
                                   .run_units = run_add_rows};

ocellus_status plan_sum(struct planner *planner, size_t operation, struct extent extent, struct view a, struct view b,
                        struct view dst) {
    struct task task = plan_task(&task_add, operation, a, dst);
    task.src2 = b;
    task.shape.rows = plan_rows(extent, a, dst);
    return plan_add_task(planner, task);
}

/* --- dst = src2 > 0 ? src : 0 --- */

static void run_relu_mask(const struct place *place, const struct task *task) {
    const struct rows_shape rows = rows_of(place, task);
    const size_t row = rows.width * rows.c;
    const real *diff = place_at(place, task->src), *output = place_at(place, task->src2);
    real *dst = place_at(place, task->dst);
    for (size_t y = 0; y < rows.rows; y++)
        place->engine->kernels->relu_backward(row, diff + y * rows.src_row_stride, output + y * task->src2.row_stride,
                                              dst + y * rows.dst_row_stride);
}

static void run_relu_mask_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct task rows = rows_cut(task, begin, end);
    run_relu_mask(place, &rows);
}

static const struct task_type task_relu_mask = {.name = "relu_mask",
                                                .work = WORK_OTHER,
                                                .product = PRODUCTS,
                                                .run = run_relu_mask,
                                                .run_rows = run_relu_mask_rows,
                                                .chain_rows = rows_chain_rows,
                                                .row_values = rows_row_values};

ocellus_status plan_relu_mask(struct planner *planner, size_t operation, struct extent extent, struct view diff,
                              struct view output, struct view dst) {
    struct task task = plan_task(&task_relu_mask, operation, diff, dst);
    task.src2 = output;
    task.shape.rows = plan_rows(extent, diff, dst);
    return plan_add_task(planner, task);
}

/* --- pixels that do not lie back to back --- */

static void run_copy_pixels(const struct place *place, const struct task *task) {
    const struct rows_shape rows = task->shape.rows;
    const real *src = place_at(place, task->src);
    real *dst = place_at(place, task->dst);
    for (size_t y = 0; y < rows.rows; y++) {
        for (size_t x = 0; x < rows.width; x++)
            memcpy(dst + y * rows.dst_row_stride + x * task->factor[1],
                   src + y * rows.src_row_stride + x * task->factor[0], rows.c * sizeof(real));
    }
}

static const struct task_type task_copy_pixels = {
    .name = "copy_pixels", .work = WORK_OTHER, .product = PRODUCTS, .run = run_copy_pixels};

ocellus_status plan_copy_pixels(struct planner *planner, size_t operation, struct extent extent, struct view src,
                                size_t src_pixel, struct view dst, size_t dst_pixel) {
    struct task task = plan_task(&task_copy_pixels, operation, src, dst);
    task.shape.rows = plan_rows(extent, src, dst);
    task.factor[0] = src_pixel;
    task.factor[1] = dst_pixel;
    return plan_add_task(planner, task);
}

ocellus_status plan_scatter(struct planner *planner, size_t operation, const size_t strides[2], struct view src,
                            struct view dst) {
    const struct extent extent = shape_extent(&planner_operation(planner, operation)->shape);
    dst.row_stride *= strides[0];
    return plan_copy_pixels(planner, operation, extent, src, extent.c, dst, strides[1] * extent.c);
}

/* --- borders --- */

static void fill(real *dst, size_t count, real value) {
    for (size_t i = 0; i < count; i++)
        dst[i] = value;
}

static void run_fill_border(const struct place *place, const struct task *task) {
    const struct rows_shape *rows = &task->shape.rows;
    const size_t c = rows->c, row = rows->width * c, left = task->pad[1][0] * c, right = task->pad[1][1] * c;
    real *dst = place_at(place, task->dst);
    for (size_t y = 0; y < rows->rows; y++) {
        real *line = dst + y * rows->dst_row_stride;
        if (y < task->pad[0][0] || y >= rows->rows - task->pad[0][1]) {
            fill(line, row, task->fill);
            continue;
        }
        fill(line, left, task->fill);
        fill(line + row - right, right, task->fill);
    }
}

static const struct task_type task_fill_border = {
    .name = "fill_border", .work = WORK_OTHER, .product = PRODUCTS, .run = run_fill_border};

ocellus_status plan_fill_border(struct planner *planner, size_t operation, struct extent padded, const size_t pad[2][2],
                                real value, struct view dst) {
    struct task task = plan_task(&task_fill_border, operation, view_none(), dst);
    task.fill = value;
    task.shape.rows = plan_rows(padded, dst, dst);
    memcpy(task.pad, pad, sizeof task.pad);
    return plan_add_task(planner, task);
}

ocellus_status plan_fill(struct planner *planner, size_t operation, struct extent extent, real value, struct view dst) {
    const size_t everything[2][2] = {{0, extent.h}, {0, extent.w}};
    return plan_fill_border(planner, operation, extent, everything, value, dst);
}
