/* SPDX-License-Identifier: MIT */
/* What has a name here: data sets, and weights that are fetched as they are. Another data set is a file of its own and a row
 * of this table; nothing else knows any by name. */
#ifndef DATA_DATA_SETS_H
#define DATA_DATA_SETS_H

#include "base/text.h"
#include "data/fetch.h"
#include "data/source.h"

struct data_set {
    const char *name;  /* in recipes, on the command line, and of its folder in the cache (cache.h) */
    const char *title; /* for people: "CIFAR-10" */
    const char *help;  /* a few words: what it holds */
    ocellus_status (*fetch)(const struct fetch_options *options);
    /* Both splits, from a folder (NULL: the cache); with `verify` they must be the published ones. On failure both are
     * NULL. The function is NULL for weights. */
    ocellus_status (*open)(const char *folder, bool verify, struct source **train, struct source **test);
};
/* Ends with a row without a name. */
extern const struct data_set data_sets[];

/* The row of that name; NULL when there is none. */
const struct data_set *data_set_find(const char *name);
/* Opens a data set from where it is (NULL or "": the cache, whose content is verified). OCELLUS_USAGE, with the names there
 * are, when it has no pictures or there is none. */
ocellus_status data_set_open(const char *name, const char *folder, struct source **train, struct source **test);
/* "cifar10, resnet50": all names, or those of data sets alone. */
void data_set_append_names(bool pictures_alone, struct text *out);

#endif
