/* SPDX-License-Identifier: MIT */
/* Pictures of a source: a grid of random images as pixels, and as coloured half blocks in a terminal. */
#ifndef DATA_PREVIEW_H
#define DATA_PREVIEW_H

#include "data/image.h"
#include "data/source.h"

#include <stdbool.h>
#include <stdio.h>

/* Chooses `count` different images at random, a pure function of the seed; OCELLUS_USAGE when there are not so many. */
ocellus_status preview_choose(const struct source *source, uint64_t seed, size_t count, size_t *indices);

/* Picture `index` as an RGB image: of one with fewer than three channels the first is all three. One with a side longer than
 * `side` is made smaller to fit, its aspect kept; 0: as it is. Free with image_free(). */
ocellus_status preview_image(const struct source *source, size_t index, size_t side, struct image *out);

/* Pictures in rows of `columns` (at least 1), each pixel `scale` x `scale` large, on white with a margin of PREVIEW_GAP * scale around each,
 * in cells for the largest of them and the longest name; under each its name, of one line or more ('\n' between them). Free `out` with
 * image_free(). */
ocellus_status preview_draw(const struct image *images, const char *const *names, size_t count, size_t columns,
                            size_t scale, struct image *out);

/* `count` images chosen as by preview_choose() in rows of `columns` (1 to count), as by preview_draw(), with its class's name, whose
 * sides are at most PREVIEW_SIDE: the scale is smaller where it must be, and so are images. indices[count] (may be NULL)
 * gets the images in reading order. Free `out` with image_free(). */
enum { PREVIEW_GAP = 2, PREVIEW_SIDE = 128 };
ocellus_status preview_grid(const struct source *source, uint64_t seed, size_t count, size_t columns, size_t scale,
                            struct image *out, size_t *indices);

/* Prints the images, `columns` side by side, in 24-bit colour, two pixels a character, the class name under each; large ones,
 * and where sizes differ, made smaller. */
ocellus_status preview_terminal(const struct source *source, const size_t *indices, size_t count, size_t columns,
                                FILE *stream);
/* How many images fit side by side in a terminal of that many columns; at least 1. */
size_t preview_terminal_columns(const struct source *source, size_t terminal_columns);

#endif
