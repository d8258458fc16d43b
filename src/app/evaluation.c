/* SPDX-License-Identifier: MIT */
#include "app/evaluation.h"

#include "app/recipe_data.h"
#include "app/training.h"
#include "base/folders.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/random.h"
#include "base/sha256.h"
#include "data/data_sets.h"
#include "data/source_split.h"
#include "inference/predict.h"
#include "inference/weights.h"
#include "run/records.h"
#include "train/plan.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void show_pass(void *progress, size_t done, size_t total) {
    (void)total;
    progress_update(progress, done);
}

static const float *image_probabilities(const struct predictions *predictions, size_t image) {
    return predictions->probabilities + image * predictions->classes;
}

/* What predictions.csv says of the images of a set, in its order; owned. */
struct judged_images {
    struct prediction *rows;
    size_t count;
};

static ocellus_status keep_predictions(const struct predictions *predictions, const struct image_set *set,
                                       struct judged_images *images) {
    images->rows = memory_allocate(predictions->count, sizeof *images->rows);
    if (!images->rows) return OCELLUS_IO;
    images->count = predictions->count;
    for (size_t i = 0; i < predictions->count; i++) {
        const float *probabilities = image_probabilities(predictions, i);
        images->rows[i] = (struct prediction){.index = image_set_index(set, i),
                                              .label = predictions->labels[i],
                                              .predicted = predictions->predicted[i],
                                              .probability = probabilities[predictions->predicted[i]],
                                              .label_probability = probabilities[predictions->labels[i]],
                                              .path = source_picture_name(set->source, image_set_index(set, i))};
    }
    return OCELLUS_OK;
}

enum { SUBSET_SEED = 1 }; /* part of every published figure: never change */

ocellus_status evaluation_subset(const struct image_set *set, size_t count, bool balanced, struct image_set *subset,
                                 size_t **indices) {
    *subset = *set;
    *indices = NULL;
    if (count >= set->count) return OCELLUS_OK;
    subset->count = count;
    if (balanced) {
        size_t *others = NULL, other_count = 0;
        TRY(source_split(set->source, count, SUBSET_SEED, &others, &other_count, indices, &subset->count));
        free(others);
    } else {
        size_t capacity = 0;
        TRY(memory_grow((void **)indices, &capacity, set->count, sizeof **indices));
        random_permutation(SUBSET_SEED, RANDOM_SUBSET, 0, *indices, set->count);
        for (size_t i = 0; set->indices && i < count; i++)
            (*indices)[i] = set->indices[(*indices)[i]];
    }
    subset->indices = *indices;
    return OCELLUS_OK;
}

/* What is said of pictures whose classes are numbered otherwise than the network's, as if they were numbered alike. */
static void renumber(const int32_t *classes, struct predictions *predictions) {
    for (size_t i = 0; i < predictions->count; i++) {
        predictions->labels[i] = classes[predictions->labels[i]];
        const float probability = image_probabilities(predictions, i)[predictions->labels[i]];
        predictions->losses[i] = -logf(probability > 1e-30F ? probability : 1e-30F);
    }
}

/* One pass of the network over a set; *images is filled unless it is NULL; `classes` as in evaluation_judge(). */
static ocellus_status judge(struct engine *engine, struct batch_buffer *buffer, const struct image_set *set,
                            const int32_t *classes, const char *what, struct judged_images *images,
                            struct evaluation *evaluation) {
    struct progress progress;
    progress_begin(&progress, what, "images", set->count);
    struct predict_hooks hooks = {.progress = show_pass, .context = &progress};
    struct predictions predictions = {0};
    ocellus_status status = predict_all(engine, buffer, set, &hooks, &predictions);
    progress_end(&progress, status == OCELLUS_OK ? set->count : 0);
    if (status == OCELLUS_OK && classes) renumber(classes, &predictions);
    if (status == OCELLUS_OK)
        status = evaluation_compute(predictions.count, predictions.classes, predictions.labels, predictions.predicted,
                                    predictions.losses, evaluation);
    if (status == OCELLUS_OK && images) status = keep_predictions(&predictions, set, images);
    predictions_free(&predictions);
    return status;
}

ocellus_status evaluation_judge(const struct network *network, const struct image_set *set, const int32_t *classes,
                                const char *what, struct judged_pictures *judged) {
    struct batch_buffer buffer;
    struct judged_images images = {0};
    *judged = (struct judged_pictures){0};
    if (!classes) TRY(batch_check(network->graph, set->source));
    TRY(batch_buffer_create(network->graph, NETWORK_BATCH, &buffer));
    const ocellus_status status = judge(network->engine, &buffer, set, classes, what, &images, &judged->evaluation);
    judged->rows = images.rows;
    judged->count = images.count;
    batch_buffer_free(&buffer);
    return status;
}

