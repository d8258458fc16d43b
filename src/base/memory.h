/* SPDX-License-Identifier: MIT */
/* Memory: checked allocation, and arenas (one allocation per lifetime, carved into aligned pieces). */
#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include "base/status.h"

#include <stddef.h>

enum { MEMORY_ALIGNMENT = 64 }; /* a cache line, and the widest vector of any supported instruction set */

/* count * size zeroed bytes at MEMORY_ALIGNMENT, large ones in large pages; NULL (with a message kept,
 * status OCELLUS_IO) on overflow or when there is no memory. Released with memory_free(). */
void *memory_allocate(size_t count, size_t size);
void memory_free(void *pointer);

/* A copy of a string; NULL as above. */
char *memory_copy_text(const char *text);

/* realloc() for a growing array: makes room for at least `wanted` elements of `size` bytes, doubling *capacity.
 * On failure *array and *capacity stay as they were. Such arrays are released with free(). */
ocellus_status memory_grow(void **array, size_t *capacity, size_t wanted, size_t size);

/* An arena is planned first (arena_reserve, which only counts) and then allocated once. */
struct arena {
    unsigned char *base; /* NULL until arena_allocate() */
    size_t size;         /* bytes reserved so far, each piece rounded up to MEMORY_ALIGNMENT */
};

/* Reserves bytes and stores their offset. Fails on overflow. */
ocellus_status arena_reserve(struct arena *arena, size_t bytes, size_t *offset);
/* Allocates all that was reserved, zeroed. */
ocellus_status arena_allocate(struct arena *arena);
void arena_free(struct arena *arena);

/* How many heap allocations memory_allocate() and memory_grow() have made in this process: a training step must not
 * change it, and a test holds that (with malloc itself watched in addition). */
size_t memory_allocation_count(void);

#endif
