/* SPDX-License-Identifier: MIT */
/* Packing kernels for the tasks that read them, once per step and pass. Those of both directions, and of inference with
 * BatchNormalization folded in, take turns in one place. */
#include "engine/cpu_engine.h"

#include "base/log.h"
#include "engine/execute.h"

static const struct packing *packing_of(const struct engine *engine, size_t operation) {
    return engine_operators[engine->lowered->operations[operation].kind]->packing;
}

static size_t packed_values(const struct engine *engine, const struct plan *plan, size_t operation,
                            enum product product) {
    const struct shape *kernel = engine_parameter_shape(engine, operation, PARAMETER_KERNEL);
    if (!plan || (product == PRODUCT_DIFF_SRC && !plan->backward)) return 0;
    return packing_of(engine, operation)->size(engine->kernels, kernel, plan->tiles[product][operation], product);
}

static size_t most_packed_values(const struct engine *engine, size_t operation) {
    const size_t sizes[] = {packed_values(engine, engine->inference, operation, PRODUCT_FORWARD),
                            packed_values(engine, engine->training, operation, PRODUCT_FORWARD),
                            packed_values(engine, engine->inference, operation, PRODUCT_DIFF_SRC),
                            packed_values(engine, engine->training, operation, PRODUCT_DIFF_SRC)};
    size_t most = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        most = sizes[i] > most ? sizes[i] : most;
    return most;
}

ocellus_status engine_allocate_packed(struct engine *engine) {
    const struct lowered *lowered = engine->lowered;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t i = 0; i < lowered->count; i++) {
            if (!packing_of(engine, i)) continue;
            const size_t bias = (shape_extent(&lowered->operations[i].shape).c + 15) / 16 * 16;
            const size_t bytes = (bias + most_packed_values(engine, i)) * sizeof(real);
            if (pass == 0) {
                TRY(arena_reserve(&engine->packed_arena, bytes, &at));
                continue;
            }
            engine->packed[i].folded_bias = (real *)(void *)(engine->packed_arena.base + at);
            engine->packed[i].weights = engine->packed[i].folded_bias + bias;
            at += (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
        }
        if (pass == 0) TRY(arena_allocate(&engine->packed_arena));
    }
    return OCELLUS_OK;
}

/* A BatchNormalization after the kernel: (w x + bias) scale + shift = (w scale) x + (bias scale + shift). */
static void fold(struct engine *engine, size_t operation, size_t tile) {
    const struct norm_state *norm = &engine->norms[engine->plan->folded[operation]];
    const real *bias = engine_parameter(engine, operation, PARAMETER_BIAS);
    struct packed_state *packed = &engine->packed[operation];
    for (size_t c = 0; c < norm->c; c++)
        packed->folded_bias[c] = (bias ? bias[c] * norm->scale[c] : 0) + norm->shift[c];
    packing_of(engine, operation)
        ->scale(engine->kernels, engine_parameter_shape(engine, operation, PARAMETER_KERNEL), tile, norm->scale,
                packed->weights);
}

static void pack_one(void *context, size_t operation, size_t worker) {
    struct engine *engine = context;
    (void)worker;
    if (!packing_of(engine, operation)) return;
    const enum product product = engine->packed_for.product;
    const size_t tile = engine->plan->tiles[product][operation];
    packing_of(engine, operation)
        ->pack(engine->kernels, engine_parameter_shape(engine, operation, PARAMETER_KERNEL), tile, product,
               engine_parameter(engine, operation, PARAMETER_KERNEL), engine->packed[operation].weights);
    if (product == PRODUCT_FORWARD && engine->plan->folded[operation] != PLAN_NONE) fold(engine, operation, tile);
}

void engine_pack(struct engine *engine, enum product product) {
    if (engine->packed_for.plan == engine->plan && engine->packed_for.product == product) return;
    engine->packed_for = (struct packed_for){engine->plan, product};
    const double started = engine->profile ? clock_seconds() : 0;
    parallel_for(engine->pool, engine->lowered->count, pack_one, engine);
    if (engine->profile) profile_add_step(engine->profile, PROFILE_PACK, clock_seconds() - started);
}