void judged_pictures_free(struct judged_pictures *judged) {
    memory_free(judged->rows);
    evaluation_free(&judged->evaluation);
    *judged = (struct judged_pictures){0};
}

/* At most `count` images of one split. */
static ocellus_status evaluate_split(const struct network *network, struct batch_buffer *buffer,
                                     const struct image_set *set, size_t count, enum evaluation_split split,
                                     struct judged_images *images, struct evaluation_record *record) {
    char what[64];
    struct image_set subset;
    size_t *indices;
    snprintf(what, sizeof what, "evaluating %s", evaluation_split_name(split));
    TRY(evaluation_subset(set, count, split == EVALUATION_TEST, &subset, &indices));
    ocellus_status status = judge(network->engine, buffer, &subset, NULL, what, images, &record->splits[split]);
    record->present[split] = status == OCELLUS_OK;
    free(indices);
    return status;
}

static ocellus_status evaluate_splits(const struct network *network, const struct evaluation_request *request,
                                      const struct recipe *recipe, const struct train_sets *sets,
                                      struct judged_images *images, struct evaluation_record *record) {
    struct batch_buffer buffer;
    TRY(batch_buffer_create(network->graph, NETWORK_BATCH, &buffer));
    buffer.limits = request->limits;
    ocellus_status status = OCELLUS_OK;
    if (request->train_images > 0)
        status = evaluate_split(network, &buffer, &sets->train, request->train_images, EVALUATION_TRAIN, NULL, record);
    if (status == OCELLUS_OK && recipe->validation == RECIPE_VALIDATION_HELD_OUT)
        status =
            evaluate_split(network, &buffer, &sets->validation, EVALUATION_ALL, EVALUATION_VALIDATION, NULL, record);
    if (status == OCELLUS_OK && sets->test_data) {
        const struct image_set test = image_set_all(sets->test_data);
        status = evaluate_split(network, &buffer, &test, request->test_images, EVALUATION_TEST, images, record);
    }
    batch_buffer_free(&buffer);
    return status;
}

/* Forward passes with batch statistics over whole batches of the subset, whose averages become the moving statistics. */
static ocellus_status gather_statistics(struct engine *engine, struct batch_buffer *buffer,
                                        const struct image_set *subset) {
    struct progress progress;
    struct loader *loader;
    struct loader_batch batch;
    TRY(predict_open_loader(engine, buffer, subset, false, &loader));
    progress_begin(&progress, "re-estimating statistics", "images", subset->count);
    ocellus_status status = OCELLUS_OK;
    size_t done = 0;
    while (done < subset->count && status == OCELLUS_OK) {
        status = loader_batch(loader, 0, done / buffer->batch_size, engine_input(engine, 0), &batch);
        if (status == OCELLUS_OK)
            status = engine_forward(engine, ENGINE_STATISTICS, &(struct engine_batch){.n = batch.n});
        done += buffer->batch_size;
        progress_update(&progress, done);
    }
    progress_end(&progress, status == OCELLUS_OK ? subset->count : done);
    loader_close(loader);
    return status == OCELLUS_OK ? engine_adopt_statistics(engine) : status;
}

/* The second judgement, in an engine of its own: batch statistics need the plan of a training. */
static ocellus_status reestimate(const struct network *network, const struct evaluation_request *request,
                                 const struct recipe *recipe, const struct train_sets *sets,
                                 struct evaluation_record *record) {
    size_t batch = (size_t)recipe->batch_size < sets->train.count ? (size_t)recipe->batch_size : sets->train.count;
    size_t wanted = request->reestimate < sets->train.count ? request->reestimate : sets->train.count;
    size_t count = wanted < batch ? batch : wanted / batch * batch;
    struct engine_options options = {
        .threads = request->threads, .batch_size = batch, .training = true, .optimizer = train_optimizer(recipe)};
    struct engine *engine = NULL;
    struct batch_buffer buffer = {0};
    struct image_set train, test = image_set_all(sets->test_data), judged;
    size_t *train_indices = NULL, *test_indices = NULL;
    ocellus_status status = evaluation_subset(&sets->train, count, false, &train, &train_indices);
    train.count = count; /* whole batches, also where the set has a few images more */
    if (status == OCELLUS_OK) status = evaluation_subset(&test, request->test_images, true, &judged, &test_indices);
    if (status == OCELLUS_OK) status = engine_open(NULL, network->graph, &options, &engine);
    if (status == OCELLUS_OK) status = weights_copy(network->engine, engine, network->graph);
    if (status == OCELLUS_OK) status = batch_buffer_create(network->graph, batch, &buffer);
    buffer.limits = request->limits;
    if (status == OCELLUS_OK) status = gather_statistics(engine, &buffer, &train);
    if (status == OCELLUS_OK)
        status = judge(engine, &buffer, &judged, NULL, "evaluating test again", NULL, &record->reestimated);
    if (status == OCELLUS_OK) record->reestimated_images = count;
    batch_buffer_free(&buffer);
    engine_close(engine);
    free(train_indices);
    free(test_indices);
    return status;
}

