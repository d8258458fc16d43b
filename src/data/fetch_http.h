/* SPDX-License-Identifier: MIT */
/* Downloads, used inside this folder only; not in a build without OCELLUS_FETCH. */
#ifndef DATA_FETCH_HTTP_H
#define DATA_FETCH_HTTP_H

#include "base/status.h"

#include <stddef.h>

/* Downloads an https address of at most `limit` bytes to `path`, going on where an earlier download of the same path
 * broke off. Whether the bytes are the right ones is the caller's to check. OCELLUS_IO. */
ocellus_status fetch_download(const char *address, size_t limit, const char *path);

#endif
