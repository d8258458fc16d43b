/* SPDX-License-Identifier: MIT */
/* graphs [COUNT [FIRST [PRODUCTS]]]: networks by chance, a training step and an inference of the planned engine, on every
 * row of kernels, against the oracle in double. No logit, loss, gradient or moving statistic may be off by more than its
 * bound. Built twice: with the engine in float, and with the engine in double, whose bounds are so small that what is
 * left is one rounding to float32. */
#include "../gradients/cases.h"
#include "base/real.h"
#include "engine/engine.h"
#include "engine/instruction_sets.h"
#include "generate.h"
#include "judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORKS = 2000, LEAST_EARLY_PERCENT = 20, LEAST_USEFUL_PERCENT = 50, MOST_PRINTED = 500 };
static const bool in_double = sizeof(real) == sizeof(double);
static const double PRODUCTS = 4e5, MOST_BESIDE = in_double ? 2 : 32;

static const char *const judged_names[JUDGED_KINDS] = {"logits", "loss", "gradients", "moving statistics"};

struct tally {
    const char *row;
    unsigned long networks, wrong, values[JUDGED_KINDS];
    double worst[JUDGED_KINDS];  /* error / bound */
    size_t useful[JUDGED_KINDS]; /* values with a bound below a hundredth of the largest */
    double beside[JUDGED_KINDS]; /* error / that of the oracle in float */
};

struct run {
    struct engine_instruction_sets rows;
    struct tally tallies[ENGINE_MAX_INSTRUCTION_SETS];
    unsigned long networks, early, undecided, sizes[SIZE_CLASSES];
};

static void stop(const char *what) {
    fprintf(stderr, "graphs: %s: %s\n", what, status_message());
    exit(1);
}

static void *room(size_t count, size_t size) {
    void *memory = calloc(count + 1, size);
    if (!memory) stop("no memory");
    return memory;
}

static void print_network(const struct judge *judge) {
    printf("%s, %zu images:\n", judge->graph->name, judge->n);
    for (size_t i = 0; i < judge->graph->count; i++) {
        const struct node *node = &judge->graph->nodes[i];
        char shape[SHAPE_TEXT_SIZE];
        shape_text(&node->shape, true, shape);
        printf("%3zu %s %s%s from", i, node->name, shape, node->frozen ? " frozen" : "");
        for (size_t k = 0; k < node->input_count; k++)
            printf(" %s", judge->graph->nodes[node->inputs[k]].name);
        if (node->parameter_count > 0 && node->parameters[0].shape.rank == 4)
            printf(" (%lldx%lld)", (long long)node->parameters[0].shape.dims[0],
                   (long long)node->parameters[0].shape.dims[1]);
        printf("\n");
    }
}

static void judge_values(const struct judge *judge, enum judged judged, size_t parameter, const float *values,
                         struct tally *tally, bool *good) {
    const size_t count = judge_count(judge, judged, parameter);
    const double share = judge_compare(judge, judged, parameter, values, &tally->useful[judged]);
    const double beside = judge_beside_sibling(judge, judged, parameter, values, MOST_BESIDE);
    tally->values[judged] += count;
    tally->worst[judged] = fmax(tally->worst[judged], share);
    tally->beside[judged] = fmax(tally->beside[judged], beside);
    if (share <= 1 && beside <= MOST_BESIDE) return;
    if (!*good) return; /* what follows from it says little */
    *good = false;
    tally->wrong++;
    if (tally->wrong == 1) print_network(judge);
    if (tally->wrong > MOST_PRINTED) return;
    printf("%s on %s: %s%s%s: %.3g times its bound, %.3g times the error of the oracle in float\n", judge->graph->name,
           tally->row, judged_names[judged], judged > JUDGED_LOSS ? " of " : "",
           judged > JUDGED_LOSS ? judge->lowered->parameters[parameter].parameter->name : "", share, beside);
}

