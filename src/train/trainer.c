/* SPDX-License-Identifier: MIT */
/* What must survive an interruption is in struct train_state; everything else here is made again. */
#include "train/trainer.h"

#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "inference/weights.h"
#include "run/progress.h"
#include "train/journal.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct trainer {
    struct trainer_options options;
    struct train_plan plan;
    struct optimizer optimizer;
    struct train_state state;
    struct checkpoint_identity identity;
    struct batch_buffer buffer;
    struct journal journal;
    struct augmentation augmentation;
    struct loader *training, *validation; /* of batches; NULL until they are needed */
    double epoch_waited;                  /* of the loaders' time, before this epoch */
    double epoch_started;                 /* on the clock; earlier than it was by what the epoch took before a resume */
    bool saved;                           /* the last checkpoint holds all that was done */
    bool sound;                           /* the values were looked through since the last step */
    bool was_finished;                    /* when it was opened */
};

const struct train_state *trainer_state(const struct trainer *trainer) {
    return &trainer->state;
}

struct history trainer_take_history(struct trainer *trainer) {
    const struct history history = trainer->state.history;
    trainer->state.history = (struct history){0};
    return history;
}

bool trainer_is_finished(const struct trainer *trainer) {
    return trainer->state.epoch >= trainer->plan.epochs;
}

bool trainer_epoch_is_whole(const struct trainer *trainer) {
    return trainer->state.position >= trainer->plan.steps;
}

void trainer_set_learning_rate(struct trainer *trainer, double learning_rate) {
    trainer->optimizer.learning_rate = learning_rate;
}

/* --- telling --- */

static double waited(const struct trainer *trainer) {
    return (trainer->training ? loader_waited(trainer->training) : 0) +
           (trainer->validation ? loader_waited(trainer->validation) : 0);
}

static struct train_event make_event(const struct trainer *trainer, enum train_event_kind kind) {
    const struct train_state *state = &trainer->state;
    double images = state->images ? (double)state->images : 1;
    return (struct train_event){
        .kind = kind,
        .plan = &trainer->plan,
        .epoch = state->epoch,
        .position = state->position,
        .step = state->step,
        .loss = state->loss_sum / images,
        .accuracy = (double)state->correct / images,
        .learning_rate = trainer->optimizer.learning_rate,
        .seconds = clock_seconds() - trainer->epoch_started,
        .data_wait = waited(trainer) - trainer->epoch_waited,
    };
}

static void tell(const struct trainer *trainer, const struct train_event *event) {
    if (trainer->options.observer) trainer->options.observer(trainer->options.context, event);
}

static void tell_kind(const struct trainer *trainer, enum train_event_kind kind) {
    struct train_event event = make_event(trainer, kind);
    tell(trainer, &event);
}

static void tell_validation(void *context, size_t done, size_t total) {
    (void)total;
    struct train_event event = make_event(context, TRAIN_VALIDATION_STEP);
    event.validation_done = done;
    tell(context, &event);
}

/* Where the epoch stands: what is known of an epoch that was not finished, and its curve. */
static ocellus_status record_running(struct trainer *trainer, const char *kind) {
    struct train_event now = make_event(trainer, TRAIN_STEP);
    struct journal_running running = {.step = now.step,
                                      .epoch = now.epoch,
                                      .position = now.position,
                                      .images = trainer->state.images,
                                      .accuracy = now.accuracy,
                                      .loss = now.loss,
                                      .seconds = now.seconds,
                                      .data_wait = now.data_wait};
    return journal_tell_running(&trainer->journal, kind, &running);
}

/* An epoch's curve has this many points. */
static bool step_is_recorded(const struct trainer *trainer) {
    enum { POINTS = 100 };
    uint64_t every = trainer->plan.steps / POINTS;
    return every <= 1 || trainer->state.position % every == 0;
}

/* --- failing and saving --- */

static ocellus_status fail_diverged(struct trainer *trainer, const char *what) {
    const char *where = engine_find_nonfinite(trainer->options.engine);
    TRY(record_running(trainer, "stop"));
    return fail(
        OCELLUS_DIVERGED, "epoch %" PRIu64 ", step %" PRIu64 " of %" PRIu64 ": %s is not finite; first seen in %s",
        trainer->state.epoch + 1, trainer->state.position, trainer->plan.steps, what, where ? where : "the loss alone");
}

