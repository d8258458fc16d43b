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

void batch_room_free(struct batch_room *room) {
    picture_free(&room->picture);
    view_room_free(&room->view);
}

ocellus_status batch_view(const struct image_set *set, size_t place, const struct view_form *form,
                          struct batch_room *room, const uint8_t **view) {
    const size_t index = image_set_index(set, place);
    const struct picture_wish wish = {form->height, form->width};
    TRY(source_read(set->source, index, form->jpeg_scaled ? &wish : NULL, &room->picture));
    const ocellus_status status = view_make(form, &room->picture, &room->view, view);
    return status == OCELLUS_OK ? OCELLUS_OK : fail_within(status, "%s: image %zu", set->source->name, index);
}

ocellus_status batch_fill(const struct image_set *set, size_t first, size_t n, const struct pixel_form *form,
                          struct batch_room *room, float *dst, int32_t *labels) {
    const struct view_form *view = &form->view;
    const size_t values = view->height * view->width * view->channels;
    for (size_t i = 0; i < n; i++) {
        const uint8_t *pixels;
        TRY(batch_view(set, first + i, view, room, &pixels));
        batch_fill_image(pixels, values, view->channels, &form->transform, dst + i * values);
        labels[i] = (int32_t)source_label(set->source, image_set_index(set, first + i));
    }
    return OCELLUS_OK;
}
