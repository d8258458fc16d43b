/* SPDX-License-Identifier: MIT */
/* The recipes of recipes/ inside the program: an installed program has them too. The build makes them from the files
 * (CMakeLists.txt), so there is no second copy to keep. */
#ifndef APP_RECIPES_H
#define APP_RECIPES_H

struct builtin_recipe {
    const char *name; /* the file's name without ".ini": "simcnn" */
    const char *text; /* its content */
};

/* Ends with a row whose name is NULL. */
extern const struct builtin_recipe recipe_table[];

/* The text of a built-in recipe, or NULL. */
const char *recipe_builtin(const char *name);

#endif
