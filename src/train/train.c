/* SPDX-License-Identifier: MIT */
/* The loop. What must survive an interruption is in struct train_state; everything else here is made again. */
#include "train/train.h"

#include "base/folders.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/random.h"
#include "base/sha256.h"
#include "inference/predict.h"
#include "inference/weights.h"
#include "run/events.h"
#include "run/progress.h"
#include "run/recipe_ini.h"
#include "run/records.h"
#include "train/checkpoint.h"

#include <inttypes.h>
#include <math.h>
#include <ocellus/version.h>
#include <stdlib.h>
#include <string.h>

struct loop {
    const struct train_options *options;
    struct train_plan plan;
    struct optimizer optimizer;
    struct train_state state;
    struct checkpoint_identity identity;
    char train_identity[SHA256_TEXT_SIZE], test_identity[SHA256_TEXT_SIZE]; /* of the sources; "" without a test set */
    struct batch_buffer buffer;
    size_t *order; /* [train images] dataset indices in the order of the current epoch */
    struct run_events events;
    double epoch_started; /* on the clock; earlier than it was by what the epoch took before a resume */
    bool saved;           /* the last checkpoint holds all that was done */
};

/* --- telling --- */

static struct train_event make_event(const struct loop *loop, enum train_event_kind kind) {
    const struct train_state *state = &loop->state;
    double images = state->images ? (double)state->images : 1;
    return (struct train_event){
        .kind = kind,
        .plan = &loop->plan,
        .epoch = state->epoch,
        .position = state->position,
        .step = state->step,
        .loss = state->loss_sum / images,
        .accuracy = (double)state->correct / images,
        .learning_rate = loop->optimizer.learning_rate,
        .seconds = clock_seconds() - loop->epoch_started,
    };
}

static void tell(const struct loop *loop, const struct train_event *event) {
    if (loop->options->observer) loop->options->observer(loop->options->context, event);
}

static void tell_kind(const struct loop *loop, enum train_event_kind kind) {
    struct train_event event = make_event(loop, kind);
    tell(loop, &event);
}

static void tell_validation(void *context, size_t done, size_t total) {
    (void)total;
    struct train_event event = make_event(context, TRAIN_VALIDATION_STEP);
    event.validation_done = done;
    tell(context, &event);
}

static ocellus_status record(struct loop *loop, json_value *event) {
    if (loop->options->run) return run_events_append(&loop->events, event);
    json_release(event);
    return OCELLUS_OK;
}

static ocellus_status record_kind(struct loop *loop, const char *kind) {
    return record(loop, run_event(kind, loop->state.step));
}

static ocellus_status record_text(struct loop *loop, const char *kind, const char *key, const char *text) {
    json_value *event = run_event(kind, loop->state.step);
    if (json_set(event, key, json_new_text(text))) return record(loop, event);
    json_release(event);
    return fail(OCELLUS_IO, "metrics: no memory");
}

/* Where the epoch stands: what is known of an epoch that was not finished, and its curve. */
static ocellus_status record_running(struct loop *loop, const char *kind) {
    struct train_event now = make_event(loop, TRAIN_STEP);
    json_value *event = run_event(kind, loop->state.step);
    bool complete = json_set(event, "epoch", json_new_integer((int64_t)now.epoch)) &&
                    json_set(event, "position", json_new_integer((int64_t)now.position)) &&
                    json_set(event, "images", json_new_integer((int64_t)loop->state.images)) &&
                    json_set(event, "accuracy", json_new_real(now.accuracy)) &&
                    json_set(event, "loss", json_new_real(now.loss)) &&
                    json_set(event, "time", json_new_real(now.seconds));
    if (complete) return record(loop, event);
    json_release(event);
    return fail(OCELLUS_IO, "metrics: no memory");
}

/* An epoch's curve has this many points. */
static bool step_is_recorded(const struct loop *loop) {
    enum { POINTS = 100 };
    uint64_t every = loop->plan.steps / POINTS;
    return every <= 1 || loop->state.position % every == 0;
}

