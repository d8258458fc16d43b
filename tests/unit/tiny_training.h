/* SPDX-License-Identifier: MIT */
/* For tests: a training small enough to run whole in milliseconds. 8 x 8 images of 4 classes that differ in which corner
 * is bright, and a network with a convolution, a BatchNormalization, a pooling and a dense layer. */
#ifndef TESTS_UNIT_TINY_TRAINING_H
#define TESTS_UNIT_TINY_TRAINING_H

#include "base/random.h"
#include "base/sha256.h"
#include "data/memory_source.h"
#include "model/layer.h"
#include "run/recipe_ini.h"
#include "train/train.h"
#include "unsteady_source.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TINY_SIDE = 8, TINY_CLASSES = 4, TINY_TRAIN = 70, TINY_TEST = 30 };

static inline void tiny_source(const char *split, size_t count, struct source **source) {
    struct memory_pictures pictures = {
        .count = count, .height = TINY_SIDE, .width = TINY_SIDE, .channels = 3, .classes = TINY_CLASSES};
    size_t values = TINY_SIDE * TINY_SIDE * 3;
    assert_int_equal(memory_pictures_create(&pictures), OCELLUS_OK);
    for (size_t i = 0; i < count; i++) {
        struct random_stream noise = random_at(count, RANDOM_TEST, 0, (uint32_t)i);
        size_t label = i % TINY_CLASSES;
        pictures.labels[i] = (uint16_t)label;
        for (size_t v = 0; v < values; v++) {
            size_t y = v / 3 / TINY_SIDE, x = v / 3 % TINY_SIDE;
            bool bright = (y < TINY_SIDE / 2) == (label < 2) && (x < TINY_SIDE / 2) == (label % 2 == 0);
            pictures.pixels[i * values + v] = (uint8_t)(random_below(&noise, 160) + (bright ? 60 : 0));
        }
    }
    assert_int_equal(memory_source_open("tiny", split, &pictures, source), OCELLUS_OK);
    memset((*source)->identity, split[1], SHA256_TEXT_SIZE - 1);
}

static inline void tiny_add(struct graph *graph, const struct layer_type *type, union layer_config config) {
    size_t last = graph->count - 1;
    assert_int_equal(graph_add(graph, type, NULL, NULL, &config, &last, graph->count > 0, NULL), OCELLUS_OK);
}

static inline struct graph *tiny_graph_with(bool dropout) {
    struct graph *graph = NULL;
    assert_int_equal(graph_create("tiny", &graph), OCELLUS_OK);
    graph->preprocessing = PREPROCESSING_UNIT;
    tiny_add(graph, &layer_input_layer, (union layer_config){.input_layer = {{3, {TINY_SIDE, TINY_SIDE, 3}}}});
    tiny_add(graph, &layer_conv2d,
             (union layer_config){.conv2d = {5, {3, 3}, {1, 1}, PADDING_VALID, {.function = UNARY_RELU}, true}});
    tiny_add(graph, &layer_batch_normalization,
             (union layer_config){.batch_normalization = {.momentum = 0.9, .epsilon = 1e-3}});
    tiny_add(graph, &layer_max_pooling2d, (union layer_config){.pooling2d = {{2, 2}, {2, 2}, PADDING_VALID}});
    tiny_add(graph, &layer_flatten, (union layer_config){0});
    if (dropout) tiny_add(graph, &layer_dropout, (union layer_config){.dropout = {.rate = 0.3}});
    tiny_add(graph, &layer_dense, (union layer_config){.dense = {TINY_CLASSES, {.function = UNARY_SOFTMAX}, true}});
    return graph;
}

static inline struct graph *tiny_graph(void) {
    return tiny_graph_with(false);
}

/* 60 of 70 images to train on: 8 steps of 8, the last one of 4; the 30 test images to validate on. */
static inline void tiny_recipe(struct recipe *recipe) {
    recipe_defaults(recipe);
    strcpy(recipe->model_name, "tiny");
    strcpy(recipe->data_name, "tiny");
    recipe->held_out = 10;
    recipe->epochs = 3;
    recipe->batch_size = 8;
    recipe->learning_rate = 0.01;
}

/* One training from start to end, or to where it is stopped. */
struct tiny {
    struct recipe recipe;
    size_t threads;
    const char *run; /* NULL: without a folder */
    bool resume;
    uint64_t stop_after;          /* stops after this step of the call; 0: never */
    uint64_t stop_in_validation;  /* stops in the validation of this epoch (from 1); 0: never */
    uint64_t die_after;           /* kills the process after this step; 0: never */
    size_t fail_train, fail_test; /* the read of training or test images that fails, from 1; 0: none */
    struct loader_limits limits;  /* {0}: the loader chooses */
    bool unlike;                  /* pictures of nine sizes that are read anew, and a Dropout */
    train_observer observer;
    void (*prepare)(struct engine *engine); /* changes the values that the training starts from; NULL: none */
    /* What happened. */
    struct train_result result;
    struct stop_flag stop;
    uint64_t steps, epochs, checkpoints, validation_batches;
    double first_loss;
};

