/* SPDX-License-Identifier: MIT */
#include "data/collection_source.h"

#include "base/files.h"
#include "base/memory.h"
#include "base/retry.h"
#include "base/utf8.h"
#include "data/image_file.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct shared_collection {
    atomic_size_t users;
    struct collection collection;
    struct survey survey; /* count 0: not yet */
    uint8_t *parts;       /* [count], and so are the reasons; NULL: not yet */
    char **reasons;
};

struct collection_source {
    struct source source;
    struct shared_collection *shared;
    uint32_t *items; /* [count] entries; NULL: all */
};

ocellus_status shared_collection_create(struct collection *collection, struct shared_collection **shared) {
    *shared = memory_allocate(1, sizeof **shared);
    if (*shared) {
        atomic_init(&(*shared)->users, 1);
        (*shared)->collection = *collection;
        *collection = (struct collection){0};
    }
    collection_free(collection);
    return *shared ? OCELLUS_OK : OCELLUS_IO;
}

void shared_collection_release(struct shared_collection *shared) {
    if (!shared || atomic_fetch_sub(&shared->users, 1) > 1) return;
    for (size_t i = 0; shared->reasons && i < shared->collection.count; i++)
        memory_free(shared->reasons[i]);
    memory_free(shared->reasons);
    memory_free(shared->parts);
    collection_free(&shared->collection);
    survey_free(&shared->survey);
    memory_free(shared);
}

const struct collection *shared_collection_get(const struct shared_collection *shared) {
    return &shared->collection;
}

void shared_collection_set_survey(struct shared_collection *shared, struct survey *survey) {
    shared->survey = *survey;
    *survey = (struct survey){0};
}

const struct survey *shared_collection_survey(const struct shared_collection *shared) {
    return shared->survey.count > 0 ? &shared->survey : NULL;
}

void shared_collection_set_parts(struct shared_collection *shared, uint8_t *parts, char **reasons) {
    shared->parts = parts;
    shared->reasons = reasons;
}

enum picture_part shared_collection_part(const struct shared_collection *shared, size_t entry) {
    return (enum picture_part)shared->parts[entry];
}

const char *shared_collection_reason(const struct shared_collection *shared, size_t entry) {
    if (shared->parts[entry] != PICTURE_PART_NONE) return NULL;
    return shared->reasons[entry] ? shared->reasons[entry] : shared->survey.facts[entry].reason;
}

static const struct collection *collection_of(const struct source *source) {
    return &((const struct collection_source *)source)->shared->collection;
}

static size_t entry_of(const struct source *source, size_t index) {
    const uint32_t *items = ((const struct collection_source *)source)->items;
    return items ? items[index] : index;
}

static ocellus_status path_of(const struct source *source, size_t index, char path[FILE_PATH_SIZE]) {
    const struct collection *collection = collection_of(source);
    return path_join(path, collection->root, collection_path(collection, entry_of(source, index)));
}

/* The message says "PATH: what is wrong": without the path, which source_read() tells better. */
static ocellus_status fail_without_path(ocellus_status status, const char *path) {
    char prefix[STATUS_MESSAGE_SIZE];
    utf8_escape(path, prefix, sizeof prefix);
    const size_t size = strlen(prefix);
    const char *message = status_message();
    if (strncmp(message, prefix, size) != 0 || message[size] != ':') return status;
    return fail(status, "%s", message + size + strspn(message + size, ": "));
}

static ocellus_status stamp_path(const char *path, struct picture_stamp *stamp) {
    struct stat about;
    if (RETRY(stat(path, &about)) != 0) return fail_errno(errno, "cannot be read");
    *stamp = (struct picture_stamp){.size = (uint64_t)about.st_size,
                                    .inode = (uint64_t)about.st_ino,
                                    .modified = (int64_t)about.st_mtim.tv_sec * 1000000000 + about.st_mtim.tv_nsec};
    return OCELLUS_OK;
}

static ocellus_status stamp_of(const struct source *source, size_t index, struct picture_stamp *stamp) {
    char path[FILE_PATH_SIZE];
    TRY(path_of(source, index, path));
    return stamp_path(path, stamp);
}

static ocellus_status decode(const unsigned char *bytes, size_t size, const char *path, const struct picture_wish *wish,
                             struct picture *picture) {
    struct image image;
    picture->format = file_kind_of(bytes, size).format;
    const bool quiet = image_set_quiet(true); /* every epoch it would be the same line */
    const ocellus_status status = image_decode(bytes, size, path, wish, &image);
    image_set_quiet(quiet);
    if (status != OCELLUS_OK) return fail_without_path(status, path);
    memory_free(picture->room); /* the image's is as good */
    picture->height = image.height;
    picture->width = image.width;
    picture->channels = 3;
    picture->pixels = picture->room = image.pixels;
    picture->room_size = image.height * image.width * 3;
    return OCELLUS_OK;
}

