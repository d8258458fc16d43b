/* SPDX-License-Identifier: MIT */
/* What metrics.jsonl says of how far a run came. */
#include "run/progress.h"
#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define HASH(letter)            letter letter letter letter letter letter letter letter
#define EVENT(kind, step, rest) "{\"t\": 1.5, \"kind\": \"" kind "\", \"step\": " step rest "}\n"
#define POINT(kind, step, position)                                                                                    \
    EVENT(kind, step,                                                                                                  \
          ", \"epoch\": 1, \"position\": " position ", \"images\": 16, \"accuracy\": 0.5, \"loss\": 2, \"time\": 3")
#define START EVENT("start", "0", ", \"weights_sha256\": \"" HASH("0123abcd") "\"")
#define END   EVENT("end", "4", ", \"weights_sha256\": \"" HASH("fedc9876") "\"")

static void read_progress(void **state, const char *events, struct run_progress *progress) {
    struct run_folder run;
    assert_int_equal(temporary_file(temporary_path(*state, RUN_RECIPE), ""), 0); /* makes it a run folder */
    assert_int_equal(temporary_file(temporary_path(*state, RUN_EVENTS), events), 0);
    assert_int_equal(run_folder_open(&run, *state), OCELLUS_OK);
    assert_int_equal(run_progress_read(&run, progress), OCELLUS_OK);
    run_folder_close(&run);
}

static void a_run_tells_how_far_it_came(void **state) {
    static const struct {
        const char *events;
        uint64_t step;
        size_t points;
        bool partial, finished;
    } cases[] = {
        {"", 0, 0, false, false},
        {START, 0, 0, false, false},
        {START POINT("step", "1", "1") POINT("step", "2", "2"), 2, 2, true, false},
        {START POINT("step", "1", "1") EVENT("epoch", "2", ""), 2, 1, false, false},
        {START POINT("step", "1", "1") POINT("stop", "1", "1"), 1, 1, true, false}, /* known */
        {START POINT("step", "1", "1") POINT("stop", "2", "2"), 2, 2, true, false}, /* between two records */
        {START POINT("step", "2", "2") EVENT("epoch", "2", "") POINT("stop", "2", "0"), 2, 1, false, false},
        {START POINT("step", "4", "2") EVENT("epoch", "4", "") END, 4, 1, false, true},
        {START POINT("step", "4", "2") EVENT("epoch", "4", "") END EVENT("resume", "4", ""), 4, 1, false, false},
        {START EVENT("step", "3", ""), 3, 0, false, false}, /* of an older program: the step alone */
        {START EVENT("checkpoint", "3", ""), 3, 0, false, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_progress progress;
        read_progress(state, cases[i].events, &progress);
        if (progress.step != cases[i].step || progress.count != cases[i].points ||
            progress.partial != cases[i].partial || progress.finished != cases[i].finished)
            fail_msg("case %zu: step %d, %zu points, partial %d, finished %d", i, (int)progress.step, progress.count,
                     progress.partial, progress.finished);
        run_progress_free(&progress);
    }
}

static void what_it_tells_is_what_was_written(void **state) {
    struct run_progress progress;
    read_progress(state, START POINT("step", "3", "1") END, &progress);
    assert_string_equal(progress.initial_weights, HASH("0123abcd"));
    assert_string_equal(progress.final_weights, HASH("fedc9876"));
    const struct run_point *point = &progress.points[0];
    assert_true(point->step == 3 && point->epoch == 1 && point->position == 1 && point->images == 16);
    assert_true(point->accuracy == 0.5 && point->loss == 2 && point->seconds == 3);
    assert_memory_equal(point, &progress.last, sizeof *point);
    run_progress_free(&progress);
}

static void what_no_training_wrote_is_refused(void **state) {
    static const struct {
        const char *events, *expected;
    } cases[] = {
        {START EVENT("step", "-1", ""), "line 2: step: missing or not a count"},
        {EVENT("start", "0", ", \"weights_sha256\": 5"), "line 1: weights_sha256: missing or not text"},
        {START EVENT("end", "4", ", \"weights_sha256\": \"" HASH("fedc9876") "0\""),
         "line 2: weights_sha256: too long (expected at most 64 bytes, got 65)"},
        {START EVENT("resume", "4", ", \"threads\": \"2\""), "line 2: threads: missing or not a count"},
        {START EVENT("resume", "4", ", \"kernels\": \"0123456789abcdef\""), "line 2: kernels: too long"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_folder run;
        struct run_progress progress;
        assert_int_equal(temporary_file(temporary_path(*state, RUN_RECIPE), ""), 0);
        assert_int_equal(temporary_file(temporary_path(*state, RUN_EVENTS), cases[i].events), 0);
        assert_int_equal(run_folder_open(&run, *state), OCELLUS_OK);
        assert_int_equal(run_progress_read(&run, &progress), OCELLUS_BAD_CONTENT);
        assert_non_null(strstr(status_message(), cases[i].expected));
        run_folder_close(&run);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temporary_setup, temporary_teardown)

int main(void) {
    const struct CMUnitTest tests[] = {
        TEST(a_run_tells_how_far_it_came),
        TEST(what_it_tells_is_what_was_written),
        TEST(what_no_training_wrote_is_refused),
    };
    return cmocka_run_group_tests_name("run/progress", tests, NULL, NULL);
}
