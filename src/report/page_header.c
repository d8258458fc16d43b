/* SPDX-License-Identifier: MIT */
#include "report/page_header.h"

#include "report/number.h"
#include "report/page_markup.h"

/* Of a single run: what was measured and how long it took. What part of a run gave is small, and says so. */
static void append_key_numbers(const struct page_run *run, struct html *out) {
    const struct evaluation *test = page_split(run, EVALUATION_TEST), *train = page_split(run, EVALUATION_TRAIN);
    bool part = !run->done.whole;
    html_append(out, "<dl class=\"numbers\">\n");
    const uint64_t folds = run->evaluation.folds;
    page_begin_number(out, part ? "test part" : "test", folds > 0 ? "Cross-validated accuracy" : "Test accuracy",
                      number_percent(test->accuracy, 2).text);
    if (folds > 0) html_append(out, "%zu images in %llu parts<br>", test->count, (unsigned long long)folds);
    if (part) html_append(out, "partial: %s<br>", run->partial);
    html_append(out, "95 %% interval %s", number_percent_range(test->interval.low, test->interval.high, 2).text);
    page_end_number(out);
    double training = train != NULL ? train->accuracy : page_running_accuracy(run);
    page_begin_number(out, part ? "training part" : "training", "Training accuracy", number_percent(training, 2).text);
    if (part) html_append(out, "partial: %s<br>", run->partial);
    if (train == NULL) html_append(out, "running mean of the last epoch");
    else html_append(out, "%s", page_judges_best(run) ? "weights of the best epoch" : "last weights");
    page_end_number(out);
    page_begin_number(out, "time", "Training time", number_duration(page_seconds(run)).text);
    html_append(out, "%zu epoch%s", run->history.count, run->history.count == 1 ? "" : "s");
    if (page_threads(run) > 0) html_append(out, ", ");
    page_append_threads(run, out);
    page_end_number(out);
    html_append(out, "</dl>\n");
}

ocellus_status page_header(struct page *page, void *context, struct html *out) {
    (void)context;
    const struct page_run *run = page_first(page);
    struct verdict_facts facts = page_verdict_facts(run);
    struct text words = {0};
    page_begin_header(page, run->title, out);
    verdict_measured(&facts, &words);
    page_append_words("lead", &words, out);
    text_free(&words);
    append_key_numbers(run, out);
    page_end_header(page, run, out);
    return OCELLUS_OK;
}
