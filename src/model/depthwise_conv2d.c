/* SPDX-License-Identifier: MIT */
/* DepthwiseConv2D: every channel of an NHWC image under `depth_multiplier` kernels of its own, (kh, kw, in, multiplier). */
#include "model/layer_config.h"

#include "model/graph.h"
#include "model/unary_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    const union layer_config *c = &node->config;
    const int64_t *window = c->depthwise_conv2d.kernel_size, multiplier = c->depthwise_conv2d.depth_multiplier;
    TRY(layer_expect_rank(node, inputs[0], 3));
    TRY(layer_expect_positive(node, "depth_multiplier", multiplier));
    node->shape = *inputs[0];
    for (size_t i = 0; i < 2; i++)
        TRY(layer_window_size(node, inputs[0]->dims[i], window[i], c->depthwise_conv2d.strides[i],
                              c->depthwise_conv2d.padding, &node->shape.dims[i]));
    node->shape.dims[2] *= multiplier;
    TRY(layer_expect_activation(node, &c->depthwise_conv2d.activation));
    const struct shape kernel = {4, {window[0], window[1], inputs[0]->dims[2], multiplier}};
    /* Keras's fans, which are those of a full convolution with this kernel. */
    const size_t area = (size_t)window[0] * (size_t)window[1];
    graph_add_parameter(node, PARAMETER_KERNEL, kernel, true, INITIAL_GLOROT_UNIFORM, area * (size_t)kernel.dims[2],
                        area * (size_t)multiplier);
    if (c->depthwise_conv2d.use_bias)
        graph_add_parameter(node, PARAMETER_BIAS, (struct shape){1, {node->shape.dims[2]}}, true, INITIAL_ZEROS, 0, 0);
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    union layer_config *c = &node->config;
    c->depthwise_conv2d.strides[0] = c->depthwise_conv2d.strides[1] = c->depthwise_conv2d.depth_multiplier = 1;
    c->depthwise_conv2d.use_bias = true;
    TRY(config_read_pair(node, config, source, "kernel_size", true, 1, c->depthwise_conv2d.kernel_size));
    TRY(config_read_pair(node, config, source, "strides", false, 1, c->depthwise_conv2d.strides));
    TRY(config_read_integer(node, config, source, "depth_multiplier", false, 1, &c->depthwise_conv2d.depth_multiplier));
    TRY(config_read_padding(node, config, source, &c->depthwise_conv2d.padding));
    TRY(config_read_activation(node, config, source, &c->depthwise_conv2d.activation));
    TRY(config_read_bool(node, config, source, "use_bias", &c->depthwise_conv2d.use_bias));
    TRY(config_expect_text(node, config, source, "data_format", "channels_last"));
    return config_expect_one(node, config, source, "dilation_rate");
}

static bool write_config(const struct node *node, json_value *config) {
    const union layer_config *c = &node->config;
    return json_set(config, "kernel_size", config_pair(c->depthwise_conv2d.kernel_size)) &&
           json_set(config, "strides", config_pair(c->depthwise_conv2d.strides)) &&
           json_set(config, "padding", json_new_text(padding_name(c->depthwise_conv2d.padding))) &&
           json_set(config, "depth_multiplier", json_new_integer(c->depthwise_conv2d.depth_multiplier)) &&
           json_set(config, "data_format", json_new_text("channels_last")) &&
           json_set(config, "activation", config_activation(&c->depthwise_conv2d.activation)) &&
           json_set(config, "use_bias", json_new_bool(c->depthwise_conv2d.use_bias));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    const union layer_config *c = &node->config;
    const struct shape *input = &lowering->lowered->operations[lowering->value].shape;
    TRY(lowering_append(lowering, (struct operation){.kind = OPERATION_DEPTHWISE,
                                                     .window = lowering_window(input, c->depthwise_conv2d.kernel_size,
                                                                               c->depthwise_conv2d.strides,
                                                                               c->depthwise_conv2d.padding)}));
    return lowering_append_unary(lowering, c->depthwise_conv2d.activation);
}

const struct layer_type layer_depthwise_conv2d = {"DepthwiseConv2D", "depthwise_conv2d", 1,    1, infer,
                                                  read_config,       write_config,       lower};
