/* SPDX-License-Identifier: MIT */
/* What ends a phase: the shards' parts are joined by the same fixed tree, whatever the number of threads. */
#include "engine/cpu_engine.h"

#include "base/log.h"

#include <math.h>
#include <string.h>

enum { PIECE_VALUES = 16384 }; /* of a gradient, joined as one piece of work */

/* A shard's sums of this finish. */
static real *sum(const struct cpu_engine *engine, size_t shard, const struct finish *finish) {
    return engine->sums + shard * engine->plan->sums_values + finish->parts;
}

/* A kernel's gradient in one slot of the parts: the shards of the current wave, then the sums of the waves. */
static real *part(const struct cpu_engine *engine, size_t slot, const struct finish *finish) {
    return engine->parts + slot * engine->plan->parts_values + finish->parts;
}

static size_t shard_pixels(const struct cpu_engine *engine, size_t shard, size_t pixels) {
    size_t first = shard * engine->n / engine->shards, end = (shard + 1) * engine->n / engine->shards;
    return (end - first) * pixels;
}

static size_t pixels_of(const struct cpu_engine *engine, size_t node) {
    struct extent extent = plan_extent(&engine->graph->nodes[node].shape);
    return extent.h * extent.w;
}

/* Joins (count, mean, M2) of all shards into shard 0's part, in place (Chan, Golub and LeVeque 1979). */
static void join_statistics(const struct cpu_engine *engine, const struct finish *finish, size_t c, size_t pixels) {
    size_t counts[PLAN_SHARDS];
    for (size_t shard = 0; shard < engine->shards; shard++) {
        counts[shard] = shard_pixels(engine, shard, pixels);
    }
    for (size_t step = 1; step < engine->shards; step *= 2) {
        for (size_t left = 0; left + step < engine->shards; left += 2 * step) {
            size_t right = left + step;
            real *mean = sum(engine, left, finish), *m2 = mean + c;
            const real *other = sum(engine, right, finish), *other_m2 = other + c;
            real a = (real)counts[left], b = (real)counts[right], share = b / (a + b);
            for (size_t i = 0; i < c; i++) {
                real delta = other[i] - mean[i];
                mean[i] += delta * share;
                m2[i] += other_m2[i] + delta * delta * a * share;
            }
            counts[left] += counts[right];
        }
    }
}

static void finish_statistics(struct cpu_engine *engine, const struct finish *finish) {
    const struct node *n = &engine->graph->nodes[finish->node];
    struct norm_state *norm = &engine->norms[finish->node];
    size_t c = norm->c, pixels = pixels_of(engine, finish->node);
    join_statistics(engine, finish, c, pixels);
    const real *mean = sum(engine, 0, finish), *m2 = mean + c;
    const real *gamma = engine_parameter(engine, finish->node, 0), *beta = engine_parameter(engine, finish->node, 1);
    real *moving_mean = engine_parameter(engine, finish->node, 2),
         *moving_variance = engine_parameter(engine, finish->node, 3);
    real count = (real)(engine->n * pixels), epsilon = (real)n->config.batch_normalization.epsilon;
    real momentum = (real)n->config.batch_normalization.momentum,
         rest = (real)(1 - n->config.batch_normalization.momentum);
    for (size_t i = 0; i < c; i++) {
        real variance = m2[i] / count; /* biased, as Keras, for the normalisation and the moving average alike */
        norm->mean[i] = mean[i];
        norm->inverse[i] = 1 / (real)sqrt((double)(variance + epsilon));
        norm->scale[i] = gamma[i] * norm->inverse[i];
        norm->shift[i] = beta[i] - mean[i] * norm->scale[i];
        if (engine->mode == ENGINE_TRAINING) {
            moving_mean[i] = moving_mean[i] * momentum + mean[i] * rest;
            moving_variance[i] = moving_variance[i] * momentum + variance * rest;
        } else {
            norm->sum_mean[i] += (double)mean[i];
            norm->sum_variance[i] += (double)variance;
        }
    }
}

