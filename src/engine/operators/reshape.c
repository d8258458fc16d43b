/* SPDX-License-Identifier: MIT */
/* The same values in the same order under another shape: no memory of its own where the value is stored. */
#include "engine/operators/common.h"

static struct view reshaped(const struct planner *planner, size_t operation, struct view view) {
    const struct extent extent = shape_extent(&planner_operation(planner, operation)->shape);
    view.row_stride = extent.w * extent.c;
    return view;
}

static bool is_alias(const struct planner *planner, size_t operation) {
    (void)planner, (void)operation;
    return true;
}

/* Between shapes whose rows differ, dense memory is the meeting place. */
static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent extent = shape_extent(&o->shape);
    struct view dense = dst, made;
    (void)relu;
    if (dst.row_stride != extent.w * extent.c && extent.h > 1) TRY(plan_passing_view(planner, &o->shape, &dense));
    const struct view want = reshaped(planner, o->inputs[0], dense);
    TRY(plan_produce(planner, o->inputs[0], &want, &made));
    return dense.buffer == dst.buffer ? OCELLUS_OK : plan_copy(planner, operation, extent, dense, dst);
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const size_t input = planner_operation(planner, operation)->inputs[0];
    struct view diff;
    TRY(plan_take_diff(planner, operation, false, NULL, &diff));
    return plan_give_view(planner, input, now, reshaped(planner, input, diff));
}

const struct operation_type operator_reshape = {
    .cheap = true, .is_alias = is_alias, .forward = forward, .backward = backward};
