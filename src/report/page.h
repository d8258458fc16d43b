/* SPDX-License-Identifier: MIT */
/* The page in the making: what was loaded from the runs, and the pieces of HTML over it. Used inside this folder only. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "base/sha256.h"
#include "base/text.h"
#include "data/source.h"
#include "report/discussion.h"
#include "report/html.h"
#include "report/original.h"
#include "report/report.h"
#include "report/verdict.h"
#include "run/evaluation_file.h"
#include "run/history.h"
#include "run/predictions_file.h"
#include "run/progress.h"
#include "run/recipe.h"
#include "run/records.h"
#include "run/run_folder.h"

/* What is known of one row. */
struct page_run {
    const struct original_claim *claim; /* NULL when the original has none for this network */
    const char *reason;                 /* why it was not run; NULL: not told */
    bool present;                       /* it was run: what follows holds */
    struct run_folder folder;
    struct recipe recipe;
    struct run_data data;
    struct run_environment environment;
    struct history history; /* of the finished epochs: there may be none */
    struct run_progress progress;
    struct evaluation_record evaluation;
    struct prediction *predictions;
    size_t prediction_count;
    char *summary;                         /* the model table */
    char weights_sha256[SHA256_TEXT_SIZE]; /* of last.safetensors */
    struct text departures;                /* from the original's recipe */
    struct run_extent done;                /* of the recipe's training */
    char partial[96];                      /* "550 of 17,000 steps"; "" when it is whole */
    char extent[256];                      /* the same with images and share; "" when it is whole */
};

struct page {
    struct page_run *runs; /* [run_count] */
    size_t run_count;
    const struct report_request *request;
    const struct source *train, *test;
    struct discussion_row *rows;   /* [row_count], the runs that follow a claim */
    struct discussion_pair *pairs; /* [pair_count] */
    size_t row_count, pair_count;
    size_t sections; /* numbered so far */
};

/* Loads the rows and checks that their parts belong together (page_load.c); free the page in any case. */
ocellus_status page_load(const struct report_request *request, struct page *page);
void page_free(struct page *page);

/* Short cuts. */
const struct evaluation *page_split(const struct page_run *run, enum evaluation_split split); /* NULL: not evaluated */
/* Running training accuracy of the last epoch, finished or not; NaN when no step is recorded. */
double page_running_accuracy(const struct page_run *run);
double page_seconds(const struct page_run *run); /* of training, validation included */
const char *page_title(const struct page_run *run);
/* What keeps the ids of several rows' figures apart. */
const char *page_key(const struct page_run *run);
/* The judged weights are those of the best epoch, not the last ones. */
bool page_judges_best(const struct page_run *run);
/* All sittings of the run had the same number of threads: that number; else 0. */
uint64_t page_threads(const struct page_run *run);
/* "test set" or "validation": what the validation curve shows. */
const char *page_validation_name(const struct page_run *run);
struct verdict_facts page_verdict_facts(const struct page_run *run);
/* The first row that was run. */
const struct page_run *page_first(const struct page *page);
/* Several rows are compared, even when not all were run: a reproduction. Claims stand on such a page alone. */
bool page_compares(const struct page *page);
const struct full_run *page_full(const struct page *page, const struct page_run *run); /* NULL: none kept */

/* <section><h2>N Title</h2>, numbered. */
void page_begin_section(struct page *page, const char *title, struct html *out);
/* <p class="style"> with what `say` appends, escaped; nothing when it says nothing. */
void page_append_words(const char *style, const struct text *words, struct html *out);
void page_append_fact(struct html *out, const char *name, const char *style, const char *value);
void page_append_slip(const char *model, const char *section, struct html *out);

/* The parts, in the order of the page. */
void page_header(const struct page *page, struct html *out);
ocellus_status page_data(struct page *page, struct html *out);
ocellus_status page_network(struct page *page, size_t index,
                            struct html *out); /* model, recipe, training, evaluation */
ocellus_status page_evaluation(const struct page *page, const struct page_run *run, struct html *out);
ocellus_status page_results(struct page *page, struct html *out);
void page_discussion(struct page *page, struct html *out);
void page_audit(struct page *page, struct html *out);
void page_again(struct page *page, struct html *out);

/* A figure in `folder`/figures as inline SVG with a caption (HTML). `row` keeps the ids of several rows' figures apart. */
ocellus_status page_append_figure(const char *folder, const char *name, const char *row, const char *caption,
                                  struct html *out);
/* Random training images with their class names. */
ocellus_status page_append_preview(const struct page *page, struct html *out);
/* The test images that the network got wrong with the largest probabilities. */
ocellus_status page_append_gallery(const struct page *page, const struct page_run *run, struct html *out);

extern const char page_style[]; /* CSS */

#endif
