/* SPDX-License-Identifier: MIT */
#include "reproduce/reproduce.h"

#include "app/evaluation.h"
#include "base/duration.h"
#include "base/folders.h"
#include "base/log.h"
#include "data/fetch_resnet50.h"
#include "reproduce/budget.h"
#include "reproduce/original.h"
#include "reproduce/outcome.h"
#include "reproduce/watch.h"
#include "train/checkpoint.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What is kept of the budget for drawing and writing the page; and the shortest time in which a row is begun. */
static const double page_seconds = 20, shortest_row = 15;

/* The whole undertaking. */
struct reproduction {
    const struct reproduce_request *request;
    const struct reproduce_face *face;
    const char *reasons[REPRODUCE_ROWS]; /* why a row has no run */
    char weights_reason[1024];
    double deadline;              /* on the clock; of a budget */
    double later[REPRODUCE_ROWS]; /* forecast of the rows after each one; when all is done whole */
};

static const char *title_of(size_t row) {
    return original_claim_named(reproduce_rows[row].claim)->title;
}

/* --- a row --- */

/* A model that will change is no longer the one that was judged. */
static ocellus_status forget_evaluation(const char *path) {
    char file[FILE_PATH_SIZE];
    TRY(path_inside(file, path, RUN_EVALUATION));
    return unlink(file) == 0 || errno == ENOENT ? OCELLUS_OK : fail_errno(errno, "%s: cannot be removed", file);
}

static ocellus_status train_row(const struct reproduction *all, struct reproduce_state *state, struct watch *watch) {
    const struct reproduce_request *given = all->request;
    struct training_request request = {.recipe = &state->recipe,
                                       .run = state->path,
                                       .resume = state->exists,
                                       .threads = given->threads,
                                       .train = given->train,
                                       .test = given->test,
                                       .argc = given->argc,
                                       .argv = given->argv};
    watch->batch_size = (size_t)state->recipe.batch_size;
    if (state->exists) TRY(forget_evaluation(state->path));
    ocellus_status status = all->face->train(&request, watch_training, watch);
    if (status == OCELLUS_STOPPED) {
        log_info("the time for this row is over; it can be continued");
        return OCELLUS_OK;
    }
    if (status == OCELLUS_INTERRUPTED || status == OCELLUS_TERMINATED || status == OCELLUS_HANGUP)
        return fail(status, "stopped and saved; go on with: ocellus reproduce %s--run %s", given->full ? "--full " : "",
                    given->folder);
    state->trained = status == OCELLUS_OK;
    return status;
}

static ocellus_status judge_row(const struct reproduction *all, size_t row, const struct reproduce_state *state) {
    const struct reproduce_request *given = all->request;
    bool part = reproduce_rows[row].long_running && !given->full;
    size_t sample = reproduce_rows[row].long_running ? REPRODUCE_TRAIN_SAMPLE : EVALUATION_ALL;
    struct evaluation_request request = {.run = state->path,
                                         .weights = RUN_LAST,
                                         .threads = given->threads,
                                         .train = given->train,
                                         .test = given->test,
                                         .train_images = part ? 0 : sample,
                                         .test_images = part ? REPRODUCE_PART_TEST : EVALUATION_ALL};
    struct evaluation_record record;
    all->face->heading("evaluation");
    ocellus_status status = evaluation_run(&request, &record);
    if (record.classes == 0) return status;
    ocellus_status shown = all->face->evaluation(&record);
    evaluation_record_free(&record);
    return shown != OCELLUS_OK ? shown : status;
}

/* Sets the deadline of a row that is trained by time; false when too little is left. */
static bool give_time(struct reproduction *all, size_t row, struct watch *watch) {
    char text[DURATION_SIZE];
    double share = budget_share(all->deadline - clock_seconds(), page_seconds, REPRODUCE_ROWS - row);
    if (share < shortest_row) {
        all->reasons[row] = "No time was left of the budget (--budget, --full).";
        log_info("%s", all->reasons[row]);
        return false;
    }
    duration_words(share, text);
    log_info("%s for this row, its evaluation included", text);
    watch->deadline = clock_seconds() + share;
    return true;
}

