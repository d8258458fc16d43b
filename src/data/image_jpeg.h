/* SPDX-License-Identifier: MIT */
/* JPEG in memory to 8-bit RGB; the rules of image_png.h hold. */
#ifndef DATA_IMAGE_JPEG_H
#define DATA_IMAGE_JPEG_H

#include "data/image.h"

ocellus_status image_decode_jpeg(const unsigned char *bytes, size_t size, const char *source, struct image *image);

#endif
