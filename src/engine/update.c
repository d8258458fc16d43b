/* SPDX-License-Identifier: MIT */
/* Once a step: the optimizer's pass over all trained parameters, group by group. */
#include "engine/update.h"

#include "base/log.h"
#include "engine/cpu_engine.h"
#include "engine/profile.h"

enum { UPDATE_VALUES = 8192 }; /* of a group's parameters, one piece of work */

struct update {
    struct cpu_engine *engine;
    const struct optimizer *optimizer;
};

static size_t group_pieces(const struct weights_list *list, size_t group) {
    return (list->group_begin[group + 1] - list->group_begin[group] + UPDATE_VALUES - 1) / UPDATE_VALUES;
}

static void update_piece(void *context, size_t piece, size_t worker) {
    const struct update *update = context;
    struct cpu_engine *engine = update->engine;
    const struct weights_list *list = weights_list(engine->base.weights);
    size_t group = 0;
    (void)worker;
    for (; piece >= group_pieces(list, group); group++)
        piece -= group_pieces(list, group);
    const size_t begin = list->group_begin[group] + piece * UPDATE_VALUES, left = list->group_begin[group + 1] - begin;
    struct optimizer_values values = {.count = left < UPDATE_VALUES ? left : UPDATE_VALUES,
                                      .gradient = engine->gradients + begin,
                                      .weights = weights_values(engine->base.weights) + begin};
    for (size_t s = 0; s < engine->base.state_count; s++)
        values.states[s] = engine->state[s] + begin;
    const struct parameter_group rest = {.rate_scale = 1}, *of = group > 0 ? &engine->groups[group - 1] : &rest;
    optimizer_rows[update->optimizer->kind].step(engine->kernels, update->optimizer, of->rate_scale,
                                                 engine_group_updates(of, engine->base.updates), &values);
}

ocellus_status cpu_update(struct engine *engine, const struct optimizer *optimizer) {
    struct cpu_engine *cpu = cpu_engine_of(engine);
    const struct weights_list *list = weights_list(engine->weights);
    struct update update = {.engine = cpu, .optimizer = optimizer};
    size_t pieces = 0;
    for (size_t group = 0; group <= list->group_count; group++)
        pieces += group_pieces(list, group);
    const double started = cpu->profile ? clock_seconds() : 0;
    parallel_for(cpu->pool, pieces, update_piece, &update);
    if (cpu->profile) profile_add_step(cpu->profile, PROFILE_UPDATE, clock_seconds() - started);
    return OCELLUS_OK;
}
