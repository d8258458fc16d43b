/* SPDX-License-Identifier: MIT */
/* The training loop: what an epoch sees and reports, that it learns, that threads change no bit, and how it fails. */
#include "base/folders.h"
#include "base/sha256.h"
#include "run/events.h"
#include "run/recipe_ini.h"
#include "run/records.h"
#include "temporary.h"
#include "tiny_training.h"

#include "base/log.h"
#include "formats/network_file.h"
#include "inference/predict.h"
#include "inference/weights.h"
#include "model/layer.h"

#include <math.h>
#include <signal.h>

static void loss_falls_and_the_run_is_recorded(void **state) {
    struct tiny tiny = {.run = temporary_path(*state, "run")};
    tiny_recipe(&tiny.recipe);
    tiny.recipe.epochs = 12;
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    const struct history *history = &tiny.result.history;
    assert_int_equal(history->count, 12);
    assert_true(history->rows[11].loss < history->rows[0].loss / 3);
    assert_true(history->rows[11].accuracy > 0.9 && history->rows[0].accuracy < 0.9);
    assert_true(history->rows[11].val_accuracy > 0.5);
    assert_int_equal(tiny.steps, 12 * 8);
    assert_int_equal(tiny.checkpoints, 12);

    struct history again;
    assert_int_equal(history_read(temporary_path(tiny.run, RUN_HISTORY), &again), OCELLUS_OK);
    assert_int_equal(again.count, 12);
    assert_memory_equal(again.rows, history->rows, 12 * sizeof *again.rows);
    for (size_t i = 0; i < 12; i++)
        assert_true(again.rows[i].learning_rate == tiny.recipe.learning_rate && again.rows[i].time > 0);
    double best = 0;
    for (size_t i = 0; i < 12; i++)
        best = fmax(best, again.rows[i].val_accuracy);
    assert_true(tiny.result.has_best && tiny.result.best_accuracy == best);
    assert_true(again.rows[tiny.result.best_epoch].val_accuracy == best);
    for (size_t i = 0; i < tiny.result.best_epoch; i++)
        assert_true(again.rows[i].val_accuracy < best); /* the first of equals */
    history_free(&again);

    struct recipe recipe;
    recipe_defaults(&recipe);
    assert_int_equal(recipe_read(temporary_path(tiny.run, RUN_RECIPE), &recipe), OCELLUS_OK);
    assert_null(recipe_difference(&recipe, &tiny.recipe));
    struct run_folder run;
    struct run_data data;
    json_value *events = NULL;
    assert_int_equal(run_folder_open(&run, tiny.run), OCELLUS_OK);
    assert_int_equal(run_data_read(&run, &data), OCELLUS_OK);
    assert_true(data.train_images == 60 && data.validation_images == 10);
    assert_int_equal(run_events_read(&run, &events), OCELLUS_OK);
    assert_int_equal(json_count(events), 1 + 12 * 8 + 12 + 12 + 1); /* start, steps, epochs, checkpoints, end */
    json_release(events);
    tiny_free(&tiny);
}

/* Opens last or best of a run in an inference engine and gives back its hash and its score on the held-out images. */
static void judge(const char *path, const struct recipe *recipe, char hash[SHA256_TEXT_SIZE], struct predictions *all,
                  struct predict_score *score) {
    struct source *train;
    struct train_sets sets;
    struct engine *engine = NULL;
    struct batch_buffer buffer;
    tiny_source("train", TINY_TRAIN, &train);
    struct graph *graph = tiny_graph();
    struct engine_options options = {.threads = 1, .batch_size = 4};
    assert_int_equal(train_sets_create(recipe, train, NULL, NULL, &sets), OCELLUS_OK);
    assert_int_equal(engine_open(NULL, graph, &options, &engine), OCELLUS_OK);
    struct network_file file;
    assert_int_equal(network_file_read(path, &network_forms_model, &file), OCELLUS_OK);
    assert_int_equal(weights_apply(engine, graph, &file.match), OCELLUS_OK);
    network_file_free(&file);
    assert_int_equal(weights_hash(engine, graph, hash), OCELLUS_OK);
    assert_int_equal(batch_buffer_create(graph, 4, &buffer), OCELLUS_OK);
    assert_int_equal(predict_score(engine, &buffer, &sets.validation, NULL, score), OCELLUS_OK);
    assert_int_equal(predict_all(engine, &buffer, &sets.validation, NULL, all), OCELLUS_OK);
    batch_buffer_free(&buffer);
    engine_close(engine);
    graph_free(graph);
    train_sets_free(&sets);
    source_close(train);
}

