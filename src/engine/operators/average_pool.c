/* SPDX-License-Identifier: MIT */
/* Average poolings. The padding is neither in memory nor counted. */
#include "engine/operators/common.h"

static void run_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    place->engine->kernels->average_pool(&task->shape.average, place_at(place, task->src), begin, end,
                                         place_at(place, task->dst));
}

static void run(const struct place *place, const struct task *task) {
    run_rows(place, task, 0, task->shape.average.oh);
}

static size_t units(const struct cpu_engine *engine, const struct task *task) {
    const struct average_shape *shape = &task->shape.average;
    (void)engine;
    return shape->oh * shape->ow * shape->c < SPLIT_VALUES ? 0 : shape->oh;
}

static const struct task_type task_average_pool = {
    .name = "average_pool", .work = WORK_OTHER, .product = PRODUCTS, .run = run, .units = units, .run_units = run_rows};

static void run_backward(const struct place *place, const struct task *task) {
    place->engine->kernels->average_pool_backward(&task->shape.average, place_at(place, task->src),
                                                  place_at(place, task->dst));
}

static const struct task_type task_average_pool_backward = {
    .name = "average_pool_backward", .work = WORK_OTHER, .product = PRODUCTS, .run = run_backward};

static struct average_shape shape_of(const struct planner *planner, size_t operation, struct view src,
                                     struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent in = shape_extent(&planner_operation(planner, o->inputs[0])->shape),
                        out = shape_extent(&o->shape);
    return (struct average_shape){.ih = in.h,
                                  .iw = in.w,
                                  .c = in.c,
                                  .oh = out.h,
                                  .ow = out.w,
                                  .kh = o->window.size[0],
                                  .kw = o->window.size[1],
                                  .sh = o->window.strides[0],
                                  .sw = o->window.strides[1],
                                  .pad_top = o->window.pad[0][0],
                                  .pad_left = o->window.pad[1][0],
                                  .src_row_stride = src.row_stride,
                                  .dst_row_stride = dst.row_stride};
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    struct view src;
    (void)relu;
    TRY(plan_produce(planner, planner_operation(planner, operation)->inputs[0], NULL, &src));
    struct task task = plan_task(&task_average_pool, operation, src, dst);
    task.shape.average = shape_of(planner, operation, src, dst);
    return plan_add_task(planner, task);
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const size_t input = planner_operation(planner, operation)->inputs[0];
    struct view diff, target;
    TRY(plan_take_diff(planner, operation, false, NULL, &diff));
    TRY(plan_give_begin(planner, input, now, &target));
    struct task task = plan_task(&task_average_pool_backward, operation, diff, target);
    task.shape.average = shape_of(planner, operation, target, diff);
    TRY(plan_add_task(planner, task));
    return plan_give_end(planner, input, now, target);
}

const struct operation_type operator_average_pool = {.forward = forward, .backward = backward};
