/* SPDX-License-Identifier: MIT */
/* The built-in networks by name. */
#ifndef MODEL_BUILTIN_H
#define MODEL_BUILTIN_H

#include "model/graph.h"

/* The name of each of them in turn; NULL after the last. */
const char *graph_builtin_name(size_t index);
/* One of them by its name ("simcnn"; RESNET50_IMAGENET_NAME has its own sizes); OCELLUS_USAGE, with the nearest name, when there is
 * none. */
#define RESNET50_IMAGENET_NAME "resnet50-imagenet"
ocellus_status graph_builtin(const char *name, size_t height, size_t width, size_t channels, size_t classes,
                             struct graph **graph);

#endif
