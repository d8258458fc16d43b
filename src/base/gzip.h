/* SPDX-License-Identifier: MIT */
/* What gzip packed, through zlib, which is named in gzip.c alone. */
#ifndef BASE_GZIP_H
#define BASE_GZIP_H

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>

bool gzip_is(const unsigned char *bytes, size_t size); /* by its first bytes */
/* The content of a gzip file that lies in memory, all its members, each proved by its checksum and length; more than `limit`
 * bytes, damage, and bytes behind the end are OCELLUS_BAD_CONTENT. Memory is taken as content comes, whatever the file claims.
 * `source` names it in messages. Free *content with free(); NULL on failure. */
ocellus_status gzip_unpack(const unsigned char *bytes, size_t size, size_t limit, const char *source,
                           unsigned char **content, size_t *content_size);

#endif
