/* SPDX-License-Identifier: MIT */
/* Activation: ReLU or softmax as a layer of its own. */
#include "model/layer_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    node->shape = *inputs[0];
    return layer_expect_activation(node, &node->config.activation.activation);
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    return config_read_activation(node, config, source, &node->config.activation.activation);
}

static bool write_config(const struct node *node, json_value *config) {
    return json_set(config, "activation", config_activation(&node->config.activation.activation));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    return lowering_append_unary(lowering, node->config.activation.activation);
}

const struct layer_type layer_activation = {"Activation", "activation", OPERATOR_ACTIVATION, 1,    1,
                                            infer,        read_config,  write_config,        lower};
