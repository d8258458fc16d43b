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

/* Picture `index` as an RGB image: of one with fewer than three channels the first is all three. Free with image_free(). */
ocellus_status preview_image(const struct source *source, size_t index, struct image *out);

/* A grid of rows x columns images chosen as by preview_choose(), each pixel `scale` x `scale` large, on white with a
 * margin of PREVIEW_GAP * scale around each image and its class name under it, in cells for the largest of them.
 * indices[rows * columns] (may be NULL) gets the images in reading order. Free `out` with image_free(). */
enum { PREVIEW_GAP = 2 };
ocellus_status preview_grid(const struct source *source, uint64_t seed, size_t rows, size_t columns, size_t scale,
                            struct image *out, size_t *indices);

/* Prints the images, `columns` side by side, in 24-bit colour, two pixels a character, the class name under each. */
ocellus_status preview_terminal(const struct source *source, const size_t *indices, size_t count, size_t columns,
                                FILE *stream);
/* How many images fit side by side in a terminal of that many columns; at least 1, and no more where they differ in size. */
size_t preview_terminal_columns(const struct source *source, size_t terminal_columns);

#endif