/* With xhat = (x - mean) * inverse and N values a channel: diff_gamma = sum(diff * xhat), diff_beta = sum(diff),
 * diff_x = gamma * inverse * (diff - diff_beta / N - xhat * diff_gamma / N) (Ioffe and Szegedy 2015), written as
 * a * diff + b * x + d. */
static void finish_batch_norm(struct cpu_engine *engine, const struct finish *finish) {
    struct norm_state *norm = &engine->norms[finish->node];
    const struct weights_parameter *state = &engine->parameters[engine->first_parameter[finish->node]];
    size_t c = norm->c;
    real *sums = sum(engine, 0, finish);
    engine->kernels->join_parts(2 * c, engine->shards, engine->plan->sums_values, sums, sums);
    const real *gamma = engine_parameter(engine, finish->node, 0);
    real *diff_gamma = engine->gradients + state[0].offset, *diff_beta = engine->gradients + state[1].offset;
    real count = (real)(engine->n * pixels_of(engine, finish->node));
    for (size_t i = 0; i < c; i++) {
        real inverse = norm->inverse[i], gamma_sum = sums[c + i] * inverse;
        diff_beta[i] = sums[i];
        diff_gamma[i] = gamma_sum;
        norm->a[i] = gamma[i] * inverse;
        norm->b[i] = -norm->a[i] * inverse * gamma_sum / count;
        norm->d[i] = -norm->a[i] * sums[i] / count - norm->b[i] * norm->mean[i];
    }
}

/* Where a kernel's or bias's gradient goes. */
static real *gradient_of(const struct cpu_engine *engine, const struct finish *finish) {
    size_t parameter = engine->first_parameter[finish->node] + (finish->kind == FINISH_BIAS ? 1 : 0);
    return engine->gradients + engine->parameters[parameter].offset;
}

void engine_finish_wave(struct cpu_engine *engine, const struct finish_piece *piece, size_t first_shard) {
    const struct finish *finish = &engine->plan->finishes[piece->finish];
    if (finish->kind != FINISH_KERNEL) { return; }
    size_t shards = engine->shards - first_shard < engine->wave ? engine->shards - first_shard : engine->wave;
    engine->kernels->join_parts(piece->end - piece->begin, shards, engine->plan->parts_values,
                                part(engine, 0, finish) + piece->begin,
                                part(engine, engine->wave + first_shard / engine->wave, finish) + piece->begin);
}

/* The tree over shards is the tree over waves of the trees within them: a wave is a power of two of shards. */
static void finish_kernel(struct cpu_engine *engine, const struct finish *finish, size_t begin, size_t end) {
    size_t waves = (engine->shards + engine->wave - 1) / engine->wave;
    engine->kernels->join_parts(end - begin, waves, engine->plan->parts_values,
                                part(engine, engine->wave, finish) + begin, gradient_of(engine, finish) + begin);
}

static void finish_bias(struct cpu_engine *engine, const struct finish *finish) {
    engine->kernels->join_parts(finish->count, engine->shards, engine->plan->sums_values, sum(engine, 0, finish),
                                gradient_of(engine, finish));
}

/* Rows of a dense layer's kernel that make one piece. */
static size_t dense_rows(const struct cpu_engine *engine) {
    return engine->kernels->tile_rows;
}

/* A dense layer's kernel is large and its sums over a shard are short: instead of a part of it for every shard in memory,
 * a few rows of it are summed over all shards at a time, in the worker's cache: as a convolution of one channel and `rows` taps
 * that steps over `in` values to the next image. */
