/* SPDX-License-Identifier: MIT */
/* The part of a network that a training leaves as it is: a frozen prefix. */
#ifndef MODEL_PREFIX_H
#define MODEL_PREFIX_H

#include "model/graph.h"

/* The node at which the network can be cut: all before it and itself is the same in every step, as it is frozen or has no values
 * (and drops nothing at random), and through it alone the input reaches the output. The last such, or the one before it where
 * layers without values only make it larger. 0, the input, where there is none. */
size_t graph_frozen_prefix(const struct graph *graph);
/* A graph of the nodes that lead to `cut`, under their names. As a network must end in a vector, which may be no probability, one
 * more node that nobody needs stands behind it. */
ocellus_status graph_prefix(const struct graph *graph, size_t cut, struct graph **prefix);

#endif
