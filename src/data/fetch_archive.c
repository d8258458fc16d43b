/* SPDX-License-Identifier: MIT */
/* Members out of a tarball, with libarchive, which is named here alone. */
#include "data/fetch_archive.h"

#ifdef OCELLUS_FETCH

#include "base/files.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

enum { MOST_ENTRIES = 64, READ_SIZE = 1024 * 1024 };
static const int64_t archive_limit = 512 * 1024 * 1024; /* bytes of the tarball, and of all that is in it */

struct unpacking {
    struct archive *archive;
    const char *path; /* of the tarball */
    const struct fetch_member *members;
    size_t count;
    bool *seen;
    char *first_path;
    fetch_use *use;
    void *context;
    struct progress progress;
};

static ocellus_status fail_archive(const struct unpacking *unpacking) {
    const char *reason = archive_error_string(unpacking->archive);
    const int error = archive_errno(unpacking->archive);
    if (error == ENOMEM || error == EIO) return fail_errno(error, "%s: cannot be unpacked", unpacking->path);
    return fail(OCELLUS_BAD_CONTENT, "%s: damaged archive: %s", unpacking->path, reason ? reason : "no reason given");
}

/* Bytes of the tarball read so far. */
static uint64_t position(const struct unpacking *unpacking) {
    const la_int64_t done = archive_filter_bytes(unpacking->archive, -1);
    return done > 0 ? (uint64_t)done : 0;
}

/* The whole content of the entry, of exactly the size its header says. Free with memory_free(). */
static ocellus_status read_content(struct unpacking *unpacking, const struct fetch_member *member, int64_t claimed,
                                   unsigned char **bytes) {
    if (claimed <= 0 || (uint64_t)claimed > member->limit) {
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: size %lld bytes (expected 1 to %zu)", unpacking->path, member->path,
                    (long long)claimed, member->limit);
    }
    const size_t size = (size_t)claimed;
    *bytes = memory_allocate(size, 1);
    if (!*bytes) return OCELLUS_IO;
    for (size_t done = 0; done < size;) {
        const size_t wanted = size - done < READ_SIZE ? size - done : READ_SIZE;
        const la_ssize_t count = archive_read_data(unpacking->archive, *bytes + done, wanted);
        if (count <= 0) return fail_archive(unpacking);
        done += (size_t)count;
        progress_update(&unpacking->progress, position(unpacking));
    }
    return OCELLUS_OK;
}

static ocellus_status read_member(struct unpacking *unpacking, struct archive_entry *entry, size_t index) {
    const struct fetch_member *member = &unpacking->members[index];
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) || unpacking->seen[index]) {
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: a link, or there twice (expected one regular file)", unpacking->path,
                    member->path);
    }
    unpacking->seen[index] = true;
    unsigned char *bytes = NULL;
    const int64_t size = archive_entry_size(entry);
    ocellus_status status = read_content(unpacking, member, size, &bytes);
    if (status == OCELLUS_OK) {
        status = unpacking->use(unpacking->context, index, bytes, (size_t)size);
        if (status == OCELLUS_BAD_CONTENT) status = fail_within(status, "%s", unpacking->path);
    }
    memory_free(bytes);
    return status;
}

static ocellus_status read_members(struct unpacking *unpacking) {
    struct archive_entry *entry = NULL;
    int64_t total = 0;
    int result;
    for (size_t entries = 0; (result = archive_read_next_header(unpacking->archive, &entry)) == ARCHIVE_OK; entries++) {
        const char *path = archive_entry_pathname(entry);
        if (!path) path = ""; /* not to be shown in this locale: none of ours */
        if (strncmp(path, "./", 2) == 0) path += 2;
        if (entries == 0) snprintf(unpacking->first_path, FETCH_FIRST_PATH_SIZE, "%s", path);
        const int64_t size = archive_entry_size(entry);
        if (entries == MOST_ENTRIES || size < 0 || size > archive_limit - total) {
            return fail(OCELLUS_BAD_CONTENT, "%s: more than %d members or %lld bytes", unpacking->path, MOST_ENTRIES,
                        (long long)archive_limit);
        }
        total += size;
        for (size_t i = 0; i < unpacking->count; i++) {
            if (strcmp(path, unpacking->members[i].path) == 0) TRY(read_member(unpacking, entry, i));
        }
    }
    return result == ARCHIVE_EOF ? OCELLUS_OK : fail_archive(unpacking);
}

static ocellus_status unpack(struct unpacking *unpacking) {
    archive_read_support_filter_gzip(unpacking->archive);
    archive_read_support_format_tar(unpacking->archive);
    if (archive_read_open_filename(unpacking->archive, unpacking->path, READ_SIZE) != ARCHIVE_OK) {
        return fail_archive(unpacking);
    }
    return read_members(unpacking);
}

ocellus_status fetch_read_archive(const char *path, const struct fetch_member *members, size_t count, bool *seen,
                                  char first_path[FETCH_FIRST_PATH_SIZE], fetch_use *use, void *context) {
    uint64_t size = 0;
    TRY(file_size(path, &size));
    if (size > (uint64_t)archive_limit) {
        return fail(OCELLUS_BAD_CONTENT, "%s: size %llu bytes (expected at most %lld)", path, (unsigned long long)size,
                    (long long)archive_limit);
    }
    struct unpacking unpacking = {.path = path,
                                  .members = members,
                                  .count = count,
                                  .seen = seen,
                                  .first_path = first_path,
                                  .use = use,
                                  .context = context,
                                  .archive = archive_read_new()};
    if (!unpacking.archive) return fail(OCELLUS_IO, "libarchive could not start");
    memset(seen, 0, count * sizeof *seen);
    first_path[0] = '\0';
    progress_begin(&unpacking.progress, "unpacking and verifying", "B", size);
    const ocellus_status status = unpack(&unpacking);
    progress_end(&unpacking.progress, status == OCELLUS_OK ? size : position(&unpacking));
    archive_read_free(unpacking.archive);
    return status;
}

#else

ocellus_status fetch_read_archive(const char *path, const struct fetch_member *members, size_t count, bool *seen,
                                  char first_path[FETCH_FIRST_PATH_SIZE], fetch_use *use, void *context) {
    (void)members, (void)count, (void)seen, (void)first_path, (void)use, (void)context;
    return fail(OCELLUS_USAGE,
                "%s: this build cannot unpack archives (OCELLUS_FETCH is off); unpack it and name the folder", path);
}

#endif
