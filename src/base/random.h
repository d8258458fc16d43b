/* SPDX-License-Identifier: MIT */
/* Counter-based random numbers: Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
 * There is no state to save: a number is a pure function of (seed, purpose, epoch, index), so shuffling, augmentation
 * and initial values do not depend on threads, ranks or interruptions. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

/* What a stream is for. The values are part of every result: never renumber. */
enum random_purpose {
    RANDOM_INITIAL_WEIGHTS = 1,
    RANDOM_SHUFFLE = 2,
    RANDOM_HELD_OUT = 3,
    RANDOM_PREVIEW = 4,
    RANDOM_AUGMENTATION = 5,
    RANDOM_TEST = 6,
    RANDOM_SUBSET = 7,
    RANDOM_DROPOUT = 8,
    RANDOM_MIXING = 9
};

/* A sequence of numbers at a fixed place; cheap to make anywhere. */
struct random_stream {
    uint32_t key[2];
    uint32_t counter[4]; /* [0] counts blocks of four numbers; [1], [2], [3] hold purpose, epoch and index */
    uint32_t block[4];
    unsigned used; /* numbers of `block` already given */
};

void philox(const uint32_t key[2], const uint32_t counter[4], uint32_t out[4]);

struct random_stream random_at(uint64_t seed, enum random_purpose purpose, uint32_t epoch, uint32_t index);
/* A stream of its own for each part (below 2^24 - 1) of a purpose, as a Dropout layer or an operation of augmentation. */
struct random_stream random_part(uint64_t seed, enum random_purpose purpose, uint32_t part, uint32_t epoch,
                                 uint32_t index);
uint32_t random_bits(struct random_stream *stream);
/* Uniform in [0, 1), 24 bits; exact in float. */
float random_unit(struct random_stream *stream);
/* Uniform in (0, 1): the middles of 2^32 equal pieces, exact in double. */
double random_middle(struct random_stream *stream);
/* Uniform in [0, bound) without bias; bound > 0. */
uint32_t random_below(struct random_stream *stream, uint32_t bound);
/* Fills order[0..count) with a permutation of 0..count-1 (Fisher-Yates), a pure function of seed, purpose and epoch.
 * count < 2^32. */
void random_permutation(uint64_t seed, enum random_purpose purpose, uint32_t epoch, size_t *order, size_t count);

#endif
