/* SPDX-License-Identifier: MIT */
/* Things that are dear to make and shared by threads: each is made once, however many ask for it at the same time, and its
 * bytes are counted. */
#ifndef ENGINE_CACHE_H
#define ENGINE_CACHE_H

#include "base/status.h"

#include <stddef.h>

struct cache;

struct cache_key {
    const void *maker;    /* whose thing it is: what two makers make is not the same */
    size_t first, second; /* numbers */
    const char *text;     /* copied; NULL is "" */
};

/* What was made: its bytes count until free() is called. */
struct cache_item {
    void *thing;
    size_t bytes;
    void (*free)(void *thing);
};
typedef ocellus_status (*cache_maker)(void *context, struct cache_item *item);

/* Of more bytes than `limit`, things that nobody holds are freed, the longest unused first. */
ocellus_status cache_create(size_t limit, struct cache **cache);
void cache_free(struct cache *cache); /* with all things, held or not; NULL is accepted */

/* The thing of that key, held until cache_give(). Who asks first makes it, outside the lock, so that different things are
 * made at the same time; others who ask for it wait. When making fails, its status is returned, and the next one tries. */
ocellus_status cache_take(struct cache *cache, const struct cache_key *key, cache_maker make, void *context,
                          void **thing);
void cache_give(struct cache *cache, const void *thing);
/* Frees all that nobody holds. */
void cache_clear(struct cache *cache);

struct cache_facts {
    size_t count, bytes; /* of what is there, held or not */
    size_t made;         /* ever */
};
struct cache_facts cache_facts(struct cache *cache);

#endif
