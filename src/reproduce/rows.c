/* SPDX-License-Identifier: MIT */
#include "reproduce/rows.h"

#include "app/training.h"
#include "base/folders.h"
#include "run/evaluation_file.h"
#include "run/extent.h"
#include "run/history.h"
#include "run/progress.h"
#include "run/records.h"

const struct reproduce_row reproduce_rows[REPRODUCE_ROWS] = {
    {"simcnn", "simcnn-report", false},
    {"resnet50-base", "resnet50-base", true},
    {"resnet50-custom", "resnet50-custom", true},
};

ocellus_status reproduce_recipes(const struct reproduce_changes *changes, struct recipe recipes[REPRODUCE_ROWS]) {
    for (size_t i = 0; i < REPRODUCE_ROWS; i++) {
        struct recipe *recipe = &recipes[i];
        TRY(training_recipe(reproduce_rows[i].recipe, recipe));
        if (changes->data_path) TRY(recipe_set(recipe, RECIPE_KEY(data_path), changes->data_path, "--data-path"));
        if (changes->weights && reproduce_rows[i].long_running)
            TRY(recipe_set(recipe, RECIPE_KEY(model_weights), changes->weights, "--weights"));
        if (changes->epochs) recipe->epochs = changes->epochs;
        if (changes->steps_per_epoch) recipe->steps_per_epoch = changes->steps_per_epoch;
    }
    return OCELLUS_OK;
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
    state->images = epochs * run_epoch(&state->recipe, data.train_images).images + last;

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
    uint64_t epoch = run_epoch(recipe, run_trained_on(recipe, train_images)).images;
    uint64_t validation = run_validation(recipe, train_images, test_images).images;
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
