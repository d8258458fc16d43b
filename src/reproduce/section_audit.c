/* SPDX-License-Identifier: MIT */
#include "reproduce/section_audit.h"

#include "base/memory.h"
#include "report/number.h"
#include "report/page_audit.h"
#include "reproduce/claims.h"
#include "reproduce/unnamed.h"

/* What the original report itself gets wrong, where this page shows the subject. */
static void append_slips(const struct page *page, const struct claims *claims, struct html *out) {
    const char *slip = original_slip("", "data");
    if (slip != NULL) html_append(out, "<dt>A shape misprinted</dt><dd><p>%s</p></dd>\n", slip);
    for (size_t i = 0; i < page->run_count; i++) {
        slip = original_slip(claims->rows[i]->model, "model");
        if (slip != NULL) html_append(out, "<dt>Prose against table</dt><dd><p>%s</p></dd>\n", slip);
    }
}

/* A claimed test accuracy that only a training accuracy reaches. */
static bool append_training_as_test(const struct page *page, const struct claims *claims, struct html *out) {
    bool any = false;
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        if (!run->present) continue;
        double claimed = claims->rows[i]->test_accuracy;
        const struct evaluation *test = page_split(run, EVALUATION_TEST);
        size_t epoch = verdict_epoch_reaching(&run->history, claimed);
        if (claimed <= test->interval.high || epoch == 0) continue;
        any = true;
        html_append(out,
                    "<dt>Training accuracy called test accuracy?</dt><dd><ul><li><b>%s.</b> The claimed %s lies above "
                    "the interval of the measured test accuracy (%s), and the running training accuracy reaches it "
                    "in epoch %zu of %zu.</li></ul></dd>\n",
                    run->title, number_percent(claimed, 2).text,
                    number_percent_range(test->interval.low, test->interval.high, 2).text, epoch, run->history.count);
    }
    return any;
}

static bool append_unnamed(const struct page *page, const struct claims *claims, struct html *out) {
    char(*findings)[PAGE_FINDING_SIZE] = memory_allocate(page->run_count, sizeof *findings);
    bool any = false;
    if (findings == NULL) {
        out->markup.failed = true;
        return false;
    }
    for (int rule = 0; rule < UNNAMED_RULES; rule++) {
        for (size_t i = 0; i < page->run_count; i++) {
            *findings[i] = '\0';
            if (page->runs[i].present)
                unnamed_find((enum unnamed_rule)rule, claims->rows[i], &page->runs[i].recipe, findings[i],
                             sizeof findings[i]);
        }
        any = page_append_findings(page, unnamed_title((enum unnamed_rule)rule), unnamed_why((enum unnamed_rule)rule),
                                   findings, out) ||
              any;
    }
    memory_free(findings);
    return any;
}

ocellus_status section_audit(struct page *page, void *context, struct html *out) {
    const struct claims *claims = context;
    page_begin_audit(page, out);
    bool any = append_training_as_test(page, claims, out);
    any = page_audit_recipes(page, out) || any;
    any = append_unnamed(page, claims, out) || any;
    append_slips(page, claims, out);
    page_end_audit(any, out);
    return OCELLUS_OK;
}