static struct engine *open_engine(const struct judge *judge, size_t threads, bool training) {
    struct engine *engine = NULL;
    const struct engine_options options = {.threads = threads,
                                           .batch_size = judge->n,
                                           .seed = judge->seed,
                                           .training = training,
                                           .optimizer = {.kind = OPTIMIZER_SGD, .learning_rate = 0.01}};
    if (engine_open(&engine_cpu, judge->graph, &options, &engine) != OCELLUS_OK) stop(judge->graph->name);
    for (size_t p = 0; p < judge->parameter_count; p++) {
        const struct parameter *parameter = judge->lowered->parameters[p].parameter;
        if (engine_set(engine, parameter->name, judge->parameters[p], shape_size(&parameter->shape)) != OCELLUS_OK)
            stop(parameter->name);
    }
    memcpy(engine_input(engine, 0), judge->images, judge->n * judge->image_values * sizeof *judge->images);
    return engine;
}

static void judge_logits(const struct judge *judge, struct engine *engine, struct tally *tally, bool *good) {
    const size_t count = judge->n * judge->classes;
    float *values = room(count, sizeof *values);
    if (engine_read(engine, ENGINE_LOGITS, values, count) != OCELLUS_OK) stop(judge->graph->name);
    judge_values(judge, JUDGED_LOGITS, 0, values, tally, good);
    free(values);
}

static void judge_parameters(const struct judge *judge, struct engine *engine, struct tally *tally, bool *good) {
    for (size_t p = 0; p < judge->parameter_count; p++) {
        const struct parameter *parameter = judge->lowered->parameters[p].parameter;
        const bool moves = !parameter->trainable && !judge->graph->nodes[judge->lowered->parameters[p].node].frozen;
        if (!judge->lowered->parameters[p].trained && !moves) continue;
        char name[GRAPH_NAME_SIZE + 16];
        snprintf(name, sizeof name, "%s%s", parameter->name, moves ? "" : "/gradient");
        const size_t count = shape_size(&parameter->shape);
        float *values = room(count, sizeof *values);
        if (engine_get(engine, name, values, count) != OCELLUS_OK) stop(name);
        judge_values(judge, moves ? JUDGED_STATISTIC : JUDGED_GRADIENT, p, values, tally, good);
        free(values);
    }
}

static void train(const struct judge *judge, size_t threads, struct tally *tally, bool *good) {
    struct engine *engine = open_engine(judge, threads, true);
    const struct engine_batch batch = {.n = judge->n, .epoch = judge->epoch, .first_place = judge->first};
    struct engine_metrics metrics;
    if (engine_forward(engine, ENGINE_TRAINING, &batch) || engine_loss(engine, &judge->targets) ||
        engine_metrics(engine, &metrics))
        stop(judge->graph->name);
    const float loss = (float)(metrics.loss_sum / judge->targets.denominator);
    judge_logits(judge, engine, tally, good);
    judge_values(judge, JUDGED_LOSS, 0, &loss, tally, good);
    if (engine_backward(engine)) stop(judge->graph->name);
    judge_parameters(judge, engine, tally, good);
    engine_close(engine);
}

static void infer(const struct judge *judge, size_t threads, struct tally *tally, bool *good) {
    struct engine *engine = open_engine(judge, threads, false);
    if (engine_forward(engine, ENGINE_INFERENCE, &(struct engine_batch){.n = judge->n})) stop(judge->graph->name);
    judge_logits(judge, engine, tally, good);
    engine_close(engine);
}

