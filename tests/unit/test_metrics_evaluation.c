/* SPDX-License-Identifier: MIT */
/* The metrics against values worked out by hand (Wilson and McNemar: with 40-digit and rational arithmetic). */
#include "metrics/metrics.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void assert_near(double got, double expected) {
    if (!(fabs(got - expected) <= 1e-12)) fail_msg("got %.17g, expected %.17g", got, expected);
}

static void wilson_agrees_with_exact_arithmetic(void **state) {
    (void)state;
    static const struct {
        size_t correct, count;
        double low, high;
    } cases[] = {
        {7020, 10000, 0.69295934469730658, 0.71088551996094007},
        {3, 10, 0.10779126740630103, 0.60322185253885465},
        {0, 10, 0.0, 0.27753279986288920},
        {10, 10, 0.72246720013711080, 1.0},
        {1, 1, 0.20654931437723743, 1.0},
        {0, 0, 0.0, 1.0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct interval interval = wilson_interval(cases[i].correct, cases[i].count);
        assert_near(interval.low, cases[i].low);
        assert_near(interval.high, cases[i].high);
    }
    assert_true(wilson_interval(0, 10).low == 0.0 && wilson_interval(10, 10).high == 1.0);
}

/* Four classes: 0 and 1 ordinary, 2 never predicted, 3 neither there nor predicted. */
static void classes_are_judged_as_by_hand(void **state) {
    (void)state;
    const int32_t labels[] = {0, 0, 0, 1, 1, 2}, predicted[] = {0, 0, 1, 1, 0, 0};
    const float losses[] = {0.25F, 0.5F, 1.25F, 0.5F, 2.0F, 3.0F};
    struct evaluation evaluation;
    assert_int_equal(evaluation_compute(6, 4, labels, predicted, losses, &evaluation), OCELLUS_OK);
    static const size_t confusion[16] = {2, 1, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0};
    assert_memory_equal(evaluation.confusion, confusion, sizeof confusion);
    static const struct class_metrics expected[4] = {
        {3, 0.5, 2.0 / 3.0, 4.0 / 7.0}, {2, 0.5, 0.5, 0.5}, {1, 0.0, 0.0, 0.0}, {0, 0.0, 0.0, 0.0}};
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(evaluation.per_class[i].support, expected[i].support);
        assert_near(evaluation.per_class[i].precision, expected[i].precision);
        assert_near(evaluation.per_class[i].recall, expected[i].recall);
        assert_near(evaluation.per_class[i].f1, expected[i].f1);
    }
    assert_int_equal(evaluation.correct, 3);
    assert_near(evaluation.accuracy, 0.5);
    assert_near(evaluation.loss, 1.25);
    assert_near(evaluation.macro_f1, (4.0 / 7.0 + 0.5) / 4.0);
    assert_near(evaluation.interval.low, wilson_interval(3, 6).low);

    struct evaluation again;
    assert_int_equal(evaluation_from_confusion(4, evaluation.confusion, 1.25, &again), OCELLUS_OK);
    assert_int_equal(again.count, 6);
    assert_int_equal(again.correct, 3);
    assert_near(again.macro_f1, evaluation.macro_f1);
    evaluation_free(&again);
    evaluation_free(&evaluation);
    assert_null(evaluation.confusion);
}

static void wrong_input_is_refused(void **state) {
    (void)state;
    struct evaluation evaluation;
    const int32_t good[] = {0, 1}, high[] = {0, 2}, low[] = {-1, 0};
    const float losses[] = {0.0F, 0.0F};
    assert_int_equal(evaluation_compute(2, 2, high, good, losses, &evaluation), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "evaluation: image 1: class 2 (expected less than 2)");
    assert_int_equal(evaluation_compute(2, 2, good, low, losses, &evaluation), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "evaluation: image 0: class -1 (expected less than 2)");
    assert_int_equal(evaluation_compute(0, 2, good, good, losses, &evaluation), OCELLUS_USAGE);
    static const size_t empty[4] = {0}, huge[4] = {SIZE_MAX, 1, 0, 0};
    assert_int_equal(evaluation_from_confusion(2, empty, 0.0, &evaluation), OCELLUS_BAD_CONTENT);
    assert_int_equal(evaluation_from_confusion(2, huge, 0.0, &evaluation), OCELLUS_BAD_CONTENT);
}

static void mcnemar_agrees_with_exact_arithmetic(void **state) {
    (void)state;
    static const struct {
        size_t first, second;
        double exact, chi_square, chi_square_p;
    } cases[] = {
        {6, 2, 0.2890625, 1.125, 0.28884436634648486},
        {10, 25, 0.016673847800120711, 5.6, 0.017960477526078766},
        {1, 0, 1.0, 0.0, 1.0},
        {4, 4, 1.0, 0.0, 1.0},
        {0, 0, 1.0, 0.0, 1.0},
        {700, 560, 8.8692328978113547e-05, 15.334126984126984, 9.0074530126141029e-05},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct mcnemar result = mcnemar_from_counts(cases[i].first, cases[i].second);
        assert_near(result.exact, cases[i].exact);
        assert_near(result.chi_square, cases[i].chi_square);
        assert_near(result.chi_square_p, cases[i].chi_square_p);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wilson_agrees_with_exact_arithmetic),
        cmocka_unit_test(classes_are_judged_as_by_hand),
        cmocka_unit_test(wrong_input_is_refused),
        cmocka_unit_test(mcnemar_agrees_with_exact_arithmetic),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
