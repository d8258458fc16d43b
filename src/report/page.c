/* SPDX-License-Identifier: MIT */
/* Loading what the page is made from, checking that it belongs together, and what sections ask of it. */
#include "report/page.h"

#include "base/folders.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "data/data_sets.h"
#include "report/number.h"
#include "run/predictions_file.h"
#include "run/recipe_ini.h"
#include "run/records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY_MAX_BYTES = 4 * 1024 * 1024 };

/* `wanted`: their SHA-256 by what was written with them; older runs do not tell. */
static ocellus_status read_predictions(struct page_run *run, const char *name, const char *wanted) {
    char path[FILE_PATH_SIZE], hash[SHA256_TEXT_SIZE];
    TRY(run_folder_file(&run->folder, name, path));
    if (*wanted) TRY(sha256_file(path, hash));
    if (*wanted && strcmp(hash, wanted) != 0)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: not the one that " RUN_EVALUATION " was written with (ocellus evaluate %s)", path,
                    run->folder.path);
    return predictions_read(path, &run->predictions, &run->prediction_count);
}

/* A run without test images may be judged by its own, in parts. */
static ocellus_status read_cross_validation(struct page_run *run) {
    char path[FILE_PATH_SIZE];
    struct evaluation_record record;
    enum path_kind kind;
    TRY(run_folder_file(&run->folder, RUN_CROSS_VALIDATION, path));
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE)
        return fail(OCELLUS_USAGE, "%s: the test set is not evaluated yet (ocellus evaluate %s)", run->folder.path,
                    run->folder.path);
    TRY(evaluation_file_read(path, &record));
    ocellus_status status = OCELLUS_OK;
    if (!record.present[EVALUATION_TEST] || record.folds == 0 || record.classes != run->evaluation.classes)
        status = fail(OCELLUS_BAD_CONTENT, "%s: no cross-validation of this run", path);
    if (status == OCELLUS_OK) status = read_predictions(run, RUN_CROSS_PREDICTIONS, record.predictions_sha256);
    if (status == OCELLUS_OK) {
        run->evaluation.folds = record.folds;
        run->evaluation.splits[EVALUATION_TEST] = record.splits[EVALUATION_TEST]; /* taken over */
        run->evaluation.present[EVALUATION_TEST] = true;
        record.present[EVALUATION_TEST] = false;
    }
    evaluation_record_free(&record);
    return status;
}

static ocellus_status read_evaluation(struct page_run *run) {
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(&run->folder, RUN_EVALUATION, path));
    enum path_kind kind;
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE)
        return fail(OCELLUS_USAGE, "%s: the run is not evaluated yet (ocellus evaluate %s)", path, run->folder.path);
    TRY(evaluation_file_read(path, &run->evaluation));
    if (run->evaluation.present[EVALUATION_TEST])
        return read_predictions(run, RUN_PREDICTIONS, run->evaluation.predictions_sha256);
    return read_cross_validation(run);
}

/* How much of its recipe's training the run did. */
static void measure_extent(struct page_run *run) {
    run->done = run_extent_of(&run->recipe, &run->data, run->history.count, &run->progress);
    if (run->done.whole) return;
    char seen[32];
    text_with_commas(run->done.images, seen);
    run_extent_text(&run->done, run->partial);
    snprintf(run->extent, sizeof run->extent, "%s (%s images, %s of the run)", run->partial, seen,
             number_part(run->done.share, 1).text);
}

/* The figures must be of the weights that lie there: a run that went on since has others. */
static ocellus_status check_judged_weights(const struct page_run *run) {
    char path[FILE_PATH_SIZE], now[SHA256_TEXT_SIZE];
    const struct evaluation_record *record = &run->evaluation;
    bool known = strcmp(record->model, RUN_LAST) == 0 || strcmp(record->model, RUN_BEST) == 0;
    if (!known || *record->weights_sha256 == '\0') return OCELLUS_OK; /* older runs do not tell */
    TRY(run_folder_file(&run->folder, record->model, path));
    TRY(sha256_file(path, now));
    if (strcmp(now, record->weights_sha256) == 0) return OCELLUS_OK;
    return fail(OCELLUS_USAGE, "%s: its evaluation is of earlier weights; the run went on (ocellus evaluate %s)", path,
                run->folder.path);
}

/* A page is passed on, and whose folder something lay in is nobody's business: of a path that leads out of the folder where the
 * run was begun, the last part is shown. */
