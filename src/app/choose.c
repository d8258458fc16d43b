/* SPDX-License-Identifier: MIT */
#include "app/choose.h"

#include "base/text_layout.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* ---- The numbers of the choice. */

/* Small pictures, of which there are many: what is learned from them alone fits better than what photographs taught. */
enum { SMALL_SIDE = 48, SMALL_LEAST_PICTURES = 5000, SMALL_LEAST_OF_A_CLASS = 100 };
/* Fewer are not kept out: what is measured on them would say too little, and they are missed in training. */
enum { HELD_OUT_LEAST_PICTURES = 500, HELD_OUT_LEAST_OF_A_CLASS = 30, HELD_OUT_IN_ANY_CASE = 2000, FOLDS = 5 };
#define TEST_SHARE "0.2"
static const double test_share = 0.2;

/* ResNet50: sides in the order in which they are wanted; pictures are enlarged by no more than that. */
static const size_t sides[] = {224, 192, 160, 128, 96, 64};
enum { MEASURED_SIDE = 160, ENLARGED_MOST = 4, LAST_SIDE_LEAST = 128, SMALL_INPUT_LEAST = 20, SMALL_INPUT_MOST = 64 };
enum { BATCH = 32, HEAD_EPOCHS = 12, VIEWS = 2 };                        /* the last layer alone, on features */
enum { FIRST_EPOCHS = 2, LAST_EPOCHS_LEAST = 6, LAST_EPOCHS_MOST = 12 }; /* of it, and then of the last stages */
/* BatchNormalization's moving statistics, with Keras's momentum of 0.99, have forgotten 95 % of what they were. */
enum { LAST_STEPS_LEAST = 300 };
static const double epoch_seconds = 1;       /* of an epoch's end: a network of 100 MB is saved twice */
static const double frozen_share = 0.45;     /* of the body's time: what comes before its last two stages */
static const double last_training_share = 3; /* a stage trained is its time forward and twice that back */
static const double fixed_seconds = 15;      /* opening, saving, the page */
static const double budget_used = 0.9;       /* of the budget: what is measured on a few pictures is not sure */

/* SimCNN. */
enum { SMALL_EPOCHS_LEAST = 1, SMALL_EPOCHS_MOST = 40 };

/* ---- */

enum choose_network choose_network(const struct choose_facts *facts) {
    const bool many = facts->pictures >= SMALL_LEAST_PICTURES && facts->smallest >= SMALL_LEAST_OF_A_CLASS;
    return facts->small || !facts->pretrained || (facts->side <= SMALL_SIDE && many) ? CHOOSE_SMALL : CHOOSE_PRETRAINED;
}

static size_t small_side(const struct choose_facts *facts) {
    if (facts->side < SMALL_INPUT_LEAST) return SMALL_INPUT_LEAST;
    return facts->side < SMALL_INPUT_MOST ? facts->side : SMALL_INPUT_MOST;
}

size_t choose_measured_side(enum choose_network network, const struct choose_facts *facts) {
    return network == CHOOSE_SMALL ? small_side(facts) : MEASURED_SIDE;
}

/* How the pictures are used, and how often a training goes over them. */
struct work {
    double train;     /* pictures of one training, on average */
    double trainings; /* folds and the last one */
    double judged;    /* pictures that go through the network afterwards, in all */
};

size_t choose_folds(const struct choose_facts *facts) {
    if (facts->test > 0) return 0;
    if (facts->pictures >= HELD_OUT_LEAST_PICTURES && facts->smallest >= HELD_OUT_LEAST_OF_A_CLASS) return 0;
    if (facts->pictures >= HELD_OUT_IN_ANY_CASE) return 0;
    return facts->smallest >= FOLDS ? FOLDS : facts->smallest >= 2 ? facts->smallest : 2;
}

static struct work plan_work(const struct choose_facts *facts, const struct choose_wish *wish, struct choice *choice) {
    const double pictures = (double)facts->pictures;
    choice->folds = wish->whole || wish->test_share > 0 ? 0 : choose_folds(facts);
    choice->share_said = wish->test_share > 0;
    if (choice->folds > 0) {
        const double folds = (double)choice->folds;
        choice->judged = facts->pictures;
        /* Each fold trains on the others, the last training on all: folds times all in folds + 1 trainings. */
        return (struct work){pictures * folds / (folds + 1), folds + 1, 2 * pictures};
    }
    const bool kept_out = facts->test == 0 && !wish->whole;
    const double share = choice->share_said ? wish->test_share : test_share;
    const double judged = kept_out ? share * pictures : (double)facts->test;
    choice->judged = (size_t)(judged + 0.5);
    const double train = kept_out ? pictures - judged : pictures;
    return (struct work){train, 1, train + judged};
}

