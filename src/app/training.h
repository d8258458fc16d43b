/* SPDX-License-Identifier: MIT */
/* A training from a recipe to a finished run folder: what `train` and `reproduce` share. */
#ifndef APP_TRAINING_H
#define APP_TRAINING_H

#include "app/start.h"
#include "base/folders.h"
#include "data/data_parts.h"
#include "train/stages.h"
#include "train/train.h"

struct training_request {
    const struct recipe *recipe;
    const char *run;             /* path of the run folder; NULL: runs/MODEL-DATE-TIME */
    bool resume;                 /* go on with the run at `run`, whose own recipe is in *recipe */
    size_t threads;              /* 0: all this process may use */
    struct loader_limits limits; /* of how pictures are loaded; {0}: the loader chooses */
    /* The recipe's data where the caller has it; train NULL: loaded. */
    const struct source *train, *validation, *test;
    int argc; /* the command line, for environment.json */
    const char *const *argv;
    /* A run whose list of pictures a new one takes, not what lies there now; NULL: none. */
    const char *pictures_of;
    /* Why the recipe is as it is, for people: kept in a new run as RUN_CHOICE; NULL: it is a person's own. */
    const char *choice;
};

/* Everything a training needs, opened in the order in which it can be refused: the run folder last, so that nothing is
 * left behind by a mistake. */
struct training {
    struct recipe recipe;
    bool resume;
    struct data_parts opened; /* {0} when the caller has the data */
    struct train_sets sets;
    struct graph *graph;
    struct stages stages; /* and the engine */
    struct run_folder run;
    char log_path[FILE_PATH_SIZE];
    struct loader_limits limits;
};

/* Loads the data, makes the network, opens the engine and makes (or locks) the run folder, with environment.json and
 * summary.txt in it; log lines go to its train.log from here on. After a failure nothing needs to be closed. */
ocellus_status training_open(const struct training_request *request, struct training *training);
/* Runs it: train_run() with what was opened; a run that goes on by what its recipe.ini says. */
ocellus_status training_run(struct training *training, const struct stop_flag *stop, train_observer observer,
                            void *context, struct train_result *result);
void training_close(struct training *training);

/* What one image takes, in seconds: measured on a network opened for the request and closed again; no run is made. */
struct training_speed {
    double training, inference;
};
ocellus_status training_measure(const struct training_request *request, struct training_speed *speed);

/* The network of a recipe, by its name or its path from here, as a training on that source has it: start_open(), and what the
 * recipe says of pictures of other sizes. */
ocellus_status training_make_graph(const struct recipe *recipe, const char *name, const struct source *source,
                                   const char *made_over, struct start *start);

/* The recipe of a request: the defaults, then the recipe `name` (a file, or a built-in one's name; NULL: none). */
ocellus_status training_recipe(const char *name, struct recipe *recipe);
/* The names of the built-in recipes: "resnet50-base, simcnn, ...". */
void training_append_recipes(struct text *out);
/* OCELLUS_USAGE where something is in the way of a new run folder, to be said before what takes long; run_folder_create()
 * decides. */
ocellus_status training_check_run(const char *run);
/* The recipe an existing run was made with; a relative path of its data as seen from where the run was begun. */
ocellus_status training_recipe_of_run(const char *path, struct recipe *recipe);

#endif
