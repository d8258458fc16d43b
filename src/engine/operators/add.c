/* SPDX-License-Identifier: MIT */
/* Additions. A NORMALIZATION that only the addition reads is applied on the way; in inference the last convolution before
 * it adds the shortcut to its sums, the same bits in one pass less. */
#include "engine/operators/common.h"

static bool rides_unfolded(const struct planner *planner, size_t input) {
    return planner_can_ride(planner, input, OPERATION_NORMALIZATION) &&
           !planner_can_fold(planner, planner_operation(planner, input)->inputs[0]);
}

/* A NORMALIZATION folded into a convolution that can add on the way. */
static bool can_add(const struct planner *planner, size_t input) {
    if (!planner_can_ride(planner, input, OPERATION_NORMALIZATION)) return false;
    const size_t source = planner_operation(planner, input)->inputs[0];
    const struct operation_type *row = planner_operator(planner, source);
    return planner_can_fold(planner, source) && row->adds && row->adds(planner_operation(planner, source));
}

static ocellus_status operand(struct planner *planner, size_t input, struct view *view, int *norm) {
    const bool rides = rides_unfolded(planner, input);
    *norm = rides ? (int)input : PLAN_NONE;
    return plan_produce(planner, rides ? planner_operation(planner, input)->inputs[0] : input, NULL, view);
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t last = can_add(planner, o->inputs[1]) ? 1 : 0;
    if (o->inputs[0] != o->inputs[1] && can_add(planner, o->inputs[last])) {
        struct view shortcut;
        TRY(plan_produce(planner, o->inputs[1 - last], NULL, &shortcut));
        const size_t norm = o->inputs[last], source = planner_operation(planner, norm)->inputs[0];
        if (shortcut.row_stride == dst.row_stride)
            return planner_operator(planner, source)->folded(planner, source, (int)norm, shortcut, relu, dst);
    }
    struct task task = plan_task(&task_add, operation, view_none(), dst);
    TRY(operand(planner, o->inputs[0], &task.src, &task.norm));
    TRY(operand(planner, o->inputs[1], &task.src2, &task.norm2));
    task.relu = relu;
    task.shape.rows = plan_rows(shape_extent(&o->shape), task.src, dst);
    return plan_add_task(planner, task);
}

/* Both inputs get the same gradient. */
static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const struct operation *o = planner_operation(planner, operation);
    struct view diff;
    TRY(plan_take_diff(planner, operation, false, NULL, &diff));
    for (size_t i = 0; i < o->input_count; i++) {
        if (planner->needs_gradient[o->inputs[i]]) TRY(plan_give_view(planner, o->inputs[i], now, diff));
    }
    return OCELLUS_OK;
}

const struct operation_type operator_add = {
    .cheap = true, .passes = true, .takes_relu = true, .forward = forward, .backward = backward};
