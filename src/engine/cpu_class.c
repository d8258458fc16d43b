/* SPDX-License-Identifier: MIT */
/* The CPU engine's class: opening, the passes, the loss. */
#include "engine/cpu_engine.h"

#include "base/text.h"
#include "engine/describe.h"
#include "engine/execute.h"
#include "engine/memory.h"
#include "engine/norms.h"
#include "engine/operator.h"
#include "engine/pack.h"
#include "engine/place.h"
#include "engine/plan_create.h"
#include "engine/profile.h"
#include "engine/reduce.h"
#include "engine/state.h"
#include "engine/tensors.h"
#include "engine/update.h"
#include "model/graph.h"

#include <math.h>
#include <string.h>

/* --- plans: of these weights, for this size and these wishes --- */

struct plan_wish {
    const struct cpu_engine *engine;
    struct plan_options options;
};

static void free_plan(void *plan) {
    plan_free(plan);
}

static ocellus_status make_plan(void *context, struct cache_item *item) {
    const struct plan_wish *wish = context;
    struct plan *plan = NULL;
    TRY(plan_create(wish->engine->lowered, engine_operators, wish->engine->kernels, &wish->options, &plan));
    *item = (struct cache_item){.thing = plan, .bytes = plan_bytes(plan), .free = free_plan};
    return OCELLUS_OK;
}

static size_t operation_of(const struct cpu_engine *engine, const char *layer) {
    return engine->lowered->outputs[engine_find_node(engine->base.graph, layer, strlen(layer))];
}

/* The key's text is what is kept, by place. */
static ocellus_status take_plan(struct cpu_engine *engine, const struct plan_options *options,
                                const struct plan **plan) {
    struct plan_wish wish = {.engine = engine, .options = *options};
    struct text wishes = {0};
    for (size_t i = 0; i < options->keep_count; i++)
        text_append(&wishes, "%zu ", options->keep[i]);
    text_append(&wishes, "to %d", options->gradient_to);
    const struct cache_key key = {
        .maker = engine->kernels, .first = options->batch_size, .second = options->training, .text = wishes.bytes};
    void *made = NULL;
    ocellus_status status = wishes.failed ? OCELLUS_IO : OCELLUS_OK;
    if (status == OCELLUS_OK) status = weights_take_plan(engine->base.weights, &key, make_plan, &wish, &made);
    text_free(&wishes);
    *plan = made;
    return status;
}

static ocellus_status take_plans(struct cpu_engine *engine, size_t *keep) {
    const struct engine_options *options = &engine->base.options;
    const bool gradient = engine->base.gradient_to > 0;
    for (size_t i = 0; i < options->keep_count; i++)
        keep[i] = operation_of(engine, options->keep[i]);
    struct plan_options plan = {.batch_size = options->batch_size,
                                .keep = keep,
                                .keep_count = options->keep_count,
                                .gradient_to = gradient ? (int)operation_of(engine, options->gradient_to) : PLAN_NONE};
    TRY(take_plan(engine, &plan, &engine->inference));
    if (!options->training) return OCELLUS_OK;
    plan.training = true;
    plan.gradient_to = PLAN_NONE;
    TRY(take_plan(engine, &plan, &engine->training));
    return engine_cut_reductions(engine, engine->training);
}

static ocellus_status open_plans(struct cpu_engine *engine) {
    size_t *keep = memory_allocate(engine->base.options.keep_count + 1, sizeof *keep);
    if (!keep) return OCELLUS_IO;
    const ocellus_status status = take_plans(engine, keep);
    memory_free(keep);
    TRY(status);
    return cpu_measure_memory(engine);
}

