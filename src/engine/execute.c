/* SPDX-License-Identifier: MIT */
/* Running a plan: phases one after another, shards of images in parallel, the segments of a shard in order. A worker
 * writes only to its own scratch, to its images' part of the batch's buffers, and to its shard's sums and partials. */
#include "engine/execute.h"

#include "base/log.h"
#include "engine/operator.h"
#include "engine/place.h"
#include "engine/profile.h"

#include <string.h>

/* --- running tasks --- */

static void run_task(const struct place *place, const struct task *task) {
    struct profile *profile = place->engine->profile;
    const double started = profile ? clock_seconds() : 0;
    task->type->run(place, task);
    if (profile) profile_add_task(profile, task, place->runner, place->images, clock_seconds() - started);
}

static void run_chain(const struct place *place, const struct task *tasks) {
    struct profile *profile = place->engine->profile;
    const size_t rows = tasks->type->chain_rows(tasks);
    for (size_t begin = 0; begin < rows; begin += tasks->band) {
        const size_t end = begin + tasks->band < rows ? begin + tasks->band : rows;
        for (size_t t = 0; t < tasks->chain; t++) {
            const double started = profile ? clock_seconds() : 0;
            tasks[t].type->run_rows(place, &tasks[t], begin, end);
            if (profile) profile_add_task(profile, &tasks[t], place->runner, begin == 0, clock_seconds() - started);
        }
    }
}

static void run_image(const struct place *place, const struct task *tasks, size_t count) {
    size_t step = 1;
    for (size_t t = 0; t < count; t += step) {
        step = tasks[t].chain > 0 ? tasks[t].chain : 1;
        if (tasks[t].chain > 0) run_chain(place, &tasks[t]);
        else run_task(place, &tasks[t]);
    }
}

/* Each task for images [first, end) of the shard; by Winograd all in one call, which share the transformed weights. */
static void run_layers(struct place *place, const struct segment *segment, size_t first, size_t end) {
    const struct task *tasks = place->engine->plan->tasks + segment->first_task;
    for (size_t t = 0; t < segment->task_count; t++) {
        place->images = tasks[t].tile > 0 ? end - first : 1;
        for (place->image = first; place->image < end; place->image += place->images)
            run_task(place, &tasks[t]);
    }
}

/* --- running phases --- */

struct phase_run {
    struct cpu_engine *engine;
    const struct phase *phase;
    const struct reduction_piece *pieces;
    size_t first_shard; /* of the wave */
};

static void run_shard(void *context, size_t chunk, size_t worker) {
    const struct phase_run *run = context;
    struct cpu_engine *engine = run->engine;
    const struct plan *plan = engine->plan;
    const size_t shard = run->first_shard + chunk, first = engine_shard_first(engine, shard),
                 end = engine_shard_first(engine, shard + 1);
    memset(engine->sums + shard * plan->sums_values, 0, run->phase->sums * sizeof(real));
    struct place place = {.engine = engine, .worker = worker, .shard = shard, .shard_first = first, .runner = worker};
    for (size_t s = 0; s < run->phase->segment_count; s++) {
        const struct segment *segment = &plan->segments[run->phase->first_segment + s];
        if (segment->layer_major) {
            run_layers(&place, segment, first, end);
            continue;
        }
        place.images = segment->per_shard ? end - first : 1;
        for (place.image = first; place.image < end; place.image += place.images)
            run_image(&place, plan->tasks + segment->first_task, segment->task_count);
    }
}

static const struct reduction *reduction_of(const struct phase_run *run, size_t piece) {
    return &run->engine->plan->reductions[run->pieces[piece].reduction];
}

static void add_to_profile(const struct phase_run *run, const struct reduction *reduction, size_t worker, size_t images,
                           double started) {
    struct profile *profile = run->engine->profile;
    if (profile) profile_add_reduction(profile, reduction, worker, images, clock_seconds() - started);
}

