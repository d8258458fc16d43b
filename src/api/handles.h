/* SPDX-License-Identifier: MIT */
/* What is behind the opaque types of include/ocellus. */
#ifndef API_HANDLES_H
#define API_HANDLES_H

#include <ocellus/ocellus.h>

#include "base/threads.h"
#include "data/source.h"
#include "engine/engine.h"
#include "inference/batch_buffer.h"

#include <stdatomic.h>

struct ocellus_dataset {
    struct source *source;
};

/* A call at work on a model: nobody else may be, and the thread computes in Ocellus's floating-point mode. */
struct model_use {
    ocellus_model *model;
    struct float_mode host;
};
/* OCELLUS_IN_USE when another call is at work on the model. Ended by model_leave(). */
ocellus_status model_enter(const ocellus_model *model, const char *call, struct model_use *use);
void model_leave(struct model_use *use);

struct ocellus_model {
    atomic_bool busy;
    struct graph *graph;
    struct engine *engine; /* for inference; a training has its own and leaves its weights here */
    struct batch_buffer buffer;
    size_t threads; /* as asked for */
    int64_t epochs; /* trained so far; -1 unknown */
};

#endif
