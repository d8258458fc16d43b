/* SPDX-License-Identifier: MIT */
/* The rules. A finding names the numbers; the reasons are the same for every recipe. */
#include "report/audit.h"

#include "metrics/metrics.h"
#include "report/number.h"
#include "run/extent.h"

#include <stdio.h>
#include <string.h>

enum { FEW_IMAGES = 1000 };         /* fewer leave an accuracy near 90 % unsure by two points or more */
static const double expected = 0.9; /* where half widths are told */

static const struct {
    const char *title, *why;
} rules[AUDIT_RULES] = {
    [AUDIT_TEST_AS_VALIDATION] =
        {"Test set used as validation",
         "Whoever watches the test accuracy while choosing epochs or settings reports a best case. Ocellus holds out "
         "5,000 training images unless a recipe says otherwise."},
    [AUDIT_FEW_VALIDATION_IMAGES] = {"Validation on few images",
                                     "Its accuracy moves by chance from epoch to epoch. Ocellus says before a training "
                                     "how sure its validation can be."},
    [AUDIT_COVERAGE] = {"Part of the data",
                        "\u201cOne epoch\u201d is then less than one look at the data, and two runs that differ in it "
                        "differ in more than their settings. Ocellus says the share before the training and here."},
    [AUDIT_ONE_SEED] = {"One seed",
                        "Intervals here count the chance of drawing the test images, not that of the initial values "
                        "and the order; a second seed would tell. Every run names its seed, and other seeds are one "
                        "flag (--seed)."},
    [AUDIT_CONTINUED_WEIGHTS] =
        {"Continued weights",
         "Its accuracy is then that of both trainings together, and says nothing about this recipe alone. Ocellus "
         "records the SHA-256 of the weights that every run starts from."},
};

const char *audit_title(enum audit_rule rule) {
    return rules[rule].title;
}

const char *audit_why(enum audit_rule rule) {
    return rules[rule].why;
}

static uint64_t validation_images(const struct recipe *recipe, const struct audit_facts *facts) {
    return run_validation(recipe, facts->train_images, facts->test_images).images;
}

static void find_validation(const struct recipe *recipe, const struct audit_facts *facts, char what[256]) {
    uint64_t images = validation_images(recipe, facts);
    if (images == 0 || images >= FEW_IMAGES) return;
    struct interval interval = wilson_interval((size_t)((double)images * expected + 0.5), (size_t)images);
    snprintf(what, 256, "%llu validation images: an accuracy near 90\u202f%% is known to \u00b1%s at best.",
             (unsigned long long)images, number_points((interval.high - interval.low) / 2.0, 1).text);
}

static void find_coverage(const struct recipe *recipe, const struct audit_facts *facts, char what[256]) {
    uint64_t available = run_trained_on(recipe, facts->train_images);
    uint64_t seen = run_epoch(recipe, available).images;
    char seen_text[32], images_text[32];
    if (seen >= available) return;
    text_with_commas(seen, seen_text);
    text_with_commas(available, images_text);
    snprintf(what, 256, "An epoch of %llu steps of %llu sees %s of %s training images (%s).",
             (unsigned long long)recipe->steps_per_epoch, (unsigned long long)recipe->batch_size, seen_text,
             images_text, number_part((double)seen / (double)available, 1).text);
}

static void find_continued(const struct recipe *recipe, const struct audit_facts *facts, char what[256]) {
    if (facts->continued_from != NULL)
        snprintf(what, 256, "It starts with the final weights of %.100s.", facts->continued_from);
    else if (*recipe->model_weights != '\0' && strcmp(recipe->model_weights, "imagenet") != 0)
        snprintf(what, 256, "It starts with the weights in %.150s.", recipe->model_weights);
}

/* Writes the sentence of a rule that applies; leaves it "" otherwise. */
static void apply(enum audit_rule rule, const struct recipe *recipe, const struct audit_facts *facts, char what[256]) {
    switch (rule) {
    case AUDIT_TEST_AS_VALIDATION:
        if (recipe->validation == RECIPE_VALIDATION_TEST) {
            char images[32];
            text_with_commas(validation_images(recipe, facts), images);
            snprintf(what, 256, "Its %s validation images are test images; %s.", images,
                     facts->best_weights ? "the weights that were judged are those of the best epoch by them"
                                         : "the last weights were judged: no epoch was chosen by them");
        }
        break;
    case AUDIT_FEW_VALIDATION_IMAGES:
        find_validation(recipe, facts, what);
        break;
    case AUDIT_COVERAGE:
        find_coverage(recipe, facts, what);
        break;
    case AUDIT_ONE_SEED:
        if (facts->seeds == 1) snprintf(what, 256, "One run, with seed %llu.", (unsigned long long)recipe->seed);
        break;
    case AUDIT_CONTINUED_WEIGHTS:
        find_continued(recipe, facts, what);
        break;
    case AUDIT_RULES:
        break;
    }
}

size_t audit_recipe(const struct recipe *recipe, const struct audit_facts *facts,
                    struct audit_finding findings[AUDIT_RULES]) {
    size_t count = 0;
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        struct audit_finding finding = {.rule = (enum audit_rule)rule};
        apply(finding.rule, recipe, facts, finding.what);
        if (*finding.what != '\0') findings[count++] = finding;
    }
    return count;
}
