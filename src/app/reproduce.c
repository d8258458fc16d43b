/* SPDX-License-Identifier: MIT */
#include "app/reproduce.h"

#include "app/recipes.h"
#include "app/training.h"
#include "base/folders.h"
#include "base/memory.h"
#include "report/report.h"
#include "run/evaluation_file.h"
#include "run/progress.h"
#include "run/records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

const struct reproduce_row reproduce_rows[REPRODUCE_ROWS] = {
    {"simcnn", "simcnn-report", false},
    {"resnet50-base", "resnet50-base", true},
    {"resnet50-custom", "resnet50-custom", true},
};

static uint64_t images_of_epoch(const struct recipe *recipe, uint64_t train_images) {
    uint64_t limit = recipe->steps_per_epoch * recipe->batch_size;
    uint64_t held = recipe->validation == RECIPE_VALIDATION_HELD_OUT ? recipe->held_out : 0;
    uint64_t available = train_images > held ? train_images - held : 0;
    return limit > 0 && limit < available ? limit : available;
}

/* Epochs done, and the images of the epoch in which it stands. */
static ocellus_status read_state(const struct run_folder *run, struct reproduce_state *state) {
    char path[FILE_PATH_SIZE];
    enum path_kind kind;
    struct run_progress progress;
    struct history history = {0};
    TRY(run_progress_read(run, &progress));
    uint64_t last = progress.partial ? progress.last.images : 0;
    state->trained = progress.finished; /* the last thing that a training writes */
    run_progress_free(&progress);
    TRY(run_folder_file(run, RUN_HISTORY, path));
    TRY(path_look(path, &kind));
    if (kind != PATH_NONE) TRY(history_read(path, &history));
    size_t epochs = history.count;
    history_free(&history);
    struct run_data data = {0};
    TRY(run_folder_file(run, RUN_DATA, path));
    TRY(path_look(path, &kind));
    if (kind != PATH_NONE) TRY(run_data_read(run, &data));
    struct recipe all = state->recipe;
    all.validation = RECIPE_VALIDATION_NONE; /* data.json counts what is left to train on */
    state->images = epochs * images_of_epoch(&all, data.train_images) + last;

    TRY(run_folder_file(run, RUN_EVALUATION, path));
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    struct evaluation_record record;
    TRY(evaluation_file_read(path, &record));
    if (record.present[EVALUATION_TEST]) state->judged = record.splits[EVALUATION_TEST].count;
    evaluation_record_free(&record);
    return OCELLUS_OK;
}

ocellus_status reproduce_look(const char *folder, const char *name, const struct recipe *recipe,
                              struct reproduce_state *state) {
    *state = (struct reproduce_state){.recipe = *recipe};
    TRY(path_inside(state->path, folder, name));
    state->exists = run_folder_is_run(state->path);
    if (!state->exists) return OCELLUS_OK;
    TRY(training_recipe_of_run(state->path, &state->recipe));
    struct run_folder run;
    TRY(run_folder_open(&run, state->path));
    ocellus_status status = read_state(&run, state);
    run_folder_close(&run);
    return status;
}

struct budget_work reproduce_work(const struct reproduce_state *state, size_t row, size_t train_images,
                                  size_t test_images) {
    const struct recipe *recipe = &state->recipe;
    struct budget_work work = {0};
    uint64_t epoch = images_of_epoch(recipe, train_images), limit = recipe->validation_steps * recipe->batch_size;
    uint64_t validation = recipe->validation == RECIPE_VALIDATION_TEST       ? test_images
                          : recipe->validation == RECIPE_VALIDATION_HELD_OUT ? recipe->held_out
                                                                             : 0;
    if (limit > 0 && limit < validation) validation = limit;
    if (!state->trained) {
        uint64_t whole = recipe->epochs * epoch, done = state->images < whole ? state->images : whole;
        work.training = whole - done;
        work.inference = (recipe->epochs - (epoch > 0 ? done / epoch : 0)) * validation;
    }
    if (state->trained && state->judged >= test_images) return work;
    bool sample = reproduce_rows[row].long_running && train_images > REPRODUCE_TRAIN_SAMPLE;
    work.inference += test_images + (sample ? REPRODUCE_TRAIN_SAMPLE : train_images);
    return work;
}

ocellus_status reproduce_report(const char *folder, const char *const reasons[REPRODUCE_ROWS],
                                const struct source *train, const struct source *test, char page[FILE_PATH_SIZE]) {
    static char paths[REPRODUCE_ROWS][FILE_PATH_SIZE];
    struct report_row rows[REPRODUCE_ROWS];
    for (size_t i = 0; i < REPRODUCE_ROWS; i++) {
        char evaluation[FILE_PATH_SIZE];
        TRY(path_inside(paths[i], folder, reproduce_rows[i].claim));
        enum path_kind kind;
        TRY(path_join(evaluation, paths[i], RUN_EVALUATION));
        TRY(path_look(evaluation, &kind));
        rows[i] = (struct report_row){
            .claim = reproduce_rows[i].claim, .run = kind != PATH_NONE ? paths[i] : NULL, .reason = reasons[i]};
    }
    struct full_run *full = NULL;
    struct report_request request = {
        .folder = folder, .rows = rows, .row_count = REPRODUCE_ROWS, .train = train, .test = test};
    TRY(full_runs_parse(full_runs_text, "results/full-runs.json", &full, &request.full_count));
    request.full = full;
    ocellus_status status = report_write(&request, page);
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

ocellus_status reproduce_record(const char *folder, const struct source *test) {
    static const char *const by_hand[] = {"resnet50-64-sgd", "resnet50-64-adam"};
    enum { RUNS = REPRODUCE_ROWS + sizeof by_hand / sizeof *by_hand };
    struct full_run runs[RUNS];
    size_t count = 0;
    char path[FILE_PATH_SIZE];
    for (size_t i = 0; i < RUNS; i++) {
        const char *name = i < REPRODUCE_ROWS ? reproduce_rows[i].claim : by_hand[i - REPRODUCE_ROWS];
        struct recipe recipe;
        struct reproduce_state state;
        recipe_defaults(&recipe);
        TRY(reproduce_look(folder, name, &recipe, &state));
        if (!state.trained || state.judged < test->count) continue;
        TRY(record_run(&state, name, &runs[count]));
        count++;
    }
    TRY(path_inside(path, folder, "full-runs.json"));
    return count > 0 ? full_runs_write(path, runs, count) : OCELLUS_OK;
}
