/* SPDX-License-Identifier: MIT */
/* Planning for a given time. */
#include "reproduce/budget.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void times_are_read_strictly(void **state) {
    (void)state;
    double seconds = -1;
    assert_true(budget_parse("15m", &seconds) && seconds == 900);
    assert_true(budget_parse("1h30m", &seconds) && seconds == 5400);
    assert_true(budget_parse("2h5s", &seconds) && seconds == 7205);
    assert_true(budget_parse("90s", &seconds) && seconds == 90);
    static const char *const wrong[] = {"",      "15",   "m",  "15 m",  "-1m", "1.5h",
                                        "30m1h", "1h1h", "0s", "15min", "1hm", "9999999m"};
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(budget_parse(wrong[i], &seconds));
    assert_true(seconds == 90); /* as it was */
}

static void what_is_left_is_shared(void **state) {
    (void)state;
    assert_true(budget_share(630, 30, 2) == 300);
    assert_true(budget_share(330, 30, 1) == 300); /* the last gets all */
    assert_true(budget_share(20, 30, 2) == 0);
}

static void the_evaluation_is_reserved_before_steps(void **state) {
    (void)state;
    /* A step of 32 images in 6.4 s: 0.2 s an image; 0.07 s kept for each of 500, and the opening. */
    double kept = budget_evaluation(6.4, 32, 500);
    assert_true(fabs(kept - 45) < 1e-9);
    assert_true(fabs(budget_evaluation(12.8, 64, 500) - kept) < 1e-9); /* the batch does not matter */
    assert_true(budget_fits(51.4 + 1e-9, kept, 6.4));
    assert_false(budget_fits(51.3, kept, 6.4));
    /* Walking through 300 s with steps of 6.4 s: 39 fit, and the evaluation still does. */
    double left = 300;
    int steps = 0;
    for (; budget_fits(left, kept, 6.4); steps++)
        left -= 6.4;
    assert_int_equal(steps, 39);
    assert_true(left >= kept);
}

static void the_forecast_adds_training_and_inference(void **state) {
    (void)state;
    struct budget_work work = {.training = 17600, .inference = 32 + 10000};
    struct budget_speed speed = {.training = 0.15, .inference = 0.05};
    assert_true(fabs(budget_forecast(&work, &speed) - (2640 + 501.6)) < 1e-9);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_are_read_strictly),
        cmocka_unit_test(what_is_left_is_shared),
        cmocka_unit_test(the_evaluation_is_reserved_before_steps),
        cmocka_unit_test(the_forecast_adds_training_and_inference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
