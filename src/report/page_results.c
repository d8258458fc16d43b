/* SPDX-License-Identifier: MIT */
/* The sections that judge: evaluation, results, and what it takes to do it again. */
#include "report/page.h"

#include "report/figures.h"
#include "report/number.h"

#include <math.h>

static void append_splits(const struct page_run *run, struct text *out) {
    text_append(out,
                "<div class=\"wide\"><table class=\"full\"><thead><tr><th>Images</th><th>count</th><th>correct</th>"
                "<th>accuracy</th><th>95 %% interval</th><th>loss</th><th>macro F1</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < EVALUATION_SPLITS; i++) {
        const struct evaluation *evaluation = page_split(run, (enum evaluation_split)i);
        if (evaluation == NULL) continue;
        char count[32], correct[32];
        text_with_commas(evaluation->count, count);
        text_with_commas(evaluation->correct, correct);
        text_append(out, "<tr%s><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td></tr>\n",
                    i == EVALUATION_TEST ? " class=\"this\"" : "", evaluation_split_name((enum evaluation_split)i),
                    count, correct, number_percent(evaluation->accuracy, 2).text,
                    number_percent_range(evaluation->interval.low, evaluation->interval.high, 2).text,
                    number_fixed(evaluation->loss, 4).text, number_fixed(evaluation->macro_f1, 4).text);
    }
    text_append(
        out, "</tbody></table></div>\n"
             "<p class=\"soft\">Final weights, in inference mode. Intervals are Wilson score intervals: the chance of "
             "drawing the images, not of drawing the seed.</p>\n");
}

static size_t most_confused_with(const struct evaluation *evaluation, size_t class) {
    size_t most = class == 0 ? 1 : 0;
    const size_t *row = &evaluation->confusion[class * evaluation->classes];
    for (size_t other = 0; other < evaluation->classes; other++)
        if (other != class && row[other] > row[most]) most = other;
    return most;
}

static void append_per_class(const struct evaluation_record *record, const struct evaluation *test, struct text *out) {
    text_append(
        out,
        "<h3>Class by class</h3>\n<div class=\"wide\"><table class=\"full\"><thead><tr><th>Class</th>"
        "<th>precision</th><th>recall</th><th>F1</th><th></th><th>support</th><th class=\"left\">most often taken for"
        "</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < test->classes; i++) {
        const struct class_metrics *metrics = &test->per_class[i];
        text_append(out, "<tr><td>");
        text_append_html(out, record->class_names[i]);
        text_append(out, "</td><td>%s</td><td>%s</td>", number_fixed(metrics->precision, 3).text,
                    number_fixed(metrics->recall, 3).text);
        text_append(out, "<td>%s</td><td><span class=\"bar\"><i style=\"width:%s%%\"></i></span></td><td>%zu</td>",
                    number_fixed(metrics->f1, 3).text, number_fixed(100.0 * metrics->f1, 1).text, metrics->support);
        size_t other = test->classes > 1 ? most_confused_with(test, i) : i;
        size_t times = test->confusion[i * test->classes + other];
        text_append(out, "<td class=\"left\">");
        if (other != i && times > 0) {
            text_append_html(out, record->class_names[other]);
            text_append(out, " <small>%zu</small>", times);
        }
        text_append(out, "</td></tr>\n");
    }
    text_append(out, "</tbody></table></div>\n");
}

ocellus_status page_evaluation(const struct page *page, struct text *out) {
    const struct evaluation *test = page_split(&page->run, EVALUATION_TEST);
    text_append(out, "<section>\n<h2><span>5</span>Evaluation</h2>\n");
    append_splits(&page->run, out);
    text_append(out, "<h3>Confusion matrix of the test set</h3>\n");
    TRY(page_append_figure(
        page, FIGURE_CONFUSION,
        "Images of the true class (row) that were given the predicted class (column). The shade follows "
        "the square root of the share of the row, so that rare confusions show too.",
        out));
    append_per_class(&page->run.evaluation, test, out);
    TRY(page_append_gallery(page, out));
    text_append(out, "</section>\n");
    return OCELLUS_OK;
}

static void append_accuracy_cell(const struct evaluation *evaluation, struct text *out) {
    if (evaluation == NULL) text_append(out, "<td>\u2013</td>");
    else
        text_append(out, "<td>%s<br><small>%s</small></td>", number_percent(evaluation->accuracy, 2).text,
                    number_percent_range(evaluation->interval.low, evaluation->interval.high, 2).text);
}

