/* SPDX-License-Identifier: MIT */
/* The CPU engine's class: opening, the passes, the loss. */
#include "engine/cpu_engine.h"

#include "base/sizes.h"

#include <math.h>
#include <string.h>

enum { WAVE_BYTES = 64 << 20, LEAST_WAVE = 4 };

static ocellus_status allocate_norms(struct cpu_engine *engine) {
    const struct graph *graph = engine->graph;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t node = 0; node < graph->count; node++) {
            const struct node *n = &graph->nodes[node];
            if (n->type->operator_kind != OPERATOR_BATCH_NORM) continue;
            struct norm_state *norm = &engine->norms[node];
            norm->c = (size_t)n->shape.dims[n->shape.rank - 1];
            size_t row = (norm->c + 15) / 16 * 16, bytes = row * (7 * sizeof(real) + 2 * sizeof(double));
            if (pass == 0) {
                TRY(arena_reserve(&engine->norm_arena, bytes, &at));
                continue;
            }
            real **vectors[7] = {&norm->scale, &norm->shift, &norm->mean, &norm->inverse, &norm->a, &norm->b, &norm->d};
            unsigned char *base = engine->norm_arena.base + at;
            norm->sum_mean = (double *)(void *)base;
            norm->sum_variance = norm->sum_mean + row;
            base += 2 * row * sizeof(double);
            for (size_t i = 0; i < 7; i++)
                *vectors[i] = (real *)(void *)base + i * row;
            at += (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
        }
        if (pass == 0) TRY(arena_allocate(&engine->norm_arena));
    }
    return OCELLUS_OK;
}

static size_t most_channels(const struct graph *graph) {
    size_t most = 1;
    for (size_t node = 0; node < graph->count; node++) {
        size_t c = plan_extent(&graph->nodes[node].shape).c;
        most = c > most ? c : most;
    }
    return most;
}

