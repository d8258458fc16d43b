/* SPDX-License-Identifier: MIT */
/* Judging predictions: pure functions over labels and probabilities. */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* The Wilson score interval of `correct` out of `count` at 95 % (z = 1.959963984540054; Wilson, JASA 1927). Nothing
 * counted says nothing: (0, 1). */
struct interval {
    double low, high;
};
struct interval wilson_interval(size_t correct, size_t count);

struct class_metrics {
    size_t support;               /* images of the class */
    double precision, recall, f1; /* 0 where undefined (nothing predicted, nothing there) */
};

struct evaluation {
    size_t count, classes, correct;
    double accuracy;                 /* correct / count */
    struct interval interval;        /* of accuracy, 95 % */
    double loss;                     /* mean cross-entropy */
    size_t *confusion;               /* [classes][classes], true class by row, owned */
    struct class_metrics *per_class; /* [classes], owned */
    double macro_f1;                 /* mean of all classes' F1, undefined ones counted as 0 */
};

/* From true labels, predicted classes and per-image losses, each [count]. OCELLUS_USAGE without images or classes,
 * OCELLUS_BAD_CONTENT for a label or prediction outside 0..classes-1. Release with evaluation_free(). */
ocellus_status evaluation_compute(size_t count, size_t classes, const int32_t *labels, const int32_t *predicted,
                                  const float *losses, struct evaluation *evaluation);
/* The same from a confusion matrix [classes][classes] (copied) and the mean loss: how a stored evaluation is read back.
 * OCELLUS_BAD_CONTENT when the matrix is empty or its sum overflows. */
ocellus_status evaluation_from_confusion(size_t classes, const size_t *confusion, double loss,
                                         struct evaluation *evaluation);
void evaluation_free(struct evaluation *evaluation);

/* McNemar's test of two classifiers on the same images (Psychometrika 1947): are those that only one of them gets right
 * split evenly? */
struct mcnemar {
    size_t only_first, only_second; /* images that only this one gets right */
    double exact;                   /* two-sided binomial p value */
    double chi_square;   /* (|only_first - only_second| - 1)^2 / (only_first + only_second); 0 if none differ */
    double chi_square_p; /* its p value, one degree of freedom */
};
struct mcnemar mcnemar_from_counts(size_t only_first, size_t only_second);

#endif
