/* SPDX-License-Identifier: MIT */
/* MNIST and Fashion-MNIST: what their four idx files are, and opening them. */
#ifndef DATA_MNIST_H
#define DATA_MNIST_H

#include "data/idx.h"

enum { MNIST_CLASSES = 10 };

struct mnist_set {
    const char *name, *title;
    const char *sha256[IDX_FILES]; /* of the files, unpacked */
    const char *class_names[MNIST_CLASSES];
};
extern const struct mnist_set mnist_digits, mnist_fashion;

/* The names that the files have everywhere, unpacked; packed they end in ".gz". */
extern const char *const mnist_file_names[IDX_FILES];
enum { MNIST_FILE_LIMIT = 64 * 1024 * 1024 }; /* the largest has 47 MB */

/* Opens the set from request->path or, without one, from the cache, whose files must be the published ones. Only those are called
 * by the set's name and have its class names; others in their place are named as idx_open() does, with labels below 10.
 * OCELLUS_IO, OCELLUS_BAD_CONTENT; on failure nothing needs to be closed. */
ocellus_status mnist_open(const struct mnist_set *set, const struct data_request *request, struct data_parts *parts);
/* Whether the folder holds the published files, unpacked; a failure names the first that is not. */
ocellus_status mnist_check(const struct mnist_set *set, const char *folder);

#endif
