/* SPDX-License-Identifier: MIT */
/* Where the time of a pass goes: seconds of every layer's tasks, each worker counting for itself. */
#include "engine/profile.h"

#include "base/log.h"
#include "base/text_layout.h"
#include "engine/cpu_engine.h"
#include "engine/describe.h"
#include "engine/operator.h"
#include "model/graph.h"

struct layer_time {
    double seconds[WORK_COUNT];
    size_t images[WORK_COUNT]; /* that passed the product */
};

struct profile {
    size_t operations, workers;
    struct layer_time *times; /* [worker][operation] */
    double steps[PROFILE_STEPS];
    double started;
    size_t passes;
};

void profile_free(struct profile *profile) {
    if (!profile) return;
    memory_free(profile->times);
    memory_free(profile);
}

ocellus_status cpu_profile_start(struct engine *base) {
    struct cpu_engine *engine = cpu_engine_of(base);
    profile_free(engine->profile);
    engine->profile = NULL;
    struct profile *profile = memory_allocate(1, sizeof *profile);
    if (!profile) return OCELLUS_IO;
    profile->operations = engine->lowered->count;
    profile->workers = thread_pool_size(engine->pool);
    profile->times = memory_allocate(profile->workers * profile->operations, sizeof *profile->times);
    if (!profile->times) {
        memory_free(profile);
        return OCELLUS_IO;
    }
    profile->started = clock_seconds();
    engine->profile = profile;
    return OCELLUS_OK;
}

void profile_add_task(struct profile *profile, const struct task *task, size_t worker, size_t images, double seconds) {
    struct layer_time *time = &profile->times[worker * profile->operations + task->operation];
    time->seconds[task->type->work] += seconds;
    time->images[task->type->work] += task->type->counts_no_images ? 0 : images;
}

/* Products count as their layer's; what only joins sums, for the network's input, which has no work of its own. */
void profile_add_reduction(struct profile *profile, const struct reduction *reduction, size_t worker, size_t images,
                           double seconds) {
    const size_t operation = reduction->type->product ? reduction->operation : 0;
    struct layer_time *time = &profile->times[worker * profile->operations + operation];
    time->seconds[WORK_DIFF_WEIGHTS] += seconds;
    time->images[WORK_DIFF_WEIGHTS] += images;
}

void profile_add_pass(struct profile *profile) {
    profile->passes++;
}

void profile_add_step(struct profile *profile, enum profile_step step, double seconds) {
    profile->steps[step] += seconds;
}

static struct layer_time sum_workers(const struct profile *profile, size_t operation) {
    struct layer_time sum = {0};
    for (size_t worker = 0; worker < profile->workers; worker++) {
        const struct layer_time *time = &profile->times[worker * profile->operations + operation];
        for (size_t work = 0; work < WORK_COUNT; work++) {
            sum.seconds[work] += time->seconds[work];
            sum.images[work] += time->images[work];
        }
    }
    return sum;
}

static void append_work(struct text *out, const struct layer_time *time, enum work work, double flops, double passes) {
    if (time->seconds[work] <= 0) {
        text_append(out, " %7s %6s", "", "");
        return;
    }
    text_append(out, " %7.1f %6.1f", 1e3 * time->seconds[work] / passes,
                flops * (double)time->images[work] / time->seconds[work] / 1e9);
}

enum { NAME_COLUMNS = 21, SUM_COLUMNS = NAME_COLUMNS + 3 * 15 + 7 };

void cpu_profile(const struct engine *base, struct text *out) {
    const struct cpu_engine *engine = cpu_const_engine_of(base);
    const struct profile *profile = engine->profile;
    if (!profile) {
        text_append(out, "nothing was timed\n");
        return;
    }
    static const char *const steps[PROFILE_STEPS] = {"packing the weights", "the optimizer"};
    double passes = profile->passes > 0 ? (double)profile->passes : 1, workers = (double)profile->workers,
           all = (clock_seconds() - profile->started) * workers, other = 0;
    text_append(out, "processor time in ms a pass, and GFLOP/s of one thread (%s, ", engine->kernels->name);
    text_append_count(out, profile->workers, "thread");
    text_append(out, ")\n");
    text_append(out, "%-*s %14s %14s %14s %6s %6s\n", NAME_COLUMNS, "layer", "forward", "diff_src", "diff_weights",
                "other", "share");
    for (size_t i = 1; i < profile->operations; i++) {
        const struct layer_time time = sum_workers(profile, i);
        const double flops = engine_flops(engine, i);
        double seconds = 0;
        for (size_t work = 0; work < WORK_COUNT; work++)
            seconds += time.seconds[work];
        if (seconds <= 0) continue;
        text_append_cell(out, engine->base.graph->nodes[engine->lowered->operations[i].node].name, NAME_COLUMNS);
        for (size_t work = WORK_FORWARD; work < WORK_OTHER; work++)
            append_work(out, &time, (enum work)work, flops, passes);
        text_append(out, " %6.1f %5.1f%%\n", 1e3 * time.seconds[WORK_OTHER] / passes, 100 * seconds / all);
        other += seconds;
    }
    double joining = sum_workers(profile, 0).seconds[WORK_DIFF_WEIGHTS];
    text_append(out, "%-*s %5.1f%%\n", SUM_COLUMNS, "joining sums", 100 * joining / all);
    other += joining;
    for (size_t step = 0; step < PROFILE_STEPS; step++) {
        text_append(out, "%-*s %5.1f%%\n", SUM_COLUMNS, steps[step], 100 * profile->steps[step] * workers / all);
        other += profile->steps[step] * workers;
    }
    text_append(out, "%-*s %5.1f%%\n", SUM_COLUMNS, "waiting, and what the caller does between passes",
                100 * (all - other) / all);
}
