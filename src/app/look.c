/* SPDX-License-Identifier: MIT */
#include "app/look.h"

#include "app/bench.h"
#include "app/network.h"
#include "base/folders.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "model/builtin.h"
#include "run/run_folder.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { PICTURES_LOOKED_AT = 64, MEASURED_BATCH = 16 };
static const double longest_look = 5, measured_seconds = 1;

static bool ends_in(const char *name, const char *end) {
    const size_t size = strlen(name), end_size = strlen(end);
    return size >= end_size && strcasecmp(name + size - end_size, end) == 0;
}

/* Sets that are files of one form have names by which they go about. */
static const char *name_of_folder(char *const *names, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (strcmp(names[i], "data_batch_1.bin") == 0) return "cifar10";
        if (strcmp(names[i], "train.bin") == 0) return "cifar100";
        if (strstr(names[i], "-ubyte")) return "idx";
    }
    return "folder";
}

ocellus_status look_recognise(const char *path, const char **name) {
    enum path_kind kind;
    bool is_file;
    *name = NULL;
    TRY(path_look(path, &kind));
    if (kind == PATH_FILE && (ends_in(path, ".csv") || ends_in(path, ".tsv"))) *name = "list";
    if (kind != PATH_FOLDER || run_folder_is_run(path)) return OCELLUS_OK;
    TRY(network_is_file(path, &is_file)); /* the folder of a TensorFlow.js model */
    if (is_file) return OCELLUS_OK;
    char **names = NULL;
    size_t count = 0;
    TRY(folder_names(path, &names, &count));
    *name = name_of_folder(names, count);
    names_free(names);
    return OCELLUS_OK;
}

static ocellus_status count_classes(const struct source *source, struct choose_facts *facts) {
    size_t *counts = memory_allocate(source->classes, sizeof *counts);
    if (!counts) return OCELLUS_IO;
    for (size_t i = 0; i < source->count; i++)
        counts[source_label(source, i)]++;
    facts->smallest = SIZE_MAX;
    for (size_t i = 0; i < source->classes; i++)
        if (counts[i] < facts->smallest) facts->smallest = counts[i];
    memory_free(counts);
    return OCELLUS_OK;
}

static int compare_sides(const void *a, const void *b) {
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* What is seen of pictures: their shorter sides, and whether any of those that were read has colours. */
struct seen {
    uint32_t *sides; /* [count], of room for all */
    size_t count;
    bool colours;
};

static void see(struct seen *seen, size_t height, size_t width) {
    seen->sides[seen->count++] = (uint32_t)(height < width ? height : width);
}

/* Reads some pictures, spread over the set, and tells how long one takes. */
static ocellus_status read_some(const struct source *source, struct seen *seen, double *decode) {
    struct picture picture = {0};
    const size_t wanted = source->count < PICTURES_LOOKED_AT ? source->count : PICTURES_LOOKED_AT;
    const double started = clock_seconds();
    for (size_t i = 0; i < wanted && (seen->count == 0 || clock_seconds() - started < longest_look); i++)
        if (source_read(source, i * source->count / wanted, NULL, &picture) == OCELLUS_OK) {
            see(seen, picture.height, picture.width);
            seen->colours = seen->colours || !picture_is_grey(&picture);
        }
    picture_free(&picture);
    if (seen->count == 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: none of %zu pictures can be read: %s", source->name, wanted,
                    status_message());
    *decode = (clock_seconds() - started) / (double)seen->count;
    return OCELLUS_OK;
}

/* All of them, where they were looked at already. */
static void see_survey(const struct data_parts *parts, struct seen *seen) {
    const struct survey *survey = parts->pictures ? shared_collection_survey(parts->pictures) : NULL;
    if (!survey) return;
    seen->count = 0;
    for (size_t i = 0; i < survey->count; i++) {
        const struct picture_facts *facts = &survey->facts[i];
        if (shared_collection_part(parts->pictures, i) == PICTURE_PART_TRAIN) see(seen, facts->height, facts->width);
    }
}

ocellus_status look_at_classes(const struct data_parts *parts, struct choose_facts *facts) {
    const struct source *train = parts->train;
    *facts = (struct choose_facts){.pictures = train->count,
                                   .classes = train->classes,
                                   .validation = parts->validation ? parts->validation->count : 0,
                                   .test = parts->test ? parts->test->count : 0};
    return count_classes(train, facts);
}

ocellus_status look_at_pictures(const struct data_parts *parts, struct choose_facts *facts, double *decode) {
    const struct source *train = parts->train;
    TRY(look_at_classes(parts, facts));
    struct seen seen = {.sides = memory_allocate(train->count, sizeof *seen.sides)};
    ocellus_status status = seen.sides ? read_some(train, &seen, decode) : OCELLUS_IO;
    if (status == OCELLUS_OK) {
        see_survey(parts, &seen);
        qsort(seen.sides, seen.count, sizeof *seen.sides, compare_sides);
        facts->side = seen.sides[seen.count / 2];
        facts->grey = !seen.colours;
    }
    memory_free(seen.sides);
    return status;
}

static ocellus_status measure(const struct graph *graph, size_t threads, bool training, double *seconds) {
    const struct bench_request request = {
        .batch = MEASURED_BATCH, .threads = threads, .training = training, .seconds = measured_seconds};
    struct bench_result result;
    TRY(bench_measure(graph, &request, NULL, &result));
    *seconds = result.median / MEASURED_BATCH;
    return OCELLUS_OK;
}

ocellus_status look_at_machine(enum choose_network network, const struct choose_facts *facts, double decode,
                               size_t threads, struct choose_speed *speed) {
    const size_t side = choose_measured_side(network, facts);
    const bool small = network == CHOOSE_SMALL;
    struct graph *graph = NULL;
    TRY(graph_builtin_of_size(small ? "simcnn" : "resnet50", side, small && facts->grey ? 1 : 3, facts->classes,
                              &graph));
    size_t matched = 0;
    ocellus_status status = OCELLUS_OK;
    for (char stage = '1'; !small && stage <= '3' && status == OCELLUS_OK; stage++)
        status = graph_freeze(graph, (char[]){'c', 'o', 'n', 'v', stage, '_', '*', '\0'}, &matched);
    if (status == OCELLUS_OK) status = measure(graph, threads, false, &speed->forward);
    if (status == OCELLUS_OK) status = measure(graph, threads, true, &speed->train);
    graph_free(graph);
    speed->decode = decode / (double)(threads > 0 ? threads : threads_available());
    return status;
}
