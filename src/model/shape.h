/* SPDX-License-Identifier: MIT */
/* The shapes of values and parameters, and their limits. */
#ifndef MODEL_SHAPE_H
#define MODEL_SHAPE_H

#include "base/json.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRAPH_MAX_RANK = 4 };
/* Every dimension and every number of a configuration is at most GRAPH_MAX_DIMENSION, and every tensor holds at most
 * GRAPH_MAX_VALUES values: sums over a graph and sizes in bytes then fit in a size_t. */
#define GRAPH_MAX_DIMENSION ((int64_t)INT32_MAX)
#define GRAPH_MAX_VALUES    ((size_t)1 << 40)

/* Without the batch: (h, w, c) for images, (features) for vectors. A parameter's shape has its own meaning of dims. */
struct shape {
    size_t rank;
    int64_t dims[GRAPH_MAX_RANK];
};
size_t shape_size(const struct shape *shape); /* values; shapes in a graph were checked not to overflow */
bool shape_equal(const struct shape *a, const struct shape *b);
/* "(30, 30, 32)", or with a batch "(None, 30, 30, 32)". */
enum { SHAPE_TEXT_SIZE = 96 };
void shape_text(const struct shape *shape, bool batch, char out[SHAPE_TEXT_SIZE]);

json_value *shape_to_json(const struct shape *shape); /* with a batch: [null, 30, 30, 32]; NULL without memory */

#endif
