/* SPDX-License-Identifier: MIT */
#include "data/augment_mix.h"

#include "base/random.h"

#include <string.h>

/* The streams of RANDOM_MIXING. The values are part of every result: never renumber. */
enum { STREAM_PARTNER, STREAM_SHARE, STREAM_KIND, STREAM_BOX };

/* A block is turned by one number from 1 to its size - 1. */
static uint32_t choose_partner(const struct augment_place *at, uint32_t count) {
    const uint32_t first = at->place / AUGMENT_BLOCK * AUGMENT_BLOCK;
    const uint32_t size = count - first < AUGMENT_BLOCK ? count - first : AUGMENT_BLOCK;
    if (size < 2) return at->place;
    struct random_stream stream = random_part(at->seed, RANDOM_MIXING, STREAM_PARTNER, at->epoch, first);
    return first + (at->place - first + 1 + random_below(&stream, size - 1)) % size;
}

struct augment_mixture augment_mix(const struct augmentation *augmentation, const struct augment_place *at,
                                   uint32_t count, const struct augment_form *form) {
    struct augment_mixture mixture = {.partner = choose_partner(at, count), .share = AUGMENT_SHARES, .target = 1};
    struct random_stream stream = random_part(at->seed, RANDOM_MIXING, STREAM_SHARE, at->epoch, at->place);
    (void)augmentation, (void)form;
    if (mixture.partner == at->place) return mixture;
    mixture.share = random_below(&stream, AUGMENT_SHARES + 1);
    mixture.target = (float)mixture.share / AUGMENT_SHARES;
    return mixture;
}

void augment_mix_pictures(const struct augment_mixture *mixture, const struct augment_form *form,
                          const uint8_t *partner, uint8_t *pixels) {
    const size_t channels = form->channels, line = form->width * channels;
    if (mixture->box) {
        for (size_t y = mixture->top; y < mixture->bottom && mixture->right > mixture->left; y++) {
            const size_t at = y * line + mixture->left * channels;
            memcpy(pixels + at, partner + at, (mixture->right - mixture->left) * channels);
        }
        return;
    }
    const uint32_t own = mixture->share, other = AUGMENT_SHARES - own;
    for (size_t i = 0; i < form->height * line; i++)
        pixels[i] = (uint8_t)((pixels[i] * own + partner[i] * other + AUGMENT_SHARES / 2) / AUGMENT_SHARES);
}
