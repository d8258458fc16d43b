/* SPDX-License-Identifier: MIT */
/* SHA-256 and MD5 over OpenSSL's libcrypto, which is named here alone. By the functions that work in memory of the
 * caller's: the newer EVP interface allocates at its first use, and crashes when there is no memory for it. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/sha256.h"

#include "base/file_open.h"
#include "base/retry.h"

#include <errno.h>
#include <openssl/md5.h>
#include <openssl/sha.h>
#include <unistd.h>

_Static_assert(sizeof(SHA256_CTX) <= sizeof(struct sha256) && _Alignof(SHA256_CTX) <= _Alignof(struct sha256),
               "struct sha256 holds libcrypto's");

static SHA256_CTX *inner(struct sha256 *hash) {
    return (SHA256_CTX *)(void *)hash;
}

void sha256_begin(struct sha256 *hash) {
    SHA256_Init(inner(hash));
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t size) {
    SHA256_Update(inner(hash), bytes, size);
}

static void write_hex(const unsigned char *digest, size_t size, char *text) {
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        text[2 * i] = hex[digest[i] >> 4];
        text[2 * i + 1] = hex[digest[i] & 15];
    }
    text[2 * size] = '\0';
}

void sha256_end(struct sha256 *hash, char text[SHA256_TEXT_SIZE]) {
    unsigned char digest[SHA256_DIGEST_LENGTH];
    SHA256_Final(digest, inner(hash));
    write_hex(digest, sizeof digest, text);
}

void sha256_bytes(const void *bytes, size_t size, char text[SHA256_TEXT_SIZE]) {
    struct sha256 hash;
    sha256_begin(&hash);
    sha256_add(&hash, bytes, size);
    sha256_end(&hash, text);
}

void md5_bytes(const void *bytes, size_t size, char text[MD5_TEXT_SIZE]) {
    unsigned char digest[MD5_DIGEST_LENGTH];
    MD5_CTX context;
    MD5_Init(&context);
    MD5_Update(&context, bytes, size);
    MD5_Final(digest, &context);
    write_hex(digest, sizeof digest, text);
}

/* On the stack, of which a caller may have little. */
enum { FILE_CHUNK = 8192 };

ocellus_status sha256_file(const char *path, char text[SHA256_TEXT_SIZE]) {
    int file;
    uint64_t size;
    TRY(file_open_regular(path, &file, &size));
    struct sha256 hash;
    sha256_begin(&hash);
    unsigned char buffer[FILE_CHUNK];
    ssize_t got;
    do {
        got = RETRY(read(file, buffer, sizeof buffer));
        if (got > 0) sha256_add(&hash, buffer, (size_t)got);
    } while (got > 0);
    int error = errno;
    close(file);
    sha256_end(&hash, text);
    return got < 0 ? fail_errno(error, "%s: cannot be read", path) : OCELLUS_OK;
}
