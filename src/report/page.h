/* SPDX-License-Identifier: MIT */
/* The page in the making: what was loaded from its runs, and what all sections ask of them. For those who write sections: this
 * folder, and rooms above that have sections of their own. */
#ifndef REPORT_PAGE_H
#define REPORT_PAGE_H

#include "base/sha256.h"
#include "report/request.h"
#include "report/verdict.h"
#include "run/evaluation_file.h"
#include "run/extent.h"
#include "run/history.h"
#include "run/predictions_file.h"
#include "run/progress.h"
#include "run/recipe.h"
#include "run/records.h"
#include "run/run_folder.h"

/* What is known of one row. */
struct page_run {
    const char *title;              /* for people */
    const char *key;                /* keeps the ids of several rows' figures apart */
    const char *reason;             /* why it was not run; NULL: not told */
    const struct figure_mark *mark; /* in its curves and its table of epochs; NULL: none */
    bool present;                   /* it was run: what follows holds */
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
    struct run_extent done;                /* of the recipe's training */
    char partial[96];                      /* "550 of 17,000 steps"; "" when it is whole */
    char extent[256];                      /* the same with images and share; "" when it is whole */
};

/* Two rows on the test images that both were judged on. */
struct page_pair {
    size_t first, second; /* of page->runs */
    size_t images;        /* at least one */
    struct mcnemar test;
};
#define PAGE_SIGNIFICANT 0.05

struct page {
    struct page_run *runs; /* [run_count] */
    size_t run_count;
    const char *folder; /* of the page */
    const struct source *train, *test;
    struct page_pair *pairs; /* [pair_count], of all rows that were run */
    size_t pair_count;
    size_t sections; /* numbered so far */
};

/* Loads the rows and checks that their parts belong together; free the page in any case. */
ocellus_status page_load(const struct report_request *request, struct page *page);
void page_free(struct page *page);

const struct evaluation *page_split(const struct page_run *run, enum evaluation_split split); /* NULL: not evaluated */
/* Running training accuracy of the last epoch, finished or not; NaN when no step is recorded. */
double page_running_accuracy(const struct page_run *run);
double page_seconds(const struct page_run *run); /* of training, validation included */
/* The judged weights are those of the best epoch, not the last ones. */
bool page_judges_best(const struct page_run *run);
/* All sittings of the run had the same number of threads: that number; else 0. */
uint64_t page_threads(const struct page_run *run);
/* "test set" or "validation": what the validation curve shows. */
const char *page_validation_name(const struct page_run *run);
struct verdict_facts page_verdict_facts(const struct page_run *run);
/* The first row that was run. */
const struct page_run *page_first(const struct page *page);
/* Several rows stand beside each other, even when not all were run. */
bool page_compares(const struct page *page);
/* What the data are called, for people. */
const char *page_data_title(const struct page *page);

#endif
