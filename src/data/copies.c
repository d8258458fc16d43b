/* SPDX-License-Identifier: MIT */
#include "data/copies.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum {
    CANDIDATE_DISTANCE =
        11, /* bits: finds most that are cut by six hundredths at one side; one in 10^4 others comes along */
    PIECES = 4,
    PIECE_BITS = 16,
    PIECE_DISTANCE = CANDIDATE_DISTANCE / PIECES, /* in the piece where two hashes differ least */
    MASKS = 1 + 16 + 120,                         /* the numbers of 16 bits with at most two ones */
    CHUNK = 256                                   /* pictures */
};

/* A difference hash: whether each of 8 x 9 cells is brighter than the one before it in its row. A cell is the mean under a
 * triangle twice as wide as it, as in image_resize(): what is cut off at an edge then changes fewer bits. */
static uint64_t hash_of(const struct thumbnail *thumbnail) {
    enum { ROWS = 8, COLUMNS = 9, ROW_HEIGHT = THUMBNAIL_SIDE / ROWS };
    uint64_t hash = 0;
    for (size_t row = 0; row < ROWS; row++) {
        int sums[COLUMNS] = {0}, weights[COLUMNS] = {0};
        for (int x = 0; x < THUMBNAIL_SIDE; x++) {
            int column_sum = 0;
            for (int y = 0; y < THUMBNAIL_SIDE; y++) {
                /* In eighths of a pixel: how far the pixel's middle is from the row's. */
                const int away = abs((2 * y + 1) * 4 - (2 * (int)row + 1) * 4 * ROW_HEIGHT);
                if (away < 8 * ROW_HEIGHT) column_sum += (8 * ROW_HEIGHT - away) * thumbnail->grey[y][x];
            }
            for (int column = 0; column < COLUMNS; column++) {
                const int away = abs((2 * x + 1) * COLUMNS - (2 * column + 1) * THUMBNAIL_SIDE);
                if (away >= 2 * THUMBNAIL_SIDE) continue;
                sums[column] += (2 * THUMBNAIL_SIDE - away) * (column_sum / 8);
                weights[column] += 2 * THUMBNAIL_SIDE - away;
            }
        }
        for (size_t column = 1; column < COLUMNS; column++)
            hash =
                hash << 1 | ((int64_t)sums[column] * weights[column - 1] > (int64_t)sums[column - 1] * weights[column]);
    }
    return hash;
}

static unsigned piece_of(uint64_t hash, size_t piece) {
    return (unsigned)(hash >> PIECE_BITS * piece) & 0xFFFF;
}

/* The pictures by each piece of their hash: those with `value` in it are items[starts[value]..starts[value + 1]), ascending. */
struct piece_index {
    uint32_t *starts; /* [2^16 + 1] */
    uint32_t *items;
};

struct search {
    const struct thumbnail *thumbnails;
    const bool *skip;
    size_t count;
    uint64_t *hashes;
    struct piece_index pieces[PIECES];
    uint16_t masks[MASKS];
    struct chunk_found {
        struct copy_pair *pairs; /* by malloc() */
        size_t count, capacity;
        ocellus_status status;
    } * found; /* [chunks] */
};

static bool is_seen(const struct search *search, size_t i) {
    return !search->skip || !search->skip[i];
}

static ocellus_status make_piece_index(struct search *search, size_t piece) {
    struct piece_index *index = &search->pieces[piece];
    index->starts = memory_allocate((1 << PIECE_BITS) + 1, sizeof *index->starts);
    index->items = memory_allocate(search->count, sizeof *index->items);
    if (!index->starts || !index->items) return OCELLUS_IO;
    for (size_t i = 0; i < search->count; i++)
        if (is_seen(search, i)) index->starts[piece_of(search->hashes[i], piece)]++;
    for (size_t value = 1; value <= 1 << PIECE_BITS; value++)
        index->starts[value] += index->starts[value - 1];
    for (size_t i = search->count; i-- > 0;) /* from the end: where a value ends becomes where it begins */
        if (is_seen(search, i)) index->items[--index->starts[piece_of(search->hashes[i], piece)]] = (uint32_t)i;
    return OCELLUS_OK;
}

static void make_masks(uint16_t masks[MASKS]) {
    size_t count = 0;
    masks[count++] = 0;
    for (unsigned a = 0; a < PIECE_BITS; a++) {
        masks[count++] = (uint16_t)(1U << a);
        for (unsigned b = 0; b < a; b++)
            masks[count++] = (uint16_t)(1U << a | 1U << b);
    }
}

static int bits_of(uint64_t number) {
    return __builtin_popcountll(number);
}

/* Whether two hashes are near, and a piece before this one did not show it already. */
static bool is_candidate(uint64_t a, uint64_t b, size_t piece) {
    if (bits_of(a ^ b) > CANDIDATE_DISTANCE) return false;
    for (size_t earlier = 0; earlier < piece; earlier++)
        if (bits_of(piece_of(a ^ b, earlier)) <= PIECE_DISTANCE) return false;
    return true;
}

