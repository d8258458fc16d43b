/* SPDX-License-Identifier: MIT */
/* Views that stay in memory once they were made: those of the first pictures of a set, as many as fit. Any number of threads
 * may put and find them. */
#ifndef DATA_KEPT_VIEWS_H
#define DATA_KEPT_VIEWS_H

#include "base/status.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct kept_views {
    size_t count, view_size;   /* how many; bytes of one */
    _Atomic(uint8_t *) *views; /* [count]; NULL: not made yet */
};

/* Room for the pointers; that of a view comes with it. After a failure there is nothing to free. */
ocellus_status kept_views_create(size_t count, size_t view_size, struct kept_views *kept);
void kept_views_free(struct kept_views *kept);
/* The view of the set's picture `position`; NULL when it is not there, or is none that stays. */
const uint8_t *kept_views_find(const struct kept_views *kept, size_t position);
/* Copies one that is to stay. Without memory it does not: it will be made again. */
void kept_views_put(struct kept_views *kept, size_t position, const uint8_t *view);

#endif
