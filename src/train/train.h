/* SPDX-License-Identifier: MIT */
/* The usual loop around a trainer: every epoch whole, then validated, until the recipe's epochs are done or it is stopped. */
#ifndef TRAIN_TRAIN_H
#define TRAIN_TRAIN_H

#include "train/trainer.h"

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

/* Trains. When it is stopped, the current step is finished, a checkpoint and last.safetensors are written, and the flag's
 * status is returned. Fails as the trainer's calls do. *result is filled in every case; free its history. */
ocellus_status train_run(const struct trainer_options *options, struct train_result *result);

#endif
