/* SPDX-License-Identifier: MIT */
/* The graph: building it, asking it. */
#include "model/graph.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "model/layer.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST_ROLE = 15 }; /* "moving_variance" */

/* A node's name becomes the first part of its parameters' names. */
static ocellus_status check_name(const char *name) {
    const size_t size = strlen(name), limit = GRAPH_NAME_SIZE - 2 - LONGEST_ROLE;
    if (size < 1 || size > limit)
        return fail(OCELLUS_USAGE, "%.100s: name: wrong length (expected 1 to %zu bytes, got %zu)", name, limit, size);
    for (const char *c = name; *c; c++) {
        if (*c <= ' ' || *c > '~' || *c == '/')
            return fail(OCELLUS_USAGE, "%s: name: holds a byte that is not allowed (expected visible ASCII without /)",
                        name);
    }
    return OCELLUS_OK;
}

static const char *const preprocessing_names[PREPROCESSINGS] = {
    [PREPROCESSING_UNIT] = "unit", [PREPROCESSING_CAFFE] = "caffe", [PREPROCESSING_NONE] = "none"};

const char *preprocessing_name(enum preprocessing preprocessing) {
    return preprocessing_names[preprocessing];
}

ocellus_status preprocessing_find(const char *name, const struct shape *input, enum preprocessing *preprocessing) {
    for (size_t i = 0; i < PREPROCESSINGS; i++) {
        if (strcmp(preprocessing_names[i], name) != 0) continue;
        if (i == PREPROCESSING_CAFFE && (input->rank == 0 || input->dims[input->rank - 1] != 3))
            return fail(OCELLUS_USAGE, "preprocessing: caffe needs an input of 3 channels");
        *preprocessing = (enum preprocessing)i;
        return OCELLUS_OK;
    }
    return fail(OCELLUS_USAGE, "preprocessing: unknown (expected unit, caffe or none, got %s)", name);
}

ocellus_status graph_create(const char *name, struct graph **graph) {
    TRY(check_name(name));
    struct graph *made = memory_allocate(1, sizeof *made);
    if (!made) return OCELLUS_IO;
    snprintf(made->name, sizeof made->name, "%s", name);
    *graph = made;
    return OCELLUS_OK;
}

static void free_class_names(struct graph *graph) {
    for (size_t i = 0; graph->class_names && i < graph->class_count; i++)
        memory_free(graph->class_names[i]);
    memory_free(graph->class_names);
    graph->class_names = NULL;
    graph->class_count = 0;
}

void graph_free(struct graph *graph) {
    if (!graph) return;
    free_class_names(graph);
    for (size_t i = 0; i < graph->count; i++)
        memory_free(graph->nodes[i].inputs);
    free(graph->nodes);
    memory_free(graph);
}

/* "conv2d", "conv2d_1", ...: the first that is free. */
static void automatic_name(const struct graph *graph, const char *stem, char out[GRAPH_NAME_SIZE]) {
    snprintf(out, GRAPH_NAME_SIZE, "%s", stem);
    for (size_t i = 1; graph_node(graph, out); i++)
        snprintf(out, GRAPH_NAME_SIZE, "%s_%zu", stem, i);
}

static ocellus_status check_inputs(const struct graph *graph, const struct node *node, const size_t *inputs) {
    const struct layer_type *type = node->type;
    const size_t count = node->input_count, most = type->most_inputs ? type->most_inputs : GRAPH_MAX_NODES;
    if ((graph->count == 0) != (type->least_inputs == 0))
        return fail(OCELLUS_USAGE, "%s: an InputLayer must be the first node, and only that", node->name);
    if (count < type->least_inputs || count > most)
        return fail(OCELLUS_USAGE, "%s: inputs: wrong count for %s (expected %s%zu, got %zu)", node->name,
                    type->class_name,
                    type->most_inputs ? ""
                    : count > most    ? "at most "
                                      : "at least ",
                    count > most ? most : type->least_inputs, count);
    for (size_t i = 0; i < count; i++) {
        if (inputs[i] >= graph->count)
            return fail(OCELLUS_USAGE, "%s: inputs: unknown node %zu (expected below %zu)", node->name, inputs[i],
                        graph->count);
    }
    return OCELLUS_OK;
}

