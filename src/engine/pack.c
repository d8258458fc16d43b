/* SPDX-License-Identifier: MIT */
/* Packing kernels for the tasks that read them. An engine that is its weights' only user packs once per step and pass, both
 * directions and what inference folds in taking turns in one place. On shared weights what is packed belongs to these: each
 * form is made once for all sessions. */
#include "engine/pack.h"

#include "base/log.h"
#include "engine/cpu_engine.h"
#include "engine/operator.h"
#include "engine/place.h"
#include "engine/profile.h"

#include <stdatomic.h>

/* One kernel on its way into one form. */
struct packed_kernel {
    const struct cpu_engine *engine;
    const struct packing *packing;
    const struct shape *shape;
    size_t operation, tile, bias; /* values of the folded bias, which lies in front */
    enum product product;
};

static struct packed_kernel kernel_of(const struct cpu_engine *engine, const struct plan *plan, size_t operation,
                                      enum product product) {
    const struct operation *o = &engine->lowered->operations[operation];
    struct packed_kernel kernel = {.engine = engine,
                                   .packing = engine_operators[o->kind]->packing,
                                   .operation = operation,
                                   .product = product,
                                   .tile = plan->tiles[product][operation],
                                   .bias = (shape_extent(&o->shape).c + 15) / 16 * 16};
    if (kernel.packing) kernel.shape = engine_parameter_shape(engine, operation, PARAMETER_KERNEL);
    return kernel;
}

static size_t kernel_values(const struct packed_kernel *kernel) {
    return kernel->bias + kernel->packing->size(kernel->engine->kernels, kernel->shape, kernel->tile, kernel->product);
}

/* A BatchNormalization after the kernel: (w x + bias) scale + shift = (w scale) x + (bias scale + shift). */
static void fold(const struct packed_kernel *kernel, const struct norm_state *norm, real *dst) {
    const real *bias = engine_parameter(kernel->engine, kernel->operation, PARAMETER_BIAS);
    for (size_t c = 0; c < norm->c; c++)
        dst[c] = (bias ? bias[c] * norm->scale[c] : 0) + norm->shift[c];
    kernel->packing->scale(kernel->engine->kernels, kernel->shape, kernel->tile, norm->scale, dst + kernel->bias);
}

static int folded(const struct packed_kernel *kernel) {
    return kernel->product == PRODUCT_FORWARD ? kernel->engine->plan->folded[kernel->operation] : PLAN_NONE;
}

static void pack(void *context, void *dst) {
    const struct packed_kernel *kernel = context;
    kernel->packing->pack(kernel->engine->kernels, kernel->shape, kernel->tile, kernel->product,
                          engine_parameter(kernel->engine, kernel->operation, PARAMETER_KERNEL),
                          (real *)dst + kernel->bias);
    if (folded(kernel) != PLAN_NONE) fold(kernel, &kernel->engine->norms[folded(kernel)], dst);
}

/* The most values that this engine's passes need of one kernel. */
static size_t most_values(const struct cpu_engine *engine, size_t operation) {
    const struct plan *plans[] = {engine->inference, engine->training};
    size_t most = 0;
    for (size_t i = 0; i < 2; i++) {
        for (int product = PRODUCT_FORWARD; plans[i] && product <= PRODUCT_DIFF_SRC; product++) {
            const struct packed_kernel kernel = kernel_of(engine, plans[i], operation, (enum product)product);
            if (product == PRODUCT_DIFF_SRC && !plans[i]->backward) continue;
            const size_t values = kernel_values(&kernel);
            most = values > most ? values : most;
        }
    }
    return most;
}

ocellus_status engine_allocate_packed(struct cpu_engine *engine) {
    const struct lowered *lowered = engine->lowered;
    if (engine->base.options.weights) return OCELLUS_OK;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t i = 0; i < lowered->count; i++) {
            if (!engine_operators[lowered->operations[i].kind]->packing) continue;
            const size_t bytes = most_values(engine, i) * sizeof(real);
            if (pass == 0) {
                TRY(arena_reserve(&engine->packed_arena, bytes, &at));
                continue;
            }
            engine->packed[i].memory = (real *)(void *)(engine->packed_arena.base + at);
            at += (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
        }
        if (pass == 0) TRY(arena_allocate(&engine->packed_arena));
    }
    return OCELLUS_OK;
}

/* Everything that decides what a form is. */
static ocellus_status take_form(const struct packed_kernel *kernel, const real **packed) {
    const struct cpu_engine *engine = kernel->engine;
    const size_t parameter = engine->lowered->operations[kernel->operation].parameters[PARAMETER_KERNEL];
    const size_t variant = (size_t)(folded(kernel) + 1) * PRODUCTS + (size_t)kernel->product;
    const struct weights_form form = {
        .maker = engine->kernels, .parameter = parameter, .form = variant * 16 + kernel->tile};
    struct packed_kernel context = *kernel;
    const void *made = NULL;
    TRY(weights_take_form(engine->base.weights, &form, kernel_values(kernel) * sizeof(real), pack, &context, &made));
    *packed = made;
    return OCELLUS_OK;
}

struct pack_run {
    struct cpu_engine *engine;
    enum product product;
    _Atomic ocellus_status status;
};

static void pack_one(void *context, size_t operation, size_t worker) {
    struct pack_run *run = context;
    struct cpu_engine *engine = run->engine;
    struct packed_kernel kernel = kernel_of(engine, engine->plan, operation, run->product);
    struct packed_state *packed = &engine->packed[operation];
    const real *values = packed->memory;
    (void)worker;
    if (!kernel.packing) return;
    if (packed->memory) pack(&kernel, packed->memory);
    else if (take_form(&kernel, &values) != OCELLUS_OK) run->status = OCELLUS_IO;
    packed->folded_bias = values;
    packed->weights = values ? values + kernel.bias : NULL;
}

ocellus_status engine_pack(struct cpu_engine *engine, enum product product) {
    if (engine->packed_for.plan == engine->plan && engine->packed_for.product == product) return OCELLUS_OK;
    struct pack_run run = {.engine = engine, .product = product};
    const double started = engine->profile ? clock_seconds() : 0;
    parallel_for(engine->pool, engine->lowered->count, pack_one, &run);
    if (run.status != OCELLUS_OK)
        return fail(OCELLUS_IO, "%s: no memory for its packed weights", engine->base.graph->name);
    engine->packed_for = (struct packed_for){engine->plan, product};
    if (engine->profile) profile_add_step(engine->profile, PROFILE_PACK, clock_seconds() - started);
    return OCELLUS_OK;
}
