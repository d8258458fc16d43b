/* SPDX-License-Identifier: MIT */
#include "report/page_again.h"

#include "report/page_markup.h"

#include <stdio.h>
#include <string.h>

/* A sitting of a run: from its start or a resume to the next. One that made no step left nothing in the weights. */
struct sitting {
    uint64_t from;                 /* steps done before it */
    const char *kernels, *version; /* "": not recorded */
    bool counts;
};

static struct sitting sitting_at(const struct page_run *run, size_t index) {
    const struct run_progress *progress = &run->progress;
    const struct run_resume *resume = index > 0 ? &progress->resumes[index - 1] : NULL;
    struct sitting sitting = {0, run->environment.kernels, run->environment.version, false};
    if (resume != NULL) sitting = (struct sitting){resume->step, resume->kernels, resume->version, false};
    uint64_t end = index < progress->resume_count ? progress->resumes[index].step : progress->step;
    sitting.counts = end > sitting.from || progress->resume_count == 0;
    return sitting;
}

/* What is known of what computed the weights. */
enum origin { ORIGIN_ONE, ORIGIN_SEVERAL, ORIGIN_UNKNOWN };

/* *first is the first sitting that counts. */
static enum origin find_origin(const struct page_run *run, struct sitting *first) {
    bool found = false, several = false, unknown = false;
    *first = sitting_at(run, 0);
    for (size_t i = 0; i <= run->progress.resume_count; i++) {
        struct sitting sitting = sitting_at(run, i);
        if (!sitting.counts) continue;
        unknown = unknown || *sitting.kernels == '\0' || *sitting.version == '\0';
        if (!found) *first = sitting;
        several =
            several || strcmp(sitting.kernels, first->kernels) != 0 || strcmp(sitting.version, first->version) != 0;
        found = true;
    }
    return unknown ? ORIGIN_UNKNOWN : several ? ORIGIN_SEVERAL : ORIGIN_ONE;
}

/* The kernels in the order of their sittings: "avx2; from step 100 on ref". */
static void append_kernels(const struct page_run *run, struct text *out) {
    const char *before = NULL;
    for (size_t i = 0; i <= run->progress.resume_count; i++) {
        struct sitting sitting = sitting_at(run, i);
        if (!sitting.counts || (before != NULL && strcmp(before, sitting.kernels) == 0)) continue;
        if (before != NULL) text_append(out, "; from step %llu on ", (unsigned long long)sitting.from);
        text_append(out, "%s", *sitting.kernels != '\0' ? sitting.kernels : "not recorded");
        before = sitting.kernels;
    }
}

static void append_fact(const char *name, const char *style, struct text *value, struct html *out) {
    out->markup.failed = out->markup.failed || value->failed;
    page_append_fact(out, name, style, value->bytes != NULL ? value->bytes : "");
    text_free(value);
}

static void append_number_fact(struct html *out, const char *name, uint64_t value) {
    char number[32];
    snprintf(number, sizeof number, "%llu", (unsigned long long)value);
    page_append_fact(out, name, "", number);
}

/* Names of kernels that OCELLUS_CPU takes. */
static bool is_kernels_name(const char *name) {
    static const char *const known[] = {"ref", "avx2", "avx512", "neon"};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (strcmp(known[i], name) == 0) return true;
    return false;
}

static void append_command(const struct page_run *run, enum origin origin, const char *kernels, struct html *out) {
    struct text command = {0};
    if (origin == ORIGIN_ONE && is_kernels_name(kernels)) text_append(&command, "OCELLUS_CPU=%s ", kernels);
    recipe_command(&run->recipe, &command);
    append_fact("Command", "hash", &command, out);
}

