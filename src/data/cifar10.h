/* SPDX-License-Identifier: MIT */
/* CIFAR-10: what its binary files are, and its two splits as sources. */
#ifndef DATA_CIFAR10_H
#define DATA_CIFAR10_H

#include "data/cifar10_names.h"
#include "data/cifar_records.h"
#include "data/source.h"

#include <stdbool.h>
#include <stddef.h>

/* A record is one label byte and the planes. */
enum {
    CIFAR10_FILES = 6,
    CIFAR10_RECORD_SIZE = 1 + 3 * CIFAR_PLANE,
    CIFAR10_RECORDS = 10000,
    CIFAR10_FILE_SIZE = CIFAR10_RECORDS * CIFAR10_RECORD_SIZE
};

struct cifar10_file {
    const char *name;
    const char *sha256;
};
/* Five training files in order, then the test file. */
extern const struct cifar10_file cifar10_files[CIFAR10_FILES];

/* Opens CIFAR-10 from its six .bin files in `folder` (NULL: the cache, where data fetch puts them), as two sources in memory
 * whose identity is the SHA-256 of the content files, in order: those bytes are their pixels and labels. Labels are always
 * checked. With `verify` each file must be the published one, by its SHA-256; without, a file may also be a shorter one
 * of whole records (a subset, a test, images of one's own). Only the published images are called CIFAR-10 and get its
 * class names; for others the lines of batches.meta.txt in the folder name the first classes, and what has no name is
 * called by its number. There are ten classes in any case. A missing or damaged cache says to run `ocellus data fetch cifar10`.
 * OCELLUS_IO, OCELLUS_BAD_CONTENT; on failure both are NULL. */
ocellus_status cifar10_open(const char *folder, bool verify, struct source **train, struct source **test);

/* Checks the content of file `index`, called `source` in messages: labels always; size and SHA-256 of the published
 * file when `verify`, else a whole number of records, 1 to CIFAR10_RECORDS. OCELLUS_BAD_CONTENT. */
ocellus_status cifar10_check(const char *source, size_t index, const unsigned char *bytes, size_t size, bool verify);
/* Reads and checks file `index` of a folder; *bytes is freed with free(). */
ocellus_status cifar10_read(const char *folder, size_t index, bool verify, unsigned char **bytes, size_t *size);

#endif
