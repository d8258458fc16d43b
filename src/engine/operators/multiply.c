/* SPDX-License-Identifier: MIT */
/* Products of two values, of which one may be repeated along dimensions of 1: squeeze-and-excite. */
#include "engine/operators/common.h"

static void run(const struct place *place, const struct task *task) {
    place->engine->kernels->multiply(&task->shape.rows, place_at(place, task->src), &task->repeated[0],
                                     place_at(place, task->src2), &task->repeated[1], place_at(place, task->dst));
}

static const struct task_type task_multiply = {.name = "multiply", .work = WORK_OTHER, .product = PRODUCTS, .run = run};

static void run_backward(const struct place *place, const struct task *task) {
    place->engine->kernels->multiply_backward(&task->shape.rows, place_at(place, task->src),
                                              place_at(place, task->src2), &task->repeated[0],
                                              place_at(place, task->dst), &task->repeated[1]);
}

static const struct task_type task_multiply_backward = {
    .name = "multiply_backward", .work = WORK_OTHER, .product = PRODUCTS, .run = run_backward};

/* How a factor lies beside the product. */
static struct repeated strides_of(const struct planner *planner, size_t factor, struct extent product,
                                  struct view view) {
    const struct extent extent = shape_extent(&planner_operation(planner, factor)->shape);
    return (struct repeated){.row_stride = extent.h == 1 && product.h > 1 ? 0 : view.row_stride,
                             .pixel_stride = extent.w == 1 && product.w > 1 ? 0 : extent.c,
                             .channel_stride = extent.c == 1 && product.c > 1 ? 0 : 1};
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent extent = shape_extent(&o->shape);
    struct task task = plan_task(&task_multiply, operation, view_none(), dst);
    (void)relu;
    TRY(plan_produce(planner, o->inputs[0], NULL, &task.src));
    TRY(plan_produce(planner, o->inputs[1], NULL, &task.src2));
    task.repeated[0] = strides_of(planner, o->inputs[0], extent, task.src);
    task.repeated[1] = strides_of(planner, o->inputs[1], extent, task.src2);
    task.shape.rows = plan_rows(extent, task.src, dst);
    return plan_add_task(planner, task);
}

static ocellus_status give(struct planner *planner, size_t operation, size_t to, size_t other, struct view diff,
                           size_t now) {
    const struct extent extent = shape_extent(&planner_operation(planner, operation)->shape);
    struct view factor, target;
    TRY(plan_produce(planner, other, NULL, &factor));
    TRY(plan_give_begin(planner, to, now, &target));
    struct task task = plan_task(&task_multiply_backward, operation, diff, target);
    task.src2 = factor;
    task.repeated[0] = strides_of(planner, other, extent, factor);
    task.repeated[1] = strides_of(planner, to, extent, target);
    task.shape.rows = plan_rows(extent, diff, target);
    TRY(plan_add_task(planner, task));
    return plan_give_end(planner, to, now, target);
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const struct operation *o = planner_operation(planner, operation);
    struct view diff;
    TRY(plan_take_diff(planner, operation, false, NULL, &diff));
    for (size_t i = 0; i < 2; i++) {
        if (planner->needs_gradient[o->inputs[i]])
            TRY(give(planner, operation, o->inputs[i], o->inputs[1 - i], diff, now));
    }
    return OCELLUS_OK;
}

const struct operation_type operator_multiply = {.cheap = true, .forward = forward, .backward = backward};
