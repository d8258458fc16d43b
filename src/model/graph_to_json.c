/* SPDX-License-Identifier: MIT */
/* The graph as Keras 3's JSON. Values that a nested model takes from outside enter it through an InputLayer of its own,
 * which the graph does not have. */
#include "model/graph_to_json.h"

#include "model/graph.h"
#include "model/layer.h"

#include <stdio.h>
#include <string.h>

static bool set_text(json_value *map, const char *key, const char *text) {
    return json_set(map, key, json_new_text(text));
}

/* ["name", 0, 0]: the first output of a layer's only use. */
static json_value *history(const char *name) {
    json_value *list = json_new_list();
    if (list && json_append(list, json_new_text(name)) && json_append(list, json_new_integer(0)) &&
        json_append(list, json_new_integer(0)))
        return list;
    json_release(list);
    return NULL;
}

/* A member that is a new, empty map or list; NULL without memory. */
static json_value *set_new(json_value *map, const char *key, json_value *child) {
    return json_set(map, key, child) ? child : NULL;
}
static json_value *append_new(json_value *list, json_value *child) {
    return json_append(list, child) ? child : NULL;
}

/* A layer or model: {"module", "class_name", "config": {"name", "trainable", "dtype"}, "registered_name"}; the config. */
static json_value *describe(json_value *map, const char *module, const char *class_name, const char *name,
                            bool trainable) {
    json_value *config = NULL;
    const bool good = map && set_text(map, "module", module) && set_text(map, "class_name", class_name) &&
                      (config = set_new(map, "config", json_new_map())) && set_text(config, "name", name) &&
                      json_set(config, "trainable", json_new_bool(trainable)) && set_text(config, "dtype", "float32") &&
                      json_set(map, "registered_name", json_new_null());
    return good ? config : NULL;
}

/* The part of the graph that one Keras model holds. */
struct part {
    const struct graph *graph;
    size_t first, end;
    const char *input_name; /* of a nested model's own InputLayer; NULL at the top */
};

static bool append_tensor(json_value *arguments, const char *name, const struct shape *shape) {
    json_value *tensor = append_new(arguments, json_new_map());
    if (!tensor || !set_text(tensor, "class_name", "__keras_tensor__")) return false;
    json_value *config = set_new(tensor, "config", json_new_map());
    return config && json_set(config, "shape", shape_to_json(shape)) && set_text(config, "dtype", "float32") &&
           json_set(config, "keras_history", history(name));
}

/* "inbound_nodes" of a layer in a Functional model: one call with one tensor, or with a list of them. */
static bool set_inbound(json_value *layer, const struct part *part, const struct node *node, size_t count) {
    json_value *nodes = set_new(layer, "inbound_nodes", json_new_list());
    if (!nodes || count == 0) return nodes != NULL;
    json_value *call = append_new(nodes, json_new_map());
    json_value *arguments = call ? set_new(call, "args", json_new_list()) : NULL;
    if (!arguments || !json_set(call, "kwargs", json_new_map())) return false;
    if (count > 1 && !(arguments = append_new(arguments, json_new_list()))) return false;
    for (size_t i = 0; i < count; i++) {
        const struct node *input = &part->graph->nodes[node->inputs[i]];
        const bool outside = node->inputs[i] < part->first;
        const char *name = outside ? part->input_name : *input->path && !part->input_name ? input->path : input->name;
        if (!append_tensor(arguments, name, &input->shape)) return false;
    }
    return true;
}

static bool write_model(json_value *map, const struct part *part, const char *name, const char *class_name);

/* An InputLayer's name that no node has. */
static void free_input_name(const struct graph *graph, const char *path, char out[2 * GRAPH_NAME_SIZE]) {
    snprintf(out, 2 * GRAPH_NAME_SIZE, "%s_input", path);
    for (size_t i = 1; graph_node(graph, out); i++)
        snprintf(out, 2 * GRAPH_NAME_SIZE, "%s_input_%zu", path, i);
}

static bool write_nested(json_value *layer, const struct graph *graph, size_t first, size_t end) {
    char input_name[2 * GRAPH_NAME_SIZE];
    free_input_name(graph, graph->nodes[first].path, input_name);
    const struct part part = {graph, first, end, input_name};
    return write_model(layer, &part, graph->nodes[first].path, "Functional");
}

static bool write_layer(json_value *layer, const struct node *node) {
    json_value *config = describe(layer, "keras.layers", node->type->class_name, node->name, !node->frozen);
    return config && (!node->type->write_config || node->type->write_config(node, config));
}

/* Appends the layer that begins at node `first`: the node, or at the top level the nested model. */
static bool append_layer(json_value *layers, const struct part *part, size_t first, size_t end, bool functional) {
    const struct graph *graph = part->graph;
    const struct node *node = &graph->nodes[first];
    const bool nested = *node->path && !part->input_name;
    json_value *layer = append_new(layers, json_new_map());
    if (!layer || !(nested ? write_nested(layer, graph, first, end) : write_layer(layer, node))) return false;
    if (!functional) return true;
    return set_text(layer, "name", nested ? node->path : node->name) &&
           set_inbound(layer, part, node, nested ? 1 : node->input_count);
}

/* A nested model's own InputLayer. */
static bool append_input(json_value *layers, const struct part *part) {
    const struct node *source = &part->graph->nodes[part->graph->nodes[part->first].inputs[0]];
    json_value *layer = append_new(layers, json_new_map());
    json_value *config = layer ? describe(layer, "keras.layers", "InputLayer", part->input_name, true) : NULL;
    return config && json_set(config, "batch_shape", shape_to_json(&source->shape)) &&
           set_text(layer, "name", part->input_name) && set_inbound(layer, part, NULL, 0);
}

static bool write_model(json_value *map, const struct part *part, const char *name, const char *class_name) {
    const struct graph *graph = part->graph;
    const bool functional = strcmp(class_name, "Functional") == 0;
    json_value *config = describe(map, "keras", class_name, name, true);
    json_value *layers = config ? set_new(config, "layers", json_new_list()) : NULL;
    if (!layers || (part->input_name && !append_input(layers, part))) return false;
    const char *output = NULL;
    for (size_t first = part->first, end; first < part->end; first = end) {
        end = part->input_name ? first + 1 : graph_nested_end(graph, first);
        if (!append_layer(layers, part, first, end, functional)) return false;
        output = *graph->nodes[first].path && !part->input_name ? graph->nodes[first].path : graph->nodes[first].name;
    }
    if (!functional) return json_set(config, "build_input_shape", shape_to_json(graph_input_shape(graph)));
    const char *input = part->input_name ? part->input_name : graph->nodes[part->first].name;
    json_value *inputs = set_new(config, "input_layers", json_new_list());
    json_value *outputs = set_new(config, "output_layers", json_new_list());
    return inputs && outputs && json_append(inputs, history(input)) && json_append(outputs, history(output));
}

ocellus_status graph_to_json(const struct graph *graph, json_value **json) {
    json_value *root = json_new_map();
    const struct part part = {graph, 0, graph->count, NULL};
    if (!root || !write_model(root, &part, graph->name, graph->sequential ? "Sequential" : "Functional")) {
        json_release(root);
        return OCELLUS_IO;
    }
    *json = root;
    return OCELLUS_OK;
}
