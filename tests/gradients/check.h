/* SPDX-License-Identifier: MIT */
/* The oracle's gradients against finite differences, in double. */
#ifndef GRADIENTS_CHECK_H
#define GRADIENTS_CHECK_H

#include "model/graph.h"

/* What came out, over all elements checked. */
struct outcome {
    size_t checked, skipped, large; /* at kinks; above the size from which the tolerance is relative */
    double worst;                   /* error over tolerance */
};

/* Checks `samples` elements (0: all) of the gradient of every trained parameter and of the input, on n images: with
 * labels, and a few once more with shares, weights and smoothing. Ends the test with a message when one is wrong. */
struct outcome check_graph(const struct graph *graph, size_t n, size_t samples);

/* Prints the outcome, and ends the test when there were many kinks or when most gradients vanish: such a test would
 * prove nothing. */
void check_outcome(const char *name, const struct outcome *outcome);

#endif
