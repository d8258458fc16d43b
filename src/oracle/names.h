/* SPDX-License-Identifier: MIT */
/* The room is compiled twice from the same files; in one program the double one has other names. */
#ifndef ORACLE_NAMES_H
#define ORACLE_NAMES_H

#ifdef OCELLUS_REAL_DOUBLE
#define oracle_open          oracle_double_open
#define oracle_close         oracle_double_close
#define oracle_forward       oracle_double_forward
#define oracle_loss          oracle_double_loss
#define oracle_backward      oracle_double_backward
#define oracle_backward_from oracle_double_backward_from
#define oracle_probabilities oracle_double_probabilities
#define oracle_softmax       oracle_double_softmax
#define engine_oracle        engine_oracle_double
#define oracle_operations    oracle_double_operations
#define oracle_call_of       oracle_double_call_of
#define oracle_unary         oracle_double_unary
#define oracle_slope         oracle_double_slope
#define oracle_convolution   oracle_double_convolution
#define oracle_depthwise     oracle_double_depthwise
#define oracle_dense         oracle_double_dense
#define oracle_normalization oracle_double_normalization
#define oracle_max_pool      oracle_double_max_pool
#define oracle_average_pool  oracle_double_average_pool
#define oracle_pad           oracle_double_pad
#define oracle_upsample      oracle_double_upsample
#endif

#endif
