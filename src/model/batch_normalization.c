/* SPDX-License-Identifier: MIT */
/* BatchNormalization over all axes but the last one. */
#include "model/layer_config.h"

#include "model/graph.h"

#include <inttypes.h>
#include <math.h>

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    const double momentum = node->config.batch_normalization.momentum,
                 epsilon = node->config.batch_normalization.epsilon;
    if (!(momentum >= 0 && momentum < 1))
        return fail(OCELLUS_USAGE, "%s: momentum: out of range (expected 0 to below 1, got %g)", node->name, momentum);
    if (!(epsilon > 0 && isfinite(epsilon)))
        return fail(OCELLUS_USAGE, "%s: epsilon: out of range (expected above 0, got %g)", node->name, epsilon);
    node->shape = *inputs[0];
    const int64_t axis = node->config.batch_normalization.axis;
    if (axis != 0 && axis != -1 && axis != (int64_t)node->shape.rank)
        return fail(OCELLUS_USAGE, "%s: axis: not supported (expected the last one, got %" PRId64 ")", node->name,
                    axis);
    const struct shape channels = {1, {node->shape.dims[node->shape.rank - 1]}};
    if (!node->config.batch_normalization.without_scale)
        graph_add_parameter(node, PARAMETER_GAMMA, channels, true, INITIAL_ONES, 0, 0);
    if (!node->config.batch_normalization.without_center)
        graph_add_parameter(node, PARAMETER_BETA, channels, true, INITIAL_ZEROS, 0, 0);
    graph_add_parameter(node, PARAMETER_MOVING_MEAN, channels, false, INITIAL_ZEROS, 0, 0);
    graph_add_parameter(node, PARAMETER_MOVING_VARIANCE, channels, false, INITIAL_ONES, 0, 0);
    return OCELLUS_OK;
}

/* "axis" is a number in current files and a list of one in older ones; -1 means the last. */
static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    bool scale = true, center = true;
    node->config.batch_normalization.momentum = 0.99;
    node->config.batch_normalization.epsilon = 1e-3;
    const json_value *axis = json_member(config, "axis");
    if (json_count(axis) == 1) axis = json_element(axis, 0);
    if (axis && !json_get_integer(axis, &node->config.batch_normalization.axis))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: axis: no whole number", source, node->name);
    TRY(config_read_real(node, config, source, "momentum", &node->config.batch_normalization.momentum));
    TRY(config_read_real(node, config, source, "epsilon", &node->config.batch_normalization.epsilon));
    TRY(config_read_bool(node, config, source, "center", &center));
    TRY(config_read_bool(node, config, source, "scale", &scale));
    node->config.batch_normalization.without_center = !center;
    node->config.batch_normalization.without_scale = !scale;
    return OCELLUS_OK;
}

static bool write_config(const struct node *node, json_value *config) {
    return json_set(config, "axis", json_new_integer(-1)) &&
           json_set(config, "momentum", json_new_real(node->config.batch_normalization.momentum)) &&
           json_set(config, "epsilon", json_new_real(node->config.batch_normalization.epsilon)) &&
           json_set(config, "center", json_new_bool(!node->config.batch_normalization.without_center)) &&
           json_set(config, "scale", json_new_bool(!node->config.batch_normalization.without_scale));
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    return lowering_append(lowering, (struct operation){.kind = OPERATION_NORMALIZATION,
                                                        .momentum = node->config.batch_normalization.momentum,
                                                        .epsilon = node->config.batch_normalization.epsilon});
}

const struct layer_type layer_batch_normalization = {"BatchNormalization", "batch_normalization", 1,    1, infer,
                                                     read_config,          write_config,          lower};
