/* SPDX-License-Identifier: MIT */
/* From stored pixels to a network's input. The order of an epoch is a pure function of the seed and the epoch, so the
 * position in it is the loader's whole state. */
#ifndef DATA_BATCH_H
#define DATA_BATCH_H

#include "data/dataset.h"

/* How pixels become numbers: dst channel c = src channel (swap ? channels-1-c : c) * scale - offset[c]. The model decides
 * (model/graph.h says which); data only applies it. */
enum { PIXEL_MOST_CHANNELS = 4 };
struct pixel_transform {
    bool swap; /* RGB to BGR */
    float scale;
    float offset[PIXEL_MOST_CHANNELS];
};

/* dst[n][height][width][channels] of the images indices[0..n); labels[n]. NULL indices: images first..first+n-1. */
void batch_fill(const struct dataset *dataset, const size_t *indices, size_t first, size_t n,
                const struct pixel_transform *transform, float *dst, int32_t *labels);
/* One image of the dataset's size, for predict: whole pixels of 1 to PIXEL_MOST_CHANNELS channels. */
void batch_fill_image(const uint8_t *pixels, size_t values, size_t channels, const struct pixel_transform *transform,
                      float *dst);

#endif
