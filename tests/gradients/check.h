/* SPDX-License-Identifier: MIT */
/* Gradients against finite differences, in double. */
#ifndef GRADIENTS_CHECK_H
#define GRADIENTS_CHECK_H

#include "engine/engine.h"

/* What is checked, and how. */
struct gradient_case {
    const char *name;
    ocellus_status (*build)(struct graph *graph, size_t *newest); /* adds nodes after *newest, the input at first */
    int64_t input[3];                                             /* h, w, c */
    size_t n;                                                     /* images */
    const char *frozen;                                           /* pattern of frozen nodes, or NULL */
    size_t samples;                                               /* elements of each gradient; 0: all */
};

/* Puts Flatten (when needed) and a Dense layer with softmax on what build() made, and checks every element of every
 * gradient. Ends the test with a message when one is wrong. */
void check_case(const struct gradient_case *checked);

/* What came out, over all elements checked. */
struct outcome {
    size_t checked, skipped, large; /* at kinks; above the size from which the tolerance is relative */
    double worst;                   /* error over tolerance */
};

/* Checks `samples` elements (0: all) of every gradient of this graph, whose output is a softmax, on n images. */
struct outcome check_graph(const struct graph *graph, size_t n, size_t samples);

/* Prints the outcome, and ends the test when there were many kinks or when most gradients vanish: such a test would
 * prove nothing. */
void check_outcome(const char *name, const struct outcome *outcome);

#endif
