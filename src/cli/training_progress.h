/* SPDX-License-Identifier: MIT */
/* How a training shows itself on stderr: a bar shaped as Keras's on a terminal, plain lines elsewhere. */
#ifndef CLI_TRAINING_PROGRESS_H
#define CLI_TRAINING_PROGRESS_H

#include "train/train.h"

struct training_progress {
    bool terminal, color, utf8;
    double drawn; /* clock of the last redraw or plain line */
    double
        first_seconds; /* of the epoch, and the steps done, when this session entered it: the ETA counts from there */
    uint64_t first_position;
    bool line_open; /* a bar stands on the terminal's current line */
};

void training_progress_begin(struct training_progress *progress);
/* A train_observer; its context is the struct above. */
void training_progress_show(void *progress, const struct train_event *event);
/* Leaves the bar's line, when the training ends in the middle of it. */
void training_progress_end(struct training_progress *progress);

#endif
