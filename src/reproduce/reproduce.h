/* SPDX-License-Identifier: MIT */
/* The original report's experiments, done again: which row is trained how far, judged on what, and what of it is kept. A face
 * shows what happens. */
#ifndef REPRODUCE_REPRODUCE_H
#define REPRODUCE_REPRODUCE_H

#include "app/training.h"
#include "reproduce/rows.h"
#include "run/evaluation_file.h"

/* How a face shows it. All are called on the caller's thread, in the order of what happens. */
struct reproduce_face {
    void (*heading)(const char *text); /* what comes now */
    void (*done_before)(void);         /* the row, by an earlier call */
    /* How long a row, or all of them, will take; before the first one. */
    void (*forecast)(const char *title, double seconds);
    ocellus_status (*network)(const char *name, const struct source *source); /* which a row will train */
    /* Runs the training, with each event given to `see`, which may ask it to stop as planned. */
    ocellus_status (*train)(const struct training_request *request,
                            void (*see)(void *context, const struct train_event *event, struct stop_flag *stop),
                            void *context);
    ocellus_status (*evaluation)(const struct evaluation_record *record);
    ocellus_status (*page)(const char *path); /* the report page is written */
};

struct reproduce_request {
    const char *folder;           /* where the rows' runs lie or will lie; it exists */
    const struct recipe *recipes; /* [REPRODUCE_ROWS], of reproduce_recipes() */
    bool full;                    /* everything whole; else long rows as far as the time allows */
    double budget;                /* seconds from now for all of it, unless full */
    const struct source *train, *test;
    size_t threads; /* 0: all this process may use */
    int argc;       /* the command line, for environment.json */
    const char *const *argv;
};

/* Goes on where an earlier call with the same folder was stopped. Rows whose weights are not to be had are left out; the page
 * says so, and the status is OCELLUS_IO in the end. A signal stops it: the message says how to go on. */
ocellus_status reproduce_run(const struct reproduce_request *request, const struct reproduce_face *face);

#endif
