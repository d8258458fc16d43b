/* SPDX-License-Identifier: MIT */
#include "app/cross_validation.h"

#include "app/evaluation.h"
#include "app/look.h"
#include "app/network.h"
#include "app/recipe_data.h"
#include "app/training.h"
#include "base/files.h"
#include "base/memory.h"
#include "run/predictions_file.h"
#include "run/run_folder.h"
#include "train/sets.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FOLDS_FOLDER "folds"
#define FOLDS_EPOCHS FOLDS_FOLDER "/epochs" /* how long the networks of the folds were trained */

/* A path in the run: never through a link. */
static ocellus_status fold_path(const struct cross_validation *validation, size_t fold, const char *end,
                                char path[FILE_PATH_SIZE]) {
    char name[64];
    snprintf(name, sizeof name, FOLDS_FOLDER "/%zu%s", fold, end);
    return path_inside(path, validation->run, name);
}

static ocellus_status is_trained_as_long(const char *run, const char *epochs, bool *same) {
    char path[FILE_PATH_SIZE];
    enum path_kind kind;
    unsigned char *bytes;
    size_t size;
    *same = false;
    TRY(path_inside(path, run, FOLDS_EPOCHS));
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    TRY(file_read(path, 64, &bytes, &size));
    *same = strcmp((const char *)bytes, epochs) == 0;
    free(bytes);
    return OCELLUS_OK;
}

/* What folds say is said of a training as long as theirs: where the run went on for more epochs, they begin anew. */
static ocellus_status forget_shorter(const struct cross_validation *validation) {
    static const char *const results[] = {RUN_CROSS_VALIDATION, RUN_CROSS_PREDICTIONS};
    char epochs[32], path[FILE_PATH_SIZE];
    enum path_kind kind;
    bool same;
    snprintf(epochs, sizeof epochs, "%" PRIu64 "\n", validation->recipe.epochs);
    TRY(is_trained_as_long(validation->run, epochs, &same));
    if (same) return OCELLUS_OK;
    for (size_t i = 0; i < sizeof results / sizeof *results; i++) {
        TRY(path_inside(path, validation->run, results[i]));
        if (unlink(path) != 0 && errno != ENOENT) return fail_errno(errno, "%s: cannot be removed", path);
    }
    TRY(path_inside(path, validation->run, FOLDS_FOLDER));
    TRY(path_look(path, &kind));
    if (kind != PATH_NONE) TRY(folder_remove(path));
    TRY(folder_make(path));
    TRY(path_inside(path, validation->run, FOLDS_EPOCHS));
    return file_write(path, epochs, strlen(epochs));
}

ocellus_status cross_validation_open(const char *run, size_t threads, struct cross_validation *validation) {
    struct data_parts data;
    struct choose_facts facts;
    *validation = (struct cross_validation){.run = run, .threads = threads};
    TRY(training_recipe_of_run(run, &validation->recipe));
    TRY(recipe_data_open(&validation->recipe, run, threads, &data));
    ocellus_status status = look_at_classes(&data, &facts);
    if (status == OCELLUS_OK) validation->folds = choose_folds(&facts);
    data_parts_close(&data);
    if (status == OCELLUS_OK && validation->folds > 0) status = forget_shorter(validation);
    return status;
}

ocellus_status cross_validation_fold(const struct cross_validation *validation, size_t fold, bool *judged,
                                     struct recipe *recipe, char path[FILE_PATH_SIZE]) {
    enum path_kind kind;
    TRY(fold_path(validation, fold, ".csv", path));
    TRY(path_look(path, &kind));
    *judged = kind != PATH_NONE;
    *recipe = validation->recipe;
    recipe->folds = validation->folds;
    recipe->fold = fold;
    recipe->validation = RECIPE_VALIDATION_NONE; /* after each epoch; the fold is judged in the end */
    return fold_path(validation, fold, "", path);
}

/* The place of a picture in a source whose names are in the order of their bytes; its count where it is not there. */
static size_t find_picture(const struct source *source, const char *name) {
    size_t low = 0, high = source->count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        const int order = strcmp(source_picture_name(source, middle), name);
        if (order == 0) return middle;
        if (order < 0) low = middle + 1;
        else high = middle;
    }
    return source->count;
}

/* The predictions of a fold's pictures, with their places among all. */
static ocellus_status judge_fold(const struct cross_validation *validation, size_t fold, const char *run,
                                 const struct source *pictures, const struct source *all) {
    struct network network;
    struct judged_pictures judged = {0};
    char path[FILE_PATH_SIZE];
    TRY(fold_path(validation, fold, ".csv", path));
    TRY(network_open(run, RUN_LAST, validation->threads, NETWORK_BATCH, &network));
    const struct image_set set = image_set_all(pictures);
    ocellus_status status = evaluation_judge(&network, &set, NULL, "judging", &judged);
    for (size_t i = 0; i < judged.count && status == OCELLUS_OK; i++) {
        judged.rows[i].index = find_picture(all, judged.rows[i].path);
        if (judged.rows[i].index == all->count)
            status = fail(OCELLUS_BAD_CONTENT, "%s: is no picture of the run", judged.rows[i].path);
    }
    if (status == OCELLUS_OK) status = predictions_write(path, judged.rows, judged.count);
    judged_pictures_free(&judged);
    network_close(&network);
    return status;
}

