/* SPDX-License-Identifier: MIT */
/* The report page of one run, or of several beside each other. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/files.h"
#include "base/folders.h"
#include "data/source.h"
#include "report/full_runs.h"

#include <stddef.h>

/* A row of the page. */
struct report_row {
    const char *claim;  /* a key of report/original.h that the run is compared with: "resnet50-base"; NULL: none */
    const char *run;    /* the evaluated run folder; NULL: not run */
    const char *reason; /* why it was not run, for people; may be NULL */
};

struct report_request {
    const char *folder; /* where report.html and the figures of all rows go; a run's own figures go into its folder */
    const struct report_row *rows;
    size_t row_count; /* at least one row has a run */
    const struct source *train, *test;
    const struct full_run *full; /* kept whole runs to put beside them */
    size_t full_count;
};

/* Makes the figures and report.html and stores the page's path in `page`. A run must have been evaluated on test images
 * (evaluation.json, predictions.csv); one that was stopped within an epoch may be shown too. The datasets are those the
 * runs used: their hashes are compared with data.json (OCELLUS_BAD_CONTENT). OCELLUS_IO when gnuplot is missing, before
 * anything else is done. */
ocellus_status report_write(const struct report_request *request, char page[FILE_PATH_SIZE]);

#endif
