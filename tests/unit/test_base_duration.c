/* SPDX-License-Identifier: MIT */
/* Durations for people, in every locale. */
#include "base/duration.h"
#include "foreign_locale.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct {
    double seconds;
    const char *clock, *words;
} cases[] = {
    {0, "0:00", "0.0 s"},
    {0.04, "0:00", "0.0 s"},
    {12.34, "0:12", "12.3 s"},
    {59.6, "1:00", "59.6 s"},
    {99.4, "1:39", "99.4 s"},
    {99.5, "1:40", "1 min 40 s"},
    {390.6, "6:31", "6 min 31 s"},
    {3599.6, "1:00:00", "1 h 0 min"},
    {7325, "2:02:05", "2 h 2 min"},
    {360000, "100:00:00", "100 h 0 min"},
    {-1, "0:00", "-"},
    {1e9, "0:00", "-"},
    {INFINITY, "0:00", "-"},
    {NAN, "0:00", "-"},
};

static void check(void) {
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[DURATION_SIZE];
        duration_clock(cases[i].seconds, out);
        assert_string_equal(out, cases[i].clock);
        duration_words(cases[i].seconds, out);
        assert_string_equal(out, cases[i].words);
    }
}

static void test_durations(void **state) {
    (void)state;
    check();
    if (!foreign_locale_enter()) skip();
    check();
    foreign_locale_leave();
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_durations)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
