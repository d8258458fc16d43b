/* SPDX-License-Identifier: MIT */
#include "reproduce/outcome.h"

#include "base/folders.h"
#include "base/memory.h"
#include "reproduce/full_runs_text.h"
#include "reproduce/page.h"
#include "run/evaluation_file.h"
#include "run/history.h"
#include "run/progress.h"
#include "run/records.h"

#include <stdio.h>
#include <stdlib.h>

ocellus_status reproduce_is_folder(const char *folder, bool *is_one, char first[FILE_PATH_SIZE]) {
    TRY(path_join(first, folder, reproduce_rows[0].claim));
    *is_one = !run_folder_is_run(folder) && run_folder_is_run(first);
    return OCELLUS_OK;
}

ocellus_status reproduce_report(const char *folder, const char *const reasons[REPRODUCE_ROWS],
                                const struct source *train, const struct source *test, char page[FILE_PATH_SIZE]) {
    static char paths[REPRODUCE_ROWS][FILE_PATH_SIZE];
    struct reproduce_page_row rows[REPRODUCE_ROWS];
    for (size_t i = 0; i < REPRODUCE_ROWS; i++) {
        char evaluation[FILE_PATH_SIZE];
        TRY(path_inside(paths[i], folder, reproduce_rows[i].claim));
        enum path_kind kind;
        TRY(path_join(evaluation, paths[i], RUN_EVALUATION));
        TRY(path_look(evaluation, &kind));
        rows[i] = (struct reproduce_page_row){
            .claim = reproduce_rows[i].claim, .run = kind != PATH_NONE ? paths[i] : NULL, .reason = reasons[i]};
    }
    struct full_run *full = NULL;
    struct reproduce_page_request request = {
        .folder = folder, .rows = rows, .row_count = REPRODUCE_ROWS, .train = train, .test = test};
    TRY(full_runs_parse(full_runs_text, "results/full-runs.json", &full, &request.full_count));
    request.full = full;
    ocellus_status status = reproduce_page_write(&request, page);
    free(full);
    return status;
}

static struct full_run_accuracy accuracy_of(const struct evaluation *evaluation) {
    return (struct full_run_accuracy){evaluation->correct, evaluation->count};
}

/* A finished and wholly judged run as one of the kept results. */
static ocellus_status record_run(const struct reproduce_state *state, const char *claim, struct full_run *full) {
    struct run_folder run;
    struct run_environment environment;
    struct run_progress progress;
    struct history history = {0};
    struct evaluation_record record;
    char path[FILE_PATH_SIZE];
    *full = (struct full_run){.seed = state->recipe.seed, .images = state->images};
    snprintf(full->row, sizeof full->row, "%s", claim);
    TRY(run_folder_open(&run, state->path));
    TRY(run_environment_read(&run, &environment));
    snprintf(full->started, sizeof full->started, "%s", environment.started);
    snprintf(full->processor, sizeof full->processor, "%s", environment.processor);
    snprintf(full->version, sizeof full->version, "%s", environment.version);
    TRY(run_progress_read(&run, &progress));
    full->steps = progress.step;
    snprintf(full->weights_sha256, sizeof full->weights_sha256, "%s", progress.final_weights);
    run_progress_free(&progress);
    TRY(run_folder_file(&run, RUN_HISTORY, path));
    TRY(history_read(path, &history));
    for (size_t i = 0; i < history.count; i++) {
        full->seconds += history.rows[i].time;
        full->running_accuracy = history.rows[i].accuracy;
        full->validation_accuracy = history.rows[i].val_accuracy;
    }
    history_free(&history);
    TRY(run_folder_file(&run, RUN_EVALUATION, path));
    TRY(evaluation_file_read(path, &record));
    full->test = accuracy_of(&record.splits[EVALUATION_TEST]);
    if (record.present[EVALUATION_TRAIN]) full->train = accuracy_of(&record.splits[EVALUATION_TRAIN]);
    if (record.reestimated_images > 0) full->reestimated = accuracy_of(&record.reestimated);
    evaluation_record_free(&record);
    run_folder_close(&run);
    return OCELLUS_OK;
}

/* Adds the run of that name where it is whole. */
static ocellus_status record_named(const char *folder, const char *name, size_t judged, struct full_run *runs,
                                   size_t *count) {
    struct looking {
        struct recipe recipe;
        struct reproduce_state state;
    } *looking = memory_allocate(1, sizeof *looking); /* too large for a stack */
    if (!looking) return OCELLUS_IO;
    recipe_defaults(&looking->recipe);
    ocellus_status status = reproduce_look(folder, name, &looking->recipe, &looking->state);
    if (status == OCELLUS_OK && looking->state.trained && looking->state.judged >= judged) {
        status = record_run(&looking->state, name, &runs[*count]);
        *count += status == OCELLUS_OK;
    }
    memory_free(looking);
    return status;
}

ocellus_status reproduce_record(const char *folder, const struct source *test) {
    static const char *const by_hand[] = {"resnet50-64-sgd", "resnet50-64-adam"};
    enum { RUNS = REPRODUCE_ROWS + sizeof by_hand / sizeof *by_hand };
    struct full_run runs[RUNS];
    size_t count = 0;
    char path[FILE_PATH_SIZE];
    for (size_t i = 0; i < RUNS; i++) {
        const char *name = i < REPRODUCE_ROWS ? reproduce_rows[i].claim : by_hand[i - REPRODUCE_ROWS];
        TRY(record_named(folder, name, test->count, runs, &count));
    }
    TRY(path_inside(path, folder, "full-runs.json"));
    return count > 0 ? full_runs_write(path, runs, count) : OCELLUS_OK;
}
