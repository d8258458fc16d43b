/* SPDX-License-Identifier: MIT */
/* What is chosen for pictures of one's own, by numbers alone. */
#include "app/choose.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Two quiet cores: ResNet50 at 160 x 160 in 0.01 s, a step with its last two stages in 0.02 s. */
static const struct choose_speed usual_speed = {.decode = 0.002, .forward = 0.01, .train = 0.02};
static const struct choose_wish nothing;

static struct choose_facts photographs(size_t pictures, size_t classes) {
    return (struct choose_facts){
        .pictures = pictures, .classes = classes, .smallest = pictures / classes, .side = 480, .pretrained = true};
}

static const char *value_of(const struct choice *choice, const char *flag) {
    for (size_t i = 0; i < choice->count; i++)
        if (strcmp(choice->settings[i].flag, flag) == 0) return choice->settings[i].value;
    return "";
}

static void test_network(void **state) {
    (void)state;
    struct choose_facts facts = photographs(60000, 10);
    assert_int_equal(choose_network(&facts), CHOOSE_PRETRAINED);
    facts.side = 32;
    assert_int_equal(choose_network(&facts), CHOOSE_SMALL); /* small and many */
    facts.pictures = 4999;
    assert_int_equal(choose_network(&facts), CHOOSE_PRETRAINED);
    facts.pictures = 60000;
    facts.smallest = 99;
    assert_int_equal(choose_network(&facts), CHOOSE_PRETRAINED);
    facts.pretrained = false;
    assert_int_equal(choose_network(&facts), CHOOSE_SMALL);
    facts = photographs(2000, 10);
    facts.small = true;
    assert_int_equal(choose_network(&facts), CHOOSE_SMALL);
}

static void test_what_judges(void **state) {
    (void)state;
    struct choose_facts facts = photographs(500, 10);
    struct choice choice;
    choose_recipe(&facts, &usual_speed, &nothing, 600, &choice);
    assert_int_equal(choice.folds, 0);
    assert_int_equal(choice.judged, 100);
    assert_string_equal(value_of(&choice, "test-share"), "0.2");
    facts.smallest = 29;
    choose_recipe(&facts, &usual_speed, &nothing, 600, &choice);
    assert_int_equal(choice.folds, 5);
    assert_int_equal(choice.judged, 500);
    assert_string_equal(value_of(&choice, "test-share"), "0");
    facts.smallest = 3; /* no part may lack a class */
    choose_recipe(&facts, &usual_speed, &nothing, 600, &choice);
    assert_int_equal(choice.folds, 3);
    facts.smallest = 1;
    assert_int_equal(choose_folds(&facts), 2);
    facts.pictures = 2000; /* enough, whatever a rare class has */
    assert_int_equal(choose_folds(&facts), 0);
    facts = photographs(60, 10);
    facts.test = 20;
    choose_recipe(&facts, &usual_speed, &nothing, 600, &choice);
    assert_int_equal(choice.folds, 0);
    assert_int_equal(choice.judged, 20);
}

/* More time: never less of anything; and what is planned fits. */
static void test_budget(void **state) {
    (void)state;
    const struct choose_facts facts = photographs(2000, 10);
    struct choice before = {0}, choice;
    for (double seconds = 10; seconds <= 3600; seconds += 10) {
        choose_recipe(&facts, &usual_speed, &nothing, seconds, &choice);
        const bool last = choice.last_epochs > 0;
        assert_true(choice.short_of_time || choice.seconds <= seconds);
        const bool last_before = before.last_epochs > 0;
        assert_true(last > last_before ||
                    (last == last_before && (choice.side > before.side || (choice.side == before.side &&
                                                                           choice.last_epochs >= before.last_epochs))));
        assert_true(!last || choice.side >= 128);
        assert_true(!last || (choice.last_epochs >= 6 && choice.last_epochs * 50 >= 300));
        assert_int_equal(choice.epochs - choice.last_epochs, last ? 2 : 12);
        assert_string_equal(value_of(&choice, "features"), last ? "" : "cached");
        before = choice;
    }
    assert_int_equal(choice.side, 224);
    assert_int_equal(choice.last_epochs, 12);
    choose_recipe(&facts, &usual_speed, &nothing, 20, &choice);
    assert_true(choice.short_of_time);
    assert_int_equal(choice.side, 64);
    assert_int_equal(choice.last_epochs, 0);
    assert_string_equal(value_of(&choice, "unfreeze"), "");
    choose_recipe(&facts, &usual_speed, &(struct choose_wish){.side = 96}, 3600, &choice);
    assert_int_equal(choice.side, 96);
    for (size_t epochs = 1; epochs <= 20; epochs++) { /* what is said is what is told */
        choose_recipe(&facts, &usual_speed, &(struct choose_wish){.side = 96, .epochs = epochs}, 3600, &choice);
        assert_int_equal(choice.epochs, epochs);
        assert_int_equal(choice.last_epochs, epochs > 2 ? epochs - 2 : 0);
    }
}

