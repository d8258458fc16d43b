/* SPDX-License-Identifier: MIT */
/* Running a plan: phases one after another, shards of images in parallel, the segments of a shard in order. A worker
 * writes only to its own scratch, to its images' part of the batch buffers, and to its shard's parts. */
#include "engine/cpu_engine.h"

#include <math.h>
#include <string.h>

real *engine_view(const struct engine *engine, struct view view, size_t image, size_t worker) {
    if (view.buffer == PLAN_INPUT) {
        size_t size = shape_size(&engine->graph->nodes[0].shape);
        return (real *)(uintptr_t)(engine->src + image * size + view.offset); /* the input is only ever read */
    }
    const struct buffer *buffer = &engine->plan->buffers[view.buffer];
    unsigned char *base =
        buffer->batch ? engine->batch + buffer->place + image * buffer->size : engine->scratch[worker] + buffer->place;
    return (real *)(void *)base + view.offset;
}

/* What a task works on: its first image, how many at once (1, or all of the shard), the worker, the shard. */
struct place {
    struct engine *engine;
    size_t image, images, worker, shard, shard_first;
};

static real *at(const struct place *place, struct view view) {
    return engine_view(place->engine, view, place->image, place->worker);
}

static real *part(const struct place *place, const struct task *task) {
    return place->engine->parts + place->shard * place->engine->plan->parts_values + task->parts;
}

/* In a per-shard segment the images are rows of a dense matrix. */
static struct rows_shape rows_of(const struct place *place, const struct task *task) {
    struct rows_shape rows = task->shape.rows;
    rows.rows *= place->images;
    return rows;
}

static struct conv_shape conv_of(const struct place *place, const struct task *task) {
    struct conv_shape conv = task->shape.conv;
    if (place->images > 1) { /* a dense layer over the shard: a row of as many pixels as there are images */
        conv.iw = conv.ow = place->images;
        conv.src_row_stride = place->images * conv.ic;
        conv.dst_row_stride = place->images * conv.oc;
    }
    return conv;
}

static void run_conv2d(const struct place *place, const struct task *task) {
    const struct engine *engine = place->engine;
    const struct node *node = &engine->graph->nodes[task->node];
    struct conv_shape conv = conv_of(place, task);
    const real *bias = node->parameter_count > 1 ? engine_parameter(engine, task->node, 1) : NULL;
    engine->kernels->conv2d(&conv, at(place, task->src), engine->packed[task->node].weights, bias, task->relu, 0,
                            conv.oh, at(place, task->dst));
}

static void run_conv2d_diff_src(const struct place *place, const struct task *task) {
    const struct engine *engine = place->engine;
    struct conv_shape conv = conv_of(place, task);
    engine->kernels->conv2d(&conv, at(place, task->src), engine->packed[task->node].rotated, NULL, false, 0, conv.oh,
                            at(place, task->dst));
}

static void run_affine(const struct place *place, const struct task *task) {
    const struct engine *engine = place->engine;
    struct rows_shape rows = rows_of(place, task);
    const struct norm_state *norm = &engine->norms[task->norm];
    engine->kernels->affine(&rows, at(place, task->src), task->normalize ? norm->scale : NULL,
                            task->normalize ? norm->shift : NULL, task->relu, at(place, task->dst));
}

/* Value by value over rows that may have different strides: one call where all lie back to back. */
static void run_add(const struct place *place, const struct task *task) {
    const struct engine *engine = place->engine;
    struct rows_shape rows = rows_of(place, task);
    size_t row = rows.width * rows.c, b_stride = task->src2.row_stride;
    const real *a = at(place, task->src), *b = at(place, task->src2);
    real *dst = at(place, task->dst);
    if (rows.src_row_stride == row && rows.dst_row_stride == row && b_stride == row) {
        engine->kernels->add(rows.rows * row, a, b, task->relu, dst);
        return;
    }
    for (size_t y = 0; y < rows.rows; y++) {
        engine->kernels->add(row, a + y * rows.src_row_stride, b + y * b_stride, task->relu,
                             dst + y * rows.dst_row_stride);
    }
}

static void run_relu_backward(const struct place *place, const struct task *task) {
    const struct engine *engine = place->engine;
    struct rows_shape rows = rows_of(place, task);
    size_t row = rows.width * rows.c;
    const real *diff = at(place, task->src), *output = at(place, task->src2);
    real *dst = at(place, task->dst);
    for (size_t y = 0; y < rows.rows; y++) {
        engine->kernels->relu_backward(row, diff + y * rows.src_row_stride, output + y * task->src2.row_stride,
                                       dst + y * rows.dst_row_stride);
    }
}

