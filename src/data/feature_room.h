/* SPDX-License-Identifier: MIT */
/* How much a folder of feature files may hold: a cross-validation alone leaves gigabytes that nobody asks for again. */
#ifndef DATA_FEATURE_ROOM_H
#define DATA_FEATURE_ROOM_H

#include "base/status.h"

#include <stdint.h>

#define FEATURE_FILE_END ".features"

/* Before a file of that size is written: removes what a killed process left, then the files that were opened longest ago, until
 * with it they take at most `most` bytes; 0: half of what the disk has free or they have. One that is larger by itself removes
 * none. A training that has a removed file open reads it to its end. OCELLUS_IO where the folder cannot be looked at. */
ocellus_status feature_room_make(const char *folder, uint64_t bytes, uint64_t most);

#endif
