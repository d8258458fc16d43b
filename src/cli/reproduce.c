/* SPDX-License-Identifier: MIT */
/* ocellus reproduce */
#include "reproduce/reproduce.h"

#include "app/network.h"
#include "app/recipe_data.h"
#include "app/training.h"
#include "base/duration.h"
#include "base/folders.h"
#include "cli/command.h"
#include "cli/data.h"
#include "cli/evaluate.h"
#include "cli/run_training.h"
#include "cli/verbs.h"
#include "data/data_sets.h"
#include "data/fetch_cifar10.h"
#include "model/summary.h"
#include "report/gnuplot.h"
#include "reproduce/budget.h"

#include <stdio.h>

static const struct command reproduce_command = {
    .name = "reproduce",
    .arguments = "",
    .summary =
        "The whole experiment, done again: fetches and shows the data, trains and judges its three networks, reports.",
    .details = "SimCNN is always run whole. The two ResNet50 rows take hours: within the budget, which counts from "
               "when the data "
               "is there, they are trained as far as the time allows and judged on 500 test images; --full runs "
               "everything whole.\n\n"
               "The same command with the same --run goes on where it was stopped. Without ResNet50's weights (no "
               "network, nothing in the cache) its rows are left out, the page says so, and the exit code is 4.\n\n"
               "The path of the report page is the last line of the output.",
};
static const char *run_path, *data_path, *weights_path, *budget_text = "15m";
static size_t threads, epochs, steps_per_epoch;
static bool full;
static const struct option reproduce_options[] = {
    {"run", "PATH", "folder of the runs (runs/reproduce-DATE-TIME; with --full runs/reproduce-full)", OPTION_TEXT,
     &run_path},
    {"budget", "TIME", "time for all of it, as 15m or 1h30m [15m]", OPTION_TEXT, &budget_text},
    {"full", NULL, "everything whole, however long it takes", OPTION_SWITCH, &full},
    {"data-path", "PATH", "folder of the .bin files (fetched into the cache)", OPTION_TEXT, &data_path},
    {"weights", "FILE", "what ResNet50 starts from [imagenet]; '' for random values", OPTION_TEXT, &weights_path},
    {"epochs", "N", "epochs instead of the recipes'", OPTION_COUNT, &epochs},
    {"steps-per-epoch", "N", "steps in an epoch instead of the recipes'", OPTION_COUNT, &steps_per_epoch},
    {"threads", "N", "threads (all this process may use)", OPTION_COUNT, &threads},
    {0},
};

static void heading(const char *text) {
    printf("\n== %s\n\n", text);
    fflush(stdout); /* progress follows on the other stream */
}

static void show_done_before(void) {
    printf("done before\n");
}

static void show_forecast(const char *title, double seconds) {
    char text[DURATION_SIZE];
    duration_words(seconds, text);
    printf("%-18s %12s\n", title, text);
    fflush(stdout);
}

static ocellus_status show_data(const struct source *train, const struct source *test) {
    struct data_shown shown;
    TRY(data_shown_make(train, NULL, test, &shown));
    const ocellus_status status = command_print_data(&shown);
    data_shown_free(&shown);
    return status;
}

static ocellus_status show_network(const char *name, const struct source *source) {
    struct graph *graph = NULL;
    TRY(network_for_source(name, source, 0, &graph));
    struct summary_options options = {0};
    struct text out = {0};
    graph_summary(graph, &options, &out);
    graph_free(graph);
    return command_print_text(&out);
}

static ocellus_status train(const struct training_request *request,
                            void (*see)(void *context, const struct train_event *event, struct stop_flag *stop),
                            void *context) {
    struct training_control control = {see, context};
    char run[FILE_PATH_SIZE];
    return command_train(request, &control, TRAINING_ALL, run);
}

static const struct reproduce_face face = {.heading = heading,
                                           .done_before = show_done_before,
                                           .forecast = show_forecast,
                                           .network = show_network,
                                           .train = train,
                                           .evaluation = command_print_evaluation,
                                           .page = command_print_line};

static ocellus_status choose_folder(char folder[FILE_PATH_SIZE]) {
    if (run_path) return path_join(folder, "", run_path);
    if (full) return path_join(folder, "runs", "reproduce-full");
    return run_folder_default("reproduce", folder);
}

/* The data is here: shows it and runs all. */
static ocellus_status run_all(struct reproduce_request *request) {
    char folder[FILE_PATH_SIZE];
    TRY(show_data(request->train, request->test));
    TRY(choose_folder(folder));
    TRY(folder_make(folder));
    request->folder = folder;
    return reproduce_run(request, &face);
}

ocellus_status verb_reproduce(int argc, char **argv) {
    static struct recipe recipes[REPRODUCE_ROWS]; /* large */
    const char *line[256] = {"ocellus"};          /* before parsing moves the words */
    int line_count = 1;
    for (int i = 0; i < argc && line_count < 256; i++)
        line[line_count++] = argv[i];
    struct words words;
    struct data_parts data;
    TRY(command_parse(&reproduce_command, reproduce_options, argc, argv, &words));
    struct reproduce_request request = {
        .recipes = recipes, .full = full, .threads = threads, .argc = line_count, .argv = line};
    if (!budget_parse(budget_text, &request.budget))
        return fail(OCELLUS_USAGE, "--budget: expected a time as 15m or 1h30m (got '%s')", budget_text);
    const struct reproduce_changes changes = {data_path, weights_path, epochs, steps_per_epoch};
    TRY(reproduce_recipes(&changes, recipes));
    if (run_path && run_folder_is_run(run_path))
        return fail(OCELLUS_USAGE, "%s: is a single run, not a folder of a reproduction's runs", run_path);
    TRY(gnuplot_check()); /* before an hour's work that needs it in the end */
    if (!data_path) {
        struct fetch_options fetch = {0};
        heading("data");
        TRY(fetch_cifar10(&fetch));
    }
    const struct data_request asked = recipe_data_request(&recipes[0]);
    TRY(data_set_open(recipes[0].data_name, &asked, &data));
    request.train = data.train;
    request.test = data.test;
    ocellus_status status = run_all(&request);
    data_parts_close(&data);
    return status;
}
