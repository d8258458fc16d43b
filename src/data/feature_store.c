/* SPDX-License-Identifier: MIT */
#include "data/feature_store.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/sizes.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { KEY = 64, HEADER = 8 + KEY + 3 * 8 };
static const char magic[] = "OCELLUSF";

struct feature_store {
    struct feature_form form;
    int file;
    char path[FILE_PATH_SIZE];
};

/* Bytes of all values. */
static bool count_values(const struct feature_form *form, size_t *bytes) {
    return size_multiply(form->count, form->values, bytes) && size_multiply(*bytes, form->views, bytes) &&
           size_multiply(*bytes, sizeof(float), bytes) && *bytes < SIZE_MAX / 4;
}

ocellus_status feature_form_bytes(const struct feature_form *form, uint64_t *bytes) {
    size_t values;
    if (!count_values(form, &values))
        return fail(OCELLUS_USAGE, "features: %zu values of %zu pictures in %zu views are too many", form->values,
                    form->count, form->views);
    *bytes = (uint64_t)values + HEADER + KEY;
    return OCELLUS_OK;
}

static void write_header(const struct feature_form *form, unsigned char header[HEADER]) {
    const uint64_t numbers[] = {form->count, form->values, form->views};
    memcpy(header, magic, 8);
    memcpy(header + 8, form->key, KEY);
    for (size_t i = 0; i < 24; i++)
        header[8 + KEY + i] = (unsigned char)(numbers[i / 8] >> 8 * (i % 8));
}

/* --- reading --- */

static ocellus_status read_at(const struct feature_store *store, uint64_t offset, void *dst, size_t size) {
    unsigned char *bytes = dst;
    while (size > 0) {
        const ssize_t got = pread(store->file, bytes, size, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0)
            return fail(OCELLUS_IO, "%s: cannot be read: %s", store->path, got < 0 ? strerror(errno) : "it has ended");
        bytes += got;
        offset += (uint64_t)got;
        size -= (size_t)got;
    }
    return OCELLUS_OK;
}

/* Whether it is of that form and as it was written. */
static ocellus_status check(const struct feature_store *store, uint64_t bytes, bool *good) {
    enum { PIECE = 1 << 20 };
    unsigned char header[HEADER], expected[HEADER];
    char got[SHA256_TEXT_SIZE], wanted[SHA256_TEXT_SIZE] = "";
    struct sha256 hash;
    *good = false;
    TRY(read_at(store, 0, header, HEADER));
    write_header(&store->form, expected);
    if (memcmp(header, expected, HEADER) != 0) return OCELLUS_OK;
    unsigned char *piece = memory_allocate(PIECE, 1);
    if (!piece) return OCELLUS_IO;
    ocellus_status status = OCELLUS_OK;
    sha256_begin(&hash);
    for (uint64_t at = 0; at < bytes - KEY && status == OCELLUS_OK; at += PIECE) {
        const uint64_t left = bytes - KEY - at;
        const size_t size = left < PIECE ? (size_t)left : PIECE;
        status = read_at(store, at, piece, size);
        if (status == OCELLUS_OK) sha256_add(&hash, piece, size);
    }
    sha256_end(&hash, got);
    memory_free(piece);
    if (status == OCELLUS_OK) status = read_at(store, bytes - KEY, wanted, KEY);
    *good = status == OCELLUS_OK && memcmp(got, wanted, KEY) == 0;
    return status;
}

static ocellus_status open_file(struct feature_store *store, bool *good) {
    struct stat about;
    uint64_t bytes;
    *good = false;
    TRY(feature_form_bytes(&store->form, &bytes));
    store->file = open(store->path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (store->file < 0) {
        if (errno == ENOENT) return OCELLUS_OK;
        return fail(OCELLUS_IO, "%s: cannot be opened: %s", store->path, strerror(errno));
    }
    if (fstat(store->file, &about) == 0 && S_ISREG(about.st_mode) && (uint64_t)about.st_size == bytes)
        TRY(check(store, bytes, good));
    if (*good) (void)futimens(store->file, NULL); /* for feature_room.h: it is used */
    else log_warning("%s: damaged, or of another kind; it is made again", store->path);
    return OCELLUS_OK;
}

ocellus_status feature_store_open(const char *path, const struct feature_form *form, struct feature_store **store) {
    struct feature_store *made = memory_allocate(1, sizeof *made);
    bool good = false;
    *store = NULL;
    if (!made) return OCELLUS_IO;
    made->form = *form;
    made->file = -1;
    ocellus_status status = path_join(made->path, "", path);
    if (status == OCELLUS_OK) status = open_file(made, &good);
    if (status == OCELLUS_OK && good) *store = made;
    else feature_store_close(made);
    return status;
}

void feature_store_close(struct feature_store *store) {
    if (!store) return;
    if (store->file >= 0) close(store->file);
    memory_free(store);
}

const struct feature_form *feature_store_form(const struct feature_store *store) {
    return &store->form;
}

ocellus_status feature_store_read(const struct feature_store *store, size_t position, size_t view, float *dst) {
    const struct feature_form *form = &store->form;
    const uint64_t size = (uint64_t)form->values * sizeof *dst;
    return read_at(store, HEADER + ((uint64_t)view * form->count + position) * size, dst, (size_t)size);
}

/* --- writing --- */

static void add_bytes(struct feature_writer *writer, const void *bytes, size_t size) {
    sha256_add(&writer->hash, bytes, size);
    fwrite(bytes, 1, size, writer->file.stream); /* what fails is found at the end */
}

ocellus_status feature_writer_begin(struct feature_writer *writer, const char *path, const struct feature_form *form) {
    unsigned char header[HEADER];
    uint64_t bytes;
    TRY(feature_form_bytes(form, &bytes));
    TRY(file_writer_begin(&writer->file, path));
    const ocellus_status status = file_writer_reserve(&writer->file, bytes);
    if (status != OCELLUS_OK) {
        file_writer_discard(&writer->file);
        return fail_within(status, "features need %.1f MB", size_megabytes((size_t)bytes));
    }
    sha256_begin(&writer->hash);
    write_header(form, header);
    add_bytes(writer, header, sizeof header);
    return OCELLUS_OK;
}

void feature_writer_add(struct feature_writer *writer, const float *values, size_t count) {
    add_bytes(writer, values, count * sizeof *values);
}

ocellus_status feature_writer_commit(struct feature_writer *writer) {
    char hash[SHA256_TEXT_SIZE];
    sha256_end(&writer->hash, hash);
    fwrite(hash, 1, KEY, writer->file.stream);
    return file_writer_commit(&writer->file);
}

void feature_writer_discard(struct feature_writer *writer) {
    char hash[SHA256_TEXT_SIZE];
    sha256_end(&writer->hash, hash); /* it may own memory */
    file_writer_discard(&writer->file);
}