static ocellus_status open_engine(struct engine *base) {
    struct cpu_engine *engine = cpu_engine_of(base);
    const char *why = NULL;
    engine->lowered = base->lowered;
    engine->parameters = weights_list(base->weights)->parameters;
    engine->kernels = kernels_select(&why);
    if (!engine->kernels) return fail(OCELLUS_USAGE, "%s", why);
    if (!base->options.pool) TRY(thread_pool_create(base->options.threads, &engine->own_pool));
    engine->pool = base->options.pool ? base->options.pool : engine->own_pool;
    engine->norms = memory_allocate(engine->lowered->count, sizeof *engine->norms);
    engine->packed = memory_allocate(engine->lowered->count, sizeof *engine->packed);
    if (!engine->norms || !engine->packed) return OCELLUS_IO;
    TRY(open_plans(engine));
    TRY(engine_allocate_state(engine));
    TRY(engine_allocate_packed(engine));
    TRY(engine_allocate_norms(engine));
    return cpu_allocate_memory(engine);
}

static void close_engine(struct engine *base) {
    struct cpu_engine *engine = cpu_engine_of(base);
    for (size_t worker = 0; engine->scratch && worker < thread_pool_size(engine->pool); worker++)
        memory_free(engine->scratch[worker]);
    thread_pool_destroy(engine->own_pool);
    struct arena *arenas[] = {&engine->gradients_arena, &engine->state_arena[0], &engine->state_arena[1],
                              &engine->packed_arena, &engine->norm_arena};
    for (size_t i = 0; i < sizeof arenas / sizeof *arenas; i++)
        arena_free(arenas[i]);
    void *pieces[] = {engine->norms,       engine->packed,       engine->batch,        engine->scratch,
                      engine->partials,    engine->sums,         engine->moments,      engine->pieces,
                      engine->first_piece, engine->groups,       engine->converted,    engine->loss.losses,
                      engine->loss.shares, engine->loss.weights, engine->probabilities};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        memory_free(pieces[i]);
    if (engine->training) weights_give_plan(base->weights, engine->training);
    if (engine->inference) weights_give_plan(base->weights, engine->inference);
    profile_free(engine->profile);
}

/* Sums over images are kept in 16 shards when training, whatever the threads. Inference sums nothing over images, so its
 * shards may follow the number of threads. */
static size_t count_shards(const struct cpu_engine *engine, size_t n) {
    if (engine->plan->backward) return n < PLAN_SHARDS ? n : PLAN_SHARDS;
    size_t threads = thread_pool_size(engine->pool), shards = (n + PLAN_SHARD_IMAGES - 1) / PLAN_SHARD_IMAGES;
    shards = (shards + threads - 1) / threads * threads; /* each thread gets as many */
    return shards < n ? shards : n;
}

/* Kernels that were changed since they were packed are packed again. */
static ocellus_status pack(struct cpu_engine *engine, enum product product) {
    const uint64_t version = weights_version(engine->base.weights);
    if (engine->packed_version != version) engine->packed_for.plan = NULL;
    engine->packed_version = version;
    return engine_pack(engine, product);
}

static const real *source(struct cpu_engine *engine) {
    const struct engine_batch *batch = &engine->base.batch;
    const float *input = engine_slot(&engine->base, batch->slot);
    if (sizeof(real) == sizeof(float)) return (const real *)(const void *)input;
    real_from_floats(engine->converted, input, batch->n * engine->base.image_size);
    return engine->converted;
}

static ocellus_status forward(struct engine *base) {
    struct cpu_engine *engine = cpu_engine_of(base);
    const bool inference = base->mode == ENGINE_INFERENCE;
    engine->plan = inference ? engine->inference : engine->training;
    if (base->mode == ENGINE_STATISTICS && base->statistics_passes == 0) engine_clear_statistics(engine);
    engine->mode = base->mode;
    engine->src = source(engine);
    engine->n = base->batch.n;
    engine->shards = count_shards(engine, engine->n);
    if (engine->profile) profile_add_pass(engine->profile);
    engine_prepare_norms(engine);
    TRY(pack(engine, PRODUCT_FORWARD));
    engine_run_phases(engine, 0, engine->plan->forward_phases);
    return OCELLUS_OK;
}

