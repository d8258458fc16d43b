/* SPDX-License-Identifier: MIT */
/* CIFAR-10 from its six binary files: checked, then turned from planes to NHWC. */
#include "data/cifar10.h"

#include "base/file_kind.h"
#include "base/files.h"
#include "base/folders.h"
#include "base/sha256.h"
#include "data/cache.h"
#include "data/cifar10_names.h"
#include "data/memory_source.h"

#include <stdlib.h>
#include <string.h>

const struct cifar10_file cifar10_files[CIFAR10_FILES] = {
    {"data_batch_1.bin", "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5"},
    {"data_batch_2.bin", "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed"},
    {"data_batch_3.bin", "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67"},
    {"data_batch_4.bin", "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48"},
    {"data_batch_5.bin", "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add"},
    {"test_batch.bin", "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b"},
};

/* Of the five training files, one after another. The test set is one file. */
static const char train_sha256[] = "a0181da372c0d63a5920fdbea2ec3f83ecbc552d378218e1cb473cf634941a3b";

static bool is_published(const struct source *train, const struct source *test) {
    return strcmp(train->identity, train_sha256) == 0 &&
           strcmp(test->identity, cifar10_files[CIFAR10_FILES - 1].sha256) == 0;
}

/* What a file of the wrong size may be instead; "" when nothing comes to mind. */
static const char *wrong_size_hint(uint64_t size, enum file_format format) {
    if (size == 0) return "; the file is empty";
    if (format == FILE_FORMAT_PICKLE) {
        return "; this is the Python version (a pickle, which is a program and is never read here): "
               "get cifar-10-binary.tar.gz";
    }
    if (size % (CIFAR10_RECORD_SIZE + 1) == 0) return "; records of 3074 bytes: this looks like CIFAR-100";
    return "";
}

static ocellus_status check_size(const char *source, uint64_t size, enum file_format format, bool verify) {
    if (size == CIFAR10_FILE_SIZE) return OCELLUS_OK;
    if (!verify && size > 0 && size < CIFAR10_FILE_SIZE && size % CIFAR10_RECORD_SIZE == 0) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: size %llu bytes (expected %d: %d records of %d)%s", source,
                (unsigned long long)size, CIFAR10_FILE_SIZE, CIFAR10_RECORDS, CIFAR10_RECORD_SIZE,
                wrong_size_hint(size, format));
}

ocellus_status cifar10_check(const char *source, size_t index, const unsigned char *bytes, size_t size, bool verify) {
    TRY(check_size(source, size, file_kind_of(bytes, size).format, verify));
    for (size_t offset = 0; offset < size; offset += CIFAR10_RECORD_SIZE) {
        if (bytes[offset] < CIFAR10_CLASSES) continue;
        return fail(OCELLUS_BAD_CONTENT, "%s: record %zu at byte %zu: label %u (expected 0 to %d)", source,
                    offset / CIFAR10_RECORD_SIZE, offset, bytes[offset], CIFAR10_CLASSES - 1);
    }
    if (!verify) return OCELLUS_OK;
    char found[SHA256_TEXT_SIZE];
    sha256_bytes(bytes, size, found);
    if (strcmp(found, cifar10_files[index].sha256) == 0) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: SHA-256 %s (expected %s)", source, found, cifar10_files[index].sha256);
}

static bool folder_holds(const char *folder, const char *name) {
    char path[FILE_PATH_SIZE];
    return path_join(path, folder, name) == OCELLUS_OK && path_exists(path);
}

/* A missing file, with what the folder seems to be instead. */
static ocellus_status fail_missing(const char *folder, const char *path) {
    if (!path_exists(folder)) return fail(OCELLUS_IO, "%s: there is no such folder", folder);
    const char *hint = "";
    if (folder_holds(folder, "data_batch_1")) {
        hint = "; the folder holds the Python version (pickles, never read here): get cifar-10-binary.tar.gz";
    } else if (folder_holds(folder, "data_batch_1.mat")) {
        hint = "; the folder holds the MATLAB version: get cifar-10-binary.tar.gz";
    } else if (folder_holds(folder, "train.bin")) {
        hint = "; the folder looks like CIFAR-100";
    }
    return fail(OCELLUS_IO, "%s: there is no such file%s", path, hint);
}

/* Where a file lies, and its size, which is checked: before anything is allocated for it. */
static ocellus_status find_file(const char *folder, size_t index, bool verify, char path[FILE_PATH_SIZE],
                                uint64_t *length) {
    enum path_kind kind;
    TRY(path_join(path, folder, cifar10_files[index].name));
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE) return fail_missing(folder, path);
    TRY(file_size(path, length));
    struct file_kind content;
    TRY(file_kind_read(path, &content));
    return check_size(path, *length, content.format, verify);
}

