/* SPDX-License-Identifier: MIT */
/* A graph from Keras's JSON, of Keras 3 and older. The file is not trusted: every layer is looked at first, the order of
 * execution is found, and only then does graph_add() build and check the nodes. */
#include "model/graph_from_json.h"

#include "base/memory.h"
#include "model/graph.h"
#include "model/layer.h"
#include "model/registry.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A layer of one Keras model as the file gives it. */
struct entry {
    const char *name, *class_name;
    const json_value *config;
    const char **input_names;
    size_t *inputs; /* entries; later their nodes of the graph */
    size_t input_count, names_capacity;
    size_t node; /* of the graph, whose output is this layer's, once built */
    bool built, used;
    bool before_keras_3;
};

struct model {
    const char *source, *name, *path; /* path: "" at the top, else the nested model's name */
    const char *keras_version;        /* NULL where the file does not say */
    const json_value *config;
    struct entry *entries;
    size_t count;
    bool sequential, frozen;
    size_t input_node; /* of a nested model: the node whose output enters it */
};

static bool is_model(const char *class_name) {
    return strcmp(class_name, "Functional") == 0 || strcmp(class_name, "Model") == 0 ||
           strcmp(class_name, "Sequential") == 0;
}

static ocellus_status refuse(const struct model *model, const char *name, const char *what) {
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s", model->source, name, what);
}

/* Graph functions answer OCELLUS_USAGE to a programmer; here the file is to blame. */
static ocellus_status blame_file(const struct model *model, ocellus_status status) {
    return status == OCELLUS_USAGE ? fail_within(OCELLUS_BAD_CONTENT, "%s", model->source) : status;
}

/* Adds the name of the tensor that is called ["name", 0, 0, ...]. */
static ocellus_status add_input(const struct model *model, struct entry *entry, const json_value *history) {
    const char *name;
    int64_t call = 0, output = 0;
    if (!json_get_text(json_element(history, 0), &name) || !json_get_integer(json_element(history, 1), &call) ||
        !json_get_integer(json_element(history, 2), &output))
        return refuse(model, entry->name, "inbound_nodes: unfit (expected [\"layer\", 0, 0])");
    if (call != 0 || output != 0)
        return refuse(model, entry->name, "inbound_nodes: layers used twice or with several outputs are not supported");
    void *names = entry->input_names;
    TRY(memory_grow(&names, &entry->names_capacity, entry->input_count + 1, sizeof name));
    entry->input_names = names;
    entry->input_names[entry->input_count++] = name;
    return OCELLUS_OK;
}

/* Keras 3: {"args": [tensor] or [[tensor, tensor]], "kwargs": {..}}, a tensor naming its history. */
static ocellus_status read_call(const struct model *model, struct entry *entry, const json_value *call) {
    const json_value *tensors = json_member(call, "args");
    if (json_type_of(json_element(tensors, 0)) == JSON_TYPE_LIST) {
        if (json_count(tensors) != 1) return refuse(model, entry->name, "inbound_nodes: args: unfit");
        tensors = json_element(tensors, 0);
    }
    for (size_t i = 0; i < json_count(tensors); i++)
        TRY(add_input(model, entry, json_member(json_member(json_element(tensors, i), "config"), "keras_history")));
    return OCELLUS_OK;
}

static ocellus_status read_inbound(const struct model *model, struct entry *entry, const json_value *nodes) {
    if (json_type_of(nodes) != JSON_TYPE_LIST) return refuse(model, entry->name, "inbound_nodes: missing or no list");
    if (json_count(nodes) > 1) return refuse(model, entry->name, "inbound_nodes: a layer used twice is not supported");
    const json_value *node = json_element(nodes, 0);
    if (json_type_of(node) == JSON_TYPE_MAP) return read_call(model, entry, node);
    for (size_t i = 0; i < json_count(node); i++)
        TRY(add_input(model, entry, json_element(node, i)));
    return OCELLUS_OK;
}

