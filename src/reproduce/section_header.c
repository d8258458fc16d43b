/* SPDX-License-Identifier: MIT */
#include "reproduce/section_header.h"

#include "report/number.h"
#include "report/page_markup.h"
#include "reproduce/claims.h"
#include "reproduce/judgement.h"

#include <math.h>

/* A row's number: a whole run's, here or kept, is large; what part of one gave stands below it, small and marked. */
static void append_row_number(const struct page *page, const struct claims *claims, const struct page_run *run,
                              struct html *out) {
    const struct full_run *full = claims_full(claims, page, run);
    const struct evaluation *test = run->present ? page_split(run, EVALUATION_TEST) : NULL;
    bool here = test != NULL && run->done.whole;
    double accuracy = here           ? test->accuracy
                      : full != NULL ? (double)full->test.correct / (double)full->test.count
                                     : (double)NAN;
    page_begin_number(out, "test", run->title, isfinite(accuracy) ? number_percent(accuracy, 2).text : "\u2013");
    html_append(out, "claimed %s<br>", number_percent(claims_of(claims, page, run)->test_accuracy, 2).text);
    if (here) html_append(out, "the whole run");
    else if (full != NULL) html_append(out, "a whole run, measured before");
    else html_append(out, "no whole run");
    if (test == NULL) html_append(out, "<br>not run here");
    else if (!here) html_append(out, "<br>here %s, partial: %s", number_percent(test->accuracy, 2).text, run->partial);
    page_end_number(out);
}

static void append_row_numbers(const struct page *page, const struct claims *claims, struct html *out) {
    html_append(out, "<dl class=\"numbers\">\n");
    for (size_t i = 0; i < page->run_count; i++)
        append_row_number(page, claims, &page->runs[i], out);
    double seconds = 0.0;
    bool same = true;
    for (size_t i = 0; i < page->run_count; i++) {
        seconds += page_seconds(&page->runs[i]);
        same = same && (!page->runs[i].present || page_threads(&page->runs[i]) == page_threads(page_first(page)));
    }
    page_begin_number(out, "time", "Training time", number_duration(seconds).text);
    if (same) page_append_threads(page_first(page), out);
    page_end_number(out);
    html_append(out, "</dl>\n");
}

/* One sentence a row: what was measured and what that means for the claim; what a whole run gave comes first. */
static void append_row_summary(const struct page *page, const struct claims *claims, const struct page_run *run,
                               struct html *out) {
    const struct full_run *full = claims_full(claims, page, run);
    struct text words = {0};
    text_append(&words, "%s:", run->title);
    if (full != NULL && (!run->present || !run->done.whole))
        text_append(&words, " a whole run, measured before, gives %s.",
                    number_percent((double)full->test.correct / (double)full->test.count, 2).text);
    if (run->present) {
        struct verdict_facts facts = page_verdict_facts(run);
        char images[32];
        text_with_commas(facts.test->count, images);
        text_append(&words, "%s %s of %s test images%s%s. ",
                    run->done.whole ? "" : " Here, partial:", number_percent(facts.test->accuracy, 2).text, images,
                    run->done.whole ? "" : " after ", run->extent);
        judgement_append(&facts, claims_of(claims, page, run)->test_accuracy, &words);
    } else {
        text_append(&words, " Not run here. %s", run->reason != NULL ? run->reason : "");
    }
    page_append_words("lead", &words, out);
    text_free(&words);
}

ocellus_status section_header(struct page *page, void *context, struct html *out) {
    const struct claims *claims = context;
    page_begin_header(page, original_subject, out);
    html_append(out,
                "<p class=\"soft\">A published report, done again: what it claims beside what was measured.</p>\n");
    append_row_numbers(page, claims, out);
    for (size_t i = 0; i < page->run_count; i++)
        append_row_summary(page, claims, &page->runs[i], out);
    page_end_header(page, NULL, out);
    return OCELLUS_OK;
}