ocellus_status cifar10_read(const char *folder, size_t index, bool verify, unsigned char **bytes, size_t *size) {
    char path[FILE_PATH_SIZE];
    uint64_t length;
    TRY(find_file(folder, index, verify, path, &length));
    TRY(file_read(path, CIFAR10_FILE_SIZE, bytes, size));
    ocellus_status status = cifar10_check(path, index, *bytes, *size, verify);
    if (status != OCELLUS_OK) {
        free(*bytes);
        *bytes = NULL;
    }
    return status;
}

/* Records to pixels [h][w][3] and labels, from image `first` on. */
static void unpack_records(const unsigned char *records, size_t count, const struct memory_pictures *pictures,
                           size_t first) {
    for (size_t n = 0; n < count; n++) {
        const unsigned char *record = records + n * CIFAR10_RECORD_SIZE;
        const unsigned char *red = record + 1, *green = red + CIFAR10_PLANE, *blue = green + CIFAR10_PLANE;
        uint8_t *pixels = pictures->pixels + (first + n) * 3 * CIFAR10_PLANE;
        pictures->labels[first + n] = record[0];
        for (size_t i = 0; i < CIFAR10_PLANE; i++) {
            pixels[3 * i] = red[i];
            pixels[3 * i + 1] = green[i];
            pixels[3 * i + 2] = blue[i];
        }
    }
}

/* Reads files[first..last] of the folder into pictures for as many records as they had a moment ago, and hashes them. */
static ocellus_status read_records(const char *folder, bool verify, size_t first, size_t last,
                                   struct memory_pictures *pictures, char identity[SHA256_TEXT_SIZE]) {
    struct sha256 hash;
    sha256_begin(&hash);
    size_t done = 0;
    for (size_t i = first; i <= last; i++) {
        unsigned char *bytes = NULL;
        size_t size = 0;
        TRY(cifar10_read(folder, i, verify, &bytes, &size));
        const size_t records = size / CIFAR10_RECORD_SIZE;
        const bool fits = records <= pictures->count - done;
        if (fits) unpack_records(bytes, records, pictures, done);
        sha256_add(&hash, bytes, size);
        free(bytes);
        if (!fits) return fail(OCELLUS_BAD_CONTENT, "%s: %s: grows while it is read", folder, cifar10_files[i].name);
        done += records;
    }
    pictures->count = done;
    sha256_end(&hash, identity);
    return OCELLUS_OK;
}

/* Files[first..last] of the folder as one split. */
static ocellus_status open_split(const char *folder, bool verify, const char *split, size_t first, size_t last,
                                 struct source **source) {
    struct memory_pictures pictures = {
        .height = CIFAR10_SIDE, .width = CIFAR10_SIDE, .channels = 3, .classes = CIFAR10_CLASSES};
    if (verify) pictures.count = (last - first + 1) * CIFAR10_RECORDS;
    for (size_t i = first; !verify && i <= last; i++) { /* files of a person's own may be small */
        char path[FILE_PATH_SIZE];
        uint64_t length;
        TRY(find_file(folder, i, verify, path, &length));
        pictures.count += (size_t)length / CIFAR10_RECORD_SIZE;
    }
    char identity[SHA256_TEXT_SIZE];
    TRY(memory_pictures_create(&pictures));
    const ocellus_status status = read_records(folder, verify, first, last, &pictures, identity);
    if (status != OCELLUS_OK) {
        memory_pictures_free(&pictures);
        return status;
    }
    TRY(memory_source_open("", split, &pictures, source));
    memcpy((*source)->identity, identity, sizeof identity);
    return OCELLUS_OK;
}

ocellus_status cifar10_open(const char *folder, bool verify, struct source **train, struct source **test) {
    *train = *test = NULL;
    char cache[FILE_PATH_SIZE];
    if (!folder) {
        TRY(cache_folder(CIFAR10_NAME, cache));
        enum path_kind kind;
        TRY(path_look(cache, &kind));
        if (kind != PATH_FOLDER) {
            return fail(OCELLUS_IO, "%s: CIFAR-10 is not there yet; run `ocellus data fetch cifar10`", cache);
        }
    }
    const char *from = folder ? folder : cache;
    ocellus_status status = open_split(from, verify, "train", 0, CIFAR10_FILES - 2, train);
    if (status == OCELLUS_OK) status = open_split(from, verify, "test", CIFAR10_FILES - 1, CIFAR10_FILES - 1, test);
    if (status == OCELLUS_OK) status = cifar10_name(from, is_published(*train, *test), *train, *test);
    if (status == OCELLUS_OK) return OCELLUS_OK;
    source_close(*train);
    source_close(*test);
    *train = *test = NULL;
    return folder ? status : fail_within(status, "damaged cache, mend it with `ocellus data fetch cifar10`");
}
