/* SPDX-License-Identifier: MIT */
/* The sections that compare: results, discussion. */
#include "report/page.h"

#include "report/figures.h"
#include "report/number.h"

#include <math.h>
#include <stdlib.h>

#define EMPTY_CELL "<td>\u2013</td>"

/* The format is markup: the head's cells. */
#define BEGIN_TABLE(heads, out)                                                                                        \
    html_append(out, "<div class=\"wide\"><table class=\"full\"><thead><tr>" heads "</tr></thead><tbody>\n")

static void end_table(struct html *out) {
    html_append(out, "</tbody></table></div>\n");
}

static void begin_row(const struct page *page, const struct page_run *run, struct html *out) {
    html_append(out, "<tr class=\"%s\"><td>%s</td>", page_compares(page) ? "" : "this", page_title(run));
}

/* In bold when it stands for the whole run. */
static void append_accuracy(double accuracy, struct interval interval, bool whole, const char *remark,
                            struct html *out) {
    html_append(out, "<td><span class=\"%s\">%s</span><br><small>%s</small>", whole ? "whole" : "partial",
                number_percent(accuracy, 2).text, number_percent_range(interval.low, interval.high, 2).text);
    if (*remark != '\0') html_append(out, "<br><small>%s</small>", remark);
    html_append(out, "</td>");
}

static void append_claimed(const struct page_run *run, struct html *out) {
    if (run->claim == NULL) {
        html_append(out, EMPTY_CELL);
        return;
    }
    html_append(out, "<td><b>%s</b>", number_percent(run->claim->test_accuracy, 2).text);
    if (*run->claim->remark != '\0') html_append(out, "<br><small>\u201c%s\u201d</small>", run->claim->remark);
    html_append(out, "</td>");
}

static void append_here(const struct page_run *run, struct html *out) {
    const struct evaluation *test = run->present ? page_split(run, EVALUATION_TEST) : NULL;
    char remark[128], images[32];
    if (test == NULL) {
        html_append(out, "<td class=\"none\">not run</td>");
        return;
    }
    text_with_commas(test->count, images);
    snprintf(remark, sizeof remark, "%s of the run, %s test images", number_part(run->done.share, 1).text, images);
    append_accuracy(test->accuracy, test->interval, run->done.whole, remark, out);
}

static void append_kept(const struct full_run *full, struct html *out) {
    char remark[128], images[32];
    if (full == NULL) {
        html_append(out, "<td class=\"none\">none kept</td>");
        return;
    }
    text_with_commas(full->test.count, images);
    snprintf(remark, sizeof remark, "%s test images, %.10s", images, full->started);
    append_accuracy((double)full->test.correct / (double)full->test.count,
                    wilson_interval(full->test.correct, full->test.count), true, remark, out);
}

static void append_claims(const struct page *page, struct html *out) {
    html_append(out, "<h3>Test accuracy</h3>\n");
    BEGIN_TABLE("<th>Network</th><th>claimed</th><th>measured here</th><th>measured whole, kept</th>", out);
    for (size_t i = 0; i < page->run_count; i++) {
        begin_row(page, &page->runs[i], out);
        append_claimed(&page->runs[i], out);
        append_here(&page->runs[i], out);
        append_kept(page_full(page, &page->runs[i]), out);
        html_append(out, "</tr>\n");
    }
    end_table(out);
    html_append(out, "<p class=\"soft\">Below each measured accuracy its 95 %% interval (Wilson).</p>\n");
}

static void append_split_cell(const struct page_run *run, enum evaluation_split split, struct html *out) {
    const struct evaluation *evaluation = page_split(run, split);
    char remark[64], images[32];
    if (evaluation == NULL) {
        html_append(out, EMPTY_CELL);
        return;
    }
    text_with_commas(evaluation->count, images);
    snprintf(remark, sizeof remark, "%s images", images);
    append_accuracy(evaluation->accuracy, evaluation->interval, run->done.whole, remark, out);
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
        html_append(out, EMPTY_CELL);
        return;
    }
    char remark[64], images[32];
    text_with_commas(count, images);
    snprintf(remark, sizeof remark, "%s %simages", images,
             run->data.validation == RECIPE_VALIDATION_TEST ? "test " : "");
    append_accuracy(accuracy, wilson_interval((size_t)llround(accuracy * (double)count), count), run->done.whole,
                    remark, out);
}

