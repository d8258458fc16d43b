/* SPDX-License-Identifier: MIT */
/* Pictures mixed in pairs: mixup (Zhang et al. 2018) and CutMix (Yun et al. 2019). Partner, share and box are functions of
 * the place in the epoch's order alone. A partner stands in the same aligned block of that order, so that no size of batch
 * decides, and each picture of a block is partner once. */
#ifndef DATA_AUGMENT_MIX_H
#define DATA_AUGMENT_MIX_H

#include "data/augment.h"
#include "data/augment_draw.h"

enum { AUGMENT_BLOCK = 32 };

struct augment_mixture {
    uint32_t partner; /* its place; the place itself: nothing is mixed */
    uint32_t share;   /* mixup: of the picture's own pixels, in 1/AUGMENT_SHARES; 0 to AUGMENT_SHARES */
    bool cut;         /* CutMix: what is in `box` is the partner's, the rest its own; share is not read */
    struct augment_box box;
    float target; /* share of the picture's own class: the share, or that of the area outside of the box */
};

/* What the picture at at->place is mixed with, in an epoch of `count` places; at->picture is not read. Only where
 * augmentation_mixes(). */
struct augment_mixture augment_mix(const struct augmentation *augmentation, const struct augment_place *at,
                                   uint32_t count, const struct augment_form *form);
/* Mixes `partner`, as augment_picture() made it at the mixture's partner, into `pixels`, as it made them at the place. */
void augment_mix_pictures(const struct augment_mixture *mixture, const struct augment_form *form,
                          const uint8_t *partner, uint8_t *pixels);

#endif
