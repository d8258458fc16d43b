/* SPDX-License-Identifier: MIT */
/* Data as `data show` shows them. */
#ifndef CLI_DATA_H
#define CLI_DATA_H

#include "app/data_show.h"
#include "base/folders.h"
#include "data/data_sets.h"

/* Opens what a word names: a data set, whose files lie at request->path (NULL: in the cache), or else a folder of pictures or
 * a list.
 * *called is what its figures are called after. Close `parts` with data_parts_close(). */
ocellus_status command_open_data(const char *word, const struct data_request *request, struct data_parts *parts,
                                 const char **called);
/* Where figures go: `out`; without it the folder of that name under runs, or nowhere (""). */
ocellus_status command_data_folder(const char *out, bool nowhere, const char *called, char folder[FILE_PATH_SIZE]);

/* Shapes, values, bars, and in a colour terminal some images. */
ocellus_status command_print_data(const struct data_shown *shown);

/* ocellus data check; argv from "check" on. */
ocellus_status data_check_verb(int argc, char **argv);
extern const char *const data_check_summary; /* one sentence */

#endif
