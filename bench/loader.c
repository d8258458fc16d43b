/* SPDX-License-Identifier: MIT */
/* Whether pictures come as fast as the network can take them (bench/loader.sh runs it).
 *
 *   bench_loader photographs FOLDER NETWORK SIDE BATCH STEPS ROUNDS
 *       images a second of training on the pictures of a folder that are read anew each time, against what the parts make
 *       possible: 1 / (engine's time + time to read on one core / cores), each an image's, measured in turns with it.
 *   bench_loader augmented STEPS ROUNDS
 *       SimCNN on CIFAR-10 with flip and crop against without, in turns.
 *
 * Medians over the rounds. Run on a machine that does nothing else. */
#include "data/loader.h"
#include "base/log.h"
#include "base/threads.h"
#include "data/data_sets.h"
#include "engine/engine.h"
#include "inference/batch_buffer.h"
#include "model/builtin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_ROUNDS = 64 };

static void check(ocellus_status status) {
    if (status == OCELLUS_OK) return;
    fprintf(stderr, "bench_loader: %s\n", status_message());
    exit(4);
}

/* What is trained. */
struct setting {
    struct data_parts parts;
    struct graph *graph;
    struct engine *engine;
    struct pixel_form form;
    size_t batch;
};

static const struct optimizer optimizer = {.kind = OPTIMIZER_SGD, .learning_rate = 1e-6};

static void open_setting(struct setting *setting, const char *data, const char *path, const char *network, size_t side,
                         size_t batch) {
    const struct data_request request = {.path = path};
    const struct engine_options options = {.batch_size = batch, .training = true, .optimizer = optimizer};
    check(data_set_open(data, &request, &setting->parts));
    const struct source *train = setting->parts.train;
    if (side > 0) check(graph_builtin_of_size(network, side, 3, train->classes, &setting->graph));
    else check(graph_builtin(network, train->height, train->width, 3, train->classes, &setting->graph));
    check(engine_open(NULL, setting->graph, &options, &setting->engine));
    check(engine_initialize(setting->engine, 1));
    setting->form = (struct pixel_form){batch_view_form(setting->graph), batch_transform(setting->graph)};
    setting->batch = batch;
}

static void close_setting(struct setting *setting) {
    engine_close(setting->engine);
    graph_free(setting->graph);
    data_parts_close(&setting->parts);
}

static struct loader *open_loader(const struct setting *setting, const struct augmentation *augmentation) {
    struct loader *loader;
    const struct image_set set = image_set_all(setting->parts.train);
    const struct loader_options options = {.set = set,
                                           .images = set.count / setting->batch * setting->batch,
                                           .epochs = UINT32_MAX,
                                           .shuffled = true,
                                           .seed = 1,
                                           .batch_size = setting->batch,
                                           .form = &setting->form,
                                           .augmentation = augmentation,
                                           .pool = engine_pool(setting->engine)};
    check(loader_open(&options, &loader));
    return loader;
}

static void step(const struct setting *setting, const int32_t *labels) {
    check(engine_forward(setting->engine, ENGINE_TRAINING, &(struct engine_batch){.n = setting->batch}));
    check(engine_loss(setting->engine, &(struct engine_targets){.labels = labels}));
    check(engine_backward(setting->engine));
    check(engine_update(setting->engine, &optimizer));
}

/* Where a loader stands. */
struct place {
    struct loader *loader;
    uint32_t epoch;
    size_t index;
};

/* Seconds an image of whole steps from there on. */
static double time_training(const struct setting *setting, struct place *place, size_t steps) {
    const size_t most = setting->parts.train->count / setting->batch;
    const double start = clock_seconds();
    for (size_t i = 0; i < steps; i++) {
        struct loader_batch batch;
        check(loader_batch(place->loader, place->epoch, place->index, engine_input(setting->engine, 0), &batch));
        step(setting, batch.labels);
        if (++place->index == most) {
            place->index = 0;
            place->epoch++;
        }
    }
    return (clock_seconds() - start) / (double)(steps * setting->batch);
}

/* The same without pictures: of what lies in the engine. */
static double time_engine(const struct setting *setting, size_t steps) {
    int32_t *labels = calloc(setting->batch, sizeof *labels);
    if (!labels) exit(4);
    const double start = clock_seconds();
    for (size_t i = 0; i < steps; i++)
        step(setting, labels);
    free(labels);
    return (clock_seconds() - start) / (double)(steps * setting->batch);
}