static ocellus_status record_epoch(struct loop *loop, const struct history_row *row) {
    json_value *event = run_event("epoch", loop->state.step);
    bool complete = json_set(event, "epoch", json_new_integer((int64_t)loop->state.history.count - 1)) &&
                    json_set(event, "accuracy", json_new_real(row->accuracy)) &&
                    json_set(event, "loss", json_new_real(row->loss)) &&
                    json_set(event, "val_accuracy", json_new_real(row->val_accuracy)) &&
                    json_set(event, "val_loss", json_new_real(row->val_loss)) &&
                    json_set(event, "learning_rate", json_new_real(row->learning_rate)) &&
                    json_set(event, "time", json_new_real(row->time));
    if (complete) return record(loop, event);
    json_release(event);
    return fail(OCELLUS_IO, "metrics: no memory");
}

/* --- saving --- */

static ocellus_status write_history(const struct loop *loop) {
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(loop->options->run, RUN_HISTORY, path));
    return history_write(&loop->state.history, path);
}

static ocellus_status write_model(const struct loop *loop, const char *name) {
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(loop->options->run, name, path));
    return weights_write(loop->options->engine, loop->options->graph, (int64_t)loop->state.history.count, path);
}

static ocellus_status save_checkpoint(struct loop *loop) {
    if (!loop->options->run || loop->saved) return OCELLUS_OK;
    char path[FILE_PATH_SIZE];
    loop->state.seconds = clock_seconds() - loop->epoch_started;
    TRY(checkpoint_write(loop->options->run, loop->options->engine, &loop->state, &loop->identity, path));
    loop->saved = true;
    struct train_event event = make_event(loop, TRAIN_CHECKPOINT);
    event.path = path;
    tell(loop, &event);
    return record_kind(loop, "checkpoint");
}

/* --- failing and stopping --- */

static ocellus_status fail_diverged(struct loop *loop, const char *what) {
    const char *where = engine_find_nonfinite(loop->options->engine);
    TRY(record_running(loop, "stop"));
    return fail(OCELLUS_DIVERGED,
                "epoch %" PRIu64 ", step %" PRIu64 " of %" PRIu64 ": %s is not finite; first seen in %s",
                loop->state.epoch + 1, loop->state.position, loop->plan.steps, what, where ? where : "the loss alone");
}

/* Saved values are always finite: an update may break them after a loss that was still sound. */
static ocellus_status check_finite(struct loop *loop) {
    return engine_find_nonfinite(loop->options->engine) ? fail_diverged(loop, "a value") : OCELLUS_OK;
}

/* Saves where it stands, and a model of it to look at, and answers the request to stop. */
static ocellus_status stop_now(struct loop *loop) {
    ocellus_status status = stop_requested(loop->options->stop);
    TRY(check_finite(loop));
    TRY(save_checkpoint(loop));
    if (loop->options->run) TRY(write_model(loop, RUN_LAST));
    TRY(record_running(loop, "stop"));
    return fail(status, "stopped at epoch %" PRIu64 ", step %" PRIu64 " of %" PRIu64, loop->state.epoch + 1,
                loop->state.position, loop->plan.steps);
}

static bool stop_wanted(const struct loop *loop) {
    return stop_requested(loop->options->stop) != OCELLUS_OK;
}

/* --- an epoch --- */

static void order_epoch(struct loop *loop) {
    const struct image_set *train = &loop->options->sets->train;
    random_permutation(loop->options->recipe->seed, RANDOM_SHUFFLE, (uint32_t)loop->state.epoch, loop->order,
                       train->count);
    for (size_t i = 0; train->indices && i < train->count; i++)
        loop->order[i] = train->indices[loop->order[i]];
}