static void saved_models_give_what_training_measured(void **state) {
    struct tiny tiny = {.run = temporary_path(*state, "run")};
    tiny_recipe(&tiny.recipe);
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    const struct history_row *last = &tiny.result.history.rows[2];
    char hash[SHA256_TEXT_SIZE];
    struct predictions all;
    struct predict_score score;
    judge(temporary_path(tiny.run, RUN_LAST), &tiny.recipe, hash, &all, &score);
    assert_string_equal(hash, tiny.result.weights_hash);
    assert_int_equal(score.count, 10);
    assert_true((double)score.correct / 10 == last->val_accuracy);
    assert_true(fabs(score.loss_sum / 10 - last->val_loss) < 1e-6);
    size_t correct = 0;
    double loss = 0;
    for (size_t i = 0; i < all.count; i++) {
        correct += all.predicted[i] == all.labels[i];
        loss += (double)all.losses[i];
        double sum = 0;
        for (size_t c = 0; c < all.classes; c++)
            sum += (double)all.probabilities[i * all.classes + c];
        assert_true(fabs(sum - 1) < 1e-5);
        double likely = (double)all.probabilities[i * all.classes + (size_t)all.labels[i]];
        assert_true(fabs(-log(likely) - (double)all.losses[i]) < 1e-4);
    }
    assert_int_equal(correct, score.correct);
    assert_true(fabs(loss - score.loss_sum) < 1e-12); /* the same logarithm: only the order of the sum differs */
    predictions_free(&all);

    judge(temporary_path(tiny.run, RUN_BEST), &tiny.recipe, hash, &all, &score);
    assert_true((double)score.correct / 10 == tiny.result.best_accuracy);
    predictions_free(&all);
    tiny_free(&tiny);
}

static void threads_change_no_bit(void **state) {
    (void)state;
    static const size_t threads[] = {1, 2, 3, 5};
    char first[SHA256_TEXT_SIZE] = "";
    for (size_t i = 0; i < 4; i++) {
        struct tiny tiny = {.threads = threads[i]};
        tiny_recipe(&tiny.recipe);
        assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
        if (i == 0) strcpy(first, tiny.result.weights_hash);
        assert_string_equal(tiny.result.weights_hash, first);
        tiny_free(&tiny);
    }
    struct tiny other = {.threads = 1};
    tiny_recipe(&other.recipe);
    other.recipe.seed = 2;
    assert_int_equal(tiny_run(&other), OCELLUS_OK);
    assert_string_not_equal(other.result.weights_hash, first);
    tiny_free(&other);
}

/* Runs the batches [begin[i], begin[i + 1]) of epoch 0's order by hand and gives back the sums over their images. */
static void measure_by_hand(const struct recipe *recipe, const size_t *begin, size_t batches, double *loss_sum,
                            size_t *correct) {
    struct source *train;
    struct engine *engine = NULL;
    struct batch_buffer buffer;
    size_t order[TINY_TRAIN];
    tiny_source("train", TINY_TRAIN, &train);
    struct graph *graph = tiny_graph();
    struct engine_options options = {
        .threads = 1, .batch_size = TINY_TRAIN, .training = true, .optimizer = train_optimizer(recipe)};
    assert_int_equal(engine_open(NULL, graph, &options, &engine), OCELLUS_OK);
    assert_int_equal(engine_initialize(engine, recipe->seed), OCELLUS_OK);
    assert_int_equal(batch_buffer_create(graph, TINY_TRAIN, &buffer), OCELLUS_OK);
    random_permutation(recipe->seed, RANDOM_SHUFFLE, 0, order, TINY_TRAIN);
    struct image_set set = {train, order, TINY_TRAIN};
    *loss_sum = 0;
    *correct = 0;
    for (size_t i = 0; i < batches; i++) {
        const size_t n = begin[i + 1] - begin[i];
        struct engine_metrics metrics;
        assert_int_equal(batch_buffer_fill(&buffer, &set, begin[i], n, engine_input(engine, 0)), OCELLUS_OK);
        assert_int_equal(engine_forward(engine, ENGINE_TRAINING, &(struct engine_batch){.n = n}), OCELLUS_OK);
        assert_int_equal(engine_loss(engine, &(struct engine_targets){.labels = buffer.labels}), OCELLUS_OK);
        assert_int_equal(engine_metrics(engine, &metrics), OCELLUS_OK);
        *loss_sum += metrics.loss_sum;
        *correct += metrics.correct;
    }
    batch_buffer_free(&buffer);
    engine_close(engine);
    graph_free(graph);
    source_close(train);
}

