/* SPDX-License-Identifier: MIT */
#include "run/extent.h"

#include "base/text.h"

#include <math.h>
#include <stdio.h>

static uint64_t smaller(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

struct run_pass run_pass_over(uint64_t images, uint64_t batch_size, uint64_t wanted) {
    uint64_t all = images / batch_size + (images % batch_size != 0);
    if (wanted == 0 || wanted >= all) return (struct run_pass){all, images};
    return (struct run_pass){wanted, wanted * batch_size};
}

uint64_t run_held_out(const struct recipe *recipe, uint64_t train_images) {
    return recipe->validation == RECIPE_VALIDATION_HELD_OUT ? smaller(recipe->held_out, train_images) : 0;
}

uint64_t run_trained_on(const struct recipe *recipe, uint64_t train_images) {
    return train_images - run_held_out(recipe, train_images);
}

struct run_pass run_validation(const struct recipe *recipe, uint64_t train_images, uint64_t test_images) {
    bool test = recipe->validation == RECIPE_VALIDATION_TEST;
    return run_pass_over(test ? test_images : run_held_out(recipe, train_images), recipe->batch_size,
                         recipe->validation_steps);
}

struct run_pass run_epoch(const struct recipe *recipe, uint64_t trained_on) {
    return run_pass_over(trained_on, recipe->batch_size, recipe->steps_per_epoch);
}

struct run_extent run_extent_of(const struct recipe *recipe, const struct run_data *data, size_t epochs_done,
                                const struct run_progress *progress) {
    const struct run_point *last = &progress->last;
    struct run_pass epoch = run_epoch(recipe, data->train_images);
    bool within = progress->partial && last->epoch == epochs_done;
    struct run_extent extent = {.whole = epochs_done >= recipe->epochs,
                                .steps = epochs_done * epoch.steps + (within ? last->position : 0),
                                .all_steps = recipe->epochs * epoch.steps,
                                .images = epochs_done * epoch.images + (within ? last->images : 0)};
    double all = (double)recipe->epochs * (double)epoch.images;
    extent.share = all > 0 ? fmin(1.0, (double)extent.images / all) : 0.0;
    return extent;
}

void run_extent_text(const struct run_extent *extent, char out[80]) {
    enum { OUT_SIZE = 80 };
    char done[32], all[32];
    text_with_commas(extent->steps, done);
    text_with_commas(extent->all_steps, all);
    snprintf(out, OUT_SIZE, "%s of %s steps", done, all);
}
