/* SPDX-License-Identifier: MIT */
#include "app/run_list.h"

#include "app/cross_validation.h"
#include "app/training.h"
#include "base/folders.h"
#include "base/log.h"
#include "run/evaluation_file.h"
#include "run/records.h"
#include "run/run_folder.h"

#include <math.h>
#include <stdio.h>

static ocellus_status read_history(const struct run_folder *run, struct run_entry *entry) {
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(run, RUN_HISTORY, path));
    enum path_kind kind;
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK; /* stopped in its first epoch */
    struct history history = {0};
    TRY(history_read(path, &history));
    entry->epochs = history.count;
    if (history.count > 0) entry->val_accuracy = history.rows[history.count - 1].val_accuracy;
    history_free(&history);
    return OCELLUS_OK;
}

static ocellus_status read_evaluation(const struct run_folder *run, struct run_entry *entry) {
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(run, RUN_EVALUATION, path));
    enum path_kind kind;
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    struct evaluation_record record = {0};
    TRY(evaluation_file_read(path, &record));
    if (record.present[EVALUATION_TEST]) {
        entry->test_accuracy = record.splits[EVALUATION_TEST].accuracy;
        entry->tested = record.splits[EVALUATION_TEST].count;
    }
    evaluation_record_free(&record);
    return OCELLUS_OK;
}

/* A run without test images may have been judged by its own, in parts. */
static ocellus_status read_cross_validation(const char *run, struct run_entry *entry) {
    struct evaluation_record record;
    TRY(cross_validation_read(run, &record));
    entry->folds = record.folds;
    if (record.present[EVALUATION_TEST]) {
        entry->test_accuracy = record.splits[EVALUATION_TEST].accuracy;
        entry->tested = record.splits[EVALUATION_TEST].count;
    }
    evaluation_record_free(&record);
    return OCELLUS_OK;
}

/* How much of the run is done; a run that has no data.json yet has done nothing. */
static ocellus_status read_extent(const struct run_folder *run, const struct recipe *recipe, struct run_entry *entry) {
    char path[FILE_PATH_SIZE];
    struct run_data data;
    struct run_progress progress;
    enum path_kind kind;
    TRY(run_folder_file(run, RUN_DATA, path));
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    TRY(run_data_read(run, &data));
    TRY(run_progress_read(run, &progress));
    entry->done = run_extent_of(recipe, &data, (size_t)entry->epochs, &progress);
    entry->test_images = data.test_images;
    run_progress_free(&progress);
    return OCELLUS_OK;
}

static ocellus_status read_entry(const char *path, struct run_entry *entry) {
    *entry = (struct run_entry){.val_accuracy = NAN, .test_accuracy = NAN};
    snprintf(entry->path, sizeof entry->path, "%s", path);
    struct recipe recipe;
    struct run_folder run;
    struct run_environment environment;
    TRY(training_recipe_of_run(path, &recipe));
    snprintf(entry->model, sizeof entry->model, "%.*s", (int)sizeof entry->model - 1,
             path_base_name(recipe.model_name)); /* it may be a path */
    entry->epochs_wanted = recipe.epochs;
    TRY(run_folder_open(&run, path));
    ocellus_status status = run_environment_read(&run, &environment);
    if (status == OCELLUS_OK) snprintf(entry->started, sizeof entry->started, "%s", environment.started);
    if (status == OCELLUS_OK) status = read_history(&run, entry);
    if (status == OCELLUS_OK) status = read_extent(&run, &recipe, entry);
    if (status == OCELLUS_OK) status = read_evaluation(&run, entry);
    if (status == OCELLUS_OK && isnan(entry->test_accuracy)) status = read_cross_validation(path, entry);
    run_folder_close(&run);
    return status;
}

/* Runs lie in the folder itself, or together in a folder of it, as those of a reproduction do. */
static ocellus_status list(const char *folder, int depth,
                           ocellus_status (*visit)(void *context, const struct run_entry *entry), void *context) {
    enum { DEEPEST = 1 };
    char **names = NULL;
    size_t count = 0;
    TRY(folder_names(folder, &names, &count));
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++) {
        char path[FILE_PATH_SIZE];
        struct run_entry entry;
        status = path_join(path, folder, names[i]);
        if (status != OCELLUS_OK) break;
        if (!run_folder_is_run(path)) {
            if (depth < DEEPEST && path_is_folder(path)) status = list(path, depth + 1, visit, context);
        } else if (read_entry(path, &entry) == OCELLUS_OK) {
            status = visit(context, &entry);
        } else {
            log_warning("%s", status_message());
        }
    }
    names_free(names);
    return status;
}

ocellus_status run_list_each(const char *folder, ocellus_status (*visit)(void *context, const struct run_entry *entry),
                             void *context) {
    return path_exists(folder) ? list(folder, 0, visit, context) : OCELLUS_OK;
}
