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

struct image_set image_set_all(const struct source *source) {
    return (struct image_set){.source = source, .count = source->count};
}

size_t image_set_index(const struct image_set *set, size_t place) {
    return set->indices ? set->indices[place] : place;
}

static ocellus_status check_size(const struct source *source, size_t index, const struct picture *picture,
                                 const struct pixel_form *form) {
    if (picture->height == form->height && picture->width == form->width && picture->channels == form->channels)
        return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: image %zu: size (expected (%zu, %zu, %zu), got (%zu, %zu, %zu))",
                source->name, index, form->height, form->width, form->channels, picture->height, picture->width,
                picture->channels);
}

ocellus_status batch_fill(const struct image_set *set, size_t first, size_t n, const struct pixel_form *form,
                          struct picture *picture, float *dst, int32_t *labels) {
    const size_t values = form->height * form->width * form->channels;
    for (size_t i = 0; i < n; i++) {
        const size_t index = image_set_index(set, first + i);
        TRY(source_read(set->source, index, NULL, picture));
        TRY(check_size(set->source, index, picture, form));
        batch_fill_image(picture->pixels, values, form->channels, &form->transform, dst + i * values);
        labels[i] = (int32_t)source_label(set->source, index);
    }
    return OCELLUS_OK;
}