static inline void tiny_observe(void *context, const struct train_event *event) {
    struct tiny *tiny = context;
    if (event->kind == TRAIN_STEP && ++tiny->steps == tiny->stop_after) stop_request(&tiny->stop, OCELLUS_INTERRUPTED);
    if (event->kind == TRAIN_STEP && tiny->steps == tiny->die_after) _Exit(9);
    if (event->kind == TRAIN_STEP && tiny->steps == 1) tiny->first_loss = event->loss;
    if (event->kind == TRAIN_EPOCH) tiny->epochs++;
    if (event->kind == TRAIN_CHECKPOINT) tiny->checkpoints++;
    if (event->kind == TRAIN_VALIDATION_STEP) {
        tiny->validation_batches++;
        if (event->epoch + 1 == tiny->stop_in_validation) stop_request(&tiny->stop, OCELLUS_TERMINATED);
    }
    if (tiny->observer) tiny->observer(tiny, event);
}

/* All that a trainer needs, opened. */
struct tiny_parts {
    struct source *train, *test;
    struct unsteady_source unsteady_train, unsteady_test; /* over them, where a read is to fail */
    struct graph *graph;
    struct train_sets sets;
    struct engine *engine;
    struct run_folder run;
    struct recipe recorded;
    struct trainer_options options;
};

static inline void tiny_open_run(struct tiny *tiny, struct tiny_parts *parts) {
    char path[FILE_PATH_SIZE];
    parts->options.run = &parts->run;
    if (!tiny->resume) {
        assert_int_equal(run_folder_create(&parts->run, tiny->run), OCELLUS_OK);
        return;
    }
    assert_int_equal(run_folder_open_locked(&parts->run, tiny->run), OCELLUS_OK);
    recipe_neutral(&parts->recorded);
    assert_int_equal(run_folder_file(&parts->run, RUN_RECIPE, path), OCELLUS_OK);
    assert_int_equal(recipe_read(path, &parts->recorded), OCELLUS_OK);
    parts->options.recorded = &parts->recorded;
}

static inline void tiny_open(struct tiny *tiny, struct tiny_parts *parts) {
    tiny_source("train", TINY_TRAIN, &parts->train);
    tiny_source("test", TINY_TEST, &parts->test);
    unsteady_open(&parts->unsteady_train, parts->train, tiny->fail_train, OCELLUS_IO);
    unsteady_open(&parts->unsteady_test, parts->test, tiny->fail_test, OCELLUS_BAD_CONTENT);
    parts->unsteady_train.unlike = parts->unsteady_test.unlike = tiny->unlike;
    const struct source *train = tiny->fail_train || tiny->unlike ? &parts->unsteady_train.source : parts->train,
                        *test = tiny->fail_test || tiny->unlike ? &parts->unsteady_test.source : parts->test;
    struct engine_options options = {.threads = tiny->threads ? tiny->threads : 1,
                                     .batch_size = (size_t)tiny->recipe.batch_size,
                                     .seed = tiny->recipe.seed,
                                     .training = true,
                                     .optimizer = train_optimizer(&tiny->recipe)};
    parts->graph = tiny_graph_with(tiny->unlike);
    assert_int_equal(train_sets_create(&tiny->recipe, train, NULL, test, &parts->sets), OCELLUS_OK);
    assert_int_equal(engine_open(NULL, parts->graph, &options, &parts->engine), OCELLUS_OK);
    assert_int_equal(engine_initialize(parts->engine, tiny->recipe.seed), OCELLUS_OK);
    if (tiny->prepare) tiny->prepare(parts->engine);
    parts->options = (struct trainer_options){.recipe = &tiny->recipe,
                                              .graph = parts->graph,
                                              .engine = parts->engine,
                                              .sets = &parts->sets,
                                              .limits = tiny->limits,
                                              .stop = &tiny->stop,
                                              .observer = tiny_observe,
                                              .context = tiny};
    /* Reads can be counted where nothing is made ahead and nothing is kept. */
    if (tiny->fail_train || tiny->fail_test) parts->options.limits = (struct loader_limits){LOADER_NO_THREADS, 1};
    parts->run.lock = -1;
    if (tiny->run) tiny_open_run(tiny, parts);
}

static inline void tiny_close(struct tiny_parts *parts) {
    run_folder_close(&parts->run);
    engine_close(parts->engine);
    graph_free(parts->graph);
    train_sets_free(&parts->sets);
    source_close(parts->train);
    source_close(parts->test);
}

static inline ocellus_status tiny_run(struct tiny *tiny) {
    struct tiny_parts parts;
    tiny_open(tiny, &parts);
    const ocellus_status status = train_run(&parts.options, &tiny->result);
    tiny_close(&parts);
    return status;
}

static inline void tiny_free(struct tiny *tiny) {
    history_free(&tiny->result.history);
}

#endif
