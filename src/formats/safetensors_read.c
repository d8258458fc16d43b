/* SPDX-License-Identifier: MIT */
/* Reading safetensors. The file is read whole; its header is checked against its true size before anything is
 * believed. */
#include "base/file_kind.h"
#include "base/files.h"
#include "base/json_parse.h"
#include "base/memory.h"
#include "base/sizes.h"
#include "formats/half.h"
#include "formats/safetensors.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "tensor files are little-endian and used as they are"
#endif

enum { LENGTH_SIZE = 8, HEADER_LIMIT = 16 << 20 };

/* What values may be in a file. */
enum dtype { DTYPE_F32, DTYPE_F16, DTYPE_BF16, DTYPE_F64, DTYPES };
static const struct {
    const char *name;
    size_t size;
} dtypes[DTYPES] = {
    [DTYPE_F32] = {"F32", 4}, [DTYPE_F16] = {"F16", 2}, [DTYPE_BF16] = {"BF16", 2}, [DTYPE_F64] = {"F64", 8}};

/* A tensor as the header tells of it. */
struct place {
    const char *name;
    struct shape shape;
    enum dtype dtype;
    size_t begin, end; /* bytes in the data */
};

struct reading {
    const char *path;
    struct safetensors *file;
    size_t data_size; /* the data lies at the start of file->tensors.bytes */
    struct place *places;
    size_t count;
};

void safetensors_free(struct safetensors *file) {
    if (!file) return;
    json_release(file->header);
    named_tensors_free(&file->tensors);
    memory_free(file);
}

const char *safetensors_metadata(const struct safetensors *file, const char *key) {
    const char *value;
    return json_get_text(json_member(json_member(file->header, "__metadata__"), key), &value) ? value : NULL;
}

static ocellus_status check_text(void *context, const char *key, const json_value *value) {
    const struct reading *reading = context;
    if (json_type_of(value) == JSON_TYPE_TEXT) return OCELLUS_OK;
    return fail(OCELLUS_BAD_CONTENT, "%s: __metadata__: %s: no text", reading->path, key);
}

static ocellus_status read_shape(const struct reading *reading, const char *name, const json_value *list,
                                 struct shape *shape) {
    if (json_type_of(list) != JSON_TYPE_LIST)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: missing or no list", reading->path, name);
    if (json_count(list) > GRAPH_MAX_RANK)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: too many dimensions (expected at most %d, got %zu)",
                    reading->path, name, GRAPH_MAX_RANK, json_count(list));
    shape->rank = json_count(list);
    for (size_t i = 0; i < shape->rank; i++) {
        if (!json_get_integer(json_element(list, i), &shape->dims[i]) || shape->dims[i] < 1)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: dimension %zu is no whole number above 0", reading->path,
                        name, i);
    }
    return OCELLUS_OK;
}