/* Saved values are always finite: an update may break them after a loss that was still sound. */
static ocellus_status check_finite(struct trainer *trainer) {
    if (!trainer->sound && engine_find_nonfinite(trainer->options.engine)) return fail_diverged(trainer, "a value");
    trainer->sound = true;
    return OCELLUS_OK;
}

static ocellus_status write_model(const struct trainer *trainer, const char *name) {
    return journal_write_model(&trainer->journal, name, trainer->options.engine, trainer->options.graph,
                               trainer->state.history.count);
}

ocellus_status trainer_checkpoint(struct trainer *trainer) {
    TRY(check_finite(trainer));
    if (!trainer->options.run || trainer->saved) return OCELLUS_OK;
    char path[FILE_PATH_SIZE];
    trainer->state.seconds = clock_seconds() - trainer->epoch_started;
    TRY(checkpoint_write(trainer->options.run, trainer->options.engine, &trainer->state, &trainer->identity, path));
    trainer->saved = true;
    struct train_event event = make_event(trainer, TRAIN_CHECKPOINT);
    event.path = path;
    tell(trainer, &event);
    return journal_tell(&trainer->journal, "checkpoint", trainer->state.step);
}

/* Leaves the run so that it can be gone on with. */
static ocellus_status leave(struct trainer *trainer) {
    TRY(trainer_checkpoint(trainer));
    TRY(write_model(trainer, RUN_LAST));
    return record_running(trainer, "stop");
}

ocellus_status trainer_pause(struct trainer *trainer, ocellus_status status) {
    TRY(leave(trainer));
    return fail(status, "stopped at epoch %" PRIu64 ", step %" PRIu64 " of %" PRIu64, trainer->state.epoch + 1,
                trainer->state.position, trainer->plan.steps);
}

/* A picture that cannot be read is no fault of the training: what was done until then is kept. */
static ocellus_status leave_unread(struct trainer *trainer, ocellus_status status) {
    char message[STATUS_MESSAGE_SIZE];
    snprintf(message, sizeof message, "%s", status_message());
    if (leave(trainer) != OCELLUS_OK) log_warning("%s", status_message());
    return fail(status, "%s", message);
}

/* --- an epoch --- */

/* What pictures take and where they are read again, once, where that is not plain. */
static void tell_loading(const struct loader *loader, const char *which) {
    char kept[160];
    if (loader_facts(loader).lent) return;
    loader_text(loader, kept);
    log_info("%s: %s", which, kept);
}

static void close_loaders(struct trainer *trainer) {
    loader_close(trainer->training);
    loader_close(trainer->validation);
    trainer->training = trainer->validation = NULL;
}

static ocellus_status find_features(const struct trainer *trainer, bool validation, struct loader_features *features) {
    const struct trainer_options *options = &trainer->options;
    *features = (struct loader_features){0};
    return options->features ? options->features(options->owner, validation, options, features) : OCELLUS_OK;
}

static ocellus_status open_training(struct trainer *trainer) {
    const struct trainer_options *options = &trainer->options;
    struct loader_features features;
    if (trainer->training) return OCELLUS_OK;
    TRY(find_features(trainer, false, &features));
    const struct loader_options loading = {.set = options->sets->train,
                                           .images = (size_t)trainer->plan.images_per_epoch,
                                           .epochs = trainer->plan.epochs,
                                           .shuffled = true,
                                           .keeps = true,
                                           .seed = options->recipe->seed,
                                           .batch_size = trainer->buffer.batch_size,
                                           .form = &trainer->buffer.form,
                                           .augmentation = &trainer->augmentation,
                                           .views = options->recipe->views,
                                           .features = features,
                                           .pool = engine_pool(options->engine),
                                           .limits = options->limits};
    TRY(loader_open(&loading, &trainer->training));
    tell_loading(trainer->training, "training");
    return OCELLUS_OK;
}

