/* SPDX-License-Identifier: MIT */
/* ocellus train */
#include "cli/train.h"

#include "app/network.h"
#include "app/training.h"
#include "base/folders.h"
#include "base/log.h"
#include "cli/command.h"
#include "cli/recipe_flags.h"
#include "cli/training_progress.h"
#include "cli/verbs.h"

#include <stdint.h>
#include <stdio.h>

static void append_lists(struct text *out) {
    text_append(out, "Networks: ");
    network_append_names(true, out);
    text_append(out, ".\n\nRecipes: ");
    training_append_recipes(out);
    text_append(out, ".");
}

static const struct command train_command = {
    .name = "train",
    .arguments = "[MODEL]",
    .summary = "Trains a network into a new run folder, or goes on with one (--resume).",
    .details = "MODEL is a built-in network. Ctrl-C finishes the step, saves a checkpoint and ends with 130, as does "
               "SIGTERM (143) and a terminal "
               "that goes away (SIGHUP, 129); `ocellus train "
               "--resume --run PATH` goes on to the same bits as an uninterrupted training.",
    .append_lists = append_lists,
    .maximum = 1,
};

static const char *run_path, *recipe_name;
static size_t threads;
static bool resume;
static const struct option train_options[] = {
    {"run", "PATH", "the run folder (runs/MODEL-DATE-TIME)", OPTION_TEXT, &run_path},
    {"recipe", "FILE", "a recipe file, or the name of a built-in recipe (see below)", OPTION_TEXT, &recipe_name},
    {"threads", "N", "threads (all this process may use); no result depends on it", OPTION_COUNT, &threads},
    {"resume", NULL, "go on with the run at --run PATH", OPTION_SWITCH, &resume},
    {0},
};

/* The resolved recipe, and what it means for the data, before the first step. */
static void show_plan(const struct training *training) {
    struct text recipe = {0};
    recipe_write(&training->recipe, &recipe);
    struct text safe = {0};
    if (!recipe.failed) text_append_escaped_lines(&safe, recipe.bytes);
    if (safe.bytes && !safe.failed && log_get_level() != LOG_QUIET) fwrite(safe.bytes, 1, safe.size, stderr);
    text_free(&safe);
    text_free(&recipe);
    struct train_plan plan;
    char coverage[256];
    if (train_plan_make(&training->recipe, &training->sets, &plan) == OCELLUS_OK) {
        train_plan_text(&plan, coverage);
        log_info("%s", coverage);
    }
    size_t threads_used = engine_thread_count(training->stages.engine);
    log_info("%s kernels, %zu thread%s, run folder %s", engine_kernels_name(training->stages.engine), threads_used,
             threads_used == 1 ? "" : "s", training->run.path);
}

static ocellus_status show_result(const struct train_result *result, const char *run) {
    struct text out = {0};
    if (result->steps_now == 0) log_info("this run was finished already");
    text_append(&out, "run      ");
    text_append_escaped(&out, run);
    text_append(&out, "\nepochs   %llu\nsteps    %llu\n", (unsigned long long)result->epochs,
                (unsigned long long)result->steps);
    if (result->has_best)
        text_append(&out, "best     val_accuracy %.4f in epoch %llu\n", result->best_accuracy,
                    (unsigned long long)result->best_epoch + 1);
    text_append(&out, "weights  sha256 %s\n", result->weights_hash);
    return command_print_text(&out);
}

struct observer {
    struct training_progress progress;
    const struct training_control *control;
    struct stop_flag stop;
};

static void observe(void *context, const struct train_event *event) {
    struct observer *observer = context;
    training_progress_show(&observer->progress, event);
    if (observer->control) observer->control->see(observer->control->context, event, &observer->stop);
}

ocellus_status command_train(const struct training_request *request, const struct training_control *control,
                             char run[FILE_PATH_SIZE]) {
    struct training training;
    TRY(training_open(request, &training));
    snprintf(run, FILE_PATH_SIZE, "%s", training.run.path);
    show_plan(&training);
    struct observer observer = {.control = control};
    struct train_result result = {0};
    training_progress_begin(&observer.progress);
    ocellus_status status = stop_on_signals(&observer.stop);
    if (status == OCELLUS_OK) status = training_run(&training, &observer.stop, observe, &observer, &result);
    training_progress_end(&observer.progress);
    stop_on_signals(NULL);
    if (status == OCELLUS_OK) status = show_result(&result, run);
    else if (status == OCELLUS_STOPPED || status == OCELLUS_INTERRUPTED || status == OCELLUS_TERMINATED ||
             status == OCELLUS_HANGUP)
        fail(status, "stopped after step %llu, saved; go on with: ocellus train --resume --run %s",
             (unsigned long long)result.steps, run);
    history_free(&result.history);
    training_close(&training);
    return status;
}

ocellus_status verb_train(int argc, char **argv) {
    struct settings settings = {0};
    struct option options[sizeof train_options / sizeof *train_options + RECIPE_KEYS_MOST];
    recipe_flags_append(train_options, &settings, options);
    const char *line[256] = {"ocellus"}; /* before parsing moves the words */
    int line_count = 1;
    for (int i = 0; i < argc && line_count < 256; i++)
        line[line_count++] = argv[i];
    struct words words;
    TRY(command_parse(&train_command, options, argc, argv, &words));

    struct recipe recipe;
    if (resume) {
        if (!run_path) return fail(OCELLUS_USAGE, "--resume needs the run to go on with: --run PATH");
        if (recipe_name)
            return fail(OCELLUS_USAGE, "--resume takes the run's own recipe; --recipe does not go with it");
        TRY(training_recipe_of_run(run_path, &recipe));
    } else {
        TRY(training_recipe(recipe_name, &recipe));
    }
    if (words.count == 1) TRY(recipe_set(&recipe, RECIPE_KEY(model_name), words.items[0], "MODEL"));
    TRY(recipe_flags_apply(&settings, &recipe));
    struct training_request request = {
        .recipe = &recipe, .run = run_path, .resume = resume, .threads = threads, .argc = line_count, .argv = line};
    char run[FILE_PATH_SIZE];
    return command_train(&request, NULL, run);
}