static ocellus_status train_step(struct loop *loop) {
    struct engine *engine = loop->options->engine;
    struct train_state *state = &loop->state;
    struct image_set set = {loop->options->sets->train.source, loop->order, (size_t)loop->plan.images_per_epoch};
    size_t first = (size_t)(state->position * loop->plan.batch_size);
    size_t left = set.count - first, n = left < loop->buffer.batch_size ? left : loop->buffer.batch_size;
    const struct engine_batch batch = {.n = n, .epoch = (uint32_t)state->epoch, .first_place = first};
    struct engine_metrics metrics;
    TRY(batch_buffer_fill(&loop->buffer, &set, first, n, engine_input(engine, batch.slot)));
    TRY(engine_forward(engine, ENGINE_TRAINING, &batch));
    TRY(engine_loss(engine, &(struct engine_targets){.labels = loop->buffer.labels}));
    TRY(engine_metrics(engine, &metrics));
    state->position++;
    state->step++;
    loop->saved = false;
    if (!metrics.finite) return fail_diverged(loop, "the loss");
    TRY(engine_backward(engine));
    TRY(engine_update(engine, &loop->optimizer));
    state->loss_sum += metrics.loss_sum;
    state->correct += metrics.correct;
    state->images += n;
    if (loop->options->run && step_is_recorded(loop)) TRY(record_running(loop, "step"));
    tell_kind(loop, TRAIN_STEP);
    return OCELLUS_OK;
}

static ocellus_status validate(struct loop *loop, struct history_row *row) {
    row->val_accuracy = row->val_loss = NAN;
    if (loop->plan.validation_images == 0) return OCELLUS_OK;
    struct image_set set = loop->options->sets->validation;
    set.count = (size_t)loop->plan.validation_images;
    struct predict_hooks hooks = {.stop = loop->options->stop, .progress = tell_validation, .context = loop};
    struct predict_score score;
    TRY(predict_score(loop->options->engine, &loop->buffer, &set, &hooks, &score));
    row->val_accuracy = (double)score.correct / (double)score.count;
    row->val_loss = score.loss_sum / (double)score.count;
    return isfinite(row->val_loss) ? OCELLUS_OK : fail_diverged(loop, "the validation loss");
}

/* Writes what the epoch gave. The checkpoint comes last: when it says that the epoch is done, everything is there. */
static ocellus_status save_epoch(struct loop *loop, const struct history_row *row, bool best) {
    if (!loop->options->run) return OCELLUS_OK;
    TRY(write_history(loop));
    TRY(write_model(loop, RUN_LAST));
    if (best) TRY(write_model(loop, RUN_BEST));
    TRY(record_epoch(loop, row));
    return save_checkpoint(loop);
}

static ocellus_status end_epoch(struct loop *loop, struct history_row *row) {
    struct train_state *state = &loop->state;
    struct train_event event = make_event(loop, TRAIN_EPOCH);
    row->accuracy = event.accuracy;
    row->loss = event.loss;
    row->learning_rate = event.learning_rate;
    row->time = event.seconds;
    TRY(history_append(&state->history, row));
    bool best = !isnan(row->val_accuracy) && (!state->has_best || row->val_accuracy > state->best_accuracy);
    if (best) {
        state->has_best = true;
        state->best_accuracy = row->val_accuracy;
        state->best_epoch = state->epoch;
    }
    event.row = row;
    event.best = best;
    state->epoch++;
    state->position = state->correct = state->images = 0;
    state->loss_sum = 0;
    loop->saved = false;
    loop->epoch_started = clock_seconds();
    ocellus_status status = save_epoch(loop, row, best);
    tell(loop, &event);
    return status;
}

static ocellus_status run_epoch(struct loop *loop) {
    struct train_state *state = &loop->state;
    uint64_t every = loop->options->recipe->checkpoint_every;
    order_epoch(loop);
    while (state->position < loop->plan.steps) {
        if (stop_wanted(loop)) return stop_now(loop);
        TRY(train_step(loop));
        if (every > 0 && state->position % every == 0 && state->position < loop->plan.steps) {
            TRY(check_finite(loop));
            TRY(save_checkpoint(loop));
        }
    }
    TRY(check_finite(loop));
    struct history_row row;
    ocellus_status status = validate(loop, &row);
    if (status != OCELLUS_OK && status == stop_requested(loop->options->stop)) return stop_now(loop);
    TRY(status);
    return end_epoch(loop, &row);
}

/* --- opening --- */

static ocellus_status identify(struct loop *loop) {
    const struct train_sets *sets = loop->options->sets;
    char text[2 * SHA256_TEXT_SIZE];
    loop->identity.recipe = loop->options->recipe;
    TRY(source_identity(sets->train_data, loop->train_identity));
    if (sets->test_data) TRY(source_identity(sets->test_data, loop->test_identity));
    snprintf(text, sizeof text, "%s %s", loop->train_identity, loop->test_identity);
    sha256_bytes(text, strlen(text), loop->identity.data_hash);
    return OCELLUS_OK;
}

