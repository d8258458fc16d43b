/* SPDX-License-Identifier: MIT */
/* What has a name here: data sets, and weights that are fetched as they are. Another data set is a file of its own and a row
 * of this table; nothing else knows any by name. */
#ifndef DATA_DATA_SETS_H
#define DATA_DATA_SETS_H

#include "base/text.h"
#include "data/fetch.h"
#include "data/source.h"

/* What is asked for; {0} is the cache's. */
struct data_request {
    const char *path; /* where it lies; NULL or "": the cache, whose content is verified */
};

/* A data set by what its pictures are for. What is not there is NULL, but never `train`: without validation pictures a recipe
 * may hold some of the training ones out, without test pictures a network is judged by those. */
struct data_parts {
    struct source *train, *validation, *test;
};
void data_parts_close(struct data_parts *parts);

struct data_set {
    const char *name;  /* in recipes, on the command line, and of its folder in the cache (cache.h) */
    const char *title; /* for people: "CIFAR-10" */
    const char *help;  /* a few words: what it holds */
    ocellus_status (*fetch)(const struct fetch_options *options); /* NULL: it is opened by a path */
    /* What data_set_open() does for this row; NULL for weights. */
    ocellus_status (*open)(const struct data_request *request, struct data_parts *parts);
};
/* Ends with a row without a name. */
extern const struct data_set data_sets[];

/* The row of that name; NULL when there is none. */
const struct data_set *data_set_find(const char *name);
/* Opens a data set. OCELLUS_USAGE, with the names there are, when it has no pictures or there is none. On failure *parts is
 * {0}. */
ocellus_status data_set_open(const char *name, const struct data_request *request, struct data_parts *parts);
/* "cifar10, resnet50": all names, or those of data sets alone. */
void data_set_append_names(bool pictures_alone, struct text *out);

#endif
