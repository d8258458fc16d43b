/* SPDX-License-Identifier: MIT */
/* Making the page: load the run, check that its parts belong together, draw, compose, write. */
#include "report/report.h"

#include "base/memory.h"
#include "report/figures.h"
#include "report/gnuplot.h"
#include "report/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { SUMMARY_MAX_BYTES = 4 * 1024 * 1024 };

/* What the results table needs of a run. */
static ocellus_status load_run(const char *run_path, struct page_run *run) {
    char path[FILE_PATH_SIZE];
    TRY(run_folder_open(&run->folder, run_path));
    TRY(run_folder_file(&run->folder, RUN_RECIPE, path));
    recipe_defaults(&run->recipe);
    TRY(recipe_read(path, &run->recipe));
    TRY(run_data_read(&run->folder, &run->data));
    TRY(run_folder_file(&run->folder, RUN_HISTORY, path));
    TRY(history_read(path, &run->history));
    if (run->history.count == 0) return fail(OCELLUS_USAGE, "%s: no epoch is finished yet", path);
    TRY(run_folder_file(&run->folder, RUN_EVALUATION, path));
    if (!path_exists(path))
        return fail(OCELLUS_USAGE, "%s: the run is not evaluated yet (ocellus evaluate %s)", path, run_path);
    TRY(evaluation_file_read(path, &run->evaluation));
    if (!run->evaluation.present[EVALUATION_TEST])
        return fail(OCELLUS_USAGE, "%s: the test set is not evaluated yet (ocellus evaluate %s)", path, run_path);
    run->claim = original_claim_for(&run->recipe);
    return OCELLUS_OK;
}

static void free_run(struct page_run *run) {
    history_free(&run->history);
    evaluation_record_free(&run->evaluation);
}

static ocellus_status load_others(struct page *page, const struct report_options *options) {
    if (options == NULL || options->row_count == 0) return OCELLUS_OK;
    page->others = memory_allocate(options->row_count, sizeof *page->others);
    if (page->others == NULL) return OCELLUS_IO;
    page->other_count = options->row_count;
    for (size_t i = 0; i < options->row_count; i++) {
        const struct original_claim *claim = original_claim_named(options->rows[i].claim);
        if (claim == NULL) return fail(OCELLUS_USAGE, "report: row \"%s\": no such claim", options->rows[i].claim);
        if (options->rows[i].run != NULL) TRY(load_run(options->rows[i].run, &page->others[i]));
        page->others[i].claim = claim;
    }
    return OCELLUS_OK;
}

/* The run's files must speak of the datasets that were given. */
static ocellus_status check_belonging(const struct page *page) {
    const struct dataset *train = page->train, *test = page->test;
    const struct evaluation *evaluation = page_split(&page->run, EVALUATION_TEST);
    const char *run = page->run.folder.path;
    if (strcmp(page->run.data.train_sha256, train->sha256) != 0 ||
        strcmp(page->run.data.test_sha256, test->sha256) != 0)
        return fail(OCELLUS_BAD_CONTENT, "%s: " RUN_DATA ": the run used other data than %s as it is here", run,
                    train->name);
    if (evaluation->classes != test->classes || evaluation->count != test->count)
        return fail(OCELLUS_BAD_CONTENT,
                    "%s: " RUN_EVALUATION ": test: %zu images of %zu classes (expected %zu of %zu)", run,
                    evaluation->count, evaluation->classes, test->count, test->classes);
    for (size_t i = 0; i < page->prediction_count; i++) {
        const struct prediction *row = &page->predictions[i];
        if (row->index >= test->count || row->label != test->labels[row->index] || row->predicted < 0 ||
            (size_t)row->predicted >= test->classes)
            return fail(OCELLUS_BAD_CONTENT, "%s: " RUN_PREDICTIONS ": line %zu: not of this test set", run, i + 2);
    }
    return OCELLUS_OK;
}

static ocellus_status load_page(const char *run_path, const struct report_options *options, struct page *page) {
    char path[FILE_PATH_SIZE];
    size_t size;
    TRY(load_run(run_path, &page->run));
    TRY(run_environment_read(&page->run.folder, &page->environment));
    TRY(run_folder_file(&page->run.folder, RUN_PREDICTIONS, path));
    TRY(predictions_read(path, &page->predictions, &page->prediction_count));
    TRY(run_folder_file(&page->run.folder, RUN_SUMMARY, path));
    TRY(file_read(path, SUMMARY_MAX_BYTES, (unsigned char **)&page->summary, &size));
    TRY(run_folder_file(&page->run.folder, RUN_LAST, path));
    TRY(sha256_file(path, page->weights_sha256));
    TRY(load_others(page, options));
    TRY(check_belonging(page));
    if (page->run.claim != NULL)
        original_departures(page->run.claim, &page->run.recipe, &page->run.data, page->run.history.count,
                            &page->departures);
    return page->departures.failed ? fail(OCELLUS_IO, "report: no memory") : OCELLUS_OK;
}

