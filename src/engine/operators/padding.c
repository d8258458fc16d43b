/* SPDX-License-Identifier: MIT */
/* Padding: a layer of its own, and what windows read beyond the edges. */
#include "engine/operators/padding.h"

#include "engine/operator.h"
#include "engine/operators/move.h"
#include "engine/plan_backward.h"
#include "engine/plan_emit.h"
#include "engine/plan_forward.h"
#include "engine/plan_values.h"

bool window_pads(const struct window *window) {
    return window->pad[0][0] || window->pad[0][1] || window->pad[1][0] || window->pad[1][1];
}

ocellus_status plan_padded_source(struct planner *planner, size_t operation, real fill, struct view *view,
                                  struct extent *extent) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t source = o->inputs[0];
    const size_t(*pad)[2] = o->window.pad;
    *extent = shape_extent(&planner_operation(planner, source)->shape);
    if (!window_pads(&o->window)) return plan_produce(planner, source, NULL, view);
    extent->h += pad[0][0] + pad[0][1];
    extent->w += pad[1][0] + pad[1][1];
    TRY(plan_padded_view(planner, operation, *extent, view));
    TRY(plan_fill_border(planner, operation, *extent, pad, fill, *view));
    const struct view want = view_inside(*view, pad, extent->c);
    struct view produced;
    return plan_produce(planner, source, &want, &produced);
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent extent = shape_extent(&o->shape);
    (void)relu;
    TRY(plan_fill_border(planner, operation, extent, o->window.pad, 0, dst));
    const struct view want = view_inside(dst, o->window.pad, extent.c);
    struct view produced;
    return plan_produce(planner, o->inputs[0], &want, &produced);
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t input = o->inputs[0];
    const struct extent extent = shape_extent(&planner_operation(planner, input)->shape);
    struct view diff, target;
    TRY(plan_take_diff(planner, operation, false, NULL, &diff));
    TRY(plan_give_begin(planner, input, now, &target));
    TRY(plan_copy(planner, operation, extent, view_inside(diff, o->window.pad, extent.c), target));
    return plan_give_end(planner, input, now, target);
}

const struct operation_type operator_pad = {.cheap = true, .forward = forward, .backward = backward};
