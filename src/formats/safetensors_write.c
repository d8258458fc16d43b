/* SPDX-License-Identifier: MIT */
/* Writing safetensors. */
#include "base/files.h"
#include "base/memory.h"
#include "base/text.h"
#include "formats/safetensors.h"

#include <stdlib.h>
#include <string.h>

enum { ALIGNMENT = 8 };

static int by_name(const void *a, const void *b) {
    const struct safetensors_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static bool add_metadata(json_value *header, const struct safetensors_text *metadata, size_t count) {
    json_value *map = json_new_map();
    if (!json_set(header, "__metadata__", map)) return false;
    for (size_t i = 0; i < count; i++) {
        if (!json_set(map, metadata[i].key, json_new_text(metadata[i].value))) return false;
    }
    return true;
}

/* Adds a tensor whose data begins at *offset, and moves *offset to its end. */
static bool add_tensor(json_value *header, const struct safetensors_entry *entry, size_t *offset) {
    json_value *map = json_new_map(), *shape, *offsets;
    if (!json_set(header, entry->name, map) || !json_set(map, "dtype", json_new_text("F32")) ||
        !json_set(map, "shape", shape = json_new_list()) || !json_set(map, "data_offsets", offsets = json_new_list()))
        return false;
    for (size_t i = 0; i < entry->shape->rank; i++) {
        if (!json_append(shape, json_new_integer(entry->shape->dims[i]))) return false;
    }
    const size_t begin = *offset;
    *offset += shape_size(entry->shape) * sizeof(float);
    return json_append(offsets, json_new_integer((int64_t)begin)) &&
           json_append(offsets, json_new_integer((int64_t)*offset));
}

/* The header's text, padded with spaces to the alignment of the data. */
static ocellus_status make_header(const struct safetensors_entry *entries, size_t count,
                                  const struct safetensors_text *metadata, size_t metadata_count, struct text *out) {
    json_value *header = json_new_map();
    bool good = header != NULL && (metadata_count == 0 || add_metadata(header, metadata, metadata_count));
    size_t offset = 0;
    for (size_t i = 0; good && i < count; i++)
        good = add_tensor(header, &entries[i], &offset);
    char *json = good ? json_write(header, 0) : NULL;
    json_release(header);
    if (json) text_append_bytes(out, json, strlen(json));
    free(json);
    text_append(out, "%*s", (int)((ALIGNMENT - out->size % ALIGNMENT) % ALIGNMENT), "");
    return json && !out->failed ? OCELLUS_OK : OCELLUS_IO;
}

static ocellus_status write_data(FILE *stream, const struct safetensors_entry *entries, size_t count,
                                 safetensors_get *get, void *context) {
    size_t largest = 1;
    for (size_t i = 0; i < count; i++) {
        if (shape_size(entries[i].shape) > largest) largest = shape_size(entries[i].shape);
    }
    float *values = memory_allocate(largest, sizeof *values);
    if (!values) return OCELLUS_IO;
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 0; status == OCELLUS_OK && i < count; i++) {
        const size_t size = shape_size(entries[i].shape);
        status = get(context, entries[i].name, values, size);
        if (status == OCELLUS_OK && fwrite(values, sizeof *values, size, stream) != size) break; /* commit tells why */
    }
    memory_free(values);
    return status;
}

static ocellus_status write_file(const char *path, const struct safetensors_entry *entries, size_t count,
                                 const struct text *header, safetensors_get *get, void *context) {
    struct file_writer writer;
    TRY(file_writer_begin(&writer, path));
    const uint64_t length = header->size;
    uint64_t size = sizeof length + header->size;
    for (size_t i = 0; i < count; i++)
        size += shape_size(entries[i].shape) * sizeof(float);
    ocellus_status status = file_writer_reserve(&writer, size);
    if (status == OCELLUS_OK) {
        fwrite(&length, sizeof length, 1, writer.stream); /* commit tells of what could not be written */
        fwrite(header->bytes, 1, header->size, writer.stream);
        status = write_data(writer.stream, entries, count, get, context);
    }
    if (status == OCELLUS_OK) return file_writer_commit(&writer);
    file_writer_discard(&writer);
    return status;
}

ocellus_status safetensors_write(const char *path, const struct safetensors_entry *entries, size_t count,
                                 const struct safetensors_text *metadata, size_t metadata_count, safetensors_get *get,
                                 void *context) {
    if (count > NAMED_TENSORS_MAX)
        return fail(OCELLUS_USAGE, "%s: too many tensors (expected at most %d, got %zu)", path, NAMED_TENSORS_MAX,
                    count);
    struct safetensors_entry *sorted = memory_allocate(count + 1, sizeof *sorted);
    if (!sorted) return OCELLUS_IO;
    if (count > 0) memcpy(sorted, entries, count * sizeof *sorted);
    qsort(sorted, count, sizeof *sorted, by_name);
    ocellus_status status = OCELLUS_OK;
    for (size_t i = 1; i < count && status == OCELLUS_OK; i++) {
        if (strcmp(sorted[i - 1].name, sorted[i].name) == 0)
            status = fail(OCELLUS_USAGE, "%s: %s: two tensors have this name", path, sorted[i].name);
    }
    struct text header = {0};
    if (status == OCELLUS_OK) status = make_header(sorted, count, metadata, metadata_count, &header);
    if (status == OCELLUS_OK) status = write_file(path, sorted, count, &header, get, context);
    text_free(&header);
    memory_free(sorted);
    return status;
}
