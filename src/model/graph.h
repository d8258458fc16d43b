/* SPDX-License-Identifier: MIT */
/* The graph of a network: nodes in execution order, each with a layer, its inputs, its output shape and the parameters
 * it needs. It holds no values: those belong to an engine, under the names given here ("conv2d/kernel"). */
#ifndef MODEL_GRAPH_H
#define MODEL_GRAPH_H

#include "base/resize_rule.h"
#include "base/status.h"
#include "model/node.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How pixels 0..255 RGB become the network's input. Belongs to the model and is saved with it. */
enum preprocessing {
    PREPROCESSING_UNIT,  /* x / 255 */
    PREPROCESSING_CAFFE, /* BGR, minus (103.939, 116.779, 123.68): Keras's "caffe" mode */
    PREPROCESSING_NONE,  /* as they are */
    PREPROCESSINGS
};
const char *preprocessing_name(enum preprocessing preprocessing); /* "unit", "caffe", "none" */
/* The one of that name, for a network that takes `input`; OCELLUS_USAGE, naming what is known, when there is none. */
ocellus_status preprocessing_find(const char *name, const struct shape *input, enum preprocessing *preprocessing);

struct graph {
    char name[GRAPH_NAME_SIZE]; /* "simcnn" */
    struct node *nodes;         /* in execution order; node 0 is the InputLayer, the last one is the output */
    size_t count, capacity;
    bool sequential; /* a Keras Sequential: its summary does not list the InputLayer */
    enum preprocessing preprocessing;
    enum resize_rule
        resize;         /* how pictures of other sizes come to the input's; belongs to the model, as preprocessing */
    bool jpeg_scaled;   /* JPEG is decoded no larger than is needed: other pixels, and part of the rule */
    char **class_names; /* NULL, or as many as the output has values */
    size_t class_count;
};

ocellus_status graph_create(const char *name, struct graph **graph);
void graph_free(struct graph *graph);

/* Appends a node of a layer (the rows that layer.h lists): its name is `name`, or when NULL Keras's automatic one ("conv2d", "conv2d_1", ...). Checks the inputs,
 * runs the layer's shape rule and names both shapes when it fails (OCELLUS_USAGE from code, the reader of a file turns
 * it into OCELLUS_BAD_CONTENT). *index gets the node's index; NULL is accepted. */
ocellus_status graph_add(struct graph *graph, const struct layer_type *type, const char *name, const char *path,
                         const union layer_config *config, const size_t *inputs, size_t input_count, size_t *index);
/* For the rules of layers (infer() in layer.h): appends a parameter NODE/ROLE. */
void graph_add_parameter(struct node *node, enum parameter_role role, struct shape shape, bool trainable,
                         enum initializer initializer, size_t fan_in, size_t fan_out);
/* One past the last node of the nested model that node `first` begins; first + 1 for a node that is in none. The nodes
 * of a nested model follow one another, take one value from outside, and only the last one's output is used outside:
 * graph_add() sees to that. */
size_t graph_nested_end(const struct graph *graph, size_t first);
const struct node *graph_node(const struct graph *graph, const char *name); /* NULL when there is none */
const struct parameter *graph_parameter(const struct graph *graph, const char *name, const struct node **node);
const struct shape *graph_input_shape(const struct graph *graph);
const struct shape *graph_output_shape(const struct graph *graph);
ocellus_status graph_set_class_names(struct graph *graph, const char *const *names, size_t count); /* copies */
/* Freezes the nodes whose names match a shell pattern ("conv1_*"); *matched counts them. */
ocellus_status graph_freeze(struct graph *graph, const char *pattern, size_t *matched);

struct parameter_totals {
    size_t total, trainable, non_trainable;
};
struct parameter_totals graph_totals(const struct graph *graph);

#endif
