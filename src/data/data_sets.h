/* SPDX-License-Identifier: MIT */
/* What has a name here: data sets, and weights that are fetched as they are. Another data set is a file of its own and a row
 * of this table; nothing else knows any by name. */
#ifndef DATA_DATA_SETS_H
#define DATA_DATA_SETS_H

#include "base/text.h"
#include "data/data_parts.h"
#include "data/fetch.h"

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
/* "cifar10, resnet50": the names of what can be fetched, or of what can be opened. */
void data_set_append_names(bool fetched, struct text *out);

#endif
