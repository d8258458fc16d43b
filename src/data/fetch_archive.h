/* SPDX-License-Identifier: MIT */
/* Members of a gzipped tarball, used inside this folder only. */
#ifndef DATA_FETCH_ARCHIVE_H
#define DATA_FETCH_ARCHIVE_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

/* Reads the members of a gzipped tarball that are asked for, at the path they must have; all others are skipped. Only regular
 * files of 1 byte to their limit are read, each once; use() gets their index and content. Nothing is ever written under a name
 * from the archive. seen[count] says which were there; first_path is that of the first entry, to say what a wrong archive
 * may be. OCELLUS_BAD_CONTENT, OCELLUS_IO; OCELLUS_USAGE in a build without OCELLUS_FETCH. */
struct fetch_member {
    const char *path;
    size_t limit; /* bytes */
};
enum { FETCH_FIRST_PATH_SIZE = 64 };
typedef ocellus_status fetch_use(void *context, size_t index, const unsigned char *bytes, size_t size);
ocellus_status fetch_read_archive(const char *path, const struct fetch_member *members, size_t count, bool *seen,
                                  char first_path[FETCH_FIRST_PATH_SIZE], fetch_use *use, void *context);

#endif
