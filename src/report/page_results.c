/* SPDX-License-Identifier: MIT */
#include "report/page_results.h"

#include "report/number.h"
#include "report/page_markup.h"
#include "report/page_pictures.h"

#include <math.h>
#include <stdio.h>

static void begin_row(const struct page *page, const struct page_run *run, struct html *out) {
    html_append(out, "<tr class=\"%s\"><td>%s</td>", page_compares(page) ? "" : "this", run->title);
}

static void append_split_cell(const struct page_run *run, enum evaluation_split split, struct html *out) {
    const struct evaluation *evaluation = page_split(run, split);
    char remark[64], images[32];
    if (evaluation == NULL) {
        html_append(out, PAGE_EMPTY_CELL);
        return;
    }
    text_with_commas(evaluation->count, images);
    snprintf(remark, sizeof remark, "%s images", images);
    page_append_accuracy(evaluation->accuracy, evaluation->interval, run->done.whole, remark, out);
}

/* Validation as the training measured it, or by the final weights on held-out images. */
static void append_validation_cell(const struct page_run *run, struct html *out) {
    if (page_split(run, EVALUATION_VALIDATION) != NULL) {
        append_split_cell(run, EVALUATION_VALIDATION, out);
        return;
    }
    double accuracy = run->history.count > 0 ? run->history.rows[run->history.count - 1].val_accuracy : NAN;
    size_t count = (size_t)run->data.validation_images;
    if (!isfinite(accuracy) || count == 0) {
        html_append(out, PAGE_EMPTY_CELL);
        return;
    }
    char remark[64], images[32];
    text_with_commas(count, images);
    snprintf(remark, sizeof remark, "%s %simages", images,
             run->data.validation == RECIPE_VALIDATION_TEST ? "test " : "");
    page_append_accuracy(accuracy, wilson_interval((size_t)llround(accuracy * (double)count), count), run->done.whole,
                         remark, out);
}

static void append_accuracies(const struct page *page, struct html *out) {
    html_append(out, "<h3>Training, validation, test</h3>\n");
    PAGE_BEGIN_TABLE(
        "<th>Network</th><th>training,<br>running mean</th><th>training,<br>judged weights</th><th>validation</th>"
        "<th>test</th>",
        out);
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        if (!run->present) continue;
        begin_row(page, run, out);
        html_append(out, "<td><span class=\"%s\">%s</span></td>", run->done.whole ? "whole" : "partial",
                    number_percent(page_running_accuracy(run), 2).text);
        append_split_cell(run, EVALUATION_TRAIN, out);
        append_validation_cell(run, out);
        append_split_cell(run, EVALUATION_TEST, out);
        html_append(out, "</tr>\n");
    }
    page_end_table(out);
}

/* What each row saw: the images, and where its weights come from. */
static void append_seen(const struct page *page, struct html *out) {
    html_append(out, "<h3>What each row saw</h3>\n");
    PAGE_BEGIN_TABLE("<th>Network</th><th>starts from</th><th>SHA-256<br>of that</th><th>training<br>images seen</th>"
                     "<th>different<br>ones</th><th>share of<br>the run</th><th>time</th>",
                     out);
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        if (!run->present) continue;
        bool once = run->done.images <= run->data.train_images && (run->recipe.epochs == 1 || run->history.count == 0);
        uint64_t different = run->done.images < run->data.train_images ? run->done.images : run->data.train_images;
        char seen[32], images[32];
        text_with_commas(run->done.images, seen);
        text_with_commas(different, images);
        begin_row(page, run, out);
        html_append(out, "<td>%s</td><td class=\"hash\">%.12s%s</td><td>%s</td><td>%s%s<br><small>%s</small></td>",
                    *run->recipe.model_weights != '\0' ? run->recipe.model_weights : "random values",
                    *run->progress.initial_weights != '\0' ? run->progress.initial_weights : "not recorded",
                    *run->progress.initial_weights != '\0' ? "\u2026" : "", seen,
                    run->recipe.steps_per_epoch > 0 && !once ? "at most " : "", images,
                    number_part((double)different / (double)run->data.train_images, 1).text);
        html_append(out, "<td>%s</td><td>%s</td></tr>\n", number_part(run->done.share, 1).text,
                    number_duration(page_seconds(run)).text);
    }
    page_end_table(out);
}