static void run_wave_piece(void *context, size_t number, size_t worker) {
    const struct phase_run *run = context;
    const struct reduction_piece *piece = &run->pieces[number];
    const struct reduction *reduction = reduction_of(run, number);
    if (!reduction->type->in_waves) return;
    const double started = run->engine->profile ? clock_seconds() : 0;
    reduction->type->run_wave(run->engine, reduction, piece->begin, piece->end, run->first_shard);
    add_to_profile(run, reduction, worker, 0, started);
}

static void run_piece(void *context, size_t number, size_t worker) {
    const struct phase_run *run = context;
    const struct reduction_piece *piece = &run->pieces[number];
    const struct reduction *reduction = reduction_of(run, number);
    const double started = run->engine->profile ? clock_seconds() : 0;
    reduction->type->run(run->engine, reduction, piece->begin, piece->end, worker);
    add_to_profile(run, reduction, worker, piece->begin == 0 ? run->engine->n : 0, started);
}

/* Only a phase that sums kernels' gradients runs in waves. */
static void run_phase(struct cpu_engine *engine, size_t phase) {
    struct phase_run run = {.engine = engine, .phase = &engine->plan->phases[phase]};
    const size_t wave = run.phase->partials > 0 ? engine->wave : engine->shards;
    size_t pieces = 0;
    if (run.phase->reduction_count > 0) {
        run.pieces = engine->pieces + engine->first_piece[phase];
        pieces = engine->first_piece[phase + 1] - engine->first_piece[phase];
    }
    for (run.first_shard = 0; run.first_shard < engine->shards; run.first_shard += wave) {
        const size_t rest = engine->shards - run.first_shard;
        parallel_for(engine->pool, rest < wave ? rest : wave, run_shard, &run);
        if (run.phase->partials > 0) parallel_for(engine->pool, pieces, run_wave_piece, &run);
    }
    if (pieces > 0) parallel_for(engine->pool, pieces, run_piece, &run);
}

/* --- few images for the threads: the threads share each large task --- */

struct split {
    const struct place *place;
    const struct task *task;
    size_t units, pieces;
};

/* The image lies in the scratch of the worker that has it; a convolution's scratch is each worker's own. */
static void run_piece_of_task(void *context, size_t piece, size_t worker) {
    const struct split *split = context;
    struct profile *profile = split->place->engine->profile;
    const double started = profile ? clock_seconds() : 0;
    struct place place = *split->place;
    place.runner = worker;
    split->task->type->run_units(&place, split->task, piece * split->units / split->pieces,
                                 (piece + 1) * split->units / split->pieces);
    if (profile) profile_add_task(profile, split->task, worker, piece == 0, clock_seconds() - started);
}

static void run_image_split(struct cpu_engine *engine, size_t image) {
    const struct plan *plan = engine->plan;
    const size_t threads = thread_pool_size(engine->pool);
    const struct place place = {.engine = engine, .image = image, .images = 1, .shard = image, .shard_first = image};
    for (size_t t = 0; t < plan->task_count; t++) {
        const struct task *task = &plan->tasks[t];
        const size_t units = task->type->units ? task->type->units(engine, task) : 0;
        if (units < 2) {
            run_task(&place, task);
            continue;
        }
        struct split split = {
            .place = &place, .task = task, .units = units, .pieces = units < threads ? units : threads};
        parallel_for(engine->pool, split.pieces, run_piece_of_task, &split);
    }
}

/* Whether n images are done sooner one after another, each by all threads, than side by side with a thread each. Of ResNet50 an
 * image is done 1.9, 3.4, 4.6 and 6.4 times as fast by 2, 4, 8 and 16 threads; this rule follows that. */
static bool shares_images(size_t n, size_t threads) {
    return n < threads && (n - 1) * (n - 1) * (n - 1) < threads * threads;
}

void engine_run_phases(struct cpu_engine *engine, size_t first, size_t end) {
    if (!engine->plan->backward && shares_images(engine->n, thread_pool_size(engine->pool))) {
        for (size_t image = 0; image < engine->n; image++)
            run_image_split(engine, image);
        return;
    }
    for (size_t phase = first; phase < end; phase++)
        run_phase(engine, phase);
}
