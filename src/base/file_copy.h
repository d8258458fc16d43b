/* SPDX-License-Identifier: MIT */
/* Copying a file beside others, none of which is lost. */
#ifndef BASE_FILE_COPY_H
#define BASE_FILE_COPY_H

#include "base/folders.h"
#include "base/status.h"

#include <stdbool.h>

/* Copies the regular file `from` into `folder` under `name`, or where that is taken, by whatever, under the first of "stem-2.end",
 * "stem-3.end", ... that is not; a name too long for its number is cut. `path` gets where the copy lies. It is there whole or not
 * at all, and nothing is ever written over, also when several processes copy into the same folder. *reading says of a failure
 * that it was `from` that could not be read. */
ocellus_status file_copy_beside(const char *from, const char *folder, const char *name, char path[FILE_PATH_SIZE],
                                bool *reading);

#endif
