/* SPDX-License-Identifier: MIT */
/* An evaluation as `evaluate` shows it. */
#ifndef CLI_EVALUATE_H
#define CLI_EVALUATE_H

#include "run/evaluation_file.h"

/* Accuracies side by side, the classes and the confusion matrix. */
ocellus_status command_print_evaluation(const struct evaluation_record *record);

#endif
