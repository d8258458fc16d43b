/* SPDX-License-Identifier: MIT */
/* safetensors: named float32 tensors and text metadata in one file, for models and for checkpoints.
 * Layout: u64 little-endian header size, header (JSON), data. What is accepted is what the format's reference
 * implementation accepts, less: dtypes other than F32, ranks above GRAPH_MAX_RANK, dimensions of 0, duplicate keys,
 * headers above 16 MiB, more than SAFETENSORS_MAX_TENSORS tensors, files above 4 GiB, values that are not finite. */
#ifndef FORMATS_SAFETENSORS_H
#define FORMATS_SAFETENSORS_H

#include "base/status.h"
#include "model/graph.h"

#include <stdbool.h>
#include <stddef.h>

enum { SAFETENSORS_MAX_TENSORS = 65536, SAFETENSORS_NAME_SIZE = 256 };

/* A whole file in memory, validated. */
struct safetensors;

struct safetensors_tensor {
    const char *name;
    struct shape shape;  /* as in the file; rank 0 is one value */
    const float *values; /* shape_size(&shape) of them */
};

/* Reads and validates; OCELLUS_BAD_CONTENT says "PATH: TENSOR: FIELD: what", and of a file of another format what it is. `allow_nonfinite` lets NaN and infinities
 * pass, which are else refused by tensor and index. Free with safetensors_free(). */
ocellus_status safetensors_read(const char *path, bool allow_nonfinite, struct safetensors **file);
void safetensors_free(struct safetensors *file); /* NULL is accepted */

/* All pointers got from a file live as long as the file. Tensors are in byte order of their names. */
const char *safetensors_path(const struct safetensors *file);
size_t safetensors_count(const struct safetensors *file);
const struct safetensors_tensor *safetensors_at(const struct safetensors *file, size_t index);
const struct safetensors_tensor *safetensors_find(const struct safetensors *file, const char *name); /* or NULL */
const char *safetensors_metadata(const struct safetensors *file, const char *key);                   /* or NULL */

/* What the writer is told of a tensor; its values are asked for when their turn comes, so that a file much larger than
 * any one tensor needs no copy in memory. */
struct safetensors_entry {
    const char *name;
    const struct shape *shape;
};
struct safetensors_text {
    const char *key, *value;
};

/* Copies the `count` values of a tensor; made so that a one-line wrapper of engine_get() serves. */
typedef ocellus_status safetensors_get(void *context, const char *name, float *values, size_t count);

/* Replaces `path` by a new file or leaves it as it was (base/files.h). Tensors are written in byte order of their names
 * (OCELLUS_USAGE when two are equal), the header padded with spaces so that the data is aligned to 8 bytes; the same
 * arguments give the same bytes. */
ocellus_status safetensors_write(const char *path, const struct safetensors_entry *entries, size_t count,
                                 const struct safetensors_text *metadata, size_t metadata_count, safetensors_get *get,
                                 void *context);

#endif
