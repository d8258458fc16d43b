/* SPDX-License-Identifier: MIT */
/* Which near hashes lie near each other: an index by pieces of the hash. */
#ifndef DATA_NEAR_H
#define DATA_NEAR_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* Two pictures look alike when their near hashes (near_hash.h) differ in at most so many bits. */
enum { NEAR_DISTANCE = 4 };

/* Of the different hashes, in ascending order: `places` count these. Pictures with the same hash share a place. */
struct near_index;
/* Copies what it needs: 28 bytes a different hash. count < 2^32. */
ocellus_status near_index_create(const uint64_t *hashes, size_t count, struct near_index **index);
void near_index_free(struct near_index *index); /* NULL is accepted */
size_t near_index_places(const struct near_index *index);
/* The place of a hash that the index was made of. */
size_t near_index_place(const struct near_index *index, uint64_t hash);
/* Calls visit once for every other place whose hash is within NEAR_DISTANCE of the one at `place`. Two hashes that differ in
 * at most 4 bits agree in one of 5 pieces at least: only those that do are looked at, about 25 of 200,000 for each piece. */
void near_index_visit(const struct near_index *index, size_t place, void (*visit)(void *context, size_t other),
                      void *context);

#endif
