/* SPDX-License-Identifier: MIT */
/* What is doubtful about how a figure was made: rules over a recipe and the data it meets. */
#ifndef REPORT_AUDIT_H
#define REPORT_AUDIT_H

#include "base/text.h"
#include "run/recipe.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum audit_rule {
    AUDIT_TEST_AS_VALIDATION, /* the images that judge are those that were watched */
    AUDIT_FEW_VALIDATION_IMAGES,
    AUDIT_COVERAGE,          /* an epoch does not see all training images */
    AUDIT_ONE_SEED,          /* nothing says how much chance there is in it */
    AUDIT_CONTINUED_WEIGHTS, /* it starts from the weights of another training on this task */
    AUDIT_RULES
};

/* What a recipe alone does not say. */
struct audit_facts {
    uint64_t train_images, test_images; /* of the dataset */
    size_t seeds;                       /* runs of this recipe with different seeds */
    bool best_weights;                  /* those of the best epoch in validation were judged, not the last ones */
    const char *continued_from;         /* the run whose final weights it starts with, where that is known; NULL */
};

struct audit_finding {
    enum audit_rule rule;
    char what[256]; /* one sentence about this recipe, with its numbers */
};

/* Fills findings[AUDIT_RULES] in the order of the rules; returns how many there are. */
size_t audit_recipe(const struct recipe *recipe, const struct audit_facts *facts,
                    struct audit_finding findings[AUDIT_RULES]);

/* Why it matters and what is done about it here. */
const char *audit_why(enum audit_rule rule);
const char *audit_title(enum audit_rule rule);

#endif
