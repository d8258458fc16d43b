/* SPDX-License-Identifier: MIT */
/* What `data show` and `reproduce` draw of a data set. */
#ifndef APP_DATA_SHOW_H
#define APP_DATA_SHOW_H

#include "data/source_summary.h"

enum { DATA_PREVIEW_ROWS = 5, DATA_PREVIEW_COLUMNS = 10, DATA_PREVIEW_SEED = 1 };

/* Writes class-distribution.{svg,png,csv,gnuplot} and preview.png into `folder`, made when missing. */
ocellus_status data_show_figures(const struct source *train, const struct source_summary *train_summary,
                                 const struct source_summary *test_summary, const char *folder);

#endif
