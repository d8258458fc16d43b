/* SPDX-License-Identifier: MIT */
/* Functions of one value in Keras's configurations; the rules of layer_config.h hold. */
#ifndef MODEL_UNARY_CONFIG_H
#define MODEL_UNARY_CONFIG_H

#include "model/layer.h"

/* Its numbers in range; softmax needs a vector: it is the network's last step here. After node->shape is set. */
ocellus_status layer_expect_activation(const struct node *node, const struct unary *unary);

/* "activation": a function's name, or an object that is a function or one of the layers below; null is linear. */
ocellus_status config_read_activation(const struct node *node, const json_value *config, const char *source,
                                      struct unary *out);
/* The layers that are a function: ReLU, LeakyReLU, ELU and Softmax, from their members. */
ocellus_status config_read_unary_layer(const struct node *node, const char *class_name, const json_value *config,
                                       const char *source, struct unary *out);

/* As Keras 3 writes it: the name, or where the function has none an object of class ReLU or ELU. NULL without memory. */
json_value *config_activation(const struct unary *unary);
/* The members of class ReLU, ELU or Softmax, by the function. */
bool config_write_unary_layer(json_value *config, const struct unary *unary);

#endif
