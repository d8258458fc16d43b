/* SPDX-License-Identifier: MIT */
/* How a set of pictures is learned when nothing is said about it. Pure functions: from what is known of the set, what the machine
 * was measured to do and the time there is, to the keys of a recipe and the reasons for them. No picture, clock or file. */
#ifndef APP_CHOOSE_H
#define APP_CHOOSE_H

#include "base/text.h"
#include "run/recipe.h"

#include <stdbool.h>
#include <stddef.h>

enum choose_network {
    CHOOSE_SMALL,      /* SimCNN from random values */
    CHOOSE_PRETRAINED, /* ResNet50 from ImageNet's: its features, then its last stages */
};

struct choose_facts {
    size_t pictures;          /* to learn from, those that may be kept out for judging included */
    size_t classes, smallest; /* and how many of the pictures the smallest class has */
    size_t validation, test;  /* pictures of such parts that the set brings; 0: none */
    size_t side;              /* the usual shorter side of a picture, in pixels: the median */
    bool grey;                /* every picture */
    bool pretrained;          /* ResNet50's ImageNet weights are at hand */
    bool small;               /* SimCNN was asked for */
};

/* Which network, by the set alone: what is measured next depends on it. */
enum choose_network choose_network(const struct choose_facts *facts);
/* Into how many parts the set is dealt for cross-validation; 0: it has a test part, or is large enough to keep one out. */
size_t choose_folds(const struct choose_facts *facts);
/* The side at which choose_speed is measured. */
size_t choose_measured_side(enum choose_network network, const struct choose_facts *facts);

/* Seconds a picture with all threads, measured at that side. */
struct choose_speed {
    double decode;  /* read, decoded and brought to its size */
    double forward; /* through the whole network, in inference */
    double
        train; /* a training step: of SimCNN whole, of ResNet50 with all but its last two stages frozen, those computed too */
};

/* What was said on the command line; 0: nothing. */
struct choose_wish {
    size_t side, epochs;
    double test_share; /* of the pictures, to judge by */
    bool whole;        /* no pictures are kept out and none are judged: a recipe of one's own says so */
};

enum { CHOICE_SETTINGS = 32, CHOICE_VALUE_SIZE = 64 };
struct choice {
    enum choose_network network;
    size_t side;
    size_t folds;               /* of cross-validation; 0: pictures are kept out, or the set brings a test part */
    size_t judged;              /* pictures the accuracy is measured on */
    bool share_said;            /* how many of them are kept out was said */
    size_t epochs, last_epochs; /* in all, and those of them with the last stages unfrozen */
    double seconds;             /* forecast: from the first step to the page */
    bool short_of_time;         /* the budget is too small for what would be done without one */
    struct choice_setting {
        const char *flag; /* of a recipe key */
        char value[CHOICE_VALUE_SIZE];
    } settings[CHOICE_SETTINGS];
    size_t count;
};

/* `seconds`: the budget that is left. The same arguments give the same choice. */
void choose_recipe(const struct choose_facts *facts, const struct choose_speed *speed, const struct choose_wish *wish,
                   double seconds, struct choice *choice);
/* What was chosen and why, in lines of at most 80 columns. */
void choose_explain(const struct choose_facts *facts, const struct choice *choice, double budget, struct text *out);
/* Sets the choice's keys. OCELLUS_USAGE for one that there is not. */
ocellus_status choose_apply(const struct choice *choice, struct recipe *recipe);

#endif
