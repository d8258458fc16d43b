/* SPDX-License-Identifier: MIT */
#include "base/format_number.h"

#include "base/files.h"
#include "base/folders.h"
#include "base/json_parse.h"

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

ocellus_status format_number_guard(const char *path, size_t limit, int64_t newest) {
    enum path_kind kind;
    json_value *map;
    int64_t number;
    TRY(path_look(path, &kind));
    if (kind != PATH_FILE) return OCELLUS_OK;
    uint64_t size;
    TRY(file_size(path, &size));
    if (size > limit)
        return fail(OCELLUS_BAD_CONTENT, "%s: %" PRIu64 " bytes (expected at most %zu): not written over", path, size,
                    limit);
    ocellus_status status = json_parse_file(path, limit, &map);
    if (status != OCELLUS_OK) return status == OCELLUS_BAD_CONTENT ? OCELLUS_OK : status;
    status = format_number_read(map, path, newest, 1, &number);
    json_release(map);
    return number > newest ? status : OCELLUS_OK;
}
