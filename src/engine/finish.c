/* SPDX-License-Identifier: MIT */
/* What ends a phase: the shards' parts are joined by the same fixed tree, whatever the number of threads. */
#include "engine/cpu_engine.h"

#include <math.h>
#include <stdlib.h>

enum { PIECE_VALUES = 16384 }; /* of a gradient, joined as one piece of work */

static real *part(const struct engine *engine, size_t shard, const struct finish *finish) {
    return engine->parts + shard * engine->plan->parts_values + finish->parts;
}

static size_t shard_pixels(const struct engine *engine, size_t shard, size_t pixels) {
    size_t first = shard * engine->n / engine->shards, end = (shard + 1) * engine->n / engine->shards;
    return (end - first) * pixels;
}

static size_t pixels_of(const struct engine *engine, size_t node) {
    struct extent extent = plan_extent(&engine->graph->nodes[node].shape);
    return extent.h * extent.w;
}

/* Joins (count, mean, M2) of all shards into shard 0's part, in place (Chan, Golub and LeVeque 1979). */
static void join_statistics(const struct engine *engine, const struct finish *finish, size_t c, size_t pixels) {
    size_t counts[PLAN_SHARDS];
    for (size_t shard = 0; shard < engine->shards; shard++) {
        counts[shard] = shard_pixels(engine, shard, pixels);
    }
    for (size_t step = 1; step < engine->shards; step *= 2) {
        for (size_t left = 0; left + step < engine->shards; left += 2 * step) {
            size_t right = left + step;
            real *mean = part(engine, left, finish), *m2 = mean + c;
            const real *other = part(engine, right, finish), *other_m2 = other + c;
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

static void finish_statistics(struct engine *engine, const struct finish *finish) {
    const struct node *n = &engine->graph->nodes[finish->node];
    struct norm_state *norm = &engine->norms[finish->node];
    size_t c = norm->c, pixels = pixels_of(engine, finish->node);
    join_statistics(engine, finish, c, pixels);
    const real *mean = part(engine, 0, finish), *m2 = mean + c;
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
static void finish_batch_norm(struct engine *engine, const struct finish *finish) {
    struct norm_state *norm = &engine->norms[finish->node];
    const struct parameter_state *state = &engine->parameters[engine->first_parameter[finish->node]];
    size_t c = norm->c;
    real *sums = part(engine, 0, finish);
    engine->kernels->join_parts(2 * c, engine->shards, engine->plan->parts_values, sums, sums);
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

static void finish_parameter(struct engine *engine, const struct finish *finish, size_t begin, size_t end) {
    const struct parameter_state *state =
        &engine->parameters[engine->first_parameter[finish->node] + finish->parameter];
    engine->kernels->join_parts(end - begin, engine->shards, engine->plan->parts_values,
                                part(engine, 0, finish) + begin, engine->gradients + state->offset + begin);
}

void engine_finish(struct engine *engine, const struct finish_piece *piece) {
    const struct finish *finish = &engine->plan->finishes[piece->finish];
    switch (finish->kind) {
    case FINISH_STATISTICS:
        finish_statistics(engine, finish);
        break;
    case FINISH_BATCH_NORM:
        finish_batch_norm(engine, finish);
        break;
    case FINISH_PARAMETER:
        finish_parameter(engine, finish, piece->begin, piece->end);
        break;
    }
}

/* Cuts the finishes of each phase into pieces that several threads can share. */
ocellus_status engine_plan_pieces(struct engine *engine) {
    const struct plan *plan = engine->training;
    size_t count = 0;
    for (size_t f = 0; f < plan->finish_count; f++) {
        count += plan->finishes[f].count / PIECE_VALUES + 1;
    }
    engine->pieces = memory_allocate(count + 1, sizeof *engine->pieces);
    engine->first_piece = memory_allocate(plan->phase_count + 1, sizeof *engine->first_piece);
    if (!engine->pieces || !engine->first_piece) { return OCELLUS_IO; }
    size_t used = 0;
    for (size_t p = 0; p < plan->phase_count; p++) {
        engine->first_piece[p] = used;
        for (size_t i = 0; i < plan->phases[p].finish_count; i++) {
            size_t f = plan->phases[p].first_finish + i;
            const struct finish *finish = &plan->finishes[f];
            if (finish->kind != FINISH_PARAMETER) {
                engine->pieces[used++] = (struct finish_piece){.finish = f, .begin = 0, .end = finish->count};
                continue;
            }
            for (size_t begin = 0; begin < finish->count; begin += PIECE_VALUES) {
                size_t end = begin + PIECE_VALUES < finish->count ? begin + PIECE_VALUES : finish->count;
                engine->pieces[used++] = (struct finish_piece){.finish = f, .begin = begin, .end = end};
            }
        }
    }
    engine->first_piece[plan->phase_count] = used;
    return OCELLUS_OK;
}