static ocellus_status read_entry(const struct model *model, size_t index, const json_value *layer) {
    struct entry *entry = &model->entries[index];
    entry->config = json_member(layer, "config");
    if (!json_get_text(json_member(layer, "name"), &entry->name) &&
        !json_get_text(json_member(entry->config, "name"), &entry->name))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: layer %zu: name: missing or no text", model->source, model->name,
                    index);
    if (!json_get_text(json_member(layer, "class_name"), &entry->class_name))
        return refuse(model, entry->name, "class_name: missing or no text");
    if (!is_model(entry->class_name) && !layer_by_class_name(entry->class_name))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: class_name: there is no layer of class %s", model->source,
                    entry->name, entry->class_name);
    /* Files without a version: since Keras 3, and shortly before, layers name their module. */
    entry->before_keras_3 =
        model->keras_version ? strtol(model->keras_version, NULL, 10) < 3 : !json_member(layer, "module");
    for (size_t i = 0; i < index; i++) {
        if (strcmp(model->entries[i].name, entry->name) == 0)
            return refuse(model, entry->name, "name: used by two layers");
    }
    return model->sequential ? OCELLUS_OK : read_inbound(model, entry, json_member(layer, "inbound_nodes"));
}

static ocellus_status resolve_inputs(const struct model *model, struct entry *entry) {
    entry->inputs = memory_allocate(entry->input_count + 1, sizeof *entry->inputs);
    if (!entry->inputs) return OCELLUS_IO;
    for (size_t i = 0; i < entry->input_count; i++) {
        size_t found = 0;
        while (found < model->count && strcmp(model->entries[found].name, entry->input_names[i]) != 0)
            found++;
        if (found == model->count)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: inbound_nodes: there is no layer %s", model->source, entry->name,
                        entry->input_names[i]);
        if (&model->entries[found] == entry) return refuse(model, entry->name, "inbound_nodes: takes its own output");
        entry->inputs[i] = found;
        model->entries[found].used = true;
    }
    return OCELLUS_OK;
}

/* Older Sequential models may begin with any layer, whose batch_input_shape stands for the InputLayer's. */
static bool lacks_input_layer(const struct model *model) {
    return model->sequential && model->count > 0 && strcmp(model->entries[0].class_name, "InputLayer") != 0;
}

static ocellus_status build_model(struct graph *graph, const struct model *outer, const char *path, bool frozen,
                                  const char *class_name, const json_value *config, size_t *node);

static ocellus_status add_input_layer(struct graph *graph, const struct model *model, const char *name,
                                      const json_value *config, size_t *node) {
    struct node input = {.type = &layer_input_layer};
    snprintf(input.name, sizeof input.name, "%s", name ? name : input.type->auto_name);
    TRY(input.type->read_config(&input, config, model->source));
    return blame_file(model, graph_add(graph, input.type, name, NULL, &input.config, NULL, 0, node));
}

/* Before Keras 3 this was clip(0.2 x + 0.5, 0, 1), which is not the function of that name here. */
static ocellus_status refuse_old_hard_sigmoid(const struct model *model, const struct entry *entry) {
    const char *activation = "";
    if (!entry->before_keras_3 || !json_get_text(json_member(entry->config, "activation"), &activation) ||
        strcmp(activation, "hard_sigmoid") != 0)
        return OCELLUS_OK;
    return refuse(model, entry->name, "activation: hard_sigmoid was another function before Keras 3");
}

