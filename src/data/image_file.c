/* SPDX-License-Identifier: MIT */
/* Which codec reads a file. */
#include "data/image_file.h"

#include "base/files.h"
#include "data/image_jpeg.h"
#include "data/image_png.h"

#include <stdlib.h>

/* More than any image of IMAGE_MAX_PIXELS needs. */
enum { IMAGE_MAX_FILE_SIZE = 256 * 1024 * 1024 };

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
