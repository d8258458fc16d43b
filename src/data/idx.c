/* SPDX-License-Identifier: MIT */
#include "data/idx.h"

#include "base/files.h"
#include "base/folders.h"
#include "base/gzip.h"
#include "base/sizes.h"
#include "data/class_names.h"
#include "data/image.h"
#include "data/memory_source.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAGIC_SIZE = 4, DIM_SIZE = 4, UNSIGNED_BYTES = 8, MOST_CLASSES = 256 };
static const size_t file_limit = (size_t)2 << 30; /* EMNIST's largest has 0.5 GB */

static size_t number_at(const unsigned char *bytes) {
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

ocellus_status idx_parse(const unsigned char *bytes, size_t size, const char *source, struct idx_array *array) {
    if (size < MAGIC_SIZE || bytes[0] != 0 || bytes[1] != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: is no idx file (expected to begin with 0 0 8 and 1 to %d)", source,
                    IDX_MOST_DIMS);
    if (bytes[2] != UNSIGNED_BYTES || bytes[3] < 1 || bytes[3] > IDX_MOST_DIMS)
        return fail(OCELLUS_BAD_CONTENT, "%s: idx of type %u with %u dimensions (expected type 8 with 1 to %d)", source,
                    bytes[2], bytes[3], IDX_MOST_DIMS);
    const size_t rank = bytes[3], header = MAGIC_SIZE + DIM_SIZE * rank;
    if (size < header) return fail(OCELLUS_BAD_CONTENT, "%s: %zu bytes are too few for its header", source, size);
    size_t values = 1;
    for (size_t i = 0; i < rank; i++) {
        const size_t dim = number_at(bytes + MAGIC_SIZE + DIM_SIZE * i);
        if (dim == 0) return fail(OCELLUS_BAD_CONTENT, "%s: dimension %zu is 0", source, i);
        if (!size_multiply(values, dim, &values)) values = SIZE_MAX;
        array->dims[i] = dim;
    }
    if (values != size - header)
        return fail(OCELLUS_BAD_CONTENT, "%s: %zu values (expected %zu, by its header)", source, size - header, values);
    array->rank = rank;
    array->values = bytes + header;
    return OCELLUS_OK;
}

static ocellus_status unpack(const char *path, unsigned char **bytes, size_t *size) {
    unsigned char *content;
    size_t content_size;
    const ocellus_status status = gzip_unpack(*bytes, *size, file_limit, path, &content, &content_size);
    free(*bytes);
    *bytes = content;
    *size = content_size;
    return status;
}

ocellus_status idx_read(const char *path, struct idx_array *array, char sha256[SHA256_TEXT_SIZE]) {
    *array = (struct idx_array){0};
    TRY(file_read(path, file_limit, &array->bytes, &array->size));
    ocellus_status status = OCELLUS_OK;
    if (gzip_is(array->bytes, array->size)) status = unpack(path, &array->bytes, &array->size);
    if (status == OCELLUS_OK) status = idx_parse(array->bytes, array->size, path, array);
    if (status == OCELLUS_OK && sha256) sha256_bytes(array->bytes, array->size, sha256);
    if (status == OCELLUS_OK) return OCELLUS_OK;
    free(array->bytes);
    *array = (struct idx_array){0};
    return status;
}

/* --- The files of a folder --- */

struct idx_paths {
    char of[IDX_FILES][FILE_PATH_SIZE]; /* "": none */
};

/* Which of the four a name means; IDX_FILES: none. */
static enum idx_file file_of_name(const char *name) {
    const bool test = strstr(name, "t10k") || strstr(name, "test"), train = strstr(name, "train"),
               images = strstr(name, "image"), labels = strstr(name, "label");
    if (!strstr(name, "idx") && !strstr(name, "ubyte")) return IDX_FILES;
    if (name[0] == '.' || train == test || images == labels) return IDX_FILES;
    return (enum idx_file)(2 * test + labels);
}

/* Names come in byte order: a plain one before the same with ".gz", which is then passed over. */
static ocellus_status take_name(const char *folder, const char *name, struct idx_paths *paths) {
    const enum idx_file file = file_of_name(name);
    if (file == IDX_FILES) return OCELLUS_OK;
    char path[FILE_PATH_SIZE], *found = paths->of[file];
    TRY(path_join(path, folder, name));
    const size_t length = strlen(found);
    if (!*found) snprintf(found, FILE_PATH_SIZE, "%s", path);
    else if (strncmp(path, found, length) != 0 || strcmp(path + length, ".gz") != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: holds both %s and %s", folder, path_base_name(found), name);
    return OCELLUS_OK;
}

static ocellus_status find_files(const char *folder, struct idx_paths *paths) {
    static const char *const words[IDX_FILES] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                                 "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};
    char **names = NULL;
    size_t count = 0;
    *paths = (struct idx_paths){0};
    TRY(folder_names(folder, &names, &count));
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < count && status == OCELLUS_OK; i++)
        status = take_name(folder, names[i], paths);
    names_free(names);
    TRY(status);
    for (size_t i = 0; i < IDX_FILES; i++) {
        const bool needed = i <= IDX_TRAIN_LABELS || *paths->of[i ^ 1];
        if (needed && !*paths->of[i])
            return fail(OCELLUS_BAD_CONTENT, "%s: there is no %s or the like", folder, words[i]);
    }
    return OCELLUS_OK;
}

/* --- Sources --- */

static ocellus_status check_images(const char *path, const struct idx_array *images) {
    const size_t channels = images->rank == 4 ? images->dims[3] : 1;
    if (images->rank < 3) return fail(OCELLUS_BAD_CONTENT, "%s: %zu dimensions (expected 3 or 4)", path, images->rank);
    if (channels != 1 && channels != 3)
        return fail(OCELLUS_BAD_CONTENT, "%s: %zu channels (expected 1 or 3)", path, channels);
    return image_check_size(images->dims[2], images->dims[1], path);
}

static ocellus_status check_labels(const char *path, const struct idx_array *labels, const struct idx_array *images) {
    if (labels->rank != 1) return fail(OCELLUS_BAD_CONTENT, "%s: %zu dimensions (expected 1)", path, labels->rank);
    if (labels->dims[0] == images->dims[0]) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: %zu labels (expected %zu, one for each image)", path, labels->dims[0],
                images->dims[0]);
}

