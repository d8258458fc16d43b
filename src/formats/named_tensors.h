/* SPDX-License-Identifier: MIT */
/* Named float32 tensors read from a file, whatever its format: what every reader here gives, and match.h puts into a graph's
 * parameters. */
#ifndef FORMATS_NAMED_TENSORS_H
#define FORMATS_NAMED_TENSORS_H

#include "base/status.h"
#include "model/graph.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NAMED_TENSORS_MAX = 65536, TENSOR_NAME_SIZE = 256 };
#define WEIGHT_FILE_LIMIT ((size_t)4 << 30) /* bytes of all files together */

struct named_tensor {
    char name[TENSOR_NAME_SIZE]; /* as in the file */
    struct shape shape;          /* rank 0 is one value */
    float *values;               /* shape_size() of them */
    bool lent;                   /* they lie in the set's bytes */
    char type[8];                /* of the values in the file: "F32", "F16", "BF16", "F64", "U8", "U16" */
    size_t place;                /* in the order in which they were added */
};

/* Start with {0}; free with named_tensors_free(). */
struct named_tensors {
    char *path; /* of the file, for messages */
    struct named_tensor *items;
    size_t count, capacity;
    unsigned char *bytes; /* the file's, where values are used as they lie there; from malloc() */
    bool ordered; /* places are those of a network's layers: a file without that order cannot be matched by it */
};
void named_tensors_free(struct named_tensors *tensors);

/* Checks a name and a shape that a file gives: 1 to TENSOR_NAME_SIZE - 1 bytes; dimensions of at least 1, values that
 * can be counted. *bytes gets the size of the values. OCELLUS_BAD_CONTENT names `path`. */
ocellus_status named_tensor_check(const char *path, const char *name, const struct shape *shape, size_t *bytes);
/* Appends a tensor whose name and shape were checked and allocates its values: only for what the file was seen to hold. */
ocellus_status named_tensors_add(struct named_tensors *tensors, const char *name, const struct shape *shape);
/* The same with values that lie in the set's bytes. */
ocellus_status named_tensors_lend(struct named_tensors *tensors, const char *name, const struct shape *shape,
                                  float *values);
/* Sorts by name when all are there, and refuses a name given twice and, unless `allow_nonfinite`, values that are not
 * finite. */
ocellus_status named_tensors_finish(struct named_tensors *tensors, bool allow_nonfinite);
/* NULL when there is none; of a finished set. */
const struct named_tensor *named_tensors_find(const struct named_tensors *tensors, const char *name);

#endif
