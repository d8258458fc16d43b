/* SPDX-License-Identifier: MIT */
/* What a reproduction still has to do, told from the state of its runs. */
#include "app/training.h"
#include "base/folders.h"
#include "group_folder.h"
#include "reproduce/outcome.h"
#include "run/progress.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TRAIN = 50000, TEST = 10000, SIMCNN = 0, BASE = 1, CUSTOM = 2 };

static struct reproduce_state fresh(size_t row) {
    struct reproduce_state state = {0};
    assert_int_equal(training_recipe(reproduce_rows[row].recipe, &state.recipe), OCELLUS_OK);
    return state;
}

static void assert_work(const struct reproduce_state *state, size_t row, uint64_t training, uint64_t inference) {
    struct budget_work work = reproduce_work(state, row, TRAIN, TEST);
    assert_int_equal(work.training, training);
    assert_int_equal(work.inference, inference);
}

static void whole_rows_cost_what_their_recipes_say(void **state) {
    (void)state;
    struct reproduce_state simcnn = fresh(SIMCNN), base = fresh(BASE), custom = fresh(CUSTOM);
    assert_work(&simcnn, SIMCNN, 20 * TRAIN, 20 * TEST + TEST + TRAIN);
    assert_work(&base, BASE, TRAIN, TEST + TEST + REPRODUCE_TRAIN_SAMPLE);
    assert_work(&custom, CUSTOM, 550 * 32, 32 + TEST + REPRODUCE_TRAIN_SAMPLE);
}

static void what_is_done_is_not_counted_again(void **state) {
    (void)state;
    struct reproduce_state base = fresh(BASE), simcnn = fresh(SIMCNN);
    base.images = 20000;
    base.judged = 500; /* of the part: it will be judged again */
    assert_work(&base, BASE, 30000, TEST + TEST + REPRODUCE_TRAIN_SAMPLE);
    base.images = TRAIN; /* only the validation is left */
    assert_work(&base, BASE, 0, TEST + REPRODUCE_TRAIN_SAMPLE);
    base.trained = true;
    assert_work(&base, BASE, 0, TEST + REPRODUCE_TRAIN_SAMPLE);
    base.judged = TEST;
    assert_work(&base, BASE, 0, 0);
    simcnn.images = 3 * TRAIN + 1000;
    assert_work(&simcnn, SIMCNN, 17 * TRAIN - 1000, 17 * TEST + TEST + TRAIN);
}

static void write_file(const char *run, const char *name, const char *content) {
    char path[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, run, name), OCELLUS_OK);
    assert_int_equal(file_write(path, content, strlen(content)), OCELLUS_OK);
}

static void a_stopped_run_is_found_where_it_stands(void **state) {
    (void)state;
    struct recipe recipe;
    struct reproduce_state found;
    char path[FILE_PATH_SIZE];
    recipe_defaults(&recipe);
    assert_int_equal(reproduce_look(folder, reproduce_rows[SIMCNN].claim, &recipe, &found), OCELLUS_OK);
    assert_false(found.exists);
    assert_int_equal(found.images, 0);
    assert_int_equal(path_join(path, folder, "simcnn"), OCELLUS_OK);
    assert_string_equal(found.path, path);
    assert_int_equal(folder_make(path), OCELLUS_OK);
    write_file(path, RUN_RECIPE, "[training]\nepochs = 3\nbatch_size = 10\n");
    write_file(path, RUN_DATA,
               "{\"name\": \"cifar10\", "
               "\"train_sha256\": \"0000000000000000000000000000000000000000000000000000000000000000\", "
               "\"test_sha256\": \"0000000000000000000000000000000000000000000000000000000000000000\", "
               "\"train_images\": 95, \"validation_images\": 5, \"validation\": \"held-out\"}");
    write_file(path, RUN_HISTORY,
               "epoch,accuracy,learning_rate,loss,val_accuracy,val_loss,time\n0,0.5,0.001,1,0.5,1,2\n");
    write_file(path, RUN_EVENTS,
               "{\"t\": 1, \"kind\": \"epoch\", \"step\": 10}\n"
               "{\"t\": 1, \"kind\": \"stop\", \"step\": 14, \"epoch\": 1, \"position\": 4, \"images\": 40, "
               "\"accuracy\": 0.5, \"loss\": 1.0, \"time\": 2.0}\n");
    assert_int_equal(reproduce_look(folder, reproduce_rows[SIMCNN].claim, &recipe, &found), OCELLUS_OK);
    assert_true(found.exists && !found.trained);
    assert_int_equal(found.recipe.epochs, 3); /* its own recipe counts */
    assert_int_equal(found.images, 95 + 40);
    assert_int_equal(found.judged, 0);
    write_file(path, RUN_EVENTS,
               "{\"t\": 1, \"kind\": \"epoch\", \"step\": 30}\n{\"t\": 1, \"kind\": \"end\", \"step\": 30}\n");
    assert_int_equal(reproduce_look(folder, reproduce_rows[SIMCNN].claim, &recipe, &found), OCELLUS_OK);
    assert_true(found.trained);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_rows_cost_what_their_recipes_say),
        cmocka_unit_test(what_is_done_is_not_counted_again),
        cmocka_unit_test(a_stopped_run_is_found_where_it_stands),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
