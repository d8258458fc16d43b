/* SPDX-License-Identifier: MIT */
/* The EXIF orientation that cameras put beside a picture, and turning the picture by it. */
#include "data/image_upright.h"

#include <stdbool.h>
#include <string.h>

static unsigned exif_number(const unsigned char *at, size_t bytes, bool big_endian) {
    unsigned number = 0;
    for (size_t i = 0; i < bytes; i++)
        number = number << 8 | at[big_endian ? i : bytes - 1 - i];
    return number;
}

/* Of TIFF's types: BYTE, SHORT, LONG and the same with a sign. 0 for what is no integer. */
static size_t integer_size(unsigned type) {
    static const unsigned char sizes[] = {[1] = 1, [3] = 2, [4] = 4, [6] = 1, [8] = 2, [9] = 4};
    return type < sizeof sizes ? sizes[type] : 0;
}

/* EXIF is a TIFF file: byte order, 42, the offset of a directory of 12-byte entries (tag, type, count, value). The
 * standard wants a SHORT; some cameras and programs write another integer. */
unsigned image_exif_orientation(const unsigned char *exif, size_t size) {
    enum { TIFF_HEADER = 8, ENTRY = 12, TAG_ORIENTATION = 0x0112, PREFIX = 6 };
    if (size >= PREFIX && memcmp(exif, "Exif\0\0", PREFIX) == 0) {
        exif += PREFIX;
        size -= PREFIX;
    }
    if (size < TIFF_HEADER) return 1;
    const bool big_endian = exif[0] == 'M';
    if (memcmp(exif, big_endian ? "MM\0*" : "II*\0", 4) != 0) return 1;
    const size_t directory = exif_number(exif + 4, 4, big_endian);
    if (directory > size - 2) return 1;
    const size_t entries = exif_number(exif + directory, 2, big_endian);
    for (size_t i = 0; i < entries; i++) {
        const size_t at = directory + 2 + i * ENTRY;
        if (at + ENTRY > size) return 1;
        if (exif_number(exif + at, 2, big_endian) != TAG_ORIENTATION) continue;
        const size_t bytes = integer_size(exif_number(exif + at + 2, 2, big_endian));
        if (exif_number(exif + at + 4, 4, big_endian) != 1) return 1;
        const unsigned orientation = exif_number(exif + at + 8, bytes, big_endian);
        return orientation >= 1 && orientation <= 8 ? orientation : 1;
    }
    return 1;
}

/* Orientations 5 to 8 swap the sides; the name says where the stored first row and column are shown: 2 top right,
 * 3 bottom right, 4 bottom left, 5 left top, 6 right top, 7 right bottom, 8 left bottom. */
ocellus_status image_turn_upright(struct image *image, unsigned orientation) {
    if (orientation == 1) return OCELLUS_OK;
    const bool swap = orientation >= 5;
    const bool from_right = orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
    const bool from_bottom = orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
    const size_t width = image->width, height = image->height;
    struct image turned;
    TRY(image_create(swap ? height : width, swap ? width : height, &turned));
    for (size_t y = 0; y < turned.height; y++) {
        for (size_t x = 0; x < turned.width; x++) {
            size_t src_x = swap ? y : x, src_y = swap ? x : y;
            if (from_right) src_x = width - 1 - src_x;
            if (from_bottom) src_y = height - 1 - src_y;
            memcpy(turned.pixels + 3 * (y * turned.width + x), image->pixels + 3 * (src_y * width + src_x), 3);
        }
    }
    image_free(image);
    *image = turned;
    return OCELLUS_OK;
}
