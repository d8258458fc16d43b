/* SPDX-License-Identifier: MIT */
/* inference_graphs [COUNT [FIRST]]: networks by chance, in inference, on every row of kernels, against the plain double
 * implementation. None may be off by more than its bound. */
#include "base/memory.h"
#include "base/random.h"
#include "engine/engine.h"
#include "naive.h"
#include "random_networks.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORKS = 2000, LEAST_EARLY_PERCENT = 30, MOST_NODES = 128 };

/* What FTZ may take from a value, whatever its size. */
static const double SMALLEST = 1e-36;

struct tally {
    const char *row;
    unsigned long networks, values, wrong;
    double worst; /* error / bound */
};

struct subject {
    struct graph *graph;
    struct naive_parameters parameters[MOST_NODES];
    float *images;
    size_t n, image_values, classes;
    double *logits, *bounds; /* [n][classes] */
};

static void stop(const char *what) {
    fprintf(stderr, "inference_graphs: %s: %s\n", what, status_message());
    exit(1);
}

static void *room(size_t count, size_t size) {
    void *memory = calloc(count, size);
    if (!memory) stop("no memory");
    return memory;
}

static float uniform(struct random_stream *stream, double low, double high) {
    return (float)(low + (high - low) * (double)random_unit(stream));
}

