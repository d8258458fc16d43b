/* SPDX-License-Identifier: MIT */
/* Members out of an archive, through libarchive, which is named in archive.c alone. */
#ifndef BASE_ARCHIVE_H
#define BASE_ARCHIVE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum archive_kind { ARCHIVE_TAR_GZIP, ARCHIVE_ZIP };
struct archive_source {
    enum archive_kind kind;
    const char *path;
    const unsigned char *bytes; /* the file's, where it was read; NULL: it is read from `path` */
    size_t size;                /* of `bytes` */
    uint64_t limit;             /* of the file, and of all members together */
    size_t most_entries;
    const char *progress; /* what the progress says; NULL: none is shown */
};

struct archive_member {
    const char *path;
    size_t limit; /* bytes */
};
enum { ARCHIVE_FIRST_PATH_SIZE = 64 };
typedef ocellus_status archive_use(void *context, size_t index, const unsigned char *bytes, size_t size);

/* Reads the members that are asked for, at the path they must have; all others are skipped. Only regular files of 1 byte to their
 * limit are read, each once, of exactly the size that the archive says; use() gets their index and content. Nothing is ever
 * written under a name from the archive. seen[count] says which were there; first_path is that of the first entry, to say
 * what a wrong archive may be. OCELLUS_BAD_CONTENT, OCELLUS_IO; OCELLUS_USAGE in a build without OCELLUS_ARCHIVES. */
ocellus_status archive_read(const struct archive_source *source, const struct archive_member *members, size_t count,
                            bool *seen, char first_path[ARCHIVE_FIRST_PATH_SIZE], archive_use *use, void *context);

#endif
