/* SPDX-License-Identifier: MIT */
/* A data set by what its pictures are for, and how one is asked for. */
#ifndef DATA_DATA_PARTS_H
#define DATA_DATA_PARTS_H

#include "data/collection_source.h"

/* What is asked for; {0} is the cache's. What follows the path is for pictures of one's own. */
struct data_request {
    const char *path;   /* where it lies; NULL or "": the cache, whose content is verified */
    const char *split;  /* the split file (split_file.h); NULL or "": beside the data */
    const char *record; /* a run's list of its pictures (data_record.h): those, and nothing is decided; NULL: none */
    double test_share, validation_share; /* and what follows: split.h */
    uint64_t folds, fold, seed;
    size_t threads;  /* 0: all this process may use */
    bool keep_split; /* the split file is written where something was decided */
    bool quiet;      /* nothing is said of what was found: the caller does, or it was said before */
};

/* What is not there is NULL, but never `train`: without validation pictures a recipe may hold some of the training ones out,
 * without test pictures a network is judged by those. */
struct data_parts {
    struct source *train, *validation, *test;
    struct shared_collection
        *pictures; /* of one's own: all of them, with what is known and decided of each; else NULL */
};
void data_parts_close(struct data_parts *parts);

#endif