static void free_page(struct page *page) {
    free_run(&page->run);
    for (size_t i = 0; i < page->other_count; i++)
        free_run(&page->others[i]);
    memory_free(page->others);
    free(page->predictions);
    free(page->summary);
    text_free(&page->departures);
}

static ocellus_status draw_results(const struct page *page, const char *folder) {
    struct figure_result results[6];
    size_t count = 0;
    if (page->run.claim != NULL) {
        double claimed = page->run.claim->test_accuracy;
        results[count++] =
            (struct figure_result){"test accuracy, claimed", FIGURE_CLAIMED, claimed, {claimed, claimed}};
    }
    double running = page_last_epoch(&page->run)->accuracy;
    results[count++] = (struct figure_result){"training, running mean", FIGURE_TRAINING, running, {running, running}};
    static const struct {
        const char *label;
        enum figure_kind kind;
    } rows[EVALUATION_SPLITS] = {[EVALUATION_TRAIN] = {"training, final weights", FIGURE_TRAINING},
                                 [EVALUATION_VALIDATION] = {"validation, final weights", FIGURE_VALIDATION},
                                 [EVALUATION_TEST] = {"test, final weights", FIGURE_TEST}};
    for (size_t i = 0; i < EVALUATION_SPLITS; i++) {
        const struct evaluation *evaluation = page_split(&page->run, (enum evaluation_split)i);
        if (evaluation != NULL)
            results[count++] =
                (struct figure_result){rows[i].label, rows[i].kind, evaluation->accuracy, evaluation->interval};
    }
    return figure_results(folder, results, count);
}

static ocellus_status draw_class_distribution(const struct page *page, const char *folder) {
    struct dataset_summary train, test;
    TRY(dataset_summarize(page->train, &train));
    ocellus_status status = dataset_summarize(page->test, &test);
    if (status == OCELLUS_OK) {
        status = figure_class_distribution(folder, (const char *const *)page->train->class_names, train.class_counts,
                                           test.class_counts, page->train->classes);
        dataset_summary_free(&test);
    }
    dataset_summary_free(&train);
    return status;
}

static ocellus_status draw_figures(const struct page *page) {
    char folder[FILE_PATH_SIZE];
    const struct page_run *run = &page->run;
    TRY(run_folder_file(&run->folder, RUN_FIGURES, folder));
    TRY(draw_class_distribution(page, folder));
    TRY(figure_loss(folder, &run->history, page_validation_name(run)));
    TRY(figure_accuracy(folder, &run->history, page_validation_name(run),
                        run->claim != NULL ? run->claim->test_accuracy : NAN));
    TRY(figure_confusion(folder, (const char *const *)run->evaluation.class_names, page_split(run, EVALUATION_TEST)));
    return draw_results(page, folder);
}

static ocellus_status compose(const struct page *page, struct text *out) {
    text_append(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    text_append_html(out, path_base_name(page->run.folder.path));
    text_append(out, " \u2013 Ocellus</title>\n<style>\n");
    text_append_bytes(out, page_style, strlen(page_style));
    text_append(out, "</style>\n</head>\n<body>\n<main>\n");
    page_header(page, out);
    TRY(page_data(page, out));
    page_model(page, out);
    page_recipe(page, out);
    TRY(page_training(page, out));
    TRY(page_evaluation(page, out));
    TRY(page_results(page, out));
    page_footer(page, out);
    text_append(out, "</main>\n</body>\n</html>\n");
    return out->failed ? fail(OCELLUS_IO, "report: no memory") : OCELLUS_OK;
}

ocellus_status report_write(const char *run_path, const struct dataset *train, const struct dataset *test,
                            const struct report_options *options, char page_path[FILE_PATH_SIZE]) {
    TRY(gnuplot_check());
    struct page page = {.train = train, .test = test};
    struct text out = {0};
    ocellus_status status = load_page(run_path, options, &page);
    if (status == OCELLUS_OK) status = draw_figures(&page);
    if (status == OCELLUS_OK) status = compose(&page, &out);
    if (status == OCELLUS_OK) status = run_folder_file(&page.run.folder, RUN_REPORT, page_path);
    if (status == OCELLUS_OK) status = file_write(page_path, out.bytes, out.size);
    text_free(&out);
    free_page(&page);
    return status;
}
