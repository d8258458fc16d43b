/* SPDX-License-Identifier: MIT */
/* Dense layers: one product over all images of a shard. */
#include "engine/operators/common.h"

#include "engine/operators/conv2d.h"
#include "engine/operators/pointwise.h"

static ocellus_status forward(struct planner *planner, size_t operation, bool relu, struct view dst) {
    return plan_conv2d(planner, operation, PLAN_NONE, view_none(), relu || products_mask(planner, operation), dst);
}

/* Rows of the kernel that make one piece, in values. */
static size_t piece(const struct cpu_engine *engine, const struct reduction *reduction) {
    const struct shape *kernel = engine_parameter_shape(engine, reduction->operation, PARAMETER_KERNEL);
    return engine->kernels->tile_rows * (size_t)kernel->dims[1];
}

/* A dense layer's kernel is large and its sums over a shard are short: instead of a part of it for every shard in memory, a
 * few rows of it are summed over all shards at a time, in the worker's cache: as a convolution of one channel and `rows` taps
 * that steps over `in` values to the next image. */
static void reduce(struct cpu_engine *engine, const struct reduction *reduction, size_t begin, size_t end,
                   size_t worker) {
    const struct shape *kernel = engine_parameter_shape(engine, reduction->operation, PARAMETER_KERNEL);
    const size_t in = (size_t)kernel->dims[0], out = (size_t)kernel->dims[1], first = begin / out,
                 rows = (end - begin) / out, values = rows * out;
    real *partials = engine->reduction_scratch + worker * engine->reduction_scratch_size;
    for (size_t shard = 0; shard < engine->shards; shard++) {
        const size_t image = engine_shard_first(engine, shard), images = engine_shard_images(engine, shard);
        const struct conv_shape row = {.ih = 1,
                                       .iw = images * in,
                                       .ic = 1,
                                       .oh = 1,
                                       .ow = images,
                                       .oc = out,
                                       .kh = 1,
                                       .kw = rows,
                                       .sh = 1,
                                       .sw = in,
                                       .src_row_stride = images * in,
                                       .dst_row_stride = images * out};
        engine->kernels->conv2d_diff_weights(&row, engine_view(engine, reduction->src, image) + first,
                                             engine_view(engine, reduction->diff, image), false,
                                             partials + shard * values);
    }
    engine->kernels->join_parts(values, engine->shards, values, partials,
                                engine_gradient(engine, reduction->parameter) + begin);
}

static size_t scratch(const struct cpu_engine *engine, const struct reduction *reduction) {
    return PLAN_SHARDS * piece(engine, reduction);
}

static const struct reduction_type reduction_dense = {
    .name = "dense", .product = true, .run = reduce, .piece = piece, .scratch = scratch};

static ocellus_status add_parameter_tasks(struct planner *planner, size_t operation, struct view diff) {
    const struct operation *o = planner_operation(planner, operation);
    if (planner_trains(planner, operation, PARAMETER_KERNEL)) {
        struct reduction reduction = {.type = &reduction_dense,
                                      .operation = operation,
                                      .parameter = o->parameters[PARAMETER_KERNEL],
                                      .count = shape_size(products_kernel(planner, operation)),
                                      .diff = diff};
        TRY(plan_produce(planner, o->inputs[0], NULL, &reduction.src));
        TRY(plan_add_reduction(planner, reduction, 0, NULL));
    }
    return plan_bias_gradient(planner, operation, diff);
}

static ocellus_status backward(struct planner *planner, size_t operation, size_t now) {
    const bool gives = planner->needs_gradient[planner_operation(planner, operation)->inputs[0]];
    struct view diff, add = view_none();
    if (gives) TRY(plan_prepare_pointwise(planner, operation, now, &add));
    TRY(plan_take_diff(planner, operation, products_mask(planner, operation), NULL, &diff));
    TRY(add_parameter_tasks(planner, operation, diff));
    return gives ? plan_give_pointwise(planner, operation, diff, add) : OCELLUS_OK;
}

const struct operation_type operator_dense = {
    .per_shard = true, .forward = forward, .backward = backward, .flops = products_flops, .packing = &conv2d_packing};
