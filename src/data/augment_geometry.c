/* SPDX-License-Identifier: MIT */
#include "data/augment_geometry.h"

#include "base/portable.h"

#include <string.h>

size_t augment_form_values(const struct augment_form *form) {
    return form->height * form->width * form->channels;
}

/* For a constant number of channels a pixel is a word or two. */
static inline __attribute__((always_inline)) void flip_row(uint8_t *row, size_t width, size_t channels) {
    uint8_t *left = row, *right = row + (width - 1) * channels, kept[AUGMENT_MOST_CHANNELS];
    for (; left < right; left += channels, right -= channels) {
        memcpy(kept, left, channels);
        memcpy(left, right, channels);
        memcpy(right, kept, channels);
    }
}

void augment_flip(const struct augment_form *form, uint8_t *pixels) {
    const size_t line = form->width * form->channels;
    for (size_t y = 0; y < form->height; y++, pixels += line) {
        if (form->channels == 3) flip_row(pixels, form->width, 3);
        else flip_row(pixels, form->width, form->channels);
    }
}

/* Which pixel of a line of n stands at `at`; -1: none. */
static ptrdiff_t inside(ptrdiff_t at, ptrdiff_t n, enum augment_border border) {
    if (at >= 0 && at < n) return at;
    if (border == AUGMENT_ZERO) return -1;
    if (border == AUGMENT_NEAREST || n == 1) return at < 0 ? 0 : n - 1;
    const ptrdiff_t period = 2 * (n - 1);
    ptrdiff_t left = at % period;
    if (left < 0) left += period;
    return left < n ? left : period - left;
}

static void fill_columns(const struct augment_form *form, enum augment_border border, ptrdiff_t left, size_t first,
                         size_t end, const uint8_t *src, uint8_t *dst) {
    const size_t channels = form->channels;
    for (size_t x = first; x < end; x++) {
        const ptrdiff_t from = inside(left + (ptrdiff_t)x, (ptrdiff_t)form->width, border);
        for (size_t c = 0; c < channels; c++)
            dst[x * channels + c] = from < 0 ? 0 : src[(size_t)from * channels + c];
    }
}

void augment_window(const struct augment_form *form, enum augment_border border, ptrdiff_t top, ptrdiff_t left,
                    const uint8_t *src, uint8_t *dst) {
    const size_t width = form->width, channels = form->channels, line = width * channels;
    const size_t apart = (size_t)(left < 0 ? -left : left), lost = apart < width ? apart : width;
    const size_t first = left < 0 ? lost : 0, end = left < 0 ? width : width - lost; /* columns that lie inside */
    for (size_t y = 0; y < form->height; y++, dst += line) {
        const ptrdiff_t from = inside(top + (ptrdiff_t)y, (ptrdiff_t)form->height, border);
        if (from < 0) {
            memset(dst, 0, line);
            continue;
        }
        const uint8_t *row = src + (size_t)from * line;
        if (end > first)
            memcpy(dst + first * channels, row + (size_t)((ptrdiff_t)first + left) * channels,
                   (end - first) * channels);
        fill_columns(form, border, left, 0, first, row, dst);
        fill_columns(form, border, left, end, width, row, dst);
    }
}

void augment_copy_box(const struct augment_form *form, const struct augment_box *box, const uint8_t *src,
                      uint8_t *dst) {
    const size_t line = form->width * form->channels, size = (box->right - box->left) * form->channels;
    for (size_t y = box->top; y < box->bottom; y++)
        memcpy(dst + y * line + box->left * form->channels, src + y * line + box->left * form->channels, size);
}

struct augment_map augment_map_about_centre(const struct augment_form *form, double degrees, double scale, double down,
                                            double right) {
    const double cosine = portable_cosine(degrees) / scale, sine = portable_sine(degrees) / scale;
    const double centre_x = (double)(form->width - 1) / 2, centre_y = (double)(form->height - 1) / 2;
    const double x = centre_x + right, y = centre_y + down; /* where the centre comes to lie */
    return (struct augment_map){.xx = cosine,
                                .xy = -sine,
                                .x0 = centre_x - cosine * x + sine * y,
                                .yx = sine,
                                .yy = cosine,
                                .y0 = centre_y - sine * x - cosine * y};
}

/* What is looked at: a part of a picture whose rows are `stride` bytes apart. */
struct part {
    const uint8_t *pixels;
    ptrdiff_t height, width, stride;
};

enum { WEIGHT_BITS = 12, WEIGHT = 1 << WEIGHT_BITS };