static void set(struct choice *choice, const char *flag, const char *format, ...) __attribute__((format(printf, 3, 4)));
static void set(struct choice *choice, const char *flag, const char *format, ...) {
    va_list arguments;
    if (choice->count == CHOICE_SETTINGS) return;
    struct choice_setting *setting = &choice->settings[choice->count++];
    setting->flag = flag;
    va_start(arguments, format);
    vsnprintf(setting->value, sizeof setting->value, format, arguments);
    va_end(arguments);
}

/* What ResNet50 costs at a side, in seconds a picture. */
struct cost {
    double decode, forward, last; /* last: a training step with the last stages learning */
};

static struct cost cost_at(const struct choose_speed *speed, size_t side) {
    const double scale = (double)(side * side) / (double)(MEASURED_SIDE * MEASURED_SIDE);
    const double least = speed->forward * (frozen_share + (1 - frozen_share) * last_training_share) / 2;
    /* a measurement may be off */
    return (struct cost){speed->decode, scale * speed->forward, scale * (speed->train > least ? speed->train : least)};
}

/* Seconds of everything but the epochs of the last stages. `last`: whether there are any. */
static double seconds_around(const struct work *work, const struct cost *cost, bool last) {
    const double passes = last ? FIRST_EPOCHS : VIEWS, epochs = last ? FIRST_EPOCHS : HEAD_EPOCHS;
    return fixed_seconds +
           work->trainings * (work->train * passes * (cost->decode + cost->forward) + epochs * epoch_seconds) +
           work->judged * (cost->decode + cost->forward);
}

/* Epochs of the last stages after which their statistics are those of these pictures. */
static size_t least_epochs(const struct work *work) {
    const size_t steps = ((size_t)work->train + BATCH - 1) / BATCH;
    const size_t epochs = (LAST_STEPS_LEAST + steps - 1) / (steps > 0 ? steps : 1);
    return epochs > LAST_EPOCHS_LEAST ? epochs : LAST_EPOCHS_LEAST;
}

static bool side_is_open(const struct choose_facts *facts, const struct choose_wish *wish, size_t side) {
    const bool last = side == sides[sizeof sides / sizeof *sides - 1];
    return wish->side > 0 ? side == wish->side : last || side <= ENLARGED_MOST * facts->side;
}

/* Whether what is wanted at that side, with the last stages or without, fits the time. Epochs that were said are kept to, whatever
 * they take: with the last stages, unless there are none left for them. */
static bool fit_side(const struct cost *cost, const struct work *work, const struct choose_wish *wish, bool last,
                     double seconds, struct choice *choice) {
    const double around = seconds_around(work, cost, last);
    const double epoch = work->trainings * (work->train * cost->last + epoch_seconds);
    const size_t said = wish->epochs > FIRST_EPOCHS ? wish->epochs - FIRST_EPOCHS : 0;
    const size_t least = said > 0 ? said : least_epochs(work),
                 most = least > LAST_EPOCHS_MOST ? least : LAST_EPOCHS_MOST;
    const double fits = epoch > 0 ? (seconds - around) / epoch : (double)most;
    if (last && wish->epochs > 0 && said == 0) return false;
    choice->last_epochs = !last ? 0 : said > 0 ? said : fits < (double)most ? (size_t)fits : most;
    choice->seconds = around + (double)choice->last_epochs * epoch;
    return last ? fits >= (double)least : around <= seconds;
}

/* The largest side at which the last stages get their epochs, where that is no small one; else that at which the last layer gets
 * its: on photographs enlarged from 32 x 32 pixels, the last stages at 128 were right more often than the last layer at 224,
 * and at 64 less often than the last layer at 128. */
static void choose_side(const struct choose_facts *facts, const struct choose_speed *speed,
                        const struct choose_wish *wish, const struct work *work, double seconds,
                        struct choice *choice) {
    const size_t given[] = {wish->side};
    const size_t *open = wish->side > 0 ? given : sides, count = wish->side > 0 ? 1 : sizeof sides / sizeof *sides;
    choice->short_of_time = true;
    for (int last = 1; last >= 0; last--) {
        bool largest = true; /* of those that are open */
        for (size_t i = 0; i < count && choice->short_of_time; i++) {
            if (!side_is_open(facts, wish, open[i])) continue;
            if (last && open[i] < LAST_SIDE_LEAST && !largest) break;
            const struct cost cost = cost_at(speed, open[i]);
            choice->side = open[i];
            choice->short_of_time = !fit_side(&cost, work, wish, last, seconds, choice);
            largest = false;
        }
    }
}

