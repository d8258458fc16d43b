/* SPDX-License-Identifier: MIT */
/* ocellus reproduce */
#include "app/reproduce.h"

#include "app/evaluation.h"
#include "app/network.h"
#include "app/training.h"
#include "base/folders.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/steps.h"
#include "cli/verbs.h"
#include "data/fetch.h"
#include "model/summary.h"
#include "report/gnuplot.h"
#include "report/original.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const struct command reproduce_command = {
    .name = "reproduce",
    .arguments = "",
    .summary =
        "The original report, done again: fetches and shows the data, trains and judges its three networks, reports.",
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

/* What is kept of the budget for drawing and writing the page; and the shortest time in which a row is begun. */
static const double page_seconds = 20, shortest_row = 15;

/* The whole undertaking. */
struct reproduction {
    char folder[FILE_PATH_SIZE];
    struct dataset train, test;
    struct recipe recipes[REPRODUCE_ROWS];
    const char *reasons[REPRODUCE_ROWS]; /* why a row has no run */
    char weights_reason[1024];
    double deadline;              /* on the clock; of a budget */
    double later[REPRODUCE_ROWS]; /* forecast of the rows after each one; of --full */
    int argc;
    const char *const *argv;
};

static void heading(const char *text) {
    printf("\n== %s\n\n", text);
    fflush(stdout); /* progress follows on the other stream */
}

