/* SPDX-License-Identifier: MIT */
/* Picture files as sources: the parts of one collection. */
#ifndef DATA_COLLECTION_SOURCE_H
#define DATA_COLLECTION_SOURCE_H

#include "data/collection.h"
#include "data/survey.h"

/* A collection that several sources read, and closed with the last of them. */
struct shared_collection;
/* Takes the collection over, also when it fails. Release it, as a source does when it is closed. */
ocellus_status shared_collection_create(struct collection *collection, struct shared_collection **shared);
void shared_collection_release(struct shared_collection *shared);
const struct collection *shared_collection_get(const struct shared_collection *shared);
/* What is known of its entries, once: from then on a picture whose file is no longer as it was is read with care, and one that
 * is another is OCELLUS_BAD_CONTENT. Takes the survey over. */
void shared_collection_set_survey(struct shared_collection *shared, struct survey *survey);
const struct survey *shared_collection_survey(const struct shared_collection *shared); /* NULL before */
/* What was decided of each: enum picture_part, none where it takes no part, and then why: one of `reasons`, or its fault. Takes
 * both arrays (memory_allocate(), [count]) and the reasons over. */
void shared_collection_set_parts(struct shared_collection *shared, uint8_t *parts, char **reasons);
enum picture_part shared_collection_part(const struct shared_collection *shared, size_t entry);
/* Why it takes no part, in a few words; NULL where it takes one. */
const char *shared_collection_reason(const struct shared_collection *shared, size_t entry);

/* The entries items[0..count) as a source: takes the array over (memory_allocate(); NULL: all entries), also when it fails. Where
 * the survey was made its identity is known, and whether its pictures are of one size. */
ocellus_status collection_source_open(struct shared_collection *shared, const char *split, uint32_t *items,
                                      size_t count, struct source **source);

#endif
