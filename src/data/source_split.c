/* SPDX-License-Identifier: MIT */
#include "data/source_split.h"

#include "base/memory.h"
#include "base/random.h"

#include <stdbool.h>
#include <stdlib.h>

/* quotas[classes]: how many images of each class to hold out: one after another from each class in turn, while it has
 * any left, until held_out are given. Replaces the counts it is given. */
static void share_out(size_t *counts, size_t classes, size_t held_out, size_t *quotas) {
    while (held_out > 0) {
        for (size_t c = 0; c < classes && held_out > 0; c++) {
            if (quotas[c] == counts[c]) continue;
            quotas[c]++;
            held_out--;
        }
    }
}

/* held[count]: whether the image is held out: the first images of each class in a random order. */
static ocellus_status choose_held(const struct source *source, size_t held_out, uint64_t seed, bool *held) {
    size_t *order = memory_allocate(source->count, sizeof *order);
    size_t *quotas = memory_allocate(source->classes, sizeof *quotas);
    size_t *counts = memory_allocate(source->classes, sizeof *counts);
    const bool complete = order && quotas && counts;
    if (complete) {
        for (size_t i = 0; i < source->count; i++)
            counts[source_label(source, i)]++;
        share_out(counts, source->classes, held_out, quotas);
        random_permutation(seed, RANDOM_HELD_OUT, 0, order, source->count);
        for (size_t i = 0; i < source->count; i++) {
            size_t *quota = &quotas[source_label(source, order[i])];
            if (*quota == 0) continue;
            (*quota)--;
            held[order[i]] = true;
        }
    }
    memory_free(order);
    memory_free(quotas);
    memory_free(counts);
    return complete ? OCELLUS_OK : OCELLUS_IO;
}

ocellus_status source_split(const struct source *source, size_t held_out, uint64_t seed, size_t **train,
                            size_t *train_count, size_t **held, size_t *held_count) {
    *train = *held = NULL;
    *train_count = *held_count = 0;
    if (held_out >= source->count) {
        return fail(OCELLUS_USAGE, "%s: %zu images to hold out (expected fewer than the %zu there are)", source->name,
                    held_out, source->count);
    }
    bool *is_held = memory_allocate(source->count, sizeof *is_held);
    if (!is_held) return OCELLUS_IO;
    size_t train_capacity = 0, held_capacity = 0;
    ocellus_status status = choose_held(source, held_out, seed, is_held);
    if (status == OCELLUS_OK) {
        status = memory_grow((void **)train, &train_capacity, source->count - held_out, sizeof **train);
    }
    if (status == OCELLUS_OK) status = memory_grow((void **)held, &held_capacity, held_out + 1, sizeof **held);
    for (size_t i = 0; status == OCELLUS_OK && i < source->count; i++) {
        if (is_held[i]) (*held)[(*held_count)++] = i;
        else (*train)[(*train_count)++] = i;
    }
    memory_free(is_held);
    if (status != OCELLUS_OK) {
        free(*train);
        free(*held);
        *train = *held = NULL;
    }
    return status;
}
