/* SPDX-License-Identifier: MIT */
/* The report page of a run. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/files.h"
#include "data/dataset.h"

#include <stddef.h>

/* A further row of the results table. */
struct report_row {
    const char *claim; /* a key of report/original.h: "resnet50-base" */
    const char *run;   /* the evaluated run folder; NULL: the row says "not run yet" */
};

struct report_options {
    const struct report_row *rows; /* besides the run itself */
    size_t row_count;
};

/* Makes the figures and report.html of a trained and evaluated run (history.csv, evaluation.json with the test split and
 * predictions.csv are needed) and stores the page's path in `page`. The datasets are those the run used: their hashes are
 * compared with data.json (OCELLUS_BAD_CONTENT). `options` may be NULL. OCELLUS_IO when gnuplot is missing, before
 * anything else is done. */
ocellus_status report_write(const char *run_path, const struct dataset *train, const struct dataset *test,
                            const struct report_options *options, char page[FILE_PATH_SIZE]);

#endif
