/* SPDX-License-Identifier: MIT */
/* Smooth functions of one value, written so that nothing cancels and nothing overflows. */
#include "kernels/functions.h"

#include "kernels/exp_log.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

double function_sigmoid(double x) {
    double e = exp_double(-fabs(x));
    return (x < 0 ? e : 1.0) / (1.0 + e);
}

double function_sigmoid_derivative(double x) {
    double e = exp_double(-fabs(x));
    return e / ((1.0 + e) * (1.0 + e));
}

/* (1 - exp(-2|x|)) / (1 + exp(-2|x|)), with the sign of x. */
double function_tanh(double x) {
    double e = expm1_double(-2.0 * fabs(x));
    return copysign(-e / (2.0 + e), x);
}

double function_tanh_derivative(double x) {
    return 4.0 * function_sigmoid_derivative(2.0 * x);
}

double function_swish(double x) {
    return x == -INFINITY ? 0.0 : x * function_sigmoid(x);
}

double function_swish_derivative(double x) {
    if (isinf(x)) return x > 0;
    return function_sigmoid(x) + x * function_sigmoid_derivative(x);
}

/* exp(-x^2 / 2). The square is split, since its rounding would be multiplied by the square itself: the high half of x
 * has an exact square. */
static double bell(double x) {
    uint64_t bits;
    double high;
    if (fabs(x) > 40) return isnan(x) ? x : 0.0;
    memcpy(&bits, &x, sizeof bits);
    bits &= ~(uint64_t)0x7ffffff;
    memcpy(&high, &bits, sizeof high);
    return exp_double(-0.5 * high * high) * exp_double(-0.5 * (x - high) * (x + high));
}

/* The normal distribution's tail beyond x >= 0. As M. M. Shepherd and J. G. Laframboise do for erfc ("Chebyshev approximation
 * of (1 + 2x) exp(x^2) erfc x in 0 <= x < infinity", Math. Comp. 36, 1981): a Chebyshev series in t = (x - 5) / (x + 5)
 * for tail(x) (1 + 2x) exp(x^2 / 2), which lies between 0.5 and 0.91. The coefficients were computed from these definitions
 * in 50 digits; what is left out is below 2^-55. */
static double normal_tail(double x) {
    static const double series[] = {
        0x1.89508b0288dcap-1,   0x1.6f3ddbf1ec6f8p-4,   -0x1.8dfffee1f43e5p-4,  0x1.b115944a03f3dp-5,
        -0x1.523edaa936a1cp-6,  0x1.956abdd7918d8p-8,   -0x1.73a80261333a3p-10, 0x1.e6da3aad87d87p-13,
        -0x1.569f348fbb41ep-16, -0x1.63106785e9394p-20, 0x1.6ef7b3abedcc7p-21,  -0x1.f8e07e6abba4dp-25,
        -0x1.8cfd0fef8c8cep-27, 0x1.82434775fb21cp-29,  0x1.f7dc6caf808cep-34,  -0x1.a779581b876a8p-34,
        0x1.9b4ecefa4f8d1p-40,  0x1.c819cc1cd7512p-39,  -0x1.4d6d5bd8864afp-43, -0x1.072a6e5ca0449p-43,
        0x1.d77b83d1eb10bp-48,  0x1.4c8fe0ff66043p-48,  -0x1.e24096bf1ad78p-53, -0x1.c5b39b9db763ep-53};
    const double t = (x - 5.0) / (x + 5.0);
    double next = 0.0, after = 0.0; /* Clenshaw's recurrence */
    for (size_t k = sizeof series / sizeof *series - 1; k > 0; k--) {
        double sum = series[k] + (2.0 * t * next - after);
        after = next;
        next = sum;
    }
    return bell(x) * (series[0] + (t * next - after)) / (1.0 + 2.0 * x);
}

static double normal_distribution(double x) {
    return x < 0 ? normal_tail(-x) : 1.0 - normal_tail(x);
}

double function_gelu(double x) {
    if (isinf(x)) return x > 0 ? x : 0.0;
    return x * normal_distribution(x);
}

double function_gelu_derivative(double x) {
    const double density = 0.3989422804014327; /* 1 / sqrt(2 pi) */
    if (isinf(x)) return x > 0;
    return normal_distribution(x) + x * (density * bell(x));
}
