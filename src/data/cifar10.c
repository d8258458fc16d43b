/* SPDX-License-Identifier: MIT */
/* CIFAR-10 from its six binary files. */
#include "data/cifar10.h"

#include "base/file_kind.h"
#include "base/files.h"
#include "base/folders.h"
#include "base/sha256.h"
#include "data/cache.h"
#include "data/cifar10_names.h"
#include "data/cifar_records.h"

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

static const struct cifar_layout layout = {.labels = 1, .classes = {CIFAR10_CLASSES}};

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
    if (size % (CIFAR10_RECORD_SIZE + 1) == 0)
        return "; records of 3074 bytes: this looks like CIFAR-100 (--data cifar100)";
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
    TRY(cifar_check_labels(&layout, source, bytes, size));
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
        hint = "; the folder looks like CIFAR-100 (--data cifar100)";
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

static ocellus_status size_own(const char *folder, size_t index, size_t *size) {
    char path[FILE_PATH_SIZE];
    uint64_t length;
    TRY(find_file(folder, index, false, path, &length));
    *size = (size_t)length;
    return OCELLUS_OK;
}

static ocellus_status size_published(const char *folder, size_t index, size_t *size) {
    (void)folder, (void)index;
    *size = CIFAR10_FILE_SIZE;
    return OCELLUS_OK;
}

static ocellus_status read_own(const char *folder, size_t index, unsigned char **bytes, size_t *size) {
    return cifar10_read(folder, index, false, bytes, size);
}

static ocellus_status read_published(const char *folder, size_t index, unsigned char **bytes, size_t *size) {
    return cifar10_read(folder, index, true, bytes, size);
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
    struct cifar_files files = {.layout = &layout,
                                .folder = from,
                                .last = CIFAR10_FILES - 2,
                                .size = verify ? size_published : size_own, /* those of a person's own may be small */
                                .read = verify ? read_published : read_own};
    ocellus_status status = cifar_records_open(&files, "train", train);
    files.first = files.last = CIFAR10_FILES - 1;
    if (status == OCELLUS_OK) status = cifar_records_open(&files, "test", test);
    if (status == OCELLUS_OK) status = cifar10_name(from, is_published(*train, *test), *train, *test);
    if (status == OCELLUS_OK) return OCELLUS_OK;
    source_close(*train);
    source_close(*test);
    *train = *test = NULL;
    return folder ? status : fail_within(status, "damaged cache, mend it with `ocellus data fetch cifar10`");
}
