/* SPDX-License-Identifier: MIT */
/* How far a run got and how it went within its epochs, as metrics.jsonl tells: also of a run that was stopped, whose history
 * does not hold its last epoch yet. */
#ifndef RUN_PROGRESS_H
#define RUN_PROGRESS_H

#include "base/files.h"
#include "base/sha256.h"
#include "run/run_folder.h"

/* A recorded step: running means of its epoch up to it. */
struct run_point {
    uint64_t step, epoch, position, images; /* done in the run; the epoch, from 0; steps and images in that epoch */
    double accuracy, loss;
    double seconds; /* the epoch had taken */
};

/* A sitting after the first: what the run was resumed on, as its "resume" event tells; "" and 0: not recorded. */
struct run_resume {
    uint64_t step; /* done in the run before it */
    char kernels[16], version[32];
    uint64_t threads, epochs; /* epochs: wanted in all, from then on */
};

struct run_progress {
    uint64_t step;            /* done in the run */
    bool finished;            /* all epochs are done */
    bool partial;             /* it stands within an epoch: `last` says where */
    struct run_point last;    /* the last step, or stop, recorded in an epoch that was not finished */
    struct run_point *points; /* [count], the recorded steps, and stops between them, of all epochs; owned */
    size_t count, capacity;
    struct run_resume *resumes; /* [resume_count]; owned */
    size_t resume_count, resume_capacity;
    char initial_weights[SHA256_TEXT_SIZE]; /* SHA-256 of the values it started from; "": not recorded */
    char final_weights[SHA256_TEXT_SIZE];   /* ... and ended with; "" until it has */
};

/* *progress is filled anew; free it with run_progress_free(). A run without metrics.jsonl has made no step. */
ocellus_status run_progress_read(const struct run_folder *run, struct run_progress *progress);
void run_progress_free(struct run_progress *progress);

#endif