/* With the memory that training leaves. */
static ocellus_status open_validation(struct trainer *trainer) {
    struct image_set set = trainer->options.sets->validation;
    struct batch_buffer *buffer = &trainer->buffer;
    if (trainer->validation) return OCELLUS_OK;
    buffer->limits = trainer->options.limits;
    if (trainer->training) {
        const struct loader_facts facts = loader_facts(trainer->training);
        buffer->limits.memory = facts.memory > facts.bytes ? facts.memory - facts.bytes : 1;
    }
    TRY(find_features(trainer, true, &buffer->features));
    set.count = (size_t)trainer->plan.validation_images;
    TRY(predict_open_loader(trainer->options.engine, buffer, &set, true, &trainer->validation));
    tell_loading(trainer->validation, "validation");
    return OCELLUS_OK;
}

ocellus_status trainer_step(struct trainer *trainer, struct engine_metrics *metrics) {
    struct engine *engine = trainer->options.engine;
    struct train_state *state = &trainer->state;
    struct loader_batch batch;
    struct engine_metrics own;
    if (trainer_is_finished(trainer) || trainer_epoch_is_whole(trainer))
        return fail(OCELLUS_USAGE, "trainer_step: epoch %" PRIu64 " of %" PRIu64 " has no step %" PRIu64,
                    state->epoch + 1, trainer->plan.epochs, state->position + 1);
    if (!metrics) metrics = &own;
    TRY(open_training(trainer));
    const ocellus_status loaded = loader_batch(trainer->training, (uint32_t)state->epoch, (size_t)state->position,
                                               engine_input(engine, 0), &batch);
    if (loaded != OCELLUS_OK) return leave_unread(trainer, loaded);
    const struct engine_batch images = {.n = batch.n, .epoch = batch.epoch, .first_place = batch.first_place};
    TRY(engine_forward(engine, ENGINE_TRAINING, &images));
    TRY(engine_loss(engine, &(struct engine_targets){.labels = batch.labels, .shares = batch.shares}));
    TRY(engine_metrics(engine, metrics));
    state->position++;
    state->step++;
    trainer->saved = trainer->sound = false;
    if (!metrics->finite) return fail_diverged(trainer, "the loss");
    TRY(engine_backward(engine));
    TRY(engine_update(engine, &trainer->optimizer));
    state->loss_sum += metrics->loss_sum;
    state->correct += metrics->correct;
    state->images += batch.n;
    if (step_is_recorded(trainer)) TRY(record_running(trainer, "step"));
    tell_kind(trainer, TRAIN_STEP);
    return OCELLUS_OK;
}

ocellus_status trainer_validate(struct trainer *trainer, struct predict_score *score) {
    const size_t count = (size_t)trainer->plan.validation_images;
    struct predict_hooks hooks = {.stop = trainer->options.stop, .progress = tell_validation, .context = trainer};
    *score = (struct predict_score){0};
    TRY(check_finite(trainer));
    if (count == 0) return OCELLUS_OK;
    ocellus_status status = open_validation(trainer);
    if (status == OCELLUS_OK)
        status = predict_score_from(trainer->options.engine, trainer->validation, count, &hooks, score);
    if (status != OCELLUS_OK && status != stop_requested(hooks.stop)) return leave_unread(trainer, status);
    TRY(status);
    return isfinite(score->loss_sum) ? OCELLUS_OK : fail_diverged(trainer, "the validation loss");
}

/* Writes what the epoch gave. The checkpoint comes last: when it says that the epoch is done, everything is there. */
static ocellus_status save_epoch(struct trainer *trainer, const struct train_event *event) {
    TRY(journal_write_history(&trainer->journal, &trainer->state.history));
    TRY(write_model(trainer, RUN_LAST));
    if (event->best) TRY(write_model(trainer, RUN_BEST));
    TRY(journal_tell_epoch(&trainer->journal, trainer->state.step, trainer->state.history.count - 1, event->row,
                           event->data_wait));
    return trainer_checkpoint(trainer);
}

/* Another engine has other threads, and may take something else than pictures. */
static ocellus_status enter_epoch(struct trainer *trainer) {
    struct trainer_options *options = &trainer->options;
    bool changed = false;
    if (!options->enter) return OCELLUS_OK;
    TRY(options->enter(options->owner, trainer->state.epoch, &options->engine, &changed));
    if (changed) close_loaders(trainer);
    return OCELLUS_OK;
}