static void duration(double seconds, char out[32]) {
    unsigned long minutes = (unsigned long)(seconds / 60 + 0.5);
    if (seconds < 90) snprintf(out, 32, "%.0f s", seconds);
    else if (minutes < 60) snprintf(out, 32, "%lu min", minutes);
    else snprintf(out, 32, "%lu h %02lu min", minutes / 60, minutes % 60);
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

/* --- watching a training --- */

struct watch {
    double deadline;           /* of this row, on the clock; 0: none */
    double later;              /* what comes after this training, for the time left in all; below 0: not told */
    size_t batch_size, judged; /* images of a step, and test images to keep time for */
    double begun, told;        /* clock */
    uint64_t steps, first_step;
};

/* Stops when another step would not leave the time to judge. */
static void keep_deadline(struct watch *watch, const struct train_event *event, struct stop_flag *stop) {
    double now = clock_seconds();
    if (event->kind == TRAIN_STEP) watch->steps++;
    if (watch->steps == 0 || (event->kind != TRAIN_STEP && event->kind != TRAIN_VALIDATION_STEP)) return;
    double step = (now - watch->begun) / (double)watch->steps;
    double kept = budget_evaluation(step, watch->batch_size, watch->judged);
    if (!budget_fits(watch->deadline - now, kept, step)) stop_request(stop, OCELLUS_STOPPED);
}

static void tell_time_left(struct watch *watch, const struct train_event *event) {
    static const double between = 600;
    double now = clock_seconds();
    if (event->kind != TRAIN_STEP || now - watch->told < between) return;
    uint64_t done = event->step - watch->first_step;
    uint64_t all = event->plan->epochs * event->plan->steps;
    char text[32];
    duration((now - watch->begun) / (double)done * (double)(all - event->step) + watch->later, text);
    log_info("%sabout %s left for everything", log_is_terminal() ? "\n" : "", text);
    watch->told = now;
}

static void watch_training(void *context, const struct train_event *event, struct stop_flag *stop) {
    struct watch *watch = context;
    if (event->kind == TRAIN_BEGIN) {
        watch->begun = watch->told = clock_seconds();
        watch->first_step = event->step;
    }
    if (watch->deadline > 0) keep_deadline(watch, event, stop);
    if (watch->later >= 0) tell_time_left(watch, event);
}

/* --- a row --- */

/* A model that will change is no longer the one that was judged. */
static ocellus_status forget_evaluation(const char *path) {
    char file[FILE_PATH_SIZE];
    TRY(path_inside(file, path, RUN_EVALUATION));
    return unlink(file) == 0 || errno == ENOENT ? OCELLUS_OK : fail_errno(errno, "%s: cannot be removed", file);
}

static ocellus_status train_row(const struct reproduction *all, struct reproduce_state *state, struct watch *watch) {
    char run[FILE_PATH_SIZE];
    struct training_request request = {.recipe = &state->recipe,
                                       .run = state->path,
                                       .resume = state->exists,
                                       .threads = threads,
                                       .train = &all->train,
                                       .test = &all->test,
                                       .argc = all->argc,
                                       .argv = all->argv};
    struct training_control control = {watch_training, watch};
    watch->batch_size = (size_t)state->recipe.batch_size;
    if (state->exists) TRY(forget_evaluation(state->path));
    ocellus_status status = command_train(&request, &control, run);
    if (status == OCELLUS_STOPPED) {
        log_info("the time for this row is over; it can be continued");
        return OCELLUS_OK;
    }
    if (status == OCELLUS_INTERRUPTED || status == OCELLUS_TERMINATED || status == OCELLUS_HANGUP)
        return fail(status, "stopped and saved; go on with: ocellus reproduce %s--run %s", full ? "--full " : "",
                    all->folder);
    state->trained = status == OCELLUS_OK;
    return status;
}

static ocellus_status judge_row(const struct reproduction *all, size_t row, const struct reproduce_state *state) {
    bool part = reproduce_rows[row].long_running && !full;
    size_t sample = reproduce_rows[row].long_running ? REPRODUCE_TRAIN_SAMPLE : EVALUATION_ALL;
    struct evaluation_request request = {.run = state->path,
                                         .weights = RUN_LAST,
                                         .threads = threads,
                                         .train = &all->train,
                                         .test = &all->test,
                                         .train_images = part ? 0 : sample,
                                         .test_images = part ? REPRODUCE_PART_TEST : EVALUATION_ALL};
    struct evaluation_record record;
    heading("evaluation");
    ocellus_status status = evaluation_run(&request, &record);
    if (record.classes == 0) return status;
    ocellus_status printed = command_print_evaluation(&record);
    evaluation_record_free(&record);
    return printed != OCELLUS_OK ? printed : status;
}

/* Trains what is left to train, or what fits into the time, and judges. */
static ocellus_status run_row(struct reproduction *all, size_t row) {
    struct reproduce_state state;
    struct watch watch = {.later = full ? all->later[row] : -1};
    bool by_time = reproduce_rows[row].long_running && !full;
    TRY(reproduce_look(all->folder, reproduce_rows[row].claim, &all->recipes[row], &state));
    heading(original_claim_named(reproduce_rows[row].claim)->title);
    size_t wanted = by_time && all->test.count > REPRODUCE_PART_TEST ? REPRODUCE_PART_TEST : all->test.count;
    watch.judged = wanted;
    if (state.trained && state.judged >= wanted) {
        printf("done before\n");
        return OCELLUS_OK;
    }
    if (by_time && !state.trained) {
        char text[32];
        double left = all->deadline - clock_seconds();
        double share = budget_share(left, page_seconds, REPRODUCE_ROWS - row);
        if (share < shortest_row) {
            all->reasons[row] = "No time was left of the budget (--budget, --full).";
            log_info("%s", all->reasons[row]);
            return OCELLUS_OK;
        }
        duration(share, text);
        log_info("%s for this row, its evaluation included", text);
        watch.deadline = clock_seconds() + share;
    }
    TRY(show_network(state.recipe.model_name, &all->train));
    if (!state.trained) {
        heading("training");
        TRY(train_row(all, &state, &watch));
    }
    return judge_row(all, row, &state);
}

/* --- the whole --- */

/* A row that was begun goes on from its checkpoint. Where that cannot be told they are fetched: the row itself says why. */
static bool needs_weights(const struct reproduction *all, size_t row) {
    char path[FILE_PATH_SIZE];
    struct run_folder run;
    if (strcmp(all->recipes[row].model_weights, "imagenet") != 0) return false;
    bool begun;
    return path_inside(path, all->folder, reproduce_rows[row].claim) != OCELLUS_OK ||
           run_folder_open(&run, path) != OCELLUS_OK || checkpoint_exists(&run, &begun) != OCELLUS_OK || !begun;
}

/* ResNet50's rows need its weights; without them they are left out with the reason. */
static void find_weights(struct reproduction *all) {
    struct fetch_options options = {0};
    bool wanted = false;
    for (size_t i = 0; i < REPRODUCE_ROWS; i++)
        wanted = wanted || needs_weights(all, i);
    if (!wanted || fetch_resnet50(&options) == OCELLUS_OK) return;
    snprintf(all->weights_reason, sizeof all->weights_reason, "ResNet50's weights are not to be had (%s).",
             status_message());
    log_warning("%s Its rows are left out.", all->weights_reason);
    for (size_t i = 0; i < REPRODUCE_ROWS; i++)
        if (needs_weights(all, i)) all->reasons[i] = all->weights_reason;
}

/* What an image takes in the row's network; the rows of one network are measured once, in a batch that is quickly done. */
static ocellus_status measure(const struct reproduction *all, size_t row, struct training_speed speed[REPRODUCE_ROWS]) {
    enum { BATCH = 16 };
    struct recipe recipe = all->recipes[row];
    for (size_t i = 0; i < row; i++) {
        if (speed[i].training == 0 || strcmp(all->recipes[i].model_name, recipe.model_name) != 0) continue;
        speed[row] = speed[i];
        return OCELLUS_OK;
    }
    if (recipe.batch_size > BATCH) recipe.batch_size = BATCH;
    recipe.steps_per_epoch = 0;
    recipe.model_weights[0] = '\0'; /* no value changes the time, and a row that was begun needs the file no more */
    struct training_request request = {.recipe = &recipe, .threads = threads, .train = &all->train, .test = &all->test};
    return training_measure(&request, &speed[row]);
}

/* How long what is left takes, before it is begun: from steps measured here and now. */
static ocellus_status forecast(struct reproduction *all) {
    struct training_speed speed[REPRODUCE_ROWS] = {0};
    double sum = 0, seconds[REPRODUCE_ROWS] = {0};
    char text[32];
    heading("forecast");
    for (size_t i = 0; i < REPRODUCE_ROWS; i++) {
        struct reproduce_state state;
        if (all->reasons[i]) continue;
        TRY(reproduce_look(all->folder, reproduce_rows[i].claim, &all->recipes[i], &state));
        struct budget_work work = reproduce_work(&state, i, all->train.count, all->test.count);
        if (work.training + work.inference > 0) {
            TRY(measure(all, i, speed));
            seconds[i] = budget_forecast(&work, &(struct budget_speed){speed[i].training, speed[i].inference});
        }
        duration(seconds[i], text);
        printf("%-18s %12s\n", original_claim_named(reproduce_rows[i].claim)->title, text);
        sum += seconds[i];
    }
    duration(sum, text);
    printf("%-18s %12s\n", "all", text);
    fflush(stdout);
    for (size_t i = 0; i < REPRODUCE_ROWS; i++)
        all->later[i] = sum -= seconds[i];
    return OCELLUS_OK;
}

static ocellus_status run_rows(struct reproduction *all, double budget) {
    find_weights(all);
    all->deadline = clock_seconds() + budget;
    if (full) TRY(forecast(all));
    for (size_t i = 0; i < REPRODUCE_ROWS; i++)
        if (!all->reasons[i]) TRY(run_row(all, i));
    heading("report");
    char page[FILE_PATH_SIZE];
    TRY(reproduce_record(all->folder, &all->test));
    TRY(reproduce_report(all->folder, all->reasons, &all->train, &all->test, page));
    TRY(command_print_line(page));
    return *all->weights_reason ? fail(OCELLUS_IO, "%s", all->weights_reason) : OCELLUS_OK;
}

static ocellus_status make_recipes(struct reproduction *all) {
    for (size_t i = 0; i < REPRODUCE_ROWS; i++) {
        struct recipe *recipe = &all->recipes[i];
        TRY(training_recipe(reproduce_rows[i].recipe, recipe));
        if (data_path) TRY(recipe_set(recipe, RECIPE_KEY(data_path), data_path, "--data-path"));
        if (weights_path && reproduce_rows[i].long_running)
            TRY(recipe_set(recipe, RECIPE_KEY(model_weights), weights_path, "--weights"));
        if (epochs) recipe->epochs = epochs;
        if (steps_per_epoch) recipe->steps_per_epoch = steps_per_epoch;
    }
    return OCELLUS_OK;
}

static ocellus_status choose_folder(char folder[FILE_PATH_SIZE]) {
    if (run_path) return path_join(folder, "", run_path);
    if (full) return path_join(folder, "runs", "reproduce-full");
    return run_folder_default("reproduce", folder);
}

ocellus_status verb_reproduce(int argc, char **argv) {
    static struct reproduction all;      /* paths and recipes are large */
    const char *line[256] = {"ocellus"}; /* before parsing moves the words */
    int line_count = 1;
    for (int i = 0; i < argc && line_count < 256; i++)
        line[line_count++] = argv[i];
    struct words words;
    double budget;
    TRY(command_parse(&reproduce_command, reproduce_options, argc, argv, &words));
    if (!budget_parse(budget_text, &budget))
        return fail(OCELLUS_USAGE, "--budget: expected a time as 15m or 1h30m (got '%s')", budget_text);
    all.argc = line_count;
    all.argv = line;
    TRY(make_recipes(&all));
    if (run_path && run_folder_is_run(run_path))
        return fail(OCELLUS_USAGE, "%s: is a single run, not a folder of a reproduction's runs", run_path);
    TRY(gnuplot_check()); /* before an hour's work that needs it in the end */
    if (!data_path) {
        struct fetch_options fetch = {0};
        heading("data");
        TRY(fetch_cifar10(&fetch));
    }
    TRY(training_load_data(&all.recipes[0], &all.train, &all.test));
    ocellus_status status = show_data(&all.train, &all.test);
    if (status == OCELLUS_OK) status = choose_folder(all.folder);
    if (status == OCELLUS_OK) status = folder_make(all.folder);
    if (status == OCELLUS_OK) status = run_rows(&all, budget);
    dataset_free(&all.train);
    dataset_free(&all.test);
    return status;
}
