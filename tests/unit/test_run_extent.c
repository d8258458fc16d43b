/* SPDX-License-Identifier: MIT */
/* Batches, steps, epochs and images, and how far a run is. */
#include "run/extent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_pass(void **state) {
    (void)state;
    static const struct {
        uint64_t images, batch, wanted, steps, seen;
    } cases[] = {
        {0, 32, 0, 0, 0},
        {1, 32, 0, 1, 1},
        {32, 32, 0, 1, 32},
        {33, 32, 0, 2, 33},
        {50000, 32, 0, 1563, 50000},
        {50000, 32, 1562, 1562, 49984},
        {50000, 32, 1563, 1563, 50000}, /* the last one has 16 images */
        {50000, 32, 1564, 1563, 50000}, /* more than there are */
        {50000, 32, UINT64_MAX, 1563, 50000},
        {UINT64_MAX, 1, 0, UINT64_MAX, UINT64_MAX},
        {UINT64_MAX, 2, UINT64_MAX, UINT64_MAX / 2 + 1, UINT64_MAX},
        {100, 1000, 1, 1, 100},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct run_pass pass = run_pass_over(cases[i].images, cases[i].batch, cases[i].wanted);
        if (pass.steps != cases[i].steps || pass.images != cases[i].seen)
            fail_msg("case %zu: %llu steps, %llu images", i, (unsigned long long)pass.steps,
                     (unsigned long long)pass.images);
    }
}

static void test_what_a_recipe_holds_out(void **state) {
    (void)state;
    struct recipe recipe;
    recipe_defaults(&recipe); /* 5,000 held out, batches of 32 */
    assert_int_equal(run_held_out(&recipe, 50000), 5000);
    assert_int_equal(run_trained_on(&recipe, 50000), 45000);
    assert_int_equal(run_trained_on(&recipe, 4000), 0);
    assert_int_equal(run_validation(&recipe, 50000, 10000).images, 5000);
    assert_int_equal(run_epoch(&recipe, 45000).steps, 1407);
    recipe.validation_steps = 3;
    assert_int_equal(run_validation(&recipe, 50000, 10000).images, 96);
    recipe.validation = RECIPE_VALIDATION_TEST;
    assert_int_equal(run_held_out(&recipe, 50000), 0);
    assert_int_equal(run_validation(&recipe, 50000, 10000).images, 96);
    recipe.validation_steps = 0;
    assert_int_equal(run_validation(&recipe, 50000, 10000).images, 10000);
    recipe.validation = RECIPE_VALIDATION_NONE;
    assert_int_equal(run_validation(&recipe, 50000, 10000).images, 0);
    assert_int_equal(run_trained_on(&recipe, 50000), 50000);
}

static void test_how_far_a_run_is(void **state) {
    (void)state;
    struct recipe recipe;
    recipe_defaults(&recipe);
    recipe.epochs = 4;
    const struct run_data data = {.train_images = 100}; /* 4 steps an epoch */
    struct run_progress progress = {.partial = true, .last = {.epoch = 1, .position = 3, .images = 96}};
    struct run_extent extent = run_extent_of(&recipe, &data, 1, &progress);
    assert_false(extent.whole);
    assert_int_equal(extent.steps, 7);
    assert_int_equal(extent.all_steps, 16);
    assert_int_equal(extent.images, 196);
    assert_true(extent.share == 0.49);
    char text[80];
    run_extent_text(&extent, text);
    assert_string_equal(text, "7 of 16 steps");
    extent = run_extent_of(&recipe, &data, 2, &progress); /* of an epoch that is over */
    assert_int_equal(extent.steps, 8);
    assert_int_equal(extent.images, 200);
    recipe.steps_per_epoch = 2;
    extent = run_extent_of(&recipe, &data, 5, &(struct run_progress){0});
    assert_true(extent.whole && extent.share == 1.0);
    assert_int_equal(extent.images, 5 * 64);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pass),
        cmocka_unit_test(test_what_a_recipe_holds_out),
        cmocka_unit_test(test_how_far_a_run_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
