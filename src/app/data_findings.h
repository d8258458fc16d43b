/* SPDX-License-Identifier: MIT */
/* What is to be said of a data set before a network learns from it: made from facts alone, so that text, JSON and figures
 * say the same. */
#ifndef APP_DATA_FINDINGS_H
#define APP_DATA_FINDINGS_H

#include "app/copy_groups.h"
#include "base/file_kind.h"

/* Fewer training pictures than this are few for a class; one class with this many times another's is out of balance. */
enum { FINDINGS_FEW = 20, FINDINGS_IMBALANCE = 10, FINDINGS_FORMATS = FILE_FORMAT_HEIC + 1 };

struct findings_part {
    const char *name;     /* "train", "validation", "test" */
    size_t pictures;      /* also those that are not sound or left out */
    size_t used;          /* those that are neither */
    size_t *class_counts; /* [classes] of the used ones; owned */
};

struct place_list {
    uint32_t *items; /* [count] places, ascending; owned */
    size_t count;
};

struct data_findings {
    struct checked_data data;
    struct findings_part parts[PICTURE_PARTS]; /* [part_count] those with pictures, training first */
    size_t part_count;
    size_t sound;
    uint64_t file_bytes; /* of all files; 0 where pictures have none */

    /* Of sound pictures. */
    size_t formats[FINDINGS_FORMATS]; /* by enum file_format; UNKNOWN where pictures are no files */
    size_t grey, colour;
    uint32_t smallest, largest;           /* places: by pixels, then the first */
    uint32_t narrowest, widest;           /* places: by width / height */
    uint32_t median_width, median_height; /* each of its own */
    double median_aspect;                 /* width / height */

    struct place_list faulty;   /* not sound */
    struct place_list left_out; /* sound, but takes no part */
    struct place_list blank;    /* sound, of one colour */
    struct place_list tiny;     /* sound, with a side below PICTURE_TINY_SIDE */
    struct copy_groups exact, near;

    /* Of the classes, by their training pictures. */
    size_t largest_class, smallest_class; /* the latter among those that have any */
    size_t *few;                          /* [few_count] classes with fewer than FINDINGS_FEW, also none; owned */
    size_t few_count, empty_count;        /* of them, how many have none */

    /* Names that differ by capitals only, so that they are one on some disks: pairs of places. */
    struct place_list capitals;

    const char *stops; /* why no training could begin; NULL: one can */
};

/* `data`'s contents must live as long as *findings. data->count > 0. Takes what copy_groups_exact() gave over, also when it
 * fails. */
ocellus_status data_findings_make(const struct checked_data *data, struct copy_groups *exact, const struct copies *near,
                                  struct data_findings *findings);
void data_findings_free(struct data_findings *findings);

/* The part to train on; NULL without. */
const struct findings_part *data_findings_training(const struct data_findings *findings);
/* How many times more training pictures the largest class has than the smallest that has any; 1 without. */
double data_findings_imbalance(const struct data_findings *findings);
/* Whether sound pictures are of more than one size. */
bool findings_sizes_differ(const struct data_findings *findings);
/* How many kinds of things are worth a look. */
size_t data_findings_count(const struct data_findings *findings);

#endif
