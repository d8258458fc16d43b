/* SPDX-License-Identifier: MIT */
/* UpSampling2D: every pixel repeated (nearest). */
#include "model/layer_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    TRY(layer_expect_rank(node, inputs[0], 3));
    node->shape = *inputs[0];
    for (size_t i = 0; i < 2; i++) {
        TRY(layer_expect_positive(node, "size", node->config.up_sampling2d.size[i]));
        node->shape.dims[i] *= node->config.up_sampling2d.size[i];
    }
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    node->config.up_sampling2d.size[0] = node->config.up_sampling2d.size[1] = 2;
    TRY(config_read_pair(node, config, source, "size", false, 1, node->config.up_sampling2d.size));
    TRY(config_expect_text(node, config, source, "interpolation", "nearest"));
    return config_expect_text(node, config, source, "data_format", "channels_last");
}

static bool write_config(const struct node *node, json_value *config) {
    return json_set(config, "size", config_pair(node->config.up_sampling2d.size)) &&
           json_set(config, "data_format", json_new_text("channels_last")) &&
           json_set(config, "interpolation", json_new_text("nearest"));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    return lowering_append(lowering,
                           (struct operation){.kind = OPERATION_UPSAMPLE,
                                              .window.strides = {(size_t)node->config.up_sampling2d.size[0],
                                                                 (size_t)node->config.up_sampling2d.size[1]}});
}

const struct layer_type layer_up_sampling2d = {"UpSampling2D", "up_sampling2d", 1,    1, infer,
                                               read_config,    write_config,    lower};
