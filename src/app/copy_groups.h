/* SPDX-License-Identifier: MIT */
/* Pictures that are copies of each other, put together: what is told of copies is told of groups, for of ten copies there are
 * 45 pairs. */
#ifndef APP_COPY_GROUPS_H
#define APP_COPY_GROUPS_H

#include "app/checked_data.h"
#include "data/copies.h"

struct copy_group {
    const uint32_t *members; /* [count] places, ascending; in the groups' `members` */
    size_t count;
    bool leak;   /* some are to train on and others to be judged by: validation or test */
    bool labels; /* they have not all the same class */
};
/* Leaks first, then those with different labels, then by their first member. */
struct copy_groups {
    struct copy_group *items; /* [count] */
    size_t count;
    uint32_t *members; /* [pictures], all groups' */
    size_t pictures, leaks, labels;
};

/* Sound pictures with the same pixels. */
ocellus_status copy_groups_exact(const struct checked_data *data, struct copy_groups *groups);
/* Sound pictures that `near` joins, each together with its exact copies; places are those of `data`. */
ocellus_status copy_groups_near(const struct checked_data *data, const struct copy_groups *exact,
                                const struct copies *near, struct copy_groups *groups);
/* The two of a group that say most: of both sides where it is a leak, else of two classes, else the first two. */
void copy_group_choose_two(const struct checked_data *data, const struct copy_group *group, uint32_t two[2]);
void copy_groups_free(struct copy_groups *groups);

#endif