/* And without a network, on one core: `count` pictures from `first` on. */
static double time_reading(const struct setting *setting, size_t first, size_t count, struct batch_room *room) {
    const struct image_set set = image_set_all(setting->parts.train);
    const struct view_form *view = &setting->form.view;
    float *values = malloc(view->height * view->width * view->channels * sizeof *values);
    int32_t label;
    if (!values) exit(4);
    const double start = clock_seconds();
    for (size_t i = 0; i < count; i++)
        check(batch_fill(&set, (first + i) % set.count, 1, &setting->form, room, values, &label));
    free(values);
    return (clock_seconds() - start) / (double)count;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count) {
    qsort(values, count, sizeof *values, by_size);
    return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static void photographs(char **argv) {
    struct setting setting = {0};
    struct batch_room room = {0};
    double engine[MOST_ROUNDS], reading[MOST_ROUNDS], whole[MOST_ROUNDS];
    const size_t steps = strtoul(argv[4], NULL, 10), rounds = strtoul(argv[5], NULL, 10), cores = threads_available();
    open_setting(&setting, "folder", argv[0], argv[1], strtoul(argv[2], NULL, 10), strtoul(argv[3], NULL, 10));
    struct place place = {.loader = open_loader(&setting, NULL)};
    time_training(&setting, &place, 1); /* warm */
    const double waited = loader_waited(place.loader);
    double seconds = 0;
    for (size_t i = 0; i < rounds; i++) {
        engine[i] = time_engine(&setting, steps);
        reading[i] = time_reading(&setting, i * 32, 32, &room);
        whole[i] = time_training(&setting, &place, steps);
        seconds += whole[i] * (double)(steps * setting.batch);
    }
    const double data_wait = loader_waited(place.loader) - waited;
    const double e = median(engine, rounds), r = median(reading, rounds), w = median(whole, rounds);
    const double possible = 1 / (e + r / (double)cores);
    printf("%zu pictures, %s for %zu x %zu, batch %zu, %zu cores\n", setting.parts.train->count, argv[1],
           setting.form.view.width, setting.form.view.height, setting.batch, cores);
    printf("  engine       %8.2f ms an image\n  reading      %8.2f ms an image on one core\n", e * 1e3, r * 1e3);
    printf("  possible     %8.2f images/s\n  end to end   %8.2f images/s: %.3f of it\n", possible, 1 / w,
           1 / w / possible);
    printf("  data wait    %8.1f %% of the time\n", 100 * data_wait / seconds);
    loader_close(place.loader);
    batch_room_free(&room);
    close_setting(&setting);
}

static void augmented(char **argv) {
    static const struct augmentation flip_and_crop = {.flip = 0.5, .crop_padding = 4, .border = AUGMENT_REFLECT};
    struct setting setting = {0};
    double seconds[2][MOST_ROUNDS], total[2] = {0};
    const size_t steps = strtoul(argv[0], NULL, 10), rounds = strtoul(argv[1], NULL, 10);
    open_setting(&setting, "cifar10", NULL, "simcnn", 0, 32);
    struct place places[2] = {{.loader = open_loader(&setting, NULL)},
                              {.loader = open_loader(&setting, &flip_and_crop)}};
    for (size_t k = 0; k < 2; k++)
        time_training(&setting, &places[k], 100); /* warm */
    const double waited[2] = {loader_waited(places[0].loader), loader_waited(places[1].loader)};
    for (size_t i = 0; i < rounds; i++) {
        for (size_t k = 0; k < 2; k++) {
            seconds[k][i] = time_training(&setting, &places[k], steps);
            total[k] += seconds[k][i] * (double)(steps * setting.batch);
        }
    }
    printf("simcnn on CIFAR-10, batch 32, %zu cores\n", threads_available());
    for (size_t k = 0; k < 2; k++)
        printf("  %-18s %8.0f images/s, data wait %.1f %% of the time\n", k ? "flip and crop" : "as they are",
               1 / median(seconds[k], rounds), 100 * (loader_waited(places[k].loader) - waited[k]) / total[k]);
    printf("  flip and crop      %8.3f of the speed without\n",
           median(seconds[0], rounds) / median(seconds[1], rounds));
    for (size_t k = 0; k < 2; k++)
        loader_close(places[k].loader);
    close_setting(&setting);
}

int main(int argc, char **argv) {
    if (argc == 8 && strcmp(argv[1], "photographs") == 0 && atoi(argv[7]) <= MOST_ROUNDS) photographs(argv + 2);
    else if (argc == 4 && strcmp(argv[1], "augmented") == 0 && atoi(argv[3]) <= MOST_ROUNDS) augmented(argv + 2);
    else {
        fprintf(stderr, "usage: bench_loader photographs FOLDER NETWORK SIDE BATCH STEPS ROUNDS\n"
                        "       bench_loader augmented STEPS ROUNDS\n");
        return 2;
    }
    return 0;
}