/* Whether the result that lies there is of more images: a quick look never replaces it. One that is broken counts for nothing,
 * and so does one of weights that the judged file no longer holds. */
static ocellus_status find_larger(const char *path, const struct evaluation_record *record, bool *larger) {
    struct evaluation_record old;
    *larger = false;
    enum path_kind kind;
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return OCELLUS_OK;
    ocellus_status status = evaluation_file_read(path, &old);
    if (status != OCELLUS_OK) return status == OCELLUS_BAD_CONTENT ? OCELLUS_OK : status;
    const size_t old_test = old.splits[EVALUATION_TEST].count, test = record->splits[EVALUATION_TEST].count;
    const size_t old_train = old.splits[EVALUATION_TRAIN].count, train = record->splits[EVALUATION_TRAIN].count;
    const bool gone = *old.weights_sha256 && strcmp(old.model, record->model) == 0 &&
                      strcmp(old.weights_sha256, record->weights_sha256) != 0;
    evaluation_record_free(&old);
    *larger = !gone && (old_test > test || (old_test == test && old_train > train));
    return OCELLUS_OK;
}

/* The predictions first: the figures name them, so that a reader knows whether the two belong together. */
static ocellus_status write_result(const struct run_folder *run, const struct judged_images *images,
                                   struct evaluation_record *record) {
    char evaluation_path[FILE_PATH_SIZE], predictions_path[FILE_PATH_SIZE];
    TRY(run_folder_file(run, RUN_EVALUATION, evaluation_path));
    TRY(run_folder_file(run, RUN_PREDICTIONS, predictions_path));
    bool larger;
    TRY(find_larger(evaluation_path, record, &larger));
    if (larger) {
        log_notice("%s: not replaced, as it is of more images", evaluation_path);
        return OCELLUS_OK;
    }
    TRY(predictions_write(predictions_path, images->rows, images->count));
    TRY(sha256_file(predictions_path, record->predictions_sha256));
    return evaluation_file_write(evaluation_path, record);
}

/* The run's data must be what it was trained on. */
static ocellus_status check_data(const struct run_folder *run, const struct source *train,
                                 const struct source *validation, const struct source *test) {
    struct run_data data;
    TRY(run_data_read(run, &data));
    const struct source *const parts[] = {train, validation, test};
    const char *const recorded[] = {data.train_sha256, data.validation_sha256, data.test_sha256};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        char identity[SHA256_TEXT_SIZE] = "";
        if (parts[i]) TRY(source_identity(parts[i], identity));
        if (strcmp(recorded[i], identity) != 0)
            return fail(OCELLUS_BAD_CONTENT, "%s: the run was trained on other data than is now found (%s)", run->path,
                        train->name);
    }
    return OCELLUS_OK;
}

/* What is asked of a run alone. */
static ocellus_status check_file_request(const struct evaluation_request *request) {
    if (request->reestimate > 0)
        return fail(OCELLUS_USAGE, "--reestimate: %s is no run, whose training images it needs", request->run);
    if (request->train_images != EVALUATION_ALL)
        return fail(OCELLUS_USAGE, "--train-images: %s is no run, which has training images", request->run);
    if (request->weights)
        return fail(OCELLUS_USAGE, "--weights: %s is no run, which has a last model and a best one", request->run);
    return OCELLUS_OK;
}

/* A network that names its classes means them: in another order they would be judged wrongly without a word. */
static ocellus_status check_class_names(const struct network *network, const struct source *test) {
    char **names = network->graph->class_names;
    for (size_t i = 0; names && i < test->classes; i++)
        if (strcmp(names[i], test->class_names[i]) != 0)
            return fail(OCELLUS_USAGE, "%s: class %zu is %s there, and %s in %s", network->path, i, names[i],
                        test->class_names[i], test->name);
    return OCELLUS_OK;
}

