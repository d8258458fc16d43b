/* SPDX-License-Identifier: MIT */
/* One name for each weight, whatever release of Keras wrote the file. */
#ifndef FORMATS_KERAS_NAMES_H
#define FORMATS_KERAS_NAMES_H

#include "formats/named_tensors.h"

/* "LAYER/ROLE", the last two parts of a path as TensorFlow and Keras write them: in front of it may stand the names of models
 * ("sequential/conv2d/kernel"), behind it TensorFlow's ":0". */
void keras_names_short(const char *path, char out[TENSOR_NAME_SIZE]);
/* The canonical name of a tensor: of its short name, current Keras's "LAYER/ROLE". ResNet50's older layer names become the current ones
 * (conv1, bn_conv1, res2a_branch2a, bn5c_branch1, fc1000 become conv1_conv, conv1_bn, conv2_block1_1_conv, conv5_block3_0_bn,
 * predictions), the roles of Keras 1 too (LAYER_W, LAYER_b, LAYER_running_mean, with or without a number at the end; its
 * running_std is a variance); the depthwise_kernel of Keras 2 becomes kernel. Any other name is copied as it is. */
void keras_names_canonical(const char *name, char out[TENSOR_NAME_SIZE]);

#endif
