/* SPDX-License-Identifier: MIT */
/* What comes out of a folder of rows: its page, and its whole runs as results to keep. */
#ifndef REPRODUCE_OUTCOME_H
#define REPRODUCE_OUTCOME_H

#include "data/source.h"
#include "reproduce/rows.h"

/* Whether the folder is one of a reproduction's rows; `first` gets the path of its first row, whose data are those of all. */
ocellus_status reproduce_is_folder(const char *folder, bool *is_one, char first[FILE_PATH_SIZE]);

/* Writes the page of the folder's rows, with the kept whole runs beside them. reasons[i] says why row i has no run; it may
 * be NULL. */
ocellus_status reproduce_report(const char *folder, const char *const reasons[REPRODUCE_ROWS],
                                const struct source *train, const struct source *test, char page[FILE_PATH_SIZE]);

/* Writes what is whole in the folder to FOLDER/full-runs.json, in the form of results/full-runs.json: its rows, and the runs that
 * compare optimizers (resnet50-64-sgd, resnet50-64-adam), which are trained by hand. */
ocellus_status reproduce_record(const char *folder, const struct source *test);

#endif
