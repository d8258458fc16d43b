/* SPDX-License-Identifier: MIT */
/* What `data show` and `reproduce` draw of a data set. */
#ifndef APP_DATA_SHOW_H
#define APP_DATA_SHOW_H

#include "data/source_summary.h"

enum { DATA_PREVIEW_ROWS = 5, DATA_PREVIEW_COLUMNS = 10, DATA_PREVIEW_SEED = 1 };

/* The parts of a data set that have pictures, training first, and what they hold. */
enum { DATA_MOST_PARTS = 3 };
struct data_shown {
    const struct source *sources[DATA_MOST_PARTS];
    struct source_summary summaries[DATA_MOST_PARTS];
    size_t count;
};
/* Reads every picture. A source may be NULL, but not `train`; they must stay open. */
ocellus_status data_shown_make(const struct source *train, const struct source *validation, const struct source *test,
                               struct data_shown *shown);
void data_shown_free(struct data_shown *shown);

/* Writes class-distribution.{svg,png,csv,gnuplot} and preview.png into `folder`, made when missing. */
ocellus_status data_show_figures(const struct data_shown *shown, const char *folder);

#endif