/* Trains what is left to train, or what fits into the time, and judges. */
static ocellus_status run_row(struct reproduction *all, size_t row) {
    const struct reproduce_request *given = all->request;
    struct reproduce_state state;
    struct watch watch = {.later = given->full ? all->later[row] : -1};
    bool by_time = reproduce_rows[row].long_running && !given->full;
    TRY(reproduce_look(given->folder, reproduce_rows[row].claim, &given->recipes[row], &state));
    all->face->heading(title_of(row));
    size_t test_images = given->test->count;
    watch.judged = by_time && test_images > REPRODUCE_PART_TEST ? REPRODUCE_PART_TEST : test_images;
    if (state.trained && state.judged >= watch.judged) {
        all->face->done_before();
        return OCELLUS_OK;
    }
    if (by_time && !state.trained && !give_time(all, row, &watch)) return OCELLUS_OK;
    TRY(all->face->network(state.recipe.model_name, given->train));
    if (!state.trained) {
        all->face->heading("training");
        TRY(train_row(all, &state, &watch));
    }
    return judge_row(all, row, &state);
}

/* --- the whole --- */

/* A row that was begun goes on from its checkpoint. Where that cannot be told they are fetched: the row itself says why. */
static bool needs_weights(const struct reproduction *all, size_t row) {
    char path[FILE_PATH_SIZE];
    struct run_folder run;
    if (strcmp(all->request->recipes[row].model_weights, "imagenet") != 0) return false;
    bool begun;
    return path_inside(path, all->request->folder, reproduce_rows[row].claim) != OCELLUS_OK ||
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
    const struct reproduce_request *given = all->request;
    struct recipe recipe = given->recipes[row];
    for (size_t i = 0; i < row; i++) {
        if (speed[i].training == 0 || strcmp(given->recipes[i].model_name, recipe.model_name) != 0) continue;
        speed[row] = speed[i];
        return OCELLUS_OK;
    }
    if (recipe.batch_size > BATCH) recipe.batch_size = BATCH;
    recipe.steps_per_epoch = 0;
    recipe.model_weights[0] = '\0'; /* no value changes the time, and a row that was begun needs the file no more */
    struct training_request request = {
        .recipe = &recipe, .threads = given->threads, .train = given->train, .test = given->test};
    return training_measure(&request, &speed[row]);
}

/* How long what is left takes, before it is begun: from steps measured here and now. */
static ocellus_status forecast(struct reproduction *all) {
    const struct reproduce_request *given = all->request;
    struct training_speed speed[REPRODUCE_ROWS] = {0};
    double sum = 0, seconds[REPRODUCE_ROWS] = {0};
    all->face->heading("forecast");
    for (size_t i = 0; i < REPRODUCE_ROWS; i++) {
        struct reproduce_state state;
        if (all->reasons[i]) continue;
        TRY(reproduce_look(given->folder, reproduce_rows[i].claim, &given->recipes[i], &state));
        struct budget_work work = reproduce_work(&state, i, given->train->count, given->test->count);
        if (work.training + work.inference > 0) {
            TRY(measure(all, i, speed));
            seconds[i] = budget_forecast(&work, &(struct budget_speed){speed[i].training, speed[i].inference});
        }
        all->face->forecast(title_of(i), seconds[i]);
        sum += seconds[i];
    }
    all->face->forecast("all", sum);
    for (size_t i = 0; i < REPRODUCE_ROWS; i++)
        all->later[i] = sum -= seconds[i];
    return OCELLUS_OK;
}

ocellus_status reproduce_run(const struct reproduce_request *request, const struct reproduce_face *face) {
    struct reproduction all = {.request = request, .face = face};
    char page[FILE_PATH_SIZE];
    find_weights(&all);
    all.deadline = clock_seconds() + request->budget;
    if (request->full) TRY(forecast(&all));
    for (size_t i = 0; i < REPRODUCE_ROWS; i++)
        if (!all.reasons[i]) TRY(run_row(&all, i));
    face->heading("report");
    TRY(reproduce_record(request->folder, request->test));
    TRY(reproduce_report(request->folder, all.reasons, request->train, request->test, page));
    TRY(face->page(page));
    return *all.weights_reason ? fail(OCELLUS_IO, "%s", all.weights_reason) : OCELLUS_OK;
}
