/* SPDX-License-Identifier: MIT */
/* A run that was stopped or killed anywhere and resumed ends with the same bits as one that was not. The negative
 * controls spoil one thing at a time in a checkpoint, and the same comparison must see it. */
#include "base/folders.h"
#include "base/sha256.h"
#include "run/events.h"
#include "run/recipe_ini.h"
#include "temporary.h"
#include "tiny_training.h"
#include "train/checkpoint.h"

#include "base/log.h"

#include <math.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static struct tiny whole; /* the run that nothing interrupted */

static int train_whole(void **state) {
    (void)state;
    tiny_recipe(&whole.recipe);
    return tiny_run(&whole) == OCELLUS_OK ? 0 : -1;
}

static int free_whole(void **state) {
    (void)state;
    tiny_free(&whole);
    return 0;
}

/* A copy that later calls of temporary_path() do not reuse. */
static const char *run_path(void **state) {
    static char path[FILE_PATH_SIZE];
    strcpy(path, temporary_path(*state, "run"));
    return path;
}

static struct tiny tiny_at(const char *run, bool resume) {
    struct tiny tiny = {.run = run, .resume = resume};
    tiny_recipe(&tiny.recipe);
    return tiny;
}

/* Same weights, same measurements; only the time may differ. */
static bool same_as_whole(const struct tiny *tiny) {
    const struct history *a = &tiny->result.history, *b = &whole.result.history;
    bool same = strcmp(tiny->result.weights_hash, whole.result.weights_hash) == 0 && a->count == b->count &&
                tiny->result.best_epoch == whole.result.best_epoch && tiny->result.steps == whole.result.steps;
    for (size_t i = 0; same && i < a->count; i++)
        same = memcmp(&a->rows[i], &b->rows[i], offsetof(struct history_row, time)) == 0;
    return same;
}

static void resume_to_the_end(const char *run, size_t threads, bool same) {
    struct tiny tiny = tiny_at(run, true);
    tiny.threads = threads;
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    assert_int_equal(same_as_whole(&tiny), same);
    struct history history;
    assert_int_equal(history_read(temporary_path(run, RUN_HISTORY), &history), OCELLUS_OK);
    assert_int_equal(history.count, tiny.recipe.epochs);
    history_free(&history);
    tiny_free(&tiny);
}

static void stop_at(const char *run, bool resume, uint64_t step) {
    struct tiny tiny = tiny_at(run, resume);
    tiny.stop_after = step;
    assert_int_equal(tiny_run(&tiny), OCELLUS_INTERRUPTED);
    assert_int_equal(tiny.steps, step);
    assert_string_equal(tiny.result.weights_hash, "");
    tiny_free(&tiny);
}

/* 8 steps an epoch: in the first epoch, at its last step (before its validation), in the second epoch. */
static void stopped_runs_go_on_to_the_same_bits(void **state) {
    static const uint64_t steps[] = {3, 8, 13};
    for (size_t i = 0; i < 3; i++) {
        const char *run = run_path(state);
        stop_at(run, false, steps[i]);
        resume_to_the_end(run, i + 1, true);
        assert_int_equal(folder_remove(run), OCELLUS_OK);
    }
}

static void stopped_validations_go_on_to_the_same_bits(void **state) {
    const char *run = run_path(state);
    struct tiny tiny = tiny_at(run, false);
    tiny.stop_in_validation = 2;
    assert_int_equal(tiny_run(&tiny), OCELLUS_TERMINATED);
    assert_int_equal(tiny.epochs, 1);
    assert_int_equal(tiny.validation_batches, 2 + 1); /* 10 images in batches of 8; the second time only one */
    tiny_free(&tiny);
    tiny = tiny_at(run, true);
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    assert_int_equal(tiny.result.steps_now, 8); /* the second epoch's steps were kept */
    assert_true(same_as_whole(&tiny));
    tiny_free(&tiny);
}

