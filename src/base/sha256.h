/* SPDX-License-Identifier: MIT */
/* Hashes: SHA-256, and MD5. */
#ifndef BASE_SHA256_H
#define BASE_SHA256_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* SHA-256 as 64 lower-case hex digits and a zero. Nothing is allocated, so that a hash cannot fail; only reading can. */
enum { SHA256_TEXT_SIZE = 65 };
void sha256_bytes(const void *bytes, size_t size, char text[SHA256_TEXT_SIZE]);
ocellus_status sha256_file(const char *path, char text[SHA256_TEXT_SIZE]);
/* Piece by piece. */
struct sha256 {
    uint64_t state[14]; /* libcrypto's, whose headers base keeps to itself */
};
void sha256_begin(struct sha256 *hash);
void sha256_add(struct sha256 *hash, const void *bytes, size_t size);
void sha256_end(struct sha256 *hash, char text[SHA256_TEXT_SIZE]);

/* MD5 as 32 hex digits, only for files whose publisher gives nothing better. */
enum { MD5_TEXT_SIZE = 33 };
void md5_bytes(const void *bytes, size_t size, char text[MD5_TEXT_SIZE]);

#endif
