/* SPDX-License-Identifier: MIT */
/* A training, step by step: the semantics of Keras's fit(), and with a run folder resumable to the same bits. The loop is
 * its user's: train.c has the usual one. Another may look at the loss, choose the learning rate of a step, validate when it
 * wants to, leave an epoch early, save, and go on another day. One thread at a time.
 *
 *     trainer_open(&options, &trainer);
 *     while (!trainer_is_finished(trainer)) {
 *         while (!trainer_epoch_is_whole(trainer)) trainer_step(trainer, &metrics);
 *         trainer_validate(trainer, &score);
 *         trainer_end_epoch(trainer, &score);
 *     }
 *     trainer_finish(trainer, hash);
 *     trainer_close(trainer); */
#ifndef TRAIN_TRAINER_H
#define TRAIN_TRAINER_H

#include "inference/predict.h"
#include "run/run_folder.h"
#include "train/checkpoint.h"
#include "train/plan.h"

/* What is told while it runs. */
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
    double data_wait;              /* seconds of them that the engine waited for pictures, since the run was opened */
    uint64_t validation_done;      /* images, for TRAIN_VALIDATION_STEP */
    const struct history_row *row; /* TRAIN_EPOCH, else NULL */
    bool best;                     /* TRAIN_EPOCH: the best validation accuracy so far, best.safetensors was written */
    const char *path;              /* TRAIN_CHECKPOINT, else NULL */
};
typedef void (*train_observer)(void *context, const struct train_event *event);

/* What they point to must outlive the trainer. */
struct trainer_options {
    const struct recipe *recipe;
    const struct graph *graph;
    struct engine *engine; /* opened for training with train_batch_size(); its parameters are the start */
    engine_entry enter; /* at the end of an epoch, and before a checkpoint is taken up: the engine from then on, which
                            * has the same values; NULL: one engine trains it all */
    /* What the present engine takes in place of the pictures, those to validate on or to train on, when a loader of them is
     * opened; {0} for the pictures themselves. NULL: always those. */
    ocellus_status (*features)(void *owner, bool validation, const struct trainer_options *options,
                               struct loader_features *features);
    void *owner; /* for enter and features */
    const struct train_sets *sets;
    const struct run_folder *run; /* locked; NULL: nothing is written and nothing can be resumed */
    const struct recipe
        *recorded;                /* what the run's recipe.ini says, to go on from its checkpoint (without one, from the
                                    * beginning); NULL: a new run */
    struct loader_limits limits;  /* of how pictures are loaded; {0}: the loader chooses */
    const struct stop_flag *stop; /* ends a validation; NULL: nothing does */
    train_observer observer;      /* NULL: none */
    void *context;
};

struct trainer;

/* A new run gets recipe.ini, data.json, history.csv and metrics.jsonl; one that goes on has them say where it stands.
 * OCELLUS_USAGE when the recipe differs from the recorded one in a key that may not change, naming it. */
ocellus_status trainer_open(const struct trainer_options *options, struct trainer **trainer);
void trainer_close(struct trainer *trainer); /* writes nothing; NULL is accepted */

/* Where it stands: epoch and position, running sums of the epoch, history. All that survives is in it. */
const struct train_state *trainer_state(const struct trainer *trainer);
/* The history, which is the caller's from then on (history_free()): for who is about to close the trainer. */
struct history trainer_take_history(struct trainer *trainer);
bool trainer_is_finished(const struct trainer *trainer);    /* all the recipe's epochs are done */
bool trainer_epoch_is_whole(const struct trainer *trainer); /* all steps of the present one are */

/* Of the steps from now on. It is no part of a checkpoint: who goes on sets it again; without, it is the recipe's. */
void trainer_set_learning_rate(struct trainer *trainer, double learning_rate);

/* The next batch of the epoch: forward, loss, backward, update. Running means are weighted by images, in training mode;
 * epoch e takes the first steps of its own permutation (Keras goes on in its iterator instead). *metrics (may be NULL) is of
 * this batch. OCELLUS_DIVERGED names epoch, step and layer; what was saved before stays. A picture that cannot be read gives
 * its status: nothing has changed, a checkpoint was saved, and the step may be tried again. OCELLUS_USAGE when the epoch is
 * whole or the training finished. */
ocellus_status trainer_step(struct trainer *trainer, struct engine_metrics *metrics);

/* The validation images in inference mode; count is 0 without any. It changes nothing and may be called at any step. Ended
 * by the stop flag with its status, by a picture that cannot be read as a step is. */
ocellus_status trainer_validate(struct trainer *trainer, struct predict_score *score);

/* Ends the epoch after its steps so far, of which there is at least one (OCELLUS_USAGE): a row of the history with that
 * score (NULL, or of no images: none), last.safetensors, best.safetensors when its accuracy is higher than ever, and then a
 * checkpoint. Pages and lists of runs take an ended epoch for a whole one. */
ocellus_status trainer_end_epoch(struct trainer *trainer, const struct predict_score *score);

/* Saves a checkpoint, if there is a run and anything new. Values that are not finite are never saved: OCELLUS_DIVERGED. */
ocellus_status trainer_checkpoint(struct trainer *trainer);
/* For who stops here: a checkpoint, last.safetensors to look at, and the event in metrics.jsonl. Returns `status`, with a line
 * that says where it stopped, or that of a failure to save. */
ocellus_status trainer_pause(struct trainer *trainer, ocellus_status status);
/* For a training that is finished: the hash of its weights, told in log and metrics.jsonl. */
ocellus_status trainer_finish(struct trainer *trainer, char weights_sha256[SHA256_TEXT_SIZE]);

#endif
