/* SPDX-License-Identifier: MIT */
/* The gradient to the source of 1x1 convolutions and dense layers, which is added where it goes to. */
#include "engine/operators/pointwise.h"

#include "engine/operators/common.h"
#include "engine/operators/conv2d.h"

/* Rows and columns of the source from one value that is read to the next. */
static void pointwise_strides(const struct operation *operation, size_t strides[2]) {
    for (size_t axis = 0; axis < 2; axis++)
        strides[axis] = operation->kind == OPERATION_DENSE ? 1 : operation->window.strides[axis];
}

ocellus_status plan_prepare_pointwise(struct planner *planner, size_t operation, size_t now, struct view *add) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t source = o->inputs[0], reduction = shape_extent(&o->shape).c;
    const struct extent extent = shape_extent(&planner_operation(planner, source)->shape);
    size_t strides[2];
    pointwise_strides(o, strides);
    *add = planner->diff[source];
    const bool first = !view_exists(*add),
               moves = first || plan_is_shared(planner, source, now) || reduction > KERNELS_ADD_IN_PLACE;
    if (moves) TRY(plan_new_diff(planner, source, now));
    if (!moves || (strides[0] == 1 && strides[1] == 1)) return OCELLUS_OK;
    const struct view dst = planner->diff[source];
    if (first) return plan_fill(planner, source, extent, 0, dst);
    return plan_copy(planner, source, extent, *add, dst);
}

ocellus_status plan_give_pointwise(struct planner *planner, size_t operation, struct view diff, struct view add) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t source = o->inputs[0];
    const struct extent out = shape_extent(&o->shape), in = shape_extent(&planner_operation(planner, source)->shape);
    size_t strides[2];
    pointwise_strides(o, strides);
    struct task task = plan_task(&task_conv2d_diff_src, operation, diff, planner->diff[source]);
    task.src2 = add;
    task.shape.conv = (struct conv_shape){.ih = out.h,
                                          .iw = out.w,
                                          .ic = out.c,
                                          .oh = out.h,
                                          .ow = out.w,
                                          .oc = in.c,
                                          .kh = 1,
                                          .kw = 1,
                                          .sh = 1,
                                          .sw = 1,
                                          .src_row_stride = diff.row_stride,
                                          .dst_row_stride = strides[0] * task.dst.row_stride,
                                          .dst_pixel_stride = strides[1] * in.c};
    return plan_add_task(planner, task);
}
