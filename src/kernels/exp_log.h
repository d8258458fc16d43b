/* SPDX-License-Identifier: MIT */
/* exp and log of our own: the same bits whatever the C library. */
#ifndef KERNELS_EXP_LOG_H
#define KERNELS_EXP_LOG_H

#include "kernels/kernels.h"

/* Computed in double to a relative error of about 4e-16, then rounded once to real: within 0.51 ULP in float.
 * Limits as in C: exp(-inf) = 0, log(0) = -inf, log of a negative number is NaN, NaN gives NaN. */
real kernel_exp(real x);
real kernel_log(real x);

/* The same in double, and exp(x) - 1 and log(1 + x), which keep their relative error near 0: about 1e-15. */
double exp_double(double x);
double expm1_double(double x);
double log_double(double x);
double log1p_double(double x);

#endif
