/* SPDX-License-Identifier: MIT */
/* The CPU engine behind engine.h: opening, the passes, the loss. */
#include "engine/cpu_engine.h"

#include "engine/execute.h"

#include <math.h>
#include <string.h>

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
static size_t choose_wave(const struct engine *engine) {
    if (!engine->training || PLAN_SHARDS * engine->training->partials_values * sizeof(real) <= WAVE_BYTES) {
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
static ocellus_status check_memory(const struct engine *engine) {
    enum { ALWAYS_TRIED = 64 << 20 };
    const struct plan *plan = engine->inference;
    const size_t image = plan->scratch_bytes / plan_shard_images(plan) + plan->batch_bytes / plan->batch_size;
    if (image > ENGINE_MOST_IMAGE_BYTES) {
        return fail(OCELLUS_BAD_CONTENT, "%s: the values of one image need %zu MB (expected at most %zu)",
                    engine->graph->name, image >> 20, ENGINE_MOST_IMAGE_BYTES >> 20);
    }
    const size_t planned = engine_planned_bytes(engine);
    const size_t available = planned > ALWAYS_TRIED ? memory_available() : SIZE_MAX;
    if (planned <= available) return OCELLUS_OK;
    return fail(OCELLUS_IO, "%s: %zu MB are needed for batches of %zu, and %zu MB are free", engine->graph->name,
                planned >> 20, engine->options.batch_size, available >> 20);
}

static ocellus_status allocate_memory(struct engine *engine) {
    size_t workers = thread_pool_size(engine->pool), images = engine->options.batch_size,
           classes = shape_size(&engine->lowered->operations[engine->lowered->logits].shape);
    engine->batch = memory_allocate(engine->memory.batch, 1);
    engine->scratch = memory_allocate(workers, sizeof *engine->scratch);
    engine->sums = memory_allocate(engine->memory.sums, 1);
    engine->partials = memory_allocate(engine->memory.partials, 1);
    engine->moments = memory_allocate(engine->memory.workers + 1, 1);
    engine->reduction_scratch = engine->moments ? engine->moments + workers * engine->moments_size : NULL;
    engine->conv_scratch =
        engine->moments ? engine->reduction_scratch + workers * engine->reduction_scratch_size : NULL;
    engine->loss = memory_allocate(images, sizeof(real));
    engine->probabilities = memory_allocate(images, classes * sizeof(real));
    bool good = engine->batch && engine->scratch && engine->sums && engine->partials && engine->moments &&
                engine->loss && engine->probabilities;
    for (size_t worker = 0; good && worker < workers; worker++) {
        engine->scratch[worker] = memory_allocate(engine->memory.scratch, 1);
        good = engine->scratch[worker] != NULL;
    }
    if (good) return OCELLUS_OK;
    return fail_within(OCELLUS_IO, "%s: %zu MB are needed for batches of %zu", engine->graph->name,
                       engine_planned_bytes(engine) >> 20, images);
}

static ocellus_status open_parts(struct engine *engine) {
    const char *why = NULL;
    engine->kernels = kernels_select(&why);
    if (!engine->kernels) return fail(OCELLUS_USAGE, "%s", why);
    TRY(thread_pool_create(engine->options.threads, &engine->pool));
    TRY(lower_graph(engine->graph, &engine->lowered));
    engine->norms = memory_allocate(engine->lowered->count, sizeof *engine->norms);
    engine->packed = memory_allocate(engine->lowered->count, sizeof *engine->packed);
    if (!engine->norms || !engine->packed) return OCELLUS_IO;
    struct plan_options plan = {.batch_size = engine->options.batch_size, .gradient_to = PLAN_NONE};
    TRY(plan_create(engine->lowered, engine_operators, engine->kernels, &plan, &engine->inference));
    plan.training = true;
    if (engine->options.training) {
        TRY(plan_create(engine->lowered, engine_operators, engine->kernels, &plan, &engine->training));
        TRY(engine_cut_reductions(engine, engine->training));
    }
    measure_memory(engine);
    TRY(check_memory(engine));
    TRY(engine_allocate_state(engine));
    TRY(engine_allocate_packed(engine));
    TRY(engine_allocate_norms(engine));
    return allocate_memory(engine);
}

ocellus_status engine_open(const struct graph *graph, const struct engine_options *options, struct engine **out) {
    if (options->batch_size < 1) return fail(OCELLUS_USAGE, "engine: batch size: must be at least 1");
    struct engine *engine = memory_allocate(1, sizeof *engine);
    if (!engine) return OCELLUS_IO;
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
    if (!engine) return;
    for (size_t worker = 0; engine->scratch && worker < thread_pool_size(engine->pool); worker++) {
        memory_free(engine->scratch[worker]);
    }
    if (engine->pool) thread_pool_destroy(engine->pool);
    struct arena *arenas[] = {&engine->weights_arena,  &engine->gradients_arena, &engine->state_arena[0],
                              &engine->state_arena[1], &engine->packed_arena,    &engine->norm_arena};
    for (size_t i = 0; i < sizeof arenas / sizeof *arenas; i++) {
        arena_free(arenas[i]);
    }
    void *pieces[] = {engine->parameters, engine->tensors,      engine->state_names, engine->norms,
                      engine->packed,     engine->batch,        engine->scratch,     engine->partials,
                      engine->sums,       engine->moments,      engine->pieces,      engine->first_piece,
                      engine->loss,       engine->probabilities};
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        memory_free(pieces[i]);
    }
    plan_free(engine->training);
    plan_free(engine->inference);
    lowered_free(engine->lowered);
    profile_free(engine->profile);
    memory_free(engine);
}

static ocellus_status initialize(struct engine *engine, uint64_t seed) {
    for (size_t i = 0; i < engine->parameter_count; i++) {
        const struct parameter_state *state = &engine->parameters[i];
        float *values = memory_allocate(state->size, sizeof *values);
        if (!values) return OCELLUS_IO;
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
    engine->packed_for.plan = NULL;
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
    if (engine->plan->backward) return n < PLAN_SHARDS ? n : PLAN_SHARDS;
    size_t threads = thread_pool_size(engine->pool), shards = (n + PLAN_SHARD_IMAGES - 1) / PLAN_SHARD_IMAGES;
    shards = (shards + threads - 1) / threads * threads; /* each thread gets as many */
    return shards < n ? shards : n;
}

ocellus_status engine_forward(struct engine *engine, enum engine_mode mode, const real *src, size_t n) {
    if (n < 1 || n > engine->options.batch_size) {
        return fail(OCELLUS_USAGE, "engine: batch of %zu images (expected 1 to %zu)", n, engine->options.batch_size);
    }
    if (mode != ENGINE_INFERENCE && !engine->training) {
        return fail(OCELLUS_USAGE, "engine: it was opened for inference only");
    }
    engine->plan = mode == ENGINE_INFERENCE ? engine->inference : engine->training;
    if (mode == ENGINE_STATISTICS && engine->statistics_passes == 0) engine_clear_statistics(engine);
    if (mode == ENGINE_STATISTICS) engine->statistics_passes++;
    engine->mode = mode;
    engine->src = src;
    engine->n = n;
    engine->shards = count_shards(engine, n);
    if (engine->profile) profile_add_pass(engine->profile);
    const struct float_mode before = float_mode_set();
    engine_prepare_norms(engine);
    engine_pack(engine, PRODUCT_FORWARD);
    engine_run_phases(engine, 0, engine->plan->forward_phases);
    float_mode_restore(before);
    return OCELLUS_OK;
}

static size_t class_count(const struct engine *engine) {
    return shape_size(&engine->lowered->operations[engine->lowered->logits].shape);
}

const real *engine_logits(struct engine *engine) {
    return engine_view(engine, engine->plan->logits, 0);
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
            if (logits[i * classes + c] > logits[i * classes + best]) best = c;
        }
        correct += best == (size_t)labels[i];
    }
    return correct;
}

