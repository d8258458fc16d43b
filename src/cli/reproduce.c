/* SPDX-License-Identifier: MIT */
/* ocellus reproduce */
#include "app/reproduce.h"

#include "app/evaluation.h"
#include "app/network.h"
#include "app/training.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/steps.h"
#include "data/fetch.h"
#include "model/summary.h"
#include "report/gnuplot.h"

#include <stdio.h>

static const struct command reproduce_command = {
    .name = "reproduce",
    .arguments = "",
    .summary =
        "The whole experiment: fetches and shows the data, trains by the original report's recipe, judges, reports.",
    .details = "The path of the report page is the last line of the output.",
};
static const char *run_path, *data_path;
static size_t threads, epochs, steps_per_epoch;
static const struct option reproduce_options[] = {
    {"run", "PATH", "the run folder (runs/MODEL-DATE-TIME)", OPTION_TEXT, &run_path},
    {"data-path", "PATH", "folder of the .bin files (fetched into the cache)", OPTION_TEXT, &data_path},
    {"epochs", "N", "epochs instead of the recipe's", OPTION_COUNT, &epochs},
    {"steps-per-epoch", "N", "steps in an epoch instead of all", OPTION_COUNT, &steps_per_epoch},
    {"threads", "N", "threads (all this process may use)", OPTION_COUNT, &threads},
    {0},
};

static void heading(const char *text) {
    printf("\n== %s\n\n", text);
    fflush(stdout); /* progress follows on the other stream */
}

static ocellus_status show_data(const struct dataset *train, const struct dataset *test) {
    struct dataset_summary train_summary = {0}, test_summary = {0};
    ocellus_status status = dataset_summarize(train, &train_summary);
    if (status == OCELLUS_OK) status = dataset_summarize(test, &test_summary);
    if (status == OCELLUS_OK) status = command_print_data(train, test, &train_summary, &test_summary);
    dataset_summary_free(&train_summary);
    dataset_summary_free(&test_summary);
    return status;
}

static ocellus_status show_network(const char *name, const struct dataset *dataset) {
    struct graph *graph = NULL;
    TRY(network_for_dataset(name, dataset, &graph));
    struct summary_options options = {0};
    struct text out = {0};
    graph_summary(graph, &options, &out);
    graph_free(graph);
    return command_print_text(&out);
}

/* One experiment: trains and judges; `run` gets its folder. */
static ocellus_status run_row(const struct recipe *recipe, const char *path, const struct dataset *train,
                              const struct dataset *test, int argc, char **argv, char run[FILE_PATH_SIZE]) {
    struct training_request request = {.recipe = recipe,
                                       .run = path,
                                       .threads = threads,
                                       .train = train,
                                       .test = test,
                                       .argc = argc,
                                       .argv = (const char *const *)argv};
    heading("network");
    TRY(show_network(recipe->model_name, train));
    heading("training");
    TRY(command_train(&request, run));
    heading("evaluation");
    struct evaluation_request evaluation = {.run = run,
                                            .weights = RUN_LAST,
                                            .threads = threads,
                                            .train = train,
                                            .test = test,
                                            .train_images = EVALUATION_ALL,
                                            .test_images = EVALUATION_ALL};
    struct evaluation_record record;
    TRY(evaluation_run(&evaluation, &record));
    ocellus_status status = command_print_evaluation(&record);
    evaluation_record_free(&record);
    return status;
}

/* All rows that have a recipe, then the page. */
static ocellus_status run_rows(const struct recipe recipes[REPRODUCE_ROWS], const struct dataset *train,
                               const struct dataset *test, int argc, char **argv) {
    static char folders[REPRODUCE_ROWS][FILE_PATH_SIZE];
    const char *runs[REPRODUCE_ROWS] = {0};
    for (size_t i = 0; i < REPRODUCE_ROWS; i++) {
        if (!reproduce_rows[i].recipe) continue;
        TRY(run_row(&recipes[i], run_path, train, test, argc, argv, folders[i]));
        runs[i] = folders[i];
    }
    heading("report");
    char page[FILE_PATH_SIZE];
    TRY(reproduce_report(runs, train, test, page));
    printf("%s\n", page);
    return OCELLUS_OK;
}

ocellus_status verb_reproduce(int argc, char **argv) {
    struct words words;
    TRY(command_parse(&reproduce_command, reproduce_options, argc, argv, &words));
    struct recipe recipes[REPRODUCE_ROWS];
    for (size_t i = 0; i < REPRODUCE_ROWS; i++) {
        TRY(training_recipe(reproduce_rows[i].recipe, &recipes[i]));
        if (data_path) TRY(recipe_set(&recipes[i], recipe_key_for_flag("data-path"), data_path, "--data-path"));
        if (epochs) recipes[i].epochs = epochs;
        if (steps_per_epoch) recipes[i].steps_per_epoch = steps_per_epoch;
    }
    if (run_path && path_exists(run_path))
        return fail(OCELLUS_USAGE, "%s: exists already (a run is never overwritten)", run_path);
    TRY(gnuplot_check()); /* before an hour's work that needs it in the end */
    if (!data_path) {
        struct fetch_options fetch = {0};
        heading("data");
        TRY(fetch_cifar10(&fetch));
    }
    struct dataset train = {0}, test = {0};
    TRY(training_load_data(&recipes[0], &train, &test));
    ocellus_status status = show_data(&train, &test);
    if (status == OCELLUS_OK) status = run_rows(recipes, &train, &test, argc, argv);
    dataset_free(&train);
    dataset_free(&test);
    return status;
}
