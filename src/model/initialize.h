/* SPDX-License-Identifier: MIT */
/* The values that a parameter starts with. */
#ifndef MODEL_INITIALIZE_H
#define MODEL_INITIALIZE_H

#include "model/graph.h"

#include <stdint.h>

/* Fills `values` (shape_size of the parameter) with its initial values: a pure function of seed and the parameter's
 * place in the graph. */
ocellus_status graph_initial_values(const struct graph *graph, const char *parameter, uint64_t seed, float *values);

#endif
