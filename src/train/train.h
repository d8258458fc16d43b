/* SPDX-License-Identifier: MIT */
/* The training loop: Keras's semantics of fit(), stoppable and resumable to the same bits. */
#ifndef TRAIN_TRAIN_H
#define TRAIN_TRAIN_H

#include "base/sha256.h"
#include "engine/engine.h"
#include "inference/stop.h"
#include "run/history.h"
#include "run/recipe.h"
#include "run/run_folder.h"
#include "train/plan.h"

/* What the loop tells while it runs. */
enum train_event_kind {
    TRAIN_BEGIN,           /* once; position and epoch say where it resumes */
    TRAIN_STEP,            /* after each step: running loss and accuracy of the epoch */
    TRAIN_VALIDATION_STEP, /* after each batch of validation */
    TRAIN_EPOCH,           /* an epoch is done: `row` holds what history.csv says */
    TRAIN_CHECKPOINT,      /* `path` was written */
    TRAIN_END              /* all epochs are done */
};
struct train_event {
    enum train_event_kind kind;
    const struct train_plan *plan;
    uint64_t epoch;        /* from 0 */
    uint64_t position;     /* steps done in this epoch */
    uint64_t step;         /* steps done in the run */
    double loss, accuracy; /* running means of the epoch */
    double learning_rate;
    double seconds;                /* this epoch has taken */
    uint64_t validation_done;      /* images, for TRAIN_VALIDATION_STEP */
    const struct history_row *row; /* TRAIN_EPOCH, else NULL */
    bool best;                     /* TRAIN_EPOCH: the best validation accuracy so far, best.safetensors was written */
    const char *path;              /* TRAIN_CHECKPOINT, else NULL */
};
typedef void (*train_observer)(void *context, const struct train_event *event);

struct train_options {
    const struct recipe *recipe;
    const struct graph *graph;
    struct engine *engine; /* opened for training with train_batch_size(); its parameters are the start */
    const struct train_sets *sets;
    const struct run_folder *run; /* locked; NULL: nothing is written and nothing can be resumed */
    bool resume;                  /* go on from the run's checkpoint; without one, from the beginning */
    const struct stop_flag *stop; /* NULL: cannot be stopped */
    train_observer observer;      /* NULL: none */
    void *context;
};

struct train_result {
    uint64_t epochs, steps; /* done in the run, earlier sessions included */
    uint64_t steps_now;     /* done by this call */
    bool finished_before;   /* there was nothing left to do */
    bool has_best;
    uint64_t best_epoch;
    double best_accuracy;
    char weights_hash[SHA256_TEXT_SIZE]; /* of the final weights; "" when stopped */
    struct history history;              /* owned: history_free() */
};

/* Trains. Running means of loss and accuracy are weighted by images, in training mode; validation after each epoch in
 * inference mode; epoch e takes the first steps of its own permutation (Keras goes on in its iterator instead).
 * Writes recipe.ini, data.json, history.csv, metrics.jsonl, checkpoints, last.safetensors after each epoch and
 * best.safetensors whenever the validation accuracy is higher than ever (none without validation).
 * OCELLUS_DIVERGED names epoch, step and layer; what was saved before stays. When stopped: the current step is
 * finished, a checkpoint and last.safetensors written, and the flag's status returned. *result is filled in every case; free its history.
 * OCELLUS_USAGE when a resume's recipe differs in a key that may not change, naming it. */
ocellus_status train_run(const struct train_options *options, struct train_result *result);

#endif
