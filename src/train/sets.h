/* SPDX-License-Identifier: MIT */
/* Which images a recipe trains on and validates on. */
#ifndef TRAIN_SETS_H
#define TRAIN_SETS_H

#include "data/batch.h"
#include "run/recipe.h"

/* The images of a run: a recipe's split of its data. The sources must outlive it. */
struct train_sets {
    const struct source *train_data, *test_data; /* test_data: NULL without test images */
    const struct source *validation_data;        /* where validation images are a part of their own; else NULL */
    struct image_set train, validation;          /* validation.count is 0 without validation */
    size_t *train_indices, *held_out_indices;    /* owned */
};
/* `validation` and `test` may be NULL. RECIPE_VALIDATION_HELD_OUT means the validation images where there are some: only else
 * `held_out` is read, and that many are held out of the training ones. OCELLUS_USAGE where nothing would be left to train on,
 * or there is nothing to validate on. */
ocellus_status train_sets_create(const struct recipe *recipe, const struct source *train,
                                 const struct source *validation, const struct source *test, struct train_sets *sets);
void train_sets_free(struct train_sets *sets);

#endif
