/* SPDX-License-Identifier: MIT */
/* What fetch.c and the things it fetches share, and the places they come from. */
#ifndef DATA_FETCH_SOURCES_H
#define DATA_FETCH_SOURCES_H

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

#ifdef OCELLUS_FETCH
/* Runs npm to put a package's tarball into `folder` and stores its path. OCELLUS_IO without npm or network. */
ocellus_status fetch_npm(const char *package, const char *version, const char *folder, char tarball[FILE_PATH_SIZE]);

/* Downloads an https address of at most `limit` bytes to `path`, going on where an earlier download of the same path
 * broke off. Whether the bytes are the right ones is the caller's to check. OCELLUS_IO. */
ocellus_status fetch_download(const char *address, size_t limit, const char *path);
#endif

#endif