size_t graph_nested_end(const struct graph *graph, size_t first) {
    const char *path = graph->nodes[first].path;
    size_t end = first + 1;
    while (*path && end < graph->count && strcmp(graph->nodes[end].path, path) == 0)
        end++;
    return end;
}

/* The rules of nested models; see graph_nested_end(). */
static ocellus_status check_nesting(const struct graph *graph, const struct node *node) {
    size_t first = graph->count; /* of the nested model that the new node continues */
    if (*node->path) {
        while (first > 0 && strcmp(graph->nodes[first - 1].path, node->path) == 0)
            first--;
        for (size_t i = 0; i < first; i++) {
            if (strcmp(graph->nodes[i].path, node->path) == 0 || strcmp(graph->nodes[i].name, node->path) == 0)
                return fail(OCELLUS_USAGE, "%s: nested model %s: its name is used before", node->name, node->path);
        }
    }
    const size_t source = first < graph->count ? graph->nodes[first].inputs[0] : node->inputs[0];
    for (size_t i = 0; i < node->input_count; i++) {
        const size_t input = node->inputs[i];
        if (input >= first) continue;
        if (*node->path && input != source)
            return fail(OCELLUS_USAGE, "%s: nested model %s: takes more than one value from outside", node->name,
                        node->path);
        if (*graph->nodes[input].path && graph_nested_end(graph, input) != input + 1)
            return fail(OCELLUS_USAGE, "%s: inputs: %s is not the output of the nested model %s", node->name,
                        graph->nodes[input].name, graph->nodes[input].path);
    }
    return OCELLUS_OK;
}

static ocellus_status check_shape(const struct shape *shape, const char *name) {
    size_t size;
    bool good = size_product(shape->dims, shape->rank, &size) && size <= GRAPH_MAX_VALUES;
    for (size_t i = 0; i < shape->rank; i++)
        good = good && shape->dims[i] >= 1 && shape->dims[i] <= GRAPH_MAX_DIMENSION;
    if (good) return OCELLUS_OK;
    char text[SHAPE_TEXT_SIZE];
    shape_text(shape, false, text);
    return fail(OCELLUS_USAGE, "%s: shape %s: out of range (expected dimensions of at least 1 and at most 2^40 values)",
                name, text);
}

static ocellus_status infer(const struct graph *graph, struct node *node, const struct shape **inputs) {
    char text[SHAPE_TEXT_SIZE] = "nothing";
    for (size_t i = 0; i < node->input_count; i++)
        inputs[i] = &graph->nodes[node->inputs[i]].shape;
    if (inputs[0]) shape_text(inputs[0], true, text);
    const ocellus_status status = node->type->infer(node, inputs);
    if (status != OCELLUS_OK)
        return inputs[0] ? fail_within(status, "%s on input %s", node->type->class_name, text) : status;
    TRY(check_shape(&node->shape, node->name));
    for (size_t i = 0; i < node->parameter_count; i++)
        TRY(check_shape(&node->parameters[i].shape, node->parameters[i].name));
    return OCELLUS_OK;
}

static ocellus_status set_names(const struct graph *graph, struct node *node, const char *name, const char *path) {
    if (name) {
        TRY(check_name(name));
        if (graph_node(graph, name)) return fail(OCELLUS_USAGE, "%s: name: used by two layers", name);
        snprintf(node->name, sizeof node->name, "%s", name);
    } else {
        automatic_name(graph, node->type->auto_name, node->name);
    }
    if (path && *path) {
        TRY(check_name(path));
        snprintf(node->path, sizeof node->path, "%s", path);
    }
    return OCELLUS_OK;
}

/* Appends the node, whose names, configuration and inputs are there. */
static ocellus_status append_node(struct graph *graph, struct node *node) {
    TRY(check_nesting(graph, node));
    const struct shape **shapes = memory_allocate(node->input_count + 1, sizeof *shapes);
    if (!shapes) return OCELLUS_IO;
    const ocellus_status status = infer(graph, node, shapes);
    memory_free(shapes);
    TRY(status);
    void *nodes = graph->nodes;
    TRY(memory_grow(&nodes, &graph->capacity, graph->count + 1, sizeof *node));
    graph->nodes = nodes;
    graph->nodes[graph->count++] = *node;
    return OCELLUS_OK;
}