/* A file by itself: on the test images of the data set that training takes where nothing else is said. */
static ocellus_status judge_file(const struct evaluation_request *request, struct evaluation_record *record) {
    struct recipe recipe;
    struct data_parts data = {0};
    struct network network = {0};
    struct batch_buffer buffer = {0};
    TRY(check_file_request(request));
    recipe_defaults(&recipe);
    if (request->data_path) TRY(recipe_set(&recipe, RECIPE_KEY(data_path), request->data_path, "--data-path"));
    TRY(network_open(request->run, NULL, request->threads, NETWORK_BATCH, &network));
    ocellus_status status = network_choose_preprocessing(&network, request->preprocessing);
    if (status == OCELLUS_OK) status = recipe_data_open(&recipe, NULL, request->threads, &data);
    const struct source *test = data.test;
    if (status == OCELLUS_OK && !test)
        status = fail(OCELLUS_USAGE, "%s: has no test images to judge %s by", data.train->name, request->run);
    if (status == OCELLUS_OK) status = batch_check(network.graph, test);
    if (status == OCELLUS_OK) status = check_class_names(&network, test);
    if (status == OCELLUS_OK)
        status = evaluation_record_create(path_base_name(request->run), (const char *const *)test->class_names,
                                          test->classes, record);
    if (status == OCELLUS_OK) status = batch_buffer_create(network.graph, NETWORK_BATCH, &buffer);
    buffer.limits = request->limits;
    const struct image_set set = status == OCELLUS_OK ? image_set_all(test) : (struct image_set){0};
    if (status == OCELLUS_OK)
        status = evaluate_split(&network, &buffer, &set, request->test_images, EVALUATION_TEST, NULL, record);
    batch_buffer_free(&buffer);
    network_close(&network);
    data_parts_close(&data);
    if (status != OCELLUS_OK) evaluation_record_free(record);
    return status;
}

ocellus_status evaluation_run(const struct evaluation_request *request, struct evaluation_record *record) {
    struct run_folder run;
    struct recipe recipe;
    struct data_parts data = {0};
    struct train_sets sets = {0};
    struct network network = {0};
    struct judged_images images = {0};
    const char *weights = request->weights ? request->weights : RUN_LAST;
    bool judged = false, is_file;
    *record = (struct evaluation_record){0};
    TRY(network_is_file(request->run, &is_file));
    if (is_file) return judge_file(request, record);
    if (request->preprocessing) return fail(OCELLUS_USAGE, "--preprocessing: a run's models say their own");

    TRY(run_folder_open(&run, request->run));
    char path[FILE_PATH_SIZE];
    ocellus_status status = run_folder_file(&run, RUN_EVALUATION, path);
    if (status == OCELLUS_OK) status = evaluation_file_guard(path);
    if (status == OCELLUS_OK) status = training_recipe_of_run(request->run, &recipe);
    if (status == OCELLUS_OK && request->data_path)
        status = recipe_set(&recipe, RECIPE_KEY(data_path), request->data_path, "--data-path");
    if (status == OCELLUS_OK) status = network_open(request->run, weights, request->threads, NETWORK_BATCH, &network);
    if (status == OCELLUS_OK && !request->train)
        status = recipe_data_open(&recipe, request->run, request->threads, &data);
    const struct source *train = request->train ? request->train : data.train,
                        *validation = request->train ? request->validation : data.validation,
                        *test = request->train ? request->test : data.test;
    if (status == OCELLUS_OK)
        status = check_data(&run, train, recipe.validation == RECIPE_VALIDATION_HELD_OUT ? validation : NULL, test);
    if (status == OCELLUS_OK) status = batch_check(network.graph, train);
    if (status == OCELLUS_OK) status = train_sets_create(&recipe, train, validation, test, &sets);
    if (status == OCELLUS_OK)
        status = evaluation_record_create(weights, (const char *const *)train->class_names, train->classes, record);
    if (status == OCELLUS_OK) status = sha256_file(network.path, record->weights_sha256);
    if (status == OCELLUS_OK) status = evaluate_splits(&network, request, &recipe, &sets, &images, record);
    if (status == OCELLUS_OK && request->reestimate > 0) status = reestimate(&network, request, &recipe, &sets, record);
    judged = status == OCELLUS_OK;
    if (judged) status = write_result(&run, &images, record);

    memory_free(images.rows);
    train_sets_free(&sets);
    network_close(&network);
    data_parts_close(&data);
    run_folder_close(&run);
    if (!judged) evaluation_record_free(record);
    return status;
}
