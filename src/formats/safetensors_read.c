/* SPDX-License-Identifier: MIT */
/* Reading safetensors. The file is read whole; its header is checked against its true size before anything is
 * believed. */
#include "base/file_kind.h"
#include "base/files.h"
#include "base/json_parse.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "base/text.h"
#include "formats/safetensors.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensor files are little-endian and used as they are"
#endif

enum { LENGTH_SIZE = 8, HEADER_LIMIT = 16 << 20 };
#define FILE_LIMIT ((size_t)4 << 30)

struct place {
    struct safetensors_tensor tensor; /* first, so that an array of places is searched by name */
    size_t begin, end;                /* bytes in the data */
};

struct safetensors {
    char *path;
    json_value *header; /* owns names and metadata */
    unsigned char *data;
    size_t data_size;
    struct place *places; /* by name */
    size_t count;
};

void safetensors_free(struct safetensors *file) {
    if (!file) return;
    json_release(file->header);
    free(file->data);
    memory_free(file->places);
    memory_free(file->path);
    memory_free(file);
}

const char *safetensors_path(const struct safetensors *file) {
    return file->path;
}
size_t safetensors_count(const struct safetensors *file) {
    return file->count;
}
const struct safetensors_tensor *safetensors_at(const struct safetensors *file, size_t index) {
    return &file->places[index].tensor;
}

static int by_name(const void *a, const void *b) {
    const struct safetensors_tensor *x = a, *y = b;
    return strcmp(x->name, y->name);
}

const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name) {
    const struct place wanted = {.tensor = {.name = name}};
    return bsearch(&wanted, file->places, file->count, sizeof wanted, by_name);
}

const char *safetensors_metadata(const struct safetensors *file, const char *key) {
    const char *value;
    return json_get_text(json_member(json_member(file->header, "__metadata__"), key), &value) ? value : NULL;
}

static ocellus_status check_text(void *context, const char *key, const json_value *value) {
    const struct safetensors *file = context;
    if (json_type_of(value) == JSON_TYPE_TEXT) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: __metadata__: %s: no text", file->path, key);
}

static ocellus_status read_shape(const struct safetensors *file, const char *name, const json_value *list,
                                 struct shape *shape) {
    if (json_type_of(list) != JSON_TYPE_LIST)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: missing or no list", file->path, name);
    if (json_count(list) > GRAPH_MAX_RANK)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: too many dimensions (expected at most %d, got %zu)",
                    file->path, name, GRAPH_MAX_RANK, json_count(list));
    shape->rank = json_count(list);
    for (size_t i = 0; i < shape->rank; i++) {
        if (!json_get_integer(json_element(list, i), &shape->dims[i]) || shape->dims[i] < 1)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: dimension %zu is no whole number above 0", file->path,
                        name, i);
    }
    return OCELLUS_OK;
}

static ocellus_status read_offsets(const struct safetensors *file, const char *name, const json_value *list,
                                   struct place *place) {
    int64_t begin, end;
    if (json_type_of(list) != JSON_TYPE_LIST || json_count(list) != 2 ||
        !json_get_integer(json_element(list, 0), &begin) || !json_get_integer(json_element(list, 1), &end))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: data_offsets: unfit (expected [begin, end])", file->path, name);
    if (begin < 0 || end < begin || (uint64_t)end > file->data_size)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: %s: data_offsets: out of range (expected 0 to %zu, got %" PRId64 " to %" PRId64 ")",
                    file->path, name, file->data_size, begin, end);
    size_t bytes;
    const struct shape *shape = &place->tensor.shape;
    if (!size_product(shape->dims, shape->rank, &bytes) || !size_multiply(bytes, sizeof(float), &bytes))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: more values than there can be", file->path, name);
    if (bytes != (size_t)(end - begin))
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: %s: data_offsets: do not fit the shape (expected %zu bytes, got %" PRId64 ")", file->path,
                    name, bytes, end - begin);
    place->begin = (size_t)begin;
    place->end = (size_t)end;
    return OCELLUS_OK;
}

static ocellus_status refuse_unknown(void *context, const char *key, const json_value *value) {
    (void)value;
    const char *const *where = context; /* path, tensor */
    if (strcmp(key, "dtype") == 0 || strcmp(key, "shape") == 0 || strcmp(key, "data_offsets") == 0) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: %s: %s: unknown member (expected dtype, shape and data_offsets)", where[0],
                where[1], key);
}

static ocellus_status read_member(void *context, const char *name, const json_value *value) {
    struct safetensors *file = context;
    if (strcmp(name, "__metadata__") == 0) {
        if (json_type_of(value) != JSON_TYPE_MAP)
            return fail(OCELLUS_BAD_CONTENT, "%s: __metadata__: no map of texts", file->path);
        return json_each_member(value, check_text, file);
    }
    if (!*name || strlen(name) >= SAFETENSORS_NAME_SIZE)
        return fail(OCELLUS_BAD_CONTENT, "%s: %.100s: name: wrong length (expected 1 to %d bytes, got %zu)", file->path,
                    name, SAFETENSORS_NAME_SIZE - 1, strlen(name));
    if (json_type_of(value) != JSON_TYPE_MAP) return fail(OCELLUS_BAD_CONTENT, "%s: %s: no map", file->path, name);
    TRY(json_each_member(value, refuse_unknown, (const char *[]){file->path, name}));
    const char *dtype;
    if (!json_get_text(json_member(value, "dtype"), &dtype))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: dtype: missing or no text", file->path, name);
    if (strcmp(dtype, "F32") != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: dtype: not supported (expected F32, got %s)", file->path, name,
                    dtype);
    struct place *place = &file->places[file->count];
    place->tensor.name = name;
    TRY(read_shape(file, name, json_member(value, "shape"), &place->tensor.shape));
    TRY(read_offsets(file, name, json_member(value, "data_offsets"), place));
    file->count++;
    return OCELLUS_OK;
}