static void append_pairs(const struct page *page, struct html *out) {
    if (page->pair_count == 0) return;
    html_append(out, "<h3>Is a difference more than noise?</h3>\n");
    PAGE_BEGIN_TABLE("<th>Rows</th><th>common<br>test images</th><th>only the first<br>is right</th>"
                     "<th>only the second<br>is right</th><th>p (exact)</th><th class=\"left\">at 5 %%</th>",
                     out);
    for (size_t i = 0; i < page->pair_count; i++) {
        const struct page_pair *pair = &page->pairs[i];
        char images[32];
        text_with_commas(pair->images, images);
        html_append(
            out,
            "<tr><td>%s \u2013 %s</td><td>%s</td><td>%zu</td><td>%zu</td><td>%s</td><td class=\"left\">%s</td></tr>\n",
            page->runs[pair->first].title, page->runs[pair->second].title, images, pair->test.only_first,
            pair->test.only_second, pair->test.exact < 1e-4 ? "< 0.0001" : number_fixed(pair->test.exact, 4).text,
            pair->test.exact < PAGE_SIGNIFICANT ? "different" : "chance?");
    }
    page_end_table(out);
    html_append(
        out, "<p class=\"soft\">McNemar\u2019s exact test over the test images that both rows were judged on.</p>\n");
}

void page_results_tables(const struct page *page, struct html *out) {
    append_accuracies(page, out);
    append_seen(page, out);
    append_pairs(page, out);
}

void page_results_add(struct page_results *results, const char *row, const char *what, enum figure_kind kind,
                      double accuracy, struct interval interval) {
    if (results->count == PAGE_MOST_RESULTS) return;
    char *label = results->labels[results->count];
    snprintf(label, sizeof results->labels[0], "%s%s%s", row, *row != '\0' ? ": " : "", what);
    results->rows[results->count++] = (struct figure_result){label, kind, accuracy, interval, kind == FIGURE_MARKED};
}

void page_results_add_run(struct page_results *results, const struct page *page, size_t index) {
    static const struct {
        const char *label;
        enum figure_kind kind;
    } kinds[EVALUATION_SPLITS] = {[EVALUATION_TRAIN] = {"training", FIGURE_TRAINING},
                                  [EVALUATION_VALIDATION] = {"validation", FIGURE_VALIDATION},
                                  [EVALUATION_TEST] = {"test", FIGURE_TEST}};
    const struct page_run *run = &page->runs[index];
    if (!run->present) return;
    const char *row = page_compares(page) ? run->title : "";
    double running = page_running_accuracy(run);
    page_results_add(results, row, "running mean", FIGURE_TRAINING, running, (struct interval){running, running});
    for (size_t split = 0; split < EVALUATION_SPLITS; split++) {
        const struct evaluation *evaluation = page_split(run, (enum evaluation_split)split);
        if (evaluation != NULL)
            page_results_add(results, row, kinds[split].label, kinds[split].kind, evaluation->accuracy,
                             evaluation->interval);
    }
}

ocellus_status page_results_figure(const struct page *page, const struct page_results *results, const char *first,
                                   const char *last, struct html *out) {
    char folder[FILE_PATH_SIZE], caption[512];
    bool validation = false;
    for (size_t i = 0; i < results->count; i++)
        validation = validation || results->rows[i].kind == FIGURE_VALIDATION;
    TRY(path_inside(folder, page->folder, RUN_FIGURES));
    TRY(figure_results(folder, results->rows, results->count));
    snprintf(caption, sizeof caption,
             "Accuracies, with 95 %% intervals where images were judged by fixed weights. %s training; %svermilion: "
             "test%s.",
             first, validation ? "green: validation; " : "", last);
    return page_append_figure(page->folder, FIGURE_RESULTS, "all", caption, out);
}
