/* SPDX-License-Identifier: MIT */
/* BatchNormalization. Forward it is an affine function of each channel, on the way of a pass that something else makes or in a
 * convolution's weights. Its gradient (Ioffe and Szegedy 2015), with xhat = (x - mean) * inverse and N values a channel:
 * diff_gamma = sum(diff * xhat), diff_beta = sum(diff), diff_x = gamma * inverse * (diff - diff_beta / N - xhat *
 * diff_gamma / N), which is written as a * diff + b * x + d. */
#include "engine/operators/common.h"

#include <math.h>

static struct norm_state *norm_of(const struct cpu_engine *engine, size_t operation) {
    return &engine->norms[operation];
}

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t input = o->inputs[0];
    if (planner_can_fold(planner, input))
        return planner_operator(planner, input)->folded(planner, input, (int)operation, view_none(), relu, dst);
    struct view src;
    TRY(plan_produce(planner, input, NULL, &src));
    return plan_affine(planner, operation, shape_extent(&o->shape), (int)operation, relu, src, dst);
}

/* --- statistics of the batch --- */

/* Joins these rows' (mean, M2) to the shard's: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
 * computing sample variances", 1979. */
static void run_statistics_rows(const struct place *place, const struct task *task, size_t row_begin, size_t row_end) {
    const struct cpu_engine *engine = place->engine;
    const struct rows_shape *rows = &task->shape.rows;
    const size_t c = rows->c, pixels = (row_end - row_begin) * rows->width * place->images;
    const size_t before = ((place->image - place->shard_first) * rows->rows + row_begin) * rows->width;
    real *mean = place_partials(place, task), *m2 = mean + c;
    const real *src = (const real *)place_at(place, task->src) + row_begin * rows->width * c;
    if (before == 0) {
        engine->kernels->statistics(pixels, c, src, mean, m2);
        return;
    }
    real *now_mean = engine->moments + place->worker * engine->moments_size, *now_m2 = now_mean + c;
    engine->kernels->statistics(pixels, c, src, now_mean, now_m2);
    const real share = (real)pixels / ((real)before + (real)pixels);
    for (size_t i = 0; i < c; i++) {
        const real delta = now_mean[i] - mean[i];
        mean[i] += delta * share;
        m2[i] += now_m2[i] + delta * delta * (real)before * share;
    }
}

static void run_statistics(const struct place *place, const struct task *task) {
    run_statistics_rows(place, task, 0, task->shape.rows.rows);
}

static const struct task_type task_statistics = {.name = "statistics",
                                                 .work = WORK_OTHER,
                                                 .product = PRODUCTS,
                                                 .run = run_statistics,
                                                 .run_rows = run_statistics_rows,
                                                 .chain_rows = rows_chain_rows,
                                                 .row_values = rows_row_values};

static size_t pixels_of(const struct cpu_engine *engine, size_t operation) {
    const struct extent extent = shape_extent(&engine->lowered->operations[operation].shape);
    return extent.h * extent.w;
}

/* Joins (count, mean, M2) of all shards into shard 0's, in place, by the fixed tree. */
static void join_statistics(const struct cpu_engine *engine, const struct reduction *reduction, size_t c,
                            size_t pixels) {
    size_t counts[PLAN_SHARDS];
    for (size_t shard = 0; shard < engine->shards; shard++)
        counts[shard] = engine_shard_images(engine, shard) * pixels;
    for (size_t step = 1; step < engine->shards; step *= 2) {
        for (size_t left = 0; left + step < engine->shards; left += 2 * step) {
            const size_t right = left + step;
            real *mean = engine_sums(engine, left, reduction), *m2 = mean + c;
            const real *other = engine_sums(engine, right, reduction), *other_m2 = other + c;
            const real a = (real)counts[left], b = (real)counts[right], share = b / (a + b);
            for (size_t i = 0; i < c; i++) {
                const real delta = other[i] - mean[i];
                mean[i] += delta * share;
                m2[i] += other_m2[i] + delta * delta * a * share;
            }
            counts[left] += counts[right];
        }
    }
}

