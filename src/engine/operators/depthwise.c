/* SPDX-License-Identifier: MIT */
/* Depthwise convolutions: one kernel a channel. The padding is not in memory; kernels leave out what falls outside. */
#include "engine/operators/common.h"

#include <string.h>

static void run_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct cpu_engine *engine = place->engine;
    engine->kernels->depthwise(&task->shape.depthwise, place_at(place, task->src),
                               engine->packed[task->operation].weights, products_bias(place, task), task->relu, begin,
                               end, place_at(place, task->dst));
}

static void run(const struct place *place, const struct task *task) {
    run_rows(place, task, 0, task->shape.depthwise.oh);
}

static size_t units(const struct cpu_engine *engine, const struct task *task) {
    const struct depthwise_shape *shape = &task->shape.depthwise;
    (void)engine;
    return shape->oh * shape->ow * shape->c * shape->multiplier < SPLIT_VALUES ? 0 : shape->oh;
}

static const struct task_type task_depthwise = {
    .name = "depthwise", .work = WORK_FORWARD, .product = PRODUCTS, .run = run, .units = units, .run_units = run_rows};

static void run_diff_src(const struct place *place, const struct task *task) {
    const struct cpu_engine *engine = place->engine;
    engine->kernels->depthwise_diff_src(&task->shape.depthwise, place_at(place, task->src),
                                        engine->packed[task->operation].weights, place_at(place, task->dst));
}

static const struct task_type task_diff_src = {
    .name = "depthwise_diff_src", .work = WORK_DIFF_SRC, .product = PRODUCTS, .run = run_diff_src};

static void run_diff_weights(const struct place *place, const struct task *task) {
    place->engine->kernels->depthwise_diff_weights(&task->shape.depthwise, place_at(place, task->src),
                                                   place_at(place, task->src2), place->image > place->shard_first,
                                                   place_partials(place, task));
}

static const struct task_type task_diff_weights = {.name = "depthwise_diff_weights",
                                                   .work = WORK_DIFF_WEIGHTS,
                                                   .product = PRODUCTS,
                                                   .adds_to_partials = true,
                                                   .run = run_diff_weights};

/* --- the kernel as it is, for both directions; scaled where a NORMALIZATION is folded in --- */

static size_t packed_size(const struct kernels *kernels, const struct shape *kernel, size_t tile,
                          enum product product) {
    (void)kernels, (void)tile, (void)product;
    return shape_size(kernel);
}

static void pack(const struct kernels *kernels, const struct shape *kernel, size_t tile, enum product product,
                 const real *weights, real *packed) {
    (void)kernels, (void)tile, (void)product;
    memcpy(packed, weights, shape_size(kernel) * sizeof *packed);
}

static void scale(const struct kernels *kernels, const struct shape *kernel, size_t tile, const real *by,
                  real *packed) {
    const size_t channels = (size_t)(kernel->dims[2] * kernel->dims[3]),
                 taps = (size_t)(kernel->dims[0] * kernel->dims[1]);
    (void)kernels, (void)tile;
    for (size_t tap = 0; tap < taps; tap++) {
        for (size_t o = 0; o < channels; o++)
            packed[tap * channels + o] *= by[o];
    }
}

static const struct packing packing = {.size = packed_size, .pack = pack, .scale = scale};

/* --- planning --- */

static struct depthwise_shape shape_of(const struct planner *planner, size_t operation, struct view src,
                                       struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent in = shape_extent(&planner_operation(planner, o->inputs[0])->shape),
                        out = shape_extent(&o->shape);
    return (struct depthwise_shape){.ih = in.h,
                                    .iw = in.w,
                                    .c = in.c,
                                    .multiplier = out.c / in.c,
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

static ocellus_status folded(struct planner *planner, size_t operation, int norm, struct view add, bool relu,
                             struct view dst) {
    struct view src;
    (void)add;
    TRY(plan_produce(planner, planner_operation(planner, operation)->inputs[0], NULL, &src));
    struct task task = plan_task(&task_depthwise, operation, src, dst);
    task.relu = relu;
    task.shape.depthwise = shape_of(planner, operation, src, dst);
    planner->plan->folded[operation] = norm;
    return plan_add_task(planner, task);
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    return folded(planner, operation, PLAN_NONE, view_none(), relu || products_mask(planner, operation), dst);
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const size_t source = planner_operation(planner, operation)->inputs[0];
    struct view diff, src, target;
    TRY(plan_take_diff(planner, operation, products_mask(planner, operation), NULL, &diff));
    if (planner_trains(planner, operation, PARAMETER_KERNEL)) {
        TRY(plan_produce(planner, source, NULL, &src));
        struct task task = plan_task(&task_diff_weights, operation, src, view_none());
        task.src2 = diff;
        task.shape.depthwise = shape_of(planner, operation, src, diff);
        TRY(plan_kernel_gradient(planner, operation, task));
    }
    TRY(plan_bias_gradient(planner, operation, diff));
    if (!planner->needs_gradient[source]) return OCELLUS_OK;
    TRY(plan_give_begin(planner, source, now, &target));
    struct task task = plan_task(&task_diff_src, operation, diff, target);
    task.shape.depthwise = shape_of(planner, operation, target, diff);
    TRY(plan_add_task(planner, task));
    return plan_give_end(planner, source, now, target);
}

const struct operation_type operator_depthwise = {
    .forward = forward, .folded = folded, .backward = backward, .flops = products_flops, .packing = &packing};
