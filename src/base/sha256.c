/* SPDX-License-Identifier: MIT */
/* SHA-256 and MD5 over OpenSSL's libcrypto, which is named here alone. */
#include "base/files.h"

#include "base/file_open.h"

#include <errno.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <unistd.h>

struct sha256 {
    EVP_MD_CTX *context;
    bool failed;
};

struct sha256 *sha256_begin(void) {
    struct sha256 *hash = calloc(1, sizeof *hash);
    if (!hash) return NULL;
    hash->context = EVP_MD_CTX_new();
    if (hash->context && EVP_DigestInit_ex(hash->context, EVP_sha256(), NULL) == 1) return hash;
    EVP_MD_CTX_free(hash->context);
    free(hash);
    return NULL;
}

void sha256_add(struct sha256 *hash, const void *bytes, size_t size) {
    if (EVP_DigestUpdate(hash->context, bytes, size) != 1) hash->failed = true;
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
    unsigned char digest[EVP_MAX_MD_SIZE];
    text[0] = '\0';
    if (EVP_DigestFinal_ex(hash->context, digest, NULL) == 1 && !hash->failed) write_hex(digest, 32, text);
    EVP_MD_CTX_free(hash->context);
    free(hash);
}

void sha256_bytes(const void *bytes, size_t size, char text[SHA256_TEXT_SIZE]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    text[0] = '\0';
    if (EVP_Digest(bytes, size, digest, NULL, EVP_sha256(), NULL) == 1) write_hex(digest, 32, text);
}

void md5_bytes(const void *bytes, size_t size, char text[MD5_TEXT_SIZE]) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    text[0] = '\0';
    if (EVP_Digest(bytes, size, digest, NULL, EVP_md5(), NULL) == 1) write_hex(digest, 16, text);
}

ocellus_status sha256_file(const char *path, char text[SHA256_TEXT_SIZE]) {
    int file;
    uint64_t size;
    TRY(file_open_regular(path, &file, &size));
    struct sha256 *hash = sha256_begin();
    if (!hash) {
        close(file);
        return fail(OCELLUS_IO, "%s: cannot compute its SHA-256: libcrypto has no memory", path);
    }
    static _Thread_local unsigned char buffer[1 << 16];
    ssize_t got;
    do {
        got = read(file, buffer, sizeof buffer);
        if (got > 0) sha256_add(hash, buffer, (size_t)got);
    } while (got > 0 || (got < 0 && errno == EINTR));
    int error = errno;
    close(file);
    sha256_end(hash, text);
    if (got < 0) return fail_errno(error, "%s: cannot be read", path);
    return *text ? OCELLUS_OK : fail(OCELLUS_ERROR, "%s: libcrypto cannot compute its SHA-256", path);
}
