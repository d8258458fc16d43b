/* SPDX-License-Identifier: MIT */
#include "formats/tfjs.h"

#include "base/files.h"
#include "base/folders.h"
#include "base/json.h"
#include "base/json_parse.h"
#include "base/memory.h"
#include "base/sizes.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "shards are little-endian and used as they are"
#endif

struct reading {
    char json_path[FILE_PATH_SIZE], folder[FILE_PATH_SIZE];
    uint64_t total;     /* bytes of the shards of all groups looked at */
    size_t shard_count; /* of all groups */
    struct named_tensors *tensors;
};

static ocellus_status refuse(const struct reading *reading, const char *field, const char *what) {
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s", reading->json_path, field, what);
}

static ocellus_status find_paths(struct reading *reading, const char *path) {
    enum path_kind kind;
    TRY(path_look(path, &kind));
    if (kind == PATH_FOLDER) {
        TRY(path_join(reading->folder, "", path));
        return path_join(reading->json_path, path, TFJS_MODEL_NAME);
    }
    TRY(path_join(reading->json_path, "", path));
    TRY(path_join(reading->folder, "", path));
    const size_t stem = (size_t)(path_base_name(reading->folder) - reading->folder);
    if (stem == 0) return path_join(reading->folder, "", ".");
    reading->folder[stem] = '\0';
    return OCELLUS_OK;
}

/* A shard is a plain file name, and the file it stands for, links followed, lies in the folder. */
static ocellus_status shard_path(const struct reading *reading, const json_value *value, char out[FILE_PATH_SIZE]) {
    const char *name;
    if (!json_get_text(value, &name) || !*name)
        return refuse(reading, "weightsManifest: paths", "a shard without a name");
    if (strstr(name, "..") || strpbrk(name, "/\\:") || strcmp(name, ".") == 0)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: weightsManifest: paths: %s: leads out of the folder (expected a file name)",
                    reading->json_path, name);
    TRY(path_join(out, reading->folder, name));
    char *folder = realpath(reading->folder, NULL), *file = realpath(out, NULL);
    const int error = errno;
    ocellus_status status = OCELLUS_OK;
    if (!folder || !file) {
        status = fail_errno(error, "%s: cannot be opened", out);
    } else if (strncmp(file, folder, strlen(folder)) != 0 ||
               path_base_name(file) != file + strlen(folder) + (strcmp(folder, "/") != 0)) {
        status = fail(OCELLUS_BAD_CONTENT, "%s: a link that leads out of the folder", out);
    }
    free(folder);
    free(file);
    return status;
}

static ocellus_status read_shape(const struct reading *reading, const char *name, const json_value *list,
                                 struct shape *shape) {
    if (json_type_of(list) != JSON_TYPE_LIST)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: missing or no list", reading->json_path, name);
    if (json_count(list) > GRAPH_MAX_RANK)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: too many dimensions (expected at most %d, got %zu)",
                    reading->json_path, name, GRAPH_MAX_RANK, json_count(list));
    shape->rank = json_count(list);
    for (size_t i = 0; i < shape->rank; i++) {
        if (!json_get_integer(json_element(list, i), &shape->dims[i])) shape->dims[i] = -1;
    }
    return OCELLUS_OK;
}

/* One tensor of the manifest, its size added to *bytes. */
static ocellus_status read_entry(const struct reading *reading, const json_value *entry, const char **name,
                                 struct shape *shape, size_t *bytes) {
    const char *dtype;
    if (!json_get_text(json_member(entry, "name"), name))
        return refuse(reading, "weightsManifest: weights", "a tensor without a name");
    if (json_member(entry, "quantization"))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: quantization: not supported (expected plain float32)",
                    reading->json_path, *name);
    if (!json_get_text(json_member(entry, "dtype"), &dtype))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: dtype: missing or no text", reading->json_path, *name);
    if (strcmp(dtype, "float32") != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: dtype: not supported (expected float32, got %s)", reading->json_path,
                    *name, dtype);
    TRY(read_shape(reading, *name, json_member(entry, "shape"), shape));
    size_t size;
    TRY(named_tensor_check(reading->json_path, *name, shape, &size));
    if (!size_add(*bytes, size, bytes) || *bytes > WEIGHT_FILE_LIMIT)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: more than the supported %" PRIu64 " bytes", reading->json_path,
                    *name, WEIGHT_FILE_LIMIT);
    return OCELLUS_OK;
}

static ocellus_status check_unique(const struct reading *reading, const json_value *paths) {
    for (size_t i = 0; i < json_count(paths); i++) {
        for (size_t k = 0; k < i; k++) {
            const char *a = "", *b = "";
            if (json_get_text(json_element(paths, i), &a) && json_get_text(json_element(paths, k), &b) &&
                strcmp(a, b) == 0)
                return fail(OCELLUS_BAD_CONTENT, "%s: weightsManifest: paths: %s: given twice", reading->json_path, a);
        }
    }
    return OCELLUS_OK;
}

