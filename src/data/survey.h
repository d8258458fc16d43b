/* SPDX-License-Identifier: MIT */
/* Every picture of a source looked at once, before any work begins: what it is, whether it can be read, and what it looks
 * like. */
#ifndef DATA_SURVEY_H
#define DATA_SURVEY_H

#include "data/picture_facts.h"

/* Of each picture of a source, in its order. */
struct survey {
    size_t count;
    struct picture_facts *facts;   /* [count] */
    size_t faults[PICTURE_FAULTS]; /* how many there are of each */
    size_t decoded;                /* how many were not known from the cache */
};

struct survey_options {
    size_t threads; /* 0: all this process may use */
    /* What a cache of facts is kept for, in $XDG_CACHE_HOME/ocellus/surveys: the absolute path of folder or list; NULL: none.
     * It is found by names and stamps, and one that is damaged only makes this slower. */
    const char *cached_for;
    bool partial; /* the source is a part of what the cache is for: the rest stays in it */
};

/* Reads every picture but those whose facts the cache holds, with a progress bar. What cannot be decoded is noted; a picture
 * that cannot be read (OCELLUS_IO) ends it, named. Of each form the first one is read in any case, to see whether its decoder is
 * still the one that the cache knows. At most 120 bytes a picture beside its file in each thread. */
ocellus_status survey_make(const struct source *source, const struct survey_options *options, struct survey *survey);
void survey_free(struct survey *survey);

#endif
