/* SPDX-License-Identifier: MIT */
/* How alike two pictures look, whatever their sizes, quality, brightness and contrast, and where one is a little less of the
 * other: what tells copies that were saved again, made smaller or cut at the edges from different pictures of one kind. A hash
 * finds candidates among many (near.h); this compares two, at a cost of at most 0.3 ms.
 *
 * Both are seen in grey at 16 x 16 cells, as the differences between neighbouring cells: likeness is the correlation of
 * these, of all and of those away from the edge (a frame around two pictures makes them no copies), whichever is lower;
 * the best of one against 45 sections of the other, which cut off up to an eighth of a side. */
#ifndef DATA_LIKENESS_H
#define DATA_LIKENESS_H

#include "data/source.h"

enum { THUMBNAIL_SIDE = 32 };
struct thumbnail {
    uint8_t grey[THUMBNAIL_SIDE][THUMBNAIL_SIDE];
};
/* The whole picture, stretched to a square; of three channels or more ITU-R 601's luma of the first three. */
ocellus_status thumbnail_make(const struct picture *picture, struct thumbnail *out);

/* What counts as a copy: docs/data.md has the measurement. */
#define LIKENESS_OF_COPIES 0.85

/* -1 to 1: of the first sections that reach LIKENESS_OF_COPIES, else of the best. 0 where there is nothing to see in one of
 * them. It comes to the same in either order. */
double thumbnail_likeness(const struct thumbnail *a, const struct thumbnail *b);

#endif
