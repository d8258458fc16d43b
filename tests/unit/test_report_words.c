/* SPDX-License-Identifier: MIT */
/* Numbers for people, and the sentences that the numbers choose. */
#include "report/number.h"
#include "report/verdict.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void numbers_are_rounded_and_set(void **state) {
    (void)state;
    assert_string_equal(number_fixed(0.0, 2).text, "0.00");
    assert_string_equal(number_fixed(2.0 / 3.0, 3).text, "0.667");
    assert_string_equal(number_fixed(-1.25, 1).text, "\u22121.3");
    assert_string_equal(number_fixed(-0.001, 2).text, "0.00");
    assert_string_equal(number_fixed(9.999, 2).text, "10.00");
    assert_string_equal(number_fixed(12.5, 0).text, "13");
    assert_string_equal(number_fixed(NAN, 2).text, "\u2013");
    assert_string_equal(number_fixed(INFINITY, 2).text, "\u2013");
    assert_string_equal(number_fixed(2.7e12, 4).text, "3e+12"); /* not a dash: it is there */
    assert_string_equal(number_part(0.9999, 1).text, "99.9\u202f%");
    assert_string_equal(number_part(1.0, 1).text, "100.0\u202f%");
    assert_string_equal(number_part(0.352, 1).text, "35.2\u202f%");
    assert_string_equal(number_percent(0.9019, 2).text, "90.19\u202f%");
    assert_string_equal(number_percent_range(0.69295, 0.71088, 1).text, "69.3\u201371.1\u202f%");
    assert_string_equal(number_points(0.2, 1).text, "20.0\u202fpoints");
    assert_string_equal(number_duration(12.34).text, "12.3\u202fs");
    assert_string_equal(number_duration(390.6).text, "6\u202fmin 31\u202fs");
    assert_string_equal(number_duration(7325.0).text, "2\u202fh 2\u202fmin");
    assert_string_equal(number_duration(NAN).text, "\u2013");
}

static void which_weights_were_judged_is_told(void **state) {
    (void)state;
    struct history_row rows[3] = {{.accuracy = 0.6, .val_accuracy = 0.6},
                                  {.accuracy = 0.8, .val_accuracy = 0.7},
                                  {.accuracy = 0.9, .val_accuracy = 0.6}};
    struct history history = {rows, 3, 3};
    struct evaluation test = {.count = 100, .correct = 70, .accuracy = 0.7, .interval = wilson_interval(70, 100)},
                      train = {.count = 5000, .accuracy = 0.85};
    struct verdict_facts facts = {.history = &history, .train = &train, .test = &test};
    struct text out = {0};
    verdict_measured(&facts, &out);
    assert_non_null(strstr(out.bytes, "After 3 epochs the network classifies 70.00\u202f% of 100 test images"));
    assert_non_null(strstr(out.bytes, " and 85.00\u202f% of 5,000 training images."));
    text_free(&out);
    facts.best_weights = true;
    verdict_measured(&facts, &out);
    assert_non_null(strstr(out.bytes, "With the weights of epoch 2, the best in validation, of 3 epochs the network"));
    text_free(&out);
}

static void overfitting_is_told_by_its_signs(void **state) {
    (void)state;
    struct history_row rows[3] = {{.accuracy = 0.6, .val_accuracy = 0.6, .val_loss = 1.2},
                                  {.accuracy = 0.8, .val_accuracy = 0.7, .val_loss = 0.9},
                                  {.accuracy = 0.95, .val_accuracy = 0.7, .val_loss = 1.5}};
    struct history history = {rows, 3, 3};
    struct evaluation test = {
        .count = 10000, .correct = 7000, .accuracy = 0.7, .interval = wilson_interval(7000, 10000)};
    struct verdict_facts facts = {.history = &history, .test = &test};
    struct text out = {0};
    verdict_measured(&facts, &out);
    assert_non_null(strstr(out.bytes, "70.00\u202f% of 10,000 test images"));
    assert_non_null(strstr(out.bytes,
                           "lies 25.0\u202fpoints above test accuracy, and the validation loss, lowest after "
                           "epoch 2 (0.900), has risen to 1.500 since: the network overfits."));
    text_free(&out);
    rows[2].accuracy = 0.70;
    rows[2].val_loss = 0.88;
    verdict_measured(&facts, &out);
    assert_null(strstr(out.bytes, "overfits"));
    assert_non_null(strstr(out.bytes, "does not lie above the interval of test accuracy."));
    text_free(&out);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_rounded_and_set),
        cmocka_unit_test(which_weights_were_judged_is_told),
        cmocka_unit_test(overfitting_is_told_by_its_signs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
