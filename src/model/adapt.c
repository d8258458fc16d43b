/* SPDX-License-Identifier: MIT */
#include "model/adapt.h"

#include "model/layer.h"

/* The last node with parameters; 0, which has none, without any. */
static size_t last_with_parameters(const struct graph *graph) {
    size_t last = graph->count - 1;
    while (last > 0 && graph->nodes[last].parameter_count == 0)
        last--;
    return last;
}

static bool ends_in_probabilities(const struct graph *graph) {
    const struct node *last = &graph->nodes[graph->count - 1];
    if (last->type == &layer_softmax) return true;
    const enum unary_function function = last->config.activation.activation.function;
    return last->type == &layer_activation && (function == UNARY_SOFTMAX || function == UNARY_SIGMOID);
}

/* The node of `from` that classifies and can be made over; its count where there is none. */
static size_t find_head(const struct graph *from) {
    const size_t last = last_with_parameters(from);
    const bool is_head =
        from->nodes[last].type == &layer_dense && shape_equal(&from->nodes[last].shape, graph_output_shape(from));
    return is_head ? last : from->count;
}

static ocellus_status copy_node(const struct graph *from, size_t index, const struct adapt_wish *wish, bool is_head,
                                struct graph *graph) {
    const struct node *node = &from->nodes[index];
    union layer_config config = node->config;
    if (index == 0) {
        struct shape *input = &config.input_layer.shape;
        if (input->rank != 3)
            return fail(OCELLUS_USAGE, "%s: its input takes no pictures (expected 3 dimensions, got %zu)", from->name,
                        input->rank);
        if (wish->side > 0) input->dims[0] = input->dims[1] = (int64_t)wish->side;
    }
    if (is_head) config.dense.units = (int64_t)wish->classes;
    return graph_add(graph, node->type, node->name, node->path, &config, node->inputs, node->input_count, NULL);
}

static ocellus_status check_values(const struct graph *from, const struct graph *graph, size_t head, size_t side) {
    for (size_t i = 0; i < from->count; i++) {
        const struct node *old = &from->nodes[i], *new = &graph->nodes[i];
        for (size_t k = 0; i != head && k < old->parameter_count; k++) {
            char there[SHAPE_TEXT_SIZE], here[SHAPE_TEXT_SIZE];
            if (shape_equal(&old->parameters[k].shape, &new->parameters[k].shape)) continue;
            shape_text(&old->parameters[k].shape, false, there);
            shape_text(&new->parameters[k].shape, false, here);
            return fail(OCELLUS_USAGE,
                        "%s: input_size: %s depends on the size of the pictures (expected %s, got %s for %zu)",
                        from->name, old->parameters[k].name, there, here, side);
        }
    }
    return OCELLUS_OK;
}

/* On features. */
static ocellus_status append_head(struct graph *graph, size_t classes) {
    size_t node = graph->count - 1;
    const union layer_config dense = {
        .dense = {.units = (int64_t)classes, .activation = {.function = UNARY_SOFTMAX}, .use_bias = true}};
    if (graph_output_shape(graph)->rank == 3)
        TRY(graph_add(graph, &layer_global_average_pooling2d, NULL, NULL, NULL, &node, 1, &node));
    const char *name = graph_node(graph, "predictions") ? NULL : "predictions";
    return graph_add(graph, &layer_dense, name, NULL, &dense, &node, 1, NULL);
}

static ocellus_status build(const struct graph *from, const struct adapt_wish *wish, struct graph *graph,
                            size_t *head) {
    const struct shape *output = graph_output_shape(from);
    const size_t found = find_head(from);
    const bool same = output->rank == 1 && shape_size(output) == wish->classes;
    const bool anew = found < from->count && (!same || wish->new_head);
    for (size_t i = 0; i < from->count; i++)
        TRY(copy_node(from, i, wish, i == found, graph));
    *head = anew ? found : from->count;
    TRY(check_values(from, graph, anew ? found : from->count, wish->side));
    if (found < from->count || (same && ends_in_probabilities(from))) return OCELLUS_OK;
    if (ends_in_probabilities(from))
        return fail(OCELLUS_USAGE, "%s: its classes cannot be changed: no Dense layer ends it (expected %zu, got %zu)",
                    from->name, wish->classes, shape_size(output));
    TRY(append_head(graph, wish->classes));
    *head = graph->count - 1;
    return OCELLUS_OK;
}

ocellus_status graph_adapt(const struct graph *from, const struct adapt_wish *wish, struct graph **graph,
                           size_t *head) {
    struct graph *made;
    TRY(graph_create(from->name, &made));
    made->sequential = from->sequential;
    made->preprocessing = from->preprocessing;
    made->resize = from->resize;
    made->jpeg_scaled = from->jpeg_scaled;
    const ocellus_status status = build(from, wish, made, head);
    if (status == OCELLUS_OK) *graph = made;
    else graph_free(made);
    return status;
}
