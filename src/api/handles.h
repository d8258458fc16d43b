/* SPDX-License-Identifier: MIT */
/* What is behind the opaque types of include/ocellus. */
#ifndef API_HANDLES_H
#define API_HANDLES_H

#include <ocellus/ocellus.h>

#include "data/dataset.h"
#include "engine/engine.h"
#include "train/predict.h"

struct ocellus_dataset {
    struct dataset data;
};

struct ocellus_model {
    struct graph *graph;
    struct engine *engine; /* for inference; a training has its own and leaves its weights here */
    struct batch_buffer buffer;
    size_t threads; /* as asked for */
    int64_t epochs; /* trained so far; -1 unknown */
};

#endif
