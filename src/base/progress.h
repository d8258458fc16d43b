/* SPDX-License-Identifier: MIT */
/* The progress of long work, on stderr. */
#ifndef BASE_PROGRESS_H
#define BASE_PROGRESS_H

#include <stdint.h>

/* A bar for work that takes long: on a terminal one line redrawn at most ten times a second with percent, rate and the
 * time left; elsewhere a plain line when it starts, every 15 seconds and when it ends. total 0 means unknown: the time
 * elapsed is shown instead. LOG_QUIET shows nothing. */
struct progress {
    const char *what; /* "unpacking data_batch_1.png"; must stay valid */
    const char *unit; /* "B" prints sizes as MB; "" counts nothing, only time is shown; else printed after the count */
    uint64_t total;
    double started, drawn; /* seconds of a monotonic clock */
};
void progress_begin(struct progress *progress, const char *what, const char *unit, uint64_t total);
void progress_update(struct progress *progress, uint64_t done);
void progress_end(struct progress *progress, uint64_t done);

#endif
