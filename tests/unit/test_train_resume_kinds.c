/* SPDX-License-Identifier: MIT */
/* Stopped or killed and resumed, to the same bits: with each optimizer's state, with pictures augmented and mixed, for batches that leave a smaller one at an
 * epoch's end, with checkpoints in the epoch and without. */
#include "base/folders.h"
#include "base/sha256.h"
#include "run/events.h"
#include "temporary.h"
#include "tiny_training.h"

#include "base/log.h"

#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static const struct {
    const char *name;
    int optimizer;
    double momentum;
    bool nesterov;
    bool augmented, mixed;
} kinds[] = {
    {"adam", OPTIMIZER_ADAM, 0, false, false, false},      {"sgd", OPTIMIZER_SGD, 0, false, false, false},
    {"momentum", OPTIMIZER_SGD, 0.9, false, false, false}, {"nesterov", OPTIMIZER_SGD, 0.9, true, false, false},
    {"augmented", OPTIMIZER_SGD, 0, false, true, false},   {"augmented and mixed", OPTIMIZER_SGD, 0, false, true, true},
};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* 60 images: 8 steps of 8 (4 in the last), 9 of 7 (4), 2 of 30, 3 of 25 (10), 1 of 100 (60). Stops: in the first epoch, at its last
 * step, in the second epoch. */
static const struct {
    uint64_t batch_size, checkpoint_every, stops[3];
} batches[] = {
    {8, 0, {3, 8, 13}}, {7, 3, {4, 9, 12}}, /* at step 9 a checkpoint in the epoch and one at its end would fall together */
    {30, 1, {1, 2, 3}}, {25, 2, {1, 3, 5}}, {100, 1, {1, 2, 2}},
};
enum { BATCHES = sizeof batches / sizeof *batches };

static struct tiny make(const char *run, size_t kind, size_t batch) {
    struct tiny tiny = {.run = run};
    tiny_recipe(&tiny.recipe);
    tiny.recipe.optimizer = kinds[kind].optimizer;
    tiny.recipe.momentum = kinds[kind].momentum;
    tiny.recipe.nesterov = kinds[kind].nesterov;
    if (kinds[kind].augmented) {
        tiny.recipe.alternating_flip = tiny.recipe.trivial_augment = true;
        tiny.recipe.crop_padding = 2;
        tiny.recipe.rotation = 10;
        tiny.recipe.brightness = tiny.recipe.hue = 0.2;
        tiny.recipe.erasing = 0.5;
    }
    if (kinds[kind].mixed) tiny.recipe.mixup = tiny.recipe.cutmix = 0.7;
    tiny.recipe.batch_size = batches[batch].batch_size;
    tiny.recipe.checkpoint_every = batches[batch].checkpoint_every;
    return tiny;
}

/* Every step is told once, in order: what came after the checkpoint was cut off before it was done again. */
static void expect_each_step_once(const char *run, uint64_t steps) {
    struct run_folder folder;
    json_value *events = NULL;
    uint64_t told = 0;
    assert_int_equal(run_folder_open(&folder, run), OCELLUS_OK);
    assert_int_equal(run_events_read(&folder, &events), OCELLUS_OK);
    for (size_t i = 0; i < json_count(events); i++) {
        const char *kind = "";
        int64_t step = 0;
        json_get_text(json_member(json_element(events, i), "kind"), &kind);
        if (strcmp(kind, "step") != 0) continue;
        assert_true(json_get_integer(json_member(json_element(events, i), "step"), &step));
        assert_int_equal(step, ++told);
    }
    assert_int_equal(told, steps);
    json_release(events);
    run_folder_close(&folder);
}

static void resume(const char *run, size_t kind, size_t batch, const struct tiny *whole, uint64_t stopped) {
    struct tiny tiny = make(run, kind, batch);
    const struct history *a = &tiny.result.history, *b = &whole->result.history;
    tiny.resume = true;
    tiny.threads = 2;
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    if (strcmp(tiny.result.weights_hash, whole->result.weights_hash) != 0)
        fail_msg("%s, batch %zu, stopped after step %zu: other bits", kinds[kind].name, batch, (size_t)stopped);
    assert_int_equal(a->count, b->count);
    for (size_t i = 0; i < a->count; i++)
        assert_memory_equal(&a->rows[i], &b->rows[i], offsetof(struct history_row, time));
    expect_each_step_once(run, whole->result.steps);
    tiny_free(&tiny);
    assert_int_equal(folder_remove(run), OCELLUS_OK);
}

static void stopped_runs_go_on_to_the_same_bits(void **state) {
    char run[FILE_PATH_SIZE];
    assert_int_equal(path_join(run, *state, "run"), OCELLUS_OK);
    for (size_t kind = 0; kind < KINDS; kind++) {
        for (size_t batch = 0; batch < BATCHES; batch++) {
            struct tiny whole = make(NULL, kind, batch);
            assert_int_equal(tiny_run(&whole), OCELLUS_OK);
            for (size_t i = 0; i < 3; i++) {
                struct tiny stopped = make(run, kind, batch);
                stopped.stop_after = batches[batch].stops[i];
                assert_int_equal(tiny_run(&stopped), OCELLUS_INTERRUPTED);
                tiny_free(&stopped);
                resume(run, kind, batch, &whole, batches[batch].stops[i]);
            }
            tiny_free(&whole);
        }
    }
}

static void killed_runs_go_on_to_the_same_bits(void **state) {
    char run[FILE_PATH_SIZE];
    assert_int_equal(path_join(run, *state, "run"), OCELLUS_OK);
    enum { BATCH = 1, STEP = 14 };
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct tiny whole = make(NULL, kind, BATCH);
        assert_int_equal(tiny_run(&whole), OCELLUS_OK);
        const pid_t child = fork();
        if (child == 0) {
            struct tiny tiny = make(run, kind, BATCH);
            tiny.die_after = STEP;
            tiny_run(&tiny);
            _Exit(0);
        }
        int result = 0;
        assert_int_equal(waitpid(child, &result, 0), child);
        assert_int_equal(WEXITSTATUS(result), 9);
        resume(run, kind, BATCH, &whole, STEP);
        tiny_free(&whole);
    }
}

/* No two of them are the same training, or the tests above would hold less than they say. */
static void kinds_differ(void **state) {
    (void)state;
    char hashes[KINDS][SHA256_TEXT_SIZE];
    for (size_t kind = 0; kind < KINDS; kind++) {
        struct tiny tiny = make(NULL, kind, 0);
        assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
        strcpy(hashes[kind], tiny.result.weights_hash);
        for (size_t other = 0; other < kind; other++)
            assert_string_not_equal(hashes[kind], hashes[other]);
        tiny_free(&tiny);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, temporary_setup, temporary_teardown)

int main(void) {
    log_set_level(LOG_QUIET);
    const struct CMUnitTest tests[] = {
        TEST(stopped_runs_go_on_to_the_same_bits),
        TEST(killed_runs_go_on_to_the_same_bits),
        cmocka_unit_test(kinds_differ),
    };
    return cmocka_run_group_tests_name("train/resume-kinds", tests, NULL, NULL);
}
