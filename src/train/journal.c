/* SPDX-License-Identifier: MIT */
#include "train/journal.h"

#include "base/files.h"
#include "inference/weights.h"

#include <ocellus/version.h>

ocellus_status journal_open(struct journal *journal, uint64_t last_step) {
    return journal->run ? run_events_open(journal->run, last_step, &journal->events) : OCELLUS_OK;
}

void journal_close(struct journal *journal) {
    run_events_close(&journal->events);
}

ocellus_status journal_write_recipe(const struct journal *journal, const struct recipe *recipe) {
    char path[FILE_PATH_SIZE];
    struct text text = {0};
    if (!journal->run) return OCELLUS_OK;
    recipe_write(recipe, &text);
    ocellus_status status = text.failed ? OCELLUS_IO : run_folder_file(journal->run, RUN_RECIPE, path);
    if (status == OCELLUS_OK) status = file_write(path, text.bytes, text.size);
    text_free(&text);
    return status;
}

ocellus_status journal_write_data(const struct journal *journal, const struct run_data *data) {
    return journal->run ? run_data_write(journal->run, data) : OCELLUS_OK;
}

ocellus_status journal_write_history(const struct journal *journal, const struct history *history) {
    char path[FILE_PATH_SIZE];
    if (!journal->run) return OCELLUS_OK;
    TRY(run_folder_file(journal->run, RUN_HISTORY, path));
    return history_write(history, path);
}

ocellus_status journal_write_model(const struct journal *journal, const char *name, const struct engine *engine,
                                   const struct graph *graph, uint64_t epochs) {
    char path[FILE_PATH_SIZE];
    if (!journal->run) return OCELLUS_OK;
    TRY(run_folder_file(journal->run, name, path));
    return weights_write(engine, graph, (int64_t)epochs, path);
}

/* Appends an event to which everything could be added. */
static ocellus_status append(struct journal *journal, json_value *event, bool complete) {
    if (complete) return run_events_append(&journal->events, event);
    json_release(event);
    return OCELLUS_IO;
}

ocellus_status journal_tell_running(struct journal *journal, const char *kind, const struct journal_running *running) {
    if (!journal->events.stream) return OCELLUS_OK;
    json_value *event = run_event(kind, running->step);
    return append(journal, event,
                  json_set(event, "epoch", json_new_integer((int64_t)running->epoch)) &&
                      json_set(event, "position", json_new_integer((int64_t)running->position)) &&
                      json_set(event, "images", json_new_integer((int64_t)running->images)) &&
                      json_set(event, "accuracy", json_new_real(running->accuracy)) &&
                      json_set(event, "loss", json_new_real(running->loss)) &&
                      json_set(event, "time", json_new_real(running->seconds)) &&
                      json_set(event, "data_wait", json_new_real(running->data_wait)));
}

ocellus_status journal_tell_weights(struct journal *journal, const char *kind, uint64_t step, const char *sha256) {
    if (!journal->events.stream) return OCELLUS_OK;
    json_value *event = run_event(kind, step);
    return append(journal, event, json_set(event, "weights_sha256", json_new_text(sha256)));
}

ocellus_status journal_tell(struct journal *journal, const char *kind, uint64_t step) {
    if (!journal->events.stream) return OCELLUS_OK;
    json_value *event = run_event(kind, step);
    return append(journal, event, event != NULL);
}

ocellus_status journal_tell_epoch(struct journal *journal, uint64_t step, uint64_t epoch, const struct history_row *row,
                                  double data_wait) {
    if (!journal->events.stream) return OCELLUS_OK;
    json_value *event = run_event("epoch", step);
    return append(journal, event,
                  json_set(event, "epoch", json_new_integer((int64_t)epoch)) &&
                      json_set(event, "accuracy", json_new_real(row->accuracy)) &&
                      json_set(event, "loss", json_new_real(row->loss)) &&
                      json_set(event, "val_accuracy", json_new_real(row->val_accuracy)) &&
                      json_set(event, "val_loss", json_new_real(row->val_loss)) &&
                      json_set(event, "learning_rate", json_new_real(row->learning_rate)) &&
                      json_set(event, "time", json_new_real(row->time)) &&
                      json_set(event, "data_wait", json_new_real(data_wait)));
}

ocellus_status journal_tell_resume(struct journal *journal, uint64_t step, const struct engine *engine,
                                   uint64_t epochs) {
    if (!journal->events.stream) return OCELLUS_OK;
    json_value *event = run_event("resume", step);
    return append(journal, event,
                  json_set(event, "kernels", json_new_text(engine_kernels_name(engine))) &&
                      json_set(event, "threads", json_new_integer((int64_t)engine_thread_count(engine))) &&
                      json_set(event, "epochs", json_new_integer((int64_t)epochs)) &&
                      json_set(event, "version", json_new_text(OCELLUS_VERSION)));
}
