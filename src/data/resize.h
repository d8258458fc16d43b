/* SPDX-License-Identifier: MIT */
/* Images in another size. */
#ifndef DATA_RESIZE_H
#define DATA_RESIZE_H

#include "data/image.h"

/* Antialiased bilinear resize, as Pillow's BILINEAR: a triangle filter scaled with the reduction, support widened when
 * shrinking, weights normalised, each direction rounded to 8 bits. */
ocellus_status image_resize(const struct image *src, size_t width, size_t height, struct image *dst);

#endif
