/* SPDX-License-Identifier: MIT */
/* Named float32 tensors read from a weight file, whatever its format: what tfjs.h and keras_hdf5.h give and weights_file.h
 * puts into a graph's parameters. */
#ifndef FORMATS_NAMED_TENSORS_H
#define FORMATS_NAMED_TENSORS_H

#include "base/status.h"
#include "model/graph.h"

#include <stddef.h>
#include <stdint.h>

enum { NAMED_TENSORS_MAX = 65536, TENSOR_NAME_SIZE = 256 };
#define WEIGHT_FILE_LIMIT ((uint64_t)4 << 30) /* bytes of all files together */

struct named_tensor {
    char name[TENSOR_NAME_SIZE]; /* as in the file, "LAYER/ROLE" */
    struct shape shape;          /* rank 0 is one value */
    float *values;               /* shape_size() of them, owned */
};

/* Start with {0}; free with named_tensors_free(). */
struct named_tensors {
    char *path; /* of the file, for messages */
    struct named_tensor *items;
    size_t count, capacity;
};
void named_tensors_free(struct named_tensors *tensors);

/* Checks a name and a shape that a file gives: 1 to TENSOR_NAME_SIZE - 1 bytes; dimensions of at least 1, values that
 * can be counted. *bytes gets the size of the values. OCELLUS_BAD_CONTENT names `path`. */
ocellus_status named_tensor_check(const char *path, const char *name, const struct shape *shape, size_t *bytes);
/* Appends a tensor whose name and shape were checked and allocates its values: only for what the file was seen to hold. */
ocellus_status named_tensors_add(struct named_tensors *tensors, const char *name, const struct shape *shape);
/* Sorts by name when all are there, and refuses a name given twice and values that are not finite. */
ocellus_status named_tensors_finish(struct named_tensors *tensors);

#endif
