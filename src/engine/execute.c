/* SPDX-License-Identifier: MIT */
/* Running a plan: phases one after another, shards of images in parallel, the segments of a shard in order. A worker
 * writes only to its own scratch, to its images' part of the batch buffers, and to its shard's parts. */
#include "engine/cpu_engine.h"

#include "base/log.h"

#include <math.h>
#include <string.h>

/* What a task works on: its first image, how many at once (1, or all of the shard), the worker, the shard and its first. */
struct place {
    struct cpu_engine *engine;
    size_t image, images, worker, shard, shard_first;
};

static real *at(const struct place *place, struct view view) {
    const struct buffer *buffer = &place->engine->plan->buffers[view.buffer];
    real *values = engine_view(place->engine, view, place->image, place->worker);
    if (view.buffer == PLAN_INPUT || !buffer->block) { return values; }
    return values + (place->image - place->shard_first) * (buffer->size / sizeof(real));
}

/* Values from one image to the next. */
static size_t image_stride(const struct place *place, struct view view) {
    const struct cpu_engine *engine = place->engine;
    if (view.buffer == PLAN_INPUT) { return shape_size(&engine->graph->nodes[0].shape); }
    return engine->plan->buffers[view.buffer].size / sizeof(real);
}

/* The shard's place for a task's sums: kernels' gradients lie in the slots of the current wave. */
static real *part(const struct place *place, const struct task *task) {
    const struct cpu_engine *engine = place->engine;
    if (task->kind == TASK_CONV2D_DIFF_WEIGHTS) {
        return engine->parts + place->shard % engine->wave * engine->plan->parts_values + task->parts;
    }
    return engine->sums + place->shard * engine->plan->sums_values + task->parts;
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

static const real *bias_of(const struct cpu_engine *engine, size_t node) {
    if (engine->plan->folded[node] != PLAN_NONE) { return engine->packed[node].folded_bias; }
    return engine->graph->nodes[node].parameter_count > 1 ? engine_parameter(engine, node, 1) : NULL;
}

/* Rows and channels of a convolution's output that one call makes. */
struct conv_part {
    size_t row_begin, row_end, column_begin, column_end;
};

static struct conv_part whole_conv(const struct task *task) {
    return (struct conv_part){.row_end = task->shape.conv.oh, .column_end = task->shape.conv.oc};
}

/* Rows of the packed matrix. */
static size_t packed_rows(const struct task *task) {
    const struct conv_shape *conv = &task->shape.conv;
    return conv->ic * (task->tile > 0 ? (task->tile + 2) * (task->tile + 2) : conv->kh * conv->kw);
}

/* Both directions: a gradient to the source has no bias, and the weights are packed for the pass that runs. */
static void run_conv2d(const struct place *place, const struct task *task, size_t worker,
                       const struct conv_part *part) {
    const struct cpu_engine *engine = place->engine;
    const size_t column = part->column_begin;
    const real *bias = task->kind == TASK_CONV2D ? bias_of(engine, task->node) : NULL;
    const real *packed = engine->packed[task->node].weights + column * packed_rows(task), *src = at(place, task->src);
    real *dst = at(place, task->dst) + column;
    if (bias) { bias += column; }
    struct conv_shape conv = task->tile > 0 ? task->shape.conv : conv_of(place, task);
    if (conv.dst_pixel_stride == 0) { conv.dst_pixel_stride = conv.oc; }
    conv.oc = part->column_end - column;
    if (task->tile > 0) {
        struct winograd_shape shape = {.conv = conv,
                                       .tile = task->tile,
                                       .images = place->images,
                                       .src_image_stride = image_stride(place, task->src),
                                       .dst_image_stride = image_stride(place, task->dst)};
        engine->kernels->winograd.conv2d(&shape, src, packed, bias, task->relu, part->row_begin, part->row_end, dst,
                                         engine->conv_scratch + worker * engine->conv_scratch_size);
        return;
    }
    const real *add = view_exists(task->src2) ? at(place, task->src2) + column : NULL;
    engine->kernels->conv2d(&conv, src, packed, bias, add, task->relu, part->row_begin, part->row_end, dst,
                            engine->conv_scratch + worker * engine->conv_scratch_size);
}

/* The first rows of a shard's first image begin the shard's part: it is not cleared before. */
static void run_diff_weights(const struct place *place, const struct task *task, size_t row_begin) {
    const struct cpu_engine *engine = place->engine;
    const struct conv_shape conv = task->shape.conv;
    const bool resume = place->image > place->shard_first || row_begin > 0;
    if (task->tile > 0) {
        struct winograd_shape shape = {.conv = conv,
                                       .tile = task->tile,
                                       .images = place->images,
                                       .src_image_stride = image_stride(place, task->src),
                                       .dst_image_stride = image_stride(place, task->src2)};
        engine->kernels->winograd.diff_weights(&shape, at(place, task->src), at(place, task->src2), resume,
                                               part(place, task),
                                               engine->conv_scratch + place->worker * engine->conv_scratch_size);
        return;
    }
    engine->kernels->conv2d_diff_weights(&conv, at(place, task->src), at(place, task->src2), resume, part(place, task));
}

static void run_affine(const struct place *place, const struct task *task) {
    const struct cpu_engine *engine = place->engine;
    struct rows_shape rows = rows_of(place, task);
    const struct norm_state *norm = &engine->norms[task->norm];
    engine->kernels->affine(&rows, at(place, task->src), task->normalize ? norm->scale : NULL,
                            task->normalize ? norm->shift : NULL, task->relu, at(place, task->dst));
}

static struct operand operand_of(const struct place *place, struct view view, bool normalize, size_t node) {
    const struct norm_state *norm = &place->engine->norms[node];
    return (struct operand){.values = at(place, view),
                            .row_stride = view.row_stride,
                            .scale = normalize ? norm->scale : NULL,
                            .shift = normalize ? norm->shift : NULL};
}

static void run_add(const struct place *place, const struct task *task) {
    struct rows_shape rows = rows_of(place, task);
    struct operand a = operand_of(place, task->src, task->normalize, task->norm),
                   b = operand_of(place, task->src2, task->normalize2, task->norm2);
    place->engine->kernels->add(&rows, &a, &b, task->relu, at(place, task->dst));
}

static void run_relu_backward(const struct place *place, const struct task *task) {
    const struct cpu_engine *engine = place->engine;
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

static void *argmax_at(const struct place *place, const struct task *task) {
    if (task->aux.buffer == PLAN_NONE) { return NULL; }
    const struct buffer *buffer = &place->engine->plan->buffers[task->aux.buffer];
    return place->engine->batch + buffer->place + place->image * buffer->size;
}

static void run_max_pool(const struct place *place, const struct task *task) {
    const struct cpu_engine *engine = place->engine;
    const struct norm_state *norm = &engine->norms[task->norm];
    engine->kernels->max_pool(&task->shape.pool, at(place, task->src), task->normalize ? norm->scale : NULL,
                              task->normalize ? norm->shift : NULL, at(place, task->dst), argmax_at(place, task));
}

/* Joins these rows' (mean, M2) to the shard's: Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
 * computing sample variances", 1979. */
static void run_statistics(const struct place *place, const struct task *task, size_t row_begin, size_t row_end) {
    const struct cpu_engine *engine = place->engine;
    const struct rows_shape *rows = &task->shape.rows;
    const size_t c = rows->c, pixels = (row_end - row_begin) * rows->width * place->images;
    const size_t before = ((place->image - place->shard_first) * rows->rows + row_begin) * rows->width;
    real *mean = part(place, task), *m2 = mean + c;
    const real *src = at(place, task->src) + row_begin * rows->width * c;
    if (before == 0) {
        engine->kernels->statistics(pixels, c, src, mean, m2);
        return;
    }
    real *now_mean = engine->moments + place->worker * engine->moments_size, *now_m2 = now_mean + c;
    engine->kernels->statistics(pixels, c, src, now_mean, now_m2);
    const real share = (real)pixels / ((real)before + (real)pixels);
    for (size_t i = 0; i < c; i++) {
        real delta = now_mean[i] - mean[i];
        mean[i] += delta * share;
        m2[i] += now_m2[i] + delta * delta * (real)before * share;
    }
}

static void run_task_plain(const struct place *place, const struct task *task) {
    const struct cpu_engine *engine = place->engine;
    const struct kernels *kernels = engine->kernels;
    const struct norm_state *norm = &engine->norms[task->norm];
    struct rows_shape rows;
    struct conv_part conv;
    switch (task->kind) {
    case TASK_CONV2D:
    case TASK_CONV2D_DIFF_SRC:
        conv = whole_conv(task);
        run_conv2d(place, task, place->worker, &conv);
        break;
    case TASK_CONV2D_DIFF_WEIGHTS:
        run_diff_weights(place, task, 0);
        break;
    case TASK_PACK_PIXELS:
        kernels->pack_pixels(&task->shape.pixels, at(place, task->src), at(place, task->dst));
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
        run_statistics(place, task, 0, task->shape.rows.rows);
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

static void run_task(const struct place *place, const struct task *task) {
    struct profile *profile = place->engine->profile;
    double started = profile ? clock_seconds() : 0;
    run_task_plain(place, task);
    if (profile) { profile_add_task(profile, task, place->worker, place->images, clock_seconds() - started); }
}

/* The task for rows [begin, end) of its output. */
static struct task task_rows(const struct task *whole, size_t begin, size_t end) {
    struct task task = *whole;
    if (task.kind == TASK_MAX_POOL) {
        struct pool_shape *pool = &task.shape.pool;
        task.src.offset += begin * pool->sh * pool->src_row_stride;
        task.dst.offset += begin * pool->dst_row_stride;
        pool->oh = end - begin;
        pool->ih = (pool->oh - 1) * pool->sh + pool->kh;
        return task;
    }
    task.src.offset += begin * task.shape.rows.src_row_stride;
    task.src2.offset += begin * task.src2.row_stride;
    task.dst.offset += begin * task.shape.rows.dst_row_stride;
    task.shape.rows.rows = end - begin;
    return task;
}

/* Rows [begin, end) of one task of a chain. */
static void run_task_rows(const struct place *place, const struct task *task, size_t begin, size_t end) {
    struct conv_part conv = whole_conv(task);
    struct task rows;
    conv.row_begin = begin;
    conv.row_end = end;
    switch (task->kind) {
    case TASK_CONV2D:
    case TASK_CONV2D_DIFF_SRC:
        run_conv2d(place, task, place->worker, &conv);
        break;
    case TASK_CONV2D_DIFF_WEIGHTS:
        rows = *task;
        rows.src.offset += begin * rows.shape.conv.sh * rows.shape.conv.src_row_stride;
        rows.src2.offset += begin * rows.shape.conv.dst_row_stride;
        rows.shape.conv.oh = end - begin;
        run_diff_weights(place, &rows, begin);
        break;
    case TASK_STATISTICS:
        run_statistics(place, task, begin, end);
        break;
    default:
        rows = task_rows(task, begin, end);
        run_task_plain(place, &rows);
        break;
    }
}

static void run_chain(const struct place *place, const struct task *tasks) {
    struct profile *profile = place->engine->profile;
    const size_t rows = plan_task_rows(tasks);
    for (size_t begin = 0; begin < rows; begin += tasks->band) {
        const size_t end = begin + tasks->band < rows ? begin + tasks->band : rows;
        for (size_t t = 0; t < tasks->chain; t++) {
            double started = profile ? clock_seconds() : 0;
            run_task_rows(place, &tasks[t], begin, end);
            if (profile) { profile_add_task(profile, &tasks[t], place->worker, begin == 0, clock_seconds() - started); }
        }
    }
}

static void run_image(const struct place *place, const struct task *tasks, size_t count) {
    for (size_t t = 0; t<count; t += tasks[t].chain> 0 ? tasks[t].chain : 1) {
        if (tasks[t].chain > 0) run_chain(place, &tasks[t]);
        else run_task(place, &tasks[t]);
    }
}

/* Each task for images [first, end) of the shard; by Winograd all in one call, which share the transformed weights. */
static void run_layers(struct place *place, const struct segment *segment, size_t first, size_t end) {
    const struct task *tasks = place->engine->plan->tasks + segment->first_task;
    for (size_t t = 0; t < segment->task_count; t++) {
        place->images = tasks[t].tile > 0 ? end - first : 1;
        for (place->image = first; place->image < end; place->image += place->images) {
            run_task(place, &tasks[t]);
        }
    }
}

struct phase_run {
    struct cpu_engine *engine;
    const struct phase *phase;
    const struct finish_piece *pieces;
    size_t first_shard; /* of the wave */
};

static void run_shard(void *context, size_t chunk, size_t worker) {
    const struct phase_run *run = context;
    struct cpu_engine *engine = run->engine;
    const struct plan *plan = engine->plan;
    size_t shard = run->first_shard + chunk;
    size_t first = shard * engine->n / engine->shards, end = (shard + 1) * engine->n / engine->shards;
    memset(engine->sums + shard * plan->sums_values, 0, run->phase->sums * sizeof(real));
    struct place place = {.engine = engine, .worker = worker, .shard = shard, .shard_first = first};
    for (size_t s = 0; s < run->phase->segment_count; s++) {
        const struct segment *segment = &plan->segments[run->phase->first_segment + s];
        const struct task *tasks = plan->tasks + segment->first_task;
        if (segment->by_layer) {
            run_layers(&place, segment, first, end);
            continue;
        }
        place.images = segment->per_shard ? end - first : 1;
        for (place.image = first; place.image < end; place.image += place.images) {
            run_image(&place, tasks, segment->task_count);
        }
    }
}

static void run_wave_piece(void *context, size_t piece, size_t worker) {
    const struct phase_run *run = context;
    struct profile *profile = run->engine->profile;
    const struct finish *finish = &run->engine->plan->finishes[run->pieces[piece].finish];
    double started = profile ? clock_seconds() : 0;
    engine_finish_wave(run->engine, &run->pieces[piece], run->first_shard);
    if (profile && finish->kind == FINISH_KERNEL) {
        profile_add_finish(profile, finish, worker, 0, clock_seconds() - started);
    }
}

static void run_piece(void *context, size_t piece, size_t worker) {
    const struct phase_run *run = context;
    engine_finish(run->engine, &run->pieces[piece], worker);
}

/* Only a phase that sums kernels' gradients runs in waves. */
static void run_phase(struct cpu_engine *engine, size_t phase) {
    bool training = engine->plan->training;
    struct phase_run run = {.engine = engine, .phase = &engine->plan->phases[phase]};
    size_t wave = run.phase->parts > 0 ? engine->wave : engine->shards, pieces = 0;
    if (training) {
        run.pieces = engine->pieces + engine->first_piece[phase];
        pieces = engine->first_piece[phase + 1] - engine->first_piece[phase];
    }
    for (run.first_shard = 0; run.first_shard < engine->shards; run.first_shard += wave) {
        size_t rest = engine->shards - run.first_shard;
        parallel_for(engine->pool, rest < wave ? rest : wave, run_shard, &run);
        if (run.phase->parts > 0) { parallel_for(engine->pool, pieces, run_wave_piece, &run); }
    }
    if (pieces > 0) { parallel_for(engine->pool, pieces, run_piece, &run); }
}

/* --- fewer images than threads: the threads share each large task --- */

/* Below these, waking the others costs more than they bring. */
enum { SPLIT_FLOPS = 1000000, SPLIT_VALUES = 65536 };

struct split {
    const struct place *place;
    const struct task *task;
    size_t pieces;
};

/* Into how many units a task can be cut: rows of the output (of Winograd's tiles), or panels of channels where the
 * weights, of which each thread then reads its own, are more than the source; 0 where it is not worth it. */
static size_t split_units(const struct cpu_engine *engine, const struct task *task, bool *by_columns) {
    const struct conv_shape *conv = &task->shape.conv;
    const struct rows_shape *rows = &task->shape.rows;
    const struct pool_shape *pool = &task->shape.pool;
    const size_t unit = task->tile > 0 ? task->tile : 1, weights = packed_rows(task) * conv->oc;
    *by_columns = task->kind == TASK_CONV2D && weights > conv->ih * conv->iw * conv->ic;
    switch (task->kind) {
    case TASK_CONV2D:
        if (2.0 * (double)(conv->oh * conv->ow) * (double)weights < SPLIT_FLOPS) { return 0; }
        if (*by_columns) { return (conv->oc + engine->kernels->tile_columns - 1) / engine->kernels->tile_columns; }
        return (conv->oh + unit - 1) / unit;
    case TASK_AFFINE:
    case TASK_ADD:
        return rows->rows * rows->width * rows->c < SPLIT_VALUES ? 0 : rows->rows;
    case TASK_MAX_POOL:
        return pool->oh * pool->ow * pool->c < SPLIT_VALUES ? 0 : pool->oh;
    default:
        return 0;
    }
}

static size_t least(size_t a, size_t b) {
    return a < b ? a : b;
}

/* The image lies in the scratch of the worker that has it; Winograd's scratch is each worker's own. */
static void run_piece_of_task(void *context, size_t piece, size_t worker) {
    const struct split *split = context;
    const struct task *task = split->task;
    struct profile *profile = split->place->engine->profile;
    double started = profile ? clock_seconds() : 0;
    bool by_columns;
    size_t units = split_units(split->place->engine, task, &by_columns);
    size_t begin = piece * units / split->pieces, end = (piece + 1) * units / split->pieces;
    if (task->kind == TASK_CONV2D) {
        struct conv_part part = whole_conv(task);
        size_t unit = by_columns ? split->place->engine->kernels->tile_columns : task->tile > 0 ? task->tile : 1;
        if (by_columns) part.column_begin = begin * unit, part.column_end = least(end * unit, part.column_end);
        else part.row_begin = begin * unit, part.row_end = least(end * unit, part.row_end);
        run_conv2d(split->place, task, worker, &part);
    } else {
        struct task rows = task_rows(task, begin, end);
        run_task_plain(split->place, &rows);
    }
    if (profile) { profile_add_task(profile, task, worker, piece == 0, clock_seconds() - started); }
}

static void run_image_split(struct cpu_engine *engine, size_t image) {
    const struct plan *plan = engine->plan;
    struct place place = {.engine = engine, .image = image, .images = 1, .shard = image, .shard_first = image};
    for (size_t t = 0; t < plan->task_count; t++) {
        const struct task *task = &plan->tasks[t];
        bool by_columns;
        size_t units = split_units(engine, task, &by_columns);
        if (units < 2) {
            run_task(&place, task);
            continue;
        }
        struct split split = {.place = &place, .task = task, .pieces = least(units, thread_pool_size(engine->pool))};
        parallel_for(engine->pool, split.pieces, run_piece_of_task, &split);
    }
}

void engine_run_phases(struct cpu_engine *engine, size_t first, size_t end) {
    if (!engine->plan->training && engine->n < thread_pool_size(engine->pool)) {
        for (size_t image = 0; image < engine->n; image++) {
            run_image_split(engine, image);
        }
        return;
    }
    for (size_t phase = first; phase < end; phase++) {
        run_phase(engine, phase);
    }
}

void engine_prepare_norms(struct cpu_engine *engine) {
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