/* Statistics of the last stages need steps to follow: few pictures get more epochs, or none. */
static void test_few_pictures(void **state) {
    (void)state;
    const struct choose_facts facts = photographs(600, 10);
    struct choice choice;
    choose_recipe(&facts, &usual_speed, &nothing, 36000, &choice);
    assert_true(choice.last_epochs * (480 / 32) >= 300);
    choose_recipe(&facts, &usual_speed, &nothing, 120, &choice);
    assert_int_equal(choice.last_epochs, 0);
}

static void test_small_pictures_are_not_enlarged_much(void **state) {
    (void)state;
    struct choose_facts facts = photographs(1000, 10);
    struct choice choice;
    facts.side = 32;
    choose_recipe(&facts, &usual_speed, &nothing, 36000, &choice);
    assert_int_equal(choice.side, 128);
    facts.side = 8;
    choose_recipe(&facts, &usual_speed, &nothing, 36000, &choice);
    assert_int_equal(choice.side, 64);
}

static void test_a_share_that_was_said_is_kept_out(void **state) {
    (void)state;
    const struct choose_facts facts = photographs(200, 10);
    struct choice choice;
    struct text text = {0};
    choose_recipe(&facts, &usual_speed, &(struct choose_wish){.test_share = 0.25}, 3600, &choice);
    assert_int_equal(choice.folds, 0);
    assert_int_equal(choice.judged, 50);
    choose_explain(&facts, &choice, 3600, &text);
    assert_non_null(strstr(text.bytes, "judged by  50 pictures that it does not learn from\n"));
    text_free(&text);
}

/* Whatever it is, it is a sound recipe, and is told in 80 columns. */
static void test_recipes_are_sound(void **state) {
    (void)state;
    for (unsigned seed = 1; seed <= 2000; seed++) {
        srand(seed);
        struct choose_facts facts = photographs(2 + (size_t)rand() % 100000, 2);
        facts.smallest = 1 + (size_t)rand() % (facts.pictures / 2);
        facts.side = 1 + (size_t)rand() % 5000;
        facts.test = rand() % 2 ? (size_t)rand() % 1000 : 0;
        facts.validation = rand() % 2 ? 10 : 0;
        facts.grey = rand() % 2;
        facts.pretrained = rand() % 4;
        const struct choose_speed speed = {rand() % 100 * 1e-3, rand() % 100 * 1e-3, rand() % 100 * 1e-3};
        struct choice choice;
        struct recipe recipe;
        struct text text = {0};
        choose_recipe(&facts, &speed, &nothing, rand() % 5000 - 100, &choice);
        recipe_defaults(&recipe);
        assert_int_equal(choose_apply(&choice, &recipe), OCELLUS_OK);
        assert_int_equal(recipe_check(&recipe), OCELLUS_OK);
        assert_true(choice.epochs >= 1 && choice.side >= 1);
        choose_explain(&facts, &choice, 600, &text);
        assert_false(text.failed);
        for (const char *line = text.bytes; *line; line += strcspn(line, "\n") + 1)
            assert_true(strcspn(line, "\n") <= 80);
        text_free(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_network),
        cmocka_unit_test(test_what_judges),
        cmocka_unit_test(test_budget),
        cmocka_unit_test(test_few_pictures),
        cmocka_unit_test(test_small_pictures_are_not_enlarged_much),
        cmocka_unit_test(test_a_share_that_was_said_is_kept_out),
        cmocka_unit_test(test_recipes_are_sound),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
