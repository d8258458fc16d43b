/* SPDX-License-Identifier: MIT */
/* JPEG. */
#ifndef DATA_IMAGE_JPEG_H
#define DATA_IMAGE_JPEG_H

#include "data/image.h"

/* As image_decode_png() (image_png.h). */
ocellus_status image_decode_jpeg(const unsigned char *bytes, size_t size, const char *source, struct image *image);

#endif
