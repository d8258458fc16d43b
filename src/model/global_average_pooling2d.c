/* SPDX-License-Identifier: MIT */
/* GlobalAveragePooling2D: (h, w, c) to (c). */
#include "model/layer_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    TRY(layer_expect_rank(node, inputs[0], 3));
    node->shape = (struct shape){1, {inputs[0]->dims[2]}};
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    TRY(config_expect_bool(node, config, source, "keepdims", false));
    return config_expect_text(node, config, source, "data_format", "channels_last");
}

static bool write_config(const struct node *node, json_value *config) {
    (void)node;
    return json_set(config, "data_format", json_new_text("channels_last")) &&
           json_set(config, "keepdims", json_new_bool(false));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    (void)node;
    return lowering_append(lowering, (struct operation){.kind = OPERATION_GLOBAL_AVERAGE});
}

const struct layer_type layer_global_average_pooling2d = {"GlobalAveragePooling2D",
                                                          "global_average_pooling2d",
                                                          OPERATOR_GLOBAL_AVERAGE,
                                                          1,
                                                          1,
                                                          infer,
                                                          read_config,
                                                          write_config,
                                                          lower};
