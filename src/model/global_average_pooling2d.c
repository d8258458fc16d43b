/* SPDX-License-Identifier: MIT */
/* GlobalAveragePooling2D: (h, w, c) to (c), or to (1, 1, c) where the dimensions are kept. */
#include "model/layer_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    TRY(layer_expect_rank(node, inputs[0], 3));
    const int64_t channels = inputs[0]->dims[2];
    node->shape = node->config.global_average_pooling2d.keepdims ? (struct shape){3, {1, 1, channels}}
                                                                 : (struct shape){1, {channels}};
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    TRY(config_read_bool(node, config, source, "keepdims", &node->config.global_average_pooling2d.keepdims));
    return config_expect_text(node, config, source, "data_format", "channels_last");
}

static bool write_config(const struct node *node, json_value *config) {
    return json_set(config, "data_format", json_new_text("channels_last")) &&
           json_set(config, "keepdims", json_new_bool(node->config.global_average_pooling2d.keepdims));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    const struct shape channels = {1, {node->shape.dims[node->shape.rank - 1]}};
    TRY(lowering_append(lowering, (struct operation){.kind = OPERATION_GLOBAL_AVERAGE, .shape = channels}));
    if (!node->config.global_average_pooling2d.keepdims) return OCELLUS_OK;
    return lowering_append(lowering, (struct operation){.kind = OPERATION_RESHAPE});
}

const struct layer_type layer_global_average_pooling2d = {
    "GlobalAveragePooling2D", "global_average_pooling2d", 1, 1, infer, read_config, write_config, lower};
