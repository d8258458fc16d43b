/* SPDX-License-Identifier: MIT */
/* The layers there are. */
#include "model/registry.h"

#include "model/layer.h"

#include <string.h>

static const struct layer_type *const layers[] = {
    &layer_activation,
    &layer_add,
    &layer_average_pooling2d,
    &layer_batch_normalization,
    &layer_concatenate,
    &layer_conv2d,
    &layer_dense,
    &layer_depthwise_conv2d,
    &layer_dropout,
    &layer_elu,
    &layer_flatten,
    &layer_global_average_pooling2d,
    &layer_input_layer,
    &layer_leaky_re_lu,
    &layer_max_pooling2d,
    &layer_multiply,
    &layer_re_lu,
    &layer_reshape,
    &layer_softmax,
    &layer_up_sampling2d,
    &layer_zero_padding2d,
};

const struct layer_type *layer_by_class_name(const char *class_name) {
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++) {
        if (strcmp(layers[i]->class_name, class_name) == 0) return layers[i];
    }
    return NULL;
}
