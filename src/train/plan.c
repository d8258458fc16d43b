/* SPDX-License-Identifier: MIT */
/* What a recipe means for a dataset: which images it trains on and validates on, and how many steps that makes. */
#include "train/train.h"

#include "metrics/metrics.h"
#include "run/extent.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

ocellus_status train_sets_create(const struct recipe *recipe, const struct dataset *train, const struct dataset *test,
                                 struct train_sets *sets) {
    *sets = (struct train_sets){.train_data = train, .test_data = test, .train = image_set_all(train)};
    if (recipe->validation == RECIPE_VALIDATION_TEST) {
        if (!test) return fail(OCELLUS_USAGE, "validation: %s has no test set to validate on", train->name);
        sets->validation = image_set_all(test);
    }
    if (recipe->validation != RECIPE_VALIDATION_HELD_OUT) return OCELLUS_OK;
    if (recipe->held_out >= train->count) {
        return fail(OCELLUS_USAGE,
                    "held_out: nothing would be left to train on (expected less than %zu images, got %" PRIu64 ")",
                    train->count, recipe->held_out);
    }
    TRY(dataset_split(train, (size_t)recipe->held_out, recipe->seed, &sets->train_indices, &sets->train.count,
                      &sets->held_out_indices, &sets->validation.count));
    sets->train.indices = sets->train_indices;
    sets->validation.dataset = train;
    sets->validation.indices = sets->held_out_indices;
    return OCELLUS_OK;
}

void train_sets_free(struct train_sets *sets) {
    free(sets->train_indices);
    free(sets->held_out_indices);
    *sets = (struct train_sets){0};
}

size_t train_batch_size(const struct recipe *recipe, const struct train_sets *sets) {
    const size_t train = sets->train.count, validation = sets->validation.count;
    const size_t most = train > validation ? train : validation;
    return recipe->batch_size < most ? (size_t)recipe->batch_size : most;
}

static ocellus_status count_steps(const char *key, uint64_t wanted, uint64_t images, uint64_t batch_size,
                                  struct run_pass *pass) {
    uint64_t all = run_pass_over(images, batch_size, 0).steps;
    if (wanted > all) {
        return fail(OCELLUS_USAGE,
                    "%s: more than there are (expected at most %" PRIu64 " for %" PRIu64 " images, got %" PRIu64 ")",
                    key, all, images, wanted);
    }
    *pass = run_pass_over(images, batch_size, wanted);
    return OCELLUS_OK;
}

ocellus_status train_plan_make(const struct recipe *recipe, const struct train_sets *sets, struct train_plan *plan) {
    *plan = (struct train_plan){
        .epochs = recipe->epochs, .batch_size = recipe->batch_size, .train_images = sets->train.count};
    if (sets->train.count == 0) return fail(OCELLUS_USAGE, "training: there are no images to train on");
    struct run_pass epoch, validation;
    TRY(count_steps("steps_per_epoch", recipe->steps_per_epoch, sets->train.count, recipe->batch_size, &epoch));
    TRY(count_steps("validation_steps", sets->validation.count ? recipe->validation_steps : 0, sets->validation.count,
                    recipe->batch_size, &validation));
    plan->steps = epoch.steps;
    plan->images_per_epoch = epoch.images;
    plan->validation_steps = validation.steps;
    plan->validation_images = validation.images;
    if (plan->validation_images > 0) {
        size_t count = (size_t)plan->validation_images;
        struct interval interval = wilson_interval(count / 2, count);
        plan->validation_half_width = (interval.high - interval.low) / 2;
    }
    return OCELLUS_OK;
}

void train_plan_text(const struct train_plan *plan, char out[256]) {
    char steps[32], seen[32], images[32], validation[32];
    text_with_commas(plan->steps, steps);
    text_with_commas(plan->images_per_epoch, seen);
    text_with_commas(plan->train_images, images);
    text_with_commas(plan->validation_images, validation);
    /* Rounded down: 100 % is all of them. */
    double share = (double)(plan->images_per_epoch * 1000 / plan->train_images) / 10;
    int used =
        snprintf(out, 256, "%s steps an epoch see %s of %s training images (%g %%); ", steps, seen, images, share);
    if (plan->validation_images == 0) snprintf(out + used, 256 - (size_t)used, "no validation");
    else
        snprintf(out + used, 256 - (size_t)used, "validation on %s images (accuracy +-%.2f %% or better)", validation,
                 100 * plan->validation_half_width);
}
