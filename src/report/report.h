/* SPDX-License-Identifier: MIT */
/* The report page of one run, or of several beside each other. */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/files.h"
#include "base/folders.h"
#include "data/source.h"
#include "report/figures.h"

#include <stddef.h>

struct html;
struct page;

/* A row of the page. */
struct report_row {
    const char *run;                /* the evaluated run folder; NULL: not run */
    const char *reason;             /* why it was not run, for people; may be NULL */
    const char *title;              /* for people; NULL: the network's name */
    const char *key;                /* a word for ids, another one for each row; NULL: "run" */
    const struct figure_mark *mark; /* an accuracy to mark where the run's are shown; NULL: none */
};

/* Appends a part of the page; the whole page is a list of them. `context` is the request's. */
typedef ocellus_status report_section(struct page *page, void *context, struct html *out);

struct report_request {
    const char *folder; /* where report.html and the figures of all rows go; a run's own figures go into its folder */
    const struct report_row *rows;
    size_t row_count; /* at least one row has a run */
    const struct source *train, *test;
    report_section *const
        *sections; /* ends with NULL; NULL: those of a page of runs that are measured against nothing */
    void *context; /* for the sections */
};

/* Makes the figures and report.html and stores the page's path in `page`. A run must have been evaluated on test images
 * (evaluation.json, predictions.csv); one that was stopped within an epoch may be shown too. The datasets are those the
 * runs used: their hashes are compared with data.json (OCELLUS_BAD_CONTENT). OCELLUS_IO when gnuplot is missing, before
 * anything else is done. */
ocellus_status report_write(const struct report_request *request, char page[FILE_PATH_SIZE]);

#endif
