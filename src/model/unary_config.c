/* SPDX-License-Identifier: MIT */
/* The functions of one value in Keras's configurations: by name, and as the layers that are one. */
#include "model/unary_config.h"

#include "model/layer_config.h"

#include <math.h>
#include <string.h>

/* Written by the first of its names. */
static const struct {
    const char *name;
    struct unary unary;
} functions[] = {
    {"linear", {.function = UNARY_LINEAR}},
    {"relu", {.function = UNARY_RELU}},
    {"relu6", {.function = UNARY_RELU, .max_value = 6}},
    {"leaky_relu", {.function = UNARY_RELU, .negative_slope = 0.2}},
    {"sigmoid", {.function = UNARY_SIGMOID}},
    {"tanh", {.function = UNARY_TANH}},
    {"silu", {.function = UNARY_SWISH}},
    {"swish", {.function = UNARY_SWISH}},
    {"hard_sigmoid", {.function = UNARY_HARD_SIGMOID}},
    {"hard_silu", {.function = UNARY_HARD_SWISH}},
    {"hard_swish", {.function = UNARY_HARD_SWISH}},
    {"gelu", {.function = UNARY_GELU}},
    {"elu", {.function = UNARY_ELU, .alpha = 1}},
    {"softmax", {.function = UNARY_SOFTMAX}},
};
static const char expected_names[] = "linear, relu, relu6, leaky_relu, sigmoid, tanh, silu, hard_sigmoid, hard_silu, "
                                     "gelu, elu or softmax";

static bool is_same(const struct unary *a, const struct unary *b) {
    if (a->function != b->function) return false;
    if (a->function == UNARY_RELU) return a->negative_slope == b->negative_slope && a->max_value == b->max_value;
    return a->function != UNARY_ELU || a->alpha == b->alpha;
}

ocellus_status layer_expect_activation(const struct node *node, const struct unary *unary) {
    const struct {
        const char *name;
        double value;
        bool good;
    } numbers[] = {
        {"negative_slope", unary->negative_slope, isfinite(unary->negative_slope) && unary->negative_slope >= 0},
        {"max_value", unary->max_value, isfinite(unary->max_value) && unary->max_value >= 0},
        {"alpha", unary->alpha, isfinite(unary->alpha)},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        if (!numbers[i].good)
            return fail(OCELLUS_USAGE, "%s: %s: out of range (got %g)", node->name, numbers[i].name, numbers[i].value);
    }
    if (unary->function != UNARY_SOFTMAX || node->shape.rank == 1) return OCELLUS_OK;
    char text[SHAPE_TEXT_SIZE];
    shape_text(&node->shape, true, text);
    return fail(OCELLUS_USAGE, "%s: activation: softmax needs a vector (got %s)", node->name, text);
}

static ocellus_status read_relu(const struct node *node, const json_value *config, const char *source,
                                struct unary *out) {
    double threshold = 0, max_value = INFINITY;
    *out = (struct unary){.function = UNARY_RELU};
    TRY(config_read_real(node, config, source, "max_value", &max_value));
    TRY(config_read_real(node, config, source, "negative_slope", &out->negative_slope));
    TRY(config_read_real(node, config, source, "threshold", &threshold));
    if (threshold != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: threshold: not supported (expected 0, got %g)", source, node->name,
                    threshold);
    if (!(max_value > 0))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: max_value: out of range (expected above 0, got %g)", source,
                    node->name, max_value);
    out->max_value = isinf(max_value) ? 0 : max_value;
    return OCELLUS_OK;
}

/* Keras 2 calls its slope alpha. */
static ocellus_status read_leaky_relu(const struct node *node, const json_value *config, const char *source,
                                      struct unary *out) {
    *out = (struct unary){.function = UNARY_RELU, .negative_slope = 0.3};
    TRY(config_read_real(node, config, source, "alpha", &out->negative_slope));
    return config_read_real(node, config, source, "negative_slope", &out->negative_slope);
}

static ocellus_status read_elu(const struct node *node, const json_value *config, const char *source,
                               struct unary *out) {
    *out = (struct unary){.function = UNARY_ELU, .alpha = 1};
    return config_read_real(node, config, source, "alpha", &out->alpha);
}

/* Of a vector, so that axis 1 is the last one too. */
static ocellus_status read_softmax(const struct node *node, const json_value *config, const char *source,
                                   struct unary *out) {
    int64_t axis = -1;
    *out = (struct unary){.function = UNARY_SOFTMAX};
    TRY(config_read_integer(node, config, source, "axis", false, -1, &axis));
    if (axis == -1 || axis == 1) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: axis: not supported (expected -1)", source, node->name);
}

static const struct {
    const char *class_name;
    ocellus_status (*read)(const struct node *node, const json_value *config, const char *source, struct unary *out);
} layers[] = {{"ReLU", read_relu}, {"LeakyReLU", read_leaky_relu}, {"ELU", read_elu}, {"Softmax", read_softmax}};

static ocellus_status refuse(const struct node *node, const char *source, const char *name) {
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: activation: not supported (expected %s, got %s)", source, node->name,
                expected_names, name);
}

ocellus_status config_read_unary_layer(const struct node *node, const char *class_name, const json_value *config,
                                       const char *source, struct unary *out) {
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        if (strcmp(layers[i].class_name, class_name) == 0) return layers[i].read(node, config, source, out);
    }
    return refuse(node, source, class_name);
}

bool config_write_unary_layer(json_value *config, const struct unary *unary) {
    switch (unary->function) {
    case UNARY_RELU:
        return json_set(config, "max_value",
                        unary->max_value > 0 ? json_new_real(unary->max_value) : json_new_null()) &&
               json_set(config, "negative_slope", json_new_real(unary->negative_slope)) &&
               json_set(config, "threshold", json_new_real(0));
    case UNARY_ELU:
        return json_set(config, "alpha", json_new_real(unary->alpha));
    default:
        return json_set(config, "axis", json_new_integer(-1));
    }
}

ocellus_status config_read_activation(const struct node *node, const json_value *config, const char *source,
                                      struct unary *out) {
    const json_value *value = json_member(config, "activation");
    const char *text = "no text";
    *out = (struct unary){.function = UNARY_LINEAR};
    if (json_type_of(value) == JSON_TYPE_NULL) return OCELLUS_OK;
    if (json_type_of(value) == JSON_TYPE_MAP) {
        if (!json_get_text(json_member(value, "class_name"), &text)) return refuse(node, source, text);
        if (strcmp(text, "function") != 0)
            return config_read_unary_layer(node, text, json_member(value, "config"), source, out);
        value = json_member(value, "config");
        text = "no text";
    }
    if (!json_get_text(value, &text)) return refuse(node, source, text);
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (strcmp(functions[i].name, text) != 0) continue;
        *out = functions[i].unary;
        return OCELLUS_OK;
    }
    return refuse(node, source, text);
}

json_value *config_activation(const struct unary *unary) {
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
        if (is_same(&functions[i].unary, unary)) return json_new_text(functions[i].name);
    }
    json_value *object = json_new_map(), *config = json_new_map();
    const bool is_relu = unary->function == UNARY_RELU;
    const bool good = json_set(object, "module", json_new_text("keras.layers")) &&
                      json_set(object, "class_name", json_new_text(is_relu ? "ReLU" : "ELU"));
    if (json_set(object, "config", config) && good && config_write_unary_layer(config, unary) &&
        json_set(object, "registered_name", json_new_null()))
        return object;
    json_release(object);
    return NULL;
}