/* A group: its tensors must need exactly what its shards hold. Nothing is allocated here. */
static ocellus_status check_group(struct reading *reading, const json_value *group) {
    const json_value *paths = json_member(group, "paths"), *weights = json_member(group, "weights");
    if (json_type_of(paths) != JSON_TYPE_LIST) return refuse(reading, "weightsManifest: paths", "missing or no list");
    if (json_type_of(weights) != JSON_TYPE_LIST)
        return refuse(reading, "weightsManifest: weights", "missing or no list");
    reading->shard_count += json_count(paths);
    if (reading->shard_count > TFJS_MAX_SHARDS || json_count(weights) > NAMED_TENSORS_MAX)
        return fail(OCELLUS_BAD_CONTENT, "%s: weightsManifest: too many shards or tensors (expected at most %d and %d)",
                    reading->json_path, TFJS_MAX_SHARDS, NAMED_TENSORS_MAX);
    TRY(check_unique(reading, paths));
    size_t needed = 0;
    for (size_t i = 0; i < json_count(weights); i++) {
        const char *name;
        struct shape shape;
        TRY(read_entry(reading, json_element(weights, i), &name, &shape, &needed));
    }
    uint64_t held = 0;
    for (size_t i = 0; i < json_count(paths); i++) {
        char path[FILE_PATH_SIZE];
        uint64_t size;
        TRY(shard_path(reading, json_element(paths, i), path));
        TRY(file_size(path, &size));
        if (size > WEIGHT_FILE_LIMIT - reading->total)
            return fail(OCELLUS_BAD_CONTENT, "%s: size: all shards hold more than the supported %" PRIu64 " bytes",
                        path, WEIGHT_FILE_LIMIT);
        held += size;
        reading->total += size;
    }
    if (held != needed)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: weightsManifest: the shards have the wrong size (expected %zu bytes, got %" PRIu64 ")",
                    reading->json_path, needed, held);
    return OCELLUS_OK;
}

/* The shards of a group as one stream of bytes. */
struct stream {
    const struct reading *reading;
    const json_value *paths;
    size_t next; /* shard */
    unsigned char *bytes;
    size_t size, used;
};

static ocellus_status take(struct stream *stream, unsigned char *out, size_t wanted) {
    while (wanted > 0) {
        if (stream->used == stream->size) {
            char path[FILE_PATH_SIZE];
            /* Sizes were right a moment ago; a shard that shrinks now ends here, one that grows is read no further. */
            if (stream->next == json_count(stream->paths))
                return refuse(stream->reading, "weightsManifest", "a shard shrank while it was read");
            TRY(shard_path(stream->reading, json_element(stream->paths, stream->next++), path));
            free(stream->bytes);
            stream->bytes = NULL;
            TRY(file_read(path, (size_t)stream->reading->total, &stream->bytes, &stream->size));
            stream->used = 0;
        }
        const size_t left = stream->size - stream->used, part = wanted < left ? wanted : left;
        memcpy(out, stream->bytes + stream->used, part);
        stream->used += part;
        out += part;
        wanted -= part;
    }
    return OCELLUS_OK;
}

static ocellus_status read_group(const struct reading *reading, const json_value *group) {
    struct stream stream = {.reading = reading, .paths = json_member(group, "paths")};
    const json_value *weights = json_member(group, "weights");
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < json_count(weights) && status == OCELLUS_OK; i++) {
        const char *name;
        struct shape shape;
        size_t bytes = 0;
        status = read_entry(reading, json_element(weights, i), &name, &shape, &bytes);
        if (status == OCELLUS_OK) status = named_tensors_add(reading->tensors, name, &shape);
        if (status == OCELLUS_OK) {
            float *values = reading->tensors->items[reading->tensors->count - 1].values;
            status = take(&stream, (unsigned char *)values, bytes);
        }
    }
    free(stream.bytes);
    return status;
}

static ocellus_status read_manifest(struct reading *reading, const json_value *json) {
    const char *format;
    if (json_get_text(json_member(json, "format"), &format) && strcmp(format, "layers-model") != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: format: not supported (expected layers-model, got %s)",
                    reading->json_path, format);
    const json_value *manifest = json_member(json, "weightsManifest");
    if (json_type_of(manifest) != JSON_TYPE_LIST || json_count(manifest) == 0)
        return refuse(reading, "weightsManifest", "missing, empty or no list");
    for (size_t i = 0; i < json_count(manifest); i++)
        TRY(check_group(reading, json_element(manifest, i)));
    for (size_t i = 0; i < json_count(manifest); i++)
        TRY(read_group(reading, json_element(manifest, i)));
    return named_tensors_finish(reading->tensors);
}

ocellus_status tfjs_read(const char *path, struct named_tensors *tensors) {
    *tensors = (struct named_tensors){0};
    struct reading reading = {.tensors = tensors};
    TRY(find_paths(&reading, path));
    json_value *json = NULL;
    TRY(json_parse_file(reading.json_path, TFJS_JSON_LIMIT, &json));
    tensors->path = memory_copy_text(reading.json_path);
    const ocellus_status status = tensors->path ? read_manifest(&reading, json) : OCELLUS_IO;
    json_release(json);
    if (status != OCELLUS_OK) named_tensors_free(tensors);
    return status;
}
