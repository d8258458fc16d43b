/* SPDX-License-Identifier: MIT */
/* What a source holds, in numbers. */
#ifndef DATA_SOURCE_SUMMARY_H
#define DATA_SOURCE_SUMMARY_H

#include "data/source.h"

enum { SUMMARY_MOST_CHANNELS = 4 };

struct source_summary {
    size_t *class_counts; /* [classes], owned */
    size_t channels;      /* of every picture */
    uint8_t smallest, largest;
    double mean[SUMMARY_MOST_CHANNELS], deviation[SUMMARY_MOST_CHANNELS]; /* 0..255, over all pixels (population) */
};
/* Reads every picture, on all threads this process may use. OCELLUS_BAD_CONTENT without pictures, and where they have not the same number of channels. */
ocellus_status source_summarize(const struct source *source, struct source_summary *summary);
void source_summary_free(struct source_summary *summary);

#endif