/* How many shards a wave has: all of them, unless their parts take much memory; then few, but enough for the threads. */
static size_t choose_wave(const struct cpu_engine *engine) {
    if (!engine->training || PLAN_SHARDS * engine->training->parts_values * sizeof(real) <= WAVE_BYTES)
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
static void measure_memory(struct cpu_engine *engine) {
    const struct plan *inference = engine->inference, *training = engine->training;
    size_t workers = thread_pool_size(engine->pool), unit = MEMORY_ALIGNMENT / sizeof(real);
    const struct engine *base = &engine->base;
    struct engine_memory *memory = &engine->memory;
    memory->input = base->options.slots * base->options.batch_size * base->image_size * sizeof *base->inputs;
    memory->batch = larger(inference->batch_bytes, training ? training->batch_bytes : 0) + MEMORY_ALIGNMENT;
    memory->scratch = larger(inference->scratch_bytes, training ? training->scratch_bytes : 0) + MEMORY_ALIGNMENT;
    engine->wave = choose_wave(engine);
    engine->moments_size = (2 * most_channels(engine->graph) + unit - 1) / unit * unit;
    memory->sums = unit * sizeof(real);
    memory->parts = unit * sizeof(real);
    if (training) {
        engine->finish_parts_size = (engine_finish_parts(engine) + unit - 1) / unit * unit;
        memory->sums += PLAN_SHARDS * training->sums_values * sizeof(real);
        memory->parts += (engine->wave + PLAN_SHARDS / engine->wave) * training->parts_values * sizeof(real);
    }
    engine->conv_scratch_size = larger(inference->winograd_values, training ? training->winograd_values : 0);
    engine->conv_scratch_size = larger(engine->conv_scratch_size, engine->kernels->conv2d_scratch);
    engine->conv_scratch_size = (engine->conv_scratch_size + unit - 1) / unit * unit;
    memory->workers =
        workers * (engine->moments_size + engine->finish_parts_size + engine->conv_scratch_size) * sizeof(real);
}

/* A file of a kilobyte may ask for any amount: the values of one image have a limit, and all together what there is. */
static ocellus_status check_memory(const struct cpu_engine *engine) {
    enum { ALWAYS_TRIED = 64 << 20 };
    const struct plan *plan = engine->inference;
    const size_t image = plan->scratch_bytes / plan_block(plan) + plan->batch_bytes / plan->batch_size;
    if (image > ENGINE_MOST_IMAGE_BYTES) {
        return fail(OCELLUS_BAD_CONTENT, "%s: the values of one image need %zu MB (expected at most %zu)",
                    engine->graph->name, image >> 20, ENGINE_MOST_IMAGE_BYTES >> 20);
    }
    const size_t planned = cpu_planned_bytes(engine);
    const size_t available = planned > ALWAYS_TRIED ? memory_available() : SIZE_MAX;
    if (planned <= available) return OCELLUS_OK;
    return fail(OCELLUS_IO, "%s: %zu MB are needed for batches of %zu, and %zu MB are free", engine->graph->name,
                planned >> 20, engine->base.options.batch_size, available >> 20);
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

static ocellus_status allocate_memory(struct cpu_engine *engine) {
    const size_t workers = thread_pool_size(engine->pool), images = engine->base.options.batch_size;
    engine->batch = memory_allocate(engine->memory.batch, 1);
    engine->scratch = memory_allocate(workers, sizeof *engine->scratch);
    engine->sums = memory_allocate(engine->memory.sums, 1);
    engine->parts = memory_allocate(engine->memory.parts, 1);
    engine->moments = memory_allocate(engine->memory.workers + 1, 1);
    engine->finish_parts = engine->moments ? engine->moments + workers * engine->moments_size : NULL;
    engine->conv_scratch = engine->moments ? engine->finish_parts + workers * engine->finish_parts_size : NULL;
    if (sizeof(real) != sizeof(float))
        engine->converted = memory_allocate(images, engine->base.image_size * sizeof(real));
    bool good = engine->batch && engine->scratch && engine->sums && engine->parts && engine->moments &&
                (engine->converted || sizeof(real) == sizeof(float)) && allocate_loss(engine);
    for (size_t worker = 0; good && worker < workers; worker++) {
        engine->scratch[worker] = memory_allocate(engine->memory.scratch, 1);
        good = engine->scratch[worker] != NULL;
    }
    if (good) return OCELLUS_OK;
    return fail_within(OCELLUS_IO, "%s: %zu MB are needed for batches of %zu", engine->graph->name,
                       cpu_planned_bytes(engine) >> 20, images);
}

/* What the plan of an inference does not keep by itself is refused. */
static ocellus_status check_kept(const struct cpu_engine *engine) {
    const struct engine_options *options = &engine->base.options;
    for (size_t i = 0; i < options->keep_count; i++) {
        const size_t node = engine_find_node(engine->graph, options->keep[i], strlen(options->keep[i]));
        if (cpu_keeps_output(engine->inference, node) &&
            (!options->training || cpu_keeps_output(engine->training, node)))
            continue;
        return fail(OCELLUS_USAGE, "%s: keep: the plan does not keep the output of %s", engine->graph->name,
                    options->keep[i]);
    }
    return OCELLUS_OK;
}

static ocellus_status open_plans(struct cpu_engine *engine) {
    const struct engine_options *options = &engine->base.options;
    TRY(plan_create(engine->graph, engine->kernels, false, options->batch_size, &engine->inference));
    if (options->training) {
        TRY(plan_create(engine->graph, engine->kernels, true, options->batch_size, &engine->training));
        TRY(engine_plan_pieces(engine));
    }
    TRY(check_kept(engine));
    measure_memory(engine);
    return check_memory(engine);
}

static ocellus_status open_engine(struct engine *base) {
    struct cpu_engine *engine = cpu_engine_of(base);
    const char *why = NULL;
    engine->graph = base->graph;
    engine->parameters = weights_list(base->weights)->parameters;
    engine->first_parameter = weights_list(base->weights)->first;
    engine->kernels = kernels_select(&why);
    if (!engine->kernels) return fail(OCELLUS_USAGE, "%s", why);
    if (!base->options.pool) TRY(thread_pool_create(base->options.threads, &engine->own_pool));
    engine->pool = base->options.pool ? base->options.pool : engine->own_pool;
    engine->norms = memory_allocate(engine->graph->count, sizeof *engine->norms);
    engine->packed = memory_allocate(engine->graph->count, sizeof *engine->packed);
    if (!engine->norms || !engine->packed) return OCELLUS_IO;
    TRY(open_plans(engine));
    TRY(engine_allocate_state(engine));
    TRY(engine_allocate_packed(engine));
    TRY(allocate_norms(engine));
    return allocate_memory(engine);
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
                      engine->parts,       engine->sums,         engine->moments,      engine->pieces,
                      engine->first_piece, engine->rate_scales,  engine->converted,    engine->loss.losses,
                      engine->loss.shares, engine->loss.weights, engine->probabilities};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++)
        memory_free(pieces[i]);
    plan_free(engine->training);
    plan_free(engine->inference);
    profile_free(engine->profile);
}

/* Sums over images are kept in 16 shards when training, whatever the threads. Inference sums nothing over images, so its
 * shards may follow the number of threads. */
