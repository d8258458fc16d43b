/* SPDX-License-Identifier: MIT */
/* Dense: vectors, kernels (in, out). */
#include "model/layer_config.h"

#include "model/graph.h"
#include "model/unary_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    TRY(layer_expect_rank(node, inputs[0], 1));
    TRY(layer_expect_positive(node, "units", node->config.dense.units));
    const struct shape kernel = {2, {inputs[0]->dims[0], node->config.dense.units}};
    node->shape = (struct shape){1, {kernel.dims[1]}};
    TRY(layer_expect_activation(node, &node->config.dense.activation));
    graph_add_parameter(node, PARAMETER_KERNEL, kernel, true, INITIAL_GLOROT_UNIFORM, (size_t)kernel.dims[0],
                        (size_t)kernel.dims[1]);
    if (node->config.dense.use_bias) graph_add_parameter(node, PARAMETER_BIAS, node->shape, true, INITIAL_ZEROS, 0, 0);
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    node->config.dense.use_bias = true;
    TRY(config_read_integer(node, config, source, "units", true, 1, &node->config.dense.units));
    TRY(config_read_activation(node, config, source, &node->config.dense.activation));
    return config_read_bool(node, config, source, "use_bias", &node->config.dense.use_bias);
}

static bool write_config(const struct node *node, json_value *config) {
    return json_set(config, "units", json_new_integer(node->config.dense.units)) &&
           json_set(config, "activation", config_activation(&node->config.dense.activation)) &&
           json_set(config, "use_bias", json_new_bool(node->config.dense.use_bias));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    TRY(lowering_append(lowering, (struct operation){.kind = OPERATION_DENSE}));
    return lowering_append_unary(lowering, node->config.dense.activation);
}

const struct layer_type layer_dense = {"Dense", "dense", 1, 1, infer, read_config, write_config, lower};
