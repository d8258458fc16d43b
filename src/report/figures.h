/* SPDX-License-Identifier: MIT */
/* Figures, drawn by gnuplot (report/gnuplot.h). Each call leaves four files in `folder` (made when missing): NAME.csv,
 * NAME.gnuplot, NAME.svg and NAME.png. `gnuplot NAME.gnuplot` in the folder draws the pictures again. */
#ifndef REPORT_FIGURES_H
#define REPORT_FIGURES_H

#include "base/status.h"
#include "metrics/metrics.h"
#include "run/history.h"
#include "run/progress.h"

#include <stdbool.h>
#include <stddef.h>

#define FIGURE_LOSS      "loss"
#define FIGURE_ACCURACY  "accuracy"
#define FIGURE_CONFUSION "confusion"
#define FIGURE_RESULTS   "results"

/* An accuracy to mark with a line. */
struct figure_mark {
    double accuracy;   /* 0..1 */
    const char *words; /* before its number; the program's own, for they stand in gnuplot's script */
};

/* The curves over the epochs (counted from 1). `validation` names the validation curve ("validation", "test set"). An
 * empty history is OCELLUS_USAGE. `mark` may be NULL. */
ocellus_status figure_loss(const char *folder, const struct history *history, const char *validation);
ocellus_status figure_accuracy(const char *folder, const struct history *history, const char *validation,
                               const struct figure_mark *mark);

/* The same within the epochs, over the training images seen: where a run is a single epoch or part of one. `validation` is
 * the value at its end, NaN for none. Without recorded steps OCELLUS_USAGE. */
ocellus_status figure_loss_of_steps(const char *folder, const struct run_progress *progress, double validation,
                                    const char *validation_name);
ocellus_status figure_accuracy_of_steps(const char *folder, const struct run_progress *progress, double validation,
                                        const char *validation_name, const struct figure_mark *mark);

/* The confusion matrix with its numbers, shaded by each true class's shares. */
ocellus_status figure_confusion(const char *folder, const char *const *names, const struct evaluation *evaluation);

/* Accuracies beside each other. A marked one was not measured at all, a kept one elsewhere. */
enum figure_kind { FIGURE_MARKED, FIGURE_TRAINING, FIGURE_VALIDATION, FIGURE_TEST, FIGURE_KEPT };
struct figure_result {
    const char *label;
    enum figure_kind kind;
    double accuracy;          /* 0..1 */
    struct interval interval; /* low = high = accuracy when there is none */
    bool gap;                 /* stands apart from the one before */
};
ocellus_status figure_results(const char *folder, const struct figure_result *results, size_t count);

#endif
