/* SPDX-License-Identifier: MIT */
/* Records, checked, then turned from planes to NHWC. */
#include "data/cifar_records.h"

#include "base/sha256.h"
#include "data/memory_source.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

size_t cifar_record_size(const struct cifar_layout *layout) {
    return layout->labels + 3 * CIFAR_PLANE;
}

ocellus_status cifar_check_labels(const struct cifar_layout *layout, const char *source, const unsigned char *bytes,
                                  size_t size) {
    const size_t record = cifar_record_size(layout);
    for (size_t offset = 0; offset < size; offset += record) {
        for (size_t i = 0; i < layout->labels; i++) {
            if (bytes[offset + i] < layout->classes[i]) continue;
            return fail(OCELLUS_BAD_CONTENT, "%s: record %zu at byte %zu: label %u (expected 0 to %zu)", source,
                        offset / record, offset + i, bytes[offset + i], layout->classes[i] - 1);
        }
    }
    return OCELLUS_OK;
}

/* Records to pixels [h][w][3] and labels, from image `first` on. */
static void unpack_records(const struct cifar_layout *layout, const unsigned char *records, size_t count,
                           const struct memory_pictures *pictures, size_t first) {
    for (size_t n = 0; n < count; n++) {
        const unsigned char *record = records + n * cifar_record_size(layout);
        const unsigned char *red = record + layout->labels, *green = red + CIFAR_PLANE, *blue = green + CIFAR_PLANE;
        uint8_t *pixels = pictures->pixels + (first + n) * 3 * CIFAR_PLANE;
        pictures->labels[first + n] = record[layout->labels - 1];
        for (size_t i = 0; i < CIFAR_PLANE; i++) {
            pixels[3 * i] = red[i];
            pixels[3 * i + 1] = green[i];
            pixels[3 * i + 2] = blue[i];
        }
    }
}

/* Reads the files into pictures for as many records as they had a moment ago, and hashes them. */
static ocellus_status read_records(const struct cifar_files *files, struct memory_pictures *pictures,
                                   char identity[SHA256_TEXT_SIZE]) {
    struct sha256 hash;
    sha256_begin(&hash);
    size_t done = 0;
    for (size_t i = files->first; i <= files->last; i++) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        TRY(files->read(files->folder, i, &bytes, &size));
        const size_t records = size / cifar_record_size(files->layout);
        const bool fits = records <= pictures->count - done;
        if (fits) unpack_records(files->layout, bytes, records, pictures, done);
        sha256_add(&hash, bytes, size);
        free(bytes);
        if (!fits) return fail(OCELLUS_BAD_CONTENT, "%s: a file grows while it is read", files->folder);
        done += records;
    }
    pictures->count = done;
    sha256_end(&hash, identity);
    return OCELLUS_OK;
}

ocellus_status cifar_records_open(const struct cifar_files *files, const char *split, struct source **source) {
    const struct cifar_layout *layout = files->layout;
    struct memory_pictures pictures = {
        .height = 32, .width = 32, .channels = 3, .classes = layout->classes[layout->labels - 1]};
    for (size_t i = files->first; i <= files->last; i++) {
        size_t size;
        TRY(files->size(files->folder, i, &size));
        pictures.count += size / cifar_record_size(layout);
    }
    char identity[SHA256_TEXT_SIZE];
    TRY(memory_pictures_create(&pictures));
    const ocellus_status status = read_records(files, &pictures, identity);
    if (status != OCELLUS_OK) {
        memory_pictures_free(&pictures);
        return status;
    }
    TRY(memory_source_open("", split, &pictures, source));
    memcpy((*source)->identity, identity, sizeof identity);
    return OCELLUS_OK;
}
