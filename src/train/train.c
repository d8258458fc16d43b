/* SPDX-License-Identifier: MIT */
#include "train/train.h"

static ocellus_status run_epoch(struct trainer *trainer, const struct trainer_options *options) {
    const uint64_t every = options->recipe->checkpoint_every;
    struct predict_score score;
    while (!trainer_epoch_is_whole(trainer)) {
        const ocellus_status stop = stop_requested(options->stop);
        if (stop != OCELLUS_OK) return trainer_pause(trainer, stop);
        TRY(trainer_step(trainer, NULL));
        if (every > 0 && trainer_state(trainer)->position % every == 0 && !trainer_epoch_is_whole(trainer))
            TRY(trainer_checkpoint(trainer));
    }
    const ocellus_status status = trainer_validate(trainer, &score);
    if (status != OCELLUS_OK && status == stop_requested(options->stop)) return trainer_pause(trainer, status);
    TRY(status);
    return trainer_end_epoch(trainer, &score);
}

static ocellus_status run_epochs(struct trainer *trainer, const struct trainer_options *options) {
    while (!trainer_is_finished(trainer)) {
        TRY(run_epoch(trainer, options));
        const ocellus_status stop = stop_requested(options->stop);
        if (stop != OCELLUS_OK && !trainer_is_finished(trainer)) return trainer_pause(trainer, stop);
    }
    return OCELLUS_OK;
}

ocellus_status train_run(const struct trainer_options *options, struct train_result *result) {
    struct trainer *trainer = NULL;
    *result = (struct train_result){0};
    TRY(trainer_open(options, &trainer));
    const struct train_state *state = trainer_state(trainer);
    const uint64_t first_step = state->step;
    result->finished_before = trainer_is_finished(trainer);
    ocellus_status status = run_epochs(trainer, options);
    if (status == OCELLUS_OK) status = trainer_finish(trainer, result->weights_hash);
    result->epochs = state->history.count;
    result->steps = state->step;
    result->steps_now = state->step - first_step;
    result->has_best = state->has_best;
    result->best_epoch = state->best_epoch;
    result->best_accuracy = state->best_accuracy;
    result->history = trainer_take_history(trainer);
    trainer_close(trainer);
    return status;
}
