/* SPDX-License-Identifier: MIT */
/* Bytes to the floats a network takes. */
#include "data/batch.h"

/* Inlined for a constant number of channels, where it needs no inner loop: about one value a cycle. */
static inline __attribute__((always_inline)) void transform_pixels(const uint8_t *src, size_t values, size_t channels,
                                                                   const struct pixel_transform *transform,
                                                                   float *dst) {
    for (size_t i = 0; i < values; i += channels) {
        for (size_t c = 0; c < channels; c++) {
            size_t from = transform->swap ? channels - 1 - c : c;
            dst[i + c] = (float)src[i + from] * transform->scale - transform->offset[c];
        }
    }
}

void batch_fill_image(const uint8_t *pixels, size_t values, size_t channels, const struct pixel_transform *transform,
                      float *dst) {
    if (channels == 3) transform_pixels(pixels, values, 3, transform, dst);
    else transform_pixels(pixels, values, channels, transform, dst);
}

void batch_fill(const struct dataset *dataset, const size_t *indices, size_t first, size_t n,
                const struct pixel_transform *transform, float *dst, int32_t *labels) {
    const size_t values = dataset->height * dataset->width * dataset->channels;
    for (size_t i = 0; i < n; i++) {
        size_t index = indices ? indices[i] : first + i;
        batch_fill_image(dataset_image(dataset, index), values, dataset->channels, transform, dst + i * values);
        labels[i] = dataset->labels[index];
    }
}
