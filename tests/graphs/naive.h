/* SPDX-License-Identifier: MIT */
/* Inference as Keras defines it, in double, layer by layer; and how far off float arithmetic may be. */
#ifndef GRAPHS_NAIVE_H
#define GRAPHS_NAIVE_H

#include "model/layer.h"

#include <stddef.h>

/* A value of one image, dense, and beside each number the most by which float arithmetic may have missed it. */
struct naive_value {
    size_t h, w, c; /* vectors are 1 x 1 x features */
    double *numbers, *bounds;
};

/* Parameters by node, in the node's order. */
struct naive_parameters {
    float *values[GRAPH_MAX_PARAMETERS];
};

/* One image through the graph up to its last layer; a softmax there is left out. values[graph->count] are the caller's to
 * free with naive_free(), also after a failure; false for a layer that is not known here, or no memory. */
bool naive_forward(const struct graph *graph, const struct naive_parameters *parameters, const float *image,
                   struct naive_value *values);
void naive_free(const struct graph *graph, struct naive_value *values);

#endif
