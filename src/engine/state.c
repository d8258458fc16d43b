/* SPDX-License-Identifier: MIT */
/* The CPU engine's tensors: where gradients and optimizer state lie, and values crossing as float. */
#include "engine/state.h"

#include "base/sizes.h"
#include "engine/cpu_engine.h"
#include "engine/place.h"
#include "model/graph.h"

static ocellus_status allocate_values(struct arena *arena, size_t values, real **pointer) {
    enum { SLACK = 16 };
    size_t bytes, offset;
    if (!size_multiply(values + SLACK, sizeof(real), &bytes)) return fail(OCELLUS_IO, "memory: size overflow");
    TRY(arena_reserve(arena, bytes, &offset));
    TRY(arena_allocate(arena));
    *pointer = (real *)(void *)(arena->base + offset);
    return OCELLUS_OK;
}

ocellus_status engine_allocate_state(struct cpu_engine *engine) {
    const size_t trained = weights_list(engine->base.weights)->trained_size;
    const struct engine_options *options = &engine->base.options;
    if (!options->training) return OCELLUS_OK;
    TRY(allocate_values(&engine->gradients_arena, trained, &engine->gradients));
    for (size_t s = 0; s < engine->base.state_count; s++)
        TRY(allocate_values(&engine->state_arena[s], trained, &engine->state[s]));
    engine->groups = memory_allocate(options->group_count + 1, sizeof *engine->groups);
    if (!engine->groups) return OCELLUS_IO;
    for (size_t i = 0; i < options->group_count; i++)
        engine->groups[i] = options->groups[i];
    return OCELLUS_OK;
}

/* The memory of a tensor of the state. */
static real *values_of(const struct cpu_engine *engine, const struct engine_place *place) {
    const size_t offset = engine->parameters[place->index].offset;
    if (place->kind == PLACE_PARAMETER) return weights_values(engine->base.weights) + offset;
    return (place->kind == PLACE_STATE ? engine->state[place->state] : engine->gradients) + offset;
}

void cpu_set(struct engine *engine, const struct engine_place *place, const float *values) {
    real_from_floats(values_of(cpu_engine_of(engine), place), values, place->count);
}

/* Where a value that can be read after a pass lies. */
static ocellus_status find_value(const struct cpu_engine *engine, const struct engine_place *place,
                                 const real **values) {
    const size_t operation = engine->lowered->outputs[place->index];
    if (place->kind == PLACE_OUTPUT_GRADIENT) {
        *values = engine_view(engine, engine->plan->gradient, 0);
        return OCELLUS_OK;
    }
    if (!engine_keeps(engine, operation))
        return fail(OCELLUS_USAGE, "%s/output: the plan does not keep this output%s",
                    engine->base.graph->nodes[place->index].name,
                    engine->base.stage >= STAGE_BACKWARD ? " beyond the backward pass" : "");
    *values = engine_view(engine, engine->plan->outputs[operation], 0);
    return OCELLUS_OK;
}

ocellus_status cpu_get(const struct engine *base, const struct engine_place *place, float *values) {
    const struct cpu_engine *engine = cpu_const_engine_of(base);
    const real *src = NULL;
    if (place->kind == PLACE_OUTPUT || place->kind == PLACE_OUTPUT_GRADIENT) TRY(find_value(engine, place, &src));
    else src = values_of(engine, place);
    real_to_floats(values, src, place->count);
    return OCELLUS_OK;
}
