/* SPDX-License-Identifier: MIT */
/* Activation, and the layers that are one function each: ReLU, LeakyReLU, ELU and Softmax. */
#include "model/layer_config.h"

#include "model/unary_config.h"

/* The function is the layer's, whatever the configuration says. */
static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    struct unary *unary = &node->config.activation.activation;
    if (node->type == &layer_softmax) unary->function = UNARY_SOFTMAX;
    if (node->type == &layer_elu) unary->function = UNARY_ELU;
    if (node->type == &layer_re_lu || node->type == &layer_leaky_re_lu) unary->function = UNARY_RELU;
    if (node->type == &layer_leaky_re_lu) unary->max_value = 0;
    node->shape = *inputs[0];
    return layer_expect_activation(node, unary);
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    return config_read_activation(node, config, source, &node->config.activation.activation);
}

static bool write_config(const struct node *node, json_value *config) {
    return json_set(config, "activation", config_activation(&node->config.activation.activation));
}

static ocellus_status read_function(struct node *node, const json_value *config, const char *source) {
    return config_read_unary_layer(node, node->type->class_name, config, source, &node->config.activation.activation);
}

static bool write_slope(const struct node *node, json_value *config) {
    return json_set(config, "negative_slope", json_new_real(node->config.activation.activation.negative_slope));
}

static bool write_function(const struct node *node, json_value *config) {
    return config_write_unary_layer(config, &node->config.activation.activation);
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    return lowering_append_unary(lowering, node->config.activation.activation);
}

const struct layer_type layer_activation = {"Activation", "activation", 1, 1, infer, read_config, write_config, lower};
const struct layer_type layer_re_lu = {"ReLU", "re_lu", 1, 1, infer, read_function, write_function, lower};
const struct layer_type layer_leaky_re_lu = {"LeakyReLU", "leaky_re_lu", 1,           1,
                                             infer,       read_function, write_slope, lower};
const struct layer_type layer_elu = {"ELU", "elu", 1, 1, infer, read_function, write_function, lower};
const struct layer_type layer_softmax = {"Softmax", "softmax", 1, 1, infer, read_function, write_function, lower};
