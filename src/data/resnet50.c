/* SPDX-License-Identifier: MIT */
#include "data/resnet50.h"

#include "base/folders.h"
#include "base/sha256.h"
#include "data/cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char json_sha256[] = "11e0ca5744e311734bb5117e707beee6030fe9712b4bbb4352b5b3796f7c7a21",
                  shards_sha256[] = "96fd29f75e83ddec09dbc5439f76c8c29d3789d939be6457a7b32b61456d2ee4";

#define HDF5_NAME "resnet50_weights_tf_dim_ordering_tf_kernels"

/* Of current Keras, then of the first release. */
static const struct {
    const char *md5, *name;
} hdf5_files[] = {
    {"2cb95161c43110f7111970584f804107", HDF5_NAME ".h5"},
    {"4d473c1dd8becc155b73f8504c6f6626", HDF5_NAME "_notop.h5"},
    {"a7b3fe01876f51b976af0dea6bc144eb", HDF5_NAME ".h5"},
    {"a268eb855778b3df3c7506639542a6af", HDF5_NAME "_notop.h5"},
};
enum { HDF5_FILES = sizeof hdf5_files / sizeof *hdf5_files };

void resnet50_shard_name(size_t index, char name[RESNET50_NAME_SIZE]) {
    snprintf(name, RESNET50_NAME_SIZE, "group1-shard%zuof%d.bin", index + 1, RESNET50_SHARDS);
}

static ocellus_status expect_sha256(const char *what, const char *found, const char *expected) {
    if (strcmp(found, expected) == 0) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: SHA-256 %s (expected %s)", what, found, expected);
}

/* Adds all shards, each of its exact size. */
static ocellus_status hash_shards(const char *folder, struct sha256 *hash) {
    for (size_t i = 0; i < RESNET50_SHARDS; i++) {
        const size_t last = RESNET50_SHARD_BYTES - (RESNET50_SHARDS - 1) * (size_t)RESNET50_SHARD_SIZE;
        const size_t expected = i + 1 < RESNET50_SHARDS ? RESNET50_SHARD_SIZE : last;
        char path[FILE_PATH_SIZE], name[RESNET50_NAME_SIZE];
        unsigned char *bytes = NULL;
        size_t size = 0;
        resnet50_shard_name(i, name);
        TRY(path_join(path, folder, name));
        TRY(file_read(path, RESNET50_SHARD_SIZE, &bytes, &size));
        sha256_add(hash, bytes, size);
        free(bytes);
        if (size != expected)
            return fail(OCELLUS_BAD_CONTENT, "%s: size %zu bytes (expected %zu)", path, size, expected);
    }
    return OCELLUS_OK;
}

ocellus_status resnet50_check_tfjs(const char *folder) {
    char path[FILE_PATH_SIZE], found[SHA256_TEXT_SIZE];
    TRY(path_join(path, folder, RESNET50_JSON_NAME));
    TRY(sha256_file(path, found));
    TRY(expect_sha256(path, found, json_sha256));
    struct sha256 hash;
    sha256_begin(&hash);
    TRY(hash_shards(folder, &hash));
    sha256_end(&hash, found);
    TRY(path_join(path, folder, "group1-shard*.bin, joined"));
    return expect_sha256(path, found, shards_sha256);
}

ocellus_status resnet50_check_hdf5(const char *source, const unsigned char *bytes, size_t size, const char **name) {
    char found[MD5_TEXT_SIZE];
    md5_bytes(bytes, size, found);
    for (size_t i = 0; i < HDF5_FILES; i++) {
        if (strcmp(found, hdf5_files[i].md5) != 0) continue;
        *name = hdf5_files[i].name;
        return OCELLUS_OK;
    }
    return fail(OCELLUS_BAD_CONTENT, "%s: MD5 %s: none of Keras's files of ResNet50 (expected %s with the classifier)",
                source, found, hdf5_files[0].md5);
}

ocellus_status resnet50_find_in(const char *folder, char path[FILE_PATH_SIZE]) {
    for (size_t i = 0; i < HDF5_FILES / 2; i++) {
        TRY(path_join(path, folder, hdf5_files[i].name));
        enum path_kind kind;
        TRY(path_look(path, &kind));
        if (kind == PATH_NONE) continue;
        unsigned char *bytes;
        size_t size;
        const char *name;
        TRY(file_read(path, RESNET50_HDF5_LIMIT, &bytes, &size));
        const ocellus_status status = resnet50_check_hdf5(path, bytes, size, &name);
        free(bytes);
        return status;
    }
    TRY(resnet50_check_tfjs(folder));
    return path_join(path, "", folder);
}

ocellus_status resnet50_find(char path[FILE_PATH_SIZE]) {
    char folder[FILE_PATH_SIZE];
    TRY(cache_folder(RESNET50_NAME, folder));
    enum path_kind kind;
    TRY(path_look(folder, &kind));
    if (kind != PATH_FOLDER)
        return fail(OCELLUS_IO, "%s: ResNet50's weights are not there yet; run `ocellus data fetch resnet50`", folder);
    const ocellus_status status = resnet50_find_in(folder, path);
    if (status == OCELLUS_OK) return OCELLUS_OK;
    return fail_within(status, "damaged cache, mend it with `ocellus data fetch resnet50`");
}