/* Builds one layer whose inputs are built. */
static ocellus_status build_entry(struct graph *graph, const struct model *model, struct entry *entry) {
    for (size_t i = 0; i < entry->input_count; i++)
        entry->inputs[i] = model->entries[entry->inputs[i]].node;
    bool trainable = true;
    const json_value *member = json_member(entry->config, "trainable");
    if (member && !json_get_bool(member, &trainable)) return refuse(model, entry->name, "trainable: no truth value");
    const bool frozen = model->frozen || !trainable;
    entry->built = true;
    if (is_model(entry->class_name)) {
        if (*model->path) return refuse(model, entry->name, "models nested deeper than one level are not supported");
        if (entry->input_count != 1) return refuse(model, entry->name, "a nested model takes one input");
        entry->node = entry->inputs[0];
        return build_model(graph, model, entry->name, frozen, entry->class_name, entry->config, &entry->node);
    }
    if (strcmp(entry->class_name, "InputLayer") == 0) {
        if (!*model->path) return add_input_layer(graph, model, entry->name, entry->config, &entry->node);
        entry->node = model->input_node;
        return OCELLUS_OK;
    }
    struct node node = {.type = layer_by_class_name(entry->class_name)};
    snprintf(node.name, sizeof node.name, "%s", entry->name);
    TRY(refuse_old_hard_sigmoid(model, entry));
    if (node.type->read_config) TRY(node.type->read_config(&node, entry->config, model->source));
    TRY(blame_file(model, graph_add(graph, node.type, entry->name, model->path, &node.config, entry->inputs,
                                    entry->input_count, &entry->node)));
    graph->nodes[entry->node].frozen = frozen;
    return OCELLUS_OK;
}

static bool is_ready(const struct model *model, const struct entry *entry) {
    if (entry->built) return false;
    for (size_t i = 0; i < entry->input_count; i++) {
        if (!model->entries[entry->inputs[i]].built) return false;
    }
    return true;
}

/* Builds all layers, in the file's order as far as inputs allow. */
static ocellus_status build_entries(struct graph *graph, const struct model *model) {
    size_t built = 0;
    for (bool progress = true; progress;) {
        progress = false;
        for (size_t i = 0; i < model->count; i++) {
            if (!is_ready(model, &model->entries[i])) continue;
            TRY(build_entry(graph, model, &model->entries[i]));
            progress = true;
            built++;
        }
    }
    for (size_t i = 0; built < model->count && i < model->count; i++) {
        if (!model->entries[i].built) return refuse(model, model->entries[i].name, "inbound_nodes: part of a cycle");
    }
    return OCELLUS_OK;
}

/* The one entry that the model gives out. Every other one must be used: then it is the last in any order. */
static ocellus_status find_output(const struct model *model, size_t *output) {
    const json_value *named = json_member(model->config, "output_layers");
    if (json_type_of(json_element(named, 0)) == JSON_TYPE_LIST) {
        if (json_count(named) != 1)
            return refuse(model, model->name, "output_layers: several outputs are not supported");
        named = json_element(named, 0);
    }
    const char *name = NULL;
    if (named && !json_get_text(json_element(named, 0), &name))
        return refuse(model, model->name, "output_layers: unfit (expected [[\"layer\", 0, 0]])");
    *output = model->count;
    for (size_t i = 0; i < model->count; i++) {
        const struct entry *entry = &model->entries[i];
        const bool chosen = name ? strcmp(entry->name, name) == 0 : !entry->used;
        if (chosen && *output == model->count) *output = i;
        else if (!entry->used) return refuse(model, entry->name, "its output is used by nothing");
    }
    if (*output == model->count)
        return refuse(model, name ? name : model->name, "output_layers: there is no such layer");
    if (model->entries[*output].used)
        return refuse(model, model->entries[*output].name,
                      "output_layers: an output that is also an input is not supported");
    return OCELLUS_OK;
}

/* A Sequential's layers each take the one before. */
static void chain_entries(struct model *model) {
    for (size_t i = 1; i < model->count; i++) {
        model->entries[i].input_count = 1;
        model->entries[i].inputs[0] = i - 1;
        model->entries[i - 1].used = true;
    }
}

/* The first layer of a Sequential without InputLayer takes the images: its inputs are set past the entries' end, to the
 * one that stands for them. */
