/* SPDX-License-Identifier: MIT */
#include "report/page_markup.h"

#include "base/folders.h"
#include "report/number.h"

void page_begin_section(struct page *page, const char *title, struct html *out) {
    html_append(out, "<section>\n<h2><span>%zu</span>", ++page->sections);
    html_append(out, "%s", title);
    html_append(out, "</h2>\n");
}

void page_end_section(struct html *out) {
    html_append(out, "</section>\n");
}

void page_append_words(const char *style, const struct text *words, struct html *out) {
    out->markup.failed = out->markup.failed || words->failed;
    if (words->size == 0) return;
    html_append(out, "<p class=\"%s\">", style);
    html_append(out, "%s", words->bytes);
    html_append(out, "</p>\n");
}

void page_append_fact(struct html *out, const char *name, const char *style, const char *value) {
    html_append(out, "<dt>%s</dt><dd class=\"%s\">", name, style);
    html_append(out, "%s", value);
    html_append(out, "</dd>\n");
}

void page_begin_number(struct html *out, const char *kind, const char *name, const char *value) {
    html_append(out, "<div class=\"%s\"><dt>%s</dt><dd>%s<small>", kind, name, value);
}

void page_end_number(struct html *out) {
    html_append(out, "</small></dd></div>\n");
}

void page_append_threads(const struct page_run *run, struct html *out) {
    uint64_t threads = page_threads(run);
    if (threads > 0) html_append(out, "%llu thread%s", (unsigned long long)threads, threads == 1 ? "" : "s");
}

void page_end_table(struct html *out) {
    html_append(out, "</tbody></table></div>\n");
}

void page_append_accuracy(double accuracy, struct interval interval, bool whole, const char *remark, struct html *out) {
    html_append(out, "<td><span class=\"%s\">%s</span><br><small>%s</small>", whole ? "whole" : "partial",
                number_percent(accuracy, 2).text, number_percent_range(interval.low, interval.high, 2).text);
    if (*remark != '\0') html_append(out, "<br><small>%s</small>", remark);
    html_append(out, "</td>");
}

void page_begin_header(const struct page *page, const char *title, struct html *out) {
    html_append(out, "<header>\n<p class=\"kicker\">Ocellus experiment report</p>\n<h1>");
    html_append(out, "%s", title);
    html_append(out, " on ");
    html_append(out, "%s", page_data_title(page));
    html_append(out, "</h1>\n");
}

static void append_training_fact(const struct page_run *run, struct html *out) {
    const struct recipe *recipe = &run->recipe;
    char rate[32];
    text_from_real(recipe->learning_rate, rate);
    html_append(out, "<dt>Training</dt><dd>%zu of %llu epochs, batch size %llu, %s, learning rate %s, seed %llu</dd>\n",
                run->history.count, (unsigned long long)recipe->epochs, (unsigned long long)recipe->batch_size,
                optimizer_names[recipe->optimizer], rate, (unsigned long long)recipe->seed);
}

void page_end_header(const struct page *page, const struct page_run *run, struct html *out) {
    const struct page_run *first = page_first(page);
    html_append(out, "<dl class=\"facts\">\n");
    page_append_fact(out, "Run", "", path_base_name(run != NULL ? run->folder.path : page->folder));
    page_append_fact(out, "Started", "", first->environment.started);
    if (run != NULL) append_training_fact(run, out);
    page_append_fact(out, "Processor", "", first->environment.processor);
    html_append(out, "</dl>\n</header>\n");
}