static void runs_stopped_twice_go_on_to_the_same_bits(void **state) {
    const char *run = run_path(state);
    stop_at(run, false, 5);
    stop_at(run, true, 1);
    stop_at(run, true, 9);
    resume_to_the_end(run, 2, true);
    struct run_folder folder;
    json_value *events = NULL;
    assert_int_equal(run_folder_open(&folder, run), OCELLUS_OK);
    assert_int_equal(run_events_read(&folder, &events), OCELLUS_OK);
    assert_int_equal(json_count(events),
                     1 + 3 * 8 + 3 + 3 + 3 + 3 + 3 + 1); /* start; steps; checkpoint, stop, resume; epochs; end */
    json_release(events);
}

/* Dies without a word after a step, as with SIGKILL. */
static void die_at(const char *run, uint64_t step, uint64_t checkpoint_every) {
    pid_t child = fork();
    if (child == 0) {
        struct tiny tiny = tiny_at(run, false);
        tiny.die_after = step;
        tiny.recipe.checkpoint_every = checkpoint_every;
        tiny_run(&tiny);
        _Exit(0);
    }
    int result = 0;
    assert_int_equal(waitpid(child, &result, 0), child);
    assert_int_equal(WEXITSTATUS(result), 9);
}

static void killed_runs_go_on_to_the_same_bits(void **state) {
    const char *run = run_path(state);
    die_at(run, 14, 3); /* checkpoints at 3, 6, 8 (the epoch's end) and 11 */
    struct tiny tiny = tiny_at(run, true);
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    assert_int_equal(tiny.result.steps_now, 24 - 11);
    assert_true(same_as_whole(&tiny));
    tiny_free(&tiny);
}

static void runs_killed_before_a_checkpoint_start_again(void **state) {
    const char *run = run_path(state);
    die_at(run, 2, 0);
    resume_to_the_end(run, 1, true);
}

static void flip_a_byte(const char *run, const char *name, long from_end) {
    FILE *stream = fopen(temporary_path(run, name), "r+b");
    assert_non_null(stream);
    assert_int_equal(fseek(stream, -from_end, SEEK_END), 0);
    int byte = fgetc(stream);
    assert_int_equal(fseek(stream, -1, SEEK_CUR), 0);
    fputc(byte ^ 1, stream);
    assert_int_equal(fclose(stream), 0);
}

static void a_broken_checkpoint_leaves_the_other(void **state) {
    const char *run = run_path(state);
    stop_at(run, false, 13); /* a: the end of epoch 1; b: in epoch 2 */
    flip_a_byte(run, "checkpoint/b.safetensors", 3);
    struct tiny tiny = tiny_at(run, true);
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    assert_int_equal(tiny.result.steps_now, 24 - 8);
    assert_true(same_as_whole(&tiny));
    tiny_free(&tiny);
}

static void without_a_sound_checkpoint_nothing_is_done(void **state) {
    const char *run = run_path(state);
    stop_at(run, false, 13);
    flip_a_byte(run, "checkpoint/a.safetensors", 3);
    assert_int_equal(truncate(temporary_path(run, "checkpoint/b.safetensors"), 100), 0);
    struct tiny tiny = tiny_at(run, true);
    assert_int_equal(tiny_run(&tiny), OCELLUS_BAD_CONTENT);
    assert_non_null(strstr(status_message(), "no usable checkpoint"));
    assert_true(path_exists(temporary_path(run, "checkpoint/a.safetensors")));
    assert_true(path_exists(temporary_path(run, "checkpoint/b.safetensors")));
    tiny_free(&tiny);
}

/* The number of a checkpoint's format, in the file. */
static unsigned char *read_checkpoint(const char *path, size_t *size, char **number) {
    static const char before[] = "\\\"format\\\": "; /* JSON in a JSON text */
    unsigned char *bytes;
    assert_int_equal(file_read(path, 1 << 20, &bytes, size), OCELLUS_OK);
    char *found = memmem(bytes, *size, before, strlen(before));
    assert_non_null(found);
    *number = found + strlen(before);
    return bytes;
}

