/* SPDX-License-Identifier: MIT */
/* TrivialAugment (Müller & Hutter, "TrivialAugment: tuning-free yet state-of-the-art data augmentation", ICCV 2021), its wide
 * space as torchvision's TrivialAugmentWide has it: one operation of 14, one strength of 31, each as likely. */
#ifndef DATA_AUGMENT_TRIVIAL_H
#define DATA_AUGMENT_TRIVIAL_H

#include "data/augment_geometry.h"

/* m is the strength's share of the largest, 0 to 1; "signed" ones are turned round half of the time. Pixels that moved are the
 * nearest ones, and black comes in. The values are part of every result: never renumber. */
enum augment_trivial {
    AUGMENT_IDENTITY,
    AUGMENT_SHEAR_X,     /* signed; a row moves by 0.99 m times its distance from the top */
    AUGMENT_SHEAR_Y,     /* signed; a column, from the left */
    AUGMENT_TRANSLATE_X, /* signed; 32 m pixels, cut to whole ones */
    AUGMENT_TRANSLATE_Y, /* signed */
    AUGMENT_ROTATE,      /* signed; 135 m degrees */
    AUGMENT_BRIGHTNESS,  /* signed; factor 1 + 0.99 m, as the next three */
    AUGMENT_COLOUR,      /* saturation */
    AUGMENT_CONTRAST,
    AUGMENT_SHARPNESS,
    AUGMENT_POSTERIZE, /* to 8 - 6 m bits, rounded */
    AUGMENT_SOLARIZE,  /* from 255 (1 - m) on */
    AUGMENT_AUTOCONTRAST,
    AUGMENT_EQUALIZE,
    AUGMENT_TRIVIALS
};
enum { AUGMENT_STRENGTHS = 31 };

/* One of them with strength 0 to AUGMENT_STRENGTHS - 1. src and dst do not overlap. */
void augment_apply_trivial(const struct augment_form *form, enum augment_trivial operation, unsigned strength,
                           bool negative, const uint8_t *src, uint8_t *dst);

#endif
