/* SPDX-License-Identifier: MIT */
/* Images in memory. */
#include "data/image.h"

#include "base/log.h"
#include "base/memory.h"

static _Thread_local bool is_quiet;

bool image_set_quiet(bool quiet) {
    const bool before = is_quiet;
    is_quiet = quiet;
    return before;
}

void image_tell_doubt(const char *source, const char *doubt) {
    if (!is_quiet) log_info("%s: %s; read all the same", source, doubt);
}

ocellus_status image_check_size(uint64_t width, uint64_t height, const char *source) {
    if (width > 0 && height > 0 && width <= IMAGE_MAX_SIDE && height <= IMAGE_MAX_SIDE &&
        width * height <= IMAGE_MAX_PIXELS) {
        return OCELLUS_OK;
    }
    return fail(OCELLUS_BAD_CONTENT, "%s: %llu x %llu" IMAGE_TOO_LARGE "%d a side, at most %d together)", source,
                (unsigned long long)width, (unsigned long long)height, IMAGE_MAX_SIDE, IMAGE_MAX_PIXELS);
}

ocellus_status image_create(size_t width, size_t height, struct image *image) {
    *image = (struct image){0};
    TRY(image_check_size(width, height, "image"));
    uint8_t *pixels = memory_allocate(width * height, 3);
    if (!pixels) return OCELLUS_IO;
    *image = (struct image){width, height, pixels};
    return OCELLUS_OK;
}

void image_free(struct image *image) {
    memory_free(image->pixels);
    *image = (struct image){0};
}

uint8_t image_over_white(unsigned value, unsigned alpha) {
    return (uint8_t)((value * alpha + 255 * (255 - alpha) + 127) / 255);
}

void image_blend_over_white(const uint8_t *rgba, size_t count, uint8_t *rgb) {
    for (size_t i = 0; i < count; i++) {
        for (size_t c = 0; c < 3; c++)
            rgb[3 * i + c] = image_over_white(rgba[4 * i + c], rgba[4 * i + 3]);
    }
}
