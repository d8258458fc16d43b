/* SPDX-License-Identifier: MIT */
/* MaxPooling2D and AveragePooling2D. */
#include "model/layer_config.h"

#include <string.h>

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    TRY(layer_expect_rank(node, inputs[0], 3));
    node->shape = *inputs[0];
    for (size_t i = 0; i < 2; i++)
        TRY(layer_window_size(node, inputs[0]->dims[i], node->config.pooling2d.pool_size[i],
                              node->config.pooling2d.strides[i], node->config.pooling2d.padding, &node->shape.dims[i]));
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    union layer_config *c = &node->config;
    c->pooling2d.pool_size[0] = c->pooling2d.pool_size[1] = 2;
    TRY(config_read_pair(node, config, source, "pool_size", false, 1, c->pooling2d.pool_size));
    memcpy(c->pooling2d.strides, c->pooling2d.pool_size, sizeof c->pooling2d.strides);
    TRY(config_read_pair(node, config, source, "strides", false, 1, c->pooling2d.strides));
    TRY(config_read_padding(node, config, source, &c->pooling2d.padding));
    return config_expect_text(node, config, source, "data_format", "channels_last");
}

static bool write_config(const struct node *node, json_value *config) {
    return json_set(config, "pool_size", config_pair(node->config.pooling2d.pool_size)) &&
           json_set(config, "strides", config_pair(node->config.pooling2d.strides)) &&
           json_set(config, "padding", json_new_text(padding_name(node->config.pooling2d.padding))) &&
           json_set(config, "data_format", json_new_text("channels_last"));
}

static ocellus_status append(struct lowering *lowering, const struct node *node, enum operation_kind kind) {
    const struct shape *input = &lowering->lowered->operations[lowering->value].shape;
    return lowering_append(
        lowering,
        (struct operation){.kind = kind,
                           .window = lowering_window(input, node->config.pooling2d.pool_size,
                                                     node->config.pooling2d.strides, node->config.pooling2d.padding)});
}
static ocellus_status lower_max(struct lowering *lowering, const struct node *node) {
    return append(lowering, node, OPERATION_MAX_POOL);
}
static ocellus_status lower_average(struct lowering *lowering, const struct node *node) {
    return append(lowering, node, OPERATION_AVERAGE_POOL);
}

const struct layer_type layer_max_pooling2d = {"MaxPooling2D", "max_pooling2d", 1,        1, infer,
                                               read_config,    write_config,    lower_max};
const struct layer_type layer_average_pooling2d = {"AveragePooling2D", "average_pooling2d", 1, 1, infer, read_config,
                                                   write_config,       lower_average};