static real gamma_at(const real *gamma, size_t i) {
    return gamma ? gamma[i] : 1;
}

/* Scale and shift from the batch's statistics, and the moving ones; or their sums over passes. */
static void reduce_statistics(struct cpu_engine *engine, const struct reduction *reduction, size_t begin, size_t end,
                              size_t worker) {
    const struct operation *o = &engine->lowered->operations[reduction->operation];
    struct norm_state *norm = norm_of(engine, reduction->operation);
    const size_t c = norm->c, pixels = pixels_of(engine, reduction->operation);
    (void)begin, (void)end, (void)worker;
    join_statistics(engine, reduction, c, pixels);
    const real *mean = engine_sums(engine, 0, reduction), *m2 = mean + c;
    const real *gamma = engine_parameter(engine, reduction->operation, PARAMETER_GAMMA),
               *beta = engine_parameter(engine, reduction->operation, PARAMETER_BETA);
    real *moving_mean = engine_parameter(engine, reduction->operation, PARAMETER_MOVING_MEAN),
         *moving_variance = engine_parameter(engine, reduction->operation, PARAMETER_MOVING_VARIANCE);
    const real count = (real)(engine->n * pixels), epsilon = (real)o->epsilon, momentum = (real)o->momentum,
               rest = (real)(1 - o->momentum);
    for (size_t i = 0; i < c; i++) {
        const real variance = m2[i] / count; /* biased, as Keras, for the normalisation and the moving average alike */
        norm->mean[i] = mean[i];
        norm->inverse[i] = 1 / (real)sqrt((double)(variance + epsilon));
        norm->scale[i] = gamma_at(gamma, i) * norm->inverse[i];
        norm->shift[i] = (beta ? beta[i] : 0) - mean[i] * norm->scale[i];
        if (engine->mode == ENGINE_TRAINING) {
            moving_mean[i] = moving_mean[i] * momentum + mean[i] * rest;
            moving_variance[i] = moving_variance[i] * momentum + variance * rest;
        } else {
            norm->sum_mean[i] += (double)mean[i];
            norm->sum_variance[i] += (double)variance;
        }
    }
}

static const struct reduction_type reduction_statistics = {.name = "statistics", .run = reduce_statistics};

static ocellus_status observe(struct planner *planner, size_t operation, struct view input) {
    const struct extent extent = shape_extent(&planner_operation(planner, operation)->shape);
    struct task task = plan_task(&task_statistics, operation, input, view_none());
    task.shape.rows = plan_rows(extent, input, input);
    TRY(plan_add_reduction(planner,
                           (struct reduction){.type = &reduction_statistics,
                                              .operation = operation,
                                              .parameter = PARAMETER_NONE,
                                              .count = 2 * extent.c,
                                              .src = view_none(),
                                              .diff = view_none()},
                           2 * extent.c, &task.partials));
    return plan_add_task(planner, task);
}

/* --- the gradient --- */

static void run_reduce(const struct place *place, const struct task *task) {
    const struct rows_shape rows = rows_of(place, task);
    real *sums = place_partials(place, task);
    place->engine->kernels->batch_norm_reduce(rows.rows * rows.width, rows.c, place_at(place, task->src),
                                              place_at(place, task->src2),
                                              norm_of(place->engine, task->operation)->mean, sums, sums + rows.c);
}

static void run_reduce_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct task rows = rows_cut(task, begin, end);
    run_reduce(place, &rows);
}

static const struct task_type task_reduce = {.name = "norm_reduce",
                                             .work = WORK_OTHER,
                                             .product = PRODUCTS,
                                             .run = run_reduce,
                                             .run_rows = run_reduce_rows,
                                             .chain_rows = rows_chain_rows,
                                             .row_values = rows_row_values};

