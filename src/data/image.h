/* SPDX-License-Identifier: MIT */
/* Images in and out: PNG and JPEG files, and resizing. Every image here is 8-bit RGB, rows from the top, dense. */
#ifndef DATA_IMAGE_H
#define DATA_IMAGE_H

#include "base/file_kind.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_MAX_PIXELS = 64 * 1024 * 1024, IMAGE_MAX_SIDE = 65500 };

struct image {
    size_t width, height;
    uint8_t *pixels; /* [height][width][3]; free with image_free() */
};
void image_free(struct image *image);
ocellus_status image_create(size_t width, size_t height, struct image *image); /* black */

/* Reads a PNG (any depth, palette, grey, alpha over white, interlaced) or a JPEG; EXIF orientation is applied. The kind
 * is told by the content, not the name; anything else, a damaged file (a pixel is lost or invented; other oddities are a
 * line in the log) and more than IMAGE_MAX_PIXELS (checked before allocating) are OCELLUS_BAD_CONTENT; a file that cannot
 * be read is OCELLUS_IO. */
ocellus_status image_read(const char *path, struct image *image);
bool image_is_readable(const struct file_kind *kind); /* whether image_read() takes files of the kind */
ocellus_status image_write_png(const char *path, const struct image *image);
/* PNG bytes in memory (free with free()): for embedding in the report. */
ocellus_status image_encode_png(const struct image *image, unsigned char **bytes, size_t *size);

/* Antialiased bilinear resize, as Pillow's BILINEAR: a triangle filter scaled with the reduction, support widened when
 * shrinking, weights normalised, each direction rounded to 8 bits. */
ocellus_status image_resize(const struct image *src, size_t width, size_t height, struct image *dst);

#endif