static bool ends_with(const char *text, const char *end) {
    const size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

/* Kernels that keep values at their size, gammas of both signs, statistics and biases that count. */
static float *new_parameter(const struct parameter *parameter, struct random_stream *stream) {
    const size_t count = shape_size(&parameter->shape);
    float *values = room(count, sizeof *values);
    const double limit = parameter->fan_in > 0 ? sqrt(6.0 / (double)parameter->fan_in) : 0;
    for (size_t i = 0; i < count; i++) {
        if (ends_with(parameter->name, "/kernel")) values[i] = uniform(stream, -limit, limit);
        else if (ends_with(parameter->name, "/gamma")) values[i] = uniform(stream, 0.5, 1.5) * (i % 3 == 1 ? -1 : 1);
        else if (ends_with(parameter->name, "/moving_variance")) values[i] = uniform(stream, 0.3, 2);
        else values[i] = uniform(stream, -0.5, 0.5);
    }
    return values;
}

static void fill(struct subject *subject, uint32_t number) {
    struct random_stream stream = random_at(4, RANDOM_TEST, 0, number);
    if (subject->graph->count > MOST_NODES) stop("too many nodes");
    for (size_t i = 0; i < subject->graph->count; i++) {
        const struct node *node = &subject->graph->nodes[i];
        for (size_t p = 0; p < node->parameter_count; p++)
            subject->parameters[i].values[p] = new_parameter(&node->parameters[p], &stream);
    }
    subject->image_values = shape_size(graph_input_shape(subject->graph));
    subject->classes = shape_size(graph_output_shape(subject->graph));
    subject->images = room(subject->n * subject->image_values, sizeof *subject->images);
    subject->logits = room(subject->n * subject->classes, sizeof *subject->logits);
    subject->bounds = room(subject->n * subject->classes, sizeof *subject->bounds);
    for (size_t i = 0; i < subject->n * subject->image_values; i++)
        subject->images[i] = uniform(&stream, -1, 1);
}

static void compute_plainly(struct subject *subject) {
    struct naive_value values[MOST_NODES];
    const size_t last = subject->graph->count - 1, size = subject->classes * sizeof(double);
    for (size_t i = 0; i < subject->n; i++) {
        if (!naive_forward(subject->graph, subject->parameters, subject->images + i * subject->image_values, values))
            stop("the plain implementation failed");
        memcpy(subject->logits + i * subject->classes, values[last].numbers, size);
        memcpy(subject->bounds + i * subject->classes, values[last].bounds, size);
        naive_free(subject->graph, values);
    }
}

static void release(struct subject *subject) {
    for (size_t i = 0; i < subject->graph->count; i++) {
        for (size_t p = 0; p < GRAPH_MAX_PARAMETERS; p++)
            free(subject->parameters[i].values[p]);
    }
    graph_free(subject->graph);
    free(subject->images);
    free(subject->logits);
    free(subject->bounds);
}

static void print_network(const struct subject *subject) {
    printf("%s, %zu images:\n", subject->graph->name, subject->n);
    for (size_t i = 0; i < subject->graph->count; i++) {
        const struct node *node = &subject->graph->nodes[i];
        char shape[SHAPE_TEXT_SIZE];
        shape_text(&node->shape, true, shape);
        printf("%3zu %s %s from", i, node->name, shape);
        for (size_t k = 0; k < node->input_count; k++)
            printf(" %s", subject->graph->nodes[node->inputs[k]].name);
        printf("\n");
    }
}

/* The largest error over its bound; infinity for what is no number. */
static double compare(const struct subject *subject, const float *logits) {
    double worst = 0;
    for (size_t i = 0; i < subject->n * subject->classes; i++) {
        const double share = fabs((double)logits[i] - subject->logits[i]) / (subject->bounds[i] + SMALLEST);
        worst = share <= worst ? worst : isnan(share) ? INFINITY : share;
    }
    return worst;
}

static void run_row(const struct subject *subject, size_t threads, struct tally *tally) {
    struct engine *engine = NULL;
    setenv("OCELLUS_CPU", tally->row, 1);
    const struct engine_options options = {.threads = threads, .batch_size = subject->n};
    if (engine_open(NULL, subject->graph, &options, &engine) != OCELLUS_OK) stop(subject->graph->name);
    for (size_t i = 0; i < subject->graph->count; i++) {
        const struct node *node = &subject->graph->nodes[i];
        for (size_t p = 0; p < node->parameter_count; p++) {
            const struct parameter *parameter = &node->parameters[p];
            if (engine_set(engine, parameter->name, subject->parameters[i].values[p], shape_size(&parameter->shape)))
                stop(parameter->name);
        }
    }
    const size_t values = subject->n * shape_size(graph_input_shape(subject->graph));
    float *logits = malloc(subject->n * subject->classes * sizeof *logits);
    memcpy(engine_input(engine, 0), subject->images, values * sizeof(float));
    if (!logits || engine_forward(engine, ENGINE_INFERENCE, &(struct engine_batch){.n = subject->n}) ||
        engine_read(engine, ENGINE_LOGITS, logits, subject->n * subject->classes))
        stop(subject->graph->name);
    const double share = compare(subject, logits);
    free(logits);
    engine_close(engine);
    tally->networks++;
    tally->values += subject->n * subject->classes;
    tally->worst = fmax(tally->worst, share);
    if (share <= 1) return;
    if (tally->wrong++ == 0) print_network(subject);
    printf("%s on %s: %.3g times its bound\n", subject->graph->name, tally->row, share);
}

int main(int argc, char **argv) {
    const uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : NETWORKS;
    const uint32_t first = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    struct engine_instruction_sets sets;
    struct tally tallies[ENGINE_MAX_INSTRUCTION_SETS] = {{0}};
    unsigned long early = 0, wrong = 0;
    if (engine_instruction_sets(&sets) != OCELLUS_OK) stop("kernels");
    for (uint32_t number = first; number - first < count; number++) {
        struct subject subject = {0};
        if (random_network(number, &subject.graph, &subject.n) != OCELLUS_OK) stop("making a network");
        early += has_early_vector(subject.graph);
        fill(&subject, number);
        compute_plainly(&subject);
        for (size_t row = 0; row < sets.count; row++) {
            tallies[row].row = sets.names[row];
            run_row(&subject, 1 + number % 3, &tallies[row]);
        }
        release(&subject);
    }
    printf(
        "%u networks from number %u; in %.1f %% a dense layer or a global pooling stands before layers of images\n\n",
        count, first, 100.0 * (double)early / count);
    printf("| kernels | networks | values | above their bound | largest error / bound |\n|---|---|---|---|---|\n");
    for (size_t row = 0; row < sets.count; row++) {
        printf("| %s | %lu | %lu | %lu | %.3f |\n", tallies[row].row, tallies[row].networks, tallies[row].values,
               tallies[row].wrong, tallies[row].worst);
        wrong += tallies[row].wrong;
    }
    return wrong > 0 || early * 100 < count * (unsigned long)LEAST_EARLY_PERCENT || count == 0;
}