static int by_offset(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* The tensors cover the data from its first byte to its last, without holes or overlaps. */
static ocellus_status check_cover(struct safetensors *file) {
    qsort(file->places, file->count, sizeof *file->places, by_offset);
    size_t covered = 0;
    for (size_t i = 0; i < file->count; i++) {
        const struct place *place = &file->places[i];
        if (place->begin != covered)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: data_offsets: %s (expected to begin at %zu, got %zu)", file->path,
                        place->tensor.name, place->begin < covered ? "overlap" : "leave a hole", covered, place->begin);
        covered = place->end;
    }
    if (covered != file->data_size)
        return fail(OCELLUS_BAD_CONTENT, "%s: data: wrong size (expected %zu bytes, got %zu)", file->path, covered,
                    file->data_size);
    return OCELLUS_OK;
}

static ocellus_status check_finite(const struct safetensors *file) {
    for (size_t i = 0; i < file->count; i++) {
        const struct safetensors_tensor *tensor = &file->places[i].tensor;
        const size_t count = shape_size(&tensor->shape);
        for (size_t k = 0; k < count; k++) {
            if (!isfinite(tensor->values[k]))
                return fail(OCELLUS_BAD_CONTENT, "%s: %s: value %zu is %s", file->path, tensor->name, k,
                            isnan(tensor->values[k]) ? "not a number" : "infinite");
        }
    }
    return OCELLUS_OK;
}

/* Splits the file's bytes into header and data. */
static ocellus_status read_header(struct safetensors *file, size_t size) {
    uint64_t length;
    if (size < LENGTH_SIZE)
        return fail(OCELLUS_BAD_CONTENT, "%s: too short for a safetensors file (%zu bytes)", file->path, size);
    memcpy(&length, file->data, LENGTH_SIZE);
    if (length > HEADER_LIMIT)
        return fail(OCELLUS_BAD_CONTENT, "%s: header size: too large (expected at most %d, got %" PRIu64 "%s)",
                    file->path, HEADER_LIMIT, length,
                    __builtin_bswap64(length) <= size ? "; are its bytes swapped?" : "");
    if (length > size - LENGTH_SIZE)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: header size: larger than the file (expected at most %zu, got %" PRIu64 ")", file->path,
                    size - LENGTH_SIZE, length);
    const char *text = (const char *)file->data + LENGTH_SIZE;
    if (length == 0 || *text != '{') return fail(OCELLUS_BAD_CONTENT, "%s: header: does not begin with {", file->path);
    TRY(json_parse(text, (size_t)length, file->path, &file->header));
    if (json_type_of(file->header) != JSON_TYPE_MAP) return fail(OCELLUS_BAD_CONTENT, "%s: header: no map", file->path);
    file->data_size = size - LENGTH_SIZE - (size_t)length;
    /* Moved to the front, the data is aligned whatever the header's length. */
    memmove(file->data, file->data + LENGTH_SIZE + length, file->data_size);
    return OCELLUS_OK;
}

static ocellus_status read_all(struct safetensors *file, const char *path, bool allow_nonfinite) {
    size_t size;
    struct file_kind kind;
    if (!(file->path = memory_copy_text(path))) return OCELLUS_IO;
    TRY(file_kind_read(path, &kind));
    if (kind.format != FILE_FORMAT_SAFETENSORS && kind.format != FILE_FORMAT_UNKNOWN)
        return file_kind_refuse(path, &kind, "a safetensors file");
    TRY(file_read(path, FILE_LIMIT, &file->data, &size));
    TRY(read_header(file, size));
    const size_t members = json_count(file->header);
    if (members > SAFETENSORS_MAX_TENSORS)
        return fail(OCELLUS_BAD_CONTENT, "%s: header: too many tensors (expected at most %d, got %zu)", path,
                    SAFETENSORS_MAX_TENSORS, members);
    if (!(file->places = memory_allocate(members + 1, sizeof *file->places))) return OCELLUS_IO;
    TRY(json_each_member(file->header, read_member, file));
    TRY(check_cover(file));
    for (size_t i = 0; i < file->count; i++)
        file->places[i].tensor.values = (const float *)(const void *)(file->data + file->places[i].begin);
    qsort(file->places, file->count, sizeof *file->places, by_name);
    return allow_nonfinite ? OCELLUS_OK : check_finite(file);
}

ocellus_status safetensors_read(const char *path, bool allow_nonfinite, struct safetensors **file) {
    struct safetensors *made = memory_allocate(1, sizeof *made);
    if (!made) return OCELLUS_IO;
    const ocellus_status status = read_all(made, path, allow_nonfinite);
    if (status == OCELLUS_OK) *file = made;
    else safetensors_free(made);
    return status;
}
