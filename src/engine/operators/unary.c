/* SPDX-License-Identifier: MIT */
/* Functions of one value. A plain ReLU is part of the pass before it where that can be; its gradient is a mask of its output,
 * all others' a function of the input, which is made again. */
#include "engine/operators/common.h"

static const struct unary *unary_of(const struct place *place, const struct task *task) {
    return &place_operation(place, task)->unary;
}

static void run(const struct place *place, const struct task *task) {
    const struct rows_shape rows = rows_of(place, task);
    place->engine->kernels->unary(&rows, unary_of(place, task), place_at(place, task->src), place_at(place, task->dst));
}

static void run_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct task rows = rows_cut(task, begin, end);
    run(place, &rows);
}

static const struct task_type task_unary = {.name = "unary",
                                            .work = WORK_OTHER,
                                            .product = PRODUCTS,
                                            .run = run,
                                            .run_rows = run_rows,
                                            .chain_rows = rows_chain_rows,
                                            .row_values = rows_row_values,
                                            .units = rows_units,
                                            .run_units = run_rows};

static void run_backward(const struct place *place, const struct task *task) {
    const struct rows_shape rows = rows_of(place, task);
    place->engine->kernels->unary_backward(&rows, unary_of(place, task), place_at(place, task->src),
                                           place_at(place, task->src2), task->src2.row_stride,
                                           place_at(place, task->dst));
}

static void run_backward_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct task rows = rows_cut(task, begin, end);
    run_backward(place, &rows);
}

static const struct task_type task_unary_backward = {.name = "unary_backward",
                                                     .work = WORK_OTHER,
                                                     .product = PRODUCTS,
                                                     .run = run_backward,
                                                     .run_rows = run_backward_rows,
                                                     .chain_rows = rows_chain_rows,
                                                     .row_values = rows_row_values};

static bool is_plain_relu(const struct unary *unary) {
    return unary->function == UNARY_RELU && !(unary->negative_slope > 0) && !(unary->max_value > 0);
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t input = o->inputs[0];
    const struct operation_type *before = planner_operator(planner, input);
    const bool plain = is_plain_relu(&o->unary);
    struct view src;
    (void)relu;
    if (plain && before->takes_relu && planner_can_ride(planner, input, planner_operation(planner, input)->kind))
        return before->forward(planner, input, true, dst);
    TRY(plan_produce(planner, input, NULL, &src));
    if (plain) return plan_affine(planner, operation, shape_extent(&o->shape), PLAN_NONE, true, src, dst);
    struct task task = plan_task(&task_unary, operation, src, dst);
    task.shape.rows = plan_rows(shape_extent(&o->shape), src, dst);
    return plan_add_task(planner, task);
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t input = o->inputs[0];
    const bool plain = is_plain_relu(&o->unary);
    struct view diff, src, target;
    TRY(plan_take_diff(planner, operation, plain, NULL, &diff));
    if (plain) return plan_give_view(planner, input, now, diff);
    TRY(plan_produce(planner, input, NULL, &src));
    TRY(plan_give_begin(planner, input, now, &target));
    struct task task = plan_task(&task_unary_backward, operation, diff, target);
    task.src2 = src;
    task.shape.rows = plan_rows(shape_extent(&o->shape), diff, target);
    TRY(plan_add_task(planner, task));
    return plan_give_end(planner, input, now, target);
}

const struct operation_type operator_unary = {.cheap = true, .remade = true, .forward = forward, .backward = backward};
