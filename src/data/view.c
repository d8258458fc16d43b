/* SPDX-License-Identifier: MIT */
#include "data/view.h"

#include "base/memory.h"
#include "base/sizes.h"
#include "data/image.h"

#include <string.h>

void view_room_free(struct view_room *room) {
    resize_room_free(&room->resize);
    memory_free(room->grey);
    memory_free(room->view);
    *room = (struct view_room){0};
}

bool view_has_channels(size_t picture, size_t view) {
    return picture == view || (picture == 1 && view == 3) || (picture == 3 && view == 1);
}

/* At least height * width * channels bytes at *room; what is there is lost. */
static ocellus_status make_room(size_t height, size_t width, size_t channels, uint8_t **room, size_t *room_size) {
    size_t size;
    if (!size_multiply(height, width, &size) || !size_multiply(size, channels, &size))
        return fail(OCELLUS_BAD_CONTENT, "%zu x %zu pixels are too many", width, height);
    if (size <= *room_size) return OCELLUS_OK;
    uint8_t *larger = memory_allocate(size, 1);
    if (!larger) return OCELLUS_IO;
    memory_free(*room);
    *room = larger;
    *room_size = size;
    return OCELLUS_OK;
}

/* a * b / c, to the nearest, between 1 and `most`. */
static size_t scale_side(size_t a, size_t b, size_t c, size_t most) {
    const uint64_t side = ((uint64_t)a * b + c / 2) / c;
    return side < 1 ? 1 : side > most ? most : (size_t)side;
}

/* The part of the picture that is shown, and the part of the view that shows it. */
static void place(const struct view_form *form, struct resize_from *src, size_t src_channels, struct resize_to *dst,
                  size_t dst_channels) {
    const bool wider = (uint64_t)src->width * form->height >= (uint64_t)src->height * form->width; /* the picture is */
    if (form->resize == RESIZE_CROP && wider) {
        const size_t width = scale_side(src->height, form->width, form->height, src->width);
        src->pixels += (src->width - width) / 2 * src_channels;
        src->width = width;
    } else if (form->resize == RESIZE_CROP) {
        const size_t height = scale_side(src->width, form->height, form->width, src->height);
        src->pixels += (src->height - height) / 2 * src->stride;
        src->height = height;
    } else if (form->resize == RESIZE_PAD && wider) {
        const size_t height = scale_side(src->height, form->width, src->width, form->height);
        dst->pixels += (form->height - height) / 2 * dst->stride;
        dst->height = height;
    } else if (form->resize == RESIZE_PAD) {
        const size_t width = scale_side(src->width, form->height, src->height, form->width);
        dst->pixels += (form->width - width) / 2 * dst_channels;
        dst->width = width;
    }
}

static void make_grey(const struct resize_from *src, uint8_t *dst) {
    for (size_t y = 0; y < src->height; y++) {
        const uint8_t *row = src->pixels + y * src->stride;
        for (size_t x = 0; x < src->width; x++, row += 3)
            *dst++ = image_luma(row);
    }
}

/* Pixels of 1 byte, at the front of `view`, to 3: from the last one on, so that none is overwritten before it is read. */
static void make_colour(uint8_t *view, size_t pixels) {
    for (size_t i = pixels; i-- > 0;)
        view[3 * i] = view[3 * i + 1] = view[3 * i + 2] = view[i];
}

/* Resized as what has less: colour becomes grey before, grey becomes colour after it. */
ocellus_status view_make(const struct view_form *form, const struct picture *picture, struct view_room *room,
                         const uint8_t **view) {
    const bool same_size = picture->height == form->height && picture->width == form->width;
    if (!view_has_channels(picture->channels, form->channels) ||
        (!same_size && picture->channels != 1 && picture->channels != 3))
        return fail(OCELLUS_BAD_CONTENT, "channels: %zu cannot be shown as %zu", picture->channels, form->channels);
    *view = picture->pixels;
    if (same_size && picture->channels == form->channels) return OCELLUS_OK;
    const size_t channels = form->channels < picture->channels ? form->channels : picture->channels; /* while resized */
    TRY(make_room(form->height, form->width, form->channels, &room->view, &room->view_size));
    struct resize_from src = {picture->pixels, picture->height, picture->width, picture->width * picture->channels};
    struct resize_to dst = {room->view, form->height, form->width, form->width * channels};
    place(form, &src, picture->channels, &dst, channels);
    if (picture->channels > channels) {
        TRY(make_room(src.height, src.width, 1, &room->grey, &room->grey_size));
        make_grey(&src, room->grey);
        src = (struct resize_from){room->grey, src.height, src.width, src.width};
    }
    if (form->resize == RESIZE_PAD) memset(room->view, 0, form->height * form->width * channels);
    TRY(resize_pixels(&src, channels, &dst, &room->resize));
    if (form->channels > channels) make_colour(room->view, form->height * form->width);
    *view = room->view;
    return OCELLUS_OK;
}