static void reduce_gradient(struct cpu_engine *engine, const struct reduction *reduction, size_t begin, size_t end,
                            size_t worker) {
    const struct operation *o = &engine->lowered->operations[reduction->operation];
    struct norm_state *norm = norm_of(engine, reduction->operation);
    const size_t c = norm->c;
    (void)begin, (void)end, (void)worker;
    real *sums = engine_sums(engine, 0, reduction);
    engine->kernels->join_parts(2 * c, engine->shards, engine->plan->sums_values, sums, sums);
    const real *gamma = engine_parameter(engine, reduction->operation, PARAMETER_GAMMA);
    real *diff_gamma = gamma ? engine_gradient(engine, o->parameters[PARAMETER_GAMMA]) : NULL,
         *diff_beta = o->parameters[PARAMETER_BETA] == PARAMETER_NONE
                          ? NULL
                          : engine_gradient(engine, o->parameters[PARAMETER_BETA]);
    const real count = (real)(engine->n * pixels_of(engine, reduction->operation));
    for (size_t i = 0; i < c; i++) {
        const real inverse = norm->inverse[i], gamma_sum = sums[c + i] * inverse;
        if (diff_beta) diff_beta[i] = sums[i];
        if (diff_gamma) diff_gamma[i] = gamma_sum;
        norm->a[i] = gamma_at(gamma, i) * inverse;
        norm->b[i] = -norm->a[i] * inverse * gamma_sum / count;
        norm->d[i] = -norm->a[i] * sums[i] / count - norm->b[i] * norm->mean[i];
    }
}

static const struct reduction_type reduction_gradient = {.name = "norm_gradient", .run = reduce_gradient};

static ocellus_status reduce(struct planner *planner, size_t operation, struct view diff) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent extent = shape_extent(&o->shape);
    struct view src;
    TRY(plan_produce_dense(planner, o->inputs[0], &src));
    struct task task = plan_task(&task_reduce, operation, diff, view_none());
    task.src2 = src;
    task.shape.rows = plan_rows(extent, diff, src);
    TRY(plan_add_reduction(planner,
                           (struct reduction){.type = &reduction_gradient,
                                              .operation = operation,
                                              .parameter = PARAMETER_NONE,
                                              .count = 2 * extent.c,
                                              .src = view_none(),
                                              .diff = view_none()},
                           2 * extent.c, &task.partials));
    return plan_add_task(planner, task);
}

static void run_pull(const struct place *place, const struct task *task) {
    const struct rows_shape rows = rows_of(place, task);
    const struct norm_state *norm = norm_of(place->engine, task->operation);
    place->engine->kernels->batch_norm_backward(&rows, place_at(place, task->src), place_at(place, task->src2), norm->a,
                                                norm->b, norm->d, task->relu, place_at(place, task->dst));
}

static void run_pull_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    const struct task rows = rows_cut(task, begin, end);
    run_pull(place, &rows);
}

static const struct task_type task_pull = {.name = "norm_pull",
                                           .work = WORK_OTHER,
                                           .product = PRODUCTS,
                                           .run = run_pull,
                                           .run_rows = run_pull_rows,
                                           .chain_rows = rows_chain_rows,
                                           .row_values = rows_row_values};

static ocellus_status pull(struct planner *planner, size_t operation, bool mask, struct view dst) {
    const size_t input = planner_operation(planner, operation)->inputs[0];
    struct view src;
    TRY(plan_produce_dense(planner, input, &src));
    struct task task = plan_task(&task_pull, operation, planner->diff[operation], dst);
    task.src2 = src;
    task.relu = mask;
    task.shape.rows = plan_rows(shape_extent(&planner_operation(planner, input)->shape), src, dst);
    return plan_add_task(planner, task);
}

const struct operation_type operator_normalization = {.cheap = true,
                                                      .passes = true,
                                                      .folds = true,
                                                      .varies = true,
                                                      .takes_relu = true,
                                                      .forward = forward,
                                                      .observe = observe,
                                                      .reduce = reduce,
                                                      .pull = pull};
