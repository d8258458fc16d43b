/* SPDX-License-Identifier: MIT */
/* The gradients of a convolution: to its kernel, image by image in a shard's partials or from panels at the end of the phase;
 * and to its source. */
#include "engine/operators/convolution_backward.h"

#include "engine/operators/common.h"
#include "engine/operators/conv2d.h"
#include "engine/operators/pointwise.h"

#include <string.h>

/* A kernel's gradient that is summed from panels is summed for so many channels of source and output at a time: enough to use
 * what is read, few enough for their sums to stay in the second cache. A multiple of every row's tile_columns. */
enum { SQUARE_CHANNELS = 64 };

/* --- to the kernel, image by image --- */

/* The first rows of a shard's first image begin the shard's part: it is not cleared before. */
static void run_diff_weights_from(const struct place *place, const struct task *task, size_t row_begin) {
    const struct cpu_engine *engine = place->engine;
    const bool resume = place->image > place->shard_first || row_begin > 0;
    const real *src = place_at(place, task->src), *diff = place_at(place, task->src2);
    if (task->tile > 0) {
        const struct winograd_shape shape = {.conv = task->shape.conv,
                                             .tile = task->tile,
                                             .images = place->images,
                                             .src_image_stride = place_image_stride(place, task->src),
                                             .dst_image_stride = place_image_stride(place, task->src2)};
        engine->kernels->winograd.diff_weights(&shape, src, diff, resume, place_partials(place, task),
                                               place_conv_scratch(place));
        return;
    }
    engine->kernels->conv2d_diff_weights(&task->shape.conv, src, diff, resume, place_partials(place, task));
}

static void run_diff_weights(const struct place *place, const struct task *task) {
    run_diff_weights_from(place, task, 0);
}

static void run_diff_weights_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    struct task rows = *task;
    rows.src.offset += begin * rows.shape.conv.sh * rows.shape.conv.src_row_stride;
    rows.src2.offset += begin * rows.shape.conv.dst_row_stride;
    rows.shape.conv.oh = end - begin;
    run_diff_weights_from(place, &rows, begin);
}

static const struct task_type task_diff_weights = {.name = "conv2d_diff_weights",
                                                   .work = WORK_DIFF_WEIGHTS,
                                                   .product = PRODUCT_DIFF_WEIGHTS,
                                                   .adds_to_partials = true,
                                                   .run = run_diff_weights,
                                                   .run_rows = run_diff_weights_rows,
                                                   .chain_rows = conv2d_chain_rows,
                                                   .reads_neighbours = conv2d_reads_neighbours,
                                                   .row_values = conv2d_row_values};

/* --- to a large 1x1 kernel over small images: from panels, square by square --- */

static void run_pack_pixels(const struct place *place, const struct task *task) {
    place->engine->kernels->pack_pixels(&task->shape.pixels, place_at(place, task->src), place_at(place, task->dst));
}

/* Its images count when they are summed. */
static const struct task_type task_pack_pixels = {.name = "pack_pixels",
                                                  .work = WORK_DIFF_WEIGHTS,
                                                  .counts_no_images = true,
                                                  .product = PRODUCTS,
                                                  .run = run_pack_pixels};

/* A pair of panels of a square, by their first channels; none beyond the kernel's edge. */
struct pair {
    size_t first_ic, first_oc;
    bool exists;
};

static const int64_t *kernel_dims(const struct cpu_engine *engine, const struct reduction *reduction) {
    return engine_parameter_shape(engine, reduction->operation, PARAMETER_KERNEL)->dims + 2;
}

static struct pair pair_of(const struct cpu_engine *engine, const struct reduction *reduction, size_t square,
                           size_t number) {
    const int64_t *dims = kernel_dims(engine, reduction);
    const size_t ic = (size_t)dims[0], oc = (size_t)dims[1], panel = engine->kernels->tile_columns;
    const size_t across = (oc + SQUARE_CHANNELS - 1) / SQUARE_CHANNELS, side = SQUARE_CHANNELS / panel;
    struct pair pair = {.first_ic = square / across * SQUARE_CHANNELS + number / side * panel,
                        .first_oc = square % across * SQUARE_CHANNELS + number % side * panel};
    pair.exists = pair.first_ic < ic && pair.first_oc < oc;
    return pair;
}

static size_t pair_count(const struct cpu_engine *engine) {
    const size_t side = SQUARE_CHANNELS / engine->kernels->tile_columns;
    return side * side;
}