/* 70 images in batches of 64 and 6, without learning, so that the batches can be measured one by one. */
static void running_means_are_weighted_by_images(void **state) {
    (void)state;
    struct tiny tiny = {0};
    tiny_recipe(&tiny.recipe);
    tiny.recipe.epochs = 1;
    tiny.recipe.learning_rate = 0;
    tiny.recipe.validation = RECIPE_VALIDATION_NONE;
    tiny.recipe.batch_size = 64;
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    assert_int_equal(tiny.steps, 2);
    const size_t begin[] = {0, 64, 70};
    double loss_sum = 0;
    size_t correct = 0;
    measure_by_hand(&tiny.recipe, begin, 2, &loss_sum, &correct);
    const struct history_row *row = &tiny.result.history.rows[0];
    assert_true(row->loss == loss_sum / 70);
    assert_true(row->accuracy == (double)correct / 70);
    assert_true(row->loss > 0.7 && row->loss < 3); /* guessing among four: log 4 = 1.39 */
    assert_true(isnan(row->val_loss) && isnan(row->val_accuracy));
    assert_false(tiny.result.has_best);
    tiny_free(&tiny);
}

static double first_accuracy[3];

static void watch_first_steps(void *context, const struct train_event *event) {
    (void)context;
    if (event->kind == TRAIN_STEP && event->position == 1) first_accuracy[event->epoch] = event->accuracy * 8;
}

/* After the first step of an epoch its means are those of that batch alone: of 8 images. */
static void running_means_begin_anew_with_an_epoch(void **state) {
    (void)state;
    struct tiny tiny = {.observer = watch_first_steps};
    tiny_recipe(&tiny.recipe);
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    for (size_t epoch = 0; epoch < 3; epoch++)
        assert_true(first_accuracy[epoch] == round(first_accuracy[epoch]));
    tiny_free(&tiny);
}

/* The images that an epoch takes, seen through the labels and the order. */
static void steps_per_epoch_takes_the_first_steps(void **state) {
    (void)state;
    struct tiny all = {0}, some = {0};
    tiny_recipe(&all.recipe);
    all.recipe.epochs = 1;
    some.recipe = all.recipe;
    some.recipe.steps_per_epoch = 8;
    assert_int_equal(tiny_run(&all), OCELLUS_OK);
    assert_int_equal(tiny_run(&some), OCELLUS_OK);
    assert_string_equal(all.result.weights_hash, some.result.weights_hash); /* 8 steps are all there are */
    tiny_free(&some);
    some = (struct tiny){.recipe = all.recipe};
    some.recipe.steps_per_epoch = 3;
    some.recipe.epochs = 2;
    assert_int_equal(tiny_run(&some), OCELLUS_OK);
    assert_int_equal(some.steps, 6);
    assert_true(some.first_loss == all.first_loss); /* the same first batch */
    double correct = some.result.history.rows[1].accuracy * 24;
    assert_true(fabs(correct - round(correct)) < 1e-9);
    tiny_free(&all);
    tiny_free(&some);
}