static void append_resumes(const struct page_run *run, struct html *out) {
    for (size_t i = 0; i < run->progress.resume_count; i++) {
        const struct run_resume *resume = &run->progress.resumes[i];
        struct text words = {0};
        text_append(&words, "after step %llu; ", (unsigned long long)resume->step);
        if (resume->epochs > 0) text_append(&words, "%llu epochs in all; ", (unsigned long long)resume->epochs);
        if (*resume->kernels == '\0' || *resume->version == '\0')
            text_append(&words, "kernels, threads and version not recorded");
        else
            text_append(&words, "%s kernels, %llu thread%s, Ocellus %s", resume->kernels,
                        (unsigned long long)resume->threads, resume->threads == 1 ? "" : "s", resume->version);
        append_fact("Resumed", "", &words, out);
    }
}

/* Whether the command gives the same files. */
static void append_promise(const struct page_run *run, enum origin origin, const struct sitting *first,
                           struct html *out) {
    html_append(out, "<p>");
    if (!run->done.whole)
        html_append(out, "This run is partial (%s): the command gives the whole run, and so other files.",
                    run->partial);
    else if (origin == ORIGIN_UNKNOWN)
        html_append(out, "It was resumed, and on which kernels was not recorded: whether the command gives model files "
                         "with the same SHA-256 is not known.");
    else if (origin == ORIGIN_SEVERAL)
        html_append(out, "It was computed by more than one set of kernels or version of Ocellus (below): no single "
                         "command gives model files with the same SHA-256.");
    else
        html_append(out,
                    "The command gives model files with the same SHA-256, with the %s kernels of the same build of "
                    "Ocellus %s%s.",
                    first->kernels, first->version,
                    *run->recipe.model_weights != '\0' ? " and the same weights to start from" : "");
    html_append(out, "</p>\n");
}

static void append_run(const struct page *page, const struct page_run *run, struct html *out) {
    struct sitting first;
    enum origin origin = find_origin(run, &first);
    struct text kernels = {0};
    if (page_compares(page)) html_append(out, "<h3>%s</h3>\n", run->title);
    append_promise(run, origin, &first, out);
    html_append(out, "<dl class=\"facts\">\n");
    append_command(run, origin, first.kernels, out);
    page_append_fact(out, "Started", "", run->environment.started);
    append_resumes(run, out);
    append_kernels(run, &kernels);
    append_fact("Kernels", "", &kernels, out);
    append_number_fact(out, run->progress.resume_count > 0 ? "Threads at the start" : "Threads",
                       run->environment.threads);
    append_number_fact(out, "Seed", run->recipe.seed);
    page_append_fact(out, "Evaluated model", "", run->evaluation.model);
    page_append_fact(out, "SHA-256 of " RUN_LAST, "hash", run->weights_sha256);
    if (*run->progress.initial_weights != '\0')
        page_append_fact(out, "SHA-256 of the initial weights", "hash", run->progress.initial_weights);
    html_append(out, "</dl>\n");
}

ocellus_status page_again(struct page *page, void *context, struct html *out) {
    (void)context;
    const struct page_run *first = page_first(page);
    html_append(out,
                "<footer>\n<h2><span>%zu</span>Doing it again</h2>\n"
                "<p>The recipe with its seed, the data, the kernels and the build of Ocellus decide every bit of the "
                "weights; the number of threads and interruptions do not.</p>\n",
                ++page->sections);
    for (size_t i = 0; i < page->run_count; i++)
        if (page->runs[i].present) append_run(page, &page->runs[i], out);
    html_append(out, "<h3>Data and machine%s</h3>\n<dl class=\"facts\">\n",
                page_compares(page) ? " of the first run" : "");
    page_append_fact(out, "SHA-256 of the training data", "hash", first->data.train_sha256);
    page_append_fact(out, "SHA-256 of the test data", "hash", first->data.test_sha256);
    page_append_fact(out, "Ocellus, at the start", "", first->environment.version);
    page_append_fact(out, "Compiler", "", first->environment.compiler);
    page_append_fact(out, "System", "", first->environment.system);
    page_append_fact(out, "Processor", "", first->environment.processor);
    html_append(out, "</dl>\n</footer>\n");
    return OCELLUS_OK;
}
