/* SPDX-License-Identifier: MIT */
/* Checked allocation and arenas. */
#include "base/memory.h"

#include "base/sizes.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Arrays of this size and more are asked for in pages of 2 MB: walking through weights and images page by page of 4 KB,
 * ResNet50 waits for the tables of the pages. */
enum { HUGE_PAGE = 2 << 20, HUGE_LEAST = 8 << 20 };

static atomic_size_t allocations;

size_t memory_allocation_count(void) {
    return atomic_load(&allocations);
}

static bool round_up_to(size_t alignment, size_t size, size_t *rounded) {
    size_t padded;
    if (!size_add(size, alignment - 1, &padded)) return false;
    *rounded = padded - padded % alignment;
    return true;
}

static bool round_up(size_t size, size_t *rounded) {
    return round_up_to(MEMORY_ALIGNMENT, size, rounded);
}

void *memory_allocate(size_t count, size_t size) {
    size_t bytes;
    const bool valid = size_multiply(count, size, &bytes);
    const size_t alignment = valid && bytes >= HUGE_LEAST ? HUGE_PAGE : MEMORY_ALIGNMENT;
    if (!valid || !round_up_to(alignment, bytes ? bytes : 1, &bytes)) {
        fail(OCELLUS_IO, "memory: %zu times %zu bytes are more than there can be", count, size);
        return NULL;
    }
    void *pointer = aligned_alloc(alignment, bytes);
    if (!pointer) {
        fail(OCELLUS_IO, "memory: no room for %zu bytes", bytes);
        return NULL;
    }
    atomic_fetch_add(&allocations, 1);
#ifdef MADV_HUGEPAGE
    if (alignment == HUGE_PAGE) (void)madvise(pointer, bytes, MADV_HUGEPAGE); /* advice: without it all works too */
#endif
    return memset(pointer, 0, bytes);
}

void memory_free(void *pointer) {
    free(pointer);
}

char *memory_copy_text(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = memory_allocate(size, 1);
    return copy ? memcpy(copy, text, size) : NULL;
}

ocellus_status memory_grow(void **array, size_t *capacity, size_t wanted, size_t size) {
    if (wanted <= *capacity) return OCELLUS_OK;
    size_t larger, bytes;
    if (!size_multiply(*capacity, 2, &larger) || larger < wanted) larger = wanted;
    if (!size_multiply(larger, size, &bytes))
        return fail(OCELLUS_IO, "memory: %zu times %zu bytes are more than there can be", larger, size);
    /* Callers pass the address of a pointer of another type as void **: copying its bytes keeps within aliasing rules. */
    void *old;
    memcpy(&old, array, sizeof old);
    void *grown = realloc(old, bytes ? bytes : 1);
    if (!grown) return fail(OCELLUS_IO, "memory: no room for %zu bytes", bytes);
    atomic_fetch_add(&allocations, 1);
    memcpy(array, &grown, sizeof grown);
    *capacity = larger;
    return OCELLUS_OK;
}

ocellus_status arena_reserve(struct arena *arena, size_t bytes, size_t *offset) {
    size_t rounded, end;
    if (arena->base) return fail(OCELLUS_ERROR, "memory: an arena grew after it was allocated");
    if (!round_up(bytes, &rounded) || !size_add(arena->size, rounded, &end))
        return fail(OCELLUS_IO, "memory: %zu and %zu bytes are more than there can be", arena->size, bytes);
    *offset = arena->size;
    arena->size = end;
    return OCELLUS_OK;
}

ocellus_status arena_allocate(struct arena *arena) {
    if (arena->base) return fail(OCELLUS_ERROR, "memory: an arena was allocated twice");
    arena->base = memory_allocate(arena->size, 1);
    return arena->base ? OCELLUS_OK : OCELLUS_IO;
}

void arena_free(struct arena *arena) {
    memory_free(arena->base);
    *arena = (struct arena){0};
}
