/* SPDX-License-Identifier: MIT */
/* The number of a file's format: from 1, and one more when a reader of before would not understand it. Each kind of file
 * counts for itself. What was written once is read from then on; what a newer version wrote is refused by its number, before
 * anything else about it is judged. */
#ifndef BASE_FORMAT_NUMBER_H
#define BASE_FORMAT_NUMBER_H

#include "base/json.h"
#include "base/status.h"

#include <stdint.h>

/* The member "format" of a map; where it is absent, *number is `absent`: 1 for kinds that began without one, 0 where it must
 * be there. OCELLUS_BAD_CONTENT for what is no number from 1 to `newest`; *number then holds what is there, so that a newer
 * file (above `newest`) can be told from a damaged one (0). */
ocellus_status format_number_read(const json_value *map, const char *path, int64_t newest, int64_t absent,
                                  int64_t *number);
/* Before a file of at most `limit` bytes is replaced: OCELLUS_BAD_CONTENT when the one that is there says that a newer version
 * made it, or is larger than any of this one's. What is no JSON map at all may go. */
ocellus_status format_number_guard(const char *path, size_t limit, int64_t newest);

#endif
