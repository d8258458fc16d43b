/* SPDX-License-Identifier: MIT */
#include "model/prefix.h"

#include "base/memory.h"
#include "model/layer.h"

#include <string.h>

/* Marks a node and all that it is made of. */
static void find_ancestors(const struct graph *graph, size_t node, bool *ancestors) {
    memset(ancestors, 0, graph->count * sizeof *ancestors);
    ancestors[node] = true;
    for (size_t i = node + 1; i-- > 0;) {
        for (size_t k = 0; ancestors[i] && k < graph->nodes[i].input_count; k++)
            ancestors[graph->nodes[i].inputs[k]] = true;
    }
}

static void find_fixed(const struct graph *graph, bool *fixed) {
    fixed[0] = true;
    for (size_t i = 1; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        fixed[i] = node->frozen || (node->parameter_count == 0 && node->type != &layer_dropout);
        for (size_t k = 0; k < node->input_count; k++)
            fixed[i] = fixed[i] && fixed[node->inputs[k]];
    }
}

/* Some values are never made by themselves: a convolution takes in the padding before it, in inference the normalization
 * behind it; a final softmax is left to the loss. */
static bool stands_for_itself(const struct graph *graph, size_t index) {
    const struct layer_type *type = graph->nodes[index].type;
    const bool folded = type == &layer_conv2d || type == &layer_depthwise_conv2d || type == &layer_dense;
    if (type == &layer_zero_padding2d || type == &layer_softmax || type == &layer_activation) {
        const enum unary_function function = graph->nodes[index].config.activation.activation.function;
        return type == &layer_activation && function != UNARY_SOFTMAX && function != UNARY_SIGMOID;
    }
    for (size_t i = index + 1; folded && i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].input_count; k++) {
            if (graph->nodes[i].inputs[k] == index && graph->nodes[i].type == &layer_batch_normalization) return false;
        }
    }
    return true;
}

static bool can_be_cut(const struct graph *graph, const bool *fixed, size_t cut, bool *ancestors) {
    if (cut == 0 || cut == graph->count - 1 || !fixed[cut] || !stands_for_itself(graph, cut)) return false;
    find_ancestors(graph, cut, ancestors);
    if (!ancestors[0]) return false;
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; !ancestors[i] && k < graph->nodes[i].input_count; k++) {
            const size_t input = graph->nodes[i].inputs[k];
            if (ancestors[input] && input != cut) return false;
        }
    }
    return !ancestors[graph->count - 1];
}

static size_t find_cut(const struct graph *graph, bool *fixed, bool *ancestors) {
    size_t cut = graph->count - 1;
    find_fixed(graph, fixed);
    while (cut > 0 && !can_be_cut(graph, fixed, cut, ancestors))
        cut--;
    while (cut > 0 && graph->nodes[cut].parameter_count == 0 && graph->nodes[cut].input_count == 1) {
        const size_t before = graph->nodes[cut].inputs[0];
        if (shape_size(&graph->nodes[before].shape) >= shape_size(&graph->nodes[cut].shape) ||
            !can_be_cut(graph, fixed, before, ancestors))
            break;
        cut = before;
    }
    return cut;
}

size_t graph_frozen_prefix(const struct graph *graph) {
    bool *marks = memory_allocate(2 * graph->count, sizeof *marks);
    const size_t cut = marks ? find_cut(graph, marks, marks + graph->count) : 0;
    memory_free(marks);
    return cut;
}

static ocellus_status copy_node(const struct graph *from, size_t index, size_t *places, struct graph *graph) {
    const struct node *node = &from->nodes[index];
    size_t *inputs = memory_allocate(node->input_count + 1, sizeof *inputs);
    if (!inputs) return OCELLUS_IO;
    for (size_t k = 0; k < node->input_count; k++)
        inputs[k] = places[node->inputs[k]];
    const ocellus_status status =
        graph_add(graph, node->type, node->name, node->path, &node->config, inputs, node->input_count, &places[index]);
    memory_free(inputs);
    return status;
}

static ocellus_status build(const struct graph *from, size_t cut, bool *wanted, size_t *places, struct graph *graph) {
    find_ancestors(from, cut, wanted);
    for (size_t i = 0; i <= cut; i++) {
        if (wanted[i]) TRY(copy_node(from, i, places, graph));
    }
    const size_t last = graph->count - 1;
    /* Behind a sigmoid that ended a network there would be a loss in its place. */
    const union layer_config any = {.activation = {.activation = {.function = UNARY_TANH}}};
    return graph_output_shape(graph)->rank == 1
               ? graph_add(graph, &layer_activation, NULL, NULL, &any, &last, 1, NULL)
               : graph_add(graph, &layer_global_average_pooling2d, NULL, NULL, NULL, &last, 1, NULL);
}

ocellus_status graph_prefix(const struct graph *graph, size_t cut, struct graph **prefix) {
    struct graph *made = NULL;
    TRY(graph_create(graph->name, &made));
    made->preprocessing = graph->preprocessing;
    made->resize = graph->resize;
    made->jpeg_scaled = graph->jpeg_scaled;
    bool *wanted = memory_allocate(graph->count, sizeof *wanted);
    size_t *places = memory_allocate(graph->count, sizeof *places);
    const ocellus_status status = wanted && places ? build(graph, cut, wanted, places, made) : OCELLUS_IO;
    memory_free(wanted);
    memory_free(places);
    if (status == OCELLUS_OK) *prefix = made;
    else graph_free(made);
    return status;
}
