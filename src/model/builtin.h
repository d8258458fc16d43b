/* SPDX-License-Identifier: MIT */
/* The built-in networks by name. */
#ifndef MODEL_BUILTIN_H
#define MODEL_BUILTIN_H

#include "model/graph.h"

/* The name of each of them in turn; NULL after the last. */
const char *graph_builtin_name(size_t index);
bool graph_is_builtin(const char *name);
/* OCELLUS_USAGE for a name that is neither of a file or folder nor one of them, with the nearest of them. */
ocellus_status graph_is_nowhere(const char *name);
/* One of them by its name ("simcnn"; RESNET50_IMAGENET_NAME has its own sizes); OCELLUS_USAGE, with the nearest name, when there is
 * none. */
#define RESNET50_IMAGENET_NAME "resnet50-imagenet"
ocellus_status graph_builtin(const char *name, size_t height, size_t width, size_t channels, size_t classes,
                             struct graph **graph);
/* The same for square pictures of a size of one's own, which are not up-sampled: a side of 0 is the network's usual one.
 * OCELLUS_USAGE for a network that has none, or whose name says its size, and for a side that is too small for its layers. */
ocellus_status graph_builtin_of_size(const char *name, size_t side, size_t channels, size_t classes,
                                     struct graph **graph);

#endif