ocellus_status engine_loss(struct engine *engine, const int32_t *labels, double *loss_sum, size_t *correct) {
    if (!engine->plan) return fail(OCELLUS_USAGE, "engine: no forward pass to take the loss of");
    size_t classes = class_count(engine);
    for (size_t i = 0; i < engine->n; i++) {
        if (labels[i] < 0 || (size_t)labels[i] >= classes) {
            return fail(OCELLUS_USAGE, "engine: image %zu of the batch: label %d (expected 0 to %zu)", i,
                        (int)labels[i], classes - 1);
        }
    }
    const struct float_mode before = float_mode_set();
    real *diff = engine->plan->training ? engine_view(engine, engine->plan->diff_logits, 0) : engine->probabilities;
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
    engine_pack(engine, PRODUCT_DIFF_SRC);
    engine_run_phases(engine, engine->plan->forward_phases, engine->plan->phase_count);
    float_mode_restore(before);
    return OCELLUS_OK;
}

static bool all_finite(const real *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (!isfinite(values[i])) return false;
    }
    return true;
}

const char *engine_find_nonfinite(struct engine *engine) {
    const struct lowered *lowered = engine->lowered;
    for (size_t i = 1; engine->plan && i < lowered->count; i++) {
        const struct operation *o = &lowered->operations[i];
        const struct view view = engine->plan->outputs[i];
        if (!view_exists(view) || engine->plan->buffers[view.buffer].last + 1 < engine->plan->forward_phases) continue;
        if (!all_finite(engine_view(engine, view, 0), engine->n * shape_size(&o->shape)))
            return engine->graph->nodes[o->node].name;
    }
    for (size_t i = 0; i < engine->parameter_count; i++) {
        const struct parameter_state *state = &engine->parameters[i];
        bool gradient =
            engine->gradients && state->trained && !all_finite(engine->gradients + state->offset, state->size);
        if (gradient || !all_finite(engine->weights + state->offset, state->size)) return state->parameter->name;
    }
    return NULL;
}

const char *engine_kernels_name(const struct engine *engine) {
    return engine->kernels->name;
}
size_t engine_thread_count(const struct engine *engine) {
    return thread_pool_size(engine->pool);
}
