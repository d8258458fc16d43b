/* SPDX-License-Identifier: MIT */
/* What `reproduce` shows step by step is what the single verbs show. */
#ifndef CLI_STEPS_H
#define CLI_STEPS_H

#include "app/training.h"
#include "report/evaluation_file.h"

/* Runs a training with its progress on stderr and its result on stdout; `run` gets the path of its folder. A stop by
 * signal leaves a message that says how to go on. */
ocellus_status command_train(const struct training_request *request, char run[FILE_PATH_SIZE]);
/* Accuracies side by side, the classes and the confusion matrix. */
ocellus_status command_print_evaluation(const struct evaluation_record *record);
/* Shapes, values, bars, and in a colour terminal some images. */
ocellus_status command_print_data(const struct dataset *train, const struct dataset *test,
                                  const struct dataset_summary *train_summary,
                                  const struct dataset_summary *test_summary);

#endif
