/* SPDX-License-Identifier: MIT */
/* The layers by name. */
#ifndef MODEL_REGISTRY_H
#define MODEL_REGISTRY_H

#include "model/layer.h"

/* A row of layer.h by Keras's name; NULL when there is none. */
const struct layer_type *layer_by_class_name(const char *class_name);

#endif
