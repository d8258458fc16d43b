/* SPDX-License-Identifier: MIT */
/* The flags that set recipe keys, made from the recipe's own table. */
#ifndef CLI_RECIPE_FLAGS_H
#define CLI_RECIPE_FLAGS_H

#include "cli/command.h"
#include "run/recipe.h"

enum { RECIPE_FLAGS_SIZE = 64 };

/* Fills `options` with `own` (ends with a NULL name) and then a flag for every recipe key that collects into `settings`. */
void recipe_flags_append(const struct option *own, struct settings *settings, struct option options[RECIPE_FLAGS_SIZE]);
/* Applies the collected flags. */
ocellus_status recipe_flags_apply(const struct settings *settings, struct recipe *recipe);

#endif
