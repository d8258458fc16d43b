/* SPDX-License-Identifier: MIT */
/* Pictures to change, in rooms of their exact size, so that the sanitizers see the first byte beside them. */
#ifndef AUGMENT_FIXTURE_H
#define AUGMENT_FIXTURE_H

#include "data/augment_geometry.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static inline uint8_t *pixels_of(const struct augment_form *form) {
    return malloc(augment_form_values(form));
}

/* The k-th channel of pixel (x, y) is (37 x + 91 y + 53 k + 7 x y) mod 151 + 40 k: colours of every hue, not all values. */
static inline uint8_t *make_pixels(const struct augment_form *form) {
    uint8_t *pixels = pixels_of(form), *at = pixels;
    for (size_t y = 0; y < form->height; y++)
        for (size_t x = 0; x < form->width; x++)
            for (size_t k = 0; k < form->channels; k++)
                *at++ = (uint8_t)((x * 37 + y * 91 + k * 53 + x * y * 7) % 151 + 40 * k);
    return pixels;
}

#endif
