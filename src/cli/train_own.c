/* SPDX-License-Identifier: MIT */
#include "cli/train_own.h"

#include "app/evaluation.h"
#include "app/own_pictures.h"
#include "app/recipe_data.h"
#include "base/log.h"
#include "base/text_layout.h"
#include "cli/recipe_flags.h"
#include "cli/run_training.h"
#include "cli/train_folds.h"
#include "report/report.h"
#include "reproduce/budget.h"
#include "run/run_folder.h"
#include "train/sets.h"

#include <stdio.h>
#include <string.h>

enum { LABEL_COLUMNS = 11 };

static ocellus_status read_budget(const char *text, double *seconds) {
    double minutes;
    if (text_to_real(text, &minutes) && minutes > 0 && minutes <= 1e6) return *seconds = 60 * minutes, OCELLUS_OK;
    if (budget_parse(text, seconds)) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "--budget: expected minutes, or a time as 10m or 1h30m (got '%s')", text);
}

static const char *setting_of(const struct settings *settings, const char *flag) {
    const char *value = NULL;
    for (size_t i = 0; i < settings->count; i++)
        if (strcmp(settings->items[i].flag, flag) == 0) value = settings->items[i].value;
    return value;
}

/* What was said is said again, below what was chosen. */
static void append_given(const struct settings *settings, struct text *out) {
    struct text words = {0};
    for (size_t i = 0; i < settings->count; i++) {
        text_append(&words, "%s--%s ", i ? " " : "", settings->items[i].flag);
        text_append_shell_word(&words, settings->items[i].value);
    }
    if (words.size > 0 && !words.failed) {
        text_append(out, "%-*s", LABEL_COLUMNS, "as you say");
        text_append_wrapped(out, words.bytes, LABEL_COLUMNS, LABEL_COLUMNS, TEXT_COLUMNS);
        text_append(out, "\n");
    }
    text_free(&words);
}

/* "photos" for "../photos/": what runs are named after. */
static ocellus_status default_run(const char *path, char run[FILE_PATH_SIZE]) {
    char way[FILE_PATH_SIZE];
    TRY(path_from_here_to(path, way));
    const char *name = path_base_name(way);
    return run_folder_default(*name && *name != '.' ? name : "pictures", run);
}

static ocellus_status choose(const struct train_own_request *request, struct recipe *recipe, struct text *reasons) {
    double budget;
    uint64_t side = 0, epochs = 0;
    const char *given = setting_of(request->settings, "input-size"), *said = setting_of(request->settings, "epochs");
    const char *model = setting_of(request->settings, "model");
    const char *share = setting_of(request->settings, "test-share");
    double test_share = 0;
    if (given && !text_to_unsigned(given, &side)) side = 0; /* refused below */
    if (said && !text_to_unsigned(said, &epochs)) epochs = 0;
    if (setting_of(request->settings, "folds") || setting_of(request->settings, "fold"))
        return fail(OCELLUS_USAGE,
                    "--folds, --fold: of PICTURES it is chosen how they are judged (--data folder: one fold)");
    if (share && (!text_to_real(share, &test_share) || !(test_share >= 0 && test_share < 1))) test_share = 0;
    TRY(read_budget(request->budget, &budget));
    const struct own_pictures_request own = {
        .path = request->path,
        .split = setting_of(request->settings, "split"),
        .data_name = request->data_name,
        .budget = budget,
        .threads = request->threads,
        .small = model && strcmp(model, "simcnn") == 0,
        .wish = {.side = (size_t)side, .epochs = (size_t)epochs, .test_share = test_share}};
    TRY(own_pictures_choose(&own, recipe, reasons));
    append_given(request->settings, reasons);
    TRY(recipe_flags_apply(request->settings, recipe));
    return reasons->failed ? fail(OCELLUS_IO, "not enough memory for the reasons of the choice") : OCELLUS_OK;
}

