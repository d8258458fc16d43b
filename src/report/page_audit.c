/* SPDX-License-Identifier: MIT */
/* The sections on trust: what is doubtful about the method, and what it takes to do it again. */
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
static bool append_rule(const struct page *page, enum audit_rule rule, struct text *out) {
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
        if (!any) text_append(out, "<dt>%s</dt><dd><ul>", audit_title(rule));
        any = true;
        text_append(out, "<li><b>%s", page_title(&page->runs[i]));
        for (size_t j = i + 1; j < page->run_count; j++) {
            find_rule(page, &page->runs[j], rule, other);
            if (strcmp(what, other) == 0) text_append(out, "; %s", page_title(&page->runs[j]));
        }
        text_append(out, ".</b> ");
        text_append_html(out, what);
        text_append(out, "</li>");
    }
    if (any) text_append(out, "</ul><p>%s</p></dd>\n", audit_why(rule));
    return any;
}

/* What the original report itself gets wrong, where this page shows the subject. */
static void append_slips(const struct page *page, struct text *out) {
    const char *slip = original_slip("", "data");
    if (slip != NULL) text_append(out, "<dt>A shape misprinted</dt><dd><p>%s</p></dd>\n", slip);
    for (size_t i = 0; i < page->run_count; i++) {
        if (page->runs[i].claim == NULL) continue;
        slip = original_slip(page->runs[i].claim->model, "model");
        if (slip != NULL) text_append(out, "<dt>Prose against table</dt><dd><p>%s</p></dd>\n", slip);
    }
}

/* A claimed test accuracy that only a training accuracy reaches. */
static void append_training_as_test(const struct page *page, struct text *out) {
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        if (!run->present || run->claim == NULL) continue;
        double claimed = run->claim->test_accuracy;
        const struct evaluation *test = page_split(run, EVALUATION_TEST);
        size_t epoch = verdict_epoch_reaching(&run->history, claimed);
        if (claimed <= test->interval.high || epoch == 0) continue;
        text_append(out,
                    "<dt>Training accuracy called test accuracy?</dt><dd><ul><li><b>%s.</b> The claimed %s lies above "
                    "the interval of the measured test accuracy (%s), and the running training accuracy reaches it "
                    "in epoch %zu of %zu.</li></ul><p>Training, validation and test accuracy stand side by side in "
                    "everything that Ocellus prints.</p></dd>\n",
                    page_title(run), number_percent(claimed, 2).text,
                    number_percent_range(test->interval.low, test->interval.high, 2).text, epoch, run->history.count);
    }
}

void page_audit(struct page *page, struct text *out) {
    page_begin_section(page, "Audit", out);
    text_append(out, "<p>What <code>ocellus</code> finds doubtful in the method, by rules over the recipes and the "
                     "numbers of this page.</p>\n<dl class=\"audit\">\n");
    bool any = false;
    append_training_as_test(page, out);
    for (int rule = 0; rule < AUDIT_RULES; rule++)
        any = append_rule(page, (enum audit_rule)rule, out) || any;
    bool original = false;
    for (size_t i = 0; i < page->run_count; i++)
        original = original || page->runs[i].claim != NULL;
    if (original) append_slips(page, out);
    text_append(out, "</dl>\n");
    if (!any) text_append(out, "<p>No rule found anything in the recipe.</p>\n");
    text_append(out, "</section>\n");
}

static void append_number_fact(struct text *out, const char *name, uint64_t value) {
    char number[32];
    snprintf(number, sizeof number, "%llu", (unsigned long long)value);
    page_append_fact(out, name, "", number);
}

static void append_run_facts(const struct page *page, const struct page_run *run, struct text *out) {
    if (page_compares(page)) text_append(out, "<h3>%s</h3>\n", page_title(run));
    text_append(out, "<dl class=\"facts\">\n");
    page_append_fact(out, "Command", "hash", run->environment.command_line);
    append_number_fact(out, "Seed", run->recipe.seed);
    page_append_fact(out, "Evaluated model", "", run->evaluation.model);
    page_append_fact(out, "SHA-256 of " RUN_LAST, "hash", run->weights_sha256);
    if (*run->progress.initial_weights != '\0')
        page_append_fact(out, "SHA-256 of the initial weights", "hash", run->progress.initial_weights);
    page_append_fact(out, "Started", "", run->environment.started);
    text_append(out, "</dl>\n");
}

void page_footer(struct page *page, struct text *out) {
    const struct page_run *first = page_first(page);
    text_append(out,
                "<footer>\n<h2><span>%zu</span>Doing it again</h2>\n"
                "<p>The recipe, its seed and the kernels decide every bit of the weights; the number of threads and "
                "interruptions do not. The same command gives model files with the same SHA-256%s.</p>\n",
                ++page->sections, page_compares(page) ? ", for runs that are whole" : "");
    for (size_t i = 0; i < page->run_count; i++)
        if (page->runs[i].present) append_run_facts(page, &page->runs[i], out);
    if (page_compares(page)) text_append(out, "<h3>Machine and data</h3>\n");
    text_append(out, "<dl class=\"facts\">\n");
    page_append_fact(out, "Kernels", "", first->environment.kernels);
    append_number_fact(out, "Threads", first->environment.threads);
    page_append_fact(out, "SHA-256 of the training data", "hash", first->data.train_sha256);
    page_append_fact(out, "SHA-256 of the test data", "hash", first->data.test_sha256);
    page_append_fact(out, "Ocellus", "", first->environment.version);
    page_append_fact(out, "Compiler", "", first->environment.compiler);
    page_append_fact(out, "System", "", first->environment.system);
    page_append_fact(out, "Processor", "", first->environment.processor);
    text_append(out, "</dl>\n</footer>\n");
}
