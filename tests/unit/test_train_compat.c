/* SPDX-License-Identifier: MIT */
/* Runs that an earlier version began and this one ends: tests/compat says what they are. OCELLUS_CPU is "ref" here. */
#include "base/folders.h"
#include "base/sha256.h"
#include "run/events.h"
#include "run/recipe_ini.h"
#include "run/records.h"
#include "temporary.h"
#include "tiny_training.h"

#include "base/json_parse.h"
#include "base/log.h"
#include "formats/model_file.h"
#include "formats/network_file.h"
#include "formats/safetensors.h"

#include <stdio.h>

enum { FORMATS_MOST = 100 };

static void copy_folder(const char *from, const char *to) {
    char **names;
    size_t count;
    assert_int_equal(folder_make(to), OCELLUS_OK);
    assert_int_equal(folder_names(from, &names, &count), OCELLUS_OK);
    for (size_t i = 0; i < count; i++) {
        char src[FILE_PATH_SIZE], dst[FILE_PATH_SIZE];
        assert_int_equal(path_join(src, from, names[i]), OCELLUS_OK);
        assert_int_equal(path_join(dst, to, names[i]), OCELLUS_OK);
        if (path_is_folder(src)) {
            copy_folder(src, dst);
            continue;
        }
        unsigned char *bytes;
        size_t size;
        assert_int_equal(file_read(src, 1 << 20, &bytes, &size), OCELLUS_OK);
        assert_int_equal(file_write(dst, bytes, size), OCELLUS_OK);
        free(bytes);
    }
    names_free(names);
}

/* What the run's own version ended with. */
static void read_wanted(const char *run, char hash[SHA256_TEXT_SIZE]) {
    FILE *stream = fopen(temporary_path(run, "weights"), "r");
    assert_non_null(stream);
    assert_int_equal(fscanf(stream, "%64s", hash), 1);
    fclose(stream);
}

/* The newest format of the run's checkpoints. */
static int64_t checkpoint_format(const char *run) {
    int64_t newest = 0;
    for (char name = 'a'; name <= 'b'; name++) {
        char file[32];
        struct safetensors *tensors;
        json_value *json;
        int64_t format;
        snprintf(file, sizeof file, RUN_CHECKPOINTS "/%c.safetensors", name);
        if (!path_exists(temporary_path(run, file))) continue;
        assert_int_equal(safetensors_read(temporary_path(run, file), true, &tensors), OCELLUS_OK);
        const char *text = safetensors_metadata(tensors, "ocellus_checkpoint");
        assert_int_equal(json_parse(text, strlen(text), file, &json), OCELLUS_OK);
        assert_true(json_get_integer(json_member(json, "format"), &format));
        if (format > newest) newest = format;
        json_release(json);
        safetensors_free(tensors);
    }
    return newest;
}

/* Stopped once more on the way, so that this version's own checkpoint of the run is read too. */
static void resume(const char *run) {
    char wanted[SHA256_TEXT_SIZE];
    struct tiny stopped = {.run = run, .resume = true, .stop_after = 2};
    struct tiny tiny = {.run = run, .resume = true};
    struct history before;
    read_wanted(run, wanted);
    recipe_neutral(&tiny.recipe);
    assert_int_equal(recipe_read(temporary_path(run, RUN_RECIPE), &tiny.recipe), OCELLUS_OK);
    assert_int_equal(history_read(temporary_path(run, RUN_HISTORY), &before), OCELLUS_OK);
    stopped.recipe = tiny.recipe;
    if (tiny_run(&stopped) != OCELLUS_INTERRUPTED) fail_msg("%s: %s", run, status_message());
    tiny_free(&stopped);
    if (tiny_run(&tiny) != OCELLUS_OK) fail_msg("%s: %s", run, status_message());
    assert_false(tiny.result.finished_before);
    assert_true(tiny.result.steps_now < tiny.result.steps); /* it went on: it did not begin again */
    assert_string_equal(tiny.result.weights_hash, wanted);
    assert_int_equal(tiny.result.history.count, tiny.recipe.epochs);
    for (size_t i = 0; i < before.count; i++)
        assert_memory_equal(&tiny.result.history.rows[i], &before.rows[i], sizeof before.rows[i]);
    history_free(&before);
    tiny_free(&tiny);
}

static void what_lies_in_it_can_be_read(const char *run) {
    struct run_folder folder;
    struct run_data data;
    json_value *events = NULL;
    struct network_file model;
    assert_int_equal(run_folder_open(&folder, run), OCELLUS_OK);
    assert_int_equal(run_data_read(&folder, &data), OCELLUS_OK);
    assert_int_equal(data.train_images, 60);
    assert_int_equal(run_events_read(&folder, &events), OCELLUS_OK);
    assert_true(json_count(events) > 3);
    json_release(events);
    if (network_file_read(temporary_path(run, RUN_LAST), &network_forms_model, &model) != OCELLUS_OK)
        fail_msg("%s", status_message());
    network_file_free(&model);
    run_folder_close(&folder);
}

static void runs_of_earlier_versions_go_on(void **state) {
    char **versions, **names, all[FILE_PATH_SIZE] = TEST_SOURCE_DIR "/tests/compat";
    size_t version_count, count, runs = 0;
    bool seen[FORMATS_MOST + 1] = {false};
    int64_t present = 0;
    assert_int_equal(folder_names(all, &versions, &version_count), OCELLUS_OK);
    for (size_t i = 0; i < version_count; i++) {
        char version[FILE_PATH_SIZE];
        assert_int_equal(path_join(version, all, versions[i]), OCELLUS_OK);
        if (!path_is_folder(version)) continue;
        assert_int_equal(folder_names(version, &names, &count), OCELLUS_OK);
        for (size_t k = 0; k < count; k++, runs++) {
            char from[FILE_PATH_SIZE], run[FILE_PATH_SIZE];
            assert_int_equal(path_join(from, version, names[k]), OCELLUS_OK);
            assert_int_equal(path_join(run, *state, names[k]), OCELLUS_OK);
            copy_folder(from, run);
            what_lies_in_it_can_be_read(run);
            seen[checkpoint_format(run)] = true;
            resume(run);
            present = checkpoint_format(run);
            assert_int_equal(folder_remove(run), OCELLUS_OK);
        }
        names_free(names);
    }
    names_free(versions);
    assert_true(runs >= 5);
    for (int64_t format = 1; format <= present; format++) /* none was forgotten when the number grew */
        if (!seen[format]) fail_msg("no run in tests/compat has checkpoints of format %d", (int)format);
}

int main(void) {
    log_set_level(LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(runs_of_earlier_versions_go_on, temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests_name("train/compat", tests, NULL, NULL);
}