static ocellus_status fail_changed(ocellus_status status) {
    if (status == OCELLUS_BAD_CONTENT) return fail_within(status, "changed since the run began");
    return status;
}

/* Whether it is still what the survey saw. */
static ocellus_status check_changed(const unsigned char *bytes, size_t size, const char *path,
                                    const struct picture_facts *facts, struct picture *picture) {
    uint8_t hash[PICTURE_HASH_SIZE];
    TRY(fail_changed(decode(bytes, size, path, NULL, picture)));
    picture_hash(picture, hash);
    if (memcmp(hash, facts->pixels, sizeof hash) == 0) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "changed since the run began: it is another picture now");
}

static ocellus_status read_file(const struct source *source, size_t index, const struct picture_wish *wish,
                                struct picture *picture) {
    const struct shared_collection *shared = ((const struct collection_source *)source)->shared;
    const struct picture_facts *facts =
        shared->survey.count > 0 ? &shared->survey.facts[entry_of(source, index)] : NULL;
    char path[FILE_PATH_SIZE];
    struct picture_stamp stamp;
    unsigned char *bytes;
    size_t size;
    TRY(path_of(source, index, path));
    ocellus_status status = file_read(path, IMAGE_MAX_FILE_SIZE, &bytes, &size);
    if (status != OCELLUS_OK) return fail_without_path(status, path);
    status = stamp_path(path, &stamp); /* afterwards: of what was read, or younger */
    const bool same = facts && stamp.size == facts->stamp.size && stamp.inode == facts->stamp.inode &&
                      stamp.modified == facts->stamp.modified;
    if (status == OCELLUS_OK && facts && !same) status = check_changed(bytes, size, path, facts, picture);
    if (status == OCELLUS_OK && (!facts || same || wish)) {
        status = decode(bytes, size, path, wish, picture);
        if (facts) status = fail_changed(status);
    }
    free(bytes);
    return status;
}

static struct target target_of(const struct source *source, size_t index) {
    return (struct target){&collection_of(source)->entries[entry_of(source, index)].label, 1};
}

static const char *name_of(const struct source *source, size_t index) {
    return collection_path(collection_of(source), entry_of(source, index));
}

static void close_source(struct source *source) {
    struct collection_source *opened = (struct collection_source *)source;
    shared_collection_release(opened->shared);
    memory_free(opened->items);
    memory_free(opened);
}

static const struct source_type collection_type = {
    .read = read_file, .target = target_of, .name = name_of, .stamp = stamp_of, .close = close_source};

/* The survey says what source_identity() would else read every picture for. */
static void use_survey(struct source *source, const struct survey *survey) {
    struct sha256 hash;
    sha256_begin(&hash);
    for (size_t i = 0; i < source->count; i++) {
        const struct picture_facts *facts = &survey->facts[entry_of(source, i)];
        const uint16_t label = *target_of(source, i).classes;
        const unsigned char bytes[] = {(unsigned char)label, (unsigned char)(label >> 8)};
        sha256_add(&hash, facts->pixels, sizeof facts->pixels);
        sha256_add(&hash, bytes, sizeof bytes);
        const size_t area = (size_t)facts->height * facts->width;
        if (area > source->most_pixels) source->most_pixels = area;
        const bool alike = i == 0 || (source->height == facts->height && source->width == facts->width);
        source->height = alike ? facts->height : 0;
        source->width = alike ? facts->width : 0;
    }
    sha256_end(&hash, source->identity);
}

ocellus_status collection_source_open(struct shared_collection *shared, const char *split, uint32_t *items,
                                      size_t count, struct source **source) {
    const struct collection *collection = &shared->collection;
    struct collection_source *opened = memory_allocate(1, sizeof *opened);
    *source = NULL;
    if (!opened) {
        memory_free(items);
        return OCELLUS_IO;
    }
    atomic_fetch_add(&shared->users, 1);
    *opened = (struct collection_source){.source = {.type = &collection_type,
                                                    .count = items ? count : collection->count,
                                                    .classes = collection->classes,
                                                    .channels = 3},
                                         .shared = shared,
                                         .items = items};
    snprintf(opened->source.name, sizeof opened->source.name, "%s", collection->name);
    snprintf(opened->source.split, sizeof opened->source.split, "%s", split);
    const ocellus_status status = source_set_class_names(&opened->source, (const char *const *)collection->class_names);
    if (status == OCELLUS_OK && shared->survey.count > 0) use_survey(&opened->source, &shared->survey);
    if (status == OCELLUS_OK) *source = &opened->source;
    else source_close(&opened->source);
    return status;
}
