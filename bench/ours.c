/* SPDX-License-Identifier: MIT */
/* Our side of the comparisons of whole networks, and the files that `ocellus predict` is timed on.
 * ours train|infer simcnn|resnet50|resnet50-imagenet BATCH THREADS
 * ours save FOLDER */
#include "answer.h"
#include "base/folders.h"
#include "base/memory.h"
#include "base/random.h"
#include "data/image.h"
#include "data/image_file.h"
#include "engine/engine.h"
#include "inference/weights.h"
#include "model/builtin.h"
#include "model/layer.h"
#include "model/resnet50.h"

#include <ocellus/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE = 32, CHANNELS = 3, CLASSES = 10, SEED = 1 };

struct work {
    struct graph *graph;
    struct engine *engine;
    struct optimizer optimizer;
    size_t batch;
    int32_t *labels;
    float *probabilities; /* [batch][classes] */
    bool training;
};

static ocellus_status make_graph(const char *name, struct graph **graph) {
    if (strcmp(name, "resnet50-imagenet") == 0) return graph_resnet50_imagenet(RESNET50_EPSILON, graph);
    return graph_builtin(name, SIDE, SIDE, CHANNELS, CLASSES, graph);
}

/* One image through the heavy layers; training adds the gradients of the weights and, but for the first layer, of the
 * input. */
static double image_flops(const struct graph *graph, bool training) {
    double flops = 0;
    bool first = true;
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        if (node->parameter_count == 0 || node->parameters[0].role != PARAMETER_KERNEL) continue;
        double pixels = node->shape.rank == 3 ? (double)(node->shape.dims[0] * node->shape.dims[1]) : 1;
        double once = 2 * pixels * (double)shape_size(&node->parameters[0].shape);
        flops += !training ? once : first ? 2 * once : 3 * once;
        first = false;
    }
    return flops;
}

static ocellus_status open_work(struct work *work, const char *network, size_t threads) {
    TRY(make_graph(network, &work->graph));
    bool simcnn = strcmp(network, "simcnn") == 0;
    work->optimizer = simcnn ? (struct optimizer){.kind = OPTIMIZER_ADAM,
                                                  .learning_rate = 1e-3,
                                                  .beta1 = 0.9,
                                                  .beta2 = 0.999,
                                                  .epsilon = 1e-7}
                             : (struct optimizer){.kind = OPTIMIZER_SGD, .learning_rate = 0.01};
    const struct engine_options options = {
        .threads = threads, .batch_size = work->batch, .training = work->training, .optimizer = work->optimizer};
    TRY(engine_open(NULL, work->graph, &options, &work->engine));
    TRY(engine_initialize(work->engine, SEED));
    size_t values = work->batch * shape_size(graph_input_shape(work->graph));
    size_t classes = shape_size(graph_output_shape(work->graph));
    float *images = engine_input(work->engine, 0);
    work->labels = memory_allocate(work->batch, sizeof *work->labels);
    work->probabilities = memory_allocate(work->batch, classes * sizeof *work->probabilities);
    if (!work->labels || !work->probabilities) return OCELLUS_IO;
    struct random_stream random = random_at(SEED, RANDOM_TEST, 0, 0);
    for (size_t i = 0; i < values; i++)
        images[i] = random_unit(&random);
    for (size_t i = 0; i < work->batch; i++)
        work->labels[i] = (int32_t)(i % classes);
    return OCELLUS_OK;
}

static ocellus_status train_step(struct work *work) {
    TRY(engine_forward(work->engine, ENGINE_TRAINING, &(struct engine_batch){.n = work->batch}));
    TRY(engine_loss(work->engine, &(struct engine_targets){.labels = work->labels}));
    TRY(engine_backward(work->engine));
    return engine_update(work->engine, &work->optimizer);
}

static ocellus_status infer(struct work *work) {
    const size_t classes = shape_size(graph_output_shape(work->graph));
    TRY(engine_forward(work->engine, ENGINE_INFERENCE, &(struct engine_batch){.n = work->batch}));
    return engine_read(work->engine, ENGINE_PROBABILITIES, work->probabilities, work->batch * classes);
}

static double go(void *context, size_t which, size_t times) {
    struct work *work = context;
    (void)which;
    double start = wall_seconds();
    for (size_t i = 0; i < times; i++) {
        if ((work->training ? train_step(work) : infer(work)) == OCELLUS_OK) continue;
        fprintf(stderr, "ours: %s\n", status_message());
        exit(1);
    }
    return wall_seconds() - start;
}

static ocellus_status compete(struct work *work, char **argv) {
    work->training = strcmp(argv[1], "train") == 0;
    work->batch = (size_t)strtoul(argv[3], NULL, 10);
    TRY(open_work(work, argv[2], (size_t)strtoul(argv[4], NULL, 10)));
    char about[128];
    snprintf(about, sizeof about, "Ocellus %s, %s", OCELLUS_VERSION, engine_kernels_name(work->engine));
    double flops = image_flops(work->graph, work->training) * (double)work->batch;
    return answer_all(graph_totals(work->graph).total, flops, about, go, work) == 0 ? OCELLUS_OK : OCELLUS_USAGE;
}

static ocellus_status save(struct work *work, const char *folder) {
    char path[FILE_PATH_SIZE];
    work->batch = 1;
    TRY(folder_make(folder));
    TRY(open_work(work, "simcnn", 1));
    TRY(path_join(path, folder, "simcnn.safetensors"));
    TRY(weights_write(work->engine, work->graph, 0, path));
    struct image image;
    TRY(image_create(SIDE, SIDE, &image));
    for (size_t i = 0; i < (size_t)SIDE * SIDE * CHANNELS; i++)
        image.pixels[i] = (uint8_t)(255 * engine_input(work->engine, 0)[i]);
    TRY(path_join(path, folder, "image.png"));
    ocellus_status status = image_write_png(path, &image);
    image_free(&image);
    return status;
}

int main(int argc, char **argv) {
    struct work work = {0};
    ocellus_status status = OCELLUS_USAGE;
    if (argc == 5) status = compete(&work, argv);
    else if (argc == 3 && strcmp(argv[1], "save") == 0) status = save(&work, argv[2]);
    else fail(status, "usage: ours train|infer NETWORK BATCH THREADS, or ours save FOLDER");
    if (status != OCELLUS_OK) fprintf(stderr, "ours: %s\n", status_message());
    engine_close(work.engine);
    graph_free(work.graph);
    memory_free(work.labels);
    memory_free(work.probabilities);
    return (int)status;
}
