/* SPDX-License-Identifier: MIT */
/* Whole runs that were measured once and are kept (results/full-runs.json): what stands on the page beside a run that was
 * cut short. */
#ifndef REPRODUCE_FULL_RUNS_H
#define REPRODUCE_FULL_RUNS_H

#include "base/files.h"
#include "base/sha256.h"

#include <stddef.h>
#include <stdint.h>

struct full_run_accuracy {
    uint64_t correct, count; /* count 0: not judged */
};
struct full_run {
    char row[32];                                      /* a key of reproduce/original.h: "resnet50-base" */
    char started[32], processor[128], version[32];     /* as in environment.json */
    uint64_t seed, steps, images;                      /* training images seen, repetitions counted */
    double seconds;                                    /* of training, validation included */
    double running_accuracy, validation_accuracy;      /* of the last epoch; NaN: no validation */
    struct full_run_accuracy train, test, reestimated; /* with the final weights */
    char weights_sha256[SHA256_TEXT_SIZE];
};

/* Reads the list; `source` names it in messages. *runs is owned by the caller: free(). OCELLUS_BAD_CONTENT. */
ocellus_status full_runs_parse(const char *text, const char *source, struct full_run **runs, size_t *count);
ocellus_status full_runs_write(const char *path, const struct full_run *runs, size_t count);
/* NULL when there is none. */
const struct full_run *full_run_named(const struct full_run *runs, size_t count, const char *row);

#endif
