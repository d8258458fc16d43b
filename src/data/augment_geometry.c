/* SPDX-License-Identifier: MIT */
#include "data/augment_geometry.h"

#include <string.h>

size_t augment_form_values(const struct augment_form *form) {
    return form->height * form->width * form->channels;
}

/* For a constant number of channels the inner loop is gone. */
static inline __attribute__((always_inline)) void flip_row(uint8_t *row, size_t width, size_t channels) {
    uint8_t *left = row, *right = row + (width - 1) * channels;
    for (; left < right; left += channels, right -= channels) {
        for (size_t c = 0; c < channels; c++) {
            const uint8_t kept = left[c];
            left[c] = right[c];
            right[c] = kept;
        }
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