/* The first candidates after a picture, ascending. */
struct candidates {
    uint32_t items[COPIES_MOST_CANDIDATES];
    size_t count;
};

static void add_candidate(struct candidates *candidates, uint32_t item) {
    size_t at = candidates->count;
    if (at == COPIES_MOST_CANDIDATES) {
        if (item > candidates->items[at - 1]) return;
        at--;
    } else candidates->count++;
    for (; at > 0 && candidates->items[at - 1] > item; at--)
        candidates->items[at] = candidates->items[at - 1];
    candidates->items[at] = item;
}

static void find_candidates(const struct search *search, uint32_t first, struct candidates *candidates) {
    const uint64_t hash = search->hashes[first];
    candidates->count = 0;
    for (size_t piece = 0; piece < PIECES; piece++) {
        const struct piece_index *index = &search->pieces[piece];
        for (size_t m = 0; m < MASKS; m++) {
            const unsigned value = piece_of(hash, piece) ^ search->masks[m];
            for (size_t at = index->starts[value + 1]; at > index->starts[value]; at--) {
                const uint32_t other = index->items[at - 1];
                if (other <= first) break;
                if (is_candidate(hash, search->hashes[other], piece)) add_candidate(candidates, other);
            }
        }
    }
}

static ocellus_status add_pair(struct chunk_found *found, const struct copy_pair *pair) {
    TRY(memory_grow((void **)&found->pairs, &found->capacity, found->count + 1, sizeof *found->pairs));
    found->pairs[found->count++] = *pair;
    return OCELLUS_OK;
}

static void search_chunk(void *context, size_t chunk, size_t worker) {
    (void)worker;
    const struct search *search = context;
    struct chunk_found *found = &search->found[chunk];
    struct candidates candidates;
    const size_t end = (chunk + 1) * CHUNK < search->count ? (chunk + 1) * CHUNK : search->count;
    for (size_t i = chunk * CHUNK; i < end && found->status == OCELLUS_OK; i++) {
        if (!is_seen(search, i)) continue;
        find_candidates(search, (uint32_t)i, &candidates);
        for (size_t c = 0; c < candidates.count && found->status == OCELLUS_OK; c++) {
            struct copy_pair pair = {.first = (uint32_t)i, .second = candidates.items[c]};
            pair.likeness = thumbnail_likeness(&search->thumbnails[i], &search->thumbnails[pair.second]);
            if (pair.likeness >= LIKENESS_OF_COPIES) found->status = add_pair(found, &pair);
        }
    }
}

static ocellus_status prepare(struct search *search, size_t chunks) {
    search->hashes = memory_allocate(search->count, sizeof *search->hashes);
    search->found = memory_allocate(chunks, sizeof *search->found);
    if (!search->hashes || !search->found) return OCELLUS_IO;
    for (size_t i = 0; i < search->count; i++)
        if (is_seen(search, i)) search->hashes[i] = hash_of(&search->thumbnails[i]);
    for (size_t piece = 0; piece < PIECES; piece++)
        TRY(make_piece_index(search, piece));
    make_masks(search->masks);
    return OCELLUS_OK;
}

/* What the chunks found, one after the other. */
static ocellus_status join(const struct search *search, size_t chunks, struct copies *copies) {
    size_t capacity = 0;
    for (size_t chunk = 0; chunk < chunks; chunk++) {
        const struct chunk_found *found = &search->found[chunk];
        if (found->status != OCELLUS_OK) return fail(found->status, "no memory for the copies that were found");
        if (found->count == 0) continue;
        TRY(memory_grow((void **)&copies->pairs, &capacity, copies->count + found->count, sizeof *copies->pairs));
        memcpy(copies->pairs + copies->count, found->pairs, found->count * sizeof *found->pairs);
        copies->count += found->count;
    }
    return OCELLUS_OK;
}

ocellus_status copies_find(const struct thumbnail *thumbnails, const bool *skip, size_t count, struct thread_pool *pool,
                           struct copies *copies) {
    *copies = (struct copies){0};
    if (count == 0) return OCELLUS_OK;
    const size_t chunks = (count + CHUNK - 1) / CHUNK;
    struct search search = {.thumbnails = thumbnails, .skip = skip, .count = count};
    ocellus_status status = prepare(&search, chunks);
    if (status == OCELLUS_OK) {
        parallel_for(pool, chunks, search_chunk, &search);
        status = join(&search, chunks, copies);
    }
    for (size_t chunk = 0; search.found && chunk < chunks; chunk++)
        free(search.found[chunk].pairs);
    for (size_t piece = 0; piece < PIECES; piece++) {
        memory_free(search.pieces[piece].starts);
        memory_free(search.pieces[piece].items);
    }
    memory_free(search.hashes);
    memory_free(search.found);
    if (status != OCELLUS_OK) copies_free(copies);
    return status;
}

void copies_free(struct copies *copies) {
    free(copies->pairs);
    *copies = (struct copies){0};
}
