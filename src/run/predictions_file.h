/* SPDX-License-Identifier: MIT */
/* predictions.csv, which evaluate leaves in the run folder, written and read. */
#ifndef RUN_PREDICTIONS_FILE_H
#define RUN_PREDICTIONS_FILE_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* A row of predictions.csv. */
struct prediction {
    size_t index; /* of the image in its split */
    int32_t label, predicted;
    float probability, label_probability; /* of the predicted and of the true class */
    const char *
        path; /* of the picture, relative to the data; NULL: pictures have no names. For writing: it is not read back */
};

/* A column for the paths is there when the first row has one; then all must. */
ocellus_status predictions_write(const char *path, const struct prediction *rows, size_t count);
/* *rows is owned by the caller: free(). OCELLUS_BAD_CONTENT names the line. */
ocellus_status predictions_read(const char *path, struct prediction **rows, size_t *count);

#endif
