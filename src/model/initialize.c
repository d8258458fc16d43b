/* SPDX-License-Identifier: MIT */
/* Initial values of parameters, as Keras chooses them. */
#include "model/initialize.h"

#include "base/random.h"
#include "model/graph.h"

#include <math.h>
#include <string.h>

/* The parameter's number among all parameters of the graph, in order: its place. */
static bool find_parameter(const struct graph *graph, const char *name, const struct parameter **found,
                           uint32_t *place) {
    *place = 0;
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++, ++*place) {
            *found = &graph->nodes[i].parameters[k];
            if (strcmp((*found)->name, name) == 0) return true;
        }
    }
    return false;
}

ocellus_status graph_initial_values(const struct graph *graph, const char *parameter, uint64_t seed, float *values) {
    const struct parameter *found;
    uint32_t place;
    if (!find_parameter(graph, parameter, &found, &place))
        return fail(OCELLUS_USAGE, "%s: %s: there is no such parameter", graph->name, parameter);
    const size_t count = shape_size(&found->shape);
    if (found->initializer == INITIAL_GLOROT_UNIFORM) {
        struct random_stream stream = random_at(seed, RANDOM_INITIAL_WEIGHTS, 0, place);
        const double limit = sqrt(6.0 / ((double)found->fan_in + (double)found->fan_out));
        for (size_t i = 0; i < count; i++)
            values[i] = (float)((2.0 * (double)random_unit(&stream) - 1.0) * limit);
    } else {
        const float value = found->initializer == INITIAL_ONES ? 1.0F : 0.0F;
        for (size_t i = 0; i < count; i++)
            values[i] = value;
    }
    return OCELLUS_OK;
}
