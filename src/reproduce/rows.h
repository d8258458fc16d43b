/* SPDX-License-Identifier: MIT */
/* The original report's experiments, one row each: what `reproduce` runs and its report page compares. A reproduction is a
 * folder with a run folder for each row, named by the claim's key; these runs are its whole state. */
#ifndef REPRODUCE_ROWS_H
#define REPRODUCE_ROWS_H

#include "base/files.h"
#include "base/folders.h"
#include "reproduce/budget.h"
#include "run/recipe.h"

#include <stdbool.h>
#include <stddef.h>

struct reproduce_row {
    const char *claim;  /* key of the claim in reproduce/original.h */
    const char *recipe; /* built-in recipe */
    bool long_running;  /* hours: within a budget it is trained as far as the time allows */
};
enum { REPRODUCE_ROWS = 3 };
extern const struct reproduce_row reproduce_rows[REPRODUCE_ROWS];

/* The recipes that new runs of the rows are made with: the built-in ones, changed as the user asks. */
struct reproduce_changes {
    const char *data_path;            /* folder of the data; NULL: the cache */
    const char *weights;              /* what long-running rows start from; NULL: as the recipes say */
    uint64_t epochs, steps_per_epoch; /* 0: as the recipes say */
};
ocellus_status reproduce_recipes(const struct reproduce_changes *changes, struct recipe recipes[REPRODUCE_ROWS]);

/* Images that a row is judged on. */
enum {
    REPRODUCE_PART_TEST = 500,    /* test images of a row that was cut short, the same number of each class */
    REPRODUCE_TRAIN_SAMPLE = 5000 /* training images of a long-running row that is whole */
};

/* Where a row's run stands. */
struct reproduce_state {
    char path[FILE_PATH_SIZE];
    struct recipe recipe; /* the run's own where there is one */
    bool exists, trained; /* all epochs are done */
    size_t judged;        /* test images in its evaluation.json; 0: none yet */
    uint64_t images;      /* training images it has seen */
};
/* recipe: what a new run would be made with. A run is the one at `folder`/`name`; a row's name is its claim. */
ocellus_status reproduce_look(const char *folder, const char *name, const struct recipe *recipe,
                              struct reproduce_state *state);

/* What a row still has to do to be whole: training, its validations, and the evaluation. */
struct budget_work reproduce_work(const struct reproduce_state *state, size_t row, size_t train_images,
                                  size_t test_images);

#endif
