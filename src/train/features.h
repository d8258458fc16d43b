/* SPDX-License-Identifier: MIT */
/* What the frozen prefix of a network makes of the pictures of a training, made once and kept in the cache folder: training on
 * it gives the bits that training on the pictures gives. A file is known by all that decides its bytes, so that what has changed
 * is never taken for what it was, and any run may use what another one made. */
#ifndef TRAIN_FEATURES_H
#define TRAIN_FEATURES_H

#include "data/feature_store.h"
#include "data/loader.h"
#include "engine/engine.h"
#include "inference/stop.h"
#include "run/recipe.h"

struct features_wish {
    const struct recipe *recipe;
    const struct graph *graph;
    size_t cut;                  /* the node whose values they are (model/prefix.h) */
    const struct engine *engine; /* of the graph: it has the values of the prefix, and a pool */
    struct image_set set;        /* whose first `count` pictures count, each in the set's order */
    size_t count;
    size_t batch_size; /* of the loader that they are for */
    bool augmented;    /* in the recipe's views; else as they are, in one */
    struct loader_limits limits;
    const struct stop_flag *stop; /* ends the making; NULL: nothing does */
};

/* OCELLUS_USAGE where the recipe asks for what no features can have: pictures that are mixed; augmentation without a number of
 * fixed views. */
ocellus_status features_check(const struct recipe *recipe);
/* Opens the file, or makes it; its size is said. Where it cannot be made, as the disk has no room for it, that is said, and what
 * it would hold is made for every batch: the same bits. Graph and engine's pool must outlive them. */
struct features;
ocellus_status features_open(const struct features_wish *wish, struct features **features);
void features_close(struct features *features); /* NULL is accepted */
/* For a loader of the set; it lives as they do. */
struct loader_features features_given(struct features *features);

#endif