static void fill(real *dst, size_t count, real value) {
    for (size_t i = 0; i < count; i++) {
        dst[i] = value;
    }
}

static void run_fill_border(const struct place *place, const struct task *task) {
    const struct rows_shape *rows = &task->shape.rows;
    size_t c = rows->c, row = rows->width * c;
    size_t left = task->pad[1][0] * c, right = task->pad[1][1] * c;
    real *dst = at(place, task->dst);
    for (size_t y = 0; y < rows->rows; y++) {
        real *line = dst + y * rows->dst_row_stride;
        if (y < task->pad[0][0] || y >= rows->rows - task->pad[0][1]) {
            fill(line, row, task->fill);
            continue;
        }
        fill(line, left, task->fill);
        fill(line + row - right, right, task->fill);
    }
}

static void run_scatter(const struct place *place, const struct task *task) {
    const struct rows_shape *rows = &task->shape.rows;
    const real *src = at(place, task->src);
    real *dst = at(place, task->dst);
    for (size_t y = 0; y < rows->rows; y++) {
        for (size_t x = 0; x < rows->width; x++) {
            memcpy(dst + y * task->factor_h * rows->dst_row_stride + x * task->factor_w * rows->c,
                   src + y * rows->src_row_stride + x * rows->c, rows->c * sizeof(real));
        }
    }
}

static uint8_t *argmax_at(const struct place *place, const struct task *task) {
    if (task->aux.buffer == PLAN_NONE) { return NULL; }
    const struct buffer *buffer = &place->engine->plan->buffers[task->aux.buffer];
    return place->engine->batch + buffer->place + place->image * buffer->size;
}

static void run_max_pool(const struct place *place, const struct task *task) {
    const struct engine *engine = place->engine;
    const struct norm_state *norm = &engine->norms[task->norm];
    engine->kernels->max_pool(&task->shape.pool, at(place, task->src), task->normalize ? norm->scale : NULL,
                              task->normalize ? norm->shift : NULL, at(place, task->dst), argmax_at(place, task));
}

/* Joins this image's (mean, M2) to the shard's: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
 * computing sample variances", 1979. */
static void run_statistics(const struct place *place, const struct task *task) {
    const struct engine *engine = place->engine;
    size_t c = task->shape.rows.c, pixels = task->shape.rows.rows * task->shape.rows.width;
    real *mean = part(place, task), *m2 = mean + c;
    const real *src = at(place, task->src);
    if (place->images > 1 || place->image == place->shard_first) {
        engine->kernels->statistics(pixels * place->images, c, src, mean, m2);
        return;
    }
    real *image_mean = engine->moments + place->worker * engine->moments_size, *image_m2 = image_mean + c;
    engine->kernels->statistics(pixels, c, src, image_mean, image_m2);
    real before = (real)((place->image - place->shard_first) * pixels), now = (real)pixels;
    real share = now / (before + now);
    for (size_t i = 0; i < c; i++) {
        real delta = image_mean[i] - mean[i];
        mean[i] += delta * share;
        m2[i] += image_m2[i] + delta * delta * before * share;
    }
}

