/* SPDX-License-Identifier: MIT */
/* JPEG in memory to 8-bit RGB; the rules of image_png.h hold. Colours in CMYK or YCCK are taken as Adobe's programs store
 * them, inverted: red = C * K / 255, rounded, of the stored values, and so on. A profile that says otherwise is not applied. */
#ifndef DATA_IMAGE_JPEG_H
#define DATA_IMAGE_JPEG_H

#include "data/image.h"
#include "data/source.h"

/* With a `wish` (else NULL) the smallest of the whole picture, its half, quarter and eighth (each side rounded up) that
 * upright still has at least the wished width and height; libjpeg decodes those in a fraction of the time. */
ocellus_status image_decode_jpeg(const unsigned char *bytes, size_t size, const char *source,
                                 const struct picture_wish *wish, struct image *image);

#endif