static ocellus_status write_recipe(const struct loop *loop) {
    char path[FILE_PATH_SIZE];
    struct text text = {0};
    recipe_write(loop->options->recipe, &text);
    ocellus_status status =
        text.failed ? fail(OCELLUS_IO, "recipe: no memory") : run_folder_file(loop->options->run, RUN_RECIPE, path);
    if (status == OCELLUS_OK) status = file_write(path, text.bytes, text.size);
    text_free(&text);
    return status;
}

static ocellus_status write_data(const struct loop *loop) {
    const struct train_sets *sets = loop->options->sets;
    struct run_data data = {.train_images = sets->train.count,
                            .validation_images = loop->plan.validation_images,
                            .test_images = sets->test_data ? sets->test_data->count : 0,
                            .validation = (enum recipe_validation)loop->options->recipe->validation};
    snprintf(data.name, sizeof data.name, "%s", sets->train_data->name);
    memcpy(data.train_sha256, loop->train_identity, sizeof data.train_sha256);
    memcpy(data.test_sha256, loop->test_identity, sizeof data.test_sha256);
    return run_data_write(loop->options->run, &data);
}

/* The run's own recipe decides what may be asked of it now; *epochs is what was asked of it before. */
static ocellus_status check_recipe(const struct loop *loop, uint64_t *epochs) {
    char path[FILE_PATH_SIZE], before[RECIPE_TEXT_SIZE], now[RECIPE_TEXT_SIZE];
    struct recipe recipe;
    recipe_neutral(&recipe);
    TRY(run_folder_file(loop->options->run, RUN_RECIPE, path));
    TRY(recipe_read(path, &recipe));
    *epochs = recipe.epochs;
    const struct recipe_key *key = recipe_difference(&recipe, loop->options->recipe);
    if (!key) return OCELLUS_OK;
    recipe_value(&recipe, key, before);
    recipe_value(loop->options->recipe, key, now);
    return fail(OCELLUS_USAGE,
                "%s: [%s] %s: the run cannot be resumed with another value (expected \"%s\", got \"%s\")", path,
                key->section, key->key, before, now);
}

static bool finished(const struct loop *loop) {
    return loop->state.epoch >= loop->plan.epochs;
}

/* Which values it starts from: by this a later reader tells a fresh start from a continued one. */
static ocellus_status record_start(struct loop *loop) {
    char hash[SHA256_TEXT_SIZE];
    TRY(weights_hash(loop->options->engine, loop->options->graph, hash));
    return record_text(loop, "start", "weights_sha256", hash);
}

/* What computes from here on, which need not be what computed before. */
static ocellus_status record_resume(struct loop *loop) {
    const struct engine *engine = loop->options->engine;
    json_value *event = run_event("resume", loop->state.step);
    bool complete = json_set(event, "kernels", json_new_text(engine_kernels_name(engine))) &&
                    json_set(event, "threads", json_new_integer((int64_t)engine_thread_count(engine))) &&
                    json_set(event, "epochs", json_new_integer((int64_t)loop->plan.epochs)) &&
                    json_set(event, "version", json_new_text(OCELLUS_VERSION));
    if (complete) return record(loop, event);
    json_release(event);
    return fail(OCELLUS_IO, "metrics: no memory");
}

/* A training that was killed between its last checkpoint and its last event left all but that event. */
static ocellus_status resume_finished(struct loop *loop, uint64_t recorded_epochs) {
    struct run_progress progress;
    TRY(run_progress_read(loop->options->run, &progress));
    bool whole = loop->state.position == 0 && loop->state.epoch >= recorded_epochs;
    bool ended = progress.finished || !whole;
    run_progress_free(&progress);
    return ended ? OCELLUS_OK : run_events_open(loop->options->run, loop->state.step, &loop->events);
}

