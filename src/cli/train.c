/* SPDX-License-Identifier: MIT */
/* ocellus train */
#include "app/look.h"
#include "app/network.h"
#include "app/training.h"
#include "base/folders.h"
#include "cli/command.h"
#include "cli/loader_flags.h"
#include "cli/recipe_flags.h"
#include "cli/run_training.h"
#include "cli/train_own.h"
#include "cli/verbs.h"
#include "data/data_sets.h"
#include "model/builtin.h"

#include <stdint.h>

static void append_lists(struct text *out) {
    text_append(out, "Networks: ");
    network_append_names(true, out);
    text_append(out, ".\n\nRecipes: ");
    training_append_recipes(out);
    text_append(out, ".");
}

static const struct command train_command = {
    .name = "train",
    .arguments = "[MODEL|PICTURES]",
    .summary = "Trains a network into a new run folder, or goes on with one (--resume).",
    .details =
        "PICTURES is a folder with a folder of pictures for each class, a list (.csv, .tsv: path,label), or a "
        "folder of a data set's own files. It is looked at, and what fits it, this machine and --budget is chosen: "
        "network, size, what is kept out to judge by. What and why is said; flags of the recipe stand over it. Then "
        "it is trained and judged, and the report page is drawn.\n\n"
        "MODEL is a built-in network. Ctrl-C finishes the step, saves a checkpoint and ends with 130, as does "
        "SIGTERM (143) and a terminal "
        "that goes away (SIGHUP, 129); `ocellus train "
        "--resume --run PATH` goes on to the same bits as an uninterrupted training.",
    .append_lists = append_lists,
    .maximum = 1,
};

static const char *run_path, *recipe_name, *budget;
static size_t threads;
static struct loader_flags loading = {LOADER_FLAGS_UNSAID, NULL};
static bool resume;
static const struct option train_options[] = {
    {"run", "PATH", "the run folder (runs/MODEL-DATE-TIME)", OPTION_TEXT, &run_path},
    {"recipe", "FILE", "a recipe file, or the name of a built-in recipe (see below)", OPTION_TEXT, &recipe_name},
    {"budget", "MINUTES", "of PICTURES: time for all of it (10)", OPTION_TEXT, &budget},
    {"threads", "N", "threads (all this process may use); no result depends on it", OPTION_COUNT, &threads},
    LOADER_OPTIONS(loading),
    {"resume", NULL, "go on with the run at --run PATH", OPTION_SWITCH, &resume},
    {0},
};

static ocellus_status fail_nowhere(const char *word) {
    const struct data_set *set = data_set_find(word);
    if (set && set->open) return fail(OCELLUS_USAGE, "%s: is a data set by name: ocellus train --data %s", word, word);
    return graph_is_nowhere(word);
}

/* What is trained: the run's own recipe, or that of --recipe, and what the command line says over it. */
static ocellus_status find_recipe(const char *word, const char *data_name, const struct settings *settings,
                                  struct recipe *recipe) {
    if (resume) {
        if (!run_path) return fail(OCELLUS_USAGE, "--resume needs the run to go on with: --run PATH");
        if (recipe_name)
            return fail(OCELLUS_USAGE, "--resume takes the run's own recipe; --recipe does not go with it");
        TRY(training_recipe_of_run(run_path, recipe));
    } else {
        TRY(training_recipe(recipe_name, recipe));
    }
    if (data_name) {
        TRY(recipe_set(recipe, RECIPE_KEY(data_name), data_name, word));
        TRY(recipe_set(recipe, RECIPE_KEY(data_path), word, word));
    } else if (word) {
        TRY(recipe_set(recipe, RECIPE_KEY(model_name), word, "MODEL"));
    }
    return recipe_flags_apply(settings, recipe);
}

ocellus_status verb_train(int argc, char **argv) {
    struct settings settings = {0};
    struct option options[sizeof train_options / sizeof *train_options + RECIPE_KEYS_MOST];
    recipe_flags_append(train_options, NULL, &settings, options);
    const char *line[256] = {"ocellus"}; /* before parsing moves the words */
    int line_count = 1;
    for (int i = 0; i < argc && line_count < 256; i++)
        line[line_count++] = argv[i];
    struct words words;
    TRY(command_parse(&train_command, options, argc, argv, &words));

    struct loader_limits limits;
    TRY(loader_flags_read(&loading, &limits));
    const char *word = words.count == 1 ? words.items[0] : NULL, *data_name = NULL;
    if (word && !graph_is_builtin(word)) {
        if (!path_exists(word)) return fail_nowhere(word); /* before a data set that is not there is asked for */
        TRY(look_recognise(word, &data_name));
    }
    if (data_name && !resume && !recipe_name) {
        const struct train_own_request own = {.path = word,
                                              .data_name = data_name,
                                              .run = run_path,
                                              .budget = budget ? budget : "10",
                                              .threads = threads,
                                              .limits = limits,
                                              .settings = &settings,
                                              .argc = line_count,
                                              .argv = line};
        return train_own(&own);
    }
    if (budget) return fail(OCELLUS_USAGE, "--budget: goes with a set of pictures: ocellus train PICTURES");

    struct recipe recipe;
    TRY(find_recipe(word, data_name, &settings, &recipe));
    struct training_request request = {.limits = limits,
                                       .recipe = &recipe,
                                       .run = run_path,
                                       .resume = resume,
                                       .threads = threads,
                                       .argc = line_count,
                                       .argv = line};
    char run[FILE_PATH_SIZE];
    const bool own = resume && train_own_is(run_path);
    TRY(command_train(&request, NULL, own ? TRAINING_PROGRESS : TRAINING_ALL, run));
    return own ? train_own_finish(run, threads, &limits) : OCELLUS_OK;
}
