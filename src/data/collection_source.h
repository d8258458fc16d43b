/* SPDX-License-Identifier: MIT */
/* Picture files as sources: the parts of one collection. */
#ifndef DATA_COLLECTION_SOURCE_H
#define DATA_COLLECTION_SOURCE_H

#include "data/collection.h"
#include "data/source.h"

/* A collection that several sources read, and closed with the last of them. */
struct shared_collection;
/* Takes the collection over, also when it fails. Release it, as a source does when it is closed. */
ocellus_status shared_collection_create(struct collection *collection, struct shared_collection **shared);
void shared_collection_release(struct shared_collection *shared);
const struct collection *shared_collection_get(const struct shared_collection *shared);

/* The entries items[0..count) as a source: takes the array over (memory_allocate(); NULL: all entries), also when it fails. */
ocellus_status collection_source_open(struct shared_collection *shared, const char *split, uint32_t *items,
                                      size_t count, struct source **source);

#endif
