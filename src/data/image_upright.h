/* SPDX-License-Identifier: MIT */
/* Which way is up: the EXIF orientation that cameras put beside a picture. */
#ifndef DATA_IMAGE_UPRIGHT_H
#define DATA_IMAGE_UPRIGHT_H

#include "data/image.h"

/* The orientation (1 to 8) in EXIF data, with or without "Exif\0\0" before it; 1 when there is none that makes sense. */
unsigned image_exif_orientation(const unsigned char *exif, size_t size);
ocellus_status image_turn_upright(struct image *image, unsigned orientation);

#endif
