/* SPDX-License-Identifier: MIT */
#include "reproduce/section_results.h"

#include "report/number.h"
#include "report/page_markup.h"
#include "report/page_results.h"
#include "reproduce/claims.h"

#include <stdio.h>

static void append_claimed(const struct original_claim *claim, struct html *out) {
    html_append(out, "<td><b>%s</b>", number_percent(claim->test_accuracy, 2).text);
    if (*claim->remark != '\0') html_append(out, "<br><small>\u201c%s\u201d</small>", claim->remark);
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
    page_append_accuracy(test->accuracy, test->interval, run->done.whole, remark, out);
}

static void append_kept(const struct full_run *full, struct html *out) {
    char remark[128], images[32];
    if (full == NULL) {
        html_append(out, "<td class=\"none\">none kept</td>");
        return;
    }
    text_with_commas(full->test.count, images);
    snprintf(remark, sizeof remark, "%s test images, %.10s", images, full->started);
    page_append_accuracy((double)full->test.correct / (double)full->test.count,
                         wilson_interval(full->test.correct, full->test.count), true, remark, out);
}

static void append_claims(const struct page *page, const struct claims *claims, struct html *out) {
    html_append(out, "<h3>Test accuracy</h3>\n");
    PAGE_BEGIN_TABLE("<th>Network</th><th>claimed</th><th>measured here</th><th>measured whole, kept</th>", out);
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        html_append(out, "<tr class=\"\"><td>%s</td>", run->title);
        append_claimed(claims->rows[i], out);
        append_here(run, out);
        append_kept(claims_full(claims, page, run), out);
        html_append(out, "</tr>\n");
    }
    page_end_table(out);
    html_append(out, "<p class=\"soft\">Below each measured accuracy its 95 %% interval (Wilson).</p>\n");
}

/* Each row: what was claimed, what was measured here, and what a kept whole run gave. */
static void collect(const struct page *page, const struct claims *claims, struct page_results *results, bool *kept) {
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        const struct full_run *full = claims_full(claims, page, run);
        double claimed = claims->rows[i]->test_accuracy;
        page_results_add(results, run->title, "claimed", FIGURE_MARKED, claimed, (struct interval){claimed, claimed});
        page_results_add_run(results, page, i);
        if (full == NULL) continue;
        *kept = true;
        page_results_add(results, run->title, "test, whole run", FIGURE_KEPT,
                         (double)full->test.correct / (double)full->test.count,
                         wilson_interval(full->test.correct, full->test.count));
    }
}

ocellus_status section_results(struct page *page, void *context, struct html *out) {
    const struct claims *claims = context;
    struct page_results results = {0};
    bool kept = false;
    page_begin_section(page, "Results: claimed and measured", out);
    append_claims(page, claims, out);
    collect(page, claims, &results, &kept);
    TRY(page_results_figure(page, &results, "Grey: claimed; blue:", kept ? "; purple: test in the kept whole run" : "",
                            out));
    page_results_tables(page, out);
    page_end_section(out);
    return OCELLUS_OK;
}
