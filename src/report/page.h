/* SPDX-License-Identifier: MIT */
/* The page in the making: what was loaded from the run, and the pieces of HTML over it. Used inside this folder only. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "base/text.h"
#include "data/dataset.h"
#include "report/evaluation_file.h"
#include "report/original.h"
#include "report/report.h"
#include "report/verdict.h"
#include "run/history.h"
#include "run/recipe.h"
#include "run/run_folder.h"

/* What is known of one run; all zero for a row that was not run. */
struct page_run {
    struct run_folder folder;
    struct recipe recipe;
    struct run_data data;
    struct history history;
    struct evaluation_record evaluation;
    const struct original_claim *claim; /* NULL when the original has none for this network */
};

struct page {
    struct page_run run;
    struct run_environment environment;
    struct prediction *predictions;
    size_t prediction_count;
    char *summary;                         /* the model table */
    char weights_sha256[SHA256_TEXT_SIZE]; /* of last.safetensors */
    const struct dataset *train, *test;
    struct page_run *others; /* [other_count], the further rows; without history where not run */
    size_t other_count;
    struct text departures; /* from the original's recipe */
};

/* Short cuts into the run. */
const struct evaluation *page_split(const struct page_run *run, enum evaluation_split split); /* NULL: not evaluated */
const struct history_row *page_last_epoch(const struct page_run *run);
/* "test set" or "validation": what the validation curve shows. */
const char *page_validation_name(const struct page_run *run);
struct verdict_facts page_verdict_facts(const struct page *page);

/* The parts, in the order of the page. */
void page_header(const struct page *page, struct text *out);
ocellus_status page_data(const struct page *page, struct text *out);
void page_model(const struct page *page, struct text *out);
void page_recipe(const struct page *page, struct text *out);
ocellus_status page_training(const struct page *page, struct text *out);
ocellus_status page_evaluation(const struct page *page, struct text *out);
ocellus_status page_results(const struct page *page, struct text *out);
void page_footer(const struct page *page, struct text *out);

/* A figure of the run as inline SVG with a caption (HTML). */
ocellus_status page_append_figure(const struct page *page, const char *name, const char *caption, struct text *out);
/* Random training images with their class names. */
ocellus_status page_append_preview(const struct page *page, struct text *out);
/* The test images that the network got wrong with the largest probabilities. */
ocellus_status page_append_gallery(const struct page *page, struct text *out);

extern const char page_style[]; /* CSS */

#endif
