/* SPDX-License-Identifier: MIT */
/* The operators there are. */
#include "engine/operator.h"

extern const struct operation_type operator_convolution, operator_depthwise, operator_dense, operator_normalization,
    operator_unary, operator_add, operator_multiply, operator_concatenate, operator_max_pool, operator_average_pool,
    operator_global_average, operator_pad, operator_upsample, operator_reshape, operator_dropout;

/* The network's input is there before any task runs. */
static const struct operation_type operator_input;

const struct operation_type *const engine_operators[OPERATION_KINDS] = {
    [OPERATION_INPUT] = &operator_input,
    [OPERATION_CONVOLUTION] = &operator_convolution,
    [OPERATION_DEPTHWISE] = &operator_depthwise,
    [OPERATION_DENSE] = &operator_dense,
    [OPERATION_NORMALIZATION] = &operator_normalization,
    [OPERATION_UNARY] = &operator_unary,
    [OPERATION_ADD] = &operator_add,
    [OPERATION_MULTIPLY] = &operator_multiply,
    [OPERATION_CONCATENATE] = &operator_concatenate,
    [OPERATION_MAX_POOL] = &operator_max_pool,
    [OPERATION_AVERAGE_POOL] = &operator_average_pool,
    [OPERATION_GLOBAL_AVERAGE] = &operator_global_average,
    [OPERATION_PAD] = &operator_pad,
    [OPERATION_UPSAMPLE] = &operator_upsample,
    [OPERATION_RESHAPE] = &operator_reshape,
    [OPERATION_DROPOUT] = &operator_dropout,
};
