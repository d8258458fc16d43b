/* SPDX-License-Identifier: MIT */
/* How much a recipe asks for and how much of that a run has done: the one place where batches, steps, epochs and images are turned
 * into each other. */
#ifndef RUN_EXTENT_H
#define RUN_EXTENT_H

#include "run/progress.h"
#include "run/recipe.h"
#include "run/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Once over some images: batches, the last of which may be smaller, and the images in them. */
struct run_pass {
    uint64_t steps, images;
};
/* Batches of `batch_size` (not 0) over `images`, or the first `wanted` of them; wanted 0, or more than there are: all. */
struct run_pass run_pass_over(uint64_t images, uint64_t batch_size, uint64_t wanted);

/* Of a data set's training images, those that a recipe holds out, and those that it leaves to train on. */
uint64_t run_held_out(const struct recipe *recipe, uint64_t train_images);
uint64_t run_trained_on(const struct recipe *recipe, uint64_t train_images);
/* One validation, for a data set; 0 without. */
struct run_pass run_validation(const struct recipe *recipe, uint64_t train_images, uint64_t test_images);
/* One epoch over the images that are left to train on (as data.json counts them). */
struct run_pass run_epoch(const struct recipe *recipe, uint64_t trained_on);

/* How much of what its recipe asks for a run has done. */
struct run_extent {
    bool whole;
    uint64_t steps, all_steps; /* done, and of the whole run */
    uint64_t images;           /* training images seen, repetitions counted */
    double share;              /* of them, 0..1 */
};
struct run_extent run_extent_of(const struct recipe *recipe, const struct run_data *data, size_t epochs_done,
                                const struct run_progress *progress);
/* "550 of 17,000 steps" */
void run_extent_text(const struct run_extent *extent, char out[80]);

#endif