static void shorten_path(char path[RECIPE_TEXT_SIZE]) {
    char shown[RECIPE_TEXT_SIZE + 8];
    if (*path != '/' && strncmp(path, "../", 3) != 0) return;
    snprintf(shown, sizeof shown, ".../%s", path_base_name(path));
    if (strlen(shown) < RECIPE_TEXT_SIZE) memcpy(path, shown, strlen(shown) + 1);
}

static ocellus_status load_run(const char *folder, struct page_run *run) {
    char path[FILE_PATH_SIZE];
    size_t size;
    TRY(run_folder_open(&run->folder, folder));
    run->present = true;
    TRY(run_folder_file(&run->folder, RUN_RECIPE, path));
    recipe_neutral(&run->recipe);
    TRY(recipe_read(path, &run->recipe));
    shorten_path(run->recipe.model_name);
    shorten_path(run->recipe.model_weights);
    shorten_path(run->recipe.data_path);
    shorten_path(run->recipe.data_split);
    TRY(run_data_read(&run->folder, &run->data));
    TRY(run_environment_read(&run->folder, &run->environment));
    TRY(run_folder_file(&run->folder, RUN_HISTORY, path));
    TRY(history_read(path, &run->history));
    TRY(run_progress_read(&run->folder, &run->progress));
    if (run->history.count == 0 && !run->progress.partial)
        return fail(OCELLUS_USAGE, "%s: no epoch is finished yet", path);
    TRY(read_evaluation(run));
    TRY(run_folder_file(&run->folder, RUN_SUMMARY, path));
    TRY(file_read(path, SUMMARY_MAX_BYTES, (unsigned char **)&run->summary, &size));
    TRY(run_folder_file(&run->folder, RUN_LAST, path));
    TRY(sha256_file(path, run->weights_sha256));
    TRY(check_judged_weights(run));
    measure_extent(run);
    if (run->title == NULL) run->title = run->recipe.model_name;
    return OCELLUS_OK;
}

/* The run's files must speak of the datasets that were given. */
static ocellus_status check_belonging(const struct page *page, const struct page_run *run) {
    const struct source *train = page->train, *test = page->test;
    char train_identity[SHA256_TEXT_SIZE], test_identity[SHA256_TEXT_SIZE];
    TRY(source_identity(train, train_identity));
    if (run->evaluation.folds > 0) *test_identity = '\0'; /* it was judged by its training pictures */
    else TRY(source_identity(test, test_identity));
    const struct evaluation *evaluation = page_split(run, EVALUATION_TEST);
    const char *path = run->folder.path;
    if (strcmp(run->data.train_sha256, train_identity) != 0 || strcmp(run->data.test_sha256, test_identity) != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: " RUN_DATA ": the run used other data than %s as it is here", path,
                    train->name);
    if (evaluation->classes != test->classes || evaluation->count > test->count ||
        evaluation->count != run->prediction_count)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: " RUN_EVALUATION
                    ": test: %zu images of %zu classes (expected those of the %zu predictions, of "
                    "%zu classes)",
                    path, evaluation->count, evaluation->classes, run->prediction_count, test->classes);
    for (size_t i = 0; i < run->prediction_count; i++) {
        const struct prediction *row = &run->predictions[i];
        if (row->index >= test->count || row->label < 0 || (size_t)row->label != source_label(test, row->index) ||
            row->predicted < 0 || (size_t)row->predicted >= test->classes)
            return fail(OCELLUS_BAD_CONTENT, "%s: " RUN_PREDICTIONS ": line %zu: not of this test set", path, i + 2);
    }
    return OCELLUS_OK;
}

/* McNemar's test of two runs on the test images that both were judged on. */
static ocellus_status compare_runs(const struct page *page, const struct page_run *first, const struct page_run *second,
                                   struct page_pair *pair) {
    enum { ABSENT = -1 };
    size_t count = 0;
    int32_t *predicted = memory_allocate(page->test->count, sizeof *predicted); /* by the first */
    if (predicted == NULL) return OCELLUS_IO;
    for (size_t i = 0; i < page->test->count; i++)
        predicted[i] = ABSENT;
    for (size_t i = 0; i < first->prediction_count; i++)
        predicted[first->predictions[i].index] = first->predictions[i].predicted;
    size_t only_first = 0, only_second = 0;
    for (size_t i = 0; i < second->prediction_count; i++) {
        const struct prediction *row = &second->predictions[i];
        if (predicted[row->index] == ABSENT) continue;
        bool first_right = predicted[row->index] == row->label, second_right = row->predicted == row->label;
        count++;
        only_first += first_right && !second_right;
        only_second += second_right && !first_right;
    }
    memory_free(predicted);
    pair->images = count;
    pair->test = mcnemar_from_counts(only_first, only_second);
    return OCELLUS_OK;
}

