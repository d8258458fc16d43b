/* SPDX-License-Identifier: MIT */
/* What a layer is: its names, its shape rule with the parameters it asks for, its configuration in Keras's JSON, and
 * the operations that it becomes. One file per layer in this folder defines one of these; they are listed below and, to be
 * found by name, in registry.c. */
#ifndef MODEL_LAYER_H
#define MODEL_LAYER_H

#include "model/lowered.h"

struct layer_type {
    const char *class_name;           /* Keras's: "Conv2D" */
    const char *auto_name;            /* the stem of automatic names: "conv2d" */
    size_t least_inputs, most_inputs; /* most 0: no limit; least 0: the InputLayer's row */
    /* Checks node->config against the input shapes, sets node->shape and node->parameters. graph_add() then checks
     * that every shape keeps the limits of graph.h, so a rule may let a product of config values wrap around. */
    ocellus_status (*infer)(struct node *node, const struct shape *const *inputs);
    /* Reads and writes node->config; NULL where there is nothing to say. Reading refuses what the layer cannot do by
     * name (dilation, groups, other data formats, other activations); missing members have Keras's defaults. */
    ocellus_status (*read_config)(struct node *node, const json_value *config, const char *source);
    bool (*write_config)(const struct node *node, json_value *config); /* false without memory */
    /* Appends the operations that the layer is; none where its output is its input. Fails for memory alone. */
    ocellus_status (*lower)(struct lowering *lowering, const struct node *node);
};

/* All rows. */
extern const struct layer_type layer_activation, layer_add, layer_average_pooling2d, layer_batch_normalization,
    layer_concatenate, layer_conv2d, layer_dense, layer_depthwise_conv2d, layer_dropout, layer_elu, layer_flatten,
    layer_global_average_pooling2d, layer_input_layer, layer_leaky_re_lu, layer_max_pooling2d, layer_multiply,
    layer_re_lu, layer_reshape, layer_softmax, layer_up_sampling2d, layer_zero_padding2d;

#endif