static ocellus_status read_values(struct engine *base, enum engine_value value, float *dst) {
    struct cpu_engine *engine = cpu_engine_of(base);
    const size_t count = engine->n * base->classes;
    if (value == ENGINE_LOSSES) {
        real_to_floats(dst, engine->loss.losses, engine->n);
        return OCELLUS_OK;
    }
    const real *values = engine_view(engine, engine->plan->logits, 0);
    if (value == ENGINE_PROBABILITIES) {
        loss_probabilities(base->lowered->link, engine->kernels, engine->n, base->classes, values,
                           engine->probabilities);
        values = engine->probabilities;
    }
    real_to_floats(dst, values, count);
    return OCELLUS_OK;
}

static ocellus_status loss(struct engine *base, const struct engine_targets *targets, struct engine_metrics *metrics) {
    struct cpu_engine *engine = cpu_engine_of(base);
    engine->loss.n = engine->n;
    engine->loss.logits = engine_view(engine, engine->plan->logits, 0);
    engine->loss.diff_logits =
        engine->plan->training ? engine_view(engine, engine->plan->diff_logits, 0) : engine->probabilities;
    loss_take(base->lowered->link, &engine->loss, targets, metrics);
    return OCELLUS_OK;
}

static ocellus_status backward(struct engine *base) {
    struct cpu_engine *engine = cpu_engine_of(base);
    TRY(pack(engine, PRODUCT_DIFF_SRC));
    engine_run_phases(engine, engine->plan->forward_phases, engine->plan->phase_count);
    return OCELLUS_OK;
}

static ocellus_status backward_from(struct engine *base, const float *diff_logits) {
    struct cpu_engine *engine = cpu_engine_of(base);
    real_from_floats(engine_view(engine, engine->plan->diff_logits, 0), diff_logits, engine->n * base->classes);
    return backward(base);
}

static bool all_finite(const real *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) return false;
    }
    return true;
}

static const char *find_nonfinite(struct engine *base) {
    const struct cpu_engine *engine = cpu_engine_of(base);
    for (size_t i = 1; engine->plan && i < engine->lowered->count; i++) {
        const struct operation *o = &engine->lowered->operations[i];
        if (!engine_keeps(engine, i)) continue;
        const real *output = engine_view(engine, engine->plan->outputs[i], 0);
        if (!all_finite(output, engine->n * shape_size(&o->shape))) return base->graph->nodes[o->node].name;
    }
    const struct weights_list *list = weights_list(base->weights);
    for (size_t i = 0; i < list->count; i++) {
        const struct weights_parameter *parameter = &list->parameters[i];
        const bool sound = !engine->gradients || !parameter->trained ||
                           all_finite(engine->gradients + parameter->offset, parameter->size);
        if (!sound || !all_finite(weights_values(base->weights) + parameter->offset, parameter->size))
            return parameter->parameter->name;
    }
    return NULL;
}

static void facts(const struct engine *base, struct engine_facts *facts) {
    const struct cpu_engine *engine = cpu_const_engine_of(base);
    *facts = (struct engine_facts){.kernels = engine->kernels->name,
                                   .threads = thread_pool_size(engine->pool),
                                   .pool = engine->pool,
                                   .planned_bytes = cpu_planned_bytes(engine)};
}

static bool supports(const struct operation *operation) {
    return engine_operators[operation->kind] != NULL;
}

const struct engine_class engine_cpu = {
    .name = "cpu",
    .training = true,
    .supports = supports,
    .size = sizeof(struct cpu_engine),
    .open = open_engine,
    .close = close_engine,
    .set = cpu_set,
    .get = cpu_get,
    .forward = forward,
    .read = read_values,
    .loss = loss,
    .backward = backward,
    .backward_from = backward_from,
    .update = cpu_update,
    .adopt_statistics = cpu_adopt_statistics,
    .find_nonfinite = find_nonfinite,
    .facts = facts,
    .describe = cpu_describe,
    .profile_start = cpu_profile_start,
    .profile = cpu_profile,
};
