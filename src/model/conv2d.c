/* SPDX-License-Identifier: MIT */
/* Conv2D: NHWC images, HWIO kernels. */
#include "model/layer_config.h"

#include "model/graph.h"
#include "model/unary_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    const struct shape *input = inputs[0];
    TRY(layer_expect_rank(node, input, 3));
    TRY(layer_expect_positive(node, "filters", node->config.conv2d.filters));
    node->shape.rank = 3;
    for (size_t i = 0; i < 2; i++)
        TRY(layer_window_size(node, input->dims[i], node->config.conv2d.kernel_size[i], node->config.conv2d.strides[i],
                              node->config.conv2d.padding, &node->shape.dims[i]));
    node->shape.dims[2] = node->config.conv2d.filters;
    TRY(layer_expect_activation(node, &node->config.conv2d.activation));
    const int64_t *window = node->config.conv2d.kernel_size;
    const struct shape kernel = {4, {window[0], window[1], input->dims[2], node->config.conv2d.filters}};
    const size_t area = (size_t)window[0] * (size_t)window[1];
    graph_add_parameter(node, PARAMETER_KERNEL, kernel, true, INITIAL_GLOROT_UNIFORM, area * (size_t)kernel.dims[2],
                        area * (size_t)kernel.dims[3]);
    if (node->config.conv2d.use_bias)
        graph_add_parameter(node, PARAMETER_BIAS, (struct shape){1, {kernel.dims[3]}}, true, INITIAL_ZEROS, 0, 0);
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    union layer_config *c = &node->config;
    c->conv2d.strides[0] = c->conv2d.strides[1] = 1;
    c->conv2d.use_bias = true;
    TRY(config_read_integer(node, config, source, "filters", true, 1, &c->conv2d.filters));
    TRY(config_read_pair(node, config, source, "kernel_size", true, 1, c->conv2d.kernel_size));
    TRY(config_read_pair(node, config, source, "strides", false, 1, c->conv2d.strides));
    TRY(config_read_padding(node, config, source, &c->conv2d.padding));
    TRY(config_read_activation(node, config, source, &c->conv2d.activation));
    TRY(config_read_bool(node, config, source, "use_bias", &c->conv2d.use_bias));
    TRY(config_expect_text(node, config, source, "data_format", "channels_last"));
    TRY(config_expect_one(node, config, source, "dilation_rate"));
    return config_expect_one(node, config, source, "groups");
}

static bool write_config(const struct node *node, json_value *config) {
    const union layer_config *c = &node->config;
    return json_set(config, "filters", json_new_integer(c->conv2d.filters)) &&
           json_set(config, "kernel_size", config_pair(c->conv2d.kernel_size)) &&
           json_set(config, "strides", config_pair(c->conv2d.strides)) &&
           json_set(config, "padding", json_new_text(padding_name(c->conv2d.padding))) &&
           json_set(config, "data_format", json_new_text("channels_last")) &&
           json_set(config, "activation", config_activation(&c->conv2d.activation)) &&
           json_set(config, "use_bias", json_new_bool(c->conv2d.use_bias));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    const struct shape *input = &lowering->lowered->operations[lowering->value].shape;
    TRY(lowering_append(lowering, (struct operation){.kind = OPERATION_CONVOLUTION,
                                                     .window = lowering_window(input, node->config.conv2d.kernel_size,
                                                                               node->config.conv2d.strides,
                                                                               node->config.conv2d.padding)}));
    return lowering_append_unary(lowering, node->config.conv2d.activation);
}

const struct layer_type layer_conv2d = {"Conv2D", "conv2d", 1, 1, infer, read_config, write_config, lower};
