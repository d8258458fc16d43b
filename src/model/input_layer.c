/* SPDX-License-Identifier: MIT */
/* InputLayer: the images as they enter the network. */
#include "model/layer_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    (void)inputs;
    const struct shape *shape = &node->config.input_layer.shape;
    if (shape->rank < 1 || shape->rank > GRAPH_MAX_RANK)
        return fail(OCELLUS_USAGE, "%s: shape: rank out of range (expected 1 to %d, got %zu)", node->name,
                    GRAPH_MAX_RANK, shape->rank);
    node->shape = *shape;
    return OCELLUS_OK;
}

/* Keras 3 says "batch_shape", older files "batch_input_shape": [null, height, width, channels]. */
static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    const json_value *list = json_member(config, "batch_shape");
    if (!list) list = json_member(config, "batch_input_shape");
    const size_t count = json_count(list);
    if (json_type_of(list) != JSON_TYPE_LIST || count < 2 || count > GRAPH_MAX_RANK + 1)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: batch_shape: unfit (expected [null, height, width, channels])",
                    source, node->name);
    struct shape *shape = &node->config.input_layer.shape;
    shape->rank = count - 1;
    for (size_t i = 0; i + 1 < count; i++) {
        if (!json_get_integer(json_element(list, i + 1), &shape->dims[i]))
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: batch_shape: dimension %zu is no whole number", source,
                        node->name, i + 1);
    }
    return OCELLUS_OK;
}

static bool write_config(const struct node *node, json_value *config) {
    return json_set(config, "batch_shape", shape_to_json(&node->config.input_layer.shape));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    (void)node;
    return lowering_append_all(lowering, (struct operation){.kind = OPERATION_INPUT});
}

const struct layer_type layer_input_layer = {"InputLayer", "input_layer", 0,    0, infer,
                                             read_config,  write_config,  lower};
