/* SPDX-License-Identifier: MIT */
#include "reproduce/section_networks.h"

#include "report/number.h"
#include "report/page_data.h"
#include "report/page_evaluation.h"
#include "report/page_markup.h"
#include "report/page_network.h"
#include "reproduce/claims.h"

static void append_slip(const char *model, const char *section, struct html *out) {
    const char *slip = original_slip(model, section);
    if (slip != NULL) html_append(out, "<p class=\"soft\">%s</p>\n", slip);
}

ocellus_status section_data(struct page *page, void *context, struct html *out) {
    (void)context;
    page_begin_section(page, "Data", out);
    TRY(page_data_images(page, out));
    append_slip("", "data", out);
    TRY(page_data_values(page, out));
    page_end_section(out);
    return OCELLUS_OK;
}

static void append_departures(const struct page_run *run, const struct original_claim *claim, struct html *out) {
    struct text departures = {0};
    original_departures(claim, &run->recipe, &run->data, run->done.whole ? run->history.count : run->recipe.epochs,
                        &departures);
    out->markup.failed = out->markup.failed || departures.failed;
    if (departures.size > 0)
        html_append(out, "<p>It departs from the original report\u2019s recipe: %s.</p>\n", departures.bytes);
    else html_append(out, "<p>It is the original report\u2019s recipe, as far as that is told.</p>\n");
    text_free(&departures);
}

static void append_claim_passed(const struct page_run *run, double claimed, struct html *out) {
    if (run->history.count == 0) return;
    size_t passes = verdict_epoch_reaching(&run->history, claimed);
    if (passes > 0)
        html_append(out,
                    "<p>The running training accuracy passes %s, the test accuracy that the original report claims, "
                    "in <strong>epoch %zu</strong> (marked in the table).</p>\n",
                    number_percent(claimed, 2).text, passes);
    else
        html_append(out,
                    "<p>The running training accuracy reaches %s, the test accuracy that the original report claims, "
                    "in no epoch.</p>\n",
                    number_percent(claimed, 2).text);
}

static ocellus_status append_run(const struct page *page, size_t index, const struct original_claim *claim,
                                 struct html *out) {
    const struct page_run *run = &page->runs[index];
    if (page_model(page, index, out)) append_slip(claim->model, "model", out);
    page_recipe(run, ", as in the original report", out);
    append_departures(run, claim, out);
    append_slip(claim->model, "recipe", out);
    page_settings(&run->recipe, out);
    html_append(out, "<h3>Training</h3>\n");
    append_claim_passed(run, claim->test_accuracy, out);
    TRY(page_training(run, out));
    return page_evaluation(page, run, out);
}

ocellus_status section_networks(struct page *page, void *context, struct html *out) {
    const struct claims *claims = context;
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        page_begin_section(page, run->title, out);
        if (run->present) {
            TRY(append_run(page, i, claims->rows[i], out));
        } else {
            page_absent(run, out);
            html_append(out, "<p>The original report claims a test accuracy of %s.%s</p>\n",
                        number_percent(claims->rows[i]->test_accuracy, 2).text,
                        claims_full(claims, page, run) != NULL ? " A whole run measured before stands in the results."
                                                               : "");
        }
        page_end_section(out);
    }
    return OCELLUS_OK;
}
