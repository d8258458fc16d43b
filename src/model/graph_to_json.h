/* SPDX-License-Identifier: MIT */
/* A graph to JSON. */
#ifndef MODEL_GRAPH_TO_JSON_H
#define MODEL_GRAPH_TO_JSON_H

#include "base/json.h"
#include "model/graph.h"

/* The graph as Keras 3 writes a Sequential or Functional model ({"class_name": ..., "config": {...}}). */
ocellus_status graph_to_json(const struct graph *graph, json_value **json);

#endif