static void append_result_row(const struct page_run *run, bool this_run, struct text *out) {
    text_append(out, "<tr%s><td>", this_run ? " class=\"this\"" : "");
    text_append_html(out, run->claim != NULL ? run->claim->title : run->recipe.model_name);
    if (run->claim == NULL) text_append(out, "</td><td>\u2013</td>");
    else {
        text_append(out, "</td><td>%s", number_percent(run->claim->test_accuracy, 2).text);
        if (*run->claim->remark != '\0') text_append(out, "<br><small>\u201c%s\u201d</small>", run->claim->remark);
        text_append(out, "</td>");
    }
    const struct history_row *last = page_last_epoch(run);
    if (last == NULL) {
        text_append(out, "<td colspan=\"4\" class=\"none\">not run yet</td></tr>\n");
        return;
    }
    text_append(out, "<td>%zu</td><td>%s</td>", run->history.count, number_percent(last->accuracy, 2).text);
    append_accuracy_cell(page_split(run, EVALUATION_TRAIN), out);
    append_accuracy_cell(page_split(run, EVALUATION_TEST), out);
    text_append(out, "</tr>\n");
}

ocellus_status page_results(const struct page *page, struct text *out) {
    text_append(
        out, "<section>\n<h2><span>6</span>Results: claimed and measured</h2>\n"
             "<div class=\"wide\"><table class=\"full\"><thead><tr><th>Network</th><th>test accuracy,<br>claimed</th>"
             "<th>epochs</th><th>training accuracy,<br>running mean</th><th>training accuracy,<br>final "
             "weights</th><th>test accuracy,<br>measured</th></tr></thead><tbody>\n");
    append_result_row(&page->run, true, out);
    for (size_t i = 0; i < page->other_count; i++)
        append_result_row(&page->others[i], false, out);
    text_append(out, "</tbody></table></div>\n");
    TRY(page_append_figure(
        page, FIGURE_RESULTS,
        "This run\u2019s accuracies, with 95 % intervals where all images of a set were judged by the "
        "final weights.",
        out));
    struct verdict_facts facts = page_verdict_facts(page);
    struct text words = {0};
    verdict_claim(&facts, &words);
    if (words.size > 0) {
        text_append(out, "<p class=\"verdict\">");
        text_append_html(out, words.bytes);
        text_append(out, "</p>\n");
    }
    out->failed = out->failed || words.failed;
    text_free(&words);
    text_append(out, "</section>\n");
    return OCELLUS_OK;
}

static void append_fact(struct text *out, const char *name, const char *style, const char *value) {
    text_append(out, "<dt>%s</dt><dd class=\"%s\">", name, style);
    text_append_html(out, value);
    text_append(out, "</dd>\n");
}

void page_footer(const struct page *page, struct text *out) {
    const struct run_environment *environment = &page->environment;
    char number[32];
    text_append(out,
                "<footer>\n<h2><span>7</span>Doing it again</h2>\n"
                "<p>The recipe, its seed and the kernels decide every bit of the weights; the number of threads and "
                "interruptions do not. The same command gives a model file with the same SHA-256.</p>\n"
                "<dl class=\"facts\">\n");
    append_fact(out, "Command", "hash", environment->command_line);
    snprintf(number, sizeof number, "%llu", (unsigned long long)page->run.recipe.seed);
    append_fact(out, "Seed", "", number);
    append_fact(out, "Kernels", "", environment->kernels);
    snprintf(number, sizeof number, "%llu", (unsigned long long)environment->threads);
    append_fact(out, "Threads", "", number);
    append_fact(out, "SHA-256 of " RUN_LAST, "hash", page->weights_sha256);
    append_fact(out, "SHA-256 of the training data", "hash", page->run.data.train_sha256);
    append_fact(out, "SHA-256 of the test data", "hash", page->run.data.test_sha256);
    append_fact(out, "Evaluated model", "", page->run.evaluation.model);
    append_fact(out, "Ocellus", "", environment->version);
    append_fact(out, "Compiler", "", environment->compiler);
    append_fact(out, "System", "", environment->system);
    append_fact(out, "Processor", "", environment->processor);
    append_fact(out, "Started", "", environment->started);
    text_append(out, "</dl>\n</footer>\n");
}
