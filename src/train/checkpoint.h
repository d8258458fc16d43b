/* SPDX-License-Identifier: MIT */
/* The checkpoint: all that is needed to go on with the same bits, in two generations (checkpoint/a|b.safetensors) of
 * which the newer valid one counts. */
#ifndef TRAIN_CHECKPOINT_H
#define TRAIN_CHECKPOINT_H

#include "base/files.h"
#include "base/folders.h"
#include "base/sha256.h"
#include "engine/engine.h"
#include "run/history.h"
#include "run/recipe.h"
#include "run/run_folder.h"

#include <stdbool.h>
#include <stdint.h>

/* Where a training stands. The order of an epoch is a pure function of seed and epoch, so (epoch, position) is all that
 * the loader's state consists of. */
struct train_state {
    uint64_t step;     /* updates done in the whole run */
    uint64_t epoch;    /* the epoch it is in, from 0; equals the number of epochs done when position is 0 */
    uint64_t position; /* steps done in that epoch; all of them: only validation is left */
    double loss_sum;   /* over the images of this epoch so far */
    uint64_t correct, images;
    double seconds; /* this epoch has taken so far */
    bool has_best;
    double best_accuracy; /* the highest validation accuracy so far */
    uint64_t best_epoch;
    struct history history; /* of the epochs done; owned */
    char generation;        /* 'a' or 'b', the one last written or read; 0: none yet */
};
void train_state_free(struct train_state *state);

/* What a checkpoint belongs to: a resume under another recipe or other data is refused. */
struct checkpoint_identity {
    const struct recipe *recipe;
    char data_hash[SHA256_TEXT_SIZE];
};

/* Writes the generation that state->generation is not, and changes it; path gets the file's path, for messages. A
 * failure leaves both generations as they were. */
ocellus_status checkpoint_write(const struct run_folder *run, const struct engine *engine, struct train_state *state,
                                const struct checkpoint_identity *identity, char path[FILE_PATH_SIZE]);
/* Whether the run has one, sound or not, so that what it started from is not needed any more. */
ocellus_status checkpoint_exists(const struct run_folder *run, bool *exists);
/* Gives the engine for what follows after so many whole epochs: *engine, or where *changed becomes true another in its place. */
typedef ocellus_status (*engine_entry)(void *owner, uint64_t epochs, struct engine **engine, bool *changed);
struct checkpoint_engine {
    struct engine **engine;
    engine_entry enter; /* called with the checkpoint's epoch before tensors are set; NULL: *engine takes every one */
    void *owner;
};

/* Sets the engine's tensors and *state from the newest valid generation. *found is false when the run has no checkpoint
 * yet (engine and state untouched). A broken generation is warned about and the other one used; when none that is there
 * can be used: OCELLUS_BAD_CONTENT, nothing deleted. Another instruction set than the checkpoint's is a warning: the
 * bits will differ. OCELLUS_USAGE when the identity differs. After a failure *state may
 * have been filled: free it. */
ocellus_status checkpoint_read(const struct run_folder *run, const struct checkpoint_engine *engine,
                               const struct checkpoint_identity *identity, struct train_state *state, bool *found);

#endif
