/* SPDX-License-Identifier: MIT */
/* What a report page is asked to be of. */
#ifndef REPORT_REQUEST_H
#define REPORT_REQUEST_H

#include "base/status.h"
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

#endif