/* Finds where a run stands and makes its files say so. */
static ocellus_status resume_run(struct loop *loop) {
    const struct run_folder *run = loop->options->run;
    uint64_t recorded_epochs;
    bool found = false;
    TRY(check_recipe(loop, &recorded_epochs));
    TRY(checkpoint_read(run, loop->options->engine, &loop->identity, &loop->state, &found));
    if (loop->state.position > loop->plan.steps) {
        return fail(OCELLUS_BAD_CONTENT, "%s: position %" PRIu64 " lies behind the epoch's %" PRIu64 " steps",
                    run->path, loop->state.position, loop->plan.steps);
    }
    if (!found) log_info("%s: no checkpoint yet; starting from the beginning", run->path);
    loop->saved = found;
    if (finished(loop)) return resume_finished(loop, recorded_epochs);
    TRY(write_recipe(loop));
    TRY(write_data(loop));
    TRY(write_history(loop));
    TRY(run_events_open(run, loop->state.step, &loop->events));
    struct run_progress progress;
    TRY(run_progress_read(run, &progress));
    bool started = *progress.initial_weights != '\0';
    run_progress_free(&progress);
    if (!found && !started) TRY(record_start(loop)); /* killed before it said so; the values are still the first ones */
    return record_resume(loop);
}

static ocellus_status start_run(struct loop *loop) {
    TRY(write_recipe(loop));
    TRY(write_data(loop));
    TRY(write_history(loop));
    TRY(run_events_open(loop->options->run, 0, &loop->events));
    return record_start(loop);
}

static ocellus_status open_loop(struct loop *loop) {
    const struct train_options *options = loop->options;
    TRY(train_plan_make(options->recipe, options->sets, &loop->plan));
    TRY(batch_check(options->graph, options->sets->train.source));
    if (options->sets->validation.source) TRY(batch_check(options->graph, options->sets->validation.source));
    TRY(batch_buffer_create(options->graph, train_batch_size(options->recipe, options->sets), &loop->buffer));
    loop->order = memory_allocate(options->sets->train.count, sizeof *loop->order);
    if (!loop->order) return OCELLUS_IO;
    loop->optimizer = train_optimizer(options->recipe);
    if (!options->run) return OCELLUS_OK;
    TRY(identify(loop));
    return options->resume ? resume_run(loop) : start_run(loop);
}

/* --- the whole --- */

static ocellus_status run_epochs(struct loop *loop) {
    loop->epoch_started = clock_seconds() - loop->state.seconds;
    tell_kind(loop, TRAIN_BEGIN);
    while (!finished(loop)) {
        TRY(run_epoch(loop));
        if (stop_wanted(loop) && !finished(loop)) return stop_now(loop);
    }
    tell_kind(loop, TRAIN_END);
    return OCELLUS_OK;
}

static ocellus_status finish(struct loop *loop, struct train_result *result) {
    TRY(weights_hash(loop->options->engine, loop->options->graph, result->weights_hash));
    if (!result->finished_before) log_info("weights: SHA-256 %s", result->weights_hash);
    else if (!loop->events.stream) return OCELLUS_OK;
    return record_text(loop, "end", "weights_sha256", result->weights_hash);
}

static void close_loop(struct loop *loop) {
    run_events_close(&loop->events);
    batch_buffer_free(&loop->buffer);
    memory_free(loop->order);
    train_state_free(&loop->state);
}

ocellus_status train_run(const struct train_options *options, struct train_result *result) {
    struct loop loop = {.options = options};
    *result = (struct train_result){0};
    ocellus_status status = open_loop(&loop);
    uint64_t first_step = loop.state.step;
    result->finished_before = status == OCELLUS_OK && finished(&loop);
    if (status == OCELLUS_OK && !finished(&loop)) status = run_epochs(&loop);
    const struct train_state *state = &loop.state;
    result->epochs = state->history.count;
    result->steps = state->step;
    result->steps_now = state->step - first_step;
    result->has_best = state->has_best;
    result->best_epoch = state->best_epoch;
    result->best_accuracy = state->best_accuracy;
    if (status == OCELLUS_OK) status = finish(&loop, result);
    result->history = loop.state.history;
    loop.state.history = (struct history){0};
    close_loop(&loop);
    return status;
}