static ocellus_status make_source(const struct idx_array *images, const struct idx_array *labels, const char *split,
                                  struct source **source) {
    struct memory_pictures pictures = {.count = images->dims[0],
                                       .height = images->dims[1],
                                       .width = images->dims[2],
                                       .channels = images->rank == 4 ? images->dims[3] : 1,
                                       .classes = MOST_CLASSES};
    TRY(memory_pictures_create(&pictures));
    memcpy(pictures.pixels, images->values, pictures.count * pictures.height * pictures.width * pictures.channels);
    for (size_t i = 0; i < pictures.count; i++)
        pictures.labels[i] = labels->values[i];
    return memory_source_open("", split, &pictures, source);
}

/* A pair of files, of which the first holds the images. */
static ocellus_status open_pair(const struct idx_paths *paths, size_t first, const char *split, struct source **source,
                                char (*hashes)[SHA256_TEXT_SIZE]) {
    struct idx_array images = {0}, labels = {0};
    const char *images_path = paths->of[first], *labels_path = paths->of[first + 1];
    ocellus_status status = idx_read(images_path, &images, hashes ? hashes[first] : NULL);
    if (status == OCELLUS_OK) status = check_images(images_path, &images);
    if (status == OCELLUS_OK) status = idx_read(labels_path, &labels, hashes ? hashes[first + 1] : NULL);
    if (status == OCELLUS_OK) status = check_labels(labels_path, &labels, &images);
    if (status == OCELLUS_OK) status = make_source(&images, &labels, split, source);
    free(images.bytes);
    free(labels.bytes);
    return status;
}

static ocellus_status check_alike(const char *folder, const struct data_parts *parts) {
    const struct source *train = parts->train, *test = parts->test;
    if (!test || (train->height == test->height && train->width == test->width && train->channels == test->channels))
        return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: test images of %zu x %zu x %zu (expected %zu x %zu x %zu, as in training)",
                folder, test->height, test->width, test->channels, train->height, train->width, train->channels);
}

ocellus_status idx_open_files(const char *folder, struct data_parts *parts, char (*hashes)[SHA256_TEXT_SIZE]) {
    struct idx_paths *paths = malloc(sizeof *paths); /* too large for a worker's stack */
    if (!paths) return fail(OCELLUS_IO, "%s: no memory", folder);
    for (size_t i = 0; hashes && i < IDX_FILES; i++)
        hashes[i][0] = '\0';
    ocellus_status status = find_files(folder, paths);
    if (status == OCELLUS_OK) status = open_pair(paths, IDX_TRAIN_IMAGES, "train", &parts->train, hashes);
    if (status == OCELLUS_OK && *paths->of[IDX_TEST_IMAGES])
        status = open_pair(paths, IDX_TEST_IMAGES, "test", &parts->test, hashes);
    if (status == OCELLUS_OK) status = check_alike(folder, parts);
    free(paths);
    if (status != OCELLUS_OK) data_parts_close(parts);
    return status;
}

static ocellus_status refuse_one_class(const char *folder, const struct source *train) {
    for (size_t i = 1; i < train->count; i++)
        if (source_label(train, i) != source_label(train, 0)) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: there is one class alone (%zu); two or more are needed to tell apart", folder,
                source_label(train, 0));
}

ocellus_status idx_open(const struct data_request *request, struct data_parts *parts) {
    if (!request->path || !*request->path)
        return fail(OCELLUS_USAGE, IDX_NAME ": expected the path of a folder of idx files (--data-path)");
    ocellus_status status = idx_open_files(request->path, parts, NULL);
    if (status == OCELLUS_OK) status = refuse_one_class(request->path, parts->train);
    if (status == OCELLUS_OK)
        status = class_names_give(request->path, "class_names.txt", "idx", 0, MOST_CLASSES, parts);
    if (status != OCELLUS_OK) data_parts_close(parts);
    return status;
}
