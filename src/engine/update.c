/* SPDX-License-Identifier: MIT */
/* Once a step: the optimizer's pass over all trained parameters, and packing the weights for the tiles. */
#include "engine/cpu_engine.h"

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

/* The rotated weights serve only the gradient to the layer's input. */
ocellus_status engine_allocate_packed(struct engine *engine) {
    const struct graph *graph = engine->graph;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t node = 0; node < graph->count; node++) {
            const struct node *n = &graph->nodes[node];
            if (!is_heavy(n)) { continue; }
            struct matrix m = matrix_of(n);
            size_t sizes[2] = {kernels_packed_size(engine->kernels, m.kh * m.kw * m.ic, m.oc),
                               engine->options.training ? kernels_packed_size(engine->kernels, m.kh * m.kw * m.oc, m.ic)
                                                        : 0};
            for (size_t which = 0; which < 2 && sizes[which] > 0; which++) {
                if (pass == 0) {
                    TRY(arena_reserve(&engine->packed_arena, sizes[which] * sizeof(real), &at));
                    continue;
                }
                real *place = (real *)(void *)(engine->packed_arena.base + at);
                if (which == 0) engine->packed[node].weights = place;
                else engine->packed[node].rotated = place;
                at += (sizes[which] * sizeof(real) + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
            }
        }
        if (pass == 0) { TRY(arena_allocate(&engine->packed_arena)); }
    }
    engine->packed_stale = true;
    return OCELLUS_OK;
}

/* Two chunks a node: the weights, and the rotated weights. */
static void pack_one(void *context, size_t chunk, size_t worker) {
    struct engine *engine = context;
    size_t node = chunk / 2;
    const struct node *n = &engine->graph->nodes[node];
    (void)worker;
    if (!is_heavy(n)) { return; }
    struct matrix m = matrix_of(n);
    const real *weights = engine_parameter(engine, node, 0);
    if (chunk % 2 == 0) {
        engine->kernels->pack(weights, m.kh * m.kw * m.ic, m.oc, engine->packed[node].weights);
    } else if (engine->packed[node].rotated) {
        engine->kernels->pack_rotated(weights, m.kh, m.kw, m.ic, m.oc, engine->packed[node].rotated);
    }
}

void engine_pack(struct engine *engine) {
    if (!engine->packed_stale) { return; }
    parallel_for(engine->pool, 2 * engine->graph->count, pack_one, engine);
    engine->packed_stale = false;
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
                                     .beta1 = (real)optimizer->beta1,
                                     .beta2 = (real)optimizer->beta2,
                                     .epsilon = (real)optimizer->epsilon},
                            .sgd = {.learning_rate = (real)optimizer->learning_rate,
                                    .momentum = (real)optimizer->momentum,
                                    .nesterov = optimizer->nesterov}};
    parallel_for(engine->pool, (engine->trained_size + UPDATE_VALUES - 1) / UPDATE_VALUES, update_piece, &update);
    engine->packed_stale = true;
    return OCELLUS_OK;
}
