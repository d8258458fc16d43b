/* SPDX-License-Identifier: MIT */
#include "data/split_groups.h"

#include "base/memory.h"
#include "data/near.h"

#include <stdlib.h>
#include <string.h>

struct joining {
    const struct collection *collection;
    const struct picture_facts *facts;
    const uint8_t *aside, *parts, *open;
    struct split_groups *groups;
    uint32_t *order; /* [used] entries, for sorting */
    size_t used;
};

size_t split_groups_root(const struct split_groups *groups, size_t entry) {
    uint32_t *parents = groups->parents, at = (uint32_t)entry;
    while (parents[at] != at)
        at = parents[at] = parents[parents[at]]; /* halves the way for the next */
    return at;
}

static void join(struct split_groups *groups, size_t a, size_t b) {
    const size_t root_a = split_groups_root(groups, a), root_b = split_groups_root(groups, b);
    if (root_a < root_b) groups->parents[root_b] = (uint32_t)root_a;
    else groups->parents[root_a] = (uint32_t)root_b;
}

/* --- the same group, the same pixels --- */

static int compare_groups(const void *a, const void *b, void *context) {
    const struct joining *joining = context;
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return strcmp(collection_group(joining->collection, left), collection_group(joining->collection, right));
}

static int compare_pixels(const void *a, const void *b, void *context) {
    const struct joining *joining = context;
    const uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return memcmp(joining->facts[left].pixels, joining->facts[right].pixels, PICTURE_HASH_SIZE);
}

/* Those of equal rank in `order` are together. */
static void join_equal(struct joining *joining, int (*compare)(const void *a, const void *b, void *context)) {
    uint32_t *order = joining->order;
    struct split_groups *groups = joining->groups;
    qsort_r(order, joining->used, sizeof *order, compare, joining);
    for (size_t first = 0, end; first < joining->used; first = end) {
        uint8_t sides = 0;
        size_t opened = SIZE_MAX;
        for (end = first; end < joining->used && compare(&order[first], &order[end], joining) == 0; end++) {
            const size_t entry = order[end];
            if (!joining->open[entry]) sides |= (uint8_t)(1U << joining->parts[entry]);
            else if (opened == SIZE_MAX) opened = entry;
            else join(groups, opened, entry);
        }
        if (opened != SIZE_MAX) groups->sides[opened] |= sides; /* whoever asks looks at all of a root's */
    }
}

/* --- what looks alike --- */

struct alike {
    struct joining *joining;
    const struct near_index *index;
    uint32_t *heads;  /* [places] the first open picture there that has a group, from 1 */
    uint32_t *nexts;  /* [count] the next of it */
    uint32_t *firsts; /* [places] an open picture there without a group, from 1 */
    uint8_t *sides;   /* [places] of fixed pictures there */
    size_t place;     /* whose neighbours are visited */
};

static bool has_look(const struct joining *joining, size_t entry) {
    return !joining->aside[entry] && !joining->facts[entry].blank;
}

static void join_place(void *context, size_t other) {
    struct alike *alike = context;
    struct split_groups *groups = alike->joining->groups;
    const size_t entry = alike->firsts[alike->place] - 1;
    groups->sides[entry] |= alike->sides[other];
    if (alike->firsts[other]) join(groups, entry, alike->firsts[other] - 1);
    for (uint32_t grouped = alike->heads[other]; grouped; grouped = alike->nexts[grouped - 1])
        join(groups, entry, grouped - 1);
}

static void note_places(struct alike *alike) {
    struct joining *joining = alike->joining;
    for (size_t i = 0; i < joining->collection->count; i++) {
        if (!has_look(joining, i)) continue;
        const size_t place = near_index_place(alike->index, joining->facts[i].near);
        if (!joining->open[i]) {
            alike->sides[place] |= (uint8_t)(1U << joining->parts[i]);
        } else if (*collection_group(joining->collection, i)) {
            alike->nexts[i] = alike->heads[place];
            alike->heads[place] = (uint32_t)i + 1;
        } else if (alike->firsts[place]) {
            join(joining->groups, alike->firsts[place] - 1, i);
        } else {
            alike->firsts[place] = (uint32_t)i + 1;
        }
    }
}

static ocellus_status join_alike(struct joining *joining, const struct near_index *index) {
    const size_t places = near_index_places(index);
    struct alike alike = {.joining = joining,
                          .index = index,
                          .heads = memory_allocate(places + 1, sizeof *alike.heads),
                          .nexts = memory_allocate(joining->collection->count + 1, sizeof *alike.nexts),
                          .firsts = memory_allocate(places + 1, sizeof *alike.firsts),
                          .sides = memory_allocate(places + 1, sizeof *alike.sides)};
    const bool whole = alike.heads && alike.nexts && alike.firsts && alike.sides;
    if (whole) note_places(&alike);
    for (; whole && alike.place < places; alike.place++) {
        if (!alike.firsts[alike.place]) continue;
        join_place(&alike, alike.place); /* its own */
        near_index_visit(index, alike.place, join_place, &alike);
    }
    memory_free(alike.heads);
    memory_free(alike.nexts);
    memory_free(alike.firsts);
    memory_free(alike.sides);
    return whole ? OCELLUS_OK : OCELLUS_IO;
}

static ocellus_status index_and_join(struct joining *joining) {
    const size_t count = joining->collection->count;
    uint64_t *hashes = memory_allocate(count + 1, sizeof *hashes);
    struct near_index *index;
    size_t used = 0;
    if (!hashes) return OCELLUS_IO;
    for (size_t i = 0; i < count; i++)
        if (has_look(joining, i)) hashes[used++] = joining->facts[i].near;
    ocellus_status status = near_index_create(hashes, used, &index);
    memory_free(hashes);
    TRY(status);
    status = join_alike(joining, index);
    near_index_free(index);
    return status;
}

static ocellus_status join_all(struct joining *joining) {
    const size_t count = joining->collection->count;
    for (size_t i = 0; i < count; i++)
        joining->groups->parents[i] = (uint32_t)i;
    for (size_t i = 0; i < count; i++)
        if (!joining->aside[i] && *collection_group(joining->collection, i))
            joining->order[joining->used++] = (uint32_t)i;
    join_equal(joining, compare_groups);
    joining->used = 0;
    for (size_t i = 0; i < count; i++)
        if (!joining->aside[i]) joining->order[joining->used++] = (uint32_t)i;
    join_equal(joining, compare_pixels);
    return index_and_join(joining);
}

ocellus_status split_groups_make(const struct collection *collection, const struct picture_facts *facts,
                                 const uint8_t *aside, const uint8_t *parts, const uint8_t *open,
                                 struct split_groups *groups) {
    const size_t count = collection->count;
    *groups = (struct split_groups){.parents = memory_allocate(count + 1, sizeof *groups->parents),
                                    .sides = memory_allocate(count + 1, sizeof *groups->sides)};
    struct joining joining = {.collection = collection,
                              .facts = facts,
                              .aside = aside,
                              .parts = parts,
                              .open = open,
                              .groups = groups,
                              .order = memory_allocate(count + 1, sizeof *joining.order)};
    const ocellus_status status = groups->parents && groups->sides && joining.order ? join_all(&joining) : OCELLUS_IO;
    memory_free(joining.order);
    return status;
}

void split_groups_free(struct split_groups *groups) {
    memory_free(groups->parents);
    memory_free(groups->sides);
    *groups = (struct split_groups){0};
}
