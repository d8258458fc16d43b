/* SPDX-License-Identifier: MIT */
#include "app/evaluation.h"

#include "app/network.h"
#include "app/training.h"
#include "base/log.h"
#include "base/memory.h"
#include "train/predict.h"

#include <string.h>

static void show_pass(void *progress, size_t done, size_t total) {
    (void)total;
    progress_update(progress, done);
}

static const float *image_probabilities(const struct predictions *predictions, size_t image) {
    return predictions->probabilities + image * predictions->classes;
}

static ocellus_status write_predictions(const struct predictions *predictions, const char *path) {
    struct prediction *rows = memory_allocate(predictions->count, sizeof *rows);
    if (!rows) return OCELLUS_IO;
    for (size_t i = 0; i < predictions->count; i++) {
        const float *probabilities = image_probabilities(predictions, i);
        rows[i] = (struct prediction){.index = i,
                                      .label = predictions->labels[i],
                                      .predicted = predictions->predicted[i],
                                      .probability = probabilities[predictions->predicted[i]],
                                      .label_probability = probabilities[predictions->labels[i]]};
    }
    ocellus_status status = predictions_write(path, rows, predictions->count);
    memory_free(rows);
    return status;
}

/* One split; the predictions are written to `path` unless it is NULL. */
static ocellus_status evaluate_split(const struct network *network, struct batch_buffer *buffer,
                                     const struct image_set *set, enum evaluation_split split, const char *path,
                                     struct evaluation_record *record) {
    char what[64];
    snprintf(what, sizeof what, "evaluating %s", evaluation_split_name(split));
    struct progress progress;
    progress_begin(&progress, what, "images", set->count);
    struct predict_hooks hooks = {.progress = show_pass, .context = &progress};
    struct predictions predictions = {0};
    ocellus_status status = predict_all(network->engine, buffer, set, &hooks, &predictions);
    progress_end(&progress, status == OCELLUS_OK ? set->count : 0);
    if (status == OCELLUS_OK)
        status = evaluation_compute(predictions.count, predictions.classes, predictions.labels, predictions.predicted,
                                    predictions.losses, &record->splits[split]);
    if (status == OCELLUS_OK) record->present[split] = true;
    if (status == OCELLUS_OK && path) status = write_predictions(&predictions, path);
    predictions_free(&predictions);
    return status;
}

static ocellus_status evaluate_splits(const struct network *network, const struct recipe *recipe,
                                      const struct train_sets *sets, const struct run_folder *run,
                                      struct evaluation_record *record) {
    char evaluation_path[FILE_PATH_SIZE], predictions_path[FILE_PATH_SIZE];
    TRY(run_folder_file(run, RUN_EVALUATION, evaluation_path));
    TRY(run_folder_file(run, RUN_PREDICTIONS, predictions_path));
    struct batch_buffer buffer;
    TRY(batch_buffer_create(network->graph, NETWORK_BATCH, &buffer));
    struct image_set test = image_set_all(sets->test_data);
    ocellus_status status = evaluate_split(network, &buffer, &sets->train, EVALUATION_TRAIN, NULL, record);
    if (status == OCELLUS_OK && recipe->validation == RECIPE_VALIDATION_HELD_OUT)
        status = evaluate_split(network, &buffer, &sets->validation, EVALUATION_VALIDATION, NULL, record);
    if (status == OCELLUS_OK)
        status = evaluate_split(network, &buffer, &test, EVALUATION_TEST, predictions_path, record);
    batch_buffer_free(&buffer);
    return status == OCELLUS_OK ? evaluation_file_write(evaluation_path, record) : status;
}

/* The run's data must be what it was trained on. */
static ocellus_status check_data(const struct run_folder *run, const struct dataset *train,
                                 const struct dataset *test) {
    struct run_data data;
    TRY(run_data_read(run, &data));
    if (strcmp(data.train_sha256, train->sha256) != 0 || strcmp(data.test_sha256, test->sha256) != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: the run was trained on other data than the %s now found", run->path,
                    train->name);
    return OCELLUS_OK;
}

ocellus_status evaluation_run(const struct evaluation_request *request, struct evaluation_record *record) {
    struct run_folder run;
    struct recipe recipe;
    struct dataset train = {0}, test = {0};
    struct train_sets sets = {0};
    struct network network = {0};
    *record = (struct evaluation_record){0};

    TRY(run_folder_open(&run, request->run));
    ocellus_status status = training_recipe_of_run(request->run, &recipe);
    if (status == OCELLUS_OK) status = network_open(request->run, request->weights, request->threads, &network);
    if (status == OCELLUS_OK && !request->train) status = training_load_data(&recipe, &train, &test);
    const struct dataset *train_data = request->train ? request->train : &train;
    const struct dataset *test_data = request->train ? request->test : &test;
    if (status == OCELLUS_OK) status = check_data(&run, train_data, test_data);
    if (status == OCELLUS_OK) status = predict_check(network.graph, train_data);
    if (status == OCELLUS_OK) status = train_sets_create(&recipe, train_data, test_data, &sets);
    if (status == OCELLUS_OK)
        status = evaluation_record_create(request->weights, (const char *const *)train_data->class_names,
                                          train_data->classes, record);
    if (status == OCELLUS_OK) status = evaluate_splits(&network, &recipe, &sets, &run, record);

    train_sets_free(&sets);
    network_close(&network);
    dataset_free(&train);
    dataset_free(&test);
    run_folder_close(&run);
    if (status != OCELLUS_OK) evaluation_record_free(record);
    return status;
}
