/* SPDX-License-Identifier: MIT */
/* A training as `train` shows it; `reproduce` shows its own the same way. */
#ifndef CLI_RUN_TRAINING_H
#define CLI_RUN_TRAINING_H

#include "app/training.h"
#include "base/folders.h"

/* Sees every event of a training, and may ask it to stop as planned: stop_request(stop, OCELLUS_STOPPED). */
struct training_control {
    void (*see)(void *context, const struct train_event *event, struct stop_flag *stop);
    void *context;
};

/* How much is said around a training: the whole recipe before it and its result after it, or its progress alone. */
enum training_words { TRAINING_ALL, TRAINING_PROGRESS };

/* Runs a training with its progress on stderr and its result on stdout; `run` gets the path of its folder. A stop leaves a
 * message that says how to go on. `control` may be NULL. */
ocellus_status command_train(const struct training_request *request, const struct training_control *control,
                             enum training_words words, char run[FILE_PATH_SIZE]);

#endif
