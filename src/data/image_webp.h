/* SPDX-License-Identifier: MIT */
/* WebP in memory to 8-bit RGB; the rules of image_png.h hold. Lossy, lossless, alpha over white; of an animated one the first
 * picture, on a white canvas. Not in a build without OCELLUS_WEBP. Where memory ends within
 * it, libwebp 1.2.4 may crash on a lossless one. */
#ifndef DATA_IMAGE_WEBP_H
#define DATA_IMAGE_WEBP_H

#include "data/image.h"

ocellus_status image_decode_webp(const unsigned char *bytes, size_t size, const char *source, struct image *image);

#endif
