/* SPDX-License-Identifier: MIT */
#include "train/sets.h"

#include "data/source_split.h"

#include <inttypes.h>
#include <stdlib.h>

ocellus_status train_sets_create(const struct recipe *recipe, const struct source *train,
                                 const struct source *validation, const struct source *test, struct train_sets *sets) {
    *sets = (struct train_sets){.train_data = train, .test_data = test, .train = image_set_all(train)};
    if (recipe->validation == RECIPE_VALIDATION_TEST) {
        if (!test) return fail(OCELLUS_USAGE, "validation: %s has no test set to validate on", train->name);
        sets->validation = image_set_all(test);
    }
    if (recipe->validation != RECIPE_VALIDATION_HELD_OUT) return OCELLUS_OK;
    if (validation) {
        sets->validation_data = validation;
        sets->validation = image_set_all(validation);
        return OCELLUS_OK;
    }
    if (recipe->held_out >= train->count) {
        return fail(OCELLUS_USAGE,
                    "held_out: nothing would be left to train on (expected less than %zu images, got %" PRIu64 ")",
                    train->count, recipe->held_out);
    }
    TRY(source_split(train, (size_t)recipe->held_out, recipe->seed, &sets->train_indices, &sets->train.count,
                     &sets->held_out_indices, &sets->validation.count));
    sets->train.indices = sets->train_indices;
    sets->validation.source = train;
    sets->validation.indices = sets->held_out_indices;
    return OCELLUS_OK;
}

void train_sets_free(struct train_sets *sets) {
    free(sets->train_indices);
    free(sets->held_out_indices);
    *sets = (struct train_sets){0};
}
