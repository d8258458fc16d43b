/* SPDX-License-Identifier: MIT */
/* Watching a row's training: it ends in time for its evaluation, or what is left of everything is told now and then. */
#ifndef REPRODUCE_WATCH_H
#define REPRODUCE_WATCH_H

#include "train/train.h"

struct watch {
    double deadline;           /* of this row, on the clock; 0: none */
    double later;              /* what comes after this training, for the time left in all; below 0: not told */
    size_t batch_size, judged; /* images of a step, and test images to keep time for */
    double begun, told;        /* clock */
    uint64_t steps, first_step;
};

/* Sees every event of the training; its context is the struct above. */
void watch_training(void *watch, const struct train_event *event, struct stop_flag *stop);

#endif
