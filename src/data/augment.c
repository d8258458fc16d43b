/* SPDX-License-Identifier: MIT */
#include "data/augment.h"

#include "base/random.h"

#include <string.h>

/* The streams of RANDOM_AUGMENTATION. The values are part of every result: never renumber. */
enum stream { STREAM_FLIP, STREAM_ALTERNATING_FLIP, STREAM_CROP };

bool augmentation_mixes(const struct augmentation *augmentation) {
    return augmentation->mixup > 0 || augmentation->cutmix > 0;
}

bool augmentation_is_none(const struct augmentation *augmentation) {
    const struct augmentation *a = augmentation;
    return a->resized_crop_smallest <= 0 && !a->crop_padding && a->flip <= 0 && !a->alternating_flip &&
           a->rotation <= 0 && a->shift <= 0 && a->zoom <= 0 && !a->trivial_augment && a->brightness <= 0 &&
           a->contrast <= 0 && a->saturation <= 0 && a->hue <= 0 && a->greyscale <= 0 && a->erasing <= 0 &&
           !augmentation_mixes(a);
}

static struct random_stream stream_at(const struct augment_place *at, enum stream stream) {
    return random_part(at->seed, RANDOM_AUGMENTATION, stream, at->epoch, at->place);
}

static bool draw(const struct augment_place *at, enum stream stream, double probability) {
    if (probability <= 0) return false;
    struct random_stream numbers = stream_at(at, stream);
    return random_middle(&numbers) < probability;
}

/* airbench94 (Jordan 2024): the first epoch's flips by chance, every further epoch the other way round, so that two epochs
 * in a row show both sides. Keyed by the picture: its place is another one in every epoch. */
static bool flips(const struct augmentation *augmentation, const struct augment_place *at) {
    if (!augmentation->alternating_flip) return draw(at, STREAM_FLIP, augmentation->flip);
    struct random_stream numbers = random_part(at->seed, RANDOM_AUGMENTATION, STREAM_ALTERNATING_FLIP, 0, at->picture);
    return ((random_bits(&numbers) ^ at->epoch) & 1) != 0;
}

static void crop(const struct augmentation *augmentation, const struct augment_place *at,
                 const struct augment_form *form, const uint8_t *src, uint8_t *dst) {
    const uint32_t padding = augmentation->crop_padding;
    struct random_stream numbers = stream_at(at, STREAM_CROP);
    const ptrdiff_t top = (ptrdiff_t)random_below(&numbers, 2 * padding + 1) - (ptrdiff_t)padding;
    const ptrdiff_t left = (ptrdiff_t)random_below(&numbers, 2 * padding + 1) - (ptrdiff_t)padding;
    augment_window(form, augmentation->border, top, left, src, dst);
}

void augment_picture(const struct augmentation *augmentation, const struct augment_place *at,
                     const struct augment_form *form, const uint8_t *src, uint8_t *dst, uint8_t *room) {
    (void)room;
    if (augmentation->crop_padding) crop(augmentation, at, form, src, dst);
    else memcpy(dst, src, augment_form_values(form));
    if (flips(augmentation, at)) augment_flip(form, dst);
}
