/* SPDX-License-Identifier: MIT */
/* What CIFAR-10's binary files are: shared by loading and fetching, used inside this folder only. */
#ifndef DATA_CIFAR10_H
#define DATA_CIFAR10_H

#include "base/status.h"
#include "data/dataset.h"

#include <stdbool.h>
#include <stddef.h>

/* A record is one label byte and three planes (red, green, blue) of 32 x 32 bytes. */
enum {
    CIFAR10_FILES = 6,
    CIFAR10_CLASSES = 10,
    CIFAR10_SIDE = 32,
    CIFAR10_PLANE = CIFAR10_SIDE * CIFAR10_SIDE,
    CIFAR10_RECORD_SIZE = 1 + 3 * CIFAR10_PLANE,
    CIFAR10_RECORDS = 10000,
    CIFAR10_FILE_SIZE = CIFAR10_RECORDS * CIFAR10_RECORD_SIZE
};

struct cifar10_file {
    const char *name;
    const char *sha256;
};
/* Five training files in order, then the test file. */
extern const struct cifar10_file cifar10_files[CIFAR10_FILES];

/* Names both splits and their ten classes (cifar10_names.c): CIFAR-10 when their hashes are the published images', else by the
 * folder. */
ocellus_status cifar10_name(const char *folder, struct dataset *train, struct dataset *test);

/* Checks the content of file `index`, called `source` in messages: labels always; size and SHA-256 of the published
 * file when `verify`, else a whole number of records, 1 to CIFAR10_RECORDS. OCELLUS_BAD_CONTENT. */
ocellus_status cifar10_check(const char *source, size_t index, const unsigned char *bytes, size_t size, bool verify);
/* Reads and checks file `index` of a folder; *bytes is freed with free(). */
ocellus_status cifar10_read(const char *folder, size_t index, bool verify, unsigned char **bytes, size_t *size);

#endif
