/* SPDX-License-Identifier: MIT */
#include "base/archive.h"

#ifdef OCELLUS_ARCHIVES

#include "base/files.h"
#include "base/memory.h"
#include "base/progress.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>

enum { READ_SIZE = 1024 * 1024 };

struct unpacking {
    struct archive *archive;
    const struct archive_source *source;
    const char *path; /* the source's */
    const struct archive_member *members;
    size_t count;
    bool *seen;
    char *first_path;
    archive_use *use;
    void *context;
    struct progress progress;
};

static ocellus_status fail_archive(const struct unpacking *unpacking) {
    const char *reason = archive_error_string(unpacking->archive);
    const int error = archive_errno(unpacking->archive);
    if (error == ENOMEM || error == EIO) return fail_errno(error, "%s: cannot be unpacked", unpacking->path);
    return fail(OCELLUS_BAD_CONTENT, "%s: damaged archive: %s", unpacking->path, reason ? reason : "no reason given");
}

/* Bytes of the archive read so far. */
static uint64_t position(const struct unpacking *unpacking) {
    const la_int64_t done = archive_filter_bytes(unpacking->archive, -1);
    return done > 0 ? (uint64_t)done : 0;
}

/* The whole content of the entry, of exactly the size its header says. Free with memory_free(). */
static ocellus_status read_content(struct unpacking *unpacking, const struct archive_member *member, int64_t claimed,
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
        if (unpacking->source->progress) progress_update(&unpacking->progress, position(unpacking));
    }
    /* Asking for more is also what makes libarchive compare checksums. */
    unsigned char more;
    const la_ssize_t count = archive_read_data(unpacking->archive, &more, 1);
    if (count > 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: larger than the archive says (%zu bytes)", unpacking->path,
                    member->path, size);
    return count == 0 ? OCELLUS_OK : fail_archive(unpacking);
}

static ocellus_status read_member(struct unpacking *unpacking, struct archive_entry *entry, size_t index) {
    const struct archive_member *member = &unpacking->members[index];
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
    const struct archive_source *source = unpacking->source;
    struct archive_entry *entry = NULL;
    uint64_t total = 0;
    int result = ARCHIVE_OK;
    for (size_t entries = 0;; entries++) {
        result = archive_read_next_header(unpacking->archive, &entry);
        if (result != ARCHIVE_OK && result != ARCHIVE_WARN)
            break; /* a name that this locale cannot show is a warning */
        const char *path = archive_entry_pathname(entry);
        if (!path) path = ""; /* not to be shown in this locale: none of ours */
        if (strncmp(path, "./", 2) == 0) path += 2;
        if (entries == 0) snprintf(unpacking->first_path, ARCHIVE_FIRST_PATH_SIZE, "%s", path);
        const int64_t size = archive_entry_size(entry);
        if (entries == source->most_entries || size < 0 || (uint64_t)size > source->limit - total) {
            return fail(OCELLUS_BAD_CONTENT, "%s: more than %zu members or %llu bytes", unpacking->path,
                        source->most_entries, (unsigned long long)source->limit);
        }
        total += (uint64_t)size;
        for (size_t i = 0; i < unpacking->count; i++) {
            if (strcmp(path, unpacking->members[i].path) == 0) TRY(read_member(unpacking, entry, i));
        }
    }
    return result == ARCHIVE_EOF ? OCELLUS_OK : fail_archive(unpacking);
}

static ocellus_status unpack(struct unpacking *unpacking) {
    const struct archive_source *source = unpacking->source;
    struct archive *archive = unpacking->archive;
    if (source->kind == ARCHIVE_ZIP) {
        archive_read_support_format_zip_seekable(
            archive); /* by its directory at the end, as all who write it mean it */
    } else {
        archive_read_support_filter_gzip(archive);
        archive_read_support_format_tar(archive);
    }
    const int opened = source->bytes ? archive_read_open_memory(archive, source->bytes, source->size)
                                     : archive_read_open_filename(archive, source->path, READ_SIZE);
    return opened == ARCHIVE_OK ? read_members(unpacking) : fail_archive(unpacking);
}

ocellus_status archive_read(const struct archive_source *source, const struct archive_member *members, size_t count,
                            bool *seen, char first_path[ARCHIVE_FIRST_PATH_SIZE], archive_use *use, void *context) {
    uint64_t size = source->size;
    if (!source->bytes) TRY(file_size(source->path, &size));
    if (size > source->limit) {
        return fail(OCELLUS_BAD_CONTENT, "%s: size %llu bytes (expected at most %llu)", source->path,
                    (unsigned long long)size, (unsigned long long)source->limit);
    }
    struct unpacking unpacking = {.source = source,
                                  .path = source->path,
                                  .members = members,
                                  .count = count,
                                  .seen = seen,
                                  .first_path = first_path,
                                  .use = use,
                                  .context = context,
                                  .archive = archive_read_new()};
    if (!unpacking.archive) return fail(OCELLUS_IO, "%s: libarchive could not start", source->path);
    memset(seen, 0, count * sizeof *seen);
    first_path[0] = '\0';
    if (source->progress) progress_begin(&unpacking.progress, source->progress, "B", size);
    const ocellus_status status = unpack(&unpacking);
    if (source->progress) progress_end(&unpacking.progress, status == OCELLUS_OK ? size : position(&unpacking));
    archive_read_free(unpacking.archive);
    return status;
}

#else

ocellus_status archive_read(const struct archive_source *source, const struct archive_member *members, size_t count,
                            bool *seen, char first_path[ARCHIVE_FIRST_PATH_SIZE], archive_use *use, void *context) {
    (void)members, (void)count, (void)seen, (void)first_path, (void)use, (void)context;
    return fail(OCELLUS_USAGE, "%s: this build cannot unpack archives (OCELLUS_ARCHIVES is off)", source->path);
}

#endif
