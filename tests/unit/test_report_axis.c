/* SPDX-License-Identifier: MIT */
/* An axis is finite, holds its values and has few ticks at round numbers, whatever was measured. */
#include "report/axis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void check(double low, double high) {
    struct axis axis = axis_covering(low, high);
    if (!isfinite(axis.low) || !isfinite(axis.high) || !(axis.high > axis.low) || !(axis.step > 0))
        fail_msg("%g..%g: axis %g..%g by %g", low, high, axis.low, axis.high, axis.step);
    double ticks = (axis.high - axis.low) / axis.step + 1.0;
    if (!(ticks > 1.5 && ticks < 11.5)) fail_msg("%g..%g: %g ticks", low, high, ticks);
    double slack = 1e-9 * (axis.high - axis.low), mantissa = axis.step / pow(10.0, floor(log10(axis.step) + 1e-9));
    if (fabs(low) <= 1e300 && fabs(high) <= 1e300 && low <= high)
        if (axis.low > low + slack || axis.high < high - slack)
            fail_msg("%g..%g is not in %g..%g", low, high, axis.low, axis.high);
    if (fabs(mantissa - 1) > 1e-6 && fabs(mantissa - 2) > 1e-6 && fabs(mantissa - 5) > 1e-6)
        fail_msg("%g..%g: step %.17g", low, high, axis.step);
}

static void every_range_has_few_round_ticks(void **state) {
    (void)state;
    for (int power = -30; power <= 30; power++)
        for (double first = 1.0; first < 10.0; first += 0.37) {
            double value = first * pow(10.0, power);
            check(0, value);
            check(-value, value);
            check(-value, 0);
            check(value, value); /* no width at all */
            check(-value, -value);
            check(value, value * 1.0000001);
            check(value, 1e30);
            check(-1e30, value);
        }
    static const double odd[] = {0.0, -0.0, 1e-320, 1e300, 1.7e308, -1.7e308, NAN, INFINITY, -INFINITY};
    for (int i = 0; i < 9; i++)
        for (int j = 0; j < 9; j++)
            check(odd[i], odd[j]);
}

static void usual_axes(void **state) {
    (void)state;
    struct axis loss = axis_covering(0, 2.31), accuracy = axis_covering(31.8, 92.87);
    assert_true(loss.low == 0 && loss.high == 2.5 && loss.step == 0.5);
    assert_true(accuracy.low == 30 && accuracy.high == 100 && accuracy.step == 10);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_range_has_few_round_ticks), cmocka_unit_test(usual_axes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
