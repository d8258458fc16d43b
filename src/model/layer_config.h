/* SPDX-License-Identifier: MIT */
/* What the layers share: checks for their shape rules, and reading and writing members of Keras's configurations.
 * Messages read "SOURCE: LAYER: MEMBER: what (expected X, got Y)". All readers answer OCELLUS_BAD_CONTENT. */
#ifndef MODEL_LAYER_CONFIG_H
#define MODEL_LAYER_CONFIG_H

#include "model/layer.h"

/* Shape rules: OCELLUS_USAGE with the node's name. */
ocellus_status layer_expect_rank(const struct node *node, const struct shape *input, size_t rank);
ocellus_status layer_expect_positive(const struct node *node, const char *what, int64_t number);
/* The output size of a window that slides over `input` values; the window must fit when the padding is valid. */
ocellus_status layer_window_size(const struct node *node, int64_t input, int64_t window, int64_t stride,
                                 enum padding padding, int64_t *output);

/* Readers. *out keeps its value (the default) when the member is absent or null, except where it is required. */
ocellus_status config_read_integer(const struct node *node, const json_value *config, const char *source,
                                   const char *member, bool required, int64_t minimum, int64_t *out);
/* [a, b] or one number for both. */
ocellus_status config_read_pair(const struct node *node, const json_value *config, const char *source,
                                const char *member, bool required, int64_t minimum, int64_t out[2]);
ocellus_status config_read_bool(const struct node *node, const json_value *config, const char *source,
                                const char *member, bool *out);
ocellus_status config_read_real(const struct node *node, const json_value *config, const char *source,
                                const char *member, double *out);
ocellus_status config_read_padding(const struct node *node, const json_value *config, const char *source,
                                   enum padding *out);
/* Members that must have one value because nothing else is implemented. */
ocellus_status config_expect_text(const struct node *node, const json_value *config, const char *source,
                                  const char *member, const char *expected);
ocellus_status config_expect_bool(const struct node *node, const json_value *config, const char *source,
                                  const char *member, bool expected);

/* One number or two, all 1. */
ocellus_status config_expect_one(const struct node *node, const json_value *config, const char *source,
                                 const char *member);

json_value *config_pair(const int64_t pair[2]);
const char *padding_name(enum padding padding);

#endif
