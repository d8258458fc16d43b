/* SPDX-License-Identifier: MIT */
/* From stored pixels to a network's input. The order of an epoch is a pure function of the seed and the epoch, so the
 * position in it is the loader's whole state. */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include "data/view.h"

/* Some pictures of a source, in an order. Owns nothing. */
struct image_set {
    const struct source *source; /* NULL: no pictures at all */
    const size_t *indices;       /* [count]; NULL: the first `count` pictures */
    size_t count;
};
struct image_set image_set_all(const struct source *source);
/* Which picture of the source the one at `place` is. */
size_t image_set_index(const struct image_set *set, size_t place);

/* How pixels become numbers: dst channel c = src channel (swap ? channels-1-c : c) * scale - offset[c]. The model decides
 * (model/graph.h says which); data only applies it. */
enum { PIXEL_MOST_CHANNELS = 4 };
struct pixel_transform {
    bool swap; /* RGB to BGR */
    float scale;
    float offset[PIXEL_MOST_CHANNELS];
};

/* What a network takes: views of 1 to PIXEL_MOST_CHANNELS channels, their pixels transformed. */
struct pixel_form {
    struct view_form view;
    struct pixel_transform transform;
};

/* Where a picture becomes a view: {0} before the first, used again by the next. */
struct batch_room {
    struct picture picture;
    struct view_room view;
};
void batch_room_free(struct batch_room *room);

/* The view of the set's picture at `place`, as view_make(): it lies in the room, or is lent by the source. Fails with the
 * status of a picture that cannot be read, or OCELLUS_BAD_CONTENT for one that cannot be shown so, and names it. */
ocellus_status batch_view(const struct image_set *set, size_t place, const struct view_form *form,
                          struct batch_room *room, const uint8_t **view);
/* The pictures at places [first, first + n) of the set to dst[n][height][width][channels], and their labels[n]. Fails as
 * batch_view(); what is in dst and labels then is not a batch. */
ocellus_status batch_fill(const struct image_set *set, size_t first, size_t n, const struct pixel_form *form,
                          struct batch_room *room, float *dst, int32_t *labels);
/* One image of pixels that the caller has: whole pixels of 1 to PIXEL_MOST_CHANNELS channels. */
void batch_fill_image(const uint8_t *pixels, size_t values, size_t channels, const struct pixel_transform *transform,
                      float *dst);

#endif
