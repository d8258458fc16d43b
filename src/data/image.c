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

enum { KIND_BYTES = 512 }; /* that tell the kind of a file */

/* Told by its first bytes. The first row that fits counts: "ftyp" stands at the start of a whole family. */
static struct image_kind kind_of(const unsigned char *bytes, size_t size) {
    static const struct {
        size_t offset;
        const char *magic;
        struct image_kind kind;
    } kinds[] = {
        {0, "\x89PNG\r\n\x1a\n", {"a", "PNG", true, true}},
        {0, "\xff\xd8\xff", {"a", "JPEG", true, true}},
        {0, "GIF8", {"a", "GIF", false, true}},
        {0, "II*", {"a", "TIFF", false, true}},
        {8, "WEBP", {"a", "WebP", false, true}},
        {4, "ftypavi", {"an", "AVIF", false, true}},
        {4, "ftyphe", {"a", "HEIC (HEIF)", false, true}},
        {4, "ftypmif1", {"a", "HEIC (HEIF)", false, true}},
        {4, "ftypmsf1", {"a", "HEIC (HEIF)", false, true}},
        {4, "jP  \r\n", {"a", "JPEG 2000", false, true}},
        {0, "\xff\x4f\xff\x51", {"a", "JPEG 2000", false, true}},
        {4, "JXL \r\n", {"a", "JPEG XL", false, true}},
        {0, "8BPS", {"a", "Photoshop picture", false, true}},
        {4, "ftyp", {"a", "video", false, false}},
        {0, "%PDF", {"a", "PDF", false, false}},
        {0, "PK", {"a", "ZIP file", false, false}},
        {0, "<", {"", "HTML or XML text", false, false}},
    };
    if (size == 0) return (struct image_kind){"", "empty", false, false};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        if (has_at(bytes, size, kinds[i].offset, kinds[i].magic, strlen(kinds[i].magic))) return kinds[i].kind;
    }
    /* Two letters say little by themselves: text may begin so. */
    if (has_at(bytes, size, 0, "BM", 2) && (size < 18 || bytes[15] == 0))
        return (struct image_kind){"a", "BMP", false, true};
    if (has_at(bytes, size, 0, "MM\0*", 4)) return (struct image_kind){"a", "TIFF", false, true};
    if (size > 3 && bytes[0] == 'P' && bytes[1] >= '1' && bytes[1] <= '6' && (bytes[2] == '\n' || bytes[2] == ' ') &&
        ((bytes[3] >= '0' && bytes[3] <= '9') || bytes[3] == '#'))
        return (struct image_kind){"a", "PNM", false, true};
    for (size_t i = 0; i < size && i < KIND_BYTES; i++) {
        bool is_text = bytes[i] >= 0x20 || (bytes[i] >= '\t' && bytes[i] <= '\r');
        if (!is_text) return (struct image_kind){"of an", "unknown kind", false, false};
    }
    return (struct image_kind){"", "text", false, false};
}

ocellus_status image_file_kind(const char *path, struct image_kind *kind) {
    unsigned char bytes[KIND_BYTES];
    size_t size;
    TRY(file_read_start(path, sizeof bytes, bytes, &size));
    *kind = kind_of(bytes, size);
    return OCELLUS_OK;
}

ocellus_status image_read(const char *path, struct image *image) {
    *image = (struct image){0};
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(file_read(path, IMAGE_MAX_FILE_SIZE, &bytes, &size));
    ocellus_status status;
    struct image_kind kind = kind_of(bytes, size);
    if (strcmp(kind.name, "PNG") == 0) status = image_decode_png(bytes, size, path, image);
    else if (strcmp(kind.name, "JPEG") == 0) status = image_decode_jpeg(bytes, size, path, image);
    else
        status = fail(OCELLUS_BAD_CONTENT, "%s: is %s%s%s (expected a PNG or JPEG image)", path, kind.article,
                      *kind.article ? " " : "", kind.name);
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
