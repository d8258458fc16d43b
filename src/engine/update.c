/* SPDX-License-Identifier: MIT */
/* Once a step: the optimizer's pass over all trained parameters, and packing the weights for the tiles. */
#include "engine/cpu_engine.h"

#include "base/log.h"

#include <math.h>

enum { UPDATE_VALUES = 8192 }; /* of the trained parameters, one piece of work */

static bool is_heavy(const struct node *node) {
    return node->type->operator_kind == OPERATOR_CONV2D || node->type->operator_kind == OPERATOR_DENSE;
}

struct matrix {
    size_t kh, kw, ic, oc;
};

static struct matrix matrix_of(const struct node *node) {
    const struct shape *shape = &node->parameters[0].shape;
    if (shape->rank == 2) { return (struct matrix){1, 1, (size_t)shape->dims[0], (size_t)shape->dims[1]}; }
    return (struct matrix){(size_t)shape->dims[0], (size_t)shape->dims[1], (size_t)shape->dims[2],
                           (size_t)shape->dims[3]};
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* The weights of both directions take turns in one place: they are packed once per step and pass. */
ocellus_status engine_allocate_packed(struct engine *engine) {
    const struct graph *graph = engine->graph;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t node = 0; node < graph->count; node++) {
            const struct node *n = &graph->nodes[node];
            if (!is_heavy(n)) { continue; }
            struct matrix m = matrix_of(n);
            size_t bias = (m.oc + 15) / 16 * 16;
            size_t values =
                larger(kernels_packed_size(engine->kernels, m.kh * m.kw * m.ic, m.oc),
                       engine->options.training ? kernels_packed_size(engine->kernels, m.kh * m.kw * m.oc, m.ic) : 0);
            size_t bytes = (bias + values) * sizeof(real);
            if (pass == 0) {
                TRY(arena_reserve(&engine->packed_arena, bytes, &at));
                continue;
            }
            engine->packed[node].folded_bias = (real *)(void *)(engine->packed_arena.base + at);
            engine->packed[node].weights = engine->packed[node].folded_bias + bias;
            at += (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
        }
        if (pass == 0) { TRY(arena_allocate(&engine->packed_arena)); }
    }
    return OCELLUS_OK;
}

/* A BatchNormalization after the convolution: (w x + bias) scale + shift = (w scale) x + (bias scale + shift). */
static void fold(struct engine *engine, size_t node, struct matrix m) {
    const struct norm_state *norm = &engine->norms[engine->inference->folded[node]];
    const real *bias = engine->graph->nodes[node].parameter_count > 1 ? engine_parameter(engine, node, 1) : NULL;
    struct packed_state *packed = &engine->packed[node];
    size_t columns = engine->kernels->tile_columns, k = m.kh * m.kw * m.ic;
    for (size_t oc = 0; oc < m.oc; oc++) {
        packed->folded_bias[oc] = (bias ? bias[oc] * norm->scale[oc] : 0) + norm->shift[oc];
    }
    for (size_t first = 0; first < m.oc; first += columns) {
        size_t count = m.oc - first < columns ? m.oc - first : columns;
        for (size_t row = 0; row < k; row++) {
            real *line = packed->weights + first * k + row * columns;
            for (size_t j = 0; j < count; j++) {
                line[j] *= norm->scale[first + j];
            }
        }
    }
}

static void pack_one(void *context, size_t node, size_t worker) {
    struct engine *engine = context;
    const struct node *n = &engine->graph->nodes[node];
    (void)worker;
    if (!is_heavy(n)) { return; }
    struct matrix m = matrix_of(n);
    const real *weights = engine_parameter(engine, node, 0);
    if (engine->packed_kind == PACKED_ROTATED) {
        engine->kernels->pack_rotated(weights, m.kh, m.kw, m.ic, m.oc, engine->packed[node].weights);
        return;
    }
    engine->kernels->pack(weights, m.kh * m.kw * m.ic, m.oc, engine->packed[node].weights);
    if (engine->packed_kind == PACKED_FOLDED && engine->inference->folded[node] != PLAN_NONE) { fold(engine, node, m); }
}

void engine_pack(struct engine *engine, enum packed_kind kind) {
    if (engine->packed_kind == kind) { return; }
    engine->packed_kind = kind;
    double started = engine->profile ? clock_seconds() : 0;
    parallel_for(engine->pool, engine->graph->count, pack_one, engine);
    if (engine->profile) { profile_add_step(engine->profile, PROFILE_PACK, clock_seconds() - started); }
}

struct update {
    struct engine *engine;
    struct adam_step adam;
    struct sgd_step sgd;
    bool is_adam;
};

static void update_piece(void *context, size_t chunk, size_t worker) {
    const struct update *update = context;
    struct engine *engine = update->engine;
    size_t begin = chunk * UPDATE_VALUES, count = engine->trained_size - begin;
    (void)worker;
    count = count < UPDATE_VALUES ? count : UPDATE_VALUES;
    if (update->is_adam) {
        engine->kernels->adam(count, &update->adam, engine->gradients + begin, engine->weights + begin,
                              engine->state[0] + begin, engine->state[1] + begin);
    } else {
        engine->kernels->sgd(count, &update->sgd, engine->gradients + begin, engine->weights + begin,
                             engine->state_count > 0 ? engine->state[0] + begin : NULL);
    }
}

/* Keras's Adam takes the bias correction into the learning rate: lr * sqrt(1 - beta2^t) / (1 - beta1^t), t from 1. */
ocellus_status engine_update(struct engine *engine, const struct optimizer *optimizer) {
    bool is_adam = optimizer->kind == OPTIMIZER_ADAM;
    size_t wanted = is_adam ? 2 : optimizer->momentum > 0 ? 1 : 0;
    if (!engine->options.training || engine->state_count != wanted) {
        return fail(OCELLUS_USAGE, "engine: it was opened for another optimizer, or not for training");
    }
    engine->updates++;
    double t = (double)engine->updates;
    double correction = is_adam ? sqrt(1 - pow(optimizer->beta2, t)) / (1 - pow(optimizer->beta1, t)) : 1;
    struct update update = {.engine = engine,
                            .is_adam = is_adam,
                            .adam = {.learning_rate = (real)(optimizer->learning_rate * correction),
                                     .share1 = (real)(1 - optimizer->beta1),
                                     .share2 = (real)(1 - optimizer->beta2),
                                     .epsilon = (real)optimizer->epsilon},
                            .sgd = {.learning_rate = (real)optimizer->learning_rate,
                                    .momentum = (real)optimizer->momentum,
                                    .nesterov = optimizer->nesterov}};
    double started = engine->profile ? clock_seconds() : 0;
    parallel_for(engine->pool, (engine->trained_size + UPDATE_VALUES - 1) / UPDATE_VALUES, update_piece, &update);
    if (engine->profile) { profile_add_step(engine->profile, PROFILE_UPDATE, clock_seconds() - started); }
    engine->packed_kind = PACKED_NOTHING;
    return OCELLUS_OK;
}