ocellus_status cross_validation_judge(const struct cross_validation *validation, size_t fold) {
    struct recipe recipe;
    struct data_parts whole, parts;
    char run[FILE_PATH_SIZE];
    bool judged;
    TRY(cross_validation_fold(validation, fold, &judged, &recipe, run));
    TRY(recipe_data_open(&validation->recipe, validation->run, validation->threads, &whole));
    ocellus_status status = recipe_data_open(&recipe, run, validation->threads, &parts);
    if (status == OCELLUS_OK) {
        status = parts.validation ? judge_fold(validation, fold, run, parts.validation, whole.train)
                                  : fail(OCELLUS_BAD_CONTENT, "%s: the fold has no pictures", run);
        data_parts_close(&parts);
    }
    data_parts_close(&whole);
    return status == OCELLUS_OK ? folder_remove(run) : status;
}

/* The folds' predictions together, in the order of the pictures. */
static ocellus_status gather(const struct cross_validation *validation, struct prediction **rows, size_t *count) {
    size_t capacity = 0;
    for (size_t fold = 1; fold <= validation->folds; fold++) {
        char path[FILE_PATH_SIZE];
        struct prediction *part;
        size_t part_count;
        TRY(fold_path(validation, fold, ".csv", path));
        TRY(predictions_read(path, &part, &part_count));
        const ocellus_status status = memory_grow((void **)rows, &capacity, *count + part_count, sizeof **rows);
        if (status == OCELLUS_OK && part_count > 0) memcpy(*rows + *count, part, part_count * sizeof **rows);
        free(part);
        TRY(status);
        *count += part_count;
    }
    return OCELLUS_OK;
}

static int compare_places(const void *a, const void *b) {
    const size_t x = ((const struct prediction *)a)->index, y = ((const struct prediction *)b)->index;
    return (x > y) - (x < y);
}

/* The rows are all of the source's pictures, each once, and what they say can be. */
static ocellus_status check_rows(const struct cross_validation *validation, const struct source *source,
                                 struct prediction *rows, size_t count) {
    bool sound = count == source->count;
    if (count > 0) qsort(rows, count, sizeof *rows, compare_places);
    for (size_t i = 0; i < count && sound; i++) {
        sound = rows[i].index == i && (size_t)rows[i].label == source_label(source, i);
        rows[i].path = source_picture_name(source, i);
    }
    return sound ? OCELLUS_OK
                 : fail(OCELLUS_BAD_CONTENT, "%s/" FOLDS_FOLDER ": are not of the run's pictures", validation->run);
}

static ocellus_status evaluate_rows(const struct source *source, const struct prediction *rows, size_t count,
                                    struct evaluation *evaluation) {
    int32_t *labels = memory_allocate(count, 2 * sizeof *labels), *predicted = labels ? labels + count : NULL;
    float *losses = memory_allocate(count, sizeof *losses);
    ocellus_status status = labels && losses ? OCELLUS_OK : OCELLUS_IO;
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++) {
        labels[i] = rows[i].label;
        predicted[i] = rows[i].predicted;
        losses[i] = -logf(rows[i].label_probability > 1e-30F ? rows[i].label_probability : 1e-30F);
    }
    if (status == OCELLUS_OK)
        status = evaluation_compute(count, source->classes, labels, predicted, losses, evaluation);
    memory_free(labels);
    memory_free(losses);
    return status;
}

/* The predictions first: the figures name them. */
static ocellus_status write_result(const struct cross_validation *validation, const struct source *source,
                                   const struct prediction *rows, size_t count) {
    struct evaluation_record record;
    char path[FILE_PATH_SIZE];
    TRY(path_inside(path, validation->run, RUN_CROSS_PREDICTIONS));
    TRY(predictions_write(path, rows, count));
    TRY(evaluation_record_create(FOLDS_FOLDER, (const char *const *)source->class_names, source->classes, &record));
    ocellus_status status = evaluate_rows(source, rows, count, &record.splits[EVALUATION_TEST]);
    record.present[EVALUATION_TEST] = status == OCELLUS_OK;
    if (status == OCELLUS_OK) status = sha256_file(path, record.predictions_sha256);
    if (status == OCELLUS_OK) status = path_inside(path, validation->run, RUN_CROSS_VALIDATION);
    record.folds = validation->folds;
    if (status == OCELLUS_OK) status = evaluation_file_write(path, &record);
    evaluation_record_free(&record);
    return status;
}

ocellus_status cross_validation_finish(const struct cross_validation *validation) {
    struct data_parts data;
    struct prediction *rows = NULL;
    size_t count = 0;
    TRY(recipe_data_open(&validation->recipe, validation->run, validation->threads, &data));
    ocellus_status status = gather(validation, &rows, &count);
    if (status == OCELLUS_OK) status = check_rows(validation, data.train, rows, count);
    if (status == OCELLUS_OK) status = write_result(validation, data.train, rows, count);
    free(rows);
    data_parts_close(&data);
    return status;
}

ocellus_status cross_validation_read(const char *run, struct evaluation_record *record) {
    char path[FILE_PATH_SIZE];
    enum path_kind kind;
    *record = (struct evaluation_record){0};
    TRY(path_inside(path, run, RUN_CROSS_VALIDATION));
    TRY(path_look(path, &kind));
    return kind == PATH_NONE ? OCELLUS_OK : evaluation_file_read(path, record);
}