static ocellus_status add_implied_input(struct graph *graph, struct model *model) {
    struct entry *implied = &model->entries[model->count], *first = &model->entries[0];
    *implied =
        (struct entry){.name = "", .class_name = "InputLayer", .config = first->config, .node = model->input_node};
    if (!*model->path) TRY(add_input_layer(graph, model, NULL, first->config, &implied->node));
    implied->built = true;
    first->input_count = 1;
    first->inputs[0] = model->count;
    return OCELLUS_OK;
}

static ocellus_status read_and_build(struct graph *graph, struct model *model, const json_value *layers, size_t *node) {
    for (size_t i = 0; i < model->count; i++)
        TRY(read_entry(model, i, json_element(layers, i)));
    size_t input_layers = 0;
    for (size_t i = 0; i < model->count; i++) {
        TRY(resolve_inputs(model, &model->entries[i]));
        input_layers += strcmp(model->entries[i].class_name, "InputLayer") == 0;
    }
    const bool implied = lacks_input_layer(model);
    if (input_layers != (implied ? 0 : 1))
        return refuse(model, model->name, "layers: not exactly one InputLayer, several inputs are not supported");
    if (model->sequential) chain_entries(model);
    size_t output = 0;
    TRY(find_output(model, &output));
    if (implied) TRY(add_implied_input(graph, model));
    TRY(build_entries(graph, model));
    *node = model->entries[output].node;
    return OCELLUS_OK;
}

/* *node is the node that enters a nested model (not looked at for the outermost), then the model's output. */
static ocellus_status build_model(struct graph *graph, const struct model *outer, const char *path, bool frozen,
                                  const char *class_name, const json_value *config, size_t *node) {
    struct model model = {.source = outer->source,
                          .keras_version = outer->keras_version,
                          .name = *path ? path : graph->name,
                          .path = path,
                          .config = config,
                          .frozen = frozen,
                          .input_node = *node};
    model.sequential = strcmp(class_name, "Sequential") == 0;
    /* The oldest Sequential models are a list and nothing else. */
    const json_value *layers = json_type_of(config) == JSON_TYPE_LIST ? config : json_member(config, "layers");
    model.count = json_count(layers);
    if (json_type_of(layers) != JSON_TYPE_LIST || model.count == 0)
        return refuse(&model, model.name, "layers: missing or empty");
    if (model.count > GRAPH_MAX_NODES)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: layers: too many (expected at most %d, got %zu)", model.source,
                    model.name, GRAPH_MAX_NODES, model.count);
    model.entries = memory_allocate(model.count + 1, sizeof *model.entries);
    if (!model.entries) return OCELLUS_IO;
    const ocellus_status status = read_and_build(graph, &model, layers, node);
    for (size_t i = 0; i < model.count; i++) {
        free(model.entries[i].input_names);
        memory_free(model.entries[i].inputs);
    }
    memory_free(model.entries);
    return status;
}

ocellus_status graph_from_json(const json_value *json, const char *source, struct graph **graph) {
    struct model file = {.source = source};
    json_get_text(json_member(json, "keras_version"), &file.keras_version);
    if (json_member(json, "model_config")) json = json_member(json, "model_config");
    const json_value *config = json_member(json, "config");
    const char *class_name, *name = "sequential";
    if (!json_get_text(json_member(json, "class_name"), &class_name) || !is_model(class_name))
        return fail(OCELLUS_BAD_CONTENT, "%s: class_name: no Keras model (expected Functional, Model or Sequential)",
                    source);
    if (json_member(config, "name") && !json_get_text(json_member(config, "name"), &name))
        return fail(OCELLUS_BAD_CONTENT, "%s: config: name: no text", source);
    bool trainable = true;
    json_get_bool(json_member(config, "trainable"), &trainable);
    struct graph *made;
    TRY(blame_file(&file, graph_create(name, &made)));
    made->sequential = strcmp(class_name, "Sequential") == 0;
    size_t output = 0;
    const ocellus_status status = build_model(made, &file, "", !trainable, class_name, config, &output);
    if (status == OCELLUS_OK) *graph = made;
    else graph_free(made);
    return status;
}