ocellus_status trainer_end_epoch(struct trainer *trainer, const struct predict_score *score) {
    struct train_state *state = &trainer->state;
    struct train_event event = make_event(trainer, TRAIN_EPOCH);
    const bool validated = score && score->count > 0;
    struct history_row row = {.accuracy = event.accuracy,
                              .loss = event.loss,
                              .learning_rate = event.learning_rate,
                              .time = event.seconds,
                              .val_accuracy = validated ? (double)score->correct / (double)score->count : NAN,
                              .val_loss = validated ? score->loss_sum / (double)score->count : NAN};
    if (state->position == 0)
        return fail(OCELLUS_USAGE, "trainer_end_epoch: epoch %" PRIu64 " has not begun", state->epoch + 1);
    TRY(check_finite(trainer));
    TRY(history_append(&state->history, &row));
    bool best = validated && (!state->has_best || row.val_accuracy > state->best_accuracy);
    if (best) {
        state->has_best = true;
        state->best_accuracy = row.val_accuracy;
        state->best_epoch = state->epoch;
    }
    event.row = &row;
    event.best = best;
    state->epoch++;
    state->position = state->correct = state->images = 0;
    state->loss_sum = 0;
    trainer->saved = false;
    trainer->epoch_started = clock_seconds();
    TRY(enter_epoch(trainer));
    trainer->epoch_waited = waited(trainer);
    ocellus_status status = save_epoch(trainer, &event);
    tell(trainer, &event);
    if (status == OCELLUS_OK && trainer_is_finished(trainer)) tell_kind(trainer, TRAIN_END);
    return status;
}

ocellus_status trainer_finish(struct trainer *trainer, char weights_sha256[SHA256_TEXT_SIZE]) {
    TRY(weights_hash(trainer->options.engine, trainer->options.graph, weights_sha256));
    if (!trainer->was_finished) log_info("weights: SHA-256 %s", weights_sha256);
    return journal_tell_weights(&trainer->journal, "end", trainer->state.step, weights_sha256);
}

/* --- opening --- */

static ocellus_status identify(struct trainer *trainer, struct run_data *data) {
    const struct train_sets *sets = trainer->options.sets;
    char text[3 * SHA256_TEXT_SIZE];
    *data = (struct run_data){.train_images = sets->train.count,
                              .validation_images = trainer->plan.validation_images,
                              .test_images = sets->test_data ? sets->test_data->count : 0,
                              .validation = (enum recipe_validation)trainer->options.recipe->validation};
    snprintf(data->name, sizeof data->name, "%s", sets->train_data->name);
    TRY(source_identity(sets->train_data, data->train_sha256));
    if (sets->test_data) TRY(source_identity(sets->test_data, data->test_sha256));
    if (sets->validation_data) TRY(source_identity(sets->validation_data, data->validation_sha256));
    snprintf(text, sizeof text, "%s %s%s%s", data->train_sha256, data->test_sha256, sets->validation_data ? " " : "",
             data->validation_sha256);
    sha256_bytes(text, strlen(text), trainer->identity.data_hash);
    trainer->identity.recipe = trainer->options.recipe;
    return OCELLUS_OK;
}

/* The run's own recipe decides what may be asked of it now. */
static ocellus_status check_recipe(const struct trainer_options *options) {
    char path[FILE_PATH_SIZE], before[RECIPE_TEXT_SIZE], now[RECIPE_TEXT_SIZE];
    const struct recipe_key *key = recipe_difference(options->recorded, options->recipe);
    if (!key) return OCELLUS_OK;
    recipe_value(options->recorded, key, before);
    recipe_value(options->recipe, key, now);
    TRY(run_folder_file(options->run, RUN_RECIPE, path));
    return fail(OCELLUS_USAGE,
                "%s: [%s] %s: the run cannot be resumed with another value (expected \"%s\", got \"%s\")", path,
                key->section, key->key, before, now);
}

/* What a run says about itself before the next step. */
static ocellus_status open_journal(struct trainer *trainer, const struct run_data *data) {
    TRY(journal_write_recipe(&trainer->journal, trainer->options.recipe));
    TRY(journal_write_data(&trainer->journal, data));
    TRY(journal_write_history(&trainer->journal, &trainer->state.history));
    return journal_open(&trainer->journal, trainer->state.step);
}

