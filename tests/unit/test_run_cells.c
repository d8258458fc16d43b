/* SPDX-License-Identifier: MIT */
/* Each key of a recipe and each cell of a history by itself: what a resume may change and what not, what may be empty. */
#include "base/sha256.h"
#include "run/events.h"
#include "run/history.h"
#include "run/recipe.h"
#include "run/run_folder.h"
#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include <cmocka.h>

/* Another value than the default one, that the key may have. */
static const char *other_value(const struct recipe_key *key, const char *value) {
    switch (key->type) {
    case RECIPE_TEXT:
        return "another";
    case RECIPE_COUNT:
        return "7";
    case RECIPE_REAL:
        return key->smallest > 0.25 ? "2.5" : "0.25";
    case RECIPE_CHOICE:
        return key->choices[strcmp(key->choices[0], value) == 0];
    case RECIPE_BOOL:
        break;
    }
    return strcmp(value, "true") == 0 ? "false" : "true";
}

static void every_key_counts_or_may_change(void **state) {
    (void)state;
    size_t fixed = 0;
    for (size_t i = 0; i < recipe_key_count(); i++) {
        const struct recipe_key *key = recipe_key_at(i);
        struct recipe plain, changed;
        char value[RECIPE_TEXT_SIZE], a[SHA256_TEXT_SIZE], b[SHA256_TEXT_SIZE];
        recipe_defaults(&plain);
        recipe_defaults(&changed);
        recipe_value(&plain, key, value);
        assert_int_equal(recipe_set(&changed, key, other_value(key, value), "test"), OCELLUS_OK);
        for (enum recipe_hash_format format = RECIPE_HASH_FORMAT_1; format <= RECIPE_HASH_FORMAT_2; format++) {
            assert_int_equal(recipe_hash(&plain, format, a), OCELLUS_OK);
            assert_int_equal(recipe_hash(&changed, format, b), OCELLUS_OK);
            if ((strcmp(a, b) == 0) != key->may_change) fail_msg("%s: counts wrongly in the hash", key->flag);
        }
        assert_ptr_equal(recipe_difference(&plain, &changed), key->may_change ? NULL : key);
        fixed += !key->may_change;
    }
    assert_true(fixed > 10 && fixed < recipe_key_count());
}

static void zero_has_no_sign(void **state) {
    (void)state;
    const struct recipe_key *key = RECIPE_KEY(momentum);
    struct recipe recipe;
    char value[RECIPE_TEXT_SIZE];
    recipe_defaults(&recipe);
    assert_int_equal(recipe_set(&recipe, key, "-0", "test"), OCELLUS_OK);
    recipe_value(&recipe, key, value);
    assert_string_equal(value, "0");
}

static void validation_alone_may_be_empty(void **state) {
    static const char *const cells[7] = {"0", "0.5", "0.1", "2", "0.25", "3", "9"};
    const char *path = temporary_path(*state, "history.csv");
    for (size_t empty = 0; empty < 7; empty++) {
        char text[256];
        int used = snprintf(text, sizeof text, "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss,time\n");
        for (size_t i = 0; i < 7; i++)
            used +=
                snprintf(text + used, sizeof text - (size_t)used, "%s%s", i > 0 ? "," : "", i == empty ? "" : cells[i]);
        snprintf(text + used, sizeof text - (size_t)used, "\n");
        assert_int_equal(temporary_file(path, text), 0);
        struct history history;
        const bool may = empty == 4 || empty == 5;
        assert_int_equal(history_read(path, &history), may ? OCELLUS_OK : OCELLUS_BAD_CONTENT);
        history_free(&history);
    }
}

/* An editor may have taken the last line break away. */
static void the_last_line_counts_without_its_break(void **state) {
    const char *path = temporary_path(*state, "history.csv");
    struct history history;
    assert_int_equal(temporary_file(path, "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss,time\n"
                                          "0,0.5,0.1,2,,,9\n1,0.75,0.1,1,,,8"),
                     0);
    assert_int_equal(history_read(path, &history), OCELLUS_OK);
    assert_int_equal(history.count, 2);
    assert_true(history.rows[1].accuracy == 0.75 && history.rows[1].time == 8);
    history_free(&history);
}

/* To the millisecond: a run's speed is read from it. */
static void events_tell_when(void **state) {
    (void)state;
    for (int i = 0; i < 20; i++) {
        struct timespec before, after;
        double t = 0;
        clock_gettime(CLOCK_REALTIME, &before);
        json_value *event = run_event("step", 1);
        clock_gettime(CLOCK_REALTIME, &after);
        assert_true(json_get_real(json_member(event, "t"), &t));
        assert_true(t > (double)before.tv_sec + (double)before.tv_nsec * 1e-9 - 0.002);
        assert_true(t < (double)after.tv_sec + (double)after.tv_nsec * 1e-9 + 0.002);
        json_release(event);
        nanosleep(&(const struct timespec){.tv_nsec = 3 * 1000 * 1000}, NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_key_counts_or_may_change),
        cmocka_unit_test(zero_has_no_sign),
        cmocka_unit_test_setup_teardown(validation_alone_may_be_empty, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(the_last_line_counts_without_its_break, temporary_setup, temporary_teardown),
        cmocka_unit_test(events_tell_when),
    };
    return cmocka_run_group_tests_name("run/cells", tests, NULL, NULL);
}
