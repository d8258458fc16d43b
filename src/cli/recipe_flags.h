/* SPDX-License-Identifier: MIT */
/* The flags that set recipe keys, made from the recipe's own table. */
#ifndef CLI_RECIPE_FLAGS_H
#define CLI_RECIPE_FLAGS_H

#include "cli/command.h"
#include "run/recipe.h"

_Static_assert((int)SETTINGS_MOST >= (int)RECIPE_KEYS_MOST, "there is no room for every key once");

/* Fills `options` with `own` (ends with a NULL name) and then a flag for every recipe key that is `wanted` (NULL: all),
 * which collects into `settings`. It has room for all of own, its end too, and RECIPE_KEYS_MOST more. */
void recipe_flags_append(const struct option *own, bool (*wanted)(const struct recipe_key *key),
                         struct settings *settings, struct option *options);
/* Applies the collected flags. */
ocellus_status recipe_flags_apply(const struct settings *settings, struct recipe *recipe);

#endif
