/* SPDX-License-Identifier: MIT */
/* Values side by side, along any axis of the shape: rows and columns are written where they belong; channels are copied
 * there. */
#include "engine/operators/common.h"

/* The part of a concatenation that is an input's, and the distance of its pixels. */
struct part {
    struct view view;
    size_t pixel;
    bool dense; /* its pixels lie back to back */
};

/* `before`: values of the axis that inputs before it have. */
static struct part part_of(const struct planner *planner, size_t operation, size_t input, struct view whole,
                           size_t before) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent all = shape_extent(&o->shape), own = shape_extent(&planner_operation(planner, input)->shape);
    const size_t image_axis = o->shape.rank == 3 ? o->axis : 2;
    const size_t steps[3] = {whole.row_stride, all.c, 1};
    struct part part = {.view = whole, .pixel = all.c};
    part.view.offset += before * steps[image_axis];
    part.dense = own.c == all.c || own.h * own.w == 1;
    return part;
}

static size_t axis_values(const struct planner *planner, size_t operation, size_t input) {
    const struct operation *o = planner_operation(planner, operation), *i = planner_operation(planner, input);
    return o->shape.rank == 3 ? (size_t)i->shape.dims[o->axis] : shape_size(&i->shape);
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    size_t before = 0;
    (void)relu;
    for (size_t i = 0; i < o->input_count; i++) {
        const size_t input = o->inputs[i];
        const struct part part = part_of(planner, operation, input, dst, before);
        const struct extent extent = shape_extent(&planner_operation(planner, input)->shape);
        struct view made;
        TRY(plan_produce(planner, input, part.dense ? &part.view : NULL, &made));
        if (!part.dense) TRY(plan_copy_pixels(planner, operation, extent, made, extent.c, part.view, part.pixel));
        before += axis_values(planner, operation, input);
    }
    return OCELLUS_OK;
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const struct operation *o = planner_operation(planner, operation);
    struct view diff, target;
    size_t before = 0;
    TRY(plan_take_diff(planner, operation, false, NULL, &diff));
    for (size_t i = 0; i < o->input_count; i++) {
        const size_t input = o->inputs[i];
        const struct part part = part_of(planner, operation, input, diff, before);
        const struct extent extent = shape_extent(&planner_operation(planner, input)->shape);
        before += axis_values(planner, operation, input);
        if (!planner->needs_gradient[input]) continue;
        TRY(plan_give_begin(planner, input, now, &target));
        TRY(plan_copy_pixels(planner, operation, extent, part.view, part.pixel, target, extent.c));
        TRY(plan_give_end(planner, input, now, target));
    }
    return OCELLUS_OK;
}

const struct operation_type operator_concatenate = {.cheap = true, .forward = forward, .backward = backward};