/* The one that is newer in both meanings, and the older one: neither may be written over. */
static void a_newer_version_s_checkpoint_is_left_alone(void **state) {
    static const char *const generations[] = {"checkpoint/a.safetensors", "checkpoint/b.safetensors"};
    for (size_t i = 0; i < 2; i++) {
        const char *run = run_path(state);
        stop_at(run, false, 13);
        char path[FILE_PATH_SIZE], *number;
        size_t size, size_now;
        snprintf(path, sizeof path, "%s", temporary_path(run, generations[i]));
        unsigned char *bytes = read_checkpoint(path, &size, &number), *now;
        assert_int_equal(*number, '2');
        *number = '3'; /* and the hash is not this version's any more */
        assert_int_equal(file_write(path, bytes, size), OCELLUS_OK);
        struct tiny tiny = tiny_at(run, true);
        assert_int_equal(tiny_run(&tiny), OCELLUS_BAD_CONTENT);
        assert_non_null(strstr(status_message(), generations[i]));
        assert_non_null(strstr(status_message(),
                               ": made by a newer Ocellus, which can read it (format 3; this one reads "
                               "up to 2)"));
        assert_int_equal(file_read(path, 1 << 20, &now, &size_now), OCELLUS_OK);
        assert_int_equal(size_now, size);
        assert_memory_equal(now, bytes, size);
        free(bytes);
        free(now);
        tiny_free(&tiny);
        assert_int_equal(folder_remove(run), OCELLUS_OK);
    }
}

static void another_recipe_is_refused(void **state) {
    const char *run = run_path(state);
    stop_at(run, false, 3);
    struct tiny tiny = tiny_at(run, true);
    tiny.recipe.beta_2 = 0.5;
    assert_int_equal(tiny_run(&tiny), OCELLUS_USAGE);
    assert_non_null(strstr(status_message(), "[optimizer] beta_2: the run cannot be resumed with another value "
                                             "(expected \"0.999\", got \"0.5\")"));
    tiny_free(&tiny);
}

static void a_finished_run_is_left_alone_unless_more_is_asked(void **state) {
    const char *run = run_path(state);
    struct tiny first = tiny_at(run, false), again = tiny_at(run, true), more = tiny_at(run, true);
    first.recipe.epochs = 2;
    again.recipe.epochs = 2;
    assert_int_equal(tiny_run(&first), OCELLUS_OK);
    assert_false(first.result.finished_before);
    assert_int_equal(tiny_run(&again), OCELLUS_OK);
    assert_true(again.result.finished_before);
    assert_int_equal(again.steps, 0);
    assert_string_equal(again.result.weights_hash, first.result.weights_hash);
    assert_int_equal(tiny_run(&more), OCELLUS_OK);
    assert_int_equal(more.steps, 8);
    assert_true(same_as_whole(&more));
    struct recipe recipe;
    recipe_defaults(&recipe);
    assert_int_equal(recipe_read(temporary_path(run, RUN_RECIPE), &recipe), OCELLUS_OK);
    assert_int_equal(recipe.epochs, 3);
    tiny_free(&first);
    tiny_free(&again);
    tiny_free(&more);
}

/* Reads the checkpoint of a stopped run, lets `spoil` change something, and leaves only the changed one. */
static void rewrite_checkpoint(const char *run, void (*spoil)(struct engine *engine, struct train_state *state)) {
    struct tiny tiny = tiny_at(run, true);
    struct graph *graph = tiny_graph();
    struct engine_options options = {
        .threads = 1, .batch_size = 8, .training = true, .optimizer = train_optimizer(&tiny.recipe)};
    struct engine *engine = NULL;
    struct train_state train_state = {0};
    struct checkpoint_identity identity = {.recipe = &tiny.recipe};
    struct run_folder folder;
    char old[FILE_PATH_SIZE], written[FILE_PATH_SIZE], text[2 * SHA256_TEXT_SIZE];
    bool found = false;
    snprintf(text, sizeof text, "%064d %064d", 0, 0);
    memset(text, 'r', 64); /* as tiny_dataset() fills the hashes */
    memset(text + 65, 'e', 64);
    sha256_bytes(text, strlen(text), identity.data_hash);
    assert_int_equal(engine_open(NULL, graph, &options, &engine), OCELLUS_OK);
    assert_int_equal(run_folder_open_locked(&folder, run), OCELLUS_OK);
    assert_int_equal(
        checkpoint_read(&folder, &(struct checkpoint_engine){.engine = &engine}, &identity, &train_state, &found),
        OCELLUS_OK);
    assert_true(found);
    snprintf(old, sizeof old, "%s/%c.safetensors", RUN_CHECKPOINTS, train_state.generation);
    spoil(engine, &train_state);
    assert_int_equal(checkpoint_write(&folder, engine, &train_state, &identity, written), OCELLUS_OK);
    assert_int_equal(unlink(temporary_path(run, old)), 0);
    run_folder_close(&folder);
    train_state_free(&train_state);
    engine_close(engine);
    graph_free(graph);
}

