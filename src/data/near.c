/* SPDX-License-Identifier: MIT */
#include "data/near.h"

#include "base/memory.h"

#include <stdbool.h>
#include <stdlib.h>

enum { PIECES = NEAR_DISTANCE + 1, PIECE_BITS = (64 + PIECES - 1) / PIECES };

struct near_index {
    size_t count;
    uint64_t *hashes;         /* [count] ascending */
    uint32_t *orders[PIECES]; /* [count] places, by that piece of the hash */
};

static unsigned piece_of(uint64_t hash, unsigned piece) {
    return (unsigned)(hash >> piece * PIECE_BITS) & ((1U << PIECE_BITS) - 1);
}

static int compare_hashes(const void *a, const void *b) {
    const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
    return (left > right) - (left < right);
}

/* Puts the places in the order of a piece by counting: two sweeps, no comparisons. */
static ocellus_status sort_piece(struct near_index *index, unsigned piece) {
    size_t *starts = memory_allocate(((size_t)1 << PIECE_BITS) + 1, sizeof *starts);
    index->orders[piece] = memory_allocate(index->count + 1, sizeof *index->orders[piece]);
    const bool whole = starts && index->orders[piece];
    for (size_t i = 0; whole && i < index->count; i++)
        starts[piece_of(index->hashes[i], piece) + 1]++;
    for (size_t i = 0; whole && i < (size_t)1 << PIECE_BITS; i++)
        starts[i + 1] += starts[i];
    for (size_t i = 0; whole && i < index->count; i++)
        index->orders[piece][starts[piece_of(index->hashes[i], piece)]++] = (uint32_t)i;
    memory_free(starts);
    return whole ? OCELLUS_OK : OCELLUS_IO;
}

static ocellus_status fill(struct near_index *index, const uint64_t *hashes, size_t count) {
    index->hashes = memory_allocate(count + 1, sizeof *index->hashes);
    if (!index->hashes) return OCELLUS_IO;
    for (size_t i = 0; i < count; i++)
        index->hashes[i] = hashes[i];
    qsort(index->hashes, count, sizeof *index->hashes, compare_hashes);
    for (size_t i = 0; i < count; i++)
        if (i == 0 || index->hashes[i] != index->hashes[i - 1]) index->hashes[index->count++] = index->hashes[i];
    for (unsigned piece = 0; piece < PIECES; piece++)
        TRY(sort_piece(index, piece));
    return OCELLUS_OK;
}

ocellus_status near_index_create(const uint64_t *hashes, size_t count, struct near_index **index) {
    *index = memory_allocate(1, sizeof **index);
    if (!*index) return OCELLUS_IO;
    const ocellus_status status = fill(*index, hashes, count);
    if (status == OCELLUS_OK) return OCELLUS_OK;
    near_index_free(*index);
    *index = NULL;
    return status;
}

void near_index_free(struct near_index *index) {
    if (!index) return;
    for (unsigned piece = 0; piece < PIECES; piece++)
        memory_free(index->orders[piece]);
    memory_free(index->hashes);
    memory_free(index);
}

size_t near_index_places(const struct near_index *index) {
    return index->count;
}

size_t near_index_place(const struct near_index *index, uint64_t hash) {
    const uint64_t *found = bsearch(&hash, index->hashes, index->count, sizeof *index->hashes, compare_hashes);
    return (size_t)(found - index->hashes);
}

/* The first in the order of that piece whose piece is not below. */
static size_t first_at(const struct near_index *index, unsigned piece, unsigned wanted) {
    size_t first = 0, last = index->count;
    while (first < last) {
        const size_t middle = first + (last - first) / 2;
        if (piece_of(index->hashes[index->orders[piece][middle]], piece) < wanted) first = middle + 1;
        else last = middle;
    }
    return first;
}

/* Whether the piece is the first in which they agree: a pair that agrees in several is met once. */
static bool is_first_piece(uint64_t difference, unsigned piece) {
    for (unsigned before = 0; before < piece; before++)
        if (piece_of(difference, before) == 0) return false;
    return true;
}

void near_index_visit(const struct near_index *index, size_t place, void (*visit)(void *context, size_t other),
                      void *context) {
    const uint64_t hash = index->hashes[place];
    for (unsigned piece = 0; piece < PIECES; piece++) {
        const unsigned wanted = piece_of(hash, piece);
        for (size_t i = first_at(index, piece, wanted); i < index->count; i++) {
            const size_t other = index->orders[piece][i];
            const uint64_t difference = index->hashes[other] ^ hash;
            if (piece_of(difference, piece) != 0) break;
            if (other == place || __builtin_popcountll(difference) > NEAR_DISTANCE) continue;
            if (is_first_piece(difference, piece)) visit(context, other);
        }
    }
}