static void run_task(const struct place *place, const struct task *task) {
    const struct engine *engine = place->engine;
    const struct kernels *kernels = engine->kernels;
    const struct norm_state *norm = &engine->norms[task->norm];
    struct rows_shape rows;
    struct conv_shape conv;
    switch (task->kind) {
    case TASK_CONV2D:
        run_conv2d(place, task);
        break;
    case TASK_CONV2D_DIFF_SRC:
        run_conv2d_diff_src(place, task);
        break;
    case TASK_CONV2D_DIFF_WEIGHTS:
        conv = conv_of(place, task);
        kernels->conv2d_diff_weights(&conv, at(place, task->src), at(place, task->src2), part(place, task));
        break;
    case TASK_DIFF_BIAS:
        rows = rows_of(place, task);
        kernels->sum_pixels(&rows, at(place, task->src), part(place, task));
        break;
    case TASK_AFFINE:
        run_affine(place, task);
        break;
    case TASK_ADD:
        run_add(place, task);
        break;
    case TASK_FILL_BORDER:
        run_fill_border(place, task);
        break;
    case TASK_SCATTER:
        run_scatter(place, task);
        break;
    case TASK_MAX_POOL:
        run_max_pool(place, task);
        break;
    case TASK_MAX_POOL_BACKWARD:
        kernels->max_pool_backward(&task->shape.pool, at(place, task->src), argmax_at(place, task),
                                   at(place, task->dst));
        break;
    case TASK_GLOBAL_AVERAGE:
        rows = task->shape.rows;
        kernels->global_average(rows.rows * rows.width, rows.c, at(place, task->src), at(place, task->dst));
        break;
    case TASK_GLOBAL_AVERAGE_BACKWARD:
        rows = task->shape.rows;
        kernels->global_average_backward(rows.rows * rows.width, rows.c, at(place, task->src), at(place, task->dst));
        break;
    case TASK_UPSAMPLE:
        kernels->upsample(&task->shape.rows, task->factor_h, task->factor_w, at(place, task->src),
                          at(place, task->dst));
        break;
    case TASK_UPSAMPLE_BACKWARD:
        kernels->upsample_backward(&task->shape.rows, task->factor_h, task->factor_w, at(place, task->src),
                                   at(place, task->dst));
        break;
    case TASK_RELU_BACKWARD:
        run_relu_backward(place, task);
        break;
    case TASK_STATISTICS:
        run_statistics(place, task);
        break;
    case TASK_BATCH_NORM_REDUCE:
        rows = rows_of(place, task);
        kernels->batch_norm_reduce(rows.rows * rows.width, rows.c, at(place, task->src), at(place, task->src2),
                                   norm->mean, part(place, task), part(place, task) + rows.c);
        break;
    case TASK_BATCH_NORM_BACKWARD:
        rows = rows_of(place, task);
        kernels->batch_norm_backward(&rows, at(place, task->src), at(place, task->src2), norm->a, norm->b, norm->d,
                                     task->relu, at(place, task->dst));
        break;
    }
}

struct phase_run {
    struct engine *engine;
    const struct phase *phase;
    const struct finish_piece *pieces;
};

static void run_shard(void *context, size_t shard, size_t worker) {
    const struct phase_run *run = context;
    struct engine *engine = run->engine;
    const struct plan *plan = engine->plan;
    size_t first = shard * engine->n / engine->shards, end = (shard + 1) * engine->n / engine->shards;
    if (run->phase->parts > 0) {
        memset(engine->parts + shard * plan->parts_values, 0, run->phase->parts * sizeof(real));
    }
    struct place place = {.engine = engine, .worker = worker, .shard = shard, .shard_first = first};
    for (size_t s = 0; s < run->phase->segment_count; s++) {
        const struct segment *segment = &plan->segments[run->phase->first_segment + s];
        const struct task *tasks = plan->tasks + segment->first_task;
        place.images = segment->per_shard ? end - first : 1;
        for (place.image = first; place.image < end; place.image += place.images) {
            for (size_t t = 0; t < segment->task_count; t++) {
                run_task(&place, &tasks[t]);
            }
        }
    }
}

static void run_piece(void *context, size_t piece, size_t worker) {
    const struct phase_run *run = context;
    (void)worker;
    engine_finish(run->engine, &run->pieces[piece]);
}

void engine_run_phases(struct engine *engine, size_t first, size_t end) {
    for (size_t phase = first; phase < end; phase++) {
        struct phase_run run = {.engine = engine, .phase = &engine->plan->phases[phase]};
        parallel_for(engine->pool, engine->shards, run_shard, &run);
        if (engine->plan->training && engine->first_piece[phase + 1] > engine->first_piece[phase]) {
            run.pieces = engine->pieces + engine->first_piece[phase];
            parallel_for(engine->pool, engine->first_piece[phase + 1] - engine->first_piece[phase], run_piece, &run);
        }
    }
}

void engine_prepare_norms(struct engine *engine) {
    const struct graph *graph = engine->graph;
    bool batch_statistics = engine->plan->training;
    for (size_t node = 0; node < graph->count; node++) {
        const struct node *n = &graph->nodes[node];
        if (n->type->operator_kind != OPERATOR_BATCH_NORM || (batch_statistics && !n->frozen)) { continue; }
        struct norm_state *norm = &engine->norms[node];
        const real *gamma = engine_parameter(engine, node, 0), *beta = engine_parameter(engine, node, 1);
        const real *mean = engine_parameter(engine, node, 2), *variance = engine_parameter(engine, node, 3);
        real epsilon = (real)n->config.batch_normalization.epsilon;
        for (size_t i = 0; i < norm->c; i++) {
            real scale = gamma[i] / (real)sqrt((double)(variance[i] + epsilon));
            norm->scale[i] = norm->a[i] = scale;
            norm->shift[i] = beta[i] - mean[i] * scale;
            norm->b[i] = norm->d[i] = 0;
        }
    }
}