static void spoil_nothing(struct engine *engine, struct train_state *state) {
    (void)engine;
    (void)state;
}

/* One tensor whose name ends so, back to zero. */
static void forget(struct engine *engine, const char *end) {
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        struct engine_tensor tensor = engine_tensor_at(engine, i);
        const char *found = strstr(tensor.name, end);
        if (!found || strlen(found) != strlen(end)) continue;
        float zeros[1024] = {0};
        assert_int_equal(engine_set(engine, tensor.name, zeros, shape_size(tensor.shape)), OCELLUS_OK);
        return;
    }
    fail_msg("no tensor ends in %s", end);
}

static void spoil_optimizer(struct engine *engine, struct train_state *state) {
    (void)state;
    forget(engine, "conv2d/bias/adam_m");
}

static void spoil_moving_mean(struct engine *engine, struct train_state *state) {
    (void)state;
    forget(engine, "/moving_mean");
}

static void spoil_updates(struct engine *engine, struct train_state *state) {
    (void)state;
    engine_set_updates(engine, engine_updates(engine) - 1);
}

static void spoil_position(struct engine *engine, struct train_state *state) {
    (void)engine;
    state->position++;
}

static void spoil_epoch(struct engine *engine, struct train_state *state) {
    (void)engine;
    state->position = 0; /* counts nothing twice, but takes this epoch's images from its beginning */
    state->loss_sum = 0;
    state->correct = state->images = 0;
}

static void spoil_loss_sum(struct engine *engine, struct train_state *state) {
    (void)engine;
    state->loss_sum = nextafter(state->loss_sum, 1e9);
}

static void spoil_correct(struct engine *engine, struct train_state *state) {
    (void)engine;
    state->correct++;
}

static void what_a_checkpoint_forgets_is_seen(void **state) {
    static const struct {
        void (*spoil)(struct engine *engine, struct train_state *state);
        bool same;
    } cases[] = {{spoil_nothing, true},   {spoil_optimizer, false}, {spoil_moving_mean, false}, {spoil_updates, false},
                 {spoil_position, false}, {spoil_epoch, false},     {spoil_loss_sum, false},    {spoil_correct, false}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *run = run_path(state);
        stop_at(run, false, 13);
        rewrite_checkpoint(run, cases[i].spoil);
        resume_to_the_end(run, 1, cases[i].same);
        assert_int_equal(folder_remove(run), OCELLUS_OK);
    }
}

static void spoil_seconds(struct engine *engine, struct train_state *state) {
    (void)engine;
    state->seconds = 1000;
}

static void the_time_of_an_epoch_goes_on(void **state) {
    const char *run = run_path(state);
    stop_at(run, false, 13);
    rewrite_checkpoint(run, spoil_seconds);
    struct tiny tiny = tiny_at(run, true);
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    assert_true(tiny.result.history.rows[1].time >= 1000 && tiny.result.history.rows[2].time < 1000);
    tiny_free(&tiny);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temporary_setup, temporary_teardown)

int main(void) {
    log_set_level(LOG_QUIET);
    const struct CMUnitTest tests[] = {
        TEST(stopped_runs_go_on_to_the_same_bits),
        TEST(stopped_validations_go_on_to_the_same_bits),
        TEST(runs_stopped_twice_go_on_to_the_same_bits),
        TEST(killed_runs_go_on_to_the_same_bits),
        TEST(runs_killed_before_a_checkpoint_start_again),
        TEST(a_broken_checkpoint_leaves_the_other),
        TEST(without_a_sound_checkpoint_nothing_is_done),
        TEST(a_newer_version_s_checkpoint_is_left_alone),
        TEST(another_recipe_is_refused),
        TEST(a_finished_run_is_left_alone_unless_more_is_asked),
        TEST(what_a_checkpoint_forgets_is_seen),
        TEST(the_time_of_an_epoch_goes_on),
    };
    return cmocka_run_group_tests(tests, train_whole, free_whole);
}
