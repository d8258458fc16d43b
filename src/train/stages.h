/* SPDX-License-Identifier: MIT */
/* The engine of a training whose layers begin to learn by stages (train/layers.h). What is trained follows from the recipe and the
 * number of whole epochs, so a checkpoint need not say it: its epoch does.
 *
 * At the end of an epoch at which a stage begins, the engine is opened again: all values and the optimizer's state of what was
 * trained are carried over, the state of what begins to learn is 0, and its updates are counted from there. */
#ifndef TRAIN_STAGES_H
#define TRAIN_STAGES_H

#include "train/features.h"
#include "train/layers.h"
#include "train/trainer.h"

struct stages {
    const struct recipe *recipe;
    struct graph *graph; /* the caller's, whose `frozen` is set here alone */
    struct engine_options options;
    uint64_t steps; /* of a whole epoch */
    size_t validation_images;
    uint64_t epochs; /* whole ones, of the engine that is open */
    struct layer_groups groups;
    struct thread_pool *pool; /* of all its engines */
    struct engine *engine;
    size_t cut;                   /* the node whose values, its features, the engine takes; 0: the pictures */
    struct features *features[2]; /* of the pictures to train on and to validate on; NULL until they are asked for */
};

/* Checks what the recipe says of layers and opens the engine for the first epoch, its parameters 0. The graph and the recipe must
 * outlive it. Close it with stages_close(), whatever is returned. */
ocellus_status stages_open(struct stages *stages, const struct recipe *recipe, const struct train_sets *sets,
                           size_t threads, struct graph *graph);
/* The engine for what follows after so many whole epochs; where another is trained then, *engine is closed and another is put in
 * its place, with its values. For trainer_options.enter: `stages` is a struct stages. On failure there is none. */
ocellus_status stages_enter(void *stages, uint64_t epochs, struct engine **engine, bool *changed);
/* For trainer_options.features: what the frozen prefix makes of the pictures, where the recipe wants it made once (train/features.h). */
ocellus_status stages_features(void *stages, bool validation, const struct trainer_options *options,
                               struct loader_features *given);
void stages_close(struct stages *stages);

#endif
