/* SPDX-License-Identifier: MIT */
/* ZeroPadding2D: rows and columns of zeros around an image. */
#include "model/layer_config.h"

#include <inttypes.h>

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    TRY(layer_expect_rank(node, inputs[0], 3));
    node->shape = *inputs[0];
    for (size_t i = 0; i < 2; i++) {
        for (size_t side = 0; side < 2; side++) {
            const int64_t padding = node->config.zero_padding2d.padding[i][side];
            if (padding < 0 || padding > GRAPH_MAX_DIMENSION)
                return fail(OCELLUS_USAGE, "%s: padding: out of range (expected 0 to %" PRId64 ", got %" PRId64 ")",
                            node->name, GRAPH_MAX_DIMENSION, padding);
            node->shape.dims[i] += padding;
        }
    }
    return OCELLUS_OK;
}

/* [[top, bottom], [left, right]], [rows, columns] or one number. */
static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    int64_t(*padding)[2] = node->config.zero_padding2d.padding;
    const json_value *value = json_member(config, "padding");
    if (json_type_of(json_element(value, 0)) != JSON_TYPE_LIST) {
        int64_t sides[2] = {1, 1};
        TRY(config_read_pair(node, config, source, "padding", false, 0, sides));
        for (size_t i = 0; i < 2; i++)
            padding[i][0] = padding[i][1] = sides[i];
    } else {
        bool good = json_count(value) == 2;
        for (size_t i = 0; i < 2; i++) {
            const json_value *sides = json_element(value, i);
            good = good && json_type_of(sides) == JSON_TYPE_LIST && json_count(sides) == 2 &&
                   json_get_integer(json_element(sides, 0), &padding[i][0]) &&
                   json_get_integer(json_element(sides, 1), &padding[i][1]);
        }
        if (!good)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: padding: unfit (expected [[top, bottom], [left, right]])", source,
                        node->name);
    }
    return config_expect_text(node, config, source, "data_format", "channels_last");
}

static bool write_config(const struct node *node, json_value *config) {
    json_value *list = json_new_list();
    return json_set(config, "padding", list) &&
           json_append(list, config_pair(node->config.zero_padding2d.padding[0])) &&
           json_append(list, config_pair(node->config.zero_padding2d.padding[1])) &&
           json_set(config, "data_format", json_new_text("channels_last"));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    struct operation pad = {.kind = OPERATION_PAD};
    for (size_t axis = 0; axis < 2; axis++) {
        for (size_t end = 0; end < 2; end++)
            pad.window.pad[axis][end] = (size_t)node->config.zero_padding2d.padding[axis][end];
    }
    return lowering_append(lowering, pad);
}

const struct layer_type layer_zero_padding2d = {"ZeroPadding2D", "zero_padding2d", 1,    1, infer,
                                                read_config,     write_config,     lower};