ocellus_status graph_add(struct graph *graph, const struct layer_type *type, const char *name, const char *path,
                         const union layer_config *config, const size_t *inputs, size_t input_count, size_t *index) {
    if (graph->count == GRAPH_MAX_NODES)
        return fail(OCELLUS_USAGE, "%s: too many layers (expected at most %d)", graph->name, GRAPH_MAX_NODES);
    struct node node = {.type = type, .input_count = input_count};
    if (config) node.config = *config;
    TRY(set_names(graph, &node, name, path));
    TRY(check_inputs(graph, &node, inputs));
    node.inputs = memory_allocate(input_count + 1, sizeof *node.inputs);
    if (!node.inputs) return OCELLUS_IO;
    for (size_t i = 0; i < input_count; i++)
        node.inputs[i] = inputs[i];
    const ocellus_status status = append_node(graph, &node);
    if (status != OCELLUS_OK) memory_free(node.inputs);
    else if (index) *index = graph->count - 1;
    return status;
}

static const char *const role_names[PARAMETER_ROLES] = {[PARAMETER_KERNEL] = "kernel",
                                                        [PARAMETER_BIAS] = "bias",
                                                        [PARAMETER_GAMMA] = "gamma",
                                                        [PARAMETER_BETA] = "beta",
                                                        [PARAMETER_MOVING_MEAN] = "moving_mean",
                                                        [PARAMETER_MOVING_VARIANCE] = "moving_variance"};

void graph_add_parameter(struct node *node, enum parameter_role role, struct shape shape, bool trainable,
                         enum initializer initializer, size_t fan_in, size_t fan_out) {
    struct parameter parameter = {.role = role,
                                  .shape = shape,
                                  .trainable = trainable,
                                  .initializer = initializer,
                                  .fan_in = fan_in,
                                  .fan_out = fan_out};
    /* check_name() left room for the longest role. */
    snprintf(parameter.name, sizeof parameter.name, "%.*s/%s", GRAPH_NAME_SIZE - 2 - LONGEST_ROLE, node->name,
             role_names[role]);
    node->parameters[node->parameter_count++] = parameter;
}

const struct node *graph_node(const struct graph *graph, const char *name) {
    for (size_t i = 0; i < graph->count; i++) {
        if (strcmp(graph->nodes[i].name, name) == 0) return &graph->nodes[i];
    }
    return NULL;
}

const struct parameter *graph_parameter(const struct graph *graph, const char *name, const struct node **node) {
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++) {
            if (strcmp(graph->nodes[i].parameters[k].name, name) != 0) continue;
            if (node) *node = &graph->nodes[i];
            return &graph->nodes[i].parameters[k];
        }
    }
    return NULL;
}

const struct shape *graph_input_shape(const struct graph *graph) {
    return &graph->nodes[0].shape;
}
const struct shape *graph_output_shape(const struct graph *graph) {
    return &graph->nodes[graph->count - 1].shape;
}

ocellus_status graph_set_class_names(struct graph *graph, const char *const *names, size_t count) {
    const size_t values = shape_size(graph_output_shape(graph));
    if (count != values)
        return fail(OCELLUS_USAGE, "%s: class names: wrong count (expected the output's %zu, got %zu)", graph->name,
                    values, count);
    char **copies = memory_allocate(count, sizeof *copies);
    if (!copies) return OCELLUS_IO;
    free_class_names(graph);
    graph->class_names = copies;
    graph->class_count = count;
    for (size_t i = 0; i < count; i++) {
        copies[i] = memory_copy_text(names[i]);
        if (copies[i]) continue;
        free_class_names(graph);
        return OCELLUS_IO;
    }
    return OCELLUS_OK;
}

ocellus_status graph_freeze(struct graph *graph, const char *pattern, size_t *matched) {
    *matched = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const int result = fnmatch(pattern, graph->nodes[i].name, 0);
        if (result != 0 && result != FNM_NOMATCH)
            return fail(OCELLUS_USAGE, "%s: cannot be read as a pattern of layer names", pattern);
        if (result == FNM_NOMATCH) continue;
        graph->nodes[i].frozen = true;
        ++*matched;
    }
    return OCELLUS_OK;
}

struct parameter_totals graph_totals(const struct graph *graph) {
    struct parameter_totals totals = {0};
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++) {
            const size_t size = shape_size(&node->parameters[k].shape);
            totals.total += size;
            if (node->parameters[k].trainable && !node->frozen) totals.trainable += size;
        }
    }
    totals.non_trainable = totals.total - totals.trainable;
    return totals;
}
