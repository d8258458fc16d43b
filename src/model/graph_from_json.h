/* SPDX-License-Identifier: MIT */
/* A graph from JSON. */
#ifndef MODEL_GRAPH_FROM_JSON_H
#define MODEL_GRAPH_FROM_JSON_H

#include "base/json.h"
#include "model/graph.h"

/* And back, also from older Keras and from the "modelTopology" of TensorFlow.js: class "Model", batch_input_shape,
 * inbound nodes as nested lists; names stay the file's. Names `source` and the layer in what it refuses
 * (OCELLUS_BAD_CONTENT): unknown classes and inputs, cycles, names used twice, layers used twice or by nothing, more than
 * one input or output, models nested deeper than one level, shapes that do not fit. Preprocessing and class names are
 * not part of Keras's JSON. */
ocellus_status graph_from_json(const json_value *json, const char *source, struct graph **graph);

#endif