static void append_accuracies(const struct page *page, struct html *out) {
    html_append(out, "<h3>Training, validation, test</h3>\n");
    BEGIN_TABLE(
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
    end_table(out);
}

/* What each row saw: the images, and where its weights come from. */
static void append_seen(const struct page *page, struct html *out) {
    html_append(out, "<h3>What each row saw</h3>\n");
    BEGIN_TABLE("<th>Network</th><th>starts from</th><th>SHA-256<br>of that</th><th>training<br>images seen</th>"
                "<th>different<br>ones</th><th>share of<br>the run</th><th>time</th>",
                out);
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        if (!run->present) continue;
        uint64_t limit = run->recipe.steps_per_epoch * run->recipe.batch_size;
        bool once = run->done.images <= run->data.train_images && (run->recipe.epochs == 1 || run->history.count == 0);
        uint64_t different = run->done.images < run->data.train_images ? run->done.images : run->data.train_images;
        char seen[32], images[32];
        text_with_commas(run->done.images, seen);
        text_with_commas(different, images);
        begin_row(page, run, out);
        html_append(out, "<td>%s</td><td class=\"hash\">%.12s%s</td><td>%s</td><td>%s%s<br><small>%s</small></td>",
                    *run->recipe.model_weights != '\0' ? run->recipe.model_weights : "random values",
                    *run->progress.initial_weights != '\0' ? run->progress.initial_weights : "not recorded",
                    *run->progress.initial_weights != '\0' ? "\u2026" : "", seen, limit > 0 && !once ? "at most " : "",
                    images, number_part((double)different / (double)run->data.train_images, 1).text);
        html_append(out, "<td>%s</td><td>%s</td></tr>\n", number_part(run->done.share, 1).text,
                    number_duration(page_seconds(run)).text);
    }
    end_table(out);
}

static void append_pairs(const struct page *page, struct html *out) {
    if (page->pair_count == 0) return;
    html_append(out, "<h3>Is a difference more than noise?</h3>\n");
    BEGIN_TABLE("<th>Rows</th><th>common<br>test images</th><th>only the first<br>is right</th>"
                "<th>only the second<br>is right</th><th>p (exact)</th><th class=\"left\">at 5 %%</th>",
                out);
    for (size_t i = 0; i < page->pair_count; i++) {
        const struct discussion_pair *pair = &page->pairs[i];
        char images[32];
        text_with_commas(pair->images, images);
        html_append(
            out,
            "<tr><td>%s \u2013 %s</td><td>%s</td><td>%zu</td><td>%zu</td><td>%s</td><td class=\"left\">%s</td></tr>\n",
            page->rows[pair->first].claim->title, page->rows[pair->second].claim->title, images, pair->test.only_first,
            pair->test.only_second, pair->test.exact < 1e-4 ? "< 0.0001" : number_fixed(pair->test.exact, 4).text,
            pair->test.exact < DISCUSSION_SIGNIFICANT ? "different" : "chance?");
    }
    end_table(out);
    html_append(
        out, "<p class=\"soft\">McNemar\u2019s exact test over the test images that both rows were judged on.</p>\n");
}

/* Names the colours that the figure has. */
static void append_caption(const struct page *page, struct text *caption) {
    bool validation = false, full = false;
    for (size_t i = 0; i < page->run_count; i++) {
        validation = validation || page_split(&page->runs[i], EVALUATION_VALIDATION) != NULL;
        full = full || page_full(page, &page->runs[i]) != NULL;
    }
    text_append(caption, "Accuracies, with 95 %% intervals where images were judged by fixed weights. %s training; ",
                page_compares(page) ? "Grey: claimed; blue:" : "Blue:");
    text_append(caption, "%svermilion: test%s.", validation ? "green: validation; " : "",
                full ? "; purple: test in the kept whole run" : "");
}

ocellus_status page_results(struct page *page, struct html *out) {
    struct text caption = {0};
    page_begin_section(page, page_compares(page) ? "Results: claimed and measured" : "Results", out);
    if (page_compares(page)) append_claims(page, out);
    append_caption(page, &caption);
    ocellus_status status = caption.failed
                                ? fail(OCELLUS_IO, "report: no memory")
                                : page_append_figure(page->request->folder, FIGURE_RESULTS, "all", caption.bytes, out);
    text_free(&caption);
    TRY(status);
    append_accuracies(page, out);
    append_seen(page, out);
    append_pairs(page, out);
    html_append(out, "</section>\n");
    return OCELLUS_OK;
}

/* A line of `words` is a paragraph. */
static void append_paragraphs(const struct text *words, struct html *out) {
    struct text line = {0};
    for (size_t i = 0; i < words->size; i++) {
        if (words->bytes[i] != '\n') text_append_bytes(&line, words->bytes + i, 1);
        if (words->bytes[i] != '\n' && i + 1 < words->size) continue;
        page_append_words("discussed", &line, out);
        text_free(&line);
    }
}

void page_discussion(struct page *page, struct html *out) {
    struct text words = {0};
    page_begin_section(page, "Discussion", out);
    const struct report_request *request = page->request;
    const struct discussion_optimizers optimizers = {
        .sgd = full_run_named(request->full, request->full_count, "resnet50-64-sgd"),
        .adam = full_run_named(request->full, request->full_count, "resnet50-64-adam")};
    discussion_write(page->rows, page->row_count, page->pairs, page->pair_count, &optimizers, &words);
    out->markup.failed = out->markup.failed || words.failed;
    append_paragraphs(&words, out);
    text_free(&words);
    html_append(out, "</section>\n");
}
