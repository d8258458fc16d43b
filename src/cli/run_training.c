/* SPDX-License-Identifier: MIT */
#include "cli/run_training.h"

#include "base/log.h"
#include "cli/command.h"
#include "cli/training_progress.h"

#include <stdio.h>

/* What is not the default: all of it is in recipe.ini. */
static void show_recipe(const struct training *training) {
    struct text command = {0};
    recipe_command(&training->recipe, &command);
    if (!command.failed) log_wrapped("%s", command.bytes);
    text_free(&command);
}

/* What the recipe means for the data, before the first step. */
static void show_plan(const struct training *training) {
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
                             enum training_words words, char run[FILE_PATH_SIZE]) {
    struct training training;
    TRY(training_open(request, &training));
    snprintf(run, FILE_PATH_SIZE, "%s", training.run.path);
    if (words == TRAINING_ALL) show_recipe(&training);
    show_plan(&training);
    struct observer observer = {.control = control};
    struct train_result result = {0};
    training_progress_begin(&observer.progress);
    ocellus_status status = stop_on_signals(&observer.stop);
    if (status == OCELLUS_OK) status = training_run(&training, &observer.stop, observe, &observer, &result);
    training_progress_end(&observer.progress);
    stop_on_signals(NULL);
    if (status == OCELLUS_OK && words == TRAINING_ALL) status = show_result(&result, run);
    else if (status == OCELLUS_STOPPED || status == OCELLUS_INTERRUPTED || status == OCELLUS_TERMINATED ||
             status == OCELLUS_HANGUP)
        fail(status, "stopped after step %llu, saved; go on with: ocellus train --resume --run %s",
             (unsigned long long)result.steps, run);
    history_free(&result.history);
    training_close(&training);
    return status;
}
