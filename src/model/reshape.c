/* SPDX-License-Identifier: MIT */
/* Reshape: the same values, in the order of memory, in another shape. */
#include "model/layer_config.h"

#include <inttypes.h>

static ocellus_status refuse(const struct node *node, const struct shape *input) {
    char target[SHAPE_TEXT_SIZE], got[SHAPE_TEXT_SIZE];
    shape_text(&node->config.reshape.target, false, target);
    shape_text(input, false, got);
    return fail(OCELLUS_USAGE, "%s: target_shape: %s has no place for the values of %s", node->name, target, got);
}

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    const struct shape *target = &node->config.reshape.target;
    size_t rest = shape_size(inputs[0]), open = 0;
    if (target->rank < 1 || target->rank > GRAPH_MAX_RANK)
        return fail(OCELLUS_USAGE, "%s: target_shape: rank out of range (expected 1 to %d, got %zu)", node->name,
                    GRAPH_MAX_RANK, target->rank);
    for (size_t i = 0; i < target->rank; i++) {
        const int64_t size = target->dims[i];
        if (size < -1 || size == 0 || size > GRAPH_MAX_DIMENSION)
            return fail(OCELLUS_USAGE,
                        "%s: target_shape: out of range (expected -1 or 1 to %" PRId64 ", got %" PRId64 ")", node->name,
                        GRAPH_MAX_DIMENSION, size);
        open += size == -1;
        if (size > 0 && rest % (size_t)size != 0) return refuse(node, inputs[0]);
        if (size > 0) rest /= (size_t)size;
    }
    if (open > 1) return fail(OCELLUS_USAGE, "%s: target_shape: more than one dimension is -1", node->name);
    if (open == 0 && rest != 1) return refuse(node, inputs[0]);
    node->shape = *target;
    for (size_t i = 0; i < target->rank; i++) {
        if (target->dims[i] == -1) node->shape.dims[i] = (int64_t)rest;
    }
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    const json_value *list = json_member(config, "target_shape");
    struct shape *target = &node->config.reshape.target;
    bool good = json_type_of(list) == JSON_TYPE_LIST && json_count(list) >= 1 && json_count(list) <= GRAPH_MAX_RANK;
    target->rank = good ? json_count(list) : 0;
    for (size_t i = 0; i < target->rank; i++)
        good = good && json_get_integer(json_element(list, i), &target->dims[i]);
    if (good) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: target_shape: unfit (expected a list of 1 to %d whole numbers)", source,
                node->name, GRAPH_MAX_RANK);
}

static bool write_config(const struct node *node, json_value *config) {
    const struct shape *target = &node->config.reshape.target;
    json_value *list = json_new_list();
    bool good = json_set(config, "target_shape", list);
    for (size_t i = 0; good && i < target->rank; i++)
        good = json_append(list, json_new_integer(target->dims[i]));
    return good;
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    (void)node;
    return lowering_append(lowering, (struct operation){.kind = OPERATION_RESHAPE});
}

const struct layer_type layer_reshape = {"Reshape", "reshape", 1, 1, infer, read_config, write_config, lower};
