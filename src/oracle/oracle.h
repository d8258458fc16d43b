/* SPDX-License-Identifier: MIT */
/* A network's values by the definition: one operation after another, each over the whole batch, each with memory of its
 * own for its output and its gradient. Nothing is planned, fused, folded or made again, and nothing is fast: it is here
 * to be obviously right, and to judge engines that are not. Compiled in float and, from the same files, in double
 * (OCELLUS_REAL_DOUBLE, names.h). Serial; one thread at a time.
 *
 * Values are dense, NHWC, [n][shape of the operation]. The numbers may be read between any two calls. */
#ifndef ORACLE_ORACLE_H
#define ORACLE_ORACLE_H

#include "base/real.h"
#include "engine/engine.h"
#include "model/lowered.h"
#include "oracle/operations.h"

struct oracle_value {
    real *raw, *values; /* before and after the activation of a convolution or a dense layer; else the same memory */
    real *gradient;     /* of the loss, by `values` */
    real *diff_raw;     /* by `raw` */
    real *statistics;   /* NORMALIZATION: mean and biased variance of its input, [2][c]; else NULL */
};

struct oracle_parameter {
    real *values, *gradient;
};

struct oracle {
    const struct lowered *lowered;
    size_t batch_size, n; /* images: at most; of the last forward pass */
    enum engine_mode mode;
    struct oracle_place place;
    struct oracle_value *operations; /* [lowered->count]; operations[0].values is the input, the caller's to write */
    struct oracle_parameter *parameters; /* [lowered->parameter_count]; values the caller's to write */
    /* For the calls: pointers to inputs, and as many values as the largest kernel. */
    const real **src;
    real **diff_src, *scratch;
    size_t most_inputs;
};

/* `lowered` must outlive the oracle. Parameters are 0. OCELLUS_IO without memory. */
ocellus_status oracle_open(const struct lowered *lowered, size_t batch_size, struct oracle **oracle);
void oracle_close(struct oracle *oracle);

/* Of the first n images of the input. Only ENGINE_TRAINING moves moving statistics and drops what Dropout drops. */
void oracle_forward(struct oracle *oracle, enum engine_mode mode, struct oracle_place place, size_t n);
/* All gradients, from the logits'; the other form from any operation's, which the caller has written. Every value before
 * it gets one, also where nothing is trained. */
void oracle_backward(struct oracle *oracle);
void oracle_backward_from(struct oracle *oracle, size_t operation);

/* An operation's call with the oracle's own memory; `src` and `diff_src` are given, of input_count elements. */
struct oracle_call oracle_call_of(const struct oracle *oracle, size_t operation, const real **src, real **diff_src);

#endif
