/* SPDX-License-Identifier: MIT */
/* Functions of mathematics that are the same to the last bit on every machine: + - * / of IEEE doubles alone, in a fixed
 * order (the build forbids contracting them), where those of two C libraries differ. For what is drawn at random, a few times a
 * picture: tens of nanoseconds each. Errors as measured in tests/unit/test_base_portable.c. */
#ifndef BASE_PORTABLE_H
#define BASE_PORTABLE_H

/* Of a finite x: relative error below 1e-14; 0 below -700, and what exp(700) is above. */
double portable_exp(double x);
/* Natural logarithm of a normal x > 0: relative error below 1e-14. */
double portable_log(double x);
/* Of an angle in degrees, up to 360 either way: absolute error below 1e-15, exact at multiples of 90. */
double portable_sine(double degrees);
double portable_cosine(double degrees);

#endif
