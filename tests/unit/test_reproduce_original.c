/* SPDX-License-Identifier: MIT */
/* The original's claims, what runs and recipes say beside them, and what it does not name. */
#include "reproduce/judgement.h"
#include "reproduce/original.h"
#include "reproduce/unnamed.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static struct recipe original_recipe(void) {
    struct recipe recipe;
    recipe_defaults(&recipe);
    recipe.validation = RECIPE_VALIDATION_TEST;
    return recipe;
}

static void departures_from_the_original_are_named(void **state) {
    (void)state;
    struct recipe recipe = original_recipe();
    struct run_data data = {.train_images = 50000, .validation = RECIPE_VALIDATION_TEST};
    const struct original_claim *claim = original_claim_named("simcnn");
    assert_non_null(claim);
    assert_string_equal(claim->key, "simcnn");
    assert_true(claim->test_accuracy == 0.9019);
    struct text out = {0};
    assert_int_equal(original_departures(claim, &recipe, &data, 20, &out), 0);
    assert_int_equal(out.size, 0);
    recipe.learning_rate = 0.01;
    recipe.optimizer = OPTIMIZER_SGD;
    data.train_images = 45000;
    assert_int_equal(original_departures(claim, &recipe, &data, 5, &out), 4);
    assert_string_equal(out.bytes,
                        "epochs 5 instead of 20, training images 45000 instead of 50000, optimizer sgd instead "
                        "of adam, learning rate 0.01 instead of 0.001");
    text_free(&out);
}

static void claims_have_names(void **state) {
    (void)state;
    assert_string_equal(original_claim_named("resnet50-custom")->model, "resnet50");
    assert_null(original_claim_named("another"));
    assert_non_null(original_slip("simcnn", "data"));
    assert_null(original_slip("simcnn", "recipe"));
}

/* A run of three epochs whose test set has 10,000 images, of which `correct` are right. */
struct case_of_verdict {
    size_t correct;
    double training[3], validation[3];
    double final_training; /* by the last weights; NaN: not evaluated */
    const char *headline;
};

static const struct case_of_verdict cases[] = {
    {7020,
     {0.60, 0.91, 0.95},
     {0.58, 0.70, 0.7},
     NAN,
     "The claimed 90.19\u202f% lies 19.10\u202fpoints above the interval of the measured test accuracy; a training "
     "accuracy reaches it, no test accuracy does."},
    {7020,
     {0.60, 0.70, 0.75},
     {NAN, NAN, NAN},
     0.93,
     "The claimed 90.19\u202f% lies 19.10\u202fpoints above the interval of the measured test accuracy; a training "
     "accuracy reaches it, no test accuracy does."},
    {7020,
     {0.60, 0.70, 0.75},
     {NAN, NAN, NAN},
     0.80,
     "The claimed 90.19\u202f% lies 19.10\u202fpoints above the interval of the measured test accuracy, and nothing "
     "measured in this run reaches it."},
    {8900,
     {0.60, 0.91, 0.95},
     {0.58, 0.903, 0.89},
     NAN,
     "The claimed 90.19\u202f% lies 0.59\u202fpoints above the interval of the measured test accuracy, though an "
     "epoch reached it in validation."},
    {9000,
     {0.60, 0.91, 0.95},
     {0.58, 0.89, 0.90},
     NAN,
     "The claimed 90.19\u202f% lies within the interval of the measured test accuracy."},
    {9500,
     {0.60, 0.91, 0.95},
     {0.58, 0.89, 0.95},
     NAN,
     "The claimed 90.19\u202f% lies 4.37\u202fpoints below the interval of the measured test accuracy: this run does "
     "better."},
};

static void the_numbers_choose_the_verdict(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct case_of_verdict *c = &cases[i];
        struct history_row rows[3];
        for (size_t epoch = 0; epoch < 3; epoch++)
            rows[epoch] = (struct history_row){.accuracy = c->training[epoch], .val_accuracy = c->validation[epoch]};
        struct history history = {rows, 3, 3};
        struct evaluation test = {.count = 10000,
                                  .correct = c->correct,
                                  .accuracy = (double)c->correct / 1e4,
                                  .interval = wilson_interval(c->correct, 10000)},
                          train = {.count = 100, .accuracy = c->final_training};
        struct verdict_facts facts = {.history = &history,
                                      .train = isnan(c->final_training) ? NULL : &train,
                                      .test = &test,
                                      .validation_is_test = true};
        struct text headline = {0};
        judgement_append(&facts, original_claim_named("simcnn")->test_accuracy, &headline);
        assert_string_equal(headline.bytes, c->headline);
        text_free(&headline);
    }
}

static void what_is_not_named_is_told_with_the_recipe(void **state) {
    (void)state;
    const struct original_claim *custom = original_claim_named("resnet50-custom"),
                                *simcnn = original_claim_named("simcnn");
    struct recipe recipe;
    char what[256];
    recipe_defaults(&recipe);
    unnamed_find(UNNAMED_OPTIMIZER, custom, &recipe, what, sizeof what);
    assert_string_equal(what,
                        "The original report does not say which one it used; the recipe here has adam with 0.001.");
    recipe.optimizer = OPTIMIZER_SGD;
    recipe.learning_rate = 0.05;
    unnamed_find(UNNAMED_OPTIMIZER, custom, &recipe, what, sizeof what);
    assert_non_null(strstr(what, "the recipe here has sgd with 0.05."));
    unnamed_find(UNNAMED_PREPROCESSING, custom, &recipe, what, sizeof what);
    assert_string_equal(what, "The original report does not say how the images were prepared.");
    for (int rule = 0; rule < UNNAMED_RULES; rule++) {
        unnamed_find((enum unnamed_rule)rule, simcnn, &recipe, what, sizeof what); /* which names one, and needs none */
        assert_string_equal(what, "");
        assert_true(strlen(unnamed_title((enum unnamed_rule)rule)) > 5);
        assert_true(strlen(unnamed_why((enum unnamed_rule)rule)) > 40);
        assert_null(strstr(unnamed_why((enum unnamed_rule)rule), "0.01")); /* the same for all recipes */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(departures_from_the_original_are_named),
        cmocka_unit_test(claims_have_names),
        cmocka_unit_test(the_numbers_choose_the_verdict),
        cmocka_unit_test(what_is_not_named_is_told_with_the_recipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
