/* SPDX-License-Identifier: MIT */
/* What each epoch of a run measured: history.csv, with the columns of Keras's CSVLogger, epochs counted from 0. */
#ifndef RUN_HISTORY_H
#define RUN_HISTORY_H

#include "base/status.h"

#include <stddef.h>

/* Running means over the epoch in training mode, then what validation in inference mode gave. */
struct history_row {
    double accuracy, learning_rate, loss;
    double val_accuracy, val_loss; /* NaN where there was no validation: an empty cell in the file */
    double time;                   /* seconds the epoch took, validation included, waiting for a resume not */
};

/* Start with {0}; row i is epoch i. */
struct history {
    struct history_row *rows;
    size_t count, capacity;
};

void history_free(struct history *history);
ocellus_status history_append(struct history *history, const struct history_row *row);
/* Rewrites the whole file; every number reads back as the same double. */
ocellus_status history_write(const struct history *history, const char *path);
/* *history is filled anew; OCELLUS_BAD_CONTENT names the line. An empty history (only the header) is allowed. */
ocellus_status history_read(const char *path, struct history *history);

#endif
