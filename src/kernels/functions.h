/* SPDX-License-Identifier: MIT */
/* Smooth functions of one value, in double: the same bits whatever the C library. NaN gives NaN, infinities give the
 * limits. The relative error of each is below 2e-15 where no other is said, subnormal results aside. */
#ifndef KERNELS_FUNCTIONS_H
#define KERNELS_FUNCTIONS_H

double function_sigmoid(double x); /* 1 / (1 + exp(-x)) */
double function_sigmoid_derivative(double x);
double function_tanh(double x);
double function_tanh_derivative(double x);
/* x * sigmoid(x). The derivative changes sign: its error is 1e-15 of 1, or of itself where that is greater. */
double function_swish(double x);
double function_swish_derivative(double x);
/* x * P(x), P the normal distribution (1 + erf(x / sqrt 2)) / 2. The derivative P(x) + x p(x) as swish's. */
double function_gelu(double x);
double function_gelu_derivative(double x);

#endif
