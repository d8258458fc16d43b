/* SPDX-License-Identifier: MIT */
/* The page of a reproduction: the sections of every report page, composed with what the original report claims. */
#ifndef REPRODUCE_PAGE_H
#define REPRODUCE_PAGE_H

#include "data/source.h"
#include "reproduce/full_runs.h"

struct reproduce_page_row {
    const char *claim;  /* a key of original.h: "resnet50-base" */
    const char *run;    /* the evaluated run folder; NULL: not run */
    const char *reason; /* why it was not run, for people; may be NULL */
};

struct reproduce_page_request {
    const char *folder; /* where report.html and the figures of all rows go; a run's own figures go into its folder */
    const struct reproduce_page_row *rows;
    size_t row_count; /* at least one row has a run */
    const struct source *train, *test;
    const struct full_run *full; /* kept whole runs to put beside them */
    size_t full_count;
};

/* As report_write(); OCELLUS_USAGE for a claim that is none. */
ocellus_status reproduce_page_write(const struct reproduce_page_request *request, char page[FILE_PATH_SIZE]);

#endif
