/* SPDX-License-Identifier: MIT */
/* One hash of the weights whatever loads the pictures, threads, memory, interruptions: with pictures of unlike sizes that are read
 * anew, augmentation, mixing and Dropout. */
#include "run/events.h"
#include "temporary.h"
#include "tiny_training.h"

#include <stdio.h>

static struct tiny make(size_t threads, struct loader_limits limits) {
    struct tiny tiny = {.threads = threads, .limits = limits, .unlike = true};
    tiny_recipe(&tiny.recipe);
    tiny.recipe.model_resize = RESIZE_PAD;
    tiny.recipe.flip = 0.5;
    tiny.recipe.crop_padding = 1;
    tiny.recipe.erasing = 0.3;
    tiny.recipe.mixup = 0.4;
    tiny.recipe.cutmix = 1;
    tiny.recipe.batch_size = 7; /* no divisor of a block of places that are mixed */
    tiny.recipe.checkpoint_every = 4;
    return tiny;
}

static void run(struct tiny *tiny, ocellus_status expected) {
    const ocellus_status status = tiny_run(tiny);
    if (status != expected) fail_msg("status %d: %s", (int)status, status_message());
}

static const struct loader_limits alone = {LOADER_NO_THREADS, 1};

static void nothing_that_loads_decides_the_weights(void **state) {
    static const size_t loaders[] = {LOADER_NO_THREADS, 0, 1, 4}, memory[] = {1, 400000000, 4000000000};
    struct tiny usual = make(1, alone);
    (void)state;
    run(&usual, OCELLUS_OK);
    for (size_t threads = 1; threads <= 3; threads++) {
        for (size_t i = 0; i < 4 * 3; i++) {
            struct tiny other = make(threads, (struct loader_limits){loaders[i % 4], memory[i / 4]});
            run(&other, OCELLUS_OK);
            if (strcmp(other.result.weights_hash, usual.result.weights_hash) != 0)
                fail_msg("%zu threads, %zu of the loader, memory %zu: other weights", threads, loaders[i % 4],
                         memory[i / 4]);
            for (size_t epoch = 0; epoch < 3; epoch++) {
                assert_true(other.result.history.rows[epoch].loss == usual.result.history.rows[epoch].loss);
                assert_true(other.result.history.rows[epoch].val_loss == usual.result.history.rows[epoch].val_loss);
            }
            tiny_free(&other);
        }
    }
    /* Each part of the recipe does decide them. */
    for (size_t i = 0; i < 5; i++) {
        struct tiny other = make(1, alone);
        if (i == 0) other.recipe.mixup = other.recipe.cutmix = 0;
        if (i == 1) other.recipe.flip = 0;
        if (i == 2) other.recipe.erasing = 0;
        if (i == 3) other.recipe.seed = 2;
        if (i == 4) other.recipe.crop_padding = 2;
        run(&other, OCELLUS_OK);
        assert_string_not_equal(other.result.weights_hash, usual.result.weights_hash);
        tiny_free(&other);
    }
    tiny_free(&usual);
}

/* At steps in an epoch and at its end, on with other threads and another memory. */
static void an_interrupted_training_goes_on_to_the_same_weights(void **state) {
    static const uint64_t stops[] = {1, 3, 6, 9, 10, 14, 20, 26};
    struct tiny usual = make(1, alone);
    run(&usual, OCELLUS_OK);
    for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
        char name[16];
        snprintf(name, sizeof name, "stop-%d", (int)stops[i]);
        struct tiny stopped = make(1 + i % 3, (struct loader_limits){1 + i % 4, 0});
        struct tiny rest = make(1 + i % 2, i % 2 ? alone : (struct loader_limits){4, 400000000});
        stopped.run = rest.run = temporary_path(*state, name);
        stopped.stop_after = stops[i];
        rest.resume = true;
        run(&stopped, OCELLUS_INTERRUPTED);
        run(&rest, OCELLUS_OK);
        assert_string_equal(rest.result.weights_hash, usual.result.weights_hash);
        tiny_free(&stopped);
        tiny_free(&rest);
    }
    tiny_free(&usual);
}

/* What the engine waited is a part of what an epoch took, in its record and beside every point of its curve. */
static void waiting_is_recorded(void **state) {
    struct tiny tiny = make(2, alone);
    struct run_folder folder;
    json_value *events = NULL;
    size_t told = 0;
    tiny.run = temporary_path(*state, "waiting");
    run(&tiny, OCELLUS_OK);
    assert_int_equal(run_folder_open(&folder, tiny.run), OCELLUS_OK);
    assert_int_equal(run_events_read(&folder, &events), OCELLUS_OK);
    for (size_t i = 0; i < json_count(events); i++) {
        const json_value *event = json_element(events, i);
        const char *kind = "";
        double wait = -1, time = -1;
        json_get_text(json_member(event, "kind"), &kind);
        if (strcmp(kind, "epoch") != 0 && strcmp(kind, "step") != 0) continue;
        assert_true(json_get_real(json_member(event, "data_wait"), &wait));
        assert_true(json_get_real(json_member(event, "time"), &time));
        assert_true(wait > 0 && wait < time);
        told++;
    }
    assert_int_equal(told, 3 * (1 + 9));
    json_release(events);
    run_folder_close(&folder);
    tiny_free(&tiny);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_that_loads_decides_the_weights),
        cmocka_unit_test_setup_teardown(waiting_is_recorded, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_training_goes_on_to_the_same_weights, temporary_setup,
                                        temporary_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
