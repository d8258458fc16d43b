/* SPDX-License-Identifier: MIT */
/* Up-sampling by repetition, and the mean of a whole image. */
#include "engine/operators/common.h"

static void run_upsample(const struct place *place, const struct task *task) {
    place->engine->kernels->upsample(&task->shape.rows, task->factor[0], task->factor[1], place_at(place, task->src),
                                     place_at(place, task->dst));
}
static void run_upsample_backward(const struct place *place, const struct task *task) {
    place->engine->kernels->upsample_backward(&task->shape.rows, task->factor[0], task->factor[1],
                                              place_at(place, task->src), place_at(place, task->dst));
}
static void run_average(const struct place *place, const struct task *task) {
    const struct rows_shape *rows = &task->shape.rows;
    place->engine->kernels->global_average(rows->rows * rows->width, rows->c, place_at(place, task->src),
                                           place_at(place, task->dst));
}
static void run_average_backward(const struct place *place, const struct task *task) {
    const struct rows_shape *rows = &task->shape.rows;
    place->engine->kernels->global_average_backward(rows->rows * rows->width, rows->c, place_at(place, task->src),
                                                    place_at(place, task->dst));
}

static const struct task_type task_upsample = {
    .name = "upsample", .work = WORK_OTHER, .product = PRODUCTS, .run = run_upsample};
static const struct task_type task_upsample_backward = {
    .name = "upsample_backward", .work = WORK_OTHER, .product = PRODUCTS, .run = run_upsample_backward};
static const struct task_type task_average = {
    .name = "global_average", .work = WORK_OTHER, .product = PRODUCTS, .run = run_average};
static const struct task_type task_average_backward = {
    .name = "global_average_backward", .work = WORK_OTHER, .product = PRODUCTS, .run = run_average_backward};

static ocellus_status upsample(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    struct view src;
    (void)relu;
    TRY(plan_produce(planner, o->inputs[0], NULL, &src));
    struct task task = plan_task(&task_upsample, operation, src, dst);
    task.shape.rows = plan_rows(shape_extent(&planner_operation(planner, o->inputs[0])->shape), src, dst);
    task.factor[0] = o->window.strides[0];
    task.factor[1] = o->window.strides[1];
    return plan_add_task(planner, task);
}

static ocellus_status average(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const size_t input = planner_operation(planner, operation)->inputs[0];
    struct view src;
    (void)relu;
    TRY(plan_produce_dense(planner, input, &src));
    struct task task = plan_task(&task_average, operation, src, dst);
    task.shape.rows = plan_rows(shape_extent(&planner_operation(planner, input)->shape), src, dst);
    return plan_add_task(planner, task);
}

static ocellus_status give(struct planner *planner, size_t operation, size_t now, const struct task_type *type) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t input = o->inputs[0];
    struct view diff, target;
    TRY(plan_take_diff(planner, operation, false, NULL, &diff));
    TRY(plan_give_begin(planner, input, now, &target));
    struct task task = plan_task(type, operation, diff, target);
    task.shape.rows = plan_rows(shape_extent(&planner_operation(planner, input)->shape), target, diff);
    task.factor[0] = o->window.strides[0];
    task.factor[1] = o->window.strides[1];
    TRY(plan_add_task(planner, task));
    return plan_give_end(planner, input, now, target);
}

static ocellus_status upsample_backward(struct planner *planner, size_t operation, size_t now) {
    return give(planner, operation, now, &task_upsample_backward);
}

static ocellus_status average_backward(struct planner *planner, size_t operation, size_t now) {
    return give(planner, operation, now, &task_average_backward);
}

const struct operation_type operator_upsample = {.cheap = true, .forward = upsample, .backward = upsample_backward};
const struct operation_type operator_global_average = {.forward = average, .backward = average_backward};
