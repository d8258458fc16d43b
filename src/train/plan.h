/* SPDX-License-Identifier: MIT */
/* What a recipe means for its images: how many steps, and how large a batch. */
#ifndef TRAIN_PLAN_H
#define TRAIN_PLAN_H

#include "data/augment.h"
#include "engine/engine.h"
#include "train/sets.h"

/* Images of the largest batch that there will be: the recipe's batch size, cut to the images there are. */
size_t train_batch_size(const struct recipe *recipe, const struct train_sets *sets);

/* What a recipe means for these images: how many steps, what share of the images an epoch sees, and how sure validation
 * is. OCELLUS_USAGE when there are more steps_per_epoch or validation_steps than images allow. */
struct train_plan {
    uint64_t epochs, batch_size;
    uint64_t steps;            /* of an epoch */
    uint64_t images_per_epoch; /* the last batch may be smaller */
    uint64_t train_images;
    uint64_t validation_images, validation_steps; /* of one validation; 0 without */
    double validation_half_width;                 /* of the 95 % interval at an accuracy of one half: the widest */
};
ocellus_status train_plan_make(const struct recipe *recipe, const struct train_sets *sets, struct train_plan *plan);
/* "1,563 steps an epoch see 50,000 of 50,000 training images (100 %); validation on 10,000 images (accuracy +-0.98 %)" */
void train_plan_text(const struct train_plan *plan, char out[256]);

/* The recipe's optimizer: for engine_open(), which plans its state, and for every update. */
struct optimizer train_optimizer(const struct recipe *recipe);
/* The recipe's augmentation of training pictures. */
struct augmentation train_augmentation(const struct recipe *recipe);

#endif
