/* SPDX-License-Identifier: MIT */
/* From a picture of any size to what a network is shown: 8-bit pixels of its size. The rule belongs to the model, as its
 * preprocessing does, so that training, judging, predicting and the library show it the same. Integers and Pillow's
 * arithmetic throughout: the same bits on every machine. */
#ifndef DATA_VIEW_H
#define DATA_VIEW_H

#include "base/resize_rule.h"
#include "data/resize.h"
#include "data/source.h"

#include <stdbool.h>

/* What views are to be. */
struct view_form {
    size_t height, width, channels; /* each at least 1 */
    enum resize_rule resize;
    /* JPEG may be decoded at 1/2, 1/4 or 1/8 of its size, the smallest that is no smaller than the view in both directions:
     * several times faster, and other pixels. */
    bool jpeg_scaled;
};

/* What a view needs beside its pixels, used again by the next one: {0} before the first. */
struct view_room {
    struct resize_room resize;
    uint8_t *grey, *view; /* a colour picture as grey; the view, where the picture is not one already */
    size_t grey_size, view_size;
};
void view_room_free(struct view_room *room);

/* Whether pictures of so many channels can be shown to a network of so many: alike, grey to colour by copying, or colour to grey
 * by ITU-R 601 in integers, (19595 R + 38470 G + 7471 B + 32768) / 65536, as Pillow's "L". */
bool view_has_channels(size_t picture, size_t view);

/* The view of a picture: *view points to [height][width][channels], which are the picture's own pixels where it has the
 * form already (nothing is copied), else in *room until the next call. OCELLUS_BAD_CONTENT for channels that cannot be
 * had; OCELLUS_IO without memory. */
ocellus_status view_make(const struct view_form *form, const struct picture *picture, struct view_room *room,
                         const uint8_t **view);

#endif