/* The shards' sums of every pair, [shard][pair][panel][panel]. */
static void sum_square(const struct cpu_engine *engine, const struct reduction *reduction, size_t square,
                       real *partials) {
    const size_t panel = engine->kernels->tile_columns, pairs = pair_count(engine);
    struct panels_shape shape = {.pixels = reduction->pixels,
                                 .src_image_stride = engine->plan->buffers[reduction->src.buffer].size / sizeof(real),
                                 .diff_image_stride =
                                     engine->plan->buffers[reduction->diff.buffer].size / sizeof(real)};
    for (size_t shard = 0; shard < engine->shards; shard++) {
        const size_t image = engine_shard_first(engine, shard);
        const real *src = engine_view(engine, reduction->src, image),
                   *diff = engine_view(engine, reduction->diff, image);
        shape.images = engine_shard_images(engine, shard);
        for (size_t i = 0; i < pairs; i++, partials += panel * panel) {
            const struct pair pair = pair_of(engine, reduction, square, i);
            if (!pair.exists) continue;
            engine->kernels->sum_panels(&shape, src + pair.first_ic * reduction->pixels,
                                        diff + pair.first_oc * reduction->pixels, partials);
        }
    }
}

static real *reduction_scratch(const struct cpu_engine *engine, size_t worker) {
    return engine->reduction_scratch + worker * engine->reduction_scratch_size;
}

/* One square of a kernel: the shards' sums, joined by their tree, in a worker's cache. */
static void reduce_square(struct cpu_engine *engine, const struct reduction *reduction, size_t square, size_t end,
                          size_t worker) {
    const int64_t *dims = kernel_dims(engine, reduction);
    const size_t ic = (size_t)dims[0], oc = (size_t)dims[1], panel = engine->kernels->tile_columns,
                 values = panel * panel, pairs = pair_count(engine);
    real *partials = reduction_scratch(engine, worker), *gradient = engine_gradient(engine, reduction->parameter);
    (void)end;
    sum_square(engine, reduction, square, partials);
    for (size_t i = 0; i < pairs; i++, partials += values) {
        const struct pair pair = pair_of(engine, reduction, square, i);
        if (!pair.exists) continue;
        engine->kernels->join_parts(values, engine->shards, pairs * values, partials, partials);
        const size_t rows = ic - pair.first_ic < panel ? ic - pair.first_ic : panel,
                     columns = oc - pair.first_oc < panel ? oc - pair.first_oc : panel;
        for (size_t row = 0; row < rows; row++)
            memcpy(gradient + (pair.first_ic + row) * oc + pair.first_oc, partials + row * panel,
                   columns * sizeof(real));
    }
}

static size_t square_piece(const struct cpu_engine *engine, const struct reduction *reduction) {
    (void)engine, (void)reduction;
    return 1;
}

static size_t square_scratch(const struct cpu_engine *engine, const struct reduction *reduction) {
    (void)engine, (void)reduction;
    return PLAN_SHARDS * SQUARE_CHANNELS * SQUARE_CHANNELS;
}

static const struct reduction_type reduction_squares = {
    .name = "squares", .product = true, .run = reduce_square, .piece = square_piece, .scratch = square_scratch};

static ocellus_status pack_pixels(struct planner *planner, size_t operation, struct pixels_shape shape, struct view src,
                                  struct view *panels) {
    const size_t values = kernels_packed_size(planner->plan->kernels, shape.rows * shape.width, shape.c);
    *panels = (struct view){.element = ELEMENT_REAL};
    TRY(plan_batch_buffer(planner, ELEMENT_REAL, values * sizeof(real), &panels->buffer));
    struct task task = plan_task(&task_pack_pixels, operation, src, *panels);
    task.shape.pixels = shape;
    return plan_add_task(planner, task);
}

static ocellus_status sum_from_panels(struct planner *planner, size_t operation, const struct conv_shape *conv,
                                      struct view src, struct view diff) {
    const size_t side = SQUARE_CHANNELS;
    struct reduction reduction = {
        .type = &reduction_squares,
        .operation = operation,
        .parameter = planner_operation(planner, operation)->parameters[PARAMETER_KERNEL],
        .count = (conv->ic + side - 1) / side * ((conv->oc + side - 1) / side),
        .pixels = conv->oh * conv->ow,
    };
    const struct pixels_shape read = {conv->oh, conv->ow, conv->ic, conv->sh * conv->src_row_stride,
                                      conv->sw * conv->ic};
    const struct pixels_shape written = {conv->oh, conv->ow, conv->oc, conv->dst_row_stride, conv->oc};
    TRY(pack_pixels(planner, operation, read, src, &reduction.src));
    TRY(pack_pixels(planner, operation, written, diff, &reduction.diff));
    planner->plan->by_panels[operation] = true;
    return plan_add_reduction(planner, reduction, 0, NULL);
}

/* --- planning --- */

