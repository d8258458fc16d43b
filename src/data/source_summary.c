/* SPDX-License-Identifier: MIT */
#include "data/source_summary.h"

#include "base/memory.h"

#include <math.h>

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

static ocellus_status add_picture(struct histogram *histogram, const struct source *source, size_t index,
                                  const struct picture *picture) {
    const size_t pixels = picture->height * picture->width, channels = picture->channels;
    if (channels < 1 || channels > SUMMARY_MOST_CHANNELS)
        return fail(OCELLUS_BAD_CONTENT, "%s: image %zu: %zu channels (expected 1 to %d)", source->name, index,
                    channels, SUMMARY_MOST_CHANNELS);
    if (histogram->pixels > 0 && channels != histogram->channels)
        return fail(OCELLUS_BAD_CONTENT, "%s: image %zu: %zu channels (expected %zu, as before it)", source->name,
                    index, channels, histogram->channels);
    histogram->channels = channels;
    histogram->pixels += pixels;
    for (size_t i = 0; i < pixels; i++) {
        for (size_t c = 0; c < channels; c++)
            histogram->counts[c][picture->pixels[i * channels + c]]++;
    }
    return OCELLUS_OK;
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
    struct picture picture = {0};
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < source->count && status == OCELLUS_OK; i++) {
        status = source_read(source, i, NULL, &picture);
        if (status == OCELLUS_OK) status = add_picture(&histogram, source, i, &picture);
    }
    picture_free(&picture);
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
