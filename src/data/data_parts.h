/* SPDX-License-Identifier: MIT */
/* A data set by what its pictures are for, and how one is asked for. */
#ifndef DATA_DATA_PARTS_H
#define DATA_DATA_PARTS_H

#include "data/source.h"

/* What is asked for; {0} is the cache's. */
struct data_request {
    const char *path; /* where it lies; NULL or "": the cache, whose content is verified */
};

/* What is not there is NULL, but never `train`: without validation pictures a recipe may hold some of the training ones out,
 * without test pictures a network is judged by those. */
struct data_parts {
    struct source *train, *validation, *test;
};
void data_parts_close(struct data_parts *parts);

#endif
