/* SPDX-License-Identifier: MIT */
/* Flatten: any shape to a vector, in the order of memory. */
#include "model/layer_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    node->shape = (struct shape){1, {(int64_t)shape_size(inputs[0])}};
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    return config_expect_text(node, config, source, "data_format", "channels_last");
}

static bool write_config(const struct node *node, json_value *config) {
    (void)node;
    return json_set(config, "data_format", json_new_text("channels_last"));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    (void)node;
    return lowering_append(lowering, (struct operation){.kind = OPERATION_RESHAPE});
}

const struct layer_type layer_flatten = {"Flatten", "flatten", 1, 1, infer, read_config, write_config, lower};
