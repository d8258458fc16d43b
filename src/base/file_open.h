/* SPDX-License-Identifier: MIT */
/* Opening for reading, shared by files.c and sha256.c. */
#ifndef BASE_FILE_OPEN_H
#define BASE_FILE_OPEN_H

#include "base/status.h"

#include <stdint.h>

/* Opens a regular file; anything else is refused without blocking. The caller closes *file. */
ocellus_status file_open_regular(const char *path, int *file, uint64_t *size);

#endif
