/* SPDX-License-Identifier: MIT */
/* What a pixel becomes, in place, by the definitions of Pillow's ImageEnhance and ImageOps, which torchvision applies to
 * pictures of 8 bits; the hue by torchvision's for tensors, for Pillow's goes through 8 bits of hue. Pictures of another number
 * of channels than three have no colours: what changes colours alone leaves them as they are. */
#ifndef DATA_AUGMENT_COLOUR_H
#define DATA_AUGMENT_COLOUR_H

#include "data/augment_geometry.h"

/* Each is a blend, d + factor (v - d) in float, cut to 0 to 255 and then to a whole number, of the value v and of what
 * factor 0 would leave, d: black; the mean of the grey picture, rounded; the pixel's grey; the picture smoothed by
 * (1 1 1, 1 5 1, 1 1 1) / 13, its outermost pixels as they are. Grey is ITU-R 601's luma in units of 2^-16, rounded. */
void augment_brightness(const struct augment_form *form, double factor, uint8_t *pixels);
void augment_contrast(const struct augment_form *form, double factor, uint8_t *pixels);
void augment_saturation(const struct augment_form *form, double factor, uint8_t *pixels);
void augment_sharpness(const struct augment_form *form, double factor, const uint8_t *src, uint8_t *dst);

/* The hue goes on by `turns`, -0.5 to 0.5, largest and smallest channel staying: in units of 2^-16 of a sixth. */
void augment_hue(const struct augment_form *form, double turns, uint8_t *pixels);
/* Every channel becomes the grey. */
void augment_greyscale(const struct augment_form *form, uint8_t *pixels);

void augment_posterize(const struct augment_form *form, unsigned bits,
                       uint8_t *pixels); /* the upper `bits` stay, 1 to 8 */
void augment_solarize(const struct augment_form *form, double threshold, uint8_t *pixels); /* from it on, 255 - v */
/* Each channel's smallest value becomes 0 and its largest 255; each channel's histogram is made flat. */
void augment_autocontrast(const struct augment_form *form, uint8_t *pixels);
void augment_equalize(const struct augment_form *form, uint8_t *pixels);

/* The mean of each channel, rounded. */
void augment_mean(const struct augment_form *form, const uint8_t *pixels, uint8_t *mean);

#endif
