/* SPDX-License-Identifier: MIT */
/* prefixes [COUNT [FIRST]]: networks by chance with a frozen beginning. What its graph alone makes in inference, in batches of
 * another size, and an engine that begins behind it must give the bits of the whole network on the images: logits of a training
 * and of an inference, and after an update every value and all that the optimizer keeps. On every row of kernels. */
#include "base/random.h"
#include "engine/engine.h"
#include "engine/instruction_sets.h"
#include "generate.h"
#include "model/layer.h"
#include "model/prefix.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORKS = 1500, LEAST_CUT_PERCENT = 25, MOST_IMAGES = 64 };
static const double PRODUCTS = 2e5;

static void stop(const char *what) {
    fprintf(stderr, "prefixes: %s: %s\n", what, status_message());
    exit(1);
}

static float *room(size_t count) {
    float *values = calloc(count + 1, sizeof *values);
    if (!values) stop("no memory");
    return values;
}

static void fill(float *values, size_t count, uint32_t number, uint32_t what) {
    struct random_stream random = random_at(7, RANDOM_TEST, what, number);
    for (size_t i = 0; i < count; i++)
        values[i] = (float)random_below(&random, 2001) / 1000 - 1;
}

/* Values that count: moving variances are positive. */
static void fill_parameters(struct engine *engine, uint32_t number) {
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        const size_t count = shape_size(tensor.shape);
        if (tensor.kind != ENGINE_PARAMETER) continue;
        float *values = room(count);
        uint32_t name = 0;
        for (const char *c = tensor.name; *c; c++)
            name = name * 31 + (unsigned char)*c;
        fill(values, count, number, name);
        for (size_t k = 0; k < count && strstr(tensor.name, "/moving_variance"); k++)
            values[k] = values[k] * values[k] + 0.1F;
        if (engine_set(engine, tensor.name, values, count) != OCELLUS_OK) stop(tensor.name);
        free(values);
    }
}

static struct engine *open_filled(const struct graph *graph, const struct engine_options *options, uint32_t number) {
    struct engine *engine = NULL;
    if (engine_open(NULL, graph, options, &engine) != OCELLUS_OK) stop(graph->name);
    fill_parameters(engine, number);
    return engine;
}

/* One network: its images, and what the prefix makes of them. */
struct subject {
    const struct graph *graph;
    size_t n, cut;
    uint32_t number;
    float *images, *features;
};

/* The features, some images at a time. */
static void make_features(const struct subject *subject) {
    const struct node *cut = &subject->graph->nodes[subject->cut];
    const size_t image = shape_size(graph_input_shape(subject->graph)), values = shape_size(&cut->shape), some = 3;
    const char *keep = cut->name;
    const struct engine_options options = {.threads = 2, .batch_size = some, .keep = &keep, .keep_count = 1};
    struct graph *prefix;
    char name[GRAPH_NAME_SIZE + 16];
    if (graph_prefix(subject->graph, subject->cut, &prefix) != OCELLUS_OK) stop(subject->graph->name);
    struct engine *engine = open_filled(prefix, &options, subject->number);
    snprintf(name, sizeof name, "%s/output", cut->name);
    for (size_t first = 0; first < subject->n; first += some) {
        const size_t n = subject->n - first < some ? subject->n - first : some;
        memcpy(engine_input(engine, 0), subject->images + first * image, n * image * sizeof(float));
        if (engine_forward(engine, ENGINE_INFERENCE, &(struct engine_batch){.n = n}) != OCELLUS_OK ||
            engine_get(engine, name, subject->features + first * values, n * values) != OCELLUS_OK)
            stop(subject->graph->name);
    }
    engine_close(engine);
    graph_free(prefix);
}

/* Appends bits to what is compared. */
struct bits {
    float *values;
    size_t count;
};

static void append(struct bits *bits, size_t count, ocellus_status status, const char *what) {
    if (status != OCELLUS_OK) stop(what);
    bits->count += count;
}

