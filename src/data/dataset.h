/* SPDX-License-Identifier: MIT */
/* A labelled set of images in memory, and CIFAR-10. */
#ifndef DATA_DATASET_H
#define DATA_DATASET_H

#include "base/files.h"
#include "base/folders.h"
#include "base/sha256.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DATASET_NAME_SIZE = 128 };

/* Owned by whoever loaded it; dataset_free() releases all. */
struct dataset {
    char name[DATASET_NAME_SIZE]; /* "cifar10"; of other data in its layout "FOLDER (CIFAR-10's layout)" */
    char split[16];               /* "train", "test" */
    size_t count, height, width, channels, classes;
    uint8_t *pixels;               /* [count][height][width][channels], RGB, 0..255 */
    uint16_t *labels;              /* [count], each < classes */
    char **class_names;            /* [classes] */
    char sha256[SHA256_TEXT_SIZE]; /* of the content files, in order: what a run records */
};
void dataset_free(struct dataset *dataset);
const uint8_t *dataset_image(const struct dataset *dataset, size_t index);

/* Loads CIFAR-10 from its six .bin files in `folder` (NULL: the cache, where data fetch puts them). Labels are always
 * checked. With `verify` each file must be the published one, by its SHA-256; without, a file may also be a shorter one
 * of whole records (a subset, a test, images of one's own). Only the published images are called CIFAR-10 and get its
 * class names; for others the lines of batches.meta.txt in the folder name the first classes, and what has no name is
 * called by its number. There are ten classes in any case. A missing or damaged cache says to run `ocellus data fetch cifar10`.
 * OCELLUS_IO, OCELLUS_BAD_CONTENT; on failure there is nothing to free. */
ocellus_status cifar10_load(const char *folder, bool verify, struct dataset *train, struct dataset *test);
/* The cache folder of CIFAR-10, whether or not it is there. */
ocellus_status cifar10_folder(char out[FILE_PATH_SIZE]);

struct dataset_summary {
    size_t *class_counts; /* [classes], owned */
    uint8_t smallest, largest;
    double mean[4], deviation[4]; /* per channel, 0..255, over all pixels (population) */
};
ocellus_status dataset_summarize(const struct dataset *dataset, struct dataset_summary *summary);
void dataset_summary_free(struct dataset_summary *summary);

/* Splits 0..count-1 into a training part and `held_out` images of equal classes (as far as it divides), a pure function
 * of the seed. Both lists ascend; free each with free(). OCELLUS_USAGE unless held_out < count. */
ocellus_status dataset_split(const struct dataset *dataset, size_t held_out, uint64_t seed, size_t **train,
                             size_t *train_count, size_t **held, size_t *held_count);

#endif
