/* SPDX-License-Identifier: MIT */
/* What holds for every dataset: its memory, its statistics, its split. */
#include "data/dataset.h"

#include "base/memory.h"
#include "base/random.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

void dataset_free(struct dataset *dataset) {
    memory_free(dataset->pixels);
    memory_free(dataset->labels);
    for (size_t i = 0; dataset->class_names && i < dataset->classes; i++)
        memory_free(dataset->class_names[i]);
    memory_free(dataset->class_names);
    *dataset = (struct dataset){0};
}

const uint8_t *dataset_image(const struct dataset *dataset, size_t index) {
    return dataset->pixels + index * dataset->height * dataset->width * dataset->channels;
}

static ocellus_status count_classes(const struct dataset *dataset, size_t **counts) {
    *counts = memory_allocate(dataset->classes, sizeof **counts);
    if (!*counts) return OCELLUS_IO;
    for (size_t i = 0; i < dataset->count; i++)
        (*counts)[dataset->labels[i]]++;
    return OCELLUS_OK;
}

ocellus_status dataset_summarize(const struct dataset *dataset, struct dataset_summary *summary) {
    *summary = (struct dataset_summary){0};
    if (dataset->count == 0) return fail(OCELLUS_BAD_CONTENT, "%s: no images", dataset->name);
    TRY(count_classes(dataset, &summary->class_counts));
    /* One histogram a channel holds everything asked for, exactly: the sums below are over 256 values, not millions. */
    size_t histogram[4][256] = {{0}};
    const size_t channels = dataset->channels, pixels = dataset->count * dataset->height * dataset->width;
    for (size_t i = 0; i < pixels; i++) {
        for (size_t c = 0; c < channels; c++)
            histogram[c][dataset->pixels[i * channels + c]]++;
    }
    summary->smallest = 255;
    for (size_t c = 0; c < channels; c++) {
        double sum = 0, squares = 0;
        for (unsigned v = 0; v < 256; v++) {
            if (histogram[c][v] == 0) continue;
            if (v < summary->smallest) summary->smallest = (uint8_t)v;
            if (v > summary->largest) summary->largest = (uint8_t)v;
            sum += (double)histogram[c][v] * v;
        }
        summary->mean[c] = sum / (double)pixels;
        for (unsigned v = 0; v < 256; v++) {
            double distance = v - summary->mean[c];
            squares += (double)histogram[c][v] * distance * distance;
        }
        summary->deviation[c] = sqrt(squares / (double)pixels);
    }
    return OCELLUS_OK;
}

void dataset_summary_free(struct dataset_summary *summary) {
    memory_free(summary->class_counts);
    *summary = (struct dataset_summary){0};
}

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
static ocellus_status choose_held(const struct dataset *dataset, size_t held_out, uint64_t seed, bool *held) {
    size_t *order = memory_allocate(dataset->count, sizeof *order);
    size_t *quotas = memory_allocate(dataset->classes, sizeof *quotas);
    size_t *counts = NULL;
    ocellus_status status = order && quotas ? count_classes(dataset, &counts) : OCELLUS_IO;
    if (status == OCELLUS_OK) {
        share_out(counts, dataset->classes, held_out, quotas);
        random_permutation(seed, RANDOM_HELD_OUT, 0, order, dataset->count);
        for (size_t i = 0; i < dataset->count; i++) {
            size_t *quota = &quotas[dataset->labels[order[i]]];
            if (*quota == 0) continue;
            (*quota)--;
            held[order[i]] = true;
        }
    }
    memory_free(order);
    memory_free(quotas);
    memory_free(counts);
    return status;
}

ocellus_status dataset_split(const struct dataset *dataset, size_t held_out, uint64_t seed, size_t **train,
                             size_t *train_count, size_t **held, size_t *held_count) {
    *train = *held = NULL;
    *train_count = *held_count = 0;
    if (held_out >= dataset->count) {
        return fail(OCELLUS_USAGE, "%s: %zu images to hold out (expected fewer than the %zu there are)", dataset->name,
                    held_out, dataset->count);
    }
    bool *is_held = memory_allocate(dataset->count, sizeof *is_held);
    if (!is_held) return OCELLUS_IO;
    size_t train_capacity = 0, held_capacity = 0;
    ocellus_status status = choose_held(dataset, held_out, seed, is_held);
    if (status == OCELLUS_OK) {
        status = memory_grow((void **)train, &train_capacity, dataset->count - held_out, sizeof **train);
    }
    if (status == OCELLUS_OK) status = memory_grow((void **)held, &held_capacity, held_out + 1, sizeof **held);
    for (size_t i = 0; status == OCELLUS_OK && i < dataset->count; i++) {
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