static ocellus_status add_parameter_tasks(struct planner *planner, size_t operation, struct view diff) {
    if (!planner_trains(planner, operation, PARAMETER_KERNEL)) return OCELLUS_OK;
    struct view src;
    struct extent extent;
    TRY(plan_padded_source(planner, operation, 0, &src, &extent));
    struct task task = plan_task(&task_diff_weights, operation, src, view_none());
    task.src2 = diff;
    task.shape.conv = plan_conv_shape(planner, operation, src, extent, diff);
    if (kernels_want_panels(&task.shape.conv)) TRY(sum_from_panels(planner, operation, &task.shape.conv, src, diff));
    else TRY(plan_kernel_gradient(planner, operation, task));
    return plan_bias_gradient(planner, operation, diff);
}

/* The gradient to the source is a convolution, with the rotated weights, of the gradient to the output: spread by the
 * strides, and padded so that it comes out at the source's own size. */
struct spread {
    struct extent extent; /* of the padded image */
    size_t pad[2][2];     /* around the spread gradient */
    struct view padded, within;
};

static ocellus_status make_spread(struct planner *planner, size_t operation, struct extent source,
                                  struct spread *spread) {
    const struct operation *o = planner_operation(planner, operation);
    const struct extent out = shape_extent(&o->shape);
    const size_t sizes[2] = {source.h, source.w}, outs[2] = {out.h, out.w};
    for (size_t axis = 0; axis < 2; axis++) {
        const size_t kernel = o->window.size[axis], spread_size = (outs[axis] - 1) * o->window.strides[axis] + 1;
        spread->pad[axis][0] = kernel - 1 - o->window.pad[axis][0];
        spread->pad[axis][1] = sizes[axis] + kernel - 1 - spread->pad[axis][0] - spread_size;
    }
    spread->extent = (struct extent){source.h + o->window.size[0] - 1, source.w + o->window.size[1] - 1, out.c};
    TRY(plan_padded_view(planner, operation, spread->extent, &spread->padded));
    spread->within = view_inside(spread->padded, spread->pad, out.c);
    return plan_fill_border(planner, operation, spread->extent, spread->pad, 0, spread->padded);
}

static ocellus_status add_diff_src(struct planner *planner, size_t operation, struct view src, struct extent extent,
                                   struct view dst) {
    const size_t source = planner_operation(planner, operation)->inputs[0];
    const struct extent out = shape_extent(&planner_operation(planner, source)->shape);
    struct task task = plan_task(&task_conv2d_diff_src, operation, src, dst);
    struct conv_shape *conv = &task.shape.conv;
    *conv = plan_conv_shape(planner, operation, src, extent, dst);
    conv->oh = out.h;
    conv->ow = out.w;
    conv->oc = out.c;
    conv->sh = conv->sw = 1;
    return plan_add_task(planner, task);
}

static ocellus_status give_spread(struct planner *planner, size_t operation, size_t now) {
    const struct operation *o = planner_operation(planner, operation);
    const size_t source = o->inputs[0];
    const struct extent extent = shape_extent(&planner_operation(planner, source)->shape);
    const bool mask = products_mask(planner, operation);
    struct view diff, target;
    struct spread spread;
    if (o->window.strides[0] > 1 || o->window.strides[1] > 1) {
        TRY(plan_take_diff(planner, operation, mask, NULL, &diff));
        TRY(make_spread(planner, operation, extent, &spread));
        TRY(plan_fill(planner, operation, spread.extent, 0, spread.padded));
        TRY(plan_scatter(planner, operation, o->window.strides, diff, spread.within));
    } else {
        TRY(make_spread(planner, operation, extent, &spread));
        TRY(plan_take_diff(planner, operation, mask, &spread.within, &diff));
    }
    TRY(add_parameter_tasks(planner, operation, diff));
    TRY(plan_give_begin(planner, source, now, &target));
    TRY(add_diff_src(planner, operation, spread.padded, spread.extent, target));
    return plan_give_end(planner, source, now, target);
}

ocellus_status plan_conv2d_backward(struct planner *planner, size_t operation, size_t now) {
    const struct operation *o = planner_operation(planner, operation);
    const bool gives = planner->needs_gradient[o->inputs[0]];
    const bool pointwise = o->window.size[0] == 1 && o->window.size[1] == 1 && !window_pads(&o->window);
    struct view diff, add = view_none();
    if (gives && !pointwise) return give_spread(planner, operation, now);
    if (gives) TRY(plan_prepare_pointwise(planner, operation, now, &add));
    TRY(plan_take_diff(planner, operation, products_mask(planner, operation), NULL, &diff));
    TRY(add_parameter_tasks(planner, operation, diff));
    return gives ? plan_give_pointwise(planner, operation, diff, add) : OCELLUS_OK;
}
