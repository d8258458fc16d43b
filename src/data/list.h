/* SPDX-License-Identifier: MIT */
/* A list of pictures as a collection. */
#ifndef DATA_LIST_H
#define DATA_LIST_H

#include "data/collection.h"

/* A table (csv.h) whose first row names the columns path and label, and maybe split and group, in any order. Paths begin beside
 * the list. Labels are names, or numbers where all are; split is train, validation or test (picture_part_from_name()) or empty.
 * OCELLUS_BAD_CONTENT, with the line: a column missing, a label or path that is empty, an unknown split, a path that comes
 * twice, a file that is not there; and what collection_complete() refuses. On failure nothing needs to be freed. */
ocellus_status collection_open_list(const char *path, struct collection *collection);

#endif