static void run_engine(const struct subject *subject, bool begun, struct bits *bits) {
    const struct graph *graph = subject->graph;
    const struct optimizer adam = {OPTIMIZER_ADAM, 0.01, 0, false, 0.9, 0.999, 1e-7};
    const struct node *source = &graph->nodes[begun ? subject->cut : 0];
    const size_t logits = subject->n * shape_size(graph_output_shape(graph));
    const struct engine_options options = {.threads = 1 + subject->number % 3,
                                           .batch_size = subject->n,
                                           .seed = 11,
                                           .training = true,
                                           .optimizer = adam,
                                           .start_at = begun ? source->name : NULL};
    const struct engine_batch batch = {.n = subject->n, .epoch = 3, .first_place = 40};
    int32_t labels[MOST_IMAGES];
    for (size_t i = 0; i < subject->n; i++)
        labels[i] = (int32_t)(i % shape_size(graph_output_shape(graph)));
    struct engine *engine = open_filled(graph, &options, subject->number);
    memcpy(engine_input(engine, 0), begun ? subject->features : subject->images,
           subject->n * shape_size(&source->shape) * sizeof(float));
    for (int mode = 0; mode < 2; mode++) {
        if (engine_forward(engine, mode ? ENGINE_INFERENCE : ENGINE_TRAINING, &batch) != OCELLUS_OK) stop(graph->name);
        append(bits, logits, engine_read(engine, ENGINE_LOGITS, bits->values + bits->count, logits), graph->name);
        if (mode == 0 && (engine_loss(engine, &(struct engine_targets){.labels = labels}) || engine_backward(engine) ||
                          engine_update(engine, &adam)))
            stop(graph->name);
    }
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        const size_t count = shape_size(tensor.shape);
        append(bits, count, engine_get(engine, tensor.name, bits->values + bits->count, count), tensor.name);
    }
    engine_close(engine);
}

static bool run_row(const struct subject *subject, const char *row) {
    size_t most = 2 * subject->n * shape_size(graph_output_shape(subject->graph));
    for (size_t i = 0; i < subject->graph->count; i++) {
        for (size_t k = 0; k < subject->graph->nodes[i].parameter_count; k++)
            most += 3 * shape_size(&subject->graph->nodes[i].parameters[k].shape);
    }
    struct bits whole = {room(most), 0}, begun = {room(most), 0};
    setenv("OCELLUS_CPU", row, 1);
    make_features(subject);
    run_engine(subject, false, &whole);
    run_engine(subject, true, &begun);
    size_t first = 0;
    while (first < whole.count && memcmp(&whole.values[first], &begun.values[first], sizeof(float)) == 0)
        first++;
    const bool good = whole.count == begun.count && first == whole.count;
    if (!good)
        printf("%s, %zu images, cut at %s, %s: value %zu of %zu: %.9g and %.9g\n", subject->graph->name, subject->n,
               subject->graph->nodes[subject->cut].name, row, first, whole.count, (double)whole.values[first],
               (double)begun.values[first]);
    free(whole.values);
    free(begun.values);
    return good;
}

/* Nodes from the beginning, and then some; and what takes statistics over the batch: how those are rounded depends on the tasks
 * that run with them in a chain (src/engine/plan_chains.c), which a prefix may be part of. */
static void freeze(struct graph *graph, uint32_t number) {
    struct random_stream random = random_at(8, RANDOM_TEST, 0, number);
    const size_t until = 2 + random_below(&random, (uint32_t)graph->count - 2);
    for (size_t i = 1; i < graph->count; i++)
        graph->nodes[i].frozen =
            i < until || random_below(&random, 6) == 0 || graph->nodes[i].type == &layer_batch_normalization;
}

int main(int argc, char **argv) {
    const uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : NETWORKS;
    const uint32_t first = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    struct engine_instruction_sets rows;
    unsigned long cuts = 0, wrong = 0;
    setenv("OCELLUS_CPU", "ref", 1);
    if (engine_instruction_sets(&rows) != OCELLUS_OK) stop("kernels");
    for (uint32_t number = first; number - first < count; number++) {
        struct generated generated = {0};
        if (generate(number, PRODUCTS, &generated) != OCELLUS_OK) stop("making a network");
        freeze(generated.graph, number);
        struct subject subject = {generated.graph, generated.n, graph_frozen_prefix(generated.graph), number, 0, 0};
        if (subject.cut > 0 && subject.n <= MOST_IMAGES && graph_totals(generated.graph).trainable > 0) {
            const size_t image = shape_size(graph_input_shape(generated.graph));
            subject.images = room(subject.n * image);
            subject.features = room(subject.n * shape_size(&generated.graph->nodes[subject.cut].shape));
            fill(subject.images, subject.n * image, number, 0);
            for (size_t row = 0; row < rows.count; row++)
                wrong += !run_row(&subject, rows.names[row]);
            cuts++;
            free(subject.images);
            free(subject.features);
        }
        graph_free(generated.graph);
    }
    printf("%u networks from number %u, %lu of them cut, %zu rows of kernels: %lu wrong.\n", count, first, cuts,
           rows.count, wrong);
    return wrong > 0 || cuts * 100 < (unsigned long)count * LEAST_CUT_PERCENT;
}