static size_t count_shards(const struct cpu_engine *engine, size_t n) {
    if (engine->plan->training) return n < PLAN_SHARDS ? n : PLAN_SHARDS;
    size_t threads = thread_pool_size(engine->pool), shards = (n + PLAN_BLOCK - 1) / PLAN_BLOCK;
    shards = (shards + threads - 1) / threads * threads; /* each thread gets as many */
    return shards < n ? shards : n;
}

static void clear_statistics(struct cpu_engine *engine) {
    for (size_t node = 0; node < engine->graph->count; node++) {
        struct norm_state *norm = &engine->norms[node];
        if (norm->c == 0) continue;
        memset(norm->sum_mean, 0, norm->c * sizeof *norm->sum_mean);
        memset(norm->sum_variance, 0, norm->c * sizeof *norm->sum_variance);
    }
}

/* Weights that were changed since they were packed are packed again. */
static void pack(struct cpu_engine *engine, enum packed_kind kind) {
    const uint64_t version = weights_version(engine->base.weights);
    if (engine->packed_version != version) engine->packed_kind = PACKED_NOTHING;
    engine->packed_version = version;
    engine_pack(engine, kind);
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
    if (base->mode == ENGINE_STATISTICS && base->statistics_passes == 0) clear_statistics(engine);
    engine->mode = base->mode;
    engine->src = source(engine);
    engine->n = base->batch.n;
    engine->shards = count_shards(engine, engine->n);
    if (engine->profile) profile_add_pass(engine->profile);
    engine_prepare_norms(engine);
    pack(engine, inference ? PACKED_FOLDED : PACKED_FORWARD);
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
    const real *values = engine_view(engine, engine->plan->logits, 0, 0);
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
    engine->loss.logits = engine_view(engine, engine->plan->logits, 0, 0);
    engine->loss.diff_logits =
        engine->plan->training ? engine_view(engine, engine->plan->diff_logits, 0, 0) : engine->probabilities;
    loss_take(base->lowered->link, &engine->loss, targets, metrics);
    return OCELLUS_OK;
}

static ocellus_status backward(struct engine *base) {
    struct cpu_engine *engine = cpu_engine_of(base);
    pack(engine, PACKED_ROTATED);
    engine_run_phases(engine, engine->plan->forward_phases, engine->plan->phase_count);
    return OCELLUS_OK;
}

static ocellus_status adopt_statistics(struct engine *base) {
    struct cpu_engine *engine = cpu_engine_of(base);
    const double passes = (double)base->statistics_passes;
    for (size_t node = 0; node < engine->graph->count; node++) {
        const struct norm_state *norm = &engine->norms[node];
        if (norm->c == 0 || engine->graph->nodes[node].frozen) continue;
        real *mean = engine_parameter(engine, node, 2), *variance = engine_parameter(engine, node, 3);
        for (size_t i = 0; i < norm->c; i++) {
            mean[i] = (real)(norm->sum_mean[i] / passes);
            variance[i] = (real)(norm->sum_variance[i] / passes);
        }
    }
    return OCELLUS_OK;
}

static bool all_finite(const real *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(values[i])) return false;
    return true;
}

static const char *find_nonfinite(struct engine *base) {
    const struct cpu_engine *engine = cpu_engine_of(base);
    const struct graph *graph = engine->graph;
    for (size_t node = 1; engine->plan && node < graph->count; node++) {
        if (!cpu_keeps_output(engine->plan, node)) continue;
        const real *output = engine_view(engine, engine->plan->outputs[node], 0, 0);
        if (!all_finite(output, engine->n * shape_size(&graph->nodes[node].shape))) return graph->nodes[node].name;
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
                                   .planned_bytes = cpu_planned_bytes(engine)};
}

static bool supports(const struct operation *operation) {
    const struct unary *unary = &operation->unary;
    switch (operation->kind) {
    case OPERATION_INPUT:
    case OPERATION_CONVOLUTION:
    case OPERATION_DENSE:
    case OPERATION_NORMALIZATION:
    case OPERATION_ADD:
    case OPERATION_MAX_POOL:
    case OPERATION_GLOBAL_AVERAGE:
    case OPERATION_PAD:
    case OPERATION_UPSAMPLE:
    case OPERATION_RESHAPE:
        return true;
    case OPERATION_UNARY:
        if (unary->function == UNARY_SOFTMAX) return true;
        return unary->function == UNARY_RELU && !(unary->negative_slope > 0) && !(unary->max_value > 0);
    default:
        return false;
    }
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
    .update = cpu_update,
    .adopt_statistics = adopt_statistics,
    .find_nonfinite = find_nonfinite,
    .facts = facts,
    .describe = cpu_describe,
    .profile_start = cpu_profile_start,
    .profile = cpu_profile,
};
