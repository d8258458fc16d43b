/* SPDX-License-Identifier: MIT */
#include "data/cifar100.h"

#include "base/files.h"
#include "base/folders.h"
#include "data/cifar_records.h"
#include "data/class_names.h"

#include <stdlib.h>
#include <string.h>

enum { COARSE_CLASSES = 20, FINE_CLASSES = 100, RECORD_SIZE = 2 + 3 * CIFAR_PLANE };

static const struct cifar_layout layout = {.labels = 2, .classes = {COARSE_CLASSES, FINE_CLASSES}};

static const struct {
    const char *name;
    size_t most_records;
} files[] = {{"train.bin", 50000}, {"test.bin", 10000}};

static ocellus_status find_file(const char *folder, size_t index, char path[FILE_PATH_SIZE], size_t *size) {
    uint64_t length;
    TRY(path_join(path, folder, files[index].name));
    TRY(file_size(path, &length));
    *size = (size_t)length;
    if (length > 0 && length % RECORD_SIZE == 0 && length / RECORD_SIZE <= files[index].most_records) return OCELLUS_OK;
    const char *hint =
        length > 0 && length % (RECORD_SIZE - 1) == 0 ? "; records of 3073 bytes: this looks like CIFAR-10" : "";
    return fail(OCELLUS_BAD_CONTENT, "%s: size %llu bytes (expected 1 to %zu records of %d)%s", path,
                (unsigned long long)length, files[index].most_records, RECORD_SIZE, hint);
}

static ocellus_status size_of(const char *folder, size_t index, size_t *size) {
    char path[FILE_PATH_SIZE];
    return find_file(folder, index, path, size);
}

static ocellus_status read_file(const char *folder, size_t index, unsigned char **bytes, size_t *size) {
    char path[FILE_PATH_SIZE];
    TRY(find_file(folder, index, path, size));
    TRY(file_read(path, *size, bytes, size));
    ocellus_status status = OCELLUS_OK;
    if (*size % RECORD_SIZE != 0) status = fail(OCELLUS_BAD_CONTENT, "%s: changes while it is read", path);
    if (status == OCELLUS_OK) status = cifar_check_labels(&layout, path, *bytes, *size);
    if (status == OCELLUS_OK) return OCELLUS_OK;
    free(*bytes);
    *bytes = NULL;
    return status;
}

static ocellus_status open_parts(const char *folder, struct data_parts *parts) {
    struct cifar_files records = {.layout = &layout, .folder = folder, .size = size_of, .read = read_file};
    char test[FILE_PATH_SIZE];
    enum path_kind kind;
    TRY(cifar_records_open(&records, "train", &parts->train));
    TRY(path_join(test, folder, files[1].name));
    TRY(path_look(test, &kind));
    records.first = records.last = 1;
    if (kind != PATH_NONE) TRY(cifar_records_open(&records, "test", &parts->test));
    return class_names_give(folder, "fine_label_names.txt", "CIFAR-100's layout", FINE_CLASSES, FINE_CLASSES, parts);
}

ocellus_status cifar100_open(const struct data_request *request, struct data_parts *parts) {
    if (!request->path || !*request->path)
        return fail(OCELLUS_USAGE,
                    CIFAR100_NAME ": expected the path of a folder with train.bin and test.bin (--data-path)");
    const ocellus_status status = open_parts(request->path, parts);
    if (status != OCELLUS_OK) data_parts_close(parts);
    return status;
}
