/* SPDX-License-Identifier: MIT */
#include "reproduce/unnamed.h"

#include <stdio.h>

static const struct {
    const char *title, *why;
} rules[UNNAMED_RULES] = {
    [UNNAMED_OPTIMIZER] =
        {"Optimizer not named",
         "The optimizer and its rate decide whether pretrained filters survive: the same run with another one is "
         "another experiment."},
    [UNNAMED_PREPROCESSING] =
        {"Preprocessing not named",
         "Keras's ImageNet weights expect 0..255, blue first, minus the channel means; anything else costs accuracy "
         "without an error. Ocellus keeps the preprocessing in the model file and applies it everywhere."},
};

const char *unnamed_title(enum unnamed_rule rule) {
    return rules[rule].title;
}

const char *unnamed_why(enum unnamed_rule rule) {
    return rules[rule].why;
}

void unnamed_find(enum unnamed_rule rule, const struct original_claim *claim, const struct recipe *recipe, char *what,
                  size_t size) {
    char rate[32];
    *what = '\0';
    if (rule == UNNAMED_OPTIMIZER && claim->optimizer < 0) {
        text_from_real(recipe->learning_rate, rate);
        snprintf(what, size, "The original report does not say which one it used; the recipe here has %s with %s.",
                 optimizer_names[recipe->optimizer], rate);
    }
    if (rule == UNNAMED_PREPROCESSING && claim->pretrained)
        snprintf(what, size, "The original report does not say how the images were prepared.");
}
