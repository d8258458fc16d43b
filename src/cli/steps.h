/* SPDX-License-Identifier: MIT */
/* What `reproduce` shows step by step is what the single verbs show. */
#ifndef CLI_STEPS_H
#define CLI_STEPS_H

#include "app/training.h"
#include "base/folders.h"
#include "data/source_summary.h"
#include "run/evaluation_file.h"

/* Sees every event of a training, and may ask it to stop as planned: stop_request(stop, OCELLUS_STOPPED). */
struct training_control {
    void (*see)(void *context, const struct train_event *event, struct stop_flag *stop);
    void *context;
};

/* Runs a training with its progress on stderr and its result on stdout; `run` gets the path of its folder. A stop leaves a
 * message that says how to go on. `control` may be NULL. */
ocellus_status command_train(const struct training_request *request, const struct training_control *control,
                             char run[FILE_PATH_SIZE]);
/* Accuracies side by side, the classes and the confusion matrix. */
ocellus_status command_print_evaluation(const struct evaluation_record *record);
/* Shapes, values, bars, and in a colour terminal some images. */
ocellus_status command_print_data(const struct source *train, const struct source *test,
                                  const struct source_summary *train_summary,
                                  const struct source_summary *test_summary);

#endif
