/* SPDX-License-Identifier: MIT */
/* Images in memory, and which codec reads a file. */
#include "data/image.h"

#include "base/files.h"
#include "base/memory.h"
#include "data/image_codec.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* More than any image of IMAGE_MAX_PIXELS needs. */
enum { IMAGE_MAX_FILE_SIZE = 256 * 1024 * 1024 };

ocellus_status image_check_size(uint64_t width, uint64_t height, const char *source) {
    if (width > 0 && height > 0 && width <= IMAGE_MAX_SIDE && height <= IMAGE_MAX_SIDE &&
        width * height <= IMAGE_MAX_PIXELS) {
        return OCELLUS_OK;
    }
    return fail(OCELLUS_BAD_CONTENT, "%s: %llu x %llu pixels (expected 1 to %d a side, at most %d together)", source,
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

bool image_is_readable(const struct file_kind *kind) {
    return kind->format == FILE_FORMAT_PNG || kind->format == FILE_FORMAT_JPEG;
}

ocellus_status image_read(const char *path, struct image *image) {
    *image = (struct image){0};
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(file_read(path, IMAGE_MAX_FILE_SIZE, &bytes, &size));
    ocellus_status status;
    const struct file_kind kind = file_kind_of(bytes, size);
    if (kind.format == FILE_FORMAT_PNG) status = image_decode_png(bytes, size, path, image);
    else if (kind.format == FILE_FORMAT_JPEG) status = image_decode_jpeg(bytes, size, path, image);
    else status = file_kind_refuse(path, &kind, "a PNG or JPEG image");
    free(bytes);
    return status;
}

ocellus_status image_write_png(const char *path, const struct image *image) {
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(image_encode_png(image, &bytes, &size));
    ocellus_status status = file_write(path, bytes, size);
    free(bytes);
    return status;
}
