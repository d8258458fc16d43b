/* SPDX-License-Identifier: MIT */
/* Which of many pictures are copies of each other: saved again, in another size, brighter, or cut at the edges by a few
 * hundredths of a side: docs/data.md has how many of them are found. */
#ifndef DATA_COPIES_H
#define DATA_COPIES_H

#include "base/threads.h"
#include "data/likeness.h"

#include <stdbool.h>

/* Two pictures, first < second, by their places. */
struct copy_pair {
    uint32_t first, second;
    double likeness; /* at least LIKENESS_OF_COPIES */
};
struct copies {
    struct copy_pair *pairs; /* [count], by first, then second; owned */
    size_t count;
};

/* Pairs among count < 2^32 pictures; `skip` (may be NULL) marks those that are not looked at. Candidates are found by a hash of
 * each thumbnail and compared by thumbnail_likeness(): of 60,000 photographs some 3 candidates each, not 60,000. A picture
 * that has more than COPIES_MOST_CANDIDATES after it in the order is compared with the first of these; copies of one picture
 * without end are then still found, each by the ones before it. The same for any number of threads. */
enum { COPIES_MOST_CANDIDATES = 64 };
ocellus_status copies_find(const struct thumbnail *thumbnails, const bool *skip, size_t count, struct thread_pool *pool,
                           struct copies *copies);
void copies_free(struct copies *copies);

#endif
