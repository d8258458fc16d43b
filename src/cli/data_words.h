/* SPDX-License-Identifier: MIT */
/* What words and flags of `ocellus data` stand for. */
#ifndef CLI_DATA_WORDS_H
#define CLI_DATA_WORDS_H

#include "base/folders.h"
#include "data/data_sets.h"

/* Opens what a word names: a data set, whose files lie at request->path (NULL: in the cache), or else a folder of pictures or
 * a list.
 * *called is what its figures are called after. Close `parts` with data_parts_close(). */
ocellus_status command_open_data(const char *word, const struct data_request *request, struct data_parts *parts,
                                 const char **called);
/* Where figures go: `out`; without it the folder of that name under runs, or nowhere (""). */
ocellus_status command_data_folder(const char *out, bool nowhere, const char *called, char folder[FILE_PATH_SIZE]);

/* "no such ..., known: ...": a failure that names the data sets there are; those alone that can be fetched where `fetched`. */
ocellus_status command_fail_data(const char *what, const char *name, bool fetched);

#endif
