/* SPDX-License-Identifier: MIT */
/* HEIC in memory to 8-bit RGB; the rules of image_png.h hold: the primary picture, alpha over white, turned as the file says
 * (EXIF's orientation does not count there). Only in a build with OCELLUS_HEIC. Where memory ends within libheif, which is
 * C++, it may end the program. */
#ifndef DATA_IMAGE_HEIC_H
#define DATA_IMAGE_HEIC_H

#include "data/image.h"

ocellus_status image_decode_heic(const unsigned char *bytes, size_t size, const char *source, struct image *image);

#endif
