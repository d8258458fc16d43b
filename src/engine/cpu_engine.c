/* SPDX-License-Identifier: MIT */
/* The CPU engine behind engine.h: opening, the passes, the loss. */
#include "engine/cpu_engine.h"

#include "base/sizes.h"

#include <math.h>
#include <string.h>

enum { WAVE_BYTES = 64 << 20, LEAST_WAVE = 4 };

static ocellus_status allocate_norms(struct engine *engine) {
    const struct graph *graph = engine->graph;
    for (int pass = 0; pass < 2; pass++) {
        size_t at = 0;
        for (size_t node = 0; node < graph->count; node++) {
            const struct node *n = &graph->nodes[node];
            if (n->type->operator_kind != OPERATOR_BATCH_NORM) { continue; }
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
            for (size_t i = 0; i < 7; i++) {
                *vectors[i] = (real *)(void *)base + i * row;
            }
            at += (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
        }
        if (pass == 0) { TRY(arena_allocate(&engine->norm_arena)); }
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
static size_t choose_wave(const struct engine *engine) {
    if (!engine->training || PLAN_SHARDS * engine->training->parts_values * sizeof(real) <= WAVE_BYTES) {
        return PLAN_SHARDS;
    }
    size_t wave = LEAST_WAVE;
    while (wave < thread_pool_size(engine->pool) && wave < PLAN_SHARDS) {
        wave *= 2;
    }
    return wave;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

/* Sizes of what both plans share: they never run at the same time. */
static void measure_memory(struct engine *engine) {
    const struct plan *inference = engine->inference, *training = engine->training;
    size_t workers = thread_pool_size(engine->pool), unit = MEMORY_ALIGNMENT / sizeof(real);
    struct engine_memory *memory = &engine->memory;
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
static ocellus_status check_memory(const struct engine *engine) {
    enum { ALWAYS_TRIED = 64 << 20 };
    const struct plan *plan = engine->inference;
    const size_t image = plan->scratch_bytes / plan_block(plan) + plan->batch_bytes / plan->batch_size;
    if (image > ENGINE_MOST_IMAGE_BYTES) {
        return fail(OCELLUS_BAD_CONTENT, "%s: the values of one image need %zu MB (expected at most %zu)",
                    engine->graph->name, image >> 20, ENGINE_MOST_IMAGE_BYTES >> 20);
    }
    const size_t planned = engine_planned_bytes(engine);
    const size_t available = planned > ALWAYS_TRIED ? memory_available() : SIZE_MAX;
    if (planned <= available) { return OCELLUS_OK; }
    return fail(OCELLUS_IO, "%s: %zu MB are needed for batches of %zu, and %zu MB are free", engine->graph->name,
                planned >> 20, engine->options.batch_size, available >> 20);
}

static ocellus_status allocate_memory(struct engine *engine) {
    size_t workers = thread_pool_size(engine->pool), images = engine->options.batch_size,
           classes = shape_size(&engine->graph->nodes[engine->inference->logits_node].shape);
    engine->batch = memory_allocate(engine->memory.batch, 1);
    engine->scratch = memory_allocate(workers, sizeof *engine->scratch);
    engine->sums = memory_allocate(engine->memory.sums, 1);
    engine->parts = memory_allocate(engine->memory.parts, 1);
    engine->moments = memory_allocate(engine->memory.workers + 1, 1);
    engine->finish_parts = engine->moments ? engine->moments + workers * engine->moments_size : NULL;
    engine->conv_scratch = engine->moments ? engine->finish_parts + workers * engine->finish_parts_size : NULL;
    engine->loss = memory_allocate(images, sizeof(real));
    engine->probabilities = memory_allocate(images, classes * sizeof(real));
    bool good = engine->batch && engine->scratch && engine->sums && engine->parts && engine->moments && engine->loss &&
                engine->probabilities;
    for (size_t worker = 0; good && worker < workers; worker++) {
        engine->scratch[worker] = memory_allocate(engine->memory.scratch, 1);
        good = engine->scratch[worker] != NULL;
    }
    if (good) { return OCELLUS_OK; }
    return fail_within(OCELLUS_IO, "%s: %zu MB are needed for batches of %zu", engine->graph->name,
                       engine_planned_bytes(engine) >> 20, images);
}

static ocellus_status open_parts(struct engine *engine) {
    const char *why = NULL;
    engine->kernels = kernels_select(&why);
    if (!engine->kernels) { return fail(OCELLUS_USAGE, "%s", why); }
    TRY(thread_pool_create(engine->options.threads, &engine->pool));
    engine->norms = memory_allocate(engine->graph->count, sizeof *engine->norms);
    engine->packed = memory_allocate(engine->graph->count, sizeof *engine->packed);
    if (!engine->norms || !engine->packed) { return OCELLUS_IO; }
    TRY(plan_create(engine->graph, engine->kernels, false, engine->options.batch_size, &engine->inference));
    if (engine->options.training) {
        TRY(plan_create(engine->graph, engine->kernels, true, engine->options.batch_size, &engine->training));
        TRY(engine_plan_pieces(engine));
    }
    measure_memory(engine);
    TRY(check_memory(engine));
    TRY(engine_allocate_state(engine));
    TRY(engine_allocate_packed(engine));
    TRY(allocate_norms(engine));
    return allocate_memory(engine);
}

ocellus_status engine_open(const struct graph *graph, const struct engine_options *options, struct engine **out) {
    if (options->batch_size < 1) { return fail(OCELLUS_USAGE, "engine: batch size: must be at least 1"); }
    struct engine *engine = memory_allocate(1, sizeof *engine);
    if (!engine) { return OCELLUS_IO; }
    engine->graph = graph;
    engine->options = *options;
    ocellus_status status = open_parts(engine);
    if (status != OCELLUS_OK) {
        engine_close(engine);
        return status;
    }
    *out = engine;
    return OCELLUS_OK;
}

void engine_close(struct engine *engine) {
    if (!engine) { return; }
    for (size_t worker = 0; engine->scratch && worker < thread_pool_size(engine->pool); worker++) {
        memory_free(engine->scratch[worker]);
    }
    if (engine->pool) { thread_pool_destroy(engine->pool); }
    struct arena *arenas[] = {&engine->weights_arena,  &engine->gradients_arena, &engine->state_arena[0],
                              &engine->state_arena[1], &engine->packed_arena,    &engine->norm_arena};
    for (size_t i = 0; i < sizeof arenas / sizeof *arenas; i++) {
        arena_free(arenas[i]);
    }
    void *pieces[] = {
        engine->parameters, engine->first_parameter, engine->tensors,     engine->state_names, engine->norms,
        engine->packed,     engine->batch,           engine->scratch,     engine->parts,       engine->sums,
        engine->moments,    engine->pieces,          engine->first_piece, engine->loss,        engine->probabilities};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        memory_free(pieces[i]);
    }
    plan_free(engine->training);
    plan_free(engine->inference);
    profile_free(engine->profile);
    memory_free(engine);
}

static ocellus_status initialize(struct engine *engine, uint64_t seed) {
    for (size_t i = 0; i < engine->parameter_count; i++) {
        const struct parameter_state *state = &engine->parameters[i];
        float *values = memory_allocate(state->size, sizeof *values);
        if (!values) { return OCELLUS_IO; }
        ocellus_status status = graph_initial_values(engine->graph, state->parameter->name, seed, values);
        for (size_t v = 0; v < state->size && status == OCELLUS_OK; v++) {
            engine->weights[state->offset + v] = (real)values[v];
        }
        memory_free(values);
        TRY(status);
    }
    for (size_t s = 0; s < engine->state_count; s++) {
        memset(engine->state[s], 0, engine->trained_size * sizeof(real));
    }
    engine->updates = 0;
    engine->packed_kind = PACKED_NOTHING;
    return OCELLUS_OK;
}

ocellus_status engine_initialize(struct engine *engine, uint64_t seed) {
    const struct float_mode before = float_mode_set();
    ocellus_status status = initialize(engine, seed);
    float_mode_restore(before);
    return status;
}

uint64_t engine_updates(const struct engine *engine) {
    return engine->updates;
}
void engine_set_updates(struct engine *engine, uint64_t updates) {
    engine->updates = updates;
}

/* Sums over images are kept in 16 shards when training, whatever the threads. Inference sums nothing over images, so its
 * shards may follow the number of threads. */
static size_t count_shards(const struct engine *engine, size_t n) {
    if (engine->plan->training) { return n < PLAN_SHARDS ? n : PLAN_SHARDS; }
    size_t threads = thread_pool_size(engine->pool), shards = (n + PLAN_BLOCK - 1) / PLAN_BLOCK;
    shards = (shards + threads - 1) / threads * threads; /* each thread gets as many */
    return shards < n ? shards : n;
}

static void clear_statistics(struct engine *engine) {
    for (size_t node = 0; node < engine->graph->count; node++) {
        struct norm_state *norm = &engine->norms[node];
        if (norm->c == 0) { continue; }
        memset(norm->sum_mean, 0, norm->c * sizeof *norm->sum_mean);
        memset(norm->sum_variance, 0, norm->c * sizeof *norm->sum_variance);
    }
}

ocellus_status engine_forward(struct engine *engine, enum engine_mode mode, const real *src, size_t n) {
    if (n < 1 || n > engine->options.batch_size) {
        return fail(OCELLUS_USAGE, "engine: batch of %zu images (expected 1 to %zu)", n, engine->options.batch_size);
    }
    if (mode != ENGINE_INFERENCE && !engine->training) {
        return fail(OCELLUS_USAGE, "engine: it was opened for inference only");
    }
    engine->plan = mode == ENGINE_INFERENCE ? engine->inference : engine->training;
    if (mode == ENGINE_STATISTICS && engine->statistics_passes == 0) { clear_statistics(engine); }
    if (mode == ENGINE_STATISTICS) { engine->statistics_passes++; }
    engine->mode = mode;
    engine->src = src;
    engine->n = n;
    engine->shards = count_shards(engine, n);
    if (engine->profile) { profile_add_pass(engine->profile); }
    const struct float_mode before = float_mode_set();
    engine_prepare_norms(engine);
    engine_pack(engine, mode == ENGINE_INFERENCE ? PACKED_FOLDED : PACKED_FORWARD);
    engine_run_phases(engine, 0, engine->plan->forward_phases);
    float_mode_restore(before);
    return OCELLUS_OK;
}

static size_t class_count(const struct engine *engine) {
    return shape_size(&engine->graph->nodes[engine->plan->logits_node].shape);
}

const real *engine_logits(struct engine *engine) {
    return engine_view(engine, engine->plan->logits, 0, 0);
}

const real *engine_probabilities(struct engine *engine) {
    const struct float_mode before = float_mode_set();
    engine->kernels->softmax(engine->n, class_count(engine), engine_logits(engine), engine->probabilities);
    float_mode_restore(before);
    return engine->probabilities;
}

/* The losses are summed by shards of images, then by the tree, in double. */
static double sum_losses(const struct engine *engine) {
    size_t shards = engine->n < PLAN_SHARDS ? engine->n : PLAN_SHARDS;
    double sums[PLAN_SHARDS] = {0};
    for (size_t shard = 0; shard < shards; shard++) {
        for (size_t i = shard * engine->n / shards; i < (shard + 1) * engine->n / shards; i++) {
            sums[shard] += (double)engine->loss[i];
        }
    }
    for (size_t step = 1; step < shards; step *= 2) {
        for (size_t left = 0; left + step < shards; left += 2 * step) {
            sums[left] += sums[left + step];
        }
    }
    return sums[0];
}

static size_t count_correct(const real *logits, size_t n, size_t classes, const int32_t *labels) {
    size_t correct = 0;
    for (size_t i = 0; i < n; i++) {
        size_t best = 0;
        for (size_t c = 1; c < classes; c++) {
            if (logits[i * classes + c] > logits[i * classes + best]) { best = c; }
        }
        correct += best == (size_t)labels[i];
    }
    return correct;
}

ocellus_status engine_loss(struct engine *engine, const int32_t *labels, double *loss_sum, size_t *correct) {
    if (!engine->plan) { return fail(OCELLUS_USAGE, "engine: no forward pass to take the loss of"); }
    size_t classes = class_count(engine);
    for (size_t i = 0; i < engine->n; i++) {
        if (labels[i] < 0 || (size_t)labels[i] >= classes) {
            return fail(OCELLUS_USAGE, "engine: image %zu of the batch: label %d (expected 0 to %zu)", i,
                        (int)labels[i], classes - 1);
        }
    }
    const struct float_mode before = float_mode_set();
    real *diff = engine->plan->training ? engine_view(engine, engine->plan->diff_logits, 0, 0) : engine->probabilities;
    engine->kernels->softmax_cross_entropy(engine->n, classes, engine_logits(engine), labels, 1 / (real)engine->n,
                                           engine->loss, diff);
    *loss_sum = sum_losses(engine);
    *correct = count_correct(engine_logits(engine), engine->n, classes, labels);
    float_mode_restore(before);
    return OCELLUS_OK;
}

const real *engine_losses(const struct engine *engine) {
    return engine->loss;
}

ocellus_status engine_backward(struct engine *engine) {
    if (!engine->plan || engine->plan != engine->training || engine->mode != ENGINE_TRAINING) {
        return fail(OCELLUS_USAGE, "engine: a backward pass needs a forward pass for training before it");
    }
    const struct float_mode before = float_mode_set();
    engine_pack(engine, PACKED_ROTATED);
    engine_run_phases(engine, engine->plan->forward_phases, engine->plan->phase_count);
    float_mode_restore(before);
    return OCELLUS_OK;
}

ocellus_status engine_adopt_statistics(struct engine *engine) {
    if (engine->statistics_passes == 0) { return fail(OCELLUS_USAGE, "engine: no statistics were gathered"); }
    const struct float_mode before = float_mode_set();
    double passes = (double)engine->statistics_passes;
    for (size_t node = 0; node < engine->graph->count; node++) {
        const struct norm_state *norm = &engine->norms[node];
        if (norm->c == 0 || engine->graph->nodes[node].frozen) { continue; }
        real *mean = engine_parameter(engine, node, 2), *variance = engine_parameter(engine, node, 3);
        for (size_t i = 0; i < norm->c; i++) {
            mean[i] = (real)(norm->sum_mean[i] / passes);
            variance[i] = (real)(norm->sum_variance[i] / passes);
        }
    }
    engine->statistics_passes = 0;
    float_mode_restore(before);
    return OCELLUS_OK;
}

static bool all_finite(const real *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) { return false; }
    }
    return true;
}

const char *engine_find_nonfinite(struct engine *engine) {
    const struct graph *graph = engine->graph;
    for (size_t node = 1; engine->plan && node < graph->count; node++) {
        struct view view = engine->plan->outputs[node];
        if (!view_exists(view) || engine->plan->buffers[view.buffer].last + 1 < engine->plan->forward_phases) {
            continue;
        }
        if (!all_finite(engine_view(engine, view, 0, 0), engine->n * shape_size(&graph->nodes[node].shape))) {
            return graph->nodes[node].name;
        }
    }
    for (size_t i = 0; i < engine->parameter_count; i++) {
        const struct parameter_state *state = &engine->parameters[i];
        bool gradient =
            engine->gradients && state->trained && !all_finite(engine->gradients + state->offset, state->size);
        if (gradient || !all_finite(engine->weights + state->offset, state->size)) { return state->parameter->name; }
    }
    return NULL;
}

const char *engine_kernels_name(const struct engine *engine) {
    return engine->kernels->name;
}
size_t engine_thread_count(const struct engine *engine) {
    return thread_pool_size(engine->pool);
}
