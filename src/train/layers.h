/* SPDX-License-Identifier: MIT */
/* What a recipe says of layers by patterns of their names: which are frozen, until when, and at which rates they learn.
 *
 *     freeze   = conv*, pool*                     shell patterns
 *     unfreeze = 2:conv5_*, 5:conv4_*             at the end of that epoch, from 1, they begin to learn
 *     rates    = conv4_*:0.1, conv5_*:0.3         of the learning rate; the first pattern that matches counts
 *
 * All of it follows from recipe, network and the number of whole epochs, so that no checkpoint has to say it. */
#ifndef TRAIN_LAYERS_H
#define TRAIN_LAYERS_H

#include "engine/engine.h"
#include "run/recipe.h"

/* OCELLUS_USAGE, naming key and item, for an item that cannot be read, a pattern that matches no layer, and one of `unfreeze`
 * that matches no layer which is frozen. */
ocellus_status layers_check(const struct recipe *recipe, const struct graph *graph);
/* How many items of `unfreeze` hold after so many whole epochs: where it is the same, so is what is trained. */
size_t layers_stage(const struct recipe *recipe, uint64_t epochs);
/* Freezes the layers that are frozen then, and no others. Of a recipe that was checked. */
void layers_freeze(const struct recipe *recipe, uint64_t epochs, struct graph *graph);

/* Groups for an engine of that graph: of each layer with a rate of its own, and of each that was frozen in the first epochs, whose
 * updates are counted from the one in which it began to learn: what Adam knows of it begins there. */
struct layer_groups {
    struct parameter_group *groups;
    char (*patterns)[2 * GRAPH_NAME_SIZE];
    size_t count;
};
/* `steps` is that of a whole epoch. Release with layer_groups_free(). */
ocellus_status layers_group(const struct recipe *recipe, const struct graph *graph, uint64_t epochs, uint64_t steps,
                            struct layer_groups *groups);
void layer_groups_free(struct layer_groups *groups);

#endif
