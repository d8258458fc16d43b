/* SPDX-License-Identifier: MIT */
#include "data/augment_mix.h"

#include "base/random.h"

#include <math.h>

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

/* As torchvision: a box whose sides are sqrt(1 - share) of the picture's, about a pixel chosen at random, cut at the edges;
 * the share of the classes is that of the pixels. */
static void choose_box(const struct augment_place *at, const struct augment_form *form,
                       struct augment_mixture *mixture) {
    struct random_stream numbers = random_part(at->seed, RANDOM_MIXING, STREAM_BOX, at->epoch, at->place);
    const double side = sqrt(1 - (double)mixture->share / AUGMENT_SHARES) / 2;
    const size_t down = (size_t)(side * (double)form->height), across = (size_t)(side * (double)form->width);
    const size_t y = random_below(&numbers, (uint32_t)form->height), x = random_below(&numbers, (uint32_t)form->width);
    const size_t bottom = y + down, right = x + across;
    mixture->cut = true;
    mixture->box = (struct augment_box){.top = y > down ? y - down : 0,
                                        .left = x > across ? x - across : 0,
                                        .bottom = bottom < form->height ? bottom : form->height,
                                        .right = right < form->width ? right : form->width};
    const struct augment_box *box = &mixture->box;
    const size_t cut = (box->bottom - box->top) * (box->right - box->left), all = form->height * form->width;
    mixture->target = (float)((double)(all - cut) / (double)all);
}

struct augment_mixture augment_mix(const struct augmentation *augmentation, const struct augment_place *at,
                                   uint32_t count, const struct augment_form *form) {
    struct augment_mixture mixture = {.partner = choose_partner(at, count), .share = AUGMENT_SHARES, .target = 1};
    struct random_stream lot = random_part(at->seed, RANDOM_MIXING, STREAM_KIND, at->epoch, at->place);
    struct random_stream numbers = random_part(at->seed, RANDOM_MIXING, STREAM_SHARE, at->epoch, at->place);
    if (mixture.partner == at->place) return mixture;
    const bool both = augmentation->mixup > 0 && augmentation->cutmix > 0;
    const bool cuts = both ? random_bits(&lot) & 1 : augmentation->cutmix > 0;
    mixture.share = augment_draw_share(&numbers, cuts ? augmentation->cutmix : augmentation->mixup);
    mixture.target = (float)mixture.share / AUGMENT_SHARES;
    if (cuts) choose_box(at, form, &mixture);
    return mixture;
}

void augment_mix_pictures(const struct augment_mixture *mixture, const struct augment_form *form,
                          const uint8_t *partner, uint8_t *pixels) {
    if (mixture->cut) {
        augment_copy_box(form, &mixture->box, partner, pixels);
        return;
    }
    const uint32_t own = mixture->share, other = AUGMENT_SHARES - own;
    for (size_t i = 0; i < augment_form_values(form); i++)
        pixels[i] = (uint8_t)((pixels[i] * own + partner[i] * other + AUGMENT_SHARES / 2) / AUGMENT_SHARES);
}
