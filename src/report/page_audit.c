/* SPDX-License-Identifier: MIT */
/* What is doubtful about the method. */
#include "report/page.h"

#include "report/audit.h"
#include "report/number.h"

#include <string.h>

/* The row whose final weights this run starts with; NULL when none is known. */
static const char *continued_from(const struct page *page, const struct page_run *run) {
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *other = &page->runs[i];
        if (other != run && *run->progress.initial_weights != '\0' &&
            strcmp(other->progress.final_weights, run->progress.initial_weights) == 0)
            return page_title(other);
    }
    return NULL;
}

static size_t find(const struct page *page, const struct page_run *run, struct audit_finding findings[AUDIT_RULES]) {
    struct audit_facts facts = {.train_images = page->train->count,
                                .test_images = page->test->count,
                                .seeds = 1,
                                .best_weights = page_judges_best(run),
                                .continued_from = continued_from(page, run),
                                .claim = run->claim};
    return audit_recipe(&run->recipe, &facts, findings);
}

/* What a rule says about a row; "" nothing. */
static void find_rule(const struct page *page, const struct page_run *run, enum audit_rule rule, char what[256]) {
    struct audit_finding findings[AUDIT_RULES];
    size_t count = run->present ? find(page, run, findings) : 0;
    *what = '\0';
    for (size_t i = 0; i < count; i++)
        if (findings[i].rule == rule) memcpy(what, findings[i].what, sizeof findings[i].what);
}

/* One rule: what it says about the rows, those of which it says the same together, and why that matters. */
static bool append_rule(const struct page *page, enum audit_rule rule, struct html *out) {
    char what[256], other[256];
    bool any = false;
    for (size_t i = 0; i < page->run_count; i++) {
        bool told = false;
        find_rule(page, &page->runs[i], rule, what);
        for (size_t j = 0; j < i && !told; j++) {
            find_rule(page, &page->runs[j], rule, other);
            told = strcmp(what, other) == 0;
        }
        if (*what == '\0' || told) continue;
        if (!any) html_append(out, "<dt>%s</dt><dd><ul>", audit_title(rule));
        any = true;
        html_append(out, "<li><b>%s", page_title(&page->runs[i]));
        for (size_t j = i + 1; j < page->run_count; j++) {
            find_rule(page, &page->runs[j], rule, other);
            if (strcmp(what, other) == 0) html_append(out, "; %s", page_title(&page->runs[j]));
        }
        html_append(out, ".</b> ");
        html_append(out, "%s", what);
        html_append(out, "</li>");
    }
    if (any) html_append(out, "</ul><p>%s</p></dd>\n", audit_why(rule));
    return any;
}

/* What the original report itself gets wrong, where this page shows the subject. */
static void append_slips(const struct page *page, struct html *out) {
    const char *slip = original_slip("", "data");
    if (slip != NULL) html_append(out, "<dt>A shape misprinted</dt><dd><p>%s</p></dd>\n", slip);
    for (size_t i = 0; i < page->run_count; i++) {
        if (page->runs[i].claim == NULL) continue;
        slip = original_slip(page->runs[i].claim->model, "model");
        if (slip != NULL) html_append(out, "<dt>Prose against table</dt><dd><p>%s</p></dd>\n", slip);
    }
}

/* A claimed test accuracy that only a training accuracy reaches. */
static bool append_training_as_test(const struct page *page, struct html *out) {
    bool any = false;
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        if (!run->present || run->claim == NULL) continue;
        double claimed = run->claim->test_accuracy;
        const struct evaluation *test = page_split(run, EVALUATION_TEST);
        size_t epoch = verdict_epoch_reaching(&run->history, claimed);
        if (claimed <= test->interval.high || epoch == 0) continue;
        any = true;
        html_append(out,
                    "<dt>Training accuracy called test accuracy?</dt><dd><ul><li><b>%s.</b> The claimed %s lies above "
                    "the interval of the measured test accuracy (%s), and the running training accuracy reaches it "
                    "in epoch %zu of %zu.</li></ul></dd>\n",
                    page_title(run), number_percent(claimed, 2).text,
                    number_percent_range(test->interval.low, test->interval.high, 2).text, epoch, run->history.count);
    }
    return any;
}

void page_audit(struct page *page, struct html *out) {
    page_begin_section(page, "Audit", out);
    html_append(out, "<p>What <code>ocellus</code> finds doubtful in the method, by rules over the recipes and the "
                     "numbers of this page.</p>\n<dl class=\"audit\">\n");
    bool any = append_training_as_test(page, out);
    for (int rule = 0; rule < AUDIT_RULES; rule++)
        any = append_rule(page, (enum audit_rule)rule, out) || any;
    if (page_compares(page)) append_slips(page, out);
    html_append(out, "</dl>\n");
    if (!any) html_append(out, "<p>No rule found anything.</p>\n");
    html_append(out, "</section>\n");
}
