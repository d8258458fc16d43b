/* SPDX-License-Identifier: MIT */
/* What a recipe's augmentation makes of the pictures: the batch that the network gets, drawn. */
#ifndef APP_DATA_AUGMENTED_H
#define APP_DATA_AUGMENTED_H

#include "data/data_parts.h"
#include "run/recipe.h"

#define DATA_AUGMENTED "augmented.png"
enum { DATA_AUGMENTED_ROWS = 5, DATA_AUGMENTED_COLUMNS = 10 };

/* Writes augmented.png into `folder`, made when missing: the first pictures of the epoch (from 0) in the order, with the split,
 * augmentation and mixing that a training by the recipe on these parts has, as its loader gives them to the network, the numbers
 * turned back into pixels. Under a mixed one stand both classes and their shares. Fails as a training does that is opened by
 * the recipe. OCELLUS_USAGE for an epoch that there is not: a recipe may have up to a million. */
ocellus_status data_augmented_draw(const struct recipe *recipe, const struct data_parts *parts, size_t epoch,
                                   const char *folder);

#endif