/* Numbers in units of 2^-32. */
static int64_t fixed(double value) {
    return (int64_t)(value * 0x1p32 + (value < 0 ? -0.5 : 0.5));
}

static const uint8_t *pixel_of(const struct part *part, enum augment_border border, ptrdiff_t y, ptrdiff_t x,
                               size_t channels) {
    static const uint8_t black[AUGMENT_MOST_CHANNELS];
    const ptrdiff_t row = inside(y, part->height, border), column = inside(x, part->width, border);
    return row < 0 || column < 0 ? black : part->pixels + row * part->stride + column * (ptrdiff_t)channels;
}

/* The weights' sum is 2^24, and 255 of it and half a unit fit in 32 bits. */
static inline __attribute__((always_inline)) void interpolate(const struct part *part, enum augment_border border,
                                                              int64_t y, int64_t x, size_t channels, uint8_t *dst) {
    const ptrdiff_t row = (ptrdiff_t)(y >> 32), column = (ptrdiff_t)(x >> 32);
    const uint32_t down = (uint32_t)y >> (32 - WEIGHT_BITS), right = (uint32_t)x >> (32 - WEIGHT_BITS);
    const uint8_t *a, *b, *c, *d;
    if (row >= 0 && column >= 0 && row + 1 < part->height && column + 1 < part->width) {
        a = part->pixels + row * part->stride + column * (ptrdiff_t)channels;
        b = a + channels;
        c = a + part->stride;
        d = c + channels;
    } else {
        a = pixel_of(part, border, row, column, channels);
        b = pixel_of(part, border, row, column + 1, channels);
        c = pixel_of(part, border, row + 1, column, channels);
        d = pixel_of(part, border, row + 1, column + 1, channels);
    }
    for (size_t i = 0; i < channels; i++) {
        const uint32_t above = a[i] * (WEIGHT - right) + b[i] * right, below = c[i] * (WEIGHT - right) + d[i] * right;
        dst[i] = (uint8_t)((above * (WEIGHT - down) + below * down + WEIGHT * WEIGHT / 2) >> (2 * WEIGHT_BITS));
    }
}

static inline __attribute__((always_inline)) void remap(const struct augment_form *form, const struct part *part,
                                                        const struct augment_map *map, bool nearest, size_t channels,
                                                        enum augment_border border, uint8_t *dst) {
    const int64_t xx = fixed(map->xx), xy = fixed(map->xy), yx = fixed(map->yx), yy = fixed(map->yy);
    const int64_t half = nearest ? INT64_C(1) << 31 : 0, x0 = fixed(map->x0) + half, y0 = fixed(map->y0) + half;
    for (size_t row = 0; row < form->height; row++) {
        int64_t x = x0 + xy * (int64_t)row, y = y0 + yy * (int64_t)row;
        for (size_t column = 0; column < form->width; column++, x += xx, y += yx, dst += channels) {
            if (nearest)
                memcpy(dst, pixel_of(part, border, (ptrdiff_t)(y >> 32), (ptrdiff_t)(x >> 32), channels), channels);
            else interpolate(part, border, y, x, channels, dst);
        }
    }
}

static void remap_part(const struct augment_form *form, const struct part *part, const struct augment_map *map,
                       bool nearest, enum augment_border border, uint8_t *dst) {
    if (form->channels == 3) remap(form, part, map, nearest, 3, border, dst);
    else remap(form, part, map, nearest, form->channels, border, dst);
}

void augment_remap(const struct augment_form *form, const struct augment_map *map, bool nearest,
                   enum augment_border border, const uint8_t *src, uint8_t *dst) {
    const struct part whole = {src, (ptrdiff_t)form->height, (ptrdiff_t)form->width,
                               (ptrdiff_t)(form->width * form->channels)};
    remap_part(form, &whole, map, nearest, border, dst);
}

/* Pixel i of n has its centre at (i + 1/2) / n of the side. */
void augment_enlarge(const struct augment_form *form, const struct augment_box *box, const uint8_t *src, uint8_t *dst) {
    const size_t line = form->width * form->channels;
    const struct part part = {src + box->top * line + box->left * form->channels, (ptrdiff_t)(box->bottom - box->top),
                              (ptrdiff_t)(box->right - box->left), (ptrdiff_t)line};
    const double across = (double)part.width / (double)form->width, down = (double)part.height / (double)form->height;
    const struct augment_map map = {.xx = across, .x0 = across / 2 - 0.5, .yy = down, .y0 = down / 2 - 0.5};
    remap_part(form, &part, &map, false, AUGMENT_NEAREST, dst);
}
