/* SPDX-License-Identifier: MIT */
/* The two decoders behind image_read(), used inside this folder only: file content in memory to 8-bit RGB. `source`
 * names the content in messages. Every problem a decoder reports, warnings too, is OCELLUS_BAD_CONTENT: a picture with
 * part of it guessed is worse than none. */
#ifndef DATA_IMAGE_CODEC_H
#define DATA_IMAGE_CODEC_H

#include "data/image.h"

ocellus_status image_decode_png(const unsigned char *bytes, size_t size, const char *source, struct image *image);
/* Turned upright as its EXIF orientation says. */
ocellus_status image_decode_jpeg(const unsigned char *bytes, size_t size, const char *source, struct image *image);

/* Refuses a size that a file claims, before anything is allocated for it. */
ocellus_status image_check_size(uint64_t width, uint64_t height, const char *source);

#endif
