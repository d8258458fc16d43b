/* SPDX-License-Identifier: MIT */
/* Where the values of a plan are while it runs. */
#include "engine/place.h"

#include "engine/operator.h"

static size_t input_size(const struct cpu_engine *engine) {
    return shape_size(&engine->lowered->operations[0].shape);
}

/* Of the image, in its scope; a view of the input is only ever read. */
static unsigned char *buffer_at(const struct cpu_engine *engine, const struct buffer *buffer, size_t image,
                                size_t worker, size_t shard_first) {
    if (buffer->scope == SCOPE_BATCH) return engine->batch + buffer->offset + image * buffer->size;
    unsigned char *base = engine->scratch[worker] + buffer->offset;
    return buffer->scope == SCOPE_SHARD ? base + (image - shard_first) * buffer->size : base;
}

void *place_at(const struct place *place, struct view view) {
    const struct cpu_engine *engine = place->engine;
    if (view.buffer == PLAN_NONE) return NULL;
    if (view.buffer == PLAN_INPUT)
        return (real *)(uintptr_t)(engine->src + place->image * input_size(engine) + view.offset);
    const struct buffer *buffer = &engine->plan->buffers[view.buffer];
    return buffer_at(engine, buffer, place->image, place->worker, place->shard_first) +
           view.offset * element_size(view.element);
}

real *engine_view(const struct cpu_engine *engine, struct view view, size_t image) {
    const struct place place = {.engine = (struct cpu_engine *)(uintptr_t)engine, .image = image, .shard_first = image};
    return place_at(&place, view);
}

bool engine_keeps(const struct cpu_engine *engine, size_t operation) {
    const struct plan *plan = engine->plan;
    const bool backward = engine->base.stage >= STAGE_BACKWARD;
    return plan_keeps(plan, operation, backward ? plan->phase_count : plan->forward_phases);
}

size_t place_image_stride(const struct place *place, struct view view) {
    const struct cpu_engine *engine = place->engine;
    if (view.buffer == PLAN_INPUT) return input_size(engine);
    return engine->plan->buffers[view.buffer].size / element_size(view.element);
}

real *place_partials(const struct place *place, const struct task *task) {
    const struct cpu_engine *engine = place->engine;
    if (task->type->adds_to_partials)
        return engine->partials + place->shard % engine->wave * engine->plan->partials_values + task->partials;
    return engine->sums + place->shard * engine->plan->sums_values + task->partials;
}

real *place_conv_scratch(const struct place *place) {
    return place->engine->conv_scratch + place->runner * place->engine->conv_scratch_size;
}

const struct operation *place_operation(const struct place *place, const struct task *task) {
    return &place->engine->lowered->operations[task->operation];
}

size_t engine_shard_first(const struct cpu_engine *engine, size_t shard) {
    return shard * engine->n / engine->shards;
}
size_t engine_shard_images(const struct cpu_engine *engine, size_t shard) {
    return engine_shard_first(engine, shard + 1) - engine_shard_first(engine, shard);
}

real *engine_sums(const struct cpu_engine *engine, size_t shard, const struct reduction *reduction) {
    return engine->sums + shard * engine->plan->sums_values + reduction->partials;
}
real *engine_partials(const struct cpu_engine *engine, size_t slot, const struct reduction *reduction) {
    return engine->partials + slot * engine->plan->partials_values + reduction->partials;
}

real *engine_parameter(const struct cpu_engine *engine, size_t operation, enum parameter_role role) {
    const size_t place = engine->lowered->operations[operation].parameters[role];
    return place == PARAMETER_NONE ? NULL : weights_values(engine->base.weights) + engine->parameters[place].offset;
}
real *engine_gradient(const struct cpu_engine *engine, size_t parameter) {
    return engine->gradients + engine->parameters[parameter].offset;
}
const struct shape *engine_parameter_shape(const struct cpu_engine *engine, size_t operation,
                                           enum parameter_role role) {
    const size_t place = engine->lowered->operations[operation].parameters[role];
    return &engine->lowered->parameters[place].parameter->shape;
}
