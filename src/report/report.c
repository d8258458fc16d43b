/* SPDX-License-Identifier: MIT */
/* Making the page: load, compose, write. */
#include "report/report.h"

#include "base/folders.h"
#include "report/gnuplot.h"
#include "report/html.h"
#include "report/page.h"
#include "report/page_again.h"
#include "report/page_audit.h"
#include "report/page_data.h"
#include "report/page_evaluation.h"
#include "report/page_header.h"
#include "report/page_markup.h"
#include "report/page_network.h"
#include "report/page_results.h"
#include "report/page_style.h"

#include <string.h>

static ocellus_status data(struct page *page, void *context, struct html *out) {
    (void)context;
    page_begin_section(page, "Data", out);
    TRY(page_data_images(page, out));
    TRY(page_data_values(page, out));
    page_end_section(out);
    return OCELLUS_OK;
}

static ocellus_status networks(struct page *page, void *context, struct html *out) {
    (void)context;
    for (size_t i = 0; i < page->run_count; i++) {
        const struct page_run *run = &page->runs[i];
        page_begin_section(page, run->title, out);
        if (run->present) {
            page_model(page, i, out);
            page_recipe(run, "", out);
            page_settings(&run->recipe, out);
            html_append(out, "<h3>Training</h3>\n");
            TRY(page_training(run, out));
            TRY(page_evaluation(page, run, out));
        } else {
            page_absent(run, out);
        }
        page_end_section(out);
    }
    return OCELLUS_OK;
}

static ocellus_status results(struct page *page, void *context, struct html *out) {
    (void)context;
    struct page_results shown = {0};
    page_begin_section(page, "Results", out);
    for (size_t i = 0; i < page->run_count; i++)
        page_results_add_run(&shown, page, i);
    TRY(page_results_figure(page, &shown, "Blue:", "", out));
    page_results_tables(page, out);
    page_end_section(out);
    return OCELLUS_OK;
}

static ocellus_status audit(struct page *page, void *context, struct html *out) {
    (void)context;
    page_begin_audit(page, out);
    page_end_audit(page_audit_recipes(page, out), out);
    return OCELLUS_OK;
}

static report_section *const plain_sections[] = {page_header, data, networks, results, audit, page_again, NULL};

static ocellus_status compose(const struct report_request *request, struct page *page, struct html *out) {
    html_append(out, "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                     "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>");
    html_append(out, "%s", path_base_name(request->folder));
    html_append(out, " \u2013 Ocellus</title>\n<style>\n");
    html_append_markup(out, page_style, strlen(page_style));
    html_append(out, "</style>\n</head>\n<body>\n<main>\n");
    report_section *const *sections = request->sections != NULL ? request->sections : plain_sections;
    for (; *sections != NULL; sections++)
        TRY((*sections)(page, request->context, out));
    html_append(out, "</main>\n</body>\n</html>\n");
    return out->markup.failed ? OCELLUS_IO : OCELLUS_OK;
}

ocellus_status report_write(const struct report_request *request, char page_path[FILE_PATH_SIZE]) {
    TRY(gnuplot_check());
    struct page page;
    struct html out = {0};
    ocellus_status status = page_load(request, &page);
    if (status == OCELLUS_OK) status = compose(request, &page, &out);
    if (status == OCELLUS_OK) status = path_inside(page_path, request->folder, RUN_REPORT);
    if (status == OCELLUS_OK) status = file_write(page_path, out.markup.bytes, out.markup.size);
    html_free(&out);
    page_free(&page);
    return status;
}
