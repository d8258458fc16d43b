/* SPDX-License-Identifier: MIT */
/* The summary of a model: the table as Keras 3 prints that of an uncompiled model at 80 columns, and as JSON. */
#ifndef MODEL_SUMMARY_H
#define MODEL_SUMMARY_H

#include "base/json.h"
#include "base/text.h"
#include "model/graph.h"

struct summary_options {
    bool expand_nested; /* the layers of nested models below their row */
};

/* Appends the title, the table and the totals, each line ended; out->failed tells of missing memory. A graph that
 * branches outside its nested models has a fourth column, "Connected to", as in Keras. */
void graph_summary(const struct graph *graph, const struct summary_options *options, struct text *out);

/* {"name", "layers": [{"name", "type", "path", "shape": [null, 30, 30, 32], "params", "connected_to": [..]}, ..],
 * "total": {"params", "bytes"}, "trainable": {..}, "non_trainable": {..}}: the rows of the table and the InputLayer.
 * NULL without memory. */
json_value *graph_summary_json(const struct graph *graph, const struct summary_options *options);

#endif