static ocellus_status read_offsets(const struct reading *reading, const char *name, const json_value *list,
                                   struct place *place) {
    int64_t begin, end;
    if (json_type_of(list) != JSON_TYPE_LIST || json_count(list) != 2 ||
        !json_get_integer(json_element(list, 0), &begin) || !json_get_integer(json_element(list, 1), &end))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: data_offsets: unfit (expected [begin, end])", reading->path, name);
    if (begin < 0 || end < begin || (uint64_t)end > reading->data_size)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: %s: data_offsets: out of range (expected 0 to %zu, got %" PRId64 " to %" PRId64 ")",
                    reading->path, name, reading->data_size, begin, end);
    size_t bytes;
    const struct shape *shape = &place->shape;
    if (!size_product(shape->dims, shape->rank, &bytes) || !size_multiply(bytes, dtypes[place->dtype].size, &bytes))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: shape: more values than there can be", reading->path, name);
    if (bytes != (size_t)(end - begin))
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: %s: data_offsets: do not fit the shape (expected %zu bytes, got %" PRId64 ")", reading->path,
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
    struct reading *reading = context;
    if (strcmp(name, "__metadata__") == 0) {
        if (json_type_of(value) != JSON_TYPE_MAP)
            return fail(OCELLUS_BAD_CONTENT, "%s: __metadata__: no map of texts", reading->path);
        return json_each_member(value, check_text, reading);
    }
    if (!*name || strlen(name) >= TENSOR_NAME_SIZE)
        return fail(OCELLUS_BAD_CONTENT, "%s: %.100s: name: wrong length (expected 1 to %d bytes, got %zu)",
                    reading->path, name, TENSOR_NAME_SIZE - 1, strlen(name));
    if (json_type_of(value) != JSON_TYPE_MAP) return fail(OCELLUS_BAD_CONTENT, "%s: %s: no map", reading->path, name);
    TRY(json_each_member(value, refuse_unknown, (const char *[]){reading->path, name}));
    const char *dtype;
    if (!json_get_text(json_member(value, "dtype"), &dtype))
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: dtype: missing or no text", reading->path, name);
    struct place *place = &reading->places[reading->count];
    place->name = name;
    while (place->dtype < DTYPES && strcmp(dtypes[place->dtype].name, dtype) != 0)
        place->dtype++;
    if (place->dtype == DTYPES)
        return fail(OCELLUS_BAD_CONTENT, "%s: %s: dtype: not supported (expected F32, F16, BF16 or F64, got %s)",
                    reading->path, name, dtype);
    TRY(read_shape(reading, name, json_member(value, "shape"), &place->shape));
    TRY(read_offsets(reading, name, json_member(value, "data_offsets"), place));
    reading->count++;
    return OCELLUS_OK;
}

static int by_offset(const void *a, const void *b) {
    const struct place *x = a, *y = b;
    return (x->begin > y->begin) - (x->begin < y->begin);
}

/* The tensors cover the data from its first byte to its last, without holes or overlaps. */
static ocellus_status check_cover(struct reading *reading) {
    if (reading->count > 1) qsort(reading->places, reading->count, sizeof *reading->places, by_offset);
    size_t covered = 0;
    for (size_t i = 0; i < reading->count; i++) {
        const struct place *place = &reading->places[i];
        if (place->begin != covered)
            return fail(OCELLUS_BAD_CONTENT, "%s: %s: data_offsets: %s (expected to begin at %zu, got %zu)",
                        reading->path, place->name, place->begin < covered ? "overlap" : "leave a hole", covered,
                        place->begin);
        covered = place->end;
    }
    if (covered != reading->data_size)
        return fail(OCELLUS_BAD_CONTENT, "%s: data: wrong size (expected %zu bytes, got %zu)", reading->path, covered,
                    reading->data_size);
    return OCELLUS_OK;
}

static void convert(const unsigned char *src, enum dtype dtype, float *dst, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint16_t half;
        double wide;
        switch (dtype) {
        case DTYPE_F16:
        case DTYPE_BF16:
            memcpy(&half, src + i * sizeof half, sizeof half);
            dst[i] = dtype == DTYPE_F16 ? half_to_float(half) : bfloat16_to_float(half);
            break;
        case DTYPE_F64:
            memcpy(&wide, src + i * sizeof wide, sizeof wide);
            dst[i] = (float)wide;
            break;
        default: /* F32, after values of 2 bytes */
            memcpy(&dst[i], src + i * sizeof *dst, sizeof *dst);
        }
    }
}

/* float32 values are used where they lie. */
static ocellus_status add_tensor(struct named_tensors *tensors, const struct place *place) {
    unsigned char *src = tensors->bytes + place->begin;
    if (place->dtype == DTYPE_F32 && place->begin % sizeof(float) == 0)
        return named_tensors_lend(tensors, place->name, &place->shape, (float *)(void *)src);
    TRY(named_tensors_add(tensors, place->name, &place->shape));
    struct named_tensor *tensor = &tensors->items[tensors->count - 1];
    snprintf(tensor->type, sizeof tensor->type, "%s", dtypes[place->dtype].name);
    convert(src, place->dtype, tensor->values, shape_size(&place->shape));
    return OCELLUS_OK;
}

