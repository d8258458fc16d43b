/* SPDX-License-Identifier: MIT */
/* The records of CIFAR's binary files, of either kind: label bytes, then three planes (red, green, blue) of 32 x 32 bytes. */
#ifndef DATA_CIFAR_RECORDS_H
#define DATA_CIFAR_RECORDS_H

#include "data/source.h"

enum { CIFAR_PLANE = 32 * 32, CIFAR_MOST_LABELS = 2 };

struct cifar_layout {
    size_t labels;                     /* bytes before the planes; the last is the class */
    size_t classes[CIFAR_MOST_LABELS]; /* what each label is below */
};
size_t cifar_record_size(const struct cifar_layout *layout);
/* Whole records with labels in range; `source` names them. OCELLUS_BAD_CONTENT. */
ocellus_status cifar_check_labels(const struct cifar_layout *layout, const char *source, const unsigned char *bytes,
                                  size_t size);

/* Files of records, one after another: how large each is (checked: before anything is allocated for it), and its bytes (checked,
 * freed with free()). */
struct cifar_files {
    const struct cifar_layout *layout;
    const char *folder;
    size_t first, last; /* indices that the two functions take */
    ocellus_status (*size)(const char *folder, size_t index, size_t *size);
    ocellus_status (*read)(const char *folder, size_t index, unsigned char **bytes, size_t *size);
};
/* Them as a source in memory, without names, whose identity is the SHA-256 of the files, in order. */
ocellus_status cifar_records_open(const struct cifar_files *files, const char *split, struct source **source);

#endif
