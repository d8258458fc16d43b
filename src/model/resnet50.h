/* SPDX-License-Identifier: MIT */
/* ResNet50. */
#ifndef MODEL_RESNET50_H
#define MODEL_RESNET50_H

#include "model/graph.h"

/* The report's ResNet50: up-sampling to about `side` rows and columns (RESNET50_SIDE: by 7 for 32), Keras Applications' ResNet50 v1 without
 * its top as the nested model "resnet50", average pooling, dense layers of 1024, 512 and `classes`. Three channels.
 * epsilon is BatchNormalization's: RESNET50_EPSILON is that of Keras's code, its weight files also come with 1e-3. */
#define RESNET50_EPSILON 1.001e-5
enum { RESNET50_SIDE = 224 };
ocellus_status graph_resnet50(size_t height, size_t width, size_t channels, size_t classes, size_t side, double epsilon,
                              struct graph **graph);
/* The same layers on pictures of side x side x 3 as they are: no up-sampling and nothing nested; average pooling ("avg_pool") and
 * one dense layer of `classes` ("predictions"), as Keras Applications' with its top. OCELLUS_USAGE below 32 and above 4096. */
enum { RESNET50_LEAST_SIDE = 32 };
ocellus_status graph_resnet50_direct(size_t side, size_t classes, double epsilon, struct graph **graph);
/* ResNet50 with its top for ImageNet: 224 x 224 x 3 to 1000 classes, whose names it has; nothing nested. */
ocellus_status graph_resnet50_imagenet(double epsilon, struct graph **graph);
enum { IMAGENET_CLASSES = 1000 };
extern const char *const imagenet_class_names[IMAGENET_CLASSES];

#endif
