/* SPDX-License-Identifier: MIT */
/* Which codec reads a file. */
#include "data/image_file.h"

#include "base/files.h"
#include "data/image_heic.h"
#include "data/image_jpeg.h"
#include "data/image_png.h"
#include "data/image_webp.h"

#include <stdlib.h>

#ifdef OCELLUS_WEBP
#define READABLE "a PNG, JPEG or WebP image"
#else
#define READABLE "a PNG or JPEG image"
#endif

bool image_is_readable(const struct file_kind *kind) {
#ifdef OCELLUS_WEBP
    if (kind->format == FILE_FORMAT_WEBP) return true;
#endif
#ifdef OCELLUS_HEIC
    if (kind->format == FILE_FORMAT_HEIC) return true;
#endif
    return kind->format == FILE_FORMAT_PNG || kind->format == FILE_FORMAT_JPEG;
}

ocellus_status image_decode(const unsigned char *bytes, size_t size, const char *source,
                            const struct picture_wish *wish, struct image *image) {
    *image = (struct image){0};
    const struct file_kind kind = file_kind_of(bytes, size);
    if (kind.format == FILE_FORMAT_PNG) return image_decode_png(bytes, size, source, image);
    if (kind.format == FILE_FORMAT_JPEG) return image_decode_jpeg(bytes, size, source, wish, image);
#ifdef OCELLUS_WEBP
    if (kind.format == FILE_FORMAT_WEBP) return image_decode_webp(bytes, size, source, image);
#endif
#ifdef OCELLUS_HEIC
    if (kind.format == FILE_FORMAT_HEIC) return image_decode_heic(bytes, size, source, image);
#endif
    if (kind.format == FILE_FORMAT_HEIC) return file_kind_refuse(source, &kind, READABLE "; built without HEIC");
    if (kind.format == FILE_FORMAT_WEBP) return file_kind_refuse(source, &kind, READABLE "; built without WebP");
    return file_kind_refuse(source, &kind, READABLE);
}

ocellus_status image_read_wish(const char *path, const struct picture_wish *wish, struct image *image) {
    *image = (struct image){0};
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(file_read(path, IMAGE_MAX_FILE_SIZE, &bytes, &size));
    const ocellus_status status = image_decode(bytes, size, path, wish, image);
    free(bytes);
    return status;
}

ocellus_status image_read(const char *path, struct image *image) {
    return image_read_wish(path, NULL, image);
}

ocellus_status image_write_png(const char *path, const struct image *image) {
    unsigned char *bytes = NULL;
    size_t size = 0;
    TRY(image_encode_png(image, &bytes, &size));
    ocellus_status status = file_write(path, bytes, size);
    free(bytes);
    return status;
}
