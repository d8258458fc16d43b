/* SPDX-License-Identifier: MIT */
/* The two decoders behind image_read(), used inside this folder only: file content in memory to 8-bit RGB. `source`
 * names the content in messages. What leaves a pixel unknown is OCELLUS_BAD_CONTENT: a picture with part of it guessed is
 * worse than none. What a decoder warns of while every pixel is known is a line in the log. Both turn the picture
 * upright as its EXIF orientation says. */
#ifndef DATA_IMAGE_CODEC_H
#define DATA_IMAGE_CODEC_H

#include "data/image.h"

ocellus_status image_decode_png(const unsigned char *bytes, size_t size, const char *source, struct image *image);
ocellus_status image_decode_jpeg(const unsigned char *bytes, size_t size, const char *source, struct image *image);

/* The orientation (1 to 8) in EXIF data, with or without "Exif\0\0" before it; 1 when there is none that makes sense. */
unsigned image_exif_orientation(const unsigned char *exif, size_t size);
ocellus_status image_turn_upright(struct image *image, unsigned orientation);

/* Refuses a size that a file claims, before anything is allocated for it. */
ocellus_status image_check_size(uint64_t width, uint64_t height, const char *source);

#endif
