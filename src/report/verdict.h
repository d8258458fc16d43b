/* SPDX-License-Identifier: MIT */
/* What the numbers of a run say, in words. Every sentence is chosen and filled by the numbers: other numbers get other
 * sentences. Plain text, not HTML. */
#ifndef REPORT_VERDICT_H
#define REPORT_VERDICT_H

#include "base/text.h"
#include "metrics/metrics.h"
#include "run/history.h"

struct verdict_facts {
    const struct history *history;  /* may be empty when `extent` says where the run stands */
    const struct evaluation *train; /* NULL: not evaluated */
    const struct evaluation *test;
    uint64_t folds; /* `test` is a cross-validation in so many parts; 0: it is not */
    bool validation_is_test;
    bool best_weights;       /* those of the best epoch were judged, not the last ones */
    const char *extent;      /* "37 of 782 steps (...)" of a run that is not whole; NULL or "": it is */
    double running_accuracy; /* of its last epoch, in training; for a run that is not whole */
};

/* The run is not whole. */
bool verdict_is_part(const struct verdict_facts *facts);
/* The first epoch, from 1, whose running training accuracy is at least `accuracy`; 0 when none is. */
size_t verdict_epoch_reaching(const struct history *history, double accuracy);
/* The epoch, from 1, of the largest validation accuracy; 0 without validation. */
size_t verdict_best_validation_epoch(const struct history *history);

/* What was measured: test accuracy with its interval, training accuracy, the gap, signs of overfitting. */
void verdict_measured(const struct verdict_facts *facts, struct text *out);

#endif