/* Which values it starts from: by this a later reader tells a fresh start from a continued one. */
static ocellus_status record_start(struct trainer *trainer) {
    char hash[SHA256_TEXT_SIZE];
    TRY(weights_hash(trainer->options.engine, trainer->options.graph, hash));
    return journal_tell_weights(&trainer->journal, "start", trainer->state.step, hash);
}

/* A training that was killed between its last checkpoint and its last event left all but that event. */
static ocellus_status resume_finished(struct trainer *trainer) {
    struct run_progress progress;
    TRY(run_progress_read(trainer->options.run, &progress));
    const struct train_state *state = &trainer->state;
    bool whole = state->position == 0 && state->epoch >= trainer->options.recorded->epochs;
    bool ended = progress.finished || !whole;
    run_progress_free(&progress);
    return ended ? OCELLUS_OK : journal_open(&trainer->journal, state->step);
}

/* Finds where a run stands and makes its files say so. */
static ocellus_status resume_run(struct trainer *trainer, const struct run_data *data) {
    const struct run_folder *run = trainer->options.run;
    struct train_state *state = &trainer->state;
    bool found = false;
    TRY(check_recipe(&trainer->options));
    const struct checkpoint_engine engine = {&trainer->options.engine, trainer->options.enter, trainer->options.owner};
    TRY(checkpoint_read(run, &engine, &trainer->identity, state, &found));
    if (state->position > trainer->plan.steps) {
        return fail(OCELLUS_BAD_CONTENT, "%s: position %" PRIu64 " lies behind the epoch's %" PRIu64 " steps",
                    run->path, state->position, trainer->plan.steps);
    }
    if (!found) log_info("%s: no checkpoint yet; starting from the beginning", run->path);
    trainer->saved = found;
    if (trainer_is_finished(trainer)) return resume_finished(trainer);
    TRY(open_journal(trainer, data));
    struct run_progress progress;
    TRY(run_progress_read(run, &progress));
    bool started = *progress.initial_weights != '\0';
    run_progress_free(&progress);
    if (!found && !started) TRY(record_start(trainer)); /* killed before it said so; the values are still the first */
    return journal_tell_resume(&trainer->journal, state->step, trainer->options.engine, trainer->plan.epochs);
}

static ocellus_status open_run(struct trainer *trainer) {
    struct run_data data;
    TRY(identify(trainer, &data));
    if (trainer->options.recorded) return resume_run(trainer, &data);
    TRY(open_journal(trainer, &data));
    return record_start(trainer);
}

static ocellus_status open_all(struct trainer *trainer) {
    const struct trainer_options *options = &trainer->options;
    TRY(train_plan_make(options->recipe, options->sets, &trainer->plan));
    TRY(batch_check(options->graph, options->sets->train.source));
    if (options->sets->validation.source) TRY(batch_check(options->graph, options->sets->validation.source));
    TRY(batch_buffer_create(options->graph, train_batch_size(options->recipe, options->sets), &trainer->buffer));
    trainer->optimizer = train_optimizer(options->recipe);
    trainer->augmentation = train_augmentation(options->recipe);
    if (options->run) TRY(open_run(trainer));
    trainer->was_finished = trainer_is_finished(trainer);
    trainer->epoch_started = clock_seconds() - trainer->state.seconds;
    if (!trainer->was_finished) TRY(open_training(trainer));
    if (!trainer->was_finished && trainer->plan.validation_images > 0) TRY(open_validation(trainer));
    if (!trainer->was_finished) tell_kind(trainer, TRAIN_BEGIN);
    return OCELLUS_OK;
}

ocellus_status trainer_open(const struct trainer_options *options, struct trainer **trainer) {
    struct trainer *made = memory_allocate(1, sizeof *made);
    if (!made) return OCELLUS_IO;
    *made = (struct trainer){.options = *options, .journal = {.run = options->run}};
    const ocellus_status status = open_all(made);
    if (status == OCELLUS_OK) *trainer = made;
    else trainer_close(made);
    return status;
}

void trainer_close(struct trainer *trainer) {
    if (!trainer) return;
    journal_close(&trainer->journal);
    batch_buffer_free(&trainer->buffer);
    close_loaders(trainer);
    train_state_free(&trainer->state);
    memory_free(trainer);
}
