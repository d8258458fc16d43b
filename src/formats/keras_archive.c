/* SPDX-License-Identifier: MIT */
#include "formats/keras_archive.h"
#include "base/json_parse.h"

#include "formats/keras_hdf5.h"
#include "formats/keras_network.h"

#if defined OCELLUS_ARCHIVES && defined OCELLUS_HDF5

#include "base/archive.h"

#include <stdlib.h>
#include <string.h>

enum { MEMBER_CONFIG, MEMBER_METADATA, MEMBER_WEIGHTS, MEMBERS };
enum { METADATA_LIMIT = 64 << 10, MOST_ENTRIES = 4096 };

struct unpacking {
    const char *path;
    struct isolated_result *result; /* its texts: of MEMBER_CONFIG and MEMBER_METADATA */
};

static const char *const member_paths[MEMBERS] = {
    [MEMBER_CONFIG] = "config.json", [MEMBER_METADATA] = "metadata.json", [MEMBER_WEIGHTS] = "model.weights.h5"};

static ocellus_status use_member(void *context, size_t index, const unsigned char *bytes, size_t size) {
    const struct unpacking *unpacking = context;
    if (index == MEMBER_WEIGHTS) { /* messages name the archive in front of it */
        const struct file_content content = {
            .path = member_paths[MEMBER_WEIGHTS], .bytes = (unsigned char *)(uintptr_t)bytes, .size = size};
        struct isolated_result weights; /* whose own texts are none */
        TRY(keras_hdf5_read_here(&content, &weights));
        unpacking->result->tensors = weights.tensors;
        return OCELLUS_OK;
    }
    /* Whoever reads the text would take the byte for its end. */
    if (memchr(bytes, 0, size))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: holds a zero byte (expected JSON text)", unpacking->path,
                    member_paths[index]);
    char *text = calloc(size + 1, 1);
    if (!text) return fail(OCELLUS_IO, "%s: no memory for its network", unpacking->path);
    memcpy(text, bytes, size);
    unpacking->result->texts[index] = text;
    return OCELLUS_OK;
}

/* In a child process: of the libraries that read archives and HDF5, both may meet a hostile file. */
static ocellus_status read_here(const struct file_content *content, struct isolated_result *result) {
    const struct archive_source source = {.kind = ARCHIVE_ZIP,
                                          .path = content->path,
                                          .bytes = content->bytes,
                                          .size = content->size,
                                          .limit = WEIGHT_FILE_LIMIT,
                                          .most_entries = MOST_ENTRIES};
    const uint64_t most = isolated_values_limit(content->size);
    const size_t limit = most < WEIGHT_FILE_LIMIT ? (size_t)most : WEIGHT_FILE_LIMIT;
    const struct archive_member members[MEMBERS] = {
        [MEMBER_CONFIG] = {member_paths[MEMBER_CONFIG], ISOLATED_TEXT_LIMIT},
        [MEMBER_METADATA] = {member_paths[MEMBER_METADATA], METADATA_LIMIT},
        [MEMBER_WEIGHTS] = {member_paths[MEMBER_WEIGHTS], limit}};
    bool seen[MEMBERS];
    char first_path[ARCHIVE_FIRST_PATH_SIZE];
    struct unpacking unpacking = {.path = content->path, .result = result};
    TRY(archive_read(&source, members, MEMBERS, seen, first_path, use_member, &unpacking));
    if (!seen[MEMBER_WEIGHTS])
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: missing", content->path, member_paths[MEMBER_WEIGHTS]);
    return OCELLUS_OK;
}

/* The network of the texts; a version that cannot be read counts as none. */
static ocellus_status set_network(const char *path, char *const texts[ISOLATED_TEXTS], struct network_file *file) {
    const char *metadata = texts[MEMBER_METADATA], *version = NULL;
    json_value *json = NULL;
    if (metadata && json_parse(metadata, strlen(metadata), path, &json) == OCELLUS_IO) return OCELLUS_IO;
    json_get_text(json_member(json, "keras_version"), &version);
    const ocellus_status status = keras_network_set(file, path, texts[MEMBER_CONFIG], version);
    json_release(json);
    return status;
}

ocellus_status keras_archive_read(struct file_content *content, struct network_file *file) {
    struct isolated_result result;
    TRY(isolated_read(read_here, content, &result));
    file->tensors = result.tensors;
    result.tensors = (struct named_tensors){0};
    const ocellus_status status = set_network(content->path, result.texts, file);
    isolated_result_free(&result);
    return status;
}

#else

ocellus_status keras_archive_read(struct file_content *content, struct network_file *file) {
    (void)file;
    return fail(OCELLUS_USAGE, "%s: this build cannot read .keras archives (OCELLUS_ARCHIVES or OCELLUS_HDF5 is off)",
                content->path);
}

#endif
