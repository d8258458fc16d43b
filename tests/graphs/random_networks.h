/* SPDX-License-Identifier: MIT */
#ifndef GRAPHS_RANDOM_NETWORKS_H
#define GRAPHS_RANDOM_NETWORKS_H

#include "model/graph.h"

#include <stddef.h>
#include <stdint.h>

/* Network number `number` of all there are, always the same one, for the caller to free; *images gets its batch. */
ocellus_status random_network(uint32_t number, struct graph **graph, size_t *images);

/* A dense layer or a global pooling stands before a layer of images: values must outlive what comes between. */
bool has_early_vector(const struct graph *graph);

#endif
