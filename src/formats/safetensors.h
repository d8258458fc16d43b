/* SPDX-License-Identifier: MIT */
/* safetensors: named tensors and text metadata in one file, for models and for checkpoints.
 * Layout: u64 little-endian header size, header (JSON), data. What is accepted is what the format's reference
 * implementation accepts, less: dtypes other than F32, F16, BF16 and F64 (all become float32), ranks above GRAPH_MAX_RANK,
 * dimensions of 0, duplicate keys, headers above 16 MiB, more than NAMED_TENSORS_MAX tensors, files above 4 GiB, values that
 * are not finite. */
#ifndef FORMATS_SAFETENSORS_H
#define FORMATS_SAFETENSORS_H

#include "base/json.h"
#include "base/status.h"
#include "formats/named_tensors.h"
#include "model/graph.h"

#include <stdbool.h>
#include <stddef.h>

/* A whole file in memory, validated. */
struct safetensors {
    struct named_tensors tensors; /* in byte order of their names */
    json_value *header;           /* owns the metadata's texts */
};

/* Reads and validates; OCELLUS_BAD_CONTENT says "PATH: TENSOR: FIELD: what", and of a file of another format what it is.
 * `allow_nonfinite` lets NaN and infinities pass, which are else refused by tensor and index. Free with safetensors_free(). */
ocellus_status safetensors_read(const char *path, bool allow_nonfinite, struct safetensors **file);
void safetensors_free(struct safetensors *file); /* NULL is accepted */
/* The same of bytes that were read; from malloc(), they are taken over in any case. */
ocellus_status safetensors_parse(const char *path, unsigned char *bytes, size_t size, bool allow_nonfinite,
                                 struct safetensors **file);
const char *safetensors_metadata(const struct safetensors *file,
                                 const char *key); /* or NULL; lives as long as the file */

#endif
