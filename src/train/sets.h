/* SPDX-License-Identifier: MIT */
/* Which images a recipe trains on and validates on. */
#ifndef TRAIN_SETS_H
#define TRAIN_SETS_H

#include "data/batch.h"
#include "run/recipe.h"

/* The images of a run: a recipe's split of its data. The sources must outlive it. */
struct train_sets {
    const struct source *train_data, *test_data;
    struct image_set train, validation;       /* validation.count is 0 without validation */
    size_t *train_indices, *held_out_indices; /* owned */
};
ocellus_status train_sets_create(const struct recipe *recipe, const struct source *train, const struct source *test,
                                 struct train_sets *sets);
void train_sets_free(struct train_sets *sets);

#endif
