/* SPDX-License-Identifier: MIT */
#include "train/plan.h"

#include "metrics/metrics.h"
#include "run/extent.h"

#include <inttypes.h>
#include <stdio.h>

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
    int used = snprintf(out, 256, "%s %s %s of %s training images (%g %%); ", steps,
                        plan->steps == 1 ? "step an epoch sees" : "steps an epoch see", seen, images, share);
    if (plan->validation_images == 0) snprintf(out + used, 256 - (size_t)used, "no validation");
    else
        snprintf(out + used, 256 - (size_t)used, "validation on %s images (accuracy +-%.2f %% or better)", validation,
                 100 * plan->validation_half_width);
}

struct optimizer train_optimizer(const struct recipe *recipe) {
    return (struct optimizer){
        .kind = (enum optimizer_kind)recipe->optimizer,
        .learning_rate = recipe->learning_rate,
        .momentum = recipe->momentum,
        .nesterov = recipe->nesterov,
        .beta1 = recipe->beta_1,
        .beta2 = recipe->beta_2,
        .epsilon = recipe->epsilon,
    };
}

struct augmentation train_augmentation(const struct recipe *recipe) {
    return (struct augmentation){
        .resized_crop_smallest = recipe->resized_crop_smallest,
        .resized_crop_aspect = recipe->resized_crop_aspect,
        .crop_padding = (uint32_t)recipe->crop_padding,
        .flip = recipe->flip,
        .alternating_flip = recipe->alternating_flip,
        .rotation = recipe->rotation,
        .shift = recipe->shift,
        .zoom = recipe->zoom,
        .border = (enum augment_border)recipe->border,
        .trivial_augment = recipe->trivial_augment,
        .brightness = recipe->brightness,
        .contrast = recipe->contrast,
        .saturation = recipe->saturation,
        .hue = recipe->hue,
        .greyscale = recipe->greyscale,
        .erasing = recipe->erasing,
        .erasing_fill = (enum augment_erasing)recipe->erasing_fill,
        .mixup = recipe->mixup,
        .cutmix = recipe->cutmix,
    };
}
