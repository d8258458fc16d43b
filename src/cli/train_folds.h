/* SPDX-License-Identifier: MIT */
/* The trainings of a cross-validation, as `train` shows them. */
#ifndef CLI_TRAIN_FOLDS_H
#define CLI_TRAIN_FOLDS_H

#include "data/loader.h"
#include "run/evaluation_file.h"

/* Judges a trained run that has no test pictures, by networks that are trained in its folder and removed again; what was done
 * before is not done again. A stop leaves a message that says how to go on. Free the record where it succeeds. */
ocellus_status train_folds(const char *run, size_t threads, const struct loader_limits *limits,
                           struct evaluation_record *record);

#endif
