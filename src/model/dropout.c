/* SPDX-License-Identifier: MIT */
/* Dropout: in training a share `rate` of the values becomes 0, the others grow by 1 / (1 - rate). */
#include "model/layer_config.h"

static ocellus_status infer(struct node *node, const struct shape *const *inputs) {
    const double rate = node->config.dropout.rate;
    if (!(rate >= 0 && rate < 1))
        return fail(OCELLUS_USAGE, "%s: rate: out of range (expected 0 to below 1, got %g)", node->name, rate);
    node->shape = *inputs[0];
    return OCELLUS_OK;
}

static ocellus_status read_config(struct node *node, const json_value *config, const char *source) {
    const json_value *seed = json_member(config, "seed");
    node->config.dropout.has_seed = json_type_of(seed) != JSON_TYPE_NULL;
    if (json_type_of(json_member(config, "rate")) == JSON_TYPE_NULL)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: rate: missing", source, node->name);
    TRY(config_read_real(node, config, source, "rate", &node->config.dropout.rate));
    if (node->config.dropout.has_seed && !json_get_integer(seed, &node->config.dropout.seed))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: seed: no whole number", source, node->name);
    if (json_type_of(json_member(config, "noise_shape")) != JSON_TYPE_NULL)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: noise_shape: not supported (expected null)", source, node->name);
    return OCELLUS_OK;
}

static bool write_config(const struct node *node, json_value *config) {
    return json_set(config, "rate", json_new_real(node->config.dropout.rate)) &&
           json_set(config, "seed",
                    node->config.dropout.has_seed ? json_new_integer(node->config.dropout.seed) : json_new_null()) &&
           json_set(config, "noise_shape", json_new_null());
}

static ocellus_status lower(struct lowering *lowering, const struct node *node) {
    if (!(node->config.dropout.rate > 0)) return OCELLUS_OK;
    return lowering_append(lowering, (struct operation){.kind = OPERATION_DROPOUT, .rate = node->config.dropout.rate});
}

const struct layer_type layer_dropout = {"Dropout", "dropout", 1, 1, infer, read_config, write_config, lower};