/* The last layer alone learns from features that are made once; with the last stages, from other parts of the pictures each time:
 * few pictures are soon known by heart. */
static void set_pretrained(const struct choose_facts *facts, const struct choose_wish *wish, struct choice *choice) {
    const bool last = choice->last_epochs > 0;
    choice->epochs = last ? FIRST_EPOCHS + choice->last_epochs : wish->epochs > 0 ? wish->epochs : HEAD_EPOCHS;
    set(choice, "model", "resnet50");
    set(choice, "weights", "imagenet");
    set(choice, "input-size", "%zu", choice->side);
    set(choice, "resize", "crop");
    if (facts->side >= 2 * choice->side) set(choice, "jpeg-scaled", "true");
    set(choice, "freeze", "conv*");
    set(choice, "flip", "0.5");
    if (last) {
        set(choice, "unfreeze", "%d:conv4_*, %d:conv5_*", FIRST_EPOCHS, FIRST_EPOCHS);
        set(choice, "rates", "conv*:0.05");
        set(choice, "resized-crop-smallest", "0.4");
    } else {
        set(choice, "features", "cached");
        set(choice, "views", "%d", VIEWS);
    }
    set(choice, "epochs", "%zu", choice->epochs);
    set(choice, "batch-size", "%d", BATCH);
    set(choice, "optimizer", "adam");
    set(choice, "learning-rate", "0.001");
}

static void set_small(const struct choose_facts *facts, const struct choose_speed *speed,
                      const struct choose_wish *wish, const struct work *work, double seconds, struct choice *choice) {
    const double around = fixed_seconds + work->judged * (speed->decode + speed->forward);
    const double epoch = work->trainings * work->train * (speed->decode + speed->train);
    const double fits = epoch > 0 ? (seconds - around) / epoch : SMALL_EPOCHS_MOST;
    choice->side = wish->side > 0 ? wish->side : small_side(facts);
    choice->short_of_time = fits < SMALL_EPOCHS_LEAST;
    choice->epochs = fits < SMALL_EPOCHS_LEAST  ? SMALL_EPOCHS_LEAST
                     : fits < SMALL_EPOCHS_MOST ? (size_t)fits
                                                : SMALL_EPOCHS_MOST;
    if (wish->epochs > 0) choice->epochs = wish->epochs;
    choice->seconds = around + (double)choice->epochs * epoch;
    set(choice, "model", "simcnn");
    set(choice, "input-size", "%zu", choice->side);
    set(choice, "resize", "crop");
    set(choice, "crop-padding", "%zu", choice->side / 8 > 0 ? choice->side / 8 : 1);
    if (!facts->grey) set(choice, "flip", "0.5");
    set(choice, "epochs", "%zu", choice->epochs);
}

void choose_recipe(const struct choose_facts *facts, const struct choose_speed *speed, const struct choose_wish *wish,
                   double seconds, struct choice *choice) {
    *choice = (struct choice){.network = choose_network(facts)};
    const struct work work = plan_work(facts, wish, choice);
    seconds *= budget_used;
    if (choice->network == CHOOSE_SMALL) {
        set_small(facts, speed, wish, &work, seconds, choice);
    } else {
        choose_side(facts, speed, wish, &work, seconds, choice);
        set_pretrained(facts, wish, choice);
    }
    set(choice, "validation", facts->validation > 0 ? "held-out" : "none");
    if (facts->validation == 0) set(choice, "validation-share", "0");
    set(choice, "test-share", "%s", choice->folds > 0 || wish->whole ? "0" : TEST_SHARE);
}

/* "label     words", the words broken and indented. */
enum { LABEL_COLUMNS = 11 };
static void append_reason(struct text *out, const char *label, const struct text *words) {
    out->failed = out->failed || words->failed;
    text_append(out, "%-*s", LABEL_COLUMNS, label);
    text_append_wrapped(out, words->bytes ? words->bytes : "", LABEL_COLUMNS, LABEL_COLUMNS, TEXT_COLUMNS);
    text_append(out, "\n");
}

