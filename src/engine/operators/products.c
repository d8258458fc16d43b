/* SPDX-License-Identifier: MIT */
/* What operations with a kernel have in common: their sums over images. */
#include "engine/operators/products.h"

#include "engine/operator.h"
#include "engine/operators/move.h"
#include "engine/place.h"
#include "engine/plan_emit.h"
#include "engine/plan_values.h"

enum { PIECE_VALUES = 16384 }; /* of a gradient, joined as one piece of work */

bool products_mask(const struct planner *planner, size_t operation) {
    return planner_operation(planner, operation)->unary.function == UNARY_RELU;
}

static const struct shape *parameter_shape(const struct lowered *lowered, size_t place) {
    return &lowered->parameters[place].parameter->shape;
}

const struct shape *products_kernel(const struct planner *planner, size_t operation) {
    return parameter_shape(planner->plan->lowered, planner_operation(planner, operation)->parameters[PARAMETER_KERNEL]);
}

double products_flops(const struct lowered *lowered, const struct operation *operation) {
    const struct extent out = shape_extent(&operation->shape);
    return 2.0 * (double)shape_size(parameter_shape(lowered, operation->parameters[PARAMETER_KERNEL])) *
           (double)(out.h * out.w);
}

const real *products_bias(const struct place *place, const struct task *task) {
    const struct cpu_engine *engine = place->engine;
    if (engine->plan->folded[task->operation] != PLAN_NONE) return engine->packed[task->operation].folded_bias;
    return engine_parameter(engine, task->operation, PARAMETER_BIAS);
}

/* --- a kernel's gradient: the shards' partials, joined wave by wave --- */

static size_t kernel_piece(const struct cpu_engine *engine, const struct reduction *reduction) {
    (void)engine, (void)reduction;
    return PIECE_VALUES;
}

static void reduce_kernel_wave(struct cpu_engine *engine, const struct reduction *reduction, size_t begin, size_t end,
                               size_t first_shard) {
    const size_t rest = engine->shards - first_shard, shards = rest < engine->wave ? rest : engine->wave;
    engine->kernels->join_parts(end - begin, shards, engine->plan->partials_values,
                                engine_partials(engine, 0, reduction) + begin,
                                engine_partials(engine, engine->wave + first_shard / engine->wave, reduction) + begin);
}

/* The tree over shards is the tree over waves of the trees within them: a wave is a power of two of shards. */
static void reduce_kernel(struct cpu_engine *engine, const struct reduction *reduction, size_t begin, size_t end,
                          size_t worker) {
    const size_t waves = (engine->shards + engine->wave - 1) / engine->wave;
    (void)worker;
    engine->kernels->join_parts(end - begin, waves, engine->plan->partials_values,
                                engine_partials(engine, engine->wave, reduction) + begin,
                                engine_gradient(engine, reduction->parameter) + begin);
}

static const struct reduction_type reduction_kernel = {
    .name = "kernel", .in_waves = true, .run = reduce_kernel, .run_wave = reduce_kernel_wave, .piece = kernel_piece};

static ocellus_status add_with_reduction(struct planner *planner, const struct reduction_type *type,
                                         enum parameter_role role, struct task task) {
    const size_t parameter = planner_operation(planner, task.operation)->parameters[role],
                 count = shape_size(parameter_shape(planner->plan->lowered, parameter));
    TRY(plan_add_reduction(planner,
                           (struct reduction){.type = type,
                                              .operation = task.operation,
                                              .parameter = parameter,
                                              .count = count,
                                              .src = view_none(),
                                              .diff = view_none()},
                           count, &task.partials));
    return plan_add_task(planner, task);
}

ocellus_status plan_kernel_gradient(struct planner *planner, size_t operation, struct task task) {
    task.operation = operation;
    return add_with_reduction(planner, &reduction_kernel, PARAMETER_KERNEL, task);
}

/* --- a bias's gradient: small sums of each shard --- */

static void run_bias(const struct place *place, const struct task *task) {
    const struct rows_shape rows = rows_of(place, task);
    place->engine->kernels->sum_pixels(&rows, place_at(place, task->src), place_partials(place, task));
}

static void run_bias_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct task rows = rows_cut(task, begin, end);
    run_bias(place, &rows);
}

static const struct task_type task_bias = {.name = "diff_bias",
                                           .work = WORK_OTHER,
                                           .product = PRODUCTS,
                                           .run = run_bias,
                                           .run_rows = run_bias_rows,
                                           .chain_rows = rows_chain_rows,
                                           .row_values = rows_row_values};

static void reduce_bias(struct cpu_engine *engine, const struct reduction *reduction, size_t begin, size_t end,
                        size_t worker) {
    (void)begin, (void)end, (void)worker;
    engine->kernels->join_parts(reduction->count, engine->shards, engine->plan->sums_values,
                                engine_sums(engine, 0, reduction), engine_gradient(engine, reduction->parameter));
}

static const struct reduction_type reduction_bias = {.name = "bias", .run = reduce_bias};

ocellus_status plan_bias_gradient(struct planner *planner, size_t operation, struct view diff) {
    if (!planner_trains(planner, operation, PARAMETER_BIAS)) return OCELLUS_OK;
    struct task task = plan_task(&task_bias, operation, diff, view_none());
    task.shape.rows = plan_rows(shape_extent(&planner_operation(planner, operation)->shape), diff, diff);
    return add_with_reduction(planner, &reduction_bias, PARAMETER_BIAS, task);
}
