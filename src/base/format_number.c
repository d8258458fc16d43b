/* SPDX-License-Identifier: MIT */
#include "base/format_number.h"

#include <inttypes.h>

ocellus_status format_number_read(const json_value *map, const char *path, int64_t newest, int64_t absent,
                                  int64_t *number) {
    const json_value *member = json_member(map, "format");
    *number = member ? 0 : absent;
    if (member && (!json_get_integer(member, number) || *number < 1)) *number = 0;
    if (*number < 1) return fail(OCELLUS_BAD_CONTENT, "%s: format: missing or no number from 1 on", path);
    if (*number <= newest) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT,
                "%s: made by a newer Ocellus, which can read it (format %" PRId64 "; this one reads up to %" PRId64 ")",
                path, *number, newest);
}
