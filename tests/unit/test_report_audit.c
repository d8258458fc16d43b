/* SPDX-License-Identifier: MIT */
/* The audit finds in a recipe what it should, with its numbers, and nothing in a sound one. */
#include "report/audit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct audit_facts cifar10 = {.train_images = 50000, .test_images = 10000, .seeds = 3};

/* What the rule says about the recipe; NULL: nothing. */
static const char *says(const struct recipe *recipe, const struct audit_facts *facts, enum audit_rule rule) {
    static struct audit_finding findings[AUDIT_RULES];
    size_t count = audit_recipe(recipe, facts, findings);
    for (size_t i = 0; i < count; i++)
        if (findings[i].rule == rule) return findings[i].what;
    return NULL;
}

static struct recipe custom(void) {
    struct recipe recipe;
    recipe_defaults(&recipe);
    strcpy(recipe.model_name, "resnet50");
    strcpy(recipe.model_weights, "imagenet");
    recipe.validation = RECIPE_VALIDATION_TEST;
    recipe.epochs = 1;
    recipe.steps_per_epoch = 550;
    recipe.validation_steps = 1;
    return recipe;
}

static void a_sound_recipe_has_no_finding(void **state) {
    (void)state;
    struct recipe recipe;
    struct audit_finding findings[AUDIT_RULES];
    recipe_defaults(&recipe); /* 5,000 images held out, all others seen */
    assert_int_equal(audit_recipe(&recipe, &cifar10, findings), 0);
}

static void every_fault_is_found_with_its_numbers(void **state) {
    (void)state;
    struct recipe recipe = custom();
    struct audit_facts facts = cifar10;
    facts.seeds = 1;
    assert_string_equal(
        says(&recipe, &facts, AUDIT_TEST_AS_VALIDATION),
        "Its 32 validation images are test images; the last weights were judged: no epoch was chosen by them.");
    /* Wilson at 29 of 32: 75.78 to 96.76 %. */
    assert_string_equal(says(&recipe, &facts, AUDIT_FEW_VALIDATION_IMAGES),
                        "32 validation images: an accuracy near 90\u202f% is known to \u00b110.5\u202fpoints at best.");
    assert_string_equal(says(&recipe, &facts, AUDIT_COVERAGE),
                        "An epoch of 550 steps of 32 sees 17,600 of 50,000 training images (35.2\u202f%).");
    assert_string_equal(says(&recipe, &facts, AUDIT_ONE_SEED), "One run, with seed 1.");
    assert_null(says(&recipe, &facts, AUDIT_CONTINUED_WEIGHTS));
}

static void each_rule_follows_its_own_cause(void **state) {
    (void)state;
    struct recipe recipe = custom();
    struct audit_facts facts = cifar10;
    assert_null(says(&recipe, &facts, AUDIT_ONE_SEED));
    recipe.validation_steps = 0;
    assert_null(says(&recipe, &facts, AUDIT_FEW_VALIDATION_IMAGES)); /* 10,000 images */
    assert_string_equal(
        says(&recipe, &facts, AUDIT_TEST_AS_VALIDATION),
        "Its 10,000 validation images are test images; the last weights were judged: no epoch was chosen "
        "by them.");
    recipe.validation_steps = 31;
    assert_non_null(says(&recipe, &facts, AUDIT_FEW_VALIDATION_IMAGES)); /* 992 */
    recipe.validation_steps = 32;
    assert_null(says(&recipe, &facts, AUDIT_FEW_VALIDATION_IMAGES)); /* 1,024 */
    recipe.validation = RECIPE_VALIDATION_NONE;
    assert_null(says(&recipe, &facts, AUDIT_TEST_AS_VALIDATION));
    recipe.steps_per_epoch = 1562;
    assert_string_equal(says(&recipe, &facts, AUDIT_COVERAGE),
                        "An epoch of 1562 steps of 32 sees 49,984 of 50,000 training images (99.9\u202f%).");
    recipe.steps_per_epoch = 1563;
    assert_null(says(&recipe, &facts, AUDIT_COVERAGE));
}

/* What is said about a recipe is that recipe's, and of the weights that were judged. */
static void sentences_follow_the_recipe(void **state) {
    (void)state;
    struct recipe recipe = custom();
    struct audit_facts facts = cifar10;
    facts.best_weights = true;
    assert_non_null(strstr(says(&recipe, &facts, AUDIT_TEST_AS_VALIDATION), "are those of the best epoch by them."));
}

static void lineage_is_told(void **state) {
    (void)state;
    struct recipe recipe = custom();
    struct audit_facts facts = cifar10;
    strcpy(recipe.model_weights, "runs/base/last.safetensors");
    assert_string_equal(says(&recipe, &facts, AUDIT_CONTINUED_WEIGHTS),
                        "It starts with the weights in runs/base/last.safetensors.");
    facts.continued_from = "ResNet50, base";
    assert_string_equal(says(&recipe, &facts, AUDIT_CONTINUED_WEIGHTS),
                        "It starts with the final weights of ResNet50, base.");
    recipe.model_weights[0] = '\0';
    facts.continued_from = NULL;
    assert_null(says(&recipe, &facts, AUDIT_CONTINUED_WEIGHTS));
}

static void every_rule_has_its_reason(void **state) {
    (void)state;
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        assert_true(strlen(audit_title((enum audit_rule)rule)) > 5);
        assert_true(strlen(audit_why((enum audit_rule)rule)) > 40);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_sound_recipe_has_no_finding),   cmocka_unit_test(every_fault_is_found_with_its_numbers),
        cmocka_unit_test(each_rule_follows_its_own_cause), cmocka_unit_test(lineage_is_told),
        cmocka_unit_test(every_rule_has_its_reason),       cmocka_unit_test(sentences_follow_the_recipe),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
