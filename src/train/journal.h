/* SPDX-License-Identifier: MIT */
/* What a training writes into its run folder beside checkpoints: recipe.ini, data.json, history.csv, models, and what
 * happened when (metrics.jsonl). Without a folder every call does nothing. Used by the trainer alone. */
#ifndef TRAIN_JOURNAL_H
#define TRAIN_JOURNAL_H

#include "engine/engine.h"
#include "run/events.h"
#include "run/history.h"
#include "run/recipe.h"
#include "run/records.h"

struct journal {
    const struct run_folder *run; /* locked; NULL: none */
    struct run_events events;     /* while they are not open, what is told is not written */
};
/* Opens metrics.jsonl, cut back to `last_step`. */
ocellus_status journal_open(struct journal *journal, uint64_t last_step);
void journal_close(struct journal *journal);

ocellus_status journal_write_recipe(const struct journal *journal, const struct recipe *recipe);
ocellus_status journal_write_data(const struct journal *journal, const struct run_data *data);
ocellus_status journal_write_history(const struct journal *journal, const struct history *history);
/* `name` is RUN_LAST or RUN_BEST; `epochs` were trained. */
ocellus_status journal_write_model(const struct journal *journal, const char *name, const struct engine *engine,
                                   const struct graph *graph, uint64_t epochs);

/* Where an epoch stands. */
struct journal_running {
    uint64_t step, epoch, position, images;
    double accuracy, loss, seconds, data_wait;
};
/* Events. `kind` is "step" or "stop"; "start" or "end"; "checkpoint". */
ocellus_status journal_tell_running(struct journal *journal, const char *kind, const struct journal_running *running);
ocellus_status journal_tell_weights(struct journal *journal, const char *kind, uint64_t step, const char *sha256);
ocellus_status journal_tell(struct journal *journal, const char *kind, uint64_t step);
ocellus_status journal_tell_epoch(struct journal *journal, uint64_t step, uint64_t epoch, const struct history_row *row,
                                  double data_wait);
/* What computes from here on, which need not be what computed before. */
ocellus_status journal_tell_resume(struct journal *journal, uint64_t step, const struct engine *engine,
                                   uint64_t epochs);

#endif
