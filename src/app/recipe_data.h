/* SPDX-License-Identifier: MIT */
/* The data that a recipe names. */
#ifndef APP_RECIPE_DATA_H
#define APP_RECIPE_DATA_H

#include "data/data_sets.h"
#include "run/recipe.h"

/* The recipe's data, as it is opened. Points into the recipe. */
struct data_request recipe_data_request(const struct recipe *recipe);
/* Opens the recipe's data: of a `run` (its folder; NULL: none) that kept a list of its pictures, those. */
ocellus_status recipe_data_open(const struct recipe *recipe, const char *run, size_t threads, struct data_parts *parts);

#endif
