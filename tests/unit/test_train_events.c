/* SPDX-License-Identifier: MIT */
/* metrics.jsonl tells what the weights were at the start, how an epoch went, and where a stopped one stands. */
#include "base/folders.h"
#include "base/sha256.h"
#include "group_folder.h"
#include "run/events.h"
#include "tiny_training.h"

#include <stdio.h>

static void run_path(const char *name, char path[FILE_PATH_SIZE]) {
    assert_int_equal(path_join(path, folder, name), OCELLUS_OK);
}

static json_value *read_events(const char *path) {
    struct run_folder run;
    json_value *list = NULL;
    assert_int_equal(run_folder_open(&run, path), OCELLUS_OK);
    assert_int_equal(run_events_read(&run, &list), OCELLUS_OK);
    run_folder_close(&run);
    return list;
}

/* The nth event of the kind, from 0; NULL when there are fewer. */
static const json_value *find_event(const json_value *list, const char *kind, size_t nth) {
    for (size_t i = 0; i < json_count(list); i++) {
        const char *text = "";
        json_get_text(json_member(json_element(list, i), "kind"), &text);
        if (strcmp(text, kind) == 0 && nth-- == 0) return json_element(list, i);
    }
    return NULL;
}

static int64_t integer_of(const json_value *event, const char *key) {
    int64_t value = -1;
    assert_true(json_get_integer(json_member(event, key), &value));
    return value;
}

static void steps_tell_the_curve_of_an_epoch(void **state) {
    (void)state;
    char path[FILE_PATH_SIZE];
    run_path("steps", path);
    struct tiny tiny = {.run = path};
    tiny_recipe(&tiny.recipe);
    tiny.recipe.epochs = 1;
    assert_int_equal(tiny_run(&tiny), OCELLUS_OK);
    json_value *list = read_events(path);
    for (size_t i = 0; i < 8; i++) /* 7 steps of 8 images, one of 4 */
        assert_int_equal(integer_of(find_event(list, "step", i), "images"), i < 7 ? 8 * (i + 1) : 60);
    assert_null(find_event(list, "step", 8));
    double loss = 0;
    assert_true(json_get_real(json_member(find_event(list, "step", 7), "loss"), &loss));
    assert_true(loss == tiny.result.history.rows[0].loss);
    json_release(list);
    tiny_free(&tiny);
}

static void a_stopped_run_tells_where_it_stands(void **state) {
    (void)state;
    char path[FILE_PATH_SIZE];
    run_path("stopped", path);
    struct tiny tiny = {.run = path, .stop_after = 3};
    tiny_recipe(&tiny.recipe);
    assert_int_equal(tiny_run(&tiny), OCELLUS_INTERRUPTED);
    json_value *list = read_events(path);
    const json_value *stop = find_event(list, "stop", 0);
    assert_int_equal(integer_of(stop, "position"), 3);
    assert_int_equal(integer_of(stop, "images"), 24);
    json_release(list);
    tiny_free(&tiny);
}

static void start_and_end_name_the_weights(void **state) {
    (void)state;
    char first_path[FILE_PATH_SIZE], second_path[FILE_PATH_SIZE];
    const char *first = NULL, *second = NULL, *end = NULL;
    run_path("first", first_path);
    run_path("second", second_path);
    struct tiny one = {.run = first_path}, two = {.run = second_path};
    tiny_recipe(&one.recipe);
    one.recipe.epochs = 1;
    two.recipe = one.recipe;
    two.recipe.seed = 2;
    assert_int_equal(tiny_run(&one), OCELLUS_OK);
    assert_int_equal(tiny_run(&two), OCELLUS_OK);
    json_value *list = read_events(first_path), *other = read_events(second_path);
    assert_true(json_get_text(json_member(find_event(list, "start", 0), "weights_sha256"), &first));
    assert_true(json_get_text(json_member(find_event(list, "end", 0), "weights_sha256"), &end));
    assert_true(json_get_text(json_member(find_event(other, "start", 0), "weights_sha256"), &second));
    assert_int_equal(strlen(first), SHA256_TEXT_SIZE - 1);
    assert_string_not_equal(first, second);
    assert_string_not_equal(first, end);
    assert_string_equal(end, one.result.weights_hash);
    json_release(list);
    json_release(other);
    tiny_free(&one);
    tiny_free(&two);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_tell_the_curve_of_an_epoch),
        cmocka_unit_test(a_stopped_run_tells_where_it_stands),
        cmocka_unit_test(start_and_end_name_the_weights),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
