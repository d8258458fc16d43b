/* SPDX-License-Identifier: MIT */
/* A loop of one's own around a trainer: the same bits as the usual one, also where it is left and gone on with; and what
 * happens when a picture cannot be read. */
#include "app/evaluation.h"
#include "base/log.h"
#include "temporary.h"
#include "tiny_training.h"

#include <math.h>

static int quiet_setup(void **state) {
    log_set_level(LOG_QUIET);
    return temporary_setup(state);
}

static void check(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

/* What the usual loop gives. */
static void train_usually(const struct recipe *recipe, struct tiny *tiny) {
    *tiny = (struct tiny){.recipe = *recipe};
    check(tiny_run(tiny));
}

/* The usual loop, but it validates and saves where it likes. */
static void a_loop_of_ones_own_gives_the_same(void **state) {
    struct tiny usual, tiny = {.run = temporary_path(*state, "run")};
    struct tiny_parts parts;
    struct trainer *trainer;
    struct predict_score score, again;
    struct engine_metrics metrics;
    char hash[SHA256_TEXT_SIZE];
    tiny_recipe(&tiny.recipe);
    train_usually(&tiny.recipe, &usual);
    tiny_open(&tiny, &parts);
    check(trainer_open(&parts.options, &trainer));
    double loss = 0;
    while (!trainer_is_finished(trainer)) {
        while (!trainer_epoch_is_whole(trainer)) {
            check(trainer_step(trainer, &metrics));
            assert_true(metrics.finite && metrics.images <= 8);
            loss += metrics.loss_sum;
            if (trainer_state(trainer)->step % 5 == 2) check(trainer_validate(trainer, &again));
            if (trainer_state(trainer)->step % 3 == 1) check(trainer_checkpoint(trainer));
        }
        assert_true(fabs(trainer_state(trainer)->loss_sum - loss) < 1e-9);
        loss = 0;
        check(trainer_validate(trainer, &score));
        check(trainer_validate(trainer, &again));
        assert_true(score.loss_sum == again.loss_sum && score.correct == again.correct);
        check(trainer_end_epoch(trainer, &score));
    }
    check(trainer_finish(trainer, hash));
    assert_string_equal(hash, usual.result.weights_hash);
    const struct history *history = &trainer_state(trainer)->history;
    assert_int_equal(history->count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_true(history->rows[i].loss == usual.result.history.rows[i].loss);
        assert_true(history->rows[i].val_loss == usual.result.history.rows[i].val_loss);
    }
    trainer_close(trainer);
    trainer_close(NULL);
    tiny_close(&parts);
    tiny_free(&usual);
}

/* A loop with a learning rate of its own for each step and epochs that it leaves early; after `stop_at` steps (0: never) it
 * saves and is begun again, with everything opened anew. */
static void run_own_loop(const char *run, uint64_t stop_at, char hash[SHA256_TEXT_SIZE], struct history *history) {
    struct tiny tiny = {.run = run};
    tiny_recipe(&tiny.recipe);
    for (bool left = true; left; tiny.resume = true) {
        struct tiny_parts parts;
        struct trainer *trainer;
        struct predict_score score;
        left = false;
        tiny_open(&tiny, &parts);
        check(trainer_open(&parts.options, &trainer));
        const struct train_state *standing = trainer_state(trainer);
        if (tiny.resume) assert_int_equal(standing->step, stop_at);
        if (tiny.resume) trainer_set_learning_rate(trainer, 0.02 / (double)standing->step); /* as it was */
        while (!left && !trainer_is_finished(trainer)) {
            const uint64_t steps = 3 + 2 * standing->epoch; /* of this epoch's eight */
            while (!left && standing->position < steps) {
                trainer_set_learning_rate(trainer, 0.02 / (double)(1 + standing->step));
                check(trainer_step(trainer, NULL));
                left = standing->step == stop_at && !tiny.resume;
            }
            if (left) check(trainer_checkpoint(trainer));
            else if (standing->epoch == 1) check(trainer_end_epoch(trainer, NULL));
            else {
                check(trainer_validate(trainer, &score));
                check(trainer_end_epoch(trainer, &score));
            }
        }
        if (!left) {
            check(trainer_finish(trainer, hash));
            *history = trainer_take_history(trainer);
        }
        trainer_close(trainer);
        tiny_close(&parts);
    }
}

static void a_loop_that_was_left_goes_on_to_the_same_bits(void **state) {
    char whole[SHA256_TEXT_SIZE], hash[SHA256_TEXT_SIZE], name[16];
    struct history expected, history;
    struct tiny usual;
    run_own_loop(temporary_path(*state, "whole"), 0, whole, &expected);
    assert_int_equal(expected.count, 3);
    assert_true(expected.rows[0].learning_rate == 0.02 / 3 && expected.rows[2].learning_rate == 0.02 / 15);
    assert_true(isnan(expected.rows[1].val_loss) && !isnan(expected.rows[2].val_loss));
    tiny_recipe(&usual.recipe);
    const struct recipe recipe = usual.recipe;
    train_usually(&recipe, &usual);
    assert_string_not_equal(whole, usual.result.weights_hash);
    tiny_free(&usual);
    for (uint64_t stop_at = 1; stop_at < 15; stop_at++) {
        snprintf(name, sizeof name, "%d", (int)stop_at);
        run_own_loop(temporary_path(*state, name), stop_at, hash, &history);
        assert_string_equal(hash, whole);
        for (size_t i = 0; i < 3; i++)
            assert_true(history.rows[i].loss == expected.rows[i].loss &&
                        history.rows[i].learning_rate == expected.rows[i].learning_rate);
        history_free(&history);
    }
    history_free(&expected);
}

static void what_is_out_of_order_is_refused(void **state) {
    (void)state;
    struct tiny tiny = {0};
    struct tiny_parts parts;
    struct trainer *trainer;
    tiny_recipe(&tiny.recipe);
    tiny.recipe.epochs = 1;
    tiny.recipe.steps_per_epoch = 2;
    tiny_open(&tiny, &parts);
    check(trainer_open(&parts.options, &trainer));
    assert_int_equal(trainer_end_epoch(trainer, NULL), OCELLUS_USAGE);
    assert_string_equal(status_message(), "trainer_end_epoch: epoch 1 has not begun");
    check(trainer_step(trainer, NULL));
    check(trainer_step(trainer, NULL));
    assert_true(trainer_epoch_is_whole(trainer));
    assert_int_equal(trainer_step(trainer, NULL), OCELLUS_USAGE);
    assert_string_equal(status_message(), "trainer_step: epoch 1 of 1 has no step 3");
    check(trainer_end_epoch(trainer, NULL));
    assert_true(trainer_is_finished(trainer));
    assert_int_equal(trainer_step(trainer, NULL), OCELLUS_USAGE);
    assert_string_equal(status_message(), "trainer_step: epoch 2 of 1 has no step 1");
    assert_int_equal(trainer_state(trainer)->step, 2);
    trainer_close(trainer);
    tiny_close(&parts);
}

/* Values that an update breaks after others were looked through are not saved. */
static void broken_values_are_never_saved(void **state) {
    struct tiny tiny = {.run = temporary_path(*state, "run")};
    struct tiny_parts parts;
    struct trainer *trainer;
    tiny_recipe(&tiny.recipe);
    tiny_open(&tiny, &parts);
    check(trainer_open(&parts.options, &trainer));
    check(trainer_step(trainer, NULL));
    check(trainer_checkpoint(trainer));
    trainer_set_learning_rate(trainer, 1e39);
    check(trainer_step(trainer, NULL)); /* its loss was still sound */
    assert_int_equal(trainer_checkpoint(trainer), OCELLUS_DIVERGED);
    assert_int_equal(trainer_pause(trainer, OCELLUS_STOPPED), OCELLUS_DIVERGED);
    assert_int_equal(trainer_end_epoch(trainer, NULL), OCELLUS_DIVERGED);
    assert_int_equal(tiny.checkpoints, 1);
    trainer_close(trainer);
    tiny_close(&parts);
}

/* --- pictures that cannot be read --- */

static void expect_line(const char *start) {
    const char *message = status_message(), *end = strrchr(message, ':');
    if (strncmp(message, start, strlen(start)) != 0 || !end || strcmp(end, ": the file is gone") != 0)
        fail_msg("\"%s\" is not \"%s...: the file is gone\"", message, start);
}

/* Fails with the status at that read, and then goes on to the bits of a training in which all could be read. */
static void fail_and_go_on(const char *run, const struct recipe *recipe, size_t fail_train, size_t fail_test,
                           const char *whole) {
    struct tiny broken = {.recipe = *recipe, .run = run, .fail_train = fail_train, .fail_test = fail_test},
                rest = {.recipe = *recipe, .run = run, .resume = true};
    assert_int_equal(tiny_run(&broken), fail_train ? OCELLUS_IO : OCELLUS_BAD_CONTENT);
    expect_line(fail_train ? "tiny, train: image " : "tiny, test: image ");
    check(tiny_run(&rest));
    assert_int_equal(broken.steps + rest.steps, 3 * 9); /* none was lost, none done twice */
    assert_string_equal(rest.result.weights_hash, whole);
    tiny_free(&broken);
    tiny_free(&rest);
}

static void a_training_goes_on_after_a_picture_was_gone(void **state) {
    struct tiny usual;
    struct recipe recipe;
    char name[16];
    tiny_recipe(&recipe);
    recipe.validation = RECIPE_VALIDATION_TEST; /* 70 images to train on, in 9 steps, and 30 to validate on, in 4 */
    train_usually(&recipe, &usual);
    static const size_t train[] = {1, 5, 8, 9, 70, 71, 150, 210}, test[] = {1, 9, 30, 31, 90};
    for (size_t i = 0; i < sizeof train / sizeof *train; i++) {
        snprintf(name, sizeof name, "train-%d", (int)train[i]);
        fail_and_go_on(temporary_path(*state, name), &recipe, train[i], 0, usual.result.weights_hash);
    }
    for (size_t i = 0; i < sizeof test / sizeof *test; i++) {
        snprintf(name, sizeof name, "test-%d", (int)test[i]);
        fail_and_go_on(temporary_path(*state, name), &recipe, 0, test[i], usual.result.weights_hash);
    }
    tiny_free(&usual);
}

/* What is told is why it ended, also where that cannot be saved. */
static void the_first_failure_is_told(void **state) {
    struct tiny tiny = {.run = temporary_path(*state, "run"), .fail_train = 9};
    struct tiny_parts parts;
    struct trainer *trainer;
    tiny_recipe(&tiny.recipe);
    tiny_open(&tiny, &parts);
    check(trainer_open(&parts.options, &trainer));
    check(file_write(temporary_path(tiny.run, RUN_CHECKPOINTS), "", 0)); /* where the folder should be */
    check(trainer_step(trainer, NULL));
    assert_int_equal(trainer_step(trainer, NULL), OCELLUS_IO);
    expect_line("tiny, train: image ");
    assert_int_equal(trainer_checkpoint(trainer), OCELLUS_IO);
    trainer_close(trainer);
    tiny_close(&parts);
}

/* A step that failed to read has changed nothing: the next try is the same step. */
static void a_step_may_be_tried_again(void **state) {
    (void)state;
    struct tiny usual, tiny = {.fail_train = 21};
    struct tiny_parts parts;
    struct trainer *trainer;
    char hash[SHA256_TEXT_SIZE];
    tiny_recipe(&tiny.recipe);
    tiny.recipe.epochs = 1;
    tiny.recipe.validation = RECIPE_VALIDATION_NONE;
    train_usually(&tiny.recipe, &usual);
    tiny_open(&tiny, &parts);
    check(trainer_open(&parts.options, &trainer));
    size_t failed = 0;
    while (!trainer_epoch_is_whole(trainer)) {
        const uint64_t before = trainer_state(trainer)->step;
        if (trainer_step(trainer, NULL) == OCELLUS_OK) continue;
        assert_int_equal(trainer_state(trainer)->step, before);
        failed++;
    }
    assert_int_equal(failed, 1);
    check(trainer_end_epoch(trainer, NULL));
    check(trainer_finish(trainer, hash));
    assert_string_equal(hash, usual.result.weights_hash);
    trainer_close(trainer);
    tiny_close(&parts);
    tiny_free(&usual);
}

/* Every pass of an evaluation, the second judgement too. 60 images were trained on, 10 held out, 30 are of the test set. */
static void an_evaluation_says_which_picture_is_gone(void **state) {
    struct tiny tiny = {.run = temporary_path(*state, "run")};
    tiny_recipe(&tiny.recipe);
    check(tiny_run(&tiny));
    tiny_free(&tiny);
    struct source *train, *test;
    struct unsteady_source unsteady_train, unsteady_test;
    struct evaluation_record record;
    char result[FILE_PATH_SIZE];
    tiny_source("train", TINY_TRAIN, &train);
    tiny_source("test", TINY_TEST, &test);
    assert_int_equal(source_set_class_names(train, (const char *const[]){"a", "b", "c", "d"}), OCELLUS_OK);
    struct evaluation_request request = {.run = tiny.run,
                                         .weights = RUN_LAST,
                                         .threads = 1,
                                         .train = &unsteady_train.source,
                                         .test = &unsteady_test.source,
                                         .train_images = EVALUATION_ALL,
                                         .test_images = EVALUATION_ALL,
                                         .reestimate = 16};
    check(path_join(result, tiny.run, RUN_EVALUATION));
    /* Training 1..60, held out 61..70, re-estimating 71..86; test 1..30, and again 31..60. */
    static const struct {
        size_t train, test;
    } cases[] = {{1, 0}, {60, 0}, {61, 0}, {70, 0}, {71, 0}, {86, 0}, {0, 1}, {0, 30}, {0, 31}, {0, 60}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        unsteady_open(&unsteady_train, train, cases[i].train, OCELLUS_IO);
        unsteady_open(&unsteady_test, test, cases[i].test, OCELLUS_BAD_CONTENT);
        assert_int_equal(evaluation_run(&request, &record), cases[i].train ? OCELLUS_IO : OCELLUS_BAD_CONTENT);
        expect_line(cases[i].train ? "tiny, train: image " : "tiny, test: image ");
        assert_false(path_exists(result));
        assert_null(record.class_names);
    }
    unsteady_open(&unsteady_train, train, 87, OCELLUS_IO);
    unsteady_open(&unsteady_test, test, 61, OCELLUS_IO);
    check(evaluation_run(&request, &record));
    evaluation_record_free(&record);
    assert_true(path_exists(result));
    source_close(train);
    source_close(test);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, quiet_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        IN_FOLDER(a_loop_of_ones_own_gives_the_same),
        IN_FOLDER(a_loop_that_was_left_goes_on_to_the_same_bits),
        cmocka_unit_test(what_is_out_of_order_is_refused),
        IN_FOLDER(broken_values_are_never_saved),
        IN_FOLDER(a_training_goes_on_after_a_picture_was_gone),
        IN_FOLDER(the_first_failure_is_told),
        IN_FOLDER(a_step_may_be_tried_again),
        IN_FOLDER(an_evaluation_says_which_picture_is_gone),
    };
    return cmocka_run_group_tests_name("train/steps", tests, NULL, NULL);
}
