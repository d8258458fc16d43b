/* SPDX-License-Identifier: MIT */
/* The functions of one value that networks apply: a word that models and kernels share. Formulas as in Keras 3. */
#ifndef BASE_UNARY_H
#define BASE_UNARY_H

enum unary_function {
    UNARY_LINEAR,       /* x */
    UNARY_RELU,         /* x < 0 ? negative_slope * x : min(x, max_value) */
    UNARY_SIGMOID,      /* 1 / (1 + exp(-x)) */
    UNARY_TANH,         /* tanh x */
    UNARY_SWISH,        /* x * sigmoid(x): "silu" */
    UNARY_HARD_SIGMOID, /* min(max(x + 3, 0), 6) / 6 */
    UNARY_HARD_SWISH,   /* x * hard_sigmoid(x): "hard_silu" */
    UNARY_GELU,         /* x / 2 * (1 + erf(x / sqrt 2)) */
    UNARY_ELU,          /* x < 0 ? alpha * (exp(x) - 1) : x */
    UNARY_SOFTMAX,      /* of a vector; at the end of a network alone, where the loss takes it in */
    UNARY_FUNCTIONS
};

struct unary {
    enum unary_function function;
    double negative_slope; /* RELU */
    double max_value;      /* RELU; 0 is no maximum */
    double alpha;          /* ELU */
};

#endif
