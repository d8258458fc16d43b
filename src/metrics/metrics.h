/* SPDX-License-Identifier: MIT */
/* Judging predictions: pure functions over labels and probabilities. */
#ifndef METRICS_METRICS_H
#define METRICS_METRICS_H

#include "base/status.h"

#include <stddef.h>
#include <stdint.h>

/* The Wilson score interval of `correct` out of `count` at 95 % (z = 1.959963984540054; Wilson, JASA 1927). */
struct interval { double low, high; };
struct interval wilson_interval(size_t correct, size_t count);

struct class_metrics {
    size_t support;               /* images of the class */
    double precision, recall, f1; /* 0 where undefined (nothing predicted, nothing there) */
};

struct evaluation {
    size_t count, classes, correct;
    double accuracy;             /* correct / count */
    struct interval interval;    /* of accuracy, 95 % */
    double loss;                 /* mean cross-entropy */
    size_t *confusion;           /* [classes][classes], true class by row, owned */
    struct class_metrics *per_class; /* [classes], owned */
    double macro_f1;
};

/* From true labels, predicted classes and per-image losses. */
ocellus_status evaluation_compute(size_t count, size_t classes, const int32_t *labels, const int32_t *predicted,
                                  const float *losses, struct evaluation *evaluation);
void evaluation_free(struct evaluation *evaluation);

#endif
