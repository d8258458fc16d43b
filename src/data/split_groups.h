/* SPDX-License-Identifier: MIT */
/* Pictures that must stay together, used inside this folder only. */
#ifndef DATA_SPLIT_GROUPS_H
#define DATA_SPLIT_GROUPS_H

#include "data/collection.h"
#include "data/picture_facts.h"

struct split_groups {
    uint32_t *parents; /* [count]: of a forest; what has the same root stays together */
    uint8_t *sides;    /* [count]: of an open picture, 1 << part of each fixed one that it is with */
};

/* Puts open pictures together that have one group, the same pixels or, where one of them has no group, look alike: a group
 * rules where there is one. Fixed pictures are put together with none; what they are is noted in `sides` of the open ones.
 * Pictures of one colour look like nothing. `aside` ones take no part. Near hashes make it take time in proportion to count. */
ocellus_status split_groups_make(const struct collection *collection, const struct picture_facts *facts,
                                 const uint8_t *aside, const uint8_t *parts, const uint8_t *open,
                                 struct split_groups *groups);
void split_groups_free(struct split_groups *groups);
size_t split_groups_root(const struct split_groups *groups, size_t entry);

#endif
