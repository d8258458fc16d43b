/* SPDX-License-Identifier: MIT */
/* Judging a run that has no test pictures: its own are dealt into folds, each is judged by a network that learned from the
 * others by the run's recipe, and what all folds say together is said of the run. */
#ifndef APP_CROSS_VALIDATION_H
#define APP_CROSS_VALIDATION_H

#include "base/folders.h"
#include "run/evaluation_file.h"
#include "run/recipe.h"

#include <stdbool.h>

struct cross_validation {
    const char *run; /* the run's folder: its recipe, and its pictures */
    struct recipe recipe;
    size_t folds, threads;
};

/* How the run is to be cross-validated; folds 0: it has test pictures, or has said that nothing is judged. Folds of a training of
 * fewer epochs, before the run went on, are removed, and what they said. */
ocellus_status cross_validation_open(const char *run, size_t threads, struct cross_validation *validation);
/* Whether the fold, from 1, is judged already, and else the recipe and the folder of the run that it needs. */
ocellus_status cross_validation_fold(const struct cross_validation *validation, size_t fold, bool *judged,
                                     struct recipe *recipe, char path[FILE_PATH_SIZE]);
/* Judges a fold by its finished run, which is removed then: it takes much room. */
ocellus_status cross_validation_judge(const struct cross_validation *validation, size_t fold);
/* Once every fold is judged: RUN_CROSS_VALIDATION and RUN_CROSS_PREDICTIONS, in which an index is that of the picture among
 * the run's training pictures. */
ocellus_status cross_validation_finish(const struct cross_validation *validation);
/* What cross_validation_finish() wrote into a run's folder. A run that has none is no failure: record->folds is 0 then. Free the
 * record in any case. */
ocellus_status cross_validation_read(const char *run, struct evaluation_record *record);

#endif
