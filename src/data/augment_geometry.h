/* SPDX-License-Identifier: MIT */
/* Where a pixel comes from: pictures turned over, cut, moved, turned and scaled. Integers alone once the numbers are drawn:
 * the same bytes on every machine. Pictures are dense, 8 bits a value; src and dst are of one size and do not overlap. */
#ifndef DATA_AUGMENT_GEOMETRY_H
#define DATA_AUGMENT_GEOMETRY_H

#include <stddef.h>
#include <stdint.h>

/* A picture's size: [height][width][channels], each at least 1, sides up to 65535 (the decoders' bound is IMAGE_MAX_SIDE). */
struct augment_form {
    size_t height, width, channels;
};
size_t augment_form_values(const struct augment_form *form);

/* What lies outside of a picture: itself mirrored at its outermost pixels, which are not repeated, as often as it takes
 * ("reflect" of numpy and PyTorch); black; or the nearest pixel. */
enum augment_border { AUGMENT_REFLECT, AUGMENT_ZERO, AUGMENT_NEAREST };

/* Left becomes right, in place. About 0.6 ns a value. */
void augment_flip(const struct augment_form *form, uint8_t *pixels);

/* The picture as it is seen from (top, left), which may lie outside of it by any number of pixels: what padding by that much
 * and cutting gives, without the padding. Rows are copied whole where they lie inside. */
void augment_window(const struct augment_form *form, enum augment_border border, ptrdiff_t top, ptrdiff_t left,
                    const uint8_t *src, uint8_t *dst);

#endif
