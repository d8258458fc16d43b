/* SPDX-License-Identifier: MIT */
/* Image files, in and out. */
#ifndef DATA_IMAGE_FILE_H
#define DATA_IMAGE_FILE_H

#include "base/file_kind.h"
#include "data/image.h"
#include "data/source.h"

#include <stdbool.h>

/* More than any image of IMAGE_MAX_PIXELS needs. */
enum { IMAGE_MAX_FILE_SIZE = 256 * 1024 * 1024 };

/* Reads a PNG (any depth, palette, grey, alpha over white, interlaced), a JPEG (also grey and CMYK), a WebP, or a HEIC where
 * the build has them; EXIF orientation is applied. The kind is told by the content, not the name; anything else, a damaged
 * file (a pixel is lost or invented; other oddities are a line in the log) and more than IMAGE_MAX_PIXELS (checked before
 * allocating) are OCELLUS_BAD_CONTENT; a file that cannot be read is OCELLUS_IO. */
ocellus_status image_read(const char *path, struct image *image);
/* The same; a JPEG is decoded at a smaller scale where that is enough for the `wish` (image_jpeg.h). NULL: as it is. */
ocellus_status image_read_wish(const char *path, const struct picture_wish *wish, struct image *image);
/* The same of a file that was read; `source` names it in messages. */
ocellus_status image_decode(const unsigned char *bytes, size_t size, const char *source,
                            const struct picture_wish *wish, struct image *image);
bool image_is_readable(const struct file_kind *kind); /* whether image_read() takes files of the kind */
ocellus_status image_write_png(const char *path, const struct image *image);

#endif
