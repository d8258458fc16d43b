/* SPDX-License-Identifier: MIT */
/* A small bitmap font for names in pictures, used inside this folder only. */
#ifndef DATA_FONT_H
#define DATA_FONT_H

#include "data/image.h"

/* A character's cell in font pixels, spacing included: 5 x 7, two rows for descenders, one column between. */
enum { FONT_WIDTH = 6, FONT_HEIGHT = 9 };

/* Draws text in dark grey with its cell's top left corner at (x, y), font pixels `scale` x `scale` large. Capitals are
 * drawn small; what the font lacks is left blank; what lies outside the image is cut. */
void font_draw(struct image *image, size_t x, size_t y, size_t scale, const char *text);

#endif
