/* SPDX-License-Identifier: MIT */
/* What the layers share: see layer_config.h. */
#include "model/layer_config.h"

#include <inttypes.h>
#include <string.h>

static const char *const padding_names[] = {[PADDING_VALID] = "valid", [PADDING_SAME] = "same"};

const char *padding_name(enum padding padding) {
    return padding_names[padding];
}

ocellus_status layer_expect_rank(const struct node *node, const struct shape *input, size_t rank) {
    if (input->rank == rank) return OCELLUS_OK;
    char text[SHAPE_TEXT_SIZE];
    shape_text(input, true, text);
    return fail(OCELLUS_USAGE, "%s: input: unfit for %s (expected %s, got %s)", node->name, node->type->class_name,
                rank == 3 ? "an image (height, width, channels)" : "a vector", text);
}

ocellus_status layer_expect_positive(const struct node *node, const char *what, int64_t number) {
    if (number >= 1 && number <= GRAPH_MAX_DIMENSION) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: %s: out of range (expected 1 to %" PRId64 ", got %" PRId64 ")", node->name, what,
                GRAPH_MAX_DIMENSION, number);
}

ocellus_status layer_window_size(const struct node *node, int64_t input, int64_t window, int64_t stride,
                                 enum padding padding, int64_t *output) {
    TRY(layer_expect_positive(node, "window", window));
    TRY(layer_expect_positive(node, "strides", stride));
    if (padding == PADDING_SAME) {
        *output = (input + stride - 1) / stride;
        return OCELLUS_OK;
    }
    if (window > input)
        return fail(OCELLUS_USAGE, "%s: window: larger than the input (expected at most %" PRId64 ", got %" PRId64 ")",
                    node->name, input, window);
    *output = (input - window) / stride + 1;
    return OCELLUS_OK;
}

static ocellus_status refuse(const struct node *node, const char *source, const char *member, const char *expected) {
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s: unfit for %s (expected %s)", source, node->name, member,
                node->type->class_name, expected);
}

/* The member, or NULL when it is absent or null. */
static const json_value *find(const json_value *config, const char *member) {
    const json_value *value = json_member(config, member);
    return json_type_of(value) == JSON_TYPE_NULL ? NULL : value;
}

static ocellus_status check_integer(const struct node *node, const json_value *value, const char *source,
                                    const char *member, int64_t minimum, int64_t *out) {
    int64_t number;
    if (!json_get_integer(value, &number)) return refuse(node, source, member, "whole numbers");
    if (number < minimum || number > GRAPH_MAX_DIMENSION)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: %s: %s: out of range (expected %" PRId64 " to %" PRId64 ", got %" PRId64 ")", source,
                    node->name, member, minimum, GRAPH_MAX_DIMENSION, number);
    *out = number;
    return OCELLUS_OK;
}

static ocellus_status missing(const struct node *node, const char *source, const char *member) {
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s: missing", source, node->name, member);
}

ocellus_status config_read_integer(const struct node *node, const json_value *config, const char *source,
                                   const char *member, bool required, int64_t minimum, int64_t *out) {
    const json_value *value = find(config, member);
    if (!value) return required ? missing(node, source, member) : OCELLUS_OK;
    return check_integer(node, value, source, member, minimum, out);
}

ocellus_status config_read_pair(const struct node *node, const json_value *config, const char *source,
                                const char *member, bool required, int64_t minimum, int64_t out[2]) {
    const json_value *value = find(config, member);
    if (!value) return required ? missing(node, source, member) : OCELLUS_OK;
    if (json_type_of(value) == JSON_TYPE_LIST) {
        if (json_count(value) != 2) return refuse(node, source, member, "two numbers");
        TRY(check_integer(node, json_element(value, 0), source, member, minimum, &out[0]));
        return check_integer(node, json_element(value, 1), source, member, minimum, &out[1]);
    }
    TRY(check_integer(node, value, source, member, minimum, &out[0]));
    out[1] = out[0];
    return OCELLUS_OK;
}

ocellus_status config_read_bool(const struct node *node, const json_value *config, const char *source,
                                const char *member, bool *out) {
    const json_value *value = find(config, member);
    if (value && !json_get_bool(value, out)) return refuse(node, source, member, "true or false");
    return OCELLUS_OK;
}

ocellus_status config_read_real(const struct node *node, const json_value *config, const char *source,
                                const char *member, double *out) {
    const json_value *value = find(config, member);
    if (value && !json_get_real(value, out)) return refuse(node, source, member, "a number");
    return OCELLUS_OK;
}

/* One of a list of names; the index is the answer. */
static ocellus_status read_choice(const struct node *node, const json_value *config, const char *source,
                                  const char *member, const char *const *names, size_t count, const char *expected,
                                  size_t *out) {
    const json_value *value = find(config, member);
    if (!value) return OCELLUS_OK;
    const char *text = "no text";
    if (json_get_text(value, &text)) {
        for (size_t i = 0; i < count; i++) {
            if (strcmp(text, names[i]) == 0) {
                *out = i;
                return OCELLUS_OK;
            }
        }
    }
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s: not supported (expected %s, got %s)", source, node->name, member,
                expected, text);
}

ocellus_status config_read_padding(const struct node *node, const json_value *config, const char *source,
                                   enum padding *out) {
    size_t choice = *out;
    TRY(read_choice(node, config, source, "padding", padding_names, 2, "valid or same", &choice));
    *out = (enum padding)choice;
    return OCELLUS_OK;
}

ocellus_status config_expect_text(const struct node *node, const json_value *config, const char *source,
                                  const char *member, const char *expected) {
    size_t choice = 0;
    return read_choice(node, config, source, member, &expected, 1, expected, &choice);
}

ocellus_status config_expect_bool(const struct node *node, const json_value *config, const char *source,
                                  const char *member, bool expected) {
    bool value = expected;
    TRY(config_read_bool(node, config, source, member, &value));
    if (value != expected)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s: not supported (expected %s, got %s)", source, node->name, member,
                    expected ? "true" : "false", value ? "true" : "false");
    return OCELLUS_OK;
}

ocellus_status config_expect_one(const struct node *node, const json_value *config, const char *source,
                                 const char *member) {
    int64_t pair[2] = {1, 1};
    TRY(config_read_pair(node, config, source, member, false, 1, pair));
    if (pair[0] == 1 && pair[1] == 1) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s: not supported (expected 1)", source, node->name, member);
}

json_value *config_pair(const int64_t pair[2]) {
    json_value *list = json_new_list();
    if (list && json_append(list, json_new_integer(pair[0])) && json_append(list, json_new_integer(pair[1])))
        return list;
    json_release(list);
    return NULL;
}
