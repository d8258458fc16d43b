/* SPDX-License-Identifier: MIT */
#include "report/page_evaluation.h"

#include "report/number.h"
#include "report/page_pictures.h"

static void append_reestimated(const struct evaluation_record *record, struct html *out) {
    const struct evaluation *again = &record->reestimated;
    if (record->reestimated_images == 0) return;
    html_append(out,
                "<tr><td>test, with statistics<br>re-estimated on %zu images</td><td>%zu</td><td>%zu</td><td>%s</td>"
                "<td>%s</td><td>%s</td><td>%s</td></tr>\n",
                record->reestimated_images, again->count, again->correct, number_percent(again->accuracy, 2).text,
                number_percent_range(again->interval.low, again->interval.high, 2).text,
                number_fixed(again->loss, 4).text, number_fixed(again->macro_f1, 4).text);
}

static bool equal_support(const struct evaluation *evaluation) {
    for (size_t i = 1; i < evaluation->classes; i++)
        if (evaluation->per_class[i].support != evaluation->per_class[0].support) return false;
    return true;
}

static const char *split_title(const struct page_run *run, enum evaluation_split split) {
    return split == EVALUATION_TEST && run->evaluation.folds > 0 ? "cross-validated" : evaluation_split_name(split);
}

static void append_splits(const struct page *page, const struct page_run *run, struct html *out) {
    html_append(out,
                "<div class=\"wide\"><table class=\"full\"><thead><tr><th>Images</th><th>count</th><th>correct</th>"
                "<th>accuracy</th><th>95 %% interval</th><th>loss</th><th>macro F1</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < EVALUATION_SPLITS; i++) {
        const struct evaluation *evaluation = page_split(run, (enum evaluation_split)i);
        if (evaluation == NULL) continue;
        char count[32], correct[32];
        text_with_commas(evaluation->count, count);
        text_with_commas(evaluation->correct, correct);
        html_append(out,
                    "<tr class=\"%s\"><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td><td>%s</td>"
                    "<td>%s</td></tr>\n",
                    i == EVALUATION_TEST ? "this" : "", split_title(run, (enum evaluation_split)i), count, correct,
                    number_percent(evaluation->accuracy, 2).text,
                    number_percent_range(evaluation->interval.low, evaluation->interval.high, 2).text,
                    number_fixed(evaluation->loss, 4).text, number_fixed(evaluation->macro_f1, 4).text);
    }
    append_reestimated(&run->evaluation, out);
    html_append(out, "</tbody></table></div>\n<p class=\"soft\">The weights of %s, in inference mode. ",
                page_judges_best(run) ? "the best epoch in validation"
                : run->done.whole     ? "the end"
                                      : "where the run stands");
    const struct evaluation *train = page_split(run, EVALUATION_TRAIN);
    if (page_split(run, EVALUATION_TEST)->count < page->test->count)
        html_append(out, "The test images are a fixed choice%s. ",
                    equal_support(page_split(run, EVALUATION_TEST)) ? ", with the same number of each class" : "");
    if (train != NULL && train->count < run->data.train_images)
        html_append(out, "The training images are a fixed random choice. ");
    if (run->evaluation.folds > 0)
        html_append(
            out,
            "There are no test images: the training images were dealt into %llu parts, and each was judged by a "
            "network that learned from the others in the same way (cross-validation). The network of this run "
            "learned from all. ",
            (unsigned long long)run->evaluation.folds);
    html_append(out, "Intervals are Wilson score intervals: the chance of drawing the images, not of drawing the "
                     "seed.</p>\n");
}

static size_t most_confused_with(const struct evaluation *evaluation, size_t class) {
    size_t most = class == 0 ? 1 : 0;
    const size_t *row = &evaluation->confusion[class * evaluation->classes];
    for (size_t other = 0; other < evaluation->classes; other++)
        if (other != class && row[other] > row[most]) most = other;
    return most;
}

static void append_per_class(char *const *names, const struct evaluation *test, struct html *out) {
    html_append(
        out,
        "<h4>Class by class</h4>\n<div class=\"wide\"><table class=\"full\"><thead><tr><th>Class</th>"
        "<th>precision</th><th>recall</th><th>F1</th><th></th><th>support</th><th class=\"left\">most often taken for"
        "</th></tr></thead><tbody>\n");
    for (size_t i = 0; i < test->classes; i++) {
        const struct class_metrics *metrics = &test->per_class[i];
        html_append(out, "<tr><td>%s</td><td>%s</td><td>%s</td>", names[i], number_fixed(metrics->precision, 3).text,
                    number_fixed(metrics->recall, 3).text);
        html_append(out, "<td>%s</td><td><span class=\"bar\"><i style=\"width:%s%%\"></i></span></td><td>%zu</td>",
                    number_fixed(metrics->f1, 3).text, number_fixed(100.0 * metrics->f1, 1).text, metrics->support);
        size_t other = test->classes > 1 ? most_confused_with(test, i) : i;
        size_t times = test->confusion[i * test->classes + other];
        html_append(out, "<td class=\"left\">");
        if (other != i && times > 0) html_append(out, "%s <small>%zu</small>", names[other], times);
        html_append(out, "</td></tr>\n");
    }
    html_append(out, "</tbody></table></div>\n");
}

static ocellus_status draw_confusion(const struct page *page, const struct page_run *run) {
    char folder[FILE_PATH_SIZE];
    const char *const *names = (const char *const *)page->test->class_names; /* what evaluate wrote may be older */
    TRY(run_folder_file(&run->folder, RUN_FIGURES, folder));
    return figure_confusion(folder, names, page_split(run, EVALUATION_TEST));
}

ocellus_status page_evaluation(const struct page *page, const struct page_run *run, struct html *out) {
    const struct evaluation *test = page_split(run, EVALUATION_TEST);
    html_append(out, "<h3>Evaluation</h3>\n");
    append_splits(page, run, out);
    html_append(out, "<h4>Confusion matrix of the %s images</h4>\n",
                run->evaluation.folds > 0 ? "cross-validated" : "test");
    TRY(draw_confusion(page, run));
    TRY(page_append_figure(run->folder.path, FIGURE_CONFUSION, run->key,
                           "Images of the true class (row) that were given the predicted class (column). The shade "
                           "follows the square root of the share of the row, so that rare confusions show too.",
                           out));
    append_per_class(page->test->class_names, test, out);
    return page_append_gallery(page, run, out);
}
