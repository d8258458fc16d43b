/* SPDX-License-Identifier: MIT */
/* Once a step: the optimizer's pass over all trained parameters. */
#include "engine/cpu_engine.h"

#include "base/log.h"

#include <math.h>

enum { UPDATE_VALUES = 8192 }; /* of the trained parameters, one piece of work */

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
    const struct float_mode before = float_mode_set();
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
    if (engine->profile) profile_add_step(engine->profile, PROFILE_UPDATE, clock_seconds() - started);
    engine->packed_for.plan = NULL;
    float_mode_restore(before);
    return OCELLUS_OK;
}
