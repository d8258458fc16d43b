/* SPDX-License-Identifier: MIT */
/* Functions that are the same everywhere: against the C library's, whose last bit may differ, and to the bit by their sum. */
#include "base/portable.h"

#include "base/random.h"
#include "base/sha256.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { POINTS = 20000 };

static double between(struct random_stream *numbers, double low, double high) {
    return low + (high - low) * random_middle(numbers);
}

static void functions_are_close_to_the_library(void **state) {
    (void)state;
    struct random_stream numbers = random_at(1, RANDOM_TEST, 0, 0);
    for (int i = 0; i < POINTS; i++) {
        const double x = between(&numbers, -699, 699), angle = between(&numbers, -360, 360);
        assert_true(fabs(portable_exp(x) / exp(x) - 1) < 1e-14);
        const double positive = exp(between(&numbers, -700, 700)), near_one = between(&numbers, 0.9, 1.1);
        assert_true(fabs(portable_log(positive) - log(positive)) <= 1e-14 * fabs(log(positive)));
        assert_true(fabs(portable_log(near_one) - log(near_one)) <= 1e-14 * fabs(log(near_one)));
        const double radians = angle * (acos(-1) / 180);
        assert_true(fabs(portable_sine(angle) - sin(radians)) < 2e-15);
        assert_true(fabs(portable_cosine(angle) - cos(radians)) < 2e-15);
    }
}

static void special_values_are_exact(void **state) {
    (void)state;
    static const double sines[] = {0, 1, 0, -1};
    for (int quarter = -4; quarter <= 4; quarter++) {
        assert_true(portable_sine(90.0 * quarter) == sines[(quarter + 4) % 4]);
        assert_true(portable_cosine(90.0 * quarter) == sines[(quarter + 5) % 4]);
    }
    assert_true(portable_exp(0) == 1 && portable_log(1) == 0 && portable_exp(-1e300) == 0);
    assert_true(portable_exp(1e300) == portable_exp(700));
}

/* The hash is of what one machine computed: another one, or another compiler, computes the same bits. */
static void bits_are_the_same_everywhere(void **state) {
    (void)state;
    static double values[POINTS][4];
    struct random_stream numbers = random_at(2, RANDOM_TEST, 0, 0);
    char hash[SHA256_TEXT_SIZE];
    for (int i = 0; i < POINTS; i++) {
        values[i][0] = portable_exp(between(&numbers, -50, 50));
        values[i][1] = portable_log(between(&numbers, 0, 1000));
        values[i][2] = portable_sine(between(&numbers, -360, 360));
        values[i][3] = portable_cosine(between(&numbers, -360, 360));
    }
    sha256_bytes(values, sizeof values, hash);
    assert_string_equal(hash, "6b12180092092afae3b9be3fbf3ea9026a10de833e3d8913231e076017a3463b");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(functions_are_close_to_the_library),
        cmocka_unit_test(special_values_are_exact),
        cmocka_unit_test(bits_are_the_same_everywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