static void run_graph(const struct graph *graph, size_t n, uint32_t number, struct run *run) {
    struct judge *judge = NULL;
    bool good[ENGINE_MAX_INSTRUCTION_SETS];
    if (judge_open(graph, n, number, in_double ? 0x1p-50 : 0x1p-24, &judge) != OCELLUS_OK) stop(graph->name);
    for (size_t pass = 0; pass < 2; pass++) {
        if (pass == 0) judge_train(judge);
        else judge_infer(judge);
        for (size_t row = 0; row < run->rows.count; row++) {
            struct tally *tally = &run->tallies[row];
            tally->row = run->rows.names[row];
            setenv("OCELLUS_CPU", tally->row, 1);
            good[row] = pass == 0 || good[row];
            if (pass == 0) train(judge, 1 + number % 3, tally, &good[row]);
            else infer(judge, 1 + number % 3, tally, &good[row]);
            tally->networks += pass;
        }
    }
    run->networks++;
    run->early += has_early_vector(graph);
    run->undecided += judge->undecided;
    judge_close(judge);
}

static void run_cases(struct run *run) {
    for (size_t i = 0; i < graph_case_count; i++) {
        struct graph *graph;
        if (graph_case_make(&graph_cases[i], &graph) != OCELLUS_OK) stop(graph_cases[i].name);
        run_graph(graph, graph_cases[i].n, (uint32_t)i, run);
        graph_free(graph);
    }
}

static void run_networks(uint32_t first, uint32_t count, double products, struct run *run) {
    for (uint32_t number = first; number - first < count; number++) {
        struct generated generated = {0};
        if (generate(number, products, &generated) != OCELLUS_OK) stop("making a network");
        run->sizes[generated.size]++;
        run_graph(generated.graph, generated.n, number, run);
        graph_free(generated.graph);
    }
}

/* Bounds that say little would let anything pass. In float they are wide; there the oracle in float stands beside them. */
static bool is_useful(const struct tally *tally) {
    bool useful = true;
    for (size_t k = 0; in_double && k < JUDGED_KINDS; k++)
        useful &= 100 * tally->useful[k] >= tally->values[k] * (unsigned long)LEAST_USEFUL_PERCENT;
    return useful;
}

static bool report(const struct run *run, uint32_t first) {
    unsigned long wrong = 0;
    bool useful = true;
    printf("%lu networks, by chance from number %u: %lu tiny, %lu wide, %lu large, %lu heavy. In %.1f %% a vector is "
           "made before a layer of images; in %.1f %% a decision of a ReLU or a maximum was too close to call in "
           "float.\n\n",
           run->networks, first, run->sizes[SIZE_TINY], run->sizes[SIZE_WIDE], run->sizes[SIZE_LARGE],
           run->sizes[SIZE_HEAVY], 100.0 * (double)run->early / (double)run->networks,
           100.0 * (double)run->undecided / (double)run->networks);
    printf("| engine | kernels | of | values | largest error / bound | bounds below 1 %% | error / oracle's in float "
           "|\n|---|---|---|---|---|---|---|\n");
    for (size_t row = 0; row < run->rows.count; row++) {
        const struct tally *tally = &run->tallies[row];
        for (size_t k = 0; k < JUDGED_KINDS; k++)
            printf("| %s | %s | %s | %lu | %.3f | %.1f %% | %.1f |\n", in_double ? "double" : "float", tally->row,
                   judged_names[k], tally->values[k], tally->worst[k],
                   100.0 * (double)tally->useful[k] / (double)tally->values[k], tally->beside[k]);
        wrong += tally->wrong;
        useful &= is_useful(tally);
    }
    printf("\n%lu wrong.\n", wrong);
    return wrong == 0 && useful && run->early * 100 >= run->networks * (unsigned long)LEAST_EARLY_PERCENT;
}

int main(int argc, char **argv) {
    const uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : NETWORKS;
    const uint32_t first = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    static struct run run;
    setenv("OCELLUS_CPU", "ref", 1);
    if (engine_instruction_sets(&run.rows) != OCELLUS_OK) stop("kernels");
    if (first == 0) run_cases(&run);
    run_networks(first, count, argc > 3 ? strtod(argv[3], NULL) : PRODUCTS, &run);
    return !report(&run, first) || run.networks == 0;
}