/* Splits the file's bytes into header and data. */
static ocellus_status read_header(struct reading *reading, size_t size) {
    unsigned char *bytes = reading->file->tensors.bytes;
    uint64_t length;
    if (size < LENGTH_SIZE)
        return fail(OCELLUS_BAD_CONTENT, "%s: too short for a safetensors file (%zu bytes)", reading->path, size);
    memcpy(&length, bytes, LENGTH_SIZE);
    if (length > HEADER_LIMIT)
        return fail(OCELLUS_BAD_CONTENT, "%s: header size: too large (expected at most %d, got %" PRIu64 "%s)",
                    reading->path, HEADER_LIMIT, length,
                    __builtin_bswap64(length) <= size ? "; are its bytes swapped?" : "");
    if (length > size - LENGTH_SIZE)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: header size: larger than the file (expected at most %zu, got %" PRIu64 ")", reading->path,
                    size - LENGTH_SIZE, length);
    const char *text = (const char *)bytes + LENGTH_SIZE;
    if (length == 0 || *text != '{')
        return fail(OCELLUS_BAD_CONTENT, "%s: header: does not begin with {", reading->path);
    TRY(json_parse(text, (size_t)length, reading->path, &reading->file->header));
    if (json_type_of(reading->file->header) != JSON_TYPE_MAP)
        return fail(OCELLUS_BAD_CONTENT, "%s: header: no map", reading->path);
    reading->data_size = size - LENGTH_SIZE - (size_t)length;
    /* Moved to the front, the data is aligned whatever the header's length. */
    memmove(bytes, bytes + LENGTH_SIZE + length, reading->data_size);
    return OCELLUS_OK;
}

static ocellus_status read_all(struct reading *reading, size_t size, bool allow_nonfinite) {
    struct named_tensors *tensors = &reading->file->tensors;
    if (!(tensors->path = memory_copy_text(reading->path))) return OCELLUS_IO;
    TRY(read_header(reading, size));
    const size_t members = json_count(reading->file->header);
    if (members > NAMED_TENSORS_MAX)
        return fail(OCELLUS_BAD_CONTENT, "%s: header: too many tensors (expected at most %d, got %zu)", reading->path,
                    NAMED_TENSORS_MAX, members);
    if (!(reading->places = memory_allocate(members + 1, sizeof *reading->places))) return OCELLUS_IO;
    TRY(json_each_member(reading->file->header, read_member, reading));
    TRY(check_cover(reading));
    for (size_t i = 0; i < reading->count; i++)
        TRY(add_tensor(tensors, &reading->places[i]));
    return named_tensors_finish(tensors, allow_nonfinite);
}

ocellus_status safetensors_parse(const char *path, unsigned char *bytes, size_t size, bool allow_nonfinite,
                                 struct safetensors **file) {
    struct safetensors *made = memory_allocate(1, sizeof *made);
    if (!made) {
        free(bytes);
        return OCELLUS_IO;
    }
    made->tensors.bytes = bytes;
    struct reading reading = {.path = path, .file = made};
    const ocellus_status status = read_all(&reading, size, allow_nonfinite);
    memory_free(reading.places);
    if (status == OCELLUS_OK) *file = made;
    else safetensors_free(made);
    return status;
}

static ocellus_status judge(void *context, const unsigned char *start, size_t size, size_t *limit) {
    (void)limit;
    const struct file_kind kind = file_kind_of(start, size);
    if (kind.format == FILE_FORMAT_SAFETENSORS || kind.format == FILE_FORMAT_UNKNOWN) return OCELLUS_OK;
    return file_kind_refuse(context, &kind, "a safetensors file");
}

ocellus_status safetensors_read(const char *path, bool allow_nonfinite, struct safetensors **file) {
    unsigned char *bytes;
    size_t size;
    TRY(file_read_judged(path, WEIGHT_FILE_LIMIT, judge, (void *)path, &bytes, &size));
    return safetensors_parse(path, bytes, size, allow_nonfinite, file);
}
