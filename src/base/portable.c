/* SPDX-License-Identifier: MIT */
#include "base/portable.h"

#include <float.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles are computed as doubles");

/* ln 2 in two parts: a multiple k < 2^11 of the first is exact. */
#define LN2_HIGH 0x1.62e42fefap-1
#define LN2_LOW  0x1.cf79abc9e3b3ap-40

/* By powers of two, each exact. */
static double scale(double x, int exponent) {
    for (; exponent > 0; exponent--)
        x *= 2;
    for (; exponent < 0; exponent++)
        x /= 2;
    return x;
}

/* exp(x) = 2^k exp(r), |r| <= ln(2) / 2, where 14 terms of Taylor's series suffice. */
double portable_exp(double x) {
    if (x < -700) return 0;
    if (x > 700) x = 700;
    const double turns = x / (LN2_HIGH + LN2_LOW);
    const int k = (int)(turns < 0 ? turns - 0.5 : turns + 0.5);
    const double r = x - k * LN2_HIGH - k * LN2_LOW;
    double sum = 1;
    for (int n = 14; n > 0; n--)
        sum = 1 + sum * r / n;
    return scale(sum, k);
}

/* x = 2^k m, m in [2/3, 4/3]; log m = 2 artanh t, t = (m - 1) / (m + 1), |t| <= 1/5. */
double portable_log(double x) {
    int k = 0;
    for (; x > 4.0 / 3; k++)
        x /= 2;
    for (; x < 2.0 / 3; k--)
        x *= 2;
    const double t = (x - 1) / (x + 1), square = t * t;
    double sum = 0;
    for (int n = 23; n >= 1; n -= 2)
        sum = sum * square + 1.0 / n;
    return 2 * t * sum + k * LN2_LOW + k * LN2_HIGH;
}

/* Taylor's series of the sine and the cosine of x radians, |x| <= pi / 4. */
static double sine_near_zero(double x) {
    double sum = 1;
    for (int n = 18; n > 1; n -= 2)
        sum = 1 - sum * x * x / (n * (n + 1));
    return x * sum;
}

static double cosine_near_zero(double x) {
    double sum = 1;
    for (int n = 17; n > 0; n -= 2)
        sum = 1 - sum * x * x / (n * (n + 1));
    return sum;
}

/* The sine of `degrees` + 90 `quarters`: both are taken to the nearest multiple of 90, exactly. */
static double sine_of(double degrees, int quarters) {
    const int nearest = (int)(degrees / 90 + (degrees < 0 ? -0.5 : 0.5));
    const double x = (degrees - 90.0 * nearest) * 0x1.1df46a2529d39p-6; /* pi / 180 */
    switch ((unsigned)(nearest + quarters) & 3) {
    case 0:
        return sine_near_zero(x);
    case 1:
        return cosine_near_zero(x);
    case 2:
        return -sine_near_zero(x);
    default:
        return -cosine_near_zero(x);
    }
}

double portable_sine(double degrees) {
    return sine_of(degrees, 0);
}

double portable_cosine(double degrees) {
    return sine_of(degrees, 1);
}
