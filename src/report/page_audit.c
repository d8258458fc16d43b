/* SPDX-License-Identifier: MIT */
#include "report/page_audit.h"

#include "base/memory.h"
#include "report/audit.h"
#include "report/page_markup.h"

#include <string.h>

/* The row whose final weights this run starts with; NULL when none is known. */
static const char *continued_from(const struct page *page, const struct page_run *run) {
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *other = &page->runs[i];
        if (other != run && *run->progress.initial_weights != '\0' &&
            strcmp(other->progress.final_weights, run->progress.initial_weights) == 0)
            return other->title;
    }
    return NULL;
}

void page_begin_audit(struct page *page, struct html *out) {
    page_begin_section(page, "Audit", out);
    html_append(out, "<p>What <code>ocellus</code> finds doubtful in the method, by rules over the recipes and the "
                     "numbers of this page.</p>\n<dl class=\"audit\">\n");
}

void page_end_audit(bool any, struct html *out) {
    html_append(out, "</dl>\n");
    if (!any) html_append(out, "<p>No rule found anything.</p>\n");
    page_end_section(out);
}

static bool told_before(char (*findings)[PAGE_FINDING_SIZE], size_t index) {
    for (size_t i = 0; i < index; i++)
        if (strcmp(findings[i], findings[index]) == 0) return true;
    return false;
}

bool page_append_findings(const struct page *page, const char *title, const char *why,
                          char (*findings)[PAGE_FINDING_SIZE], struct html *out) {
    bool any = false;
    for (size_t i = 0; i < page->run_count; i++) {
        if (*findings[i] == '\0' || told_before(findings, i)) continue;
        if (!any) html_append(out, "<dt>%s</dt><dd><ul>", title);
        any = true;
        html_append(out, "<li><b>%s", page->runs[i].title);
        for (size_t j = i + 1; j < page->run_count; j++)
            if (strcmp(findings[i], findings[j]) == 0) html_append(out, "; %s", page->runs[j].title);
        html_append(out, ".</b> ");
        html_append(out, "%s", findings[i]);
        html_append(out, "</li>");
    }
    if (any) html_append(out, "</ul><p>%s</p></dd>\n", why);
    return any;
}

static void find(const struct page *page, const struct page_run *run, enum audit_rule rule,
                 char finding[PAGE_FINDING_SIZE]) {
    struct audit_facts facts = {.train_images = page->train->count,
                                .test_images = page->test->count,
                                .seeds = 1,
                                .best_weights = page_judges_best(run),
                                .continued_from = continued_from(page, run)};
    struct audit_finding found[AUDIT_RULES];
    size_t count = audit_recipe(&run->recipe, &facts, found);
    for (size_t i = 0; i < count; i++)
        if (found[i].rule == rule) memcpy(finding, found[i].what, PAGE_FINDING_SIZE);
}

bool page_audit_recipes(const struct page *page, struct html *out) {
    char(*findings)[PAGE_FINDING_SIZE] = memory_allocate(page->run_count, sizeof *findings);
    bool any = false;
    if (findings == NULL) {
        out->markup.failed = true;
        return false;
    }
    for (int rule = 0; rule < AUDIT_RULES; rule++) {
        for (size_t i = 0; i < page->run_count; i++) {
            *findings[i] = '\0';
            if (page->runs[i].present) find(page, &page->runs[i], (enum audit_rule)rule, findings[i]);
        }
        any = page_append_findings(page, audit_title((enum audit_rule)rule), audit_why((enum audit_rule)rule), findings,
                                   out) ||
              any;
    }
    memory_free(findings);
    return any;
}
