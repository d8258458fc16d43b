/* SPDX-License-Identifier: MIT */
/* What the CPU engine allocates once, beside its arenas: how much, and whether there is so much. */
#include "engine/memory.h"

#include "base/memory_available.h"
#include "base/sizes.h"
#include "engine/cpu_engine.h"
#include "engine/describe.h"
#include "engine/reduce.h"

enum { WAVE_BYTES = 64 << 20, LEAST_WAVE = 4 };

static size_t most_channels(const struct lowered *lowered) {
    size_t most = 1;
    for (size_t i = 0; i < lowered->count; i++) {
        const size_t c = shape_extent(&lowered->operations[i].shape).c;
        most = c > most ? c : most;
    }
    return most;
}

/* How many shards a wave has: all of them, unless their parts take much memory; then few, but enough for the threads. */
static size_t choose_wave(const struct cpu_engine *engine) {
    if (!engine->training || PLAN_SHARDS * engine->training->partials_values * sizeof(real) <= WAVE_BYTES)
        return PLAN_SHARDS;
    size_t wave = LEAST_WAVE;
    while (wave < thread_pool_size(engine->pool) && wave < PLAN_SHARDS)
        wave *= 2;
    return wave;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Sizes of what both plans share: they never run at the same time. */
static void measure(struct cpu_engine *engine) {
    const struct plan *inference = engine->inference, *training = engine->training;
    size_t workers = thread_pool_size(engine->pool), unit = MEMORY_ALIGNMENT / sizeof(real);
    const struct engine *base = &engine->base;
    struct engine_memory *memory = &engine->memory;
    memory->input = base->options.slots * base->options.batch_size * base->image_size * sizeof *base->inputs;
    memory->batch = larger(inference->batch_bytes, training ? training->batch_bytes : 0) + MEMORY_ALIGNMENT;
    memory->scratch = larger(inference->scratch_bytes, training ? training->scratch_bytes : 0) + MEMORY_ALIGNMENT;
    engine->wave = choose_wave(engine);
    engine->moments_size = (2 * most_channels(engine->lowered) + unit - 1) / unit * unit;
    memory->sums = unit * sizeof(real);
    memory->partials = unit * sizeof(real);
    if (training) {
        engine->reduction_scratch_size = (engine_reduction_scratch(engine, training) + unit - 1) / unit * unit;
        memory->sums += PLAN_SHARDS * training->sums_values * sizeof(real);
        memory->partials += (engine->wave + PLAN_SHARDS / engine->wave) * training->partials_values * sizeof(real);
    }
    engine->conv_scratch_size = larger(inference->conv_scratch, training ? training->conv_scratch : 0);
    engine->conv_scratch_size = larger(engine->conv_scratch_size, engine->kernels->conv2d_scratch);
    engine->conv_scratch_size = (engine->conv_scratch_size + unit - 1) / unit * unit;
    memory->workers =
        workers * (engine->moments_size + engine->reduction_scratch_size + engine->conv_scratch_size) * sizeof(real);
}

/* A file of a kilobyte may ask for any amount: the values of one image have a limit, and all together what there is. */
static ocellus_status check(const struct cpu_engine *engine) {
    enum { ALWAYS_TRIED = 64 << 20 };
    const struct plan *plan = engine->inference;
    const size_t image = plan->scratch_bytes / plan_shard_images(plan) + plan->batch_bytes / plan->batch_size;
    if (image > ENGINE_MOST_IMAGE_BYTES)
        return fail(OCELLUS_BAD_CONTENT, "%s: the values of one image need %.1f MB (expected at most %.0f)",
                    engine->base.graph->name, size_megabytes(image), size_megabytes(ENGINE_MOST_IMAGE_BYTES));
    const size_t planned = cpu_planned_bytes(engine);
    const size_t available = planned > ALWAYS_TRIED ? memory_available() : SIZE_MAX;
    if (planned <= available) return OCELLUS_OK;
    return fail(OCELLUS_IO, "%s: %.1f MB are needed for batches of %zu, and %.1f MB are free", engine->base.graph->name,
                size_megabytes(planned), engine->base.options.batch_size, size_megabytes(available));
}

static bool allocate_loss(struct cpu_engine *engine) {
    const size_t images = engine->base.options.batch_size, classes = engine->base.classes;
    struct loss_batch *loss = &engine->loss;
    loss->kernels = engine->kernels;
    loss->classes = classes;
    loss->losses = memory_allocate(images, sizeof(real));
    loss->shares = memory_allocate(images, classes * sizeof(real));
    loss->weights = memory_allocate(images, sizeof(real));
    engine->probabilities = memory_allocate(images, classes * sizeof(real));
    return loss->losses && loss->shares && loss->weights && engine->probabilities;
}

ocellus_status cpu_measure_memory(struct cpu_engine *engine) {
    measure(engine);
    return check(engine);
}

ocellus_status cpu_allocate_memory(struct cpu_engine *engine) {
    const size_t workers = thread_pool_size(engine->pool), images = engine->base.options.batch_size;
    engine->batch = memory_allocate(engine->memory.batch, 1);
    engine->scratch = memory_allocate(workers, sizeof *engine->scratch);
    engine->sums = memory_allocate(engine->memory.sums, 1);
    engine->partials = memory_allocate(engine->memory.partials, 1);
    engine->moments = memory_allocate(engine->memory.workers + 1, 1);
    engine->reduction_scratch = engine->moments ? engine->moments + workers * engine->moments_size : NULL;
    engine->conv_scratch =
        engine->moments ? engine->reduction_scratch + workers * engine->reduction_scratch_size : NULL;
    if (sizeof(real) != sizeof(float))
        engine->converted = memory_allocate(images, engine->base.image_size * sizeof(real));
    bool good = engine->batch && engine->scratch && engine->sums && engine->partials && engine->moments &&
                (engine->converted || sizeof(real) == sizeof(float)) && allocate_loss(engine);
    for (size_t worker = 0; good && worker < workers; worker++) {
        engine->scratch[worker] = memory_allocate(engine->memory.scratch, 1);
        good = engine->scratch[worker] != NULL;
    }
    if (good) return OCELLUS_OK;
    return fail_within(OCELLUS_IO, "%s: %.1f MB are needed for batches of %zu", engine->base.graph->name,
                       size_megabytes(cpu_planned_bytes(engine)), images);
}