static void plans_count_steps_and_images(void **state) {
    (void)state;
    struct source train = {.name = "many", .count = 50000}, test = {.count = 10000};
    struct train_sets sets = {.train = image_set_all(&train), .validation = image_set_all(&test)};
    struct recipe recipe;
    struct train_plan plan;
    char text[256];
    recipe_defaults(&recipe);
    assert_int_equal(train_plan_make(&recipe, &sets, &plan), OCELLUS_OK);
    assert_int_equal(plan.steps, 1563);
    assert_int_equal(plan.images_per_epoch, 50000);
    assert_int_equal(plan.validation_steps, 313);
    train_plan_text(&plan, text);
    assert_string_equal(text, "1,563 steps an epoch see 50,000 of 50,000 training images (100 %); validation on 10,000 "
                              "images (accuracy +-0.98 % or better)");
    recipe.steps_per_epoch = 1562;
    recipe.validation_steps = 1;
    assert_int_equal(train_plan_make(&recipe, &sets, &plan), OCELLUS_OK);
    assert_int_equal(plan.images_per_epoch, 49984);
    assert_int_equal(plan.validation_images, 32);
    train_plan_text(&plan, text);
    assert_non_null(strstr(text, "see 49,984 of 50,000 training images (99.9 %)"));
    recipe.steps_per_epoch = 1;
    assert_int_equal(train_plan_make(&recipe, &sets, &plan), OCELLUS_OK);
    train_plan_text(&plan, text);
    assert_non_null(strstr(text, "1 step an epoch sees 32 of 50,000 training images"));
    recipe.steps_per_epoch = 1564;
    assert_int_equal(train_plan_make(&recipe, &sets, &plan), OCELLUS_USAGE);
    assert_string_equal(status_message(),
                        "steps_per_epoch: more than there are (expected at most 1563 for 50000 images, got 1564)");
    recipe.steps_per_epoch = 0;
    recipe.validation_steps = 314;
    assert_int_equal(train_plan_make(&recipe, &sets, &plan), OCELLUS_USAGE);
    sets.validation.count = 0;
    assert_int_equal(train_plan_make(&recipe, &sets, &plan), OCELLUS_OK);
    train_plan_text(&plan, text);
    assert_non_null(strstr(text, "; no validation"));
}

/* Without a list the images are taken as they lie, in every batch. */
static void images_without_a_list_come_in_order(void **state) {
    (void)state;
    struct source *test;
    struct batch_buffer buffer;
    tiny_source("test", TINY_TEST, &test);
    struct graph *graph = tiny_graph();
    assert_int_equal(batch_buffer_create(graph, 8, &buffer), OCELLUS_OK);
    struct image_set set = image_set_all(test);
    float images[8 * TINY_SIDE * TINY_SIDE * 3];
    assert_int_equal(batch_buffer_fill(&buffer, &set, 17, 8, images), OCELLUS_OK);
    for (size_t i = 0; i < 8; i++) {
        struct picture picture = {0};
        assert_int_equal(buffer.labels[i], source_label(test, 17 + i));
        assert_int_equal(source_read(test, 17 + i, NULL, &picture), OCELLUS_OK);
        size_t values = TINY_SIDE * TINY_SIDE * 3;
        float expected = (float)picture.pixels[5] / 255;
        assert_true(fabsf(images[i * values + 5] - expected) < 1e-6f);
    }
    batch_buffer_free(&buffer);
    graph_free(graph);
    source_close(test);
}

static void every_parameter_is_in_the_hash(void **state) {
    (void)state;
    struct engine *engine = NULL;
    struct graph *graph = tiny_graph();
    struct engine_options options = {.threads = 1, .batch_size = 1};
    char before[SHA256_TEXT_SIZE], after[SHA256_TEXT_SIZE];
    assert_int_equal(engine_open(NULL, graph, &options, &engine), OCELLUS_OK);
    assert_int_equal(engine_initialize(engine, 1), OCELLUS_OK);
    assert_int_equal(weights_hash(engine, graph, before), OCELLUS_OK);
    assert_int_equal(engine_tensor_count(engine), 8);
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        struct engine_tensor tensor = engine_tensor_at(engine, i);
        float values[1024];
        size_t count = shape_size(tensor.shape);
        assert_int_equal(engine_get(engine, tensor.name, values, count), OCELLUS_OK);
        values[count - 1] = nextafterf(values[count - 1], 9);
        assert_int_equal(engine_set(engine, tensor.name, values, count), OCELLUS_OK);
        assert_int_equal(weights_hash(engine, graph, after), OCELLUS_OK);
        assert_string_not_equal(after, before);
        strcpy(before, after);
    }
    engine_close(engine);
    graph_free(graph);
}

