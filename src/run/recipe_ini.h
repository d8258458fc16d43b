/* SPDX-License-Identifier: MIT */
/* Recipes read from INI text. */
#ifndef RUN_RECIPE_INI_H
#define RUN_RECIPE_INI_H

#include "run/recipe.h"

/* Reads INI text over what *recipe holds; `source` names it in messages (a path). OCELLUS_USAGE for an unknown section or
 * key (with the nearest known one), a key given twice or a value that is not allowed, naming source, line and key. On
 * failure *recipe is as it was. */
ocellus_status recipe_parse(const char *text, const char *source, struct recipe *recipe);
/* The same from a file of at most 64 KiB. */
ocellus_status recipe_read(const char *path, struct recipe *recipe);

#endif
