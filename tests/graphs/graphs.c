/* SPDX-License-Identifier: MIT */
/* graphs [COUNT [FIRST [PRODUCTS]]]: networks by chance, a training step and an inference of the planned engine, on every
 * row of kernels, against the oracle in double. No logit, loss, gradient or moving statistic may be off by more than its
 * bound. Built twice: with the engine in float, and with the engine in double, whose bounds are so small that what is
 * left is one rounding to float32. */
#include "base/memory.h"
#include "engine/engine.h"
#include "generate.h"
#include "judge.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NETWORKS = 2000, LEAST_EARLY_PERCENT = 20, LEAST_USEFUL_PERCENT = 70, MOST_PRINTED = 5 };
static const double PRODUCTS = 3e5, UNIT = sizeof(real) == sizeof(double) ? 0x1p-50 : 0x1p-24;

static const char *const judged_names[JUDGED_KINDS] = {"logits", "loss", "gradients", "moving statistics"};

struct tally {
    const char *row;
    unsigned long networks, wrong, values[JUDGED_KINDS];
    double worst[JUDGED_KINDS]; /* error / bound */
    size_t useful[JUDGED_KINDS];
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

static void judge_values(const struct judge *judge, enum judged judged, size_t parameter, const real *values,
                         struct tally *tally, bool *good) {
    const size_t count = judge_count(judge, judged, parameter);
    float *crossing = room(count, sizeof *crossing);
    for (size_t i = 0; i < count; i++)
        crossing[i] = (float)values[i];
    const double share = judge_compare(judge, judged, parameter, crossing, &tally->useful[judged]);
    free(crossing);
    tally->values[judged] += count;
    tally->worst[judged] = fmax(tally->worst[judged], share);
    if (share <= 1) return;
    if (!*good) return; /* what follows from it says little */
    *good = false;
    if (tally->wrong++ == 0) print_network(judge);
    if (tally->wrong > MOST_PRINTED) return;
    printf("%s on %s: %s%s%s: %.3g times its bound\n", judge->graph->name, tally->row, judged_names[judged],
           judged > JUDGED_LOSS ? " of " : "",
           judged > JUDGED_LOSS ? judge->lowered->parameters[parameter].parameter->name : "", share);
}

static struct engine *open_engine(const struct judge *judge, size_t threads, bool training) {
    struct engine *engine = NULL;
    const struct engine_options options = {.threads = threads,
                                           .batch_size = judge->n,
                                           .training = training,
                                           .optimizer = {.kind = OPTIMIZER_SGD, .learning_rate = 0.01}};
    if (engine_open(judge->graph, &options, &engine) != OCELLUS_OK) stop(judge->graph->name);
    for (size_t p = 0; p < judge->parameter_count; p++) {
        const struct parameter *parameter = judge->lowered->parameters[p].parameter;
        const size_t count = shape_size(&parameter->shape);
        real *values = room(count, sizeof *values);
        for (size_t i = 0; i < count; i++)
            values[i] = (real)judge->parameters[p][i];
        if (engine_set(engine, parameter->name, values, count) != OCELLUS_OK) stop(parameter->name);
        free(values);
    }
    return engine;
}

static real *copy_images(const struct judge *judge) {
    real *images = room(judge->n * judge->image_values, sizeof *images);
    for (size_t i = 0; i < judge->n * judge->image_values; i++)
        images[i] = (real)judge->images[i];
    return images;
}

static void judge_parameters(const struct judge *judge, struct engine *engine, struct tally *tally, bool *good) {
    for (size_t p = 0; p < judge->parameter_count; p++) {
        const struct parameter *parameter = judge->lowered->parameters[p].parameter;
        const bool moves = !parameter->trainable && !judge->graph->nodes[judge->lowered->parameters[p].node].frozen;
        if (!judge->lowered->parameters[p].trained && !moves) continue;
        char name[GRAPH_NAME_SIZE + 16];
        snprintf(name, sizeof name, "%s%s", parameter->name, moves ? "" : "/gradient");
        const size_t count = shape_size(&parameter->shape);
        real *values = room(count, sizeof *values);
        if (engine_get(engine, name, values, count) != OCELLUS_OK) stop(name);
        judge_values(judge, moves ? JUDGED_STATISTIC : JUDGED_GRADIENT, p, values, tally, good);
        free(values);
    }
}

static void train(const struct judge *judge, size_t threads, struct tally *tally, bool *good) {
    struct engine *engine = open_engine(judge, threads, true);
    real *images = copy_images(judge);
    double loss_sum;
    size_t correct;
    if (engine_forward(engine, ENGINE_TRAINING, images, judge->n) ||
        engine_loss(engine, judge->labels, &loss_sum, &correct))
        stop(judge->graph->name);
    const real loss = (real)(loss_sum / (double)judge->n);
    judge_values(judge, JUDGED_LOGITS, 0, engine_logits(engine), tally, good);
    judge_values(judge, JUDGED_LOSS, 0, &loss, tally, good);
    if (engine_backward(engine)) stop(judge->graph->name);
    judge_parameters(judge, engine, tally, good);
    engine_close(engine);
    free(images);
}

static void infer(const struct judge *judge, size_t threads, struct tally *tally, bool *good) {
    struct engine *engine = open_engine(judge, threads, false);
    real *images = copy_images(judge);
    if (engine_forward(engine, ENGINE_INFERENCE, images, judge->n)) stop(judge->graph->name);
    judge_values(judge, JUDGED_LOGITS, 0, engine_logits(engine), tally, good);
    engine_close(engine);
    free(images);
}

static void run_network(uint32_t number, double products, const struct engine_instruction_sets *sets,
                        struct tally *tallies, unsigned long *early) {
    struct generated generated = {0};
    struct judge *judge = NULL;
    if (generate(number, products, &generated) != OCELLUS_OK) stop("making a network");
    if (getenv("NOEARLY") && has_early_vector(generated.graph)) return;
    for (size_t i = 0; getenv("NOVN") && i < generated.graph->count; i++)
        if (strstr(generated.graph->nodes[i].name, "batch_norm") && generated.graph->nodes[i].shape.rank == 1) return;
    if (judge_open(generated.graph, generated.n, number, UNIT, &judge) != OCELLUS_OK) stop(generated.graph->name);
    *early += has_early_vector(generated.graph);
    bool good[ENGINE_MAX_INSTRUCTION_SETS];
    for (size_t pass = 0; pass < 2; pass++) {
        if (pass == 0) judge_train(judge);
        else judge_infer(judge);
        for (size_t row = 0; row < sets->count; row++) {
            struct tally *tally = &tallies[row];
            tally->row = sets->names[row];
            setenv("OCELLUS_CPU", tally->row, 1);
            good[row] = pass == 0 || good[row];
            if (pass == 0) train(judge, 1 + number % 3, tally, &good[row]);
            else infer(judge, 1 + number % 3, tally, &good[row]);
            tally->networks += pass;
        }
    }
    judge_close(judge);
    graph_free(generated.graph);
}

/* Bounds that say little would let anything pass. */
static bool is_useful(const struct tally *tally) {
    bool useful = true;
    for (size_t k = 0; k < JUDGED_KINDS; k++)
        useful &= 100 * tally->useful[k] >= tally->values[k] * (unsigned long)LEAST_USEFUL_PERCENT;
    return useful;
}

int main(int argc, char **argv) {
    const uint32_t count = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : NETWORKS;
    const uint32_t first = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
    const double products = argc > 3 ? strtod(argv[3], NULL) : PRODUCTS;
    struct engine_instruction_sets sets;
    struct tally tallies[ENGINE_MAX_INSTRUCTION_SETS] = {{0}};
    unsigned long early = 0, wrong = 0;
    bool useful = true;
    setenv("OCELLUS_CPU", "ref", 1);
    if (engine_instruction_sets(&sets) != OCELLUS_OK) stop("kernels");
    for (uint32_t number = first; number - first < count; number++)
        run_network(number, products, &sets, tallies, &early);
    printf("%u networks from number %u; in %.1f %% a dense layer or a global pooling stands before layers of images\n\n"
           "| kernels | networks | values | compared | largest error / bound | bound below 1 %% |\n"
           "|---|---|---|---|---|---|\n",
           count, first, 100.0 * (double)early / count);
    for (size_t row = 0; row < sets.count; row++) {
        for (size_t k = 0; k < JUDGED_KINDS; k++)
            printf("| %s | %lu | %s | %lu | %.3f | %.1f %% |\n", tallies[row].row, tallies[row].networks,
                   judged_names[k], tallies[row].values[k], tallies[row].worst[k],
                   100.0 * (double)tallies[row].useful[k] / (double)tallies[row].values[k]);
        wrong += tallies[row].wrong;
        useful &= is_useful(&tallies[row]);
    }
    printf("\nnetworks with a value above its bound: %lu\n", wrong);
    return wrong > 0 || !useful || early * 100 < count * (unsigned long)LEAST_EARLY_PERCENT || count == 0;
}
