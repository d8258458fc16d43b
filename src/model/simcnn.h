/* SPDX-License-Identifier: MIT */
/* SimCNN. */
#ifndef MODEL_SIMCNN_H
#define MODEL_SIMCNN_H

#include "model/graph.h"

/* Built-in networks for images of height x width x channels and that many classes (sizes come from the data). */
ocellus_status graph_simcnn(size_t height, size_t width, size_t channels, size_t classes, struct graph **graph);

#endif