static void finish_dense(struct cpu_engine *engine, const struct finish *finish, size_t begin, size_t end,
                         size_t worker) {
    const struct shape *shape = &engine->graph->nodes[finish->node].parameters[0].shape;
    size_t in = (size_t)shape->dims[0], out = (size_t)shape->dims[1];
    size_t first = begin / out, rows = (end - begin) / out, values = rows * out;
    real *parts = engine->finish_parts + worker * engine->finish_parts_size;
    for (size_t shard = 0; shard < engine->shards; shard++) {
        size_t image = shard * engine->n / engine->shards, images = (shard + 1) * engine->n / engine->shards - image;
        struct conv_shape row = {.ih = 1,
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
        engine->kernels->conv2d_diff_weights(&row, engine_view(engine, finish->src, image, worker) + first,
                                             engine_view(engine, finish->diff, image, worker), false,
                                             parts + shard * values);
    }
    engine->kernels->join_parts(values, engine->shards, values, parts, gradient_of(engine, finish) + begin);
}

/* A pair of panels of a block, by their first channels; none beyond the kernel's edge. */
struct pair {
    size_t first_ic, first_oc;
    bool exists;
};

static struct pair pair_of(const struct cpu_engine *engine, const struct finish *finish, size_t block, size_t number) {
    const int64_t *dims = engine->graph->nodes[finish->node].parameters[0].shape.dims;
    const size_t ic = (size_t)dims[2], oc = (size_t)dims[3], panel = engine->kernels->tile_columns;
    const size_t across = (oc + PLAN_BLOCK_CHANNELS - 1) / PLAN_BLOCK_CHANNELS, side = PLAN_BLOCK_CHANNELS / panel;
    struct pair pair = {.first_ic = block / across * PLAN_BLOCK_CHANNELS + number / side * panel,
                        .first_oc = block % across * PLAN_BLOCK_CHANNELS + number % side * panel};
    pair.exists = pair.first_ic < ic && pair.first_oc < oc;
    return pair;
}

static size_t block_pairs(const struct cpu_engine *engine) {
    const size_t side = PLAN_BLOCK_CHANNELS / engine->kernels->tile_columns;
    return side * side;
}

/* The shards' sums of every pair, [shard][pair][panel][panel]. */
static void sum_block(const struct cpu_engine *engine, const struct finish *finish, size_t block, size_t worker,
                      real *parts) {
    const size_t square = engine->kernels->tile_columns * engine->kernels->tile_columns, pairs = block_pairs(engine);
    struct panels_shape shape = {.pixels = finish->pixels,
                                 .src_image_stride = engine->plan->buffers[finish->src.buffer].size / sizeof(real),
                                 .diff_image_stride = engine->plan->buffers[finish->diff.buffer].size / sizeof(real)};
    for (size_t shard = 0; shard < engine->shards; shard++) {
        const size_t image = shard * engine->n / engine->shards;
        const real *src = engine_view(engine, finish->src, image, worker),
                   *diff = engine_view(engine, finish->diff, image, worker);
        shape.images = (shard + 1) * engine->n / engine->shards - image;
        for (size_t i = 0; i < pairs; i++, parts += square) {
            const struct pair pair = pair_of(engine, finish, block, i);
            if (!pair.exists) { continue; }
            engine->kernels->sum_panels(&shape, src + pair.first_ic * finish->pixels,
                                        diff + pair.first_oc * finish->pixels, parts);
        }
    }
}

/* One block of a kernel: the shards' sums, joined by their tree, in a worker's cache. */
static void finish_block(struct cpu_engine *engine, const struct finish *finish, size_t block, size_t worker) {
    const int64_t *dims = engine->graph->nodes[finish->node].parameters[0].shape.dims;
    const size_t ic = (size_t)dims[2], oc = (size_t)dims[3], panel = engine->kernels->tile_columns,
                 square = panel * panel, pairs = block_pairs(engine);
    real *parts = engine->finish_parts + worker * engine->finish_parts_size, *gradient = gradient_of(engine, finish);
    sum_block(engine, finish, block, worker, parts);
    for (size_t i = 0; i < pairs; i++, parts += square) {
        const struct pair pair = pair_of(engine, finish, block, i);
        if (!pair.exists) { continue; }
        engine->kernels->join_parts(square, engine->shards, pairs * square, parts, parts);
        const size_t rows = ic - pair.first_ic < panel ? ic - pair.first_ic : panel,
                     columns = oc - pair.first_oc < panel ? oc - pair.first_oc : panel;
        for (size_t row = 0; row < rows; row++) {
            memcpy(gradient + (pair.first_ic + row) * oc + pair.first_oc, parts + row * panel, columns * sizeof(real));
        }
    }
}

size_t engine_finish_parts(const struct cpu_engine *engine) {
    const struct plan *plan = engine->training;
    size_t most = 0;
    for (size_t f = 0; f < plan->finish_count; f++) {
        const struct finish *finish = &plan->finishes[f];
        size_t values = 0;
        if (finish->kind == FINISH_DENSE) {
            values = PLAN_SHARDS * dense_rows(engine) * plan_extent(&engine->graph->nodes[finish->node].shape).c;
        } else if (finish->kind == FINISH_BLOCKS) {
            values = PLAN_SHARDS * PLAN_BLOCK_CHANNELS * PLAN_BLOCK_CHANNELS;
        }
        most = values > most ? values : most;
    }
    return most;
}

static void finish_plain(struct cpu_engine *engine, const struct finish_piece *piece, size_t worker) {
    const struct finish *finish = &engine->plan->finishes[piece->finish];
    switch (finish->kind) {
    case FINISH_STATISTICS:
        finish_statistics(engine, finish);
        break;
    case FINISH_BATCH_NORM:
        finish_batch_norm(engine, finish);
        break;
    case FINISH_KERNEL:
        finish_kernel(engine, finish, piece->begin, piece->end);
        break;
    case FINISH_BIAS:
        finish_bias(engine, finish);
        break;
    case FINISH_DENSE:
        finish_dense(engine, finish, piece->begin, piece->end, worker);
        break;
    case FINISH_BLOCKS:
        finish_block(engine, finish, piece->begin, worker);
        break;
    }
}

void engine_finish(struct cpu_engine *engine, const struct finish_piece *piece, size_t worker) {
    double started = engine->profile ? clock_seconds() : 0;
    finish_plain(engine, piece, worker);
    if (!engine->profile) { return; }
    const struct finish *finish = &engine->plan->finishes[piece->finish];
    profile_add_finish(engine->profile, finish, worker, piece->begin == 0 ? engine->n : 0, clock_seconds() - started);
}

/* Values of a finish that make one piece. */
static size_t piece_values(const struct cpu_engine *engine, const struct finish *finish) {
    switch (finish->kind) {
    case FINISH_KERNEL:
        return PIECE_VALUES;
    case FINISH_DENSE:
        return dense_rows(engine) * (size_t)engine->graph->nodes[finish->node].parameters[0].shape.dims[1];
    case FINISH_BLOCKS:
        return 1;
    case FINISH_STATISTICS:
    case FINISH_BATCH_NORM:
    case FINISH_BIAS:
        break;
    }
    return finish->count;
}

/* Cuts the finishes of each phase into pieces that several threads can share. */
ocellus_status engine_plan_pieces(struct cpu_engine *engine) {
    const struct plan *plan = engine->training;
    size_t count = 0;
    for (size_t f = 0; f < plan->finish_count; f++) {
        count += plan->finishes[f].count / piece_values(engine, &plan->finishes[f]) + 1;
    }
    engine->pieces = memory_allocate(count + 1, sizeof *engine->pieces);
    engine->first_piece = memory_allocate(plan->phase_count + 1, sizeof *engine->first_piece);
    if (!engine->pieces || !engine->first_piece) { return OCELLUS_IO; }
    size_t used = 0;
    for (size_t p = 0; p < plan->phase_count; p++) {
        engine->first_piece[p] = used;
        for (size_t i = 0; i < plan->phases[p].finish_count; i++) {
            size_t f = plan->phases[p].first_finish + i;
            size_t values = piece_values(engine, &plan->finishes[f]), all = plan->finishes[f].count;
            for (size_t begin = 0; begin < all; begin += values) {
                size_t end = begin + values < all ? begin + values : all;
                engine->pieces[used++] = (struct finish_piece){.finish = f, .begin = begin, .end = end};
            }
        }
    }
    engine->first_piece[plan->phase_count] = used;
    return OCELLUS_OK;
}