static void sets_do_not_overlap(void **state) {
    (void)state;
    struct source *train;
    struct train_sets sets;
    struct recipe recipe;
    tiny_source("train", TINY_TRAIN, &train);
    tiny_recipe(&recipe);
    assert_int_equal(train_sets_create(&recipe, train, NULL, NULL, &sets), OCELLUS_OK);
    assert_true(sets.train.count == 60 && sets.validation.count == 10);
    int seen[TINY_TRAIN] = {0};
    for (size_t i = 0; i < 60; i++)
        seen[sets.train.indices[i]]++;
    for (size_t i = 0; i < 10; i++)
        seen[sets.validation.indices[i]]++;
    for (size_t i = 0; i < TINY_TRAIN; i++)
        assert_int_equal(seen[i], 1);
    train_sets_free(&sets);
    /* validation images that are a part of their own leave the training ones alone */
    struct source *validation;
    tiny_source("validation", 7, &validation);
    assert_int_equal(train_sets_create(&recipe, train, validation, NULL, &sets), OCELLUS_OK);
    assert_true(sets.train.count == TINY_TRAIN && sets.validation.count == 7 && sets.validation.source == validation);
    assert_ptr_equal(sets.validation_data, validation);
    train_sets_free(&sets);
    source_close(validation);
    recipe.validation = RECIPE_VALIDATION_TEST;
    assert_int_equal(train_sets_create(&recipe, train, NULL, NULL, &sets), OCELLUS_USAGE);
    recipe.validation = RECIPE_VALIDATION_HELD_OUT;
    recipe.held_out = TINY_TRAIN;
    assert_int_equal(train_sets_create(&recipe, train, NULL, NULL, &sets), OCELLUS_USAGE);
    source_close(train);
}

static void data_that_does_not_fit_is_refused(void **state) {
    (void)state;
    struct graph *graph = tiny_graph();
    struct source source = {.name = "other", .height = 8, .width = 9, .channels = 2, .classes = 4};
    assert_int_equal(batch_check(graph, &source), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(),
                        "other: images do not fit the input of tiny (expected (8, 8, 3), got 2 channels)");
    source.channels = 1; /* grey is shown as colour, and another size is resized */
    assert_int_equal(batch_check(graph, &source), OCELLUS_OK);
    source.classes = 5;
    assert_int_equal(batch_check(graph, &source), OCELLUS_BAD_CONTENT);
    graph_free(graph);
}

static void inputs_that_no_image_can_be_are_refused(void **state) {
    (void)state;
    static const struct shape shapes[] = {{1, {12}}, {2, {4, 4}}, {3, {4, 4, 5}}};
    for (size_t i = 0; i < 3; i++) {
        const union layer_config input = {.input_layer = {.shape = shapes[i]}};
        struct graph *graph = NULL;
        struct batch_buffer buffer;
        assert_int_equal(graph_create("odd", &graph), OCELLUS_OK);
        assert_int_equal(graph_add(graph, &layer_input_layer, NULL, NULL, &input, NULL, 0, NULL), OCELLUS_OK);
        assert_int_equal(batch_buffer_create(graph, 2, &buffer), OCELLUS_BAD_CONTENT);
        assert_non_null(strstr(status_message(), "not for images"));
        graph_free(graph);
    }
}

static void spoil(struct engine *engine, const char *name, size_t count) {
    float values[16];
    assert_int_equal(engine_get(engine, name, values, count), OCELLUS_OK);
    values[count - 1] = NAN;
    assert_int_equal(engine_set(engine, name, values, count), OCELLUS_OK);
}
static void spoil_convolution(struct engine *engine) {
    spoil(engine, "conv2d/bias", 5);
}
static void spoil_normalization(struct engine *engine) {
    spoil(engine, "batch_normalization/gamma", 5); /* its output is not kept: the pooling's is the first */
}
static void spoil_dense(struct engine *engine) {
    spoil(engine, "dense/bias", TINY_CLASSES);
}