static ocellus_status compare_all(struct page *page) {
    size_t n = page->run_count;
    page->pairs = memory_allocate(n * n, sizeof *page->pairs);
    if (page->pairs == NULL) return OCELLUS_IO;
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n; j++) {
            struct page_pair pair = {.first = i, .second = j};
            if (!page->runs[i].present || !page->runs[j].present) continue;
            TRY(compare_runs(page, &page->runs[i], &page->runs[j], &pair));
            if (pair.images > 0) page->pairs[page->pair_count++] = pair;
        }
    return OCELLUS_OK;
}

ocellus_status page_load(const struct report_request *request, struct page *page) {
    *page = (struct page){.folder = request->folder, .train = request->train, .test = request->test};
    page->runs = memory_allocate(request->row_count, sizeof *page->runs);
    if (page->runs == NULL) return OCELLUS_IO;
    page->run_count = request->row_count;
    for (size_t i = 0; i < request->row_count; i++) {
        const struct report_row *row = &request->rows[i];
        struct page_run *run = &page->runs[i];
        *run = (struct page_run){
            .title = row->title, .key = row->key != NULL ? row->key : "run", .reason = row->reason, .mark = row->mark};
        if (row->run == NULL) continue;
        TRY(load_run(row->run, run));
        TRY(check_belonging(page, run));
    }
    if (page_first(page) == NULL) return fail(OCELLUS_USAGE, "report: none of its rows was run");
    return compare_all(page);
}

void page_free(struct page *page) {
    for (size_t i = 0; i < page->run_count; i++) {
        struct page_run *run = &page->runs[i];
        history_free(&run->history);
        run_progress_free(&run->progress);
        evaluation_record_free(&run->evaluation);
        free(run->predictions);
        free(run->summary);
    }
    memory_free(page->runs);
    memory_free(page->pairs);
}

/* --- what sections ask --- */

const struct evaluation *page_split(const struct page_run *run, enum evaluation_split split) {
    return run->evaluation.present[split] ? &run->evaluation.splits[split] : NULL;
}

double page_running_accuracy(const struct page_run *run) {
    if (run->progress.partial) return run->progress.last.accuracy;
    return run->history.count > 0 ? run->history.rows[run->history.count - 1].accuracy : NAN;
}

double page_seconds(const struct page_run *run) {
    double seconds = run->progress.partial ? run->progress.last.seconds : 0.0;
    for (size_t i = 0; i < run->history.count; i++)
        seconds += run->history.rows[i].time;
    return seconds;
}

bool page_judges_best(const struct page_run *run) {
    return strcmp(path_base_name(run->evaluation.model), RUN_BEST) == 0;
}

uint64_t page_threads(const struct page_run *run) {
    for (size_t i = 0; i < run->progress.resume_count; i++)
        if (run->progress.resumes[i].threads != run->environment.threads) return 0;
    return run->environment.threads;
}

static bool validated_on_all_test_images(const struct page_run *run) {
    enum { FEW = 1000 };
    return run->data.validation == RECIPE_VALIDATION_TEST &&
           (run->recipe.validation_steps == 0 || run->data.validation_images >= FEW);
}

const char *page_validation_name(const struct page_run *run) {
    return validated_on_all_test_images(run) ? "test set" : "validation";
}

struct verdict_facts page_verdict_facts(const struct page_run *run) {
    return (struct verdict_facts){.history = &run->history,
                                  .train = page_split(run, EVALUATION_TRAIN),
                                  .test = page_split(run, EVALUATION_TEST),
                                  .folds = run->evaluation.folds,
                                  .validation_is_test = validated_on_all_test_images(run),
                                  .best_weights = page_judges_best(run),
                                  .extent = run->extent,
                                  .running_accuracy = page_running_accuracy(run)};
}

const struct page_run *page_first(const struct page *page) {
    for (size_t i = 0; i < page->run_count; i++)
        if (page->runs[i].present) return &page->runs[i];
    return NULL;
}

bool page_compares(const struct page *page) {
    return page->run_count > 1;
}

const char *page_data_title(const struct page *page) {
    const struct data_set *known = data_set_find(page->train->name);
    return known ? known->title : page->train->name;
}
