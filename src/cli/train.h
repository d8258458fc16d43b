/* SPDX-License-Identifier: MIT */
/* A training as `train` shows it; `reproduce` shows its own the same way. */
#ifndef CLI_TRAIN_H
#define CLI_TRAIN_H

#include "app/training.h"
#include "base/folders.h"

/* Sees every event of a training, and may ask it to stop as planned: stop_request(stop, OCELLUS_STOPPED). */
struct training_control {
    void (*see)(void *context, const struct train_event *event, struct stop_flag *stop);
    void *context;
};

/* Runs a training with its progress on stderr and its result on stdout; `run` gets the path of its folder. A stop leaves a
 * message that says how to go on. `control` may be NULL. */
ocellus_status command_train(const struct training_request *request, const struct training_control *control,
                             char run[FILE_PATH_SIZE]);

#endif
