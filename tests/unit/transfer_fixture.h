/* SPDX-License-Identifier: MIT */
/* For tests: whole trainings by a recipe, of a network that lies in a file, on the tiny pictures. */
#ifndef TESTS_UNIT_TRANSFER_FIXTURE_H
#define TESTS_UNIT_TRANSFER_FIXTURE_H

#include "app/training.h"
#include "base/folders.h"
#include "formats/network_file.h"
#include "group_folder.h"
#include "inference/weights.h"
#include "tiny_training.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const names[2][TINY_CLASSES] = {{"ant", "bee", "cat", "dog"}, {"elk", "fox", "gnu", "hen"}};

/* The tiny pictures in their first `classes` classes. */
static inline struct source *open_source(const char *split, size_t classes, size_t first_name) {
    struct source *tiny, *source;
    struct picture picture = {0};
    tiny_source(split, TINY_TRAIN, &tiny);
    struct memory_pictures pictures = {
        .count = TINY_TRAIN, .height = TINY_SIDE, .width = TINY_SIDE, .channels = 3, .classes = classes};
    assert_int_equal(memory_pictures_create(&pictures), OCELLUS_OK);
    const size_t bytes = TINY_SIDE * TINY_SIDE * 3;
    for (size_t i = 0; i < TINY_TRAIN; i++) {
        assert_int_equal(source_read(tiny, i, NULL, &picture), OCELLUS_OK);
        memcpy(pictures.pixels + i * bytes, picture.pixels, bytes);
        pictures.labels[i] = (uint16_t)(source_label(tiny, i) % classes);
    }
    assert_int_equal(memory_source_open("pets", split, &pictures, &source), OCELLUS_OK);
    assert_int_equal(source_set_class_names(source, names[first_name]), OCELLUS_OK);
    picture_free(&picture);
    source_close(tiny);
    return source;
}

/* One training, to its end, a stop or its death. */
struct one {
    const char *model, *weights, *run; /* "": no weights */
    size_t classes, names, threads;    /* 0: all four, one thread */
    bool resume;
    void (*change)(struct recipe *recipe); /* NULL: nothing */
    uint64_t stop_after, die_after;        /* steps of this call; 0: never */
    /* What happened. */
    struct stop_flag stop;
    uint64_t steps;
    char first[SHA256_TEXT_SIZE], last[SHA256_TEXT_SIZE]; /* hashes of the values */
    char trained[1024];                                   /* after each epoch, how many values: "170 260 " */
    struct history history;                               /* free it with one_free() */
    size_t graph_classes;
};

static inline void one_free(struct one *one) {
    history_free(&one->history);
}

struct one_seen {
    struct one *one;
    const struct training *training;
};

static inline void see_step(void *context, const struct train_event *event) {
    const struct one_seen *seen = context;
    struct one *one = seen->one;
    if (event->kind == TRAIN_EPOCH) {
        const size_t used = strlen(one->trained);
        snprintf(one->trained + used, sizeof one->trained - used, "%zu ",
                 graph_totals(seen->training->graph).trainable);
    }
    if (event->kind != TRAIN_STEP) return;
    if (++one->steps == one->stop_after) stop_request(&one->stop, OCELLUS_INTERRUPTED);
    if (one->steps == one->die_after) _Exit(9);
}

static inline ocellus_status train(struct one *one) {
    struct source *source = open_source("train", one->classes ? one->classes : TINY_CLASSES, one->names);
    struct recipe recipe;
    struct training training;
    struct train_result result = {0};
    tiny_recipe(&recipe);
    recipe.epochs = 1;
    snprintf(recipe.model_name, sizeof recipe.model_name, "%s", one->model);
    snprintf(recipe.model_weights, sizeof recipe.model_weights, "%s", one->weights ? one->weights : "");
    if (one->change) one->change(&recipe);
    const struct training_request request = {.recipe = &recipe,
                                             .run = one->run,
                                             .resume = one->resume,
                                             .threads = one->threads ? one->threads : 1,
                                             .train = source};
    ocellus_status status = training_open(&request, &training);
    if (status == OCELLUS_OK) {
        struct one_seen seen = {one, &training};
        assert_int_equal(weights_hash(training.stages.engine, training.graph, one->first), OCELLUS_OK);
        one->graph_classes = training.graph->class_count;
        status = training_run(&training, &one->stop, see_step, &seen, &result);
        memcpy(one->last, result.weights_hash, sizeof one->last);
        one->history = result.history;
        training_close(&training);
    }
    source_close(source);
    return status;
}

/* Trains in a process of its own, which is killed after `steps` steps. */
static inline void train_and_die(struct one one, uint64_t steps) {
    one.die_after = steps;
    const pid_t child = fork();
    if (child == 0) {
        train(&one);
        _Exit(0);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(WEXITSTATUS(result), 9);
}

/* In a buffer that the next call but three uses again. */
static inline const char *within(const char *path, const char *name) {
    static char paths[4][FILE_PATH_SIZE];
    static unsigned next;
    char *room = paths[next++ % 4];
    assert_int_equal(path_join(room, path, name), OCELLUS_OK);
    return room;
}
static inline const char *at(const char *name) {
    return within(folder, name);
}

#endif