static void a_diverging_run_names_step_and_layer(void **state) {
    static const struct {
        void (*prepare)(struct engine *engine);
        double learning_rate;
        const char *message;
    } cases[] = {
        {spoil_convolution, 0.01, "epoch 1, step 1 of 8: the loss is not finite; first seen in conv2d"},
        {spoil_normalization, 0.01, "epoch 1, step 1 of 8: the loss is not finite; first seen in max_pooling2d"},
        {spoil_dense, 0.01, "epoch 1, step 1 of 8: the loss is not finite; first seen in dense"},
        /* A beta and a kernel of about 1e29 each: their product is beyond float. */
        {NULL, 1e30, "epoch 1, step 2 of 8: the loss is not finite; first seen in dense"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char name[16];
        snprintf(name, sizeof name, "run-%zu", i);
        struct tiny tiny = {.run = temporary_path(*state, name), .prepare = cases[i].prepare};
        tiny_recipe(&tiny.recipe);
        tiny.recipe.optimizer = OPTIMIZER_SGD;
        tiny.recipe.learning_rate = cases[i].learning_rate;
        assert_int_equal(tiny_run(&tiny), OCELLUS_DIVERGED);
        assert_string_equal(status_message(), cases[i].message);
        assert_false(path_exists(temporary_path(tiny.run, RUN_LAST)));
        assert_false(path_exists(temporary_path(tiny.run, RUN_CHECKPOINTS)));
        tiny_free(&tiny);
    }
}

static void break_moving_variance(struct engine *engine) {
    const float values[5] = {1, 1, INFINITY, 1, 1};
    assert_int_equal(engine_set(engine, "batch_normalization/moving_variance", values, 5), OCELLUS_OK);
}

/* In training mode the moving variance is not used: the loss stays sound while the network is broken. */
static void what_is_not_finite_is_not_saved(void **state) {
    struct tiny tiny = {.run = temporary_path(*state, "run"), .prepare = break_moving_variance, .stop_after = 2};
    tiny_recipe(&tiny.recipe);
    assert_int_equal(tiny_run(&tiny), OCELLUS_DIVERGED);
    assert_non_null(strstr(status_message(), "batch_normalization"));
    assert_false(path_exists(temporary_path(tiny.run, RUN_CHECKPOINTS)));
    tiny_free(&tiny);
}

static void stop_flags_keep_the_first_request(void **state) {
    (void)state;
    struct stop_flag flag = {0};
    struct sigaction before, now;
    assert_int_equal(sigaction(SIGINT, NULL, &before), 0); /* ignored, where the test runs in the background */
    assert_int_equal(stop_requested(NULL), OCELLUS_OK);
    assert_int_equal(stop_on_signals(&flag), OCELLUS_OK);
    assert_int_equal(raise(SIGTERM), 0);
    assert_int_equal(raise(SIGINT), 0);
    assert_int_equal(stop_requested(&flag), OCELLUS_TERMINATED);
    assert_int_equal(stop_on_signals(NULL), OCELLUS_OK);
    assert_int_equal(sigaction(SIGINT, NULL, &now), 0);
    assert_true(now.sa_handler == before.sa_handler);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temporary_setup, temporary_teardown)

int main(void) {
    log_set_level(LOG_QUIET);
    const struct CMUnitTest tests[] = {
        TEST(loss_falls_and_the_run_is_recorded),
        TEST(saved_models_give_what_training_measured),
        cmocka_unit_test(threads_change_no_bit),
        cmocka_unit_test(running_means_are_weighted_by_images),
        cmocka_unit_test(running_means_begin_anew_with_an_epoch),
        cmocka_unit_test(steps_per_epoch_takes_the_first_steps),
        cmocka_unit_test(plans_count_steps_and_images),
        cmocka_unit_test(images_without_a_list_come_in_order),
        cmocka_unit_test(every_parameter_is_in_the_hash),
        cmocka_unit_test(sets_do_not_overlap),
        cmocka_unit_test(data_that_does_not_fit_is_refused),
        cmocka_unit_test(inputs_that_no_image_can_be_are_refused),
        TEST(a_diverging_run_names_step_and_layer),
        TEST(what_is_not_finite_is_not_saved),
        cmocka_unit_test(stop_flags_keep_the_first_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
