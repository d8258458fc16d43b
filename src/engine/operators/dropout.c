/* SPDX-License-Identifier: MIT */
/* Dropout: a function of the seed, the layer, the epoch and the image's place in its order, so that no batch, thread or
 * interruption changes it. The gradient is the same function of the gradient: nothing is kept. Frozen, and in inference, it
 * is nothing. */
#include "engine/operators/common.h"

static void run(const struct place *place, const struct task *task) {
    const struct cpu_engine *engine = place->engine;
    const struct operation *o = place_operation(place, task);
    const struct random_stream stream =
        random_part(engine->base.options.seed, RANDOM_DROPOUT, (uint32_t)o->dropout, engine->base.batch.epoch,
                    (uint32_t)(engine->base.batch.first_place + place->image));
    engine->kernels->dropout(&task->shape.rows, o->rate, &stream, place_at(place, task->src),
                             place_at(place, task->dst));
}

static const struct task_type task_dropout = {.name = "dropout", .work = WORK_OTHER, .product = PRODUCTS, .run = run};

static bool is_active(const struct planner *planner, size_t operation) {
    return planner->plan->training && !planner_operation(planner, operation)->frozen;
}

static bool is_alias(const struct planner *planner, size_t operation) {
    return !is_active(planner, operation);
}

static ocellus_status add_task(struct planner *planner, size_t operation, struct view src, struct view dst) {
    struct task task = plan_task(&task_dropout, operation, src, dst);
    task.shape.rows = plan_rows(shape_extent(&planner_operation(planner, operation)->shape), src, dst);
    return plan_add_task(planner, task);
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const size_t input = planner_operation(planner, operation)->inputs[0];
    struct view src;
    (void)relu;
    if (!is_active(planner, operation)) return plan_produce(planner, input, &dst, &src);
    TRY(plan_produce(planner, input, NULL, &src));
    return add_task(planner, operation, src, dst);
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const size_t input = planner_operation(planner, operation)->inputs[0];
    struct view diff, target;
    TRY(plan_take_diff(planner, operation, false, NULL, &diff));
    if (!is_active(planner, operation)) return plan_give_view(planner, input, now, diff);
    TRY(plan_give_begin(planner, input, now, &target));
    TRY(add_task(planner, operation, diff, target));
    return plan_give_end(planner, input, now, target);
}

const struct operation_type operator_dropout = {
    .cheap = true, .varies = true, .is_alias = is_alias, .forward = forward, .backward = backward};
