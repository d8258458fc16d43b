/* SPDX-License-Identifier: MIT */
#include "data/source_summary.h"

#include "base/memory.h"
#include "base/threads.h"

#include <math.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>

/* counts[classes]; NULL without memory. */
static size_t *count_classes(const struct source *source) {
    size_t *counts = memory_allocate(source->classes, sizeof *counts);
    for (size_t i = 0; counts && i < source->count; i++) {
        const struct target target = source_target(source, i);
        for (size_t c = 0; c < target.count; c++)
            counts[target.classes[c]]++;
    }
    return counts;
}

/* How often each value stands in each channel: it holds all that is asked for, exactly, and the sums below are over 256
 * values, not millions. */
struct histogram {
    size_t pixels, channels;
    size_t counts[SUMMARY_MOST_CHANNELS][256];
};

static void add_picture(struct histogram *histogram, const struct picture *picture) {
    const size_t pixels = picture->height * picture->width, channels = picture->channels;
    histogram->channels = channels;
    histogram->pixels += pixels;
    for (size_t i = 0; i < pixels; i++) {
        for (size_t c = 0; c < channels; c++)
            histogram->counts[c][picture->pixels[i * channels + c]]++;
    }
}

/* What each thread has counted; whole numbers, so that their sum does not depend on who counted what. */
struct counting {
    const struct source *source;
    struct counter {
        struct picture picture;
        struct histogram histogram;
        ocellus_status status; /* of the first picture that failed here; all before it were begun then */
        size_t failed;
        char message[STATUS_MESSAGE_SIZE];
    } * counters;     /* [threads] */
    size_t *channels; /* [count] of each picture */
    atomic_bool ended;
};

static void count_picture(void *context, size_t index, size_t worker) {
    struct counting *counting = context;
    struct counter *counter = &counting->counters[worker];
    if (atomic_load(&counting->ended)) return;
    const ocellus_status status = source_read(counting->source, index, NULL, &counter->picture);
    if (status == OCELLUS_OK) {
        const size_t channels = counting->channels[index] = counter->picture.channels;
        if (channels >= 1 && channels <= SUMMARY_MOST_CHANNELS) add_picture(&counter->histogram, &counter->picture);
    } else if (counter->status == OCELLUS_OK) {
        counter->status = status;
        counter->failed = index;
        snprintf(counter->message, sizeof counter->message, "%s", status_message());
        atomic_store(&counting->ended, true);
    }
}

static ocellus_status judge(const struct counting *counting, size_t threads) {
    const struct source *source = counting->source;
    const struct counter *first = NULL;
    for (size_t t = 0; t < threads; t++) {
        const struct counter *counter = &counting->counters[t];
        if (counter->status != OCELLUS_OK && (!first || counter->failed < first->failed)) first = counter;
    }
    if (first) return fail(first->status, "%s", first->message);
    for (size_t i = 0; i < source->count; i++) {
        const size_t channels = counting->channels[i];
        if (channels < 1 || channels > SUMMARY_MOST_CHANNELS)
            return fail(OCELLUS_BAD_CONTENT, "%s: image %zu: %zu channels (expected 1 to %d)", source->name, i,
                        channels, SUMMARY_MOST_CHANNELS);
        if (channels != counting->channels[0])
            return fail(OCELLUS_BAD_CONTENT, "%s: image %zu: %zu channels (expected %zu, as before it)", source->name,
                        i, channels, counting->channels[0]);
    }
    return OCELLUS_OK;
}

static void add_histogram(const struct histogram *one, struct histogram *all) {
    if (one->pixels > 0) all->channels = one->channels;
    all->pixels += one->pixels;
    for (size_t c = 0; c < SUMMARY_MOST_CHANNELS; c++)
        for (size_t v = 0; v < 256; v++)
            all->counts[c][v] += one->counts[c][v];
}

static ocellus_status count_all(const struct source *source, struct thread_pool *pool, struct histogram *all) {
    const size_t threads = thread_pool_size(pool);
    struct counting counting = {.source = source,
                                .counters = memory_allocate(threads, sizeof *counting.counters),
                                .channels = memory_allocate(source->count, sizeof *counting.channels)};
    ocellus_status status = counting.counters && counting.channels ? OCELLUS_OK : OCELLUS_IO;
    if (status == OCELLUS_OK) {
        parallel_for(pool, source->count, count_picture, &counting);
        status = judge(&counting, threads);
    }
    for (size_t t = 0; counting.counters && t < threads; t++) {
        add_histogram(&counting.counters[t].histogram, all);
        picture_free(&counting.counters[t].picture);
    }
    memory_free(counting.counters);
    memory_free(counting.channels);
    return status;
}

static void summarize_channel(const size_t counts[256], size_t pixels, size_t channel, struct source_summary *summary) {
    double sum = 0, squares = 0;
    for (unsigned v = 0; v < 256; v++) {
        if (counts[v] == 0) continue;
        if (v < summary->smallest) summary->smallest = (uint8_t)v;
        if (v > summary->largest) summary->largest = (uint8_t)v;
        sum += (double)counts[v] * v;
    }
    summary->mean[channel] = sum / (double)pixels;
    for (unsigned v = 0; v < 256; v++) {
        double distance = v - summary->mean[channel];
        squares += (double)counts[v] * distance * distance;
    }
    summary->deviation[channel] = sqrt(squares / (double)pixels);
}

ocellus_status source_summarize(const struct source *source, struct source_summary *summary) {
    *summary = (struct source_summary){.smallest = 255};
    if (source->count == 0) return fail(OCELLUS_BAD_CONTENT, "%s: no images", source->name);
    struct histogram histogram = {0};
    struct thread_pool *pool;
    TRY(thread_pool_create(0, &pool));
    const ocellus_status status = count_all(source, pool, &histogram);
    thread_pool_destroy(pool);
    if (status != OCELLUS_OK) return status;
    summary->class_counts = count_classes(source);
    if (!summary->class_counts) return OCELLUS_IO;
    summary->channels = histogram.channels;
    for (size_t c = 0; c < histogram.channels; c++)
        summarize_channel(histogram.counts[c], histogram.pixels, c, summary);
    return OCELLUS_OK;
}

void source_summary_free(struct source_summary *summary) {
    memory_free(summary->class_counts);
    *summary = (struct source_summary){0};
}
