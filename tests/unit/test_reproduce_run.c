/* SPDX-License-Identifier: MIT */
/* What a reproduction asks of its face, in which order; and when its trainings are told to stop. */
#include "report_fixture.h"
#include "reproduce/original.h"
#include "reproduce/reproduce.h"
#include "reproduce/watch.h"

#include "base/log.h"

/* --- a face that writes down what it is asked for, and trains nothing --- */

static char asked[1024];
static ocellus_status training_ends_with;
static bool resumes;

static void heading(const char *text) {
    strcat(strcat(asked, text), "; ");
}
static void done_before(void) {
    heading("done before");
}
static void forecast(const char *title, double seconds) {
    (void)seconds;
    heading(title);
}
static ocellus_status network(const char *name, const struct source *source) {
    (void)source;
    heading(name);
    return OCELLUS_OK;
}
static ocellus_status train(const struct training_request *request,
                            void (*see)(void *context, const struct train_event *event, struct stop_flag *stop),
                            void *context) {
    (void)see, (void)context;
    resumes = request->resume;
    return (fail)(training_ends_with, "as the test wants it"); /* not cmocka's */
}
static ocellus_status evaluation(const struct evaluation_record *record) {
    (void)record;
    return OCELLUS_OK;
}
static ocellus_status page(const char *path) {
    (void)path;
    return OCELLUS_OK;
}
static const struct reproduce_face face = {heading, done_before, forecast, network, train, evaluation, page};

static ocellus_status run(const struct fixture *fixture, const char *name) {
    static struct recipe recipes[REPRODUCE_ROWS];
    static char path[FILE_PATH_SIZE];
    const struct reproduce_changes changes = {.weights = "", .epochs = 3};
    assert_ok(path_join(path, folder, name));
    assert_ok(folder_make(path));
    assert_ok(reproduce_recipes(&changes, recipes));
    const struct reproduce_request request = {
        .folder = path, .recipes = recipes, .budget = 1, .train = fixture->train, .test = fixture->test, .threads = 1};
    *asked = '\0';
    return reproduce_run(&request, &face);
}

static void the_first_row_is_trained_first(void **state) {
    training_ends_with = OCELLUS_DIVERGED;
    assert_int_equal(run(*state, "first"), OCELLUS_DIVERGED);
    assert_string_equal(asked, "SimCNN; simcnn; training; ");
    assert_string_equal(status_message(), "as the test wants it");
    assert_false(resumes);
}

static void a_signal_says_how_to_go_on(void **state) {
    training_ends_with = OCELLUS_INTERRUPTED;
    assert_int_equal(run(*state, "stopped"), OCELLUS_INTERRUPTED);
    char expected[FILE_PATH_SIZE + 128];
    snprintf(expected, sizeof expected, "stopped and saved; go on with: ocellus reproduce --run %s/stopped", folder);
    assert_string_equal(status_message(), expected);
}

/* --- watching --- */

/* Whether a training is told to stop, a second per step, in its first step with this much time left. */
static bool stops(double left, enum train_event_kind kind) {
    struct watch watch = {.later = -1, .batch_size = 32, .judged = 320};
    struct stop_flag stop = {0};
    struct train_event event = {.kind = TRAIN_BEGIN};
    double now = clock_seconds();
    watch.deadline = now + left;
    watch_training(&watch, &event, &stop);
    watch.begun = now - 1;
    event.kind = kind;
    watch_training(&watch, &event, &stop);
    return stop_requested(&stop) == OCELLUS_STOPPED;
}

static void a_training_ends_in_time_to_be_judged(void **state) {
    (void)state;
    /* Another step takes 1 s, opening and judging 10 batches 10 + 3.5 s. */
    assert_false(stops(15, TRAIN_STEP));
    assert_true(stops(14, TRAIN_STEP));
    assert_true(stops(-1, TRAIN_STEP));
    assert_false(stops(-1, TRAIN_VALIDATION_STEP)); /* before a step nothing is known, and nothing is done */
    assert_false(stops(-1, TRAIN_EPOCH));
}

static void without_a_deadline_nothing_stops(void **state) {
    (void)state;
    struct watch watch = {.later = -1, .batch_size = 32, .judged = 320};
    struct stop_flag stop = {0};
    struct train_event event = {.kind = TRAIN_BEGIN};
    watch_training(&watch, &event, &stop);
    watch.begun -= 1e6;
    event.kind = TRAIN_STEP;
    watch_training(&watch, &event, &stop);
    assert_int_equal(stop_requested(&stop), OCELLUS_OK);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_first_row_is_trained_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_signal_says_how_to_go_on, set_up, tear_down),
        cmocka_unit_test(a_training_ends_in_time_to_be_judged),
        cmocka_unit_test(without_a_deadline_nothing_stops),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
