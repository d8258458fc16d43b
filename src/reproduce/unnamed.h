/* SPDX-License-Identifier: MIT */
/* What the original report does not name, though a result depends on it: rules over its claim and the recipe that follows it. */
#ifndef REPRODUCE_UNNAMED_H
#define REPRODUCE_UNNAMED_H

#include "reproduce/original.h"

enum unnamed_rule {
    UNNAMED_OPTIMIZER,
    UNNAMED_PREPROCESSING, /* for pretrained weights, which need theirs */
    UNNAMED_RULES
};

/* One sentence about the recipe, with its numbers; "" when the rule finds nothing. */
void unnamed_find(enum unnamed_rule rule, const struct original_claim *claim, const struct recipe *recipe, char *what,
                  size_t size);
/* Why it matters and what is done about it here. */
const char *unnamed_why(enum unnamed_rule rule);
const char *unnamed_title(enum unnamed_rule rule);

#endif
