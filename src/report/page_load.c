/* SPDX-License-Identifier: MIT */
/* Loading what the page is made from, and checking that it belongs together. */
#include "report/page.h"

#include "base/folders.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "report/number.h"
#include "run/predictions_file.h"
#include "run/recipe_ini.h"
#include "run/records.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY_MAX_BYTES = 4 * 1024 * 1024 };

static ocellus_status read_evaluation(struct page_run *run) {
    char path[FILE_PATH_SIZE];
    TRY(run_folder_file(&run->folder, RUN_EVALUATION, path));
    enum path_kind kind;
    TRY(path_look(path, &kind));
    if (kind == PATH_NONE)
        return fail(OCELLUS_USAGE, "%s: the run is not evaluated yet (ocellus evaluate %s)", path, run->folder.path);
    TRY(evaluation_file_read(path, &run->evaluation));
    if (!run->evaluation.present[EVALUATION_TEST])
        return fail(OCELLUS_USAGE, "%s: the test set is not evaluated yet (ocellus evaluate %s)", path,
                    run->folder.path);
    TRY(run_folder_file(&run->folder, RUN_PREDICTIONS, path));
    char hash[SHA256_TEXT_SIZE];
    const char *wanted = run->evaluation.predictions_sha256;
    if (*wanted) TRY(sha256_file(path, hash)); /* older runs do not tell */
    if (*wanted && strcmp(hash, wanted) != 0)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: not the one that " RUN_EVALUATION " was written with (ocellus evaluate %s)", path,
                    run->folder.path);
    return predictions_read(path, &run->predictions, &run->prediction_count);
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

static ocellus_status load_run(const struct report_row *row, struct page_run *run) {
    char path[FILE_PATH_SIZE];
    size_t size;
    TRY(run_folder_open(&run->folder, row->run));
    run->present = true;
    TRY(run_folder_file(&run->folder, RUN_RECIPE, path));
    recipe_neutral(&run->recipe);
    TRY(recipe_read(path, &run->recipe));
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
    if (run->claim != NULL)
        original_departures(run->claim, &run->recipe, &run->data,
                            *run->extent != '\0' ? run->recipe.epochs : run->history.count, &run->departures);
    return run->departures.failed ? fail(OCELLUS_IO, "report: no memory") : OCELLUS_OK;
}

/* The run's files must speak of the datasets that were given. */
static ocellus_status check_belonging(const struct page *page, const struct page_run *run) {
    const struct dataset *train = page->train, *test = page->test;
    const struct evaluation *evaluation = page_split(run, EVALUATION_TEST);
    const char *path = run->folder.path;
    if (strcmp(run->data.train_sha256, train->sha256) != 0 || strcmp(run->data.test_sha256, test->sha256) != 0)
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
        if (row->index >= test->count || row->label != test->labels[row->index] || row->predicted < 0 ||
            (size_t)row->predicted >= test->classes)
            return fail(OCELLUS_BAD_CONTENT, "%s: " RUN_PREDICTIONS ": line %zu: not of this test set", path, i + 2);
    }
    return OCELLUS_OK;
}

/* McNemar's test of two runs on the test images that both were judged on. */
static ocellus_status compare_runs(const struct page *page, const struct page_run *first, const struct page_run *second,
                                   struct discussion_pair *pair) {
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

static ocellus_status make_discussion(struct page *page) {
    size_t n = page->run_count;
    const struct page_run **runs = memory_allocate(n, sizeof *runs);
    page->rows = memory_allocate(n, sizeof *page->rows);
    page->pairs = memory_allocate(n * n, sizeof *page->pairs);
    ocellus_status status = runs != NULL && page->rows != NULL && page->pairs != NULL ? OCELLUS_OK : OCELLUS_IO;
    for (size_t i = 0; i < n && status == OCELLUS_OK; i++) {
        const struct page_run *run = &page->runs[i];
        if (run->claim == NULL) continue;
        runs[page->row_count] = run;
        page->rows[page->row_count++] = (struct discussion_row){
            .claim = run->claim,
            .full = page_full(page, run),
            .test = run->present ? page_split(run, EVALUATION_TEST) : NULL,
            .share = run->done.share,
            .training = run->present ? page_running_accuracy(run) : NAN,
            .pretrained = run->present ? *run->recipe.model_weights != '\0' : run->claim->pretrained};
    }
    for (size_t i = 0; i < page->row_count && status == OCELLUS_OK; i++)
        for (size_t j = i + 1; j < page->row_count && status == OCELLUS_OK; j++) {
            struct discussion_pair pair = {.first = i, .second = j};
            if (!runs[i]->present || !runs[j]->present) continue;
            status = compare_runs(page, runs[i], runs[j], &pair);
            if (status == OCELLUS_OK && pair.images > 0) page->pairs[page->pair_count++] = pair;
        }
    memory_free(runs);
    return status;
}

ocellus_status page_load(const struct report_request *request, struct page *page) {
    *page = (struct page){.request = request, .train = request->train, .test = request->test};
    page->runs = memory_allocate(request->row_count, sizeof *page->runs);
    if (page->runs == NULL) return OCELLUS_IO;
    page->run_count = request->row_count;
    for (size_t i = 0; i < request->row_count; i++) {
        const struct report_row *row = &request->rows[i];
        struct page_run *run = &page->runs[i];
        run->reason = row->reason;
        if (row->claim != NULL && (run->claim = original_claim_named(row->claim)) == NULL)
            return fail(OCELLUS_USAGE, "report: row \"%s\": no such claim", row->claim);
        if (row->run == NULL) continue;
        TRY(load_run(row, run));
        TRY(check_belonging(page, run));
    }
    if (page_first(page) == NULL) return fail(OCELLUS_USAGE, "report: none of its rows was run");
    return make_discussion(page);
}

void page_free(struct page *page) {
    for (size_t i = 0; i < page->run_count; i++) {
        struct page_run *run = &page->runs[i];
        history_free(&run->history);
        run_progress_free(&run->progress);
        evaluation_record_free(&run->evaluation);
        free(run->predictions);
        free(run->summary);
        text_free(&run->departures);
    }
    memory_free(page->runs);
    memory_free(page->rows);
    memory_free(page->pairs);
}
