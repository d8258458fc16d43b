/* SPDX-License-Identifier: MIT */
/* What each picture of a collection is for: to train on, to validate on, to judge by. Pure functions: no file is read. */
#ifndef DATA_SPLIT_H
#define DATA_SPLIT_H

#include "data/collection.h"
#include "data/picture_facts.h"

struct split_request {
    uint64_t seed;
    double test_share, validation_share; /* of each class */
    uint64_t folds, fold;                /* folds 0: none; else `fold` of 1..folds validates, the rest trains */
};

/* The pictures, and what was decided. All arrays have an entry for each of the collection's. */
struct split {
    const struct collection *collection;
    const struct picture_facts *facts;
    const uint8_t *aside;    /* 1: takes no part */
    const uint8_t *recorded; /* enum picture_part, from the split file; none: new */
    uint8_t *parts;          /* filled: enum picture_part; none: aside, or between two sides */
    size_t added;            /* new ones that were given a part */
    size_t joined;           /* of those, how many went where their group was */
    size_t between;          /* new ones that are like pictures on two sides, of which one is to judge by: left out */
};

/* Folder, list and split file rule. What they leave open is put together first: pictures of one group (a person, a burst),
 * of the same pixels, and, without a group, that look alike (near.h). Who is with pictures that have a part joins them; where
 * those have two, it trains if neither is the test, and is left out if one is. The rest is dealt, class by class, in the
 * order of a hash of seed and pixels, to the parts that have less than their share. So pictures that are added move none, and
 * no order of files or of adding matters but that. A share counts for nothing where folder or list name such a part
 * themselves: theirs rules, and what they call training may only be held out for validation. With folds the file and the
 * shares are not looked at. OCELLUS_USAGE, which split_check() tells before, for shares or folds that make no sense. */
ocellus_status split_check(const struct split_request *request);
ocellus_status split_make(const struct split_request *request, struct split *split);

#endif
