/* SPDX-License-Identifier: MIT */
#include "data/augment_trivial.h"

#include "data/augment_colour.h"

#include <string.h>

/* A pixel is seen at its centre, half a pixel from the edge that a shear leaves where it is. */
static struct augment_map map_of(const struct augment_form *form, enum augment_trivial operation, double share) {
    struct augment_map map = {.xx = 1, .yy = 1};
    switch (operation) {
    case AUGMENT_SHEAR_X:
        map.xy = 0.99 * share;
        map.x0 = map.xy / 2;
        break;
    case AUGMENT_SHEAR_Y:
        map.yx = 0.99 * share;
        map.y0 = map.yx / 2;
        break;
    case AUGMENT_TRANSLATE_X:
        map.x0 = (int)(32 * share);
        break;
    case AUGMENT_TRANSLATE_Y:
        map.y0 = (int)(32 * share);
        break;
    default:
        map = augment_map_about_centre(form, 135 * share, 1, 0, 0);
    }
    return map;
}

static void change_values(const struct augment_form *form, enum augment_trivial operation, unsigned strength,
                          double factor, uint8_t *pixels) {
    switch (operation) {
    case AUGMENT_BRIGHTNESS:
        augment_brightness(form, factor, pixels);
        break;
    case AUGMENT_COLOUR:
        augment_saturation(form, factor, pixels);
        break;
    case AUGMENT_CONTRAST:
        augment_contrast(form, factor, pixels);
        break;
    case AUGMENT_POSTERIZE:
        augment_posterize(form, 8 - (2 * strength + 5) / 10, pixels); /* strength / 5, rounded: never halfway */
        break;
    case AUGMENT_SOLARIZE:
        augment_solarize(form, 8.5 * (AUGMENT_STRENGTHS - 1 - strength), pixels);
        break;
    case AUGMENT_AUTOCONTRAST:
        augment_autocontrast(form, pixels);
        break;
    case AUGMENT_EQUALIZE:
        augment_equalize(form, pixels);
        break;
    default: /* AUGMENT_IDENTITY */
        break;
    }
}

void augment_apply_trivial(const struct augment_form *form, enum augment_trivial operation, unsigned strength,
                           bool negative, const uint8_t *src, uint8_t *dst) {
    const double share = (negative ? -(double)strength : strength) / (AUGMENT_STRENGTHS - 1);
    if (operation >= AUGMENT_SHEAR_X && operation <= AUGMENT_ROTATE) {
        const struct augment_map map = map_of(form, operation, share);
        augment_remap(form, &map, true, AUGMENT_ZERO, src, dst);
    } else if (operation == AUGMENT_SHARPNESS) {
        augment_sharpness(form, 1 + 0.99 * share, src, dst);
    } else {
        memcpy(dst, src, augment_form_values(form));
        change_values(form, operation, strength, 1 + 0.99 * share, dst);
    }
}
