/* SPDX-License-Identifier: MIT */
#include "data/mnist.h"

#include "base/folders.h"
#include "data/cache.h"
#include "data/class_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const mnist_file_names[IDX_FILES] = {"train-images-idx3-ubyte", "train-labels-idx1-ubyte",
                                                 "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"};

const struct mnist_set mnist_digits = {
    "mnist",
    "MNIST",
    {"ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
     "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
     "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
     "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"},
    {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
};
const struct mnist_set mnist_fashion = {
    "fashion-mnist",
    "Fashion-MNIST",
    {"c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
     "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
     "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
     "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34"},
    {"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"},
};

static ocellus_status check_hash(const struct mnist_set *set, size_t file, const char *path, const char *found) {
    if (strcmp(found, set->sha256[file]) == 0) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: SHA-256 %s (expected %s)", path, *found ? found : "of no file",
                set->sha256[file]);
}

static ocellus_status check_hashes(const struct mnist_set *set, const char *folder, char (*hashes)[SHA256_TEXT_SIZE]) {
    for (size_t i = 0; i < IDX_FILES; i++) {
        char path[FILE_PATH_SIZE];
        TRY(path_join(path, folder, mnist_file_names[i]));
        TRY(check_hash(set, i, path, hashes[i]));
    }
    return OCELLUS_OK;
}

ocellus_status mnist_check(const struct mnist_set *set, const char *folder) {
    for (size_t i = 0; i < IDX_FILES; i++) {
        char path[FILE_PATH_SIZE], found[SHA256_TEXT_SIZE];
        TRY(path_join(path, folder, mnist_file_names[i]));
        TRY(sha256_file(path, found));
        TRY(check_hash(set, i, path, found));
    }
    return OCELLUS_OK;
}

/* Others in the same files. */
static ocellus_status name_others(const char *folder, struct data_parts *parts) {
    const struct source *const sources[] = {parts->train, parts->test};
    for (size_t i = 0; i < 2 && sources[i]; i++) {
        const size_t used = class_names_used(sources[i]);
        if (used > MNIST_CLASSES)
            return fail(OCELLUS_BAD_CONTENT, "%s: label %zu among the %s images (expected 0 to %d)", folder, used - 1,
                        sources[i]->split, MNIST_CLASSES - 1);
    }
    return class_names_give(folder, "class_names.txt", "idx", MNIST_CLASSES, MNIST_CLASSES, parts);
}

static ocellus_status name_published(const struct mnist_set *set, struct source *source) {
    snprintf(source->name, sizeof source->name, "%s", set->name);
    source->classes = MNIST_CLASSES;
    return source_set_class_names(source, set->class_names);
}

static ocellus_status find_cache(const struct mnist_set *set, char cache[FILE_PATH_SIZE]) {
    enum path_kind kind;
    TRY(cache_folder(set->name, cache));
    TRY(path_look(cache, &kind));
    if (kind == PATH_FOLDER) return OCELLUS_OK;
    return fail(OCELLUS_IO, "%s: %s is not there yet; run `ocellus data fetch %s`", cache, set->title, set->name);
}

ocellus_status mnist_open(const struct mnist_set *set, const struct data_request *request, struct data_parts *parts) {
    char cache[FILE_PATH_SIZE], hashes[IDX_FILES][SHA256_TEXT_SIZE];
    const bool given = request->path && *request->path;
    if (!given) TRY(find_cache(set, cache));
    const char *folder = given ? request->path : cache;
    ocellus_status status = idx_open_files(folder, parts, hashes);
    const bool published = status == OCELLUS_OK && check_hashes(set, folder, hashes) == OCELLUS_OK;
    if (status == OCELLUS_OK && published) status = name_published(set, parts->train);
    if (status == OCELLUS_OK && published) status = name_published(set, parts->test);
    if (status == OCELLUS_OK && !published)
        status = given ? name_others(folder, parts) : check_hashes(set, folder, hashes);
    if (status == OCELLUS_OK) return OCELLUS_OK;
    data_parts_close(parts);
    return given ? status : fail_within(status, "damaged cache, mend it with `ocellus data fetch %s`", set->name);
}
