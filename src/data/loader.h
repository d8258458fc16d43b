/* SPDX-License-Identifier: MIT */
/* Batches: from a source's pictures to what an engine takes, made ahead where that takes long. Batch k of epoch e is a pure
 * function of what the loader was opened with, of e and of k: no bit of it depends on threads, on what was asked for before, or
 * on how much memory there is. Random numbers are keyed by a picture's place in the epoch's order.
 *
 * A picture is read and made a view (view.h), augmented (augment.h), mixed with its partner (augment_mix.h) and transformed to
 * floats. While the engine works, the loader's own threads read the pictures of the next batches, as far as their cells go,
 * and then sleep; when a batch is asked for that is not whole, the engine's pool makes the pictures that nobody has begun. So
 * all processors work on pictures or on the network, whichever is behind. Pictures that lie in memory as the network takes
 * them need no threads: the pool makes them on their way into the batch.
 *
 * One thread at a time on one loader; any number of loaders. */
#ifndef DATA_LOADER_H
#define DATA_LOADER_H

#include "base/threads.h"
#include "data/batch.h"
#include "data/feature_store.h"
#include "data/loader_picture.h"

struct loader;

/* Of no result's concern. {0}: the loader chooses. */
struct loader_limits {
    size_t threads; /* of its own; 0: as many as this process may use where pictures must be made, else none */
    size_t
        memory; /* bytes for pictures, the largest of which decides what is needed at least; 0: half of what is free */
};
#define LOADER_NO_THREADS SIZE_MAX /* as limits.threads */

/* What a part of a network makes of the set's pictures: {0}: nothing does. */
struct loader_features {
    /* NULL, or batches are of these values, and no picture is read. */
    const struct feature_store *store;
    /* NULL, or a batch's pictures go to `input`, and `run` makes of the n that are there what goes to dst. */
    ocellus_status (*run)(void *owner, size_t n, float *dst);
    float *input;
    void *owner;
};

/* What they point to must outlive the loader. */
struct loader_options {
    struct image_set set; /* not empty */
    size_t images;        /* of an epoch: the first ones of its order; 1 to set.count */
    uint64_t epochs;      /* nothing is made ahead behind the last one */
    bool shuffled;        /* each epoch has a permutation of its own; else the set's order */
    bool keeps;           /* views that fit into the memory stay: pictures will be asked for again */
    uint64_t seed;        /* of the permutations and the augmentation */
    size_t batch_size;    /* the last batch of an epoch may be smaller */
    const struct pixel_form *form;
    const struct augmentation *augmentation; /* NULL: none */
    /* Views of each picture, by whose number, the epoch's modulo that of views, and by its own it is augmented; 0: as many as
     * there are epochs, by epoch and place. */
    uint64_t views;
    /* Instead of the pictures. */
    struct loader_features features;
    struct thread_pool *pool; /* NULL: the caller's thread alone */
    struct loader_limits limits;
};

/* Allocates all that it will use but room for the pictures that are read, and views that stay. */
ocellus_status loader_open(const struct loader_options *options, struct loader **loader);
void loader_close(struct loader *loader); /* once the pictures at work are done; NULL is accepted */

/* It lives until the next call. */
struct loader_batch {
    size_t n;
    uint32_t epoch;
    size_t first_place;    /* in the epoch's order: the first one's, the others follow it */
    const int32_t *labels; /* [n]; not to be read where there are shares */
    const float *shares;   /* [n][classes] of the source; NULL where nothing is mixed */
};
/* Batch `index` of an epoch to dst[n][height][width][channels]. Those after it are begun. Fails with the status of the first
 * picture of the batch, by its place, that cannot be read, and names it; the same batch may be asked for again, and is then
 * read again. */
ocellus_status loader_batch(struct loader *loader, uint32_t epoch, size_t index, float *dst,
                            struct loader_batch *batch);

/* Seconds that loader_batch() took until now: while it runs, the engine waits. */
double loader_waited(const struct loader *loader);

struct loader_facts {
    size_t threads;                   /* of its own */
    size_t kept;                      /* pictures that stay in memory once they were read */
    size_t kept_bytes, bytes, memory; /* theirs; of all that it may take; what it was allowed */
    bool lent;                        /* pictures are used where they lie: nothing has to be kept */
};
struct loader_facts loader_facts(const struct loader *loader);
/* "1,234 of 2,000 pictures are kept in memory (186.0 MB of 2000.0 MB), the others are read again each epoch" */
void loader_text(const struct loader *loader, char out[160]);

#endif
