/* SPDX-License-Identifier: MIT */
/* Tarballs that were fetched. */
#ifndef DATA_FETCH_ARCHIVE_H
#define DATA_FETCH_ARCHIVE_H

#include "base/archive.h"

/* A gzipped one, for archive_read(). */
static inline struct archive_source fetch_tarball(const char *path) {
    return (struct archive_source){.kind = ARCHIVE_TAR_GZIP,
                                   .path = path,
                                   .limit = 512 * 1024 * 1024,
                                   .most_entries = 64,
                                   .progress = "unpacking and verifying"};
}

#endif
