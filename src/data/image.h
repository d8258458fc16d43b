/* SPDX-License-Identifier: MIT */
/* Images in memory. Every image here is 8-bit RGB, rows from the top, dense. */
#ifndef DATA_IMAGE_H
#define DATA_IMAGE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { IMAGE_MAX_PIXELS = 64 * 1024 * 1024, IMAGE_MAX_SIDE = 65500 };

struct image {
    size_t width, height;
    uint8_t *pixels; /* [height][width][3]; free with image_free() */
};
ocellus_status image_create(size_t width, size_t height, struct image *image); /* black */
void image_free(struct image *image);
/* Of a colour, by ITU-R 601 in integers, as Pillow's "L". */
static inline uint8_t image_luma(const uint8_t *rgb) {
    return (uint8_t)((19595U * rgb[0] + 38470U * rgb[1] + 7471U * rgb[2] + 32768U) >> 16);
}
/* Alpha laid over white, rounded: a value, and pixels [count][4] to [count][3]. */
uint8_t image_over_white(unsigned value, unsigned alpha);
void image_blend_over_white(const uint8_t *rgba, size_t count, uint8_t *rgb);

/* What is odd about a picture whose every pixel is known all the same: a line of the log, unless this thread wants none, as
 * one that reads the same pictures every epoch. image_set_quiet() gives what was before. */
void image_tell_doubt(const char *source, const char *doubt);
bool image_set_quiet(bool quiet);

/* In every message of what is too large. */
#define IMAGE_TOO_LARGE " pixels (expected 1 to "
/* Refuses a size that a file claims, before anything is allocated for it. `source` names it in the message. */
ocellus_status image_check_size(uint64_t width, uint64_t height, const char *source);

#endif
