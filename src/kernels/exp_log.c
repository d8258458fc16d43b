/* SPDX-License-Identifier: MIT */
/* exp and log in double: reduce to a small argument, then a polynomial whose terms beyond the last are below 2^-56. */
#include "kernels/exp_log.h"

#include <math.h>
#include <string.h>

/* ln 2 in two parts; the high one has 32 zero bits at its end, so that its product with an exponent is exact. */
static const double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;

/* 2^n for -1022 <= n <= 1023. */
static double power_of_two(int n) {
    uint64_t bits = (uint64_t)(n + 1023) << 52;
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* exp(r) - 1 = r (1 + r/2 (1 + r/3 (...))), |r| <= ln 2 / 2. */
static double expm1_series(double r) {
    double tail = 1.0;
    for (int k = 14; k > 1; k--)
        tail = 1.0 + r / k * tail;
    return r * tail;
}

double exp_double(double x) {
    if (isnan(x)) return x;
    if (x > 709.8) return INFINITY;
    if (x < -745.2) return 0.0;
    int n = (int)(x * 1.4426950408889634 + (x < 0 ? -0.5 : 0.5));
    double r = (x - n * ln2_high) - n * ln2_low;
    /* In two factors, so that both stay normal numbers and the last product rounds a subnormal result once. */
    return (1.0 + expm1_series(r)) * power_of_two(n / 2) * power_of_two(n - n / 2);
}

double expm1_double(double x) {
    return fabs(x) < 0.34 ? expm1_series(x) : exp_double(x) - 1.0;
}

double log_double(double x) {
    if (isnan(x) || x < 0) return NAN;
    if (x == 0) return -INFINITY;
    if (isinf(x)) return x;
    int exponent = 0;
    if (x < 0x1p-1022) {
        x *= 0x1p54;
        exponent = -54;
    }
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    exponent += (int)(bits >> 52) - 1023;
    bits = (bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
    double m; /* 1 <= m < 2, then sqrt(1/2) < m <= sqrt(2) */
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        exponent++;
    }
    /* log m = 2 artanh(s), written as f - (f^2/2 - s (f^2/2 + rest)) so that the leading term is exact. */
    double f = m - 1.0, s = f / (2.0 + f), square = s * s, rest = 0.0;
    for (int k = 25; k > 1; k -= 2)
        rest = square * (rest + 2.0 / k);
    double half = 0.5 * f * f;
    return exponent * ln2_high - ((half - (s * (half + rest) + exponent * ln2_low)) - f);
}

/* What 1 + x lost when it was rounded is made good by the factor (W. Kahan's, of the HP-15C). */
double log1p_double(double x) {
    double sum = 1.0 + x;
    return sum == 1.0 || sum == INFINITY ? x : log_double(sum) * (x / (sum - 1.0));
}

real kernel_exp(real x) {
    return (real)exp_double((double)x);
}
real kernel_log(real x) {
    return (real)log_double((double)x);
}
