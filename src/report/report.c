/* SPDX-License-Identifier: MIT */
/* Making the page: load, draw, compose, write. */
#include "report/report.h"

#include "base/folders.h"
#include "data/source_summary.h"
#include "report/figures.h"
#include "report/gnuplot.h"
#include "report/page.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_RESULTS = 32 };

static void add_result(struct figure_result *results, char labels[][96], size_t *count, const char *row,
                       const char *what, enum figure_kind kind, double accuracy, struct interval interval) {
    if (*count == MOST_RESULTS) return;
    snprintf(labels[*count], 96, "%s%s%s", row, *row != '\0' ? ": " : "", what);
    results[*count] = (struct figure_result){labels[*count], kind, accuracy, interval, kind == FIGURE_CLAIMED};
    (*count)++;
}

static ocellus_status draw_results(const struct page *page, const char *folder) {
    static const struct {
        const char *label;
        enum figure_kind kind;
    } kinds[EVALUATION_SPLITS] = {[EVALUATION_TRAIN] = {"training", FIGURE_TRAINING},
                                  [EVALUATION_VALIDATION] = {"validation", FIGURE_VALIDATION},
                                  [EVALUATION_TEST] = {"test", FIGURE_TEST}};
    struct figure_result results[MOST_RESULTS];
    char labels[MOST_RESULTS][96];
    size_t count = 0;
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        const struct full_run *full = page_full(page, run);
        const char *row = page_compares(page) ? page_title(run) : "";
        double claimed = run->claim != NULL ? run->claim->test_accuracy : NAN;
        if (run->claim != NULL)
            add_result(results, labels, &count, row, "claimed", FIGURE_CLAIMED, claimed,
                       (struct interval){claimed, claimed});
        if (run->present) {
            double running = page_running_accuracy(run);
            add_result(results, labels, &count, row, "running mean", FIGURE_TRAINING, running,
                       (struct interval){running, running});
        }
        for (size_t split = 0; split < EVALUATION_SPLITS; split++) {
            const struct evaluation *evaluation = page_split(run, (enum evaluation_split)split);
            if (evaluation != NULL)
                add_result(results, labels, &count, row, kinds[split].label, kinds[split].kind, evaluation->accuracy,
                           evaluation->interval);
        }
        if (full != NULL)
            add_result(results, labels, &count, row, "test, whole run", FIGURE_WHOLE,
                       (double)full->test.correct / (double)full->test.count,
                       wilson_interval(full->test.correct, full->test.count));
    }
    return figure_results(folder, results, count);
}

static ocellus_status draw_class_distribution(const struct page *page, const char *folder) {
    struct source_summary train, test;
    TRY(source_summarize(page->train, &train));
    ocellus_status status = source_summarize(page->test, &test);
    if (status == OCELLUS_OK) {
        status = figure_class_distribution(folder, (const char *const *)page->train->class_names, train.class_counts,
                                           test.class_counts, page->train->classes);
        source_summary_free(&test);
    }
    source_summary_free(&train);
    return status;
}

/* The figures of one run, in its own folder. */
static ocellus_status draw_run(const struct page *page, const struct page_run *run) {
    char folder[FILE_PATH_SIZE];
    const struct history *history = &run->history;
    const char *validation = page_validation_name(run);
    const char *const *names = (const char *const *)page->test->class_names; /* what evaluate wrote may be older */
    double claimed = run->claim != NULL ? run->claim->test_accuracy : NAN;
    TRY(run_folder_file(&run->folder, RUN_FIGURES, folder));
    if (history->count <= 1 && run->progress.count > 0) {
        double loss = history->count > 0 ? history->rows[0].val_loss : NAN;
        double accuracy = history->count > 0 ? history->rows[0].val_accuracy : NAN;
        TRY(figure_loss_of_steps(folder, &run->progress, loss, validation));
        TRY(figure_accuracy_of_steps(folder, &run->progress, accuracy, validation, claimed));
    } else {
        TRY(figure_loss(folder, history, validation));
        TRY(figure_accuracy(folder, history, validation, claimed));
    }
    return figure_confusion(folder, names, page_split(run, EVALUATION_TEST));
}

static ocellus_status draw_figures(const struct page *page) {
    char folder[FILE_PATH_SIZE];
    TRY(path_inside(folder, page->request->folder, RUN_FIGURES));
    TRY(draw_class_distribution(page, folder));
    for (size_t i = 0; i < page->run_count; i++)
        if (page->runs[i].present) TRY(draw_run(page, &page->runs[i]));
    return draw_results(page, folder);
}

static ocellus_status compose(struct page *page, struct html *out) {
    html_append(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    html_append(out, "%s", path_base_name(page->request->folder));
    html_append(out, " \u2013 Ocellus</title>\n<style>\n");
    html_append_markup(out, page_style, strlen(page_style));
    html_append(out, "</style>\n</head>\n<body>\n<main>\n");
    page_header(page, out);
    TRY(page_data(page, out));
    for (size_t i = 0; i < page->run_count; i++)
        TRY(page_network(page, i, out));
    TRY(page_results(page, out));
    if (page_compares(page)) page_discussion(page, out);
    page_audit(page, out);
    page_again(page, out);
    html_append(out, "</main>\n</body>\n</html>\n");
    return out->markup.failed ? fail(OCELLUS_IO, "report: no memory") : OCELLUS_OK;
}

ocellus_status report_write(const struct report_request *request, char page_path[FILE_PATH_SIZE]) {
    TRY(gnuplot_check());
    struct page page;
    struct html out = {0};
    ocellus_status status = page_load(request, &page);
    if (status == OCELLUS_OK) status = draw_figures(&page);
    if (status == OCELLUS_OK) status = compose(&page, &out);
    if (status == OCELLUS_OK) status = path_inside(page_path, request->folder, RUN_REPORT);
    if (status == OCELLUS_OK) status = file_write(page_path, out.markup.bytes, out.markup.size);
    html_free(&out);
    page_free(&page);
    return status;
}
