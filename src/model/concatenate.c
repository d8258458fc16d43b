/* SPDX-License-Identifier: MIT */
/* Concatenate: tensors one after the other along one axis; the other dimensions are the same. */
#include "model/layer_config.h"

#include <inttypes.h>

/* The axis of the shape: the batch is not counted. The rank where there is no such axis. */
static size_t axis_of(const struct node *node, size_t rank) {
    const int64_t axis = node->config.concatenate.axis, from_front = axis > 0 ? axis - 1 : axis + (int64_t)rank;
    if (axis == 0) return rank - 1;
    return from_front >= 0 && from_front < (int64_t)rank ? (size_t)from_front : rank;
}

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    const size_t rank = inputs[0]->rank, axis = axis_of(node, rank);
    if (axis == rank)
        return fail(OCELLUS_USAGE, "%s: axis: out of range (expected -%zu to -1 or 1 to %zu, got %" PRId64 ")",
                    node->name, rank, rank, node->config.concatenate.axis);
    node->shape = *inputs[0];
    for (size_t i = 1; i < node->input_count; i++) {
        struct shape other = *inputs[i];
        const int64_t added = other.rank == rank ? other.dims[axis] : 0;
        other.dims[axis] = inputs[0]->dims[axis];
        if (!shape_equal(&other, inputs[0])) {
            char a[SHAPE_TEXT_SIZE], b[SHAPE_TEXT_SIZE];
            shape_text(inputs[0], true, a);
            shape_text(inputs[i], true, b);
            return fail(OCELLUS_USAGE, "%s: inputs: shapes differ not only along the axis (%s and %s)", node->name, a,
                        b);
        }
        node->shape.dims[axis] += added;
    }
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    int64_t axis = -1;
    TRY(config_read_integer(node, config, source, "axis", false, -GRAPH_MAX_RANK, &axis));
    if (axis == 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: axis: not supported (expected one of an image, got the batch's)",
                    source, node->name);
    node->config.concatenate.axis = axis;
    return OCELLUS_OK;
}

static bool write_config(const struct node *node, json_value *config) {
    const int64_t axis = node->config.concatenate.axis;
    return json_set(config, "axis", json_new_integer(axis ? axis : -1));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    return lowering_append_all(
        lowering, (struct operation){.kind = OPERATION_CONCATENATE, .axis = axis_of(node, node->shape.rank)});
}

const struct layer_type layer_concatenate = {"Concatenate", "concatenate", 2,    0, infer,
                                             read_config,   write_config,  lower};
