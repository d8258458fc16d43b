/* SPDX-License-Identifier: MIT */
#include "formats/tfjs.h"

#include "base/files.h"
#include "base/folders.h"
#include "base/json.h"
#include "base/json_parse.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "formats/half.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "shards are little-endian and used as they are"
#endif

/* How the values of a tensor lie in the shards. */
enum packing { PACKING_FLOAT32, PACKING_FLOAT16, PACKING_UINT8, PACKING_UINT16, PACKINGS };
static const struct {
    const char *name, *type;
    size_t size;
} packings[PACKINGS] = {[PACKING_FLOAT32] = {"float32", "F32", 4},
                        [PACKING_FLOAT16] = {"float16", "F16", 2},
                        [PACKING_UINT8] = {"uint8", "U8", 1},
                        [PACKING_UINT16] = {"uint16", "U16", 2}};

/* A tensor of the manifest. */
struct entry {
    const char *name;
    struct shape shape;
    enum packing packing;
    double min, scale; /* of UINT8 and UINT16 */
    size_t bytes;      /* in the shards */
};

struct reading {
    const char *json_path;
    char folder[FILE_PATH_SIZE];
    uint64_t total;     /* bytes of the shards of all groups looked at */
    size_t shard_count; /* of all groups */
    size_t values;      /* bytes in memory of the tensors of all groups looked at */
    struct named_tensors *tensors;
};

static ocellus_status refuse(const struct reading *reading, const char *field, const char *what) {
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s", reading->json_path, field, what);
}

static ocellus_status find_folder(struct reading *reading) {
    TRY(path_join(reading->folder, "", reading->json_path));
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
    char *folder = realpath(reading->folder, NULL), *file = folder ? realpath(out, NULL) : NULL;
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

static ocellus_status read_quantization(const struct reading *reading, const json_value *quantization,
                                        struct entry *entry) {
    const char *dtype;
    if (!json_get_text(json_member(quantization, "dtype"), &dtype))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: quantization: dtype: missing or no text", reading->json_path,
                    entry->name);
    for (entry->packing = PACKING_FLOAT16; entry->packing < PACKINGS; entry->packing++)
        if (strcmp(packings[entry->packing].name, dtype) == 0) break;
    if (entry->packing == PACKINGS)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: %s: quantization: dtype: not supported (expected uint8, uint16 or float16, got %s)",
                    reading->json_path, entry->name, dtype);
    if (entry->packing == PACKING_FLOAT16) return OCELLUS_OK;
    if (!json_get_real(json_member(quantization, "min"), &entry->min) ||
        !json_get_real(json_member(quantization, "scale"), &entry->scale) || !isfinite(entry->min) ||
        !isfinite(entry->scale) || entry->scale < 0)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: %s: quantization: min and scale: no numbers (expected a scale of 0 or more)",
                    reading->json_path, entry->name);
    return OCELLUS_OK;
}

/* The place in a packed shard and the size in memory, whose sum over all tensors so far is in *total. */
static ocellus_status read_entry(const struct reading *reading, const json_value *json, struct entry *entry,
                                 size_t *total) {
    const char *dtype;
    *entry = (struct entry){0};
    if (!json_get_text(json_member(json, "name"), &entry->name))
        return refuse(reading, "weightsManifest: weights", "a tensor without a name");
    if (!json_get_text(json_member(json, "dtype"), &dtype))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: dtype: missing or no text", reading->json_path, entry->name);
    if (strcmp(dtype, "float32") != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: dtype: not supported (expected float32, got %s)", reading->json_path,
                    entry->name, dtype);
    const json_value *quantization = json_member(json, "quantization");
    if (quantization) TRY(read_quantization(reading, quantization, entry));
    TRY(read_shape(reading, entry->name, json_member(json, "shape"), &entry->shape));
    size_t size;
    TRY(named_tensor_check(reading->json_path, entry->name, &entry->shape, &size));
    entry->bytes = size / sizeof(float) * packings[entry->packing].size;
    if (!size_add(*total, size, total) || *total > WEIGHT_FILE_LIMIT)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: more than the supported %zu bytes", reading->json_path,
                    entry->name, WEIGHT_FILE_LIMIT);
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
        struct entry entry;
        TRY(read_entry(reading, json_element(weights, i), &entry, &reading->values));
        needed += entry.bytes;
    }
    uint64_t held = 0;
    for (size_t i = 0; i < json_count(paths); i++) {
        char path[FILE_PATH_SIZE];
        uint64_t size;
        TRY(shard_path(reading, json_element(paths, i), path));
        TRY(file_size(path, &size));
        if (size > WEIGHT_FILE_LIMIT - reading->total)
            return fail(OCELLUS_BAD_CONTENT, "%s: size: all shards hold more than the supported %zu bytes", path,
                        WEIGHT_FILE_LIMIT);
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

/* Values of whatever packing, taken in pieces. */
static ocellus_status take_values(struct stream *stream, const struct entry *entry, float *values) {
    enum { PIECE = 1024 };
    if (entry->packing == PACKING_FLOAT32) return take(stream, (unsigned char *)values, entry->bytes);
    const size_t count = shape_size(&entry->shape), size = packings[entry->packing].size;
    for (size_t done = 0; done < count;) {
        unsigned char bytes[PIECE * 2];
        const size_t n = count - done < PIECE ? count - done : PIECE;
        TRY(take(stream, bytes, n * size));
        for (size_t i = 0; i < n; i++) {
            uint16_t number = bytes[i];
            if (size == 2) memcpy(&number, bytes + 2 * i, sizeof number);
            values[done + i] =
                entry->packing == PACKING_FLOAT16 ? half_to_float(number) : (float)(number * entry->scale + entry->min);
        }
        done += n;
    }
    return OCELLUS_OK;
}

static ocellus_status read_group(const struct reading *reading, const json_value *group) {
    struct stream stream = {.reading = reading, .paths = json_member(group, "paths")};
    const json_value *weights = json_member(group, "weights");
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; i < json_count(weights) && status == OCELLUS_OK; i++) {
        struct entry entry;
        size_t total = 0;
        status = read_entry(reading, json_element(weights, i), &entry, &total);
        if (status == OCELLUS_OK) status = named_tensors_add(reading->tensors, entry.name, &entry.shape);
        if (status != OCELLUS_OK) break;
        struct named_tensor *tensor = &reading->tensors->items[reading->tensors->count - 1];
        snprintf(tensor->type, sizeof tensor->type, "%s", packings[entry.packing].type);
        status = take_values(&stream, &entry, tensor->values);
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
    reading->tensors->ordered = true;
    return named_tensors_finish(reading->tensors, false);
}

static ocellus_status read_topology(const struct reading *reading, const json_value *json, struct network_file *file) {
    const json_value *topology = json_member(json, "modelTopology");
    if (topology) return network_file_set_graph(file, reading->json_path, topology);
    return network_file_no_graph(file, fail(OCELLUS_BAD_CONTENT,
                                            "%s: modelTopology: missing: weights without a network; train --weights "
                                            "takes them",
                                            reading->json_path));
}

ocellus_status tfjs_read(struct file_content *content, struct network_file *file) {
    struct reading reading = {.json_path = content->path, .tensors = &file->tensors};
    TRY(find_folder(&reading));
    json_value *json = NULL;
    TRY(json_parse((const char *)content->bytes, content->size, content->path, &json));
    file->tensors.path = memory_copy_text(content->path);
    ocellus_status status = file->tensors.path ? read_manifest(&reading, json) : OCELLUS_IO;
    if (status == OCELLUS_OK) status = read_topology(&reading, json, file);
    json_release(json);
    return status;
}
