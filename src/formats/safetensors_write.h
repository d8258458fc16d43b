/* SPDX-License-Identifier: MIT */
/* Safetensors files, written. */
#ifndef FORMATS_SAFETENSORS_WRITE_H
#define FORMATS_SAFETENSORS_WRITE_H

#include "base/status.h"
#include "model/shape.h"

#include <stddef.h>

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
