/* SPDX-License-Identifier: MIT */
/* Pictures in another size. */
#ifndef DATA_RESIZE_H
#define DATA_RESIZE_H

#include "data/image.h"

/* Pixels somewhere in memory: `height` rows, `stride` bytes apart, of `width` pixels of 1 or 3 bytes. */
struct resize_from {
    const uint8_t *pixels;
    size_t height, width, stride;
};
struct resize_to {
    uint8_t *pixels;
    size_t height, width, stride;
};

/* For each output position of a direction the input positions first..first+count-1 and their weights. */
struct resize_filter {
    size_t in, out, taps;  /* what it was made for; weights kept for each output position */
    size_t *first, *count; /* [out] */
    int *weights;          /* [out][taps] */
    void *room;            /* all of them */
    size_t room_size;
};

/* What a resize needs beside its pixels, used again by the next one: {0} before the first. */
struct resize_room {
    struct resize_filter across, down;
    void *rows; /* of the input, at their new width: those that an output row needs */
    size_t rows_size;
};
void resize_room_free(struct resize_room *room);

/* Antialiased bilinear resize, as Pillow's BILINEAR: a triangle filter scaled with the reduction, support widened when
 * shrinking, weights normalised, each direction rounded to 8 bits. All sides are 1 to IMAGE_MAX_SIDE, `channels` 1 or 3.
 * Beside the weights it keeps as many rows as one output row needs, so that tall pictures take no more than wide ones.
 * OCELLUS_IO without memory. */
ocellus_status resize_pixels(const struct resize_from *src, size_t channels, const struct resize_to *dst,
                             struct resize_room *room);
ocellus_status image_resize(const struct image *src, size_t width, size_t height, struct image *dst);

#endif