static void explain_network(const struct choose_facts *facts, const struct choice *choice, struct text *words) {
    if (choice->network == CHOOSE_PRETRAINED)
        text_append(words, "ResNet50 as trained on ImageNet's million photographs: what it sees in pictures is used, "
                           "for there are too few here to learn that from");
    else if (facts->small) text_append(words, "SimCNN, from nothing");
    else if (facts->side <= SMALL_SIDE && facts->pretrained)
        text_append(words, "SimCNN, from nothing: pictures this small are unlike the photographs that larger networks "
                           "were trained on, and there are many");
    else
        text_append(words, "SimCNN, from nothing, as ImageNet's weights are not at hand; with them (ocellus data fetch "
                           "resnet50) far fewer mistakes are to be expected");
}

static void explain_judged(const struct choose_facts *facts, const struct choice *choice, struct text *words) {
    char judged[32];
    text_with_commas(choice->judged, judged);
    if (choice->folds > 0)
        text_append(words,
                    "all %s pictures in %zu parts, each by a network that learned from the others "
                    "(cross-validation): too few to keep any out; the network that you get learns from all",
                    judged, choice->folds);
    else if (facts->test > 0) text_append(words, "the set's own %s test pictures", judged);
    else if (choice->judged > 0)
        text_append(words, "%s pictures%s that it does not learn from", judged, choice->share_said ? "" : " (a fifth)");
    else text_append(words, "nothing");
}

static void explain_training(const struct choice *choice, struct text *words) {
    if (choice->network == CHOOSE_SMALL) {
        text_append_count(words, choice->epochs, "epoch");
    } else {
        text_append(words, "a new last layer for ");
        text_append_count(words, choice->epochs - choice->last_epochs, "epoch");
        if (choice->last_epochs > 0) {
            text_append(words, "; then the last two of four stages too, slowly, for ");
            text_append_count(words, choice->last_epochs, "epoch");
        } else {
            text_append(words, ", on features computed once");
        }
    }
}

static void explain_time(const struct choice *choice, double budget, struct text *words) {
    const double minutes = choice->seconds / 60;
    if (minutes < 1) text_append(words, "less than a minute");
    else text_append(words, minutes < 1.5 ? "about a minute" : "some %.0f minutes", minutes);
    text_append(words, " of the %g there are, by what this machine was measured to do", budget / 60);
    if (choice->short_of_time)
        text_append(words, ": more than the budget; the smallest training that makes sense takes that long");
    else if (choice->network == CHOOSE_PRETRAINED && choice->last_epochs == 0)
        text_append(words, "; with a larger --budget its last stages would learn too");
}

void choose_explain(const struct choose_facts *facts, const struct choice *choice, double budget, struct text *out) {
    void (*const with_facts[])(const struct choose_facts *, const struct choice *, struct text *) = {explain_network,
                                                                                                     explain_judged};
    static const char *const labels[] = {"network", "judged by"};
    struct text words = {0};
    char pictures[32], smallest[32];
    text_with_commas(facts->pictures, pictures);
    text_with_commas(facts->smallest, smallest);
    text_append(&words, "%s to learn from in %zu classes, %s of the smallest; the shorter side is mostly %zu pixels",
                pictures, facts->classes, smallest, facts->side);
    append_reason(out, "pictures", &words);
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        words.size = 0;
        with_facts[i](facts, choice, &words);
        append_reason(out, labels[i], &words);
    }
    words.size = 0;
    text_append(&words, "%zu x %zu pixels, from the middle of a picture%s%s", choice->side, choice->side,
                choice->last_epochs > 0 ? "; in training, other parts of it each time" : "",
                facts->grey && choice->network == CHOOSE_SMALL ? "" : "; half of them mirrored in training");
    append_reason(out, "seen as", &words);
    words.size = 0;
    explain_training(choice, &words);
    append_reason(out, "training", &words);
    words.size = 0;
    explain_time(choice, budget, &words);
    append_reason(out, "time", &words);
    text_free(&words);
}

ocellus_status choose_apply(const struct choice *choice, struct recipe *recipe) {
    for (size_t i = 0; i < choice->count; i++) {
        const struct choice_setting *setting = &choice->settings[i];
        const struct recipe_key *key = recipe_key_for_flag(setting->flag);
        if (!key) return fail(OCELLUS_ERROR, "--%s: no key of a recipe", setting->flag);
        TRY(recipe_set(recipe, key, setting->value, setting->flag));
    }
    return OCELLUS_OK;
}
