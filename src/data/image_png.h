/* SPDX-License-Identifier: MIT */
/* PNG in memory to 8-bit RGB and back. */
#ifndef DATA_IMAGE_PNG_H
#define DATA_IMAGE_PNG_H

#include "data/image.h"

/* `source` names the content in messages. What leaves a pixel unknown is OCELLUS_BAD_CONTENT: a picture with part of it
 * guessed is worse than none. What the decoder warns of while every pixel is known is a line in the log. The picture is
 * turned upright as its EXIF orientation says. */
ocellus_status image_decode_png(const unsigned char *bytes, size_t size, const char *source, struct image *image);
/* Free *bytes with free(). */
ocellus_status image_encode_png(const struct image *image, unsigned char **bytes, size_t *size);

#endif
