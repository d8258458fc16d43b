/* SPDX-License-Identifier: MIT */
/* Maximum poolings; in training the winner of every window is kept. */
#include "engine/operators/common.h"

#include <math.h>

static void run(const struct place *place, const struct task *task) {
    const struct norm_state *norm = task->norm == PLAN_NONE ? NULL : &place->engine->norms[task->norm];
    place->engine->kernels->max_pool(&task->shape.pool, place_at(place, task->src), norm ? norm->scale : NULL,
                                     norm ? norm->shift : NULL, place_at(place, task->dst), place_at(place, task->aux));
}

/* In inference alone, where no winners are kept. */
static void run_units(const struct place *place, const struct task *whole, size_t begin, size_t end) {
    struct task task = *whole;
    struct pool_shape *pool = &task.shape.pool;
    task.src.offset += begin * pool->sh * pool->src_row_stride;
    task.dst.offset += begin * pool->dst_row_stride;
    pool->oh = end - begin;
    pool->ih = (pool->oh - 1) * pool->sh + pool->kh;
    run(place, &task);
}

static size_t units(const struct cpu_engine *engine, const struct task *task) {
    const struct pool_shape *pool = &task->shape.pool;
    (void)engine;
    return pool->oh * pool->ow * pool->c < SPLIT_VALUES ? 0 : pool->oh;
}

static const struct task_type task_max_pool = {
    .name = "max_pool", .work = WORK_OTHER, .product = PRODUCTS, .run = run, .units = units, .run_units = run_units};

static void run_backward(const struct place *place, const struct task *task) {
    place->engine->kernels->max_pool_backward(&task->shape.pool, place_at(place, task->src), place_at(place, task->aux),
                                              place_at(place, task->dst));
}

static const struct task_type task_max_pool_backward = {
    .name = "max_pool_backward", .work = WORK_OTHER, .product = PRODUCTS, .run = run_backward};

static struct pool_shape shape_of(const struct planner *planner, size_t operation, struct extent padded,
                                  struct view image, struct view pooled) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent out = shape_extent(&o->shape);
    return (struct pool_shape){.ih = padded.h,
                               .iw = padded.w,
                               .c = padded.c,
                               .oh = out.h,
                               .ow = out.w,
                               .kh = o->window.size[0],
                               .kw = o->window.size[1],
                               .sh = o->window.strides[0],
                               .sw = o->window.strides[1],
                               .src_row_stride = image.row_stride,
                               .dst_row_stride = pooled.row_stride};
}

static ocellus_status keep_winners(struct planner *planner, size_t operation, struct task *task) {
    const struct shape *shape = &planner_operation(planner, operation)->shape;
    const enum element element =
        kernels_place_size(&task->shape.pool) == element_size(ELEMENT_UINT8) ? ELEMENT_UINT8 : ELEMENT_UINT32;
    TRY(plan_new_view(planner, SCOPE_BATCH, element, shape, &task->aux));
    planner->plan->argmax[operation] = task->aux;
    return OCELLUS_OK;
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t input = o->inputs[0];
    struct view src;
    struct extent extent = shape_extent(&planner_operation(planner, input)->shape);
    const bool ride = !window_pads(&o->window) && planner_can_ride(planner, input, OPERATION_NORMALIZATION) &&
                      !planner_can_fold(planner, planner_operation(planner, input)->inputs[0]);
    (void)relu;
    if (ride) TRY(plan_produce(planner, planner_operation(planner, input)->inputs[0], NULL, &src));
    else TRY(plan_padded_source(planner, operation, -(real)INFINITY, &src, &extent));
    struct task task = plan_task(&task_max_pool, operation, src, dst);
    task.norm = ride ? (int)input : PLAN_NONE;
    task.shape.pool = shape_of(planner, operation, extent, src, dst);
    if (planner->needs_gradient[operation]) TRY(keep_winners(planner, operation, &task));
    return plan_add_task(planner, task);
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t input = o->inputs[0], (*pad)[2] = o->window.pad;
    const struct extent extent = shape_extent(&planner_operation(planner, input)->shape);
    struct extent padded = extent;
    struct view diff, target, whole;
    TRY(plan_take_diff(planner, operation, false, NULL, &diff));
    TRY(plan_give_begin(planner, input, now, &target));
    whole = target;
    if (window_pads(&o->window)) {
        padded.h += pad[0][0] + pad[0][1];
        padded.w += pad[1][0] + pad[1][1];
        TRY(plan_padded_view(planner, operation, padded, &whole));
    }
    struct task task = plan_task(&task_max_pool_backward, operation, diff, whole);
    task.aux = planner->plan->argmax[operation];
    task.shape.pool = shape_of(planner, operation, padded, whole, diff);
    TRY(plan_add_task(planner, task));
    if (window_pads(&o->window)) TRY(plan_copy(planner, operation, extent, view_inside(whole, pad, padded.c), target));
    return plan_give_end(planner, input, now, target);
}

const struct operation_type operator_max_pool = {.forward = forward, .backward = backward};