static void show_reasons(const struct text *reasons) {
    struct text safe = {0};
    text_append_escaped_lines(&safe, reasons->bytes);
    if (safe.bytes && !safe.failed && log_get_level() != LOG_QUIET) fwrite(safe.bytes, 1, safe.size, stderr);
    text_free(&safe);
}

ocellus_status train_own(const struct train_own_request *request) {
    struct recipe recipe;
    struct text reasons = {0};
    char folder[FILE_PATH_SIZE], run[FILE_PATH_SIZE];
    if (request->run) TRY(training_check_run(request->run)); /* before pictures are looked at for minutes */
    ocellus_status status = choose(request, &recipe, &reasons);
    if (status == OCELLUS_OK) show_reasons(&reasons);
    if (status == OCELLUS_OK && !request->run) status = default_run(request->path, folder);
    const struct training_request training = {.recipe = &recipe,
                                              .run = request->run ? request->run : folder,
                                              .limits = request->limits,
                                              .threads = request->threads,
                                              .argc = request->argc,
                                              .argv = request->argv,
                                              .choice = reasons.bytes};
    if (status == OCELLUS_OK) status = command_train(&training, NULL, TRAINING_PROGRESS, run);
    text_free(&reasons);
    return status == OCELLUS_OK ? train_own_finish(run, request->threads, &request->limits) : status;
}

bool train_own_is(const char *run) {
    char path[FILE_PATH_SIZE];
    return path_inside(path, run, RUN_CHOICE) == OCELLUS_OK && path_exists(path);
}

static ocellus_status write_page(const char *run, const struct recipe *recipe, size_t threads,
                                 char page[FILE_PATH_SIZE]) {
    struct data_parts data;
    const struct report_row row = {.run = run};
    TRY(recipe_data_open(recipe, run, threads, &data));
    const struct report_request request = {
        .folder = run, .rows = &row, .row_count = 1, .train = data.train, .test = data.test ? data.test : data.train};
    const ocellus_status status = report_write(&request, page);
    data_parts_close(&data);
    return status;
}

static ocellus_status print_end(const char *run, const struct evaluation_record *record, const char *page) {
    const struct evaluation *test = &record->splits[EVALUATION_TEST];
    struct text out = {0};
    char count[32];
    text_with_commas(test->count, count);
    text_append(&out, "accuracy   %.2f %% of %s pictures%s\n", 100 * test->accuracy, count,
                record->folds > 0 ? ", by networks that did not learn from them" : " that it did not learn from");
    text_append(&out, "           (95 %% interval: %.2f to %.2f %%)\npage       ", 100 * test->interval.low,
                100 * test->interval.high);
    text_append_escaped(&out, page);
    text_append(&out, "\nnext       ocellus predict ");
    text_append_shell_word(&out, run);
    text_append(&out, " PICTURES\n");
    return command_print_text(&out);
}

ocellus_status train_own_finish(const char *run, size_t threads, const struct loader_limits *limits) {
    struct recipe recipe;
    struct evaluation_record record, folds = {0};
    char page[FILE_PATH_SIZE];
    TRY(training_recipe_of_run(run, &recipe));
    const struct evaluation_request request = {.run = run,
                                               .threads = threads,
                                               .limits = *limits,
                                               .train_images = EVALUATION_ALL,
                                               .test_images = EVALUATION_ALL};
    ocellus_status status = evaluation_run(&request, &record);
    const bool has_test = status == OCELLUS_OK && record.present[EVALUATION_TEST];
    if (status == OCELLUS_OK && !has_test) status = train_folds(run, threads, limits, &folds);
    if (status == OCELLUS_OK) status = write_page(run, &recipe, threads, page);
    if (status == OCELLUS_OK) status = print_end(run, has_test ? &record : &folds, page);
    if (record.classes > 0) evaluation_record_free(&record);
    evaluation_record_free(&folds);
    return status;
}
