/* SPDX-License-Identifier: MIT */
#include "app/bench.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"

#include <stdio.h>
#include <stdlib.h>

enum { LEAST_RUNS = 3, MOST_RUNS = 1000, SEED = 1 };

static const struct optimizer adam = {
    .kind = OPTIMIZER_ADAM, .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-7};

struct work {
    const struct bench_request *request;
    struct engine *engine;
    int32_t *labels;
    float *probabilities; /* [batch][classes] */
    size_t classes;
};

static ocellus_status make_batch(struct work *work, const struct graph *graph) {
    const size_t batch = work->request->batch, values = batch * shape_size(graph_input_shape(graph));
    const size_t classes = shape_size(graph_output_shape(graph));
    float *images = engine_input(work->engine, 0);
    work->classes = classes;
    work->labels = memory_allocate(batch, sizeof *work->labels);
    work->probabilities = memory_allocate(batch, classes * sizeof *work->probabilities);
    if (!work->labels || !work->probabilities) return OCELLUS_IO;
    struct random_stream random = random_at(SEED, RANDOM_TEST, 0, 0);
    for (size_t i = 0; i < values; i++)
        images[i] = random_unit(&random);
    for (size_t i = 0; i < batch; i++)
        work->labels[i] = (int32_t)(i % classes);
    return OCELLUS_OK;
}

static ocellus_status run_once(const struct work *work, double *seconds) {
    struct engine *engine = work->engine;
    const struct engine_batch batch = {.n = work->request->batch};
    const double start = clock_seconds();
    if (work->request->training) {
        TRY(engine_forward(engine, ENGINE_TRAINING, &batch));
        TRY(engine_loss(engine, &(struct engine_targets){.labels = work->labels}));
        TRY(engine_backward(engine));
        TRY(engine_update(engine, &adam));
    } else {
        TRY(engine_forward(engine, ENGINE_INFERENCE, &batch));
        TRY(engine_read(engine, ENGINE_PROBABILITIES, work->probabilities, batch.n * work->classes));
    }
    *seconds = clock_seconds() - start;
    return OCELLUS_OK;
}

static int compare(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static ocellus_status repeat(const struct work *work, struct bench_result *result) {
    double times[MOST_RUNS], total = 0;
    size_t runs = 0;
    TRY(run_once(work, &times[0])); /* touches all memory */
    while (runs < LEAST_RUNS || (runs < MOST_RUNS && total < work->request->seconds)) {
        TRY(run_once(work, &times[runs]));
        total += times[runs++];
    }
    qsort(times, runs, sizeof *times, compare);
    result->runs = runs;
    result->median = times[runs / 2];
    result->least = times[0];
    result->most = times[runs - 1];
    return OCELLUS_OK;
}

static ocellus_status measure(struct work *work, const struct graph *graph, struct text *plan,
                              struct bench_result *result) {
    const struct engine_options options = {.threads = work->request->threads,
                                           .batch_size = work->request->batch,
                                           .training = work->request->training,
                                           .optimizer = adam};
    TRY(engine_open(NULL, graph, &options, &work->engine));
    TRY(engine_initialize(work->engine, SEED));
    TRY(make_batch(work, graph));
    if (plan) {
        engine_describe(work->engine, plan);
        TRY(engine_profile_start(work->engine));
    }
    result->threads = engine_thread_count(work->engine);
    snprintf(result->kernels, sizeof result->kernels, "%s", engine_kernels_name(work->engine));
    TRY(repeat(work, result));
    if (plan) engine_profile(work->engine, plan);
    return OCELLUS_OK;
}

ocellus_status bench_measure(const struct graph *graph, const struct bench_request *request, struct text *plan,
                             struct bench_result *result) {
    struct work work = {.request = request};
    ocellus_status status = measure(&work, graph, plan, result);
    engine_close(work.engine);
    memory_free(work.labels);
    memory_free(work.probabilities);
    return status;
}
