/* SPDX-License-Identifier: MIT */
/* Augmentation: training pictures changed at random. A pure function of the picture and of where it stands in the training:
 * nothing depends on batch, thread or interruption. Every operation draws from a stream of its own at (seed, epoch, place), so
 * that switching one on changes no other's numbers. Integers, and + - * / and square roots of IEEE numbers: the same bytes on
 * every machine. docs/augmentation.md has the formulas and where they come from. */
#ifndef DATA_AUGMENT_H
#define DATA_AUGMENT_H

#include "data/augment_geometry.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum augment_erasing { AUGMENT_ERASING_ZERO, AUGMENT_ERASING_MEAN, AUGMENT_ERASING_NOISE };

/* {0} is none. They are applied in this order. */
struct augmentation {
    double resized_crop_smallest; /* share of the area; 0: no such crop */
    double resized_crop_aspect;   /* a: from 1/a to a; at least 1 */
    uint32_t crop_padding;        /* pixels; 0: no such crop */
    double flip;                  /* probability */
    bool alternating_flip;        /* by the picture in epoch 0, then every other epoch */
    double rotation;              /* degrees, at most that much either way */
    double shift;                 /* share of each side */
    double zoom;                  /* factors from 1 / (1 + zoom) to 1 + zoom */
    enum augment_border border;   /* outside of the picture: for crop_padding, rotation, shift, zoom */
    bool trivial_augment;
    double brightness, contrast, saturation; /* factors from 1 - that to 1 + that, not below 0 */
    double hue;                              /* turns, at most 0.5 either way */
    double greyscale;                        /* probability */
    double erasing;                          /* probability */
    enum augment_erasing erasing_fill;
    double mixup, cutmix; /* alpha of Beta(alpha, alpha); both: one of them by lot; 0: no such mixing */
};

/* Where a picture stands. */
struct augment_place {
    uint64_t seed;
    uint32_t epoch;
    uint32_t place;   /* in the epoch's order */
    uint32_t picture; /* in its source: for what a picture keeps from epoch to epoch (alternating_flip) */
};

bool augmentation_is_none(const struct augmentation *augmentation);
/* Whether pictures are mixed in pairs: then targets are shares of classes. */
bool augmentation_mixes(const struct augmentation *augmentation);

/* All operations but mixing. src, dst and room are of the form's values each and do not overlap; src stays, room is scratch. */
void augment_picture(const struct augmentation *augmentation, const struct augment_place *at,
                     const struct augment_form *form, const uint8_t *src, uint8_t *dst, uint8_t *room);

#endif
