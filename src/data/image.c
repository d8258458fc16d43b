/* SPDX-License-Identifier: MIT */
/* Images in memory, and telling file kinds apart by content. */
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

static bool has_at(const unsigned char *bytes, size_t size, size_t offset, const char *magic, size_t length) {
    return size >= offset + length && memcmp(bytes + offset, magic, length) == 0;
}

/* What a file is that is neither PNG nor JPEG, as far as its first bytes tell. */
static const char *other_kind(const unsigned char *bytes, size_t size) {
    static const struct {
        size_t offset;
        const char *magic, *name;
    } kinds[] = {{0, "GIF8", "a GIF"}, {0, "BM", "a BMP"},      {0, "II*", "a TIFF"},
                 {0, "MM", "a TIFF"},  {8, "WEBP", "a WebP"},   {4, "ftyp", "a HEIF, AVIF or video file"},
                 {0, "%PDF", "a PDF"}, {0, "PK", "a ZIP file"}, {0, "<", "HTML, SVG or XML text"}};
    if (size == 0) return "empty";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (has_at(bytes, size, kinds[i].offset, kinds[i].magic, strlen(kinds[i].magic))) return kinds[i].name;
    }
    for (size_t i = 0; i < size && i < 512; i++) {
        bool is_text = bytes[i] >= 0x20 || (bytes[i] >= '\t' && bytes[i] <= '\r');
        if (!is_text) return "of an unknown kind";
    }
    return "text";
}

ocellus_status image_read(const char *path, struct image *image) {
    *image = (struct image){0};
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(file_read(path, IMAGE_MAX_FILE_SIZE, &bytes, &size));
    ocellus_status status;
    if (has_at(bytes, size, 0, "\x89PNG\r\n\x1a\n", 8)) status = image_decode_png(bytes, size, path, image);
    else if (has_at(bytes, size, 0, "\xff\xd8\xff", 3)) status = image_decode_jpeg(bytes, size, path, image);
    else status = fail(OCELLUS_BAD_CONTENT, "%s: is %s (expected a PNG or JPEG image)", path, other_kind(bytes, size));
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
