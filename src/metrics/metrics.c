/* SPDX-License-Identifier: MIT */
/* Accuracy, its interval, the confusion matrix and what follows from it. */
#include "metrics/metrics.h"

#include "base/memory.h"
#include "base/sizes.h"

#include <math.h>
#include <string.h>

struct interval wilson_interval(size_t correct, size_t count) {
    if (count == 0) return (struct interval){0.0, 1.0};
    const double z = 1.959963984540054;
    double n = (double)count, share = (double)correct / n, shrink = 1.0 + z * z / n;
    double centre = (share + z * z / (2.0 * n)) / shrink;
    double half = z / shrink * sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n));
    /* At the two ends the bound is exact; the formula would miss it by a rounding error. */
    return (struct interval){correct == 0 ? 0.0 : centre - half, correct == count ? 1.0 : centre + half};
}

static ocellus_status evaluation_allocate(size_t classes, struct evaluation *evaluation) {
    *evaluation = (struct evaluation){.classes = classes};
    size_t cells;
    if (classes == 0 || !size_multiply(classes, classes, &cells))
        return fail(OCELLUS_USAGE, "evaluation: classes: out of range (got %zu)", classes);
    evaluation->confusion = memory_allocate(cells, sizeof *evaluation->confusion);
    evaluation->per_class = memory_allocate(classes, sizeof *evaluation->per_class);
    if (evaluation->confusion != NULL && evaluation->per_class != NULL) return OCELLUS_OK;
    evaluation_free(evaluation);
    return OCELLUS_IO;
}

static double ratio_or_zero(double part, double whole) {
    return whole > 0.0 ? part / whole : 0.0;
}

/* Fills everything that follows from the confusion matrix, whose sum is `count`. */
static void evaluation_summarize(struct evaluation *evaluation) {
    size_t classes = evaluation->classes;
    double f1_sum = 0.0;
    evaluation->correct = 0;
    for (size_t class = 0; class < classes; class ++) {
        size_t there = 0, predicted = 0, hits = evaluation->confusion[class * classes + class];
        for (size_t other = 0; other < classes; other++) {
            there += evaluation->confusion[class * classes + other];
            predicted += evaluation->confusion[other * classes + class];
        }
        struct class_metrics *metrics = &evaluation->per_class[class];
        metrics->support = there;
        metrics->precision = ratio_or_zero((double)hits, (double)predicted);
        metrics->recall = ratio_or_zero((double)hits, (double)there);
        metrics->f1 = ratio_or_zero(2.0 * (double)hits, (double)there + (double)predicted);
        f1_sum += metrics->f1;
        evaluation->correct += hits;
    }
    evaluation->macro_f1 = f1_sum / (double)classes;
    evaluation->accuracy = (double)evaluation->correct / (double)evaluation->count;
    evaluation->interval = wilson_interval(evaluation->correct, evaluation->count);
}

ocellus_status evaluation_compute(size_t count, size_t classes, const int32_t *labels, const int32_t *predicted,
                                  const float *losses, struct evaluation *evaluation) {
    *evaluation = (struct evaluation){0};
    if (count == 0) return fail(OCELLUS_USAGE, "evaluation: no images");
    for (size_t i = 0; i < count; i++) {
        int32_t outside = labels[i] < 0 || (size_t)labels[i] >= classes ? labels[i] : predicted[i];
        if (outside < 0 || (size_t)outside >= classes)
            return fail(OCELLUS_BAD_CONTENT, "evaluation: image %zu: class %ld (expected less than %zu)", i,
                        (long)outside, classes);
    }
    TRY(evaluation_allocate(classes, evaluation));
    double loss = 0.0;
    for (size_t i = 0; i < count; i++) {
        evaluation->confusion[(size_t)labels[i] * classes + (size_t)predicted[i]]++;
        loss += (double)losses[i];
    }
    evaluation->count = count;
    evaluation->loss = loss / (double)count;
    evaluation_summarize(evaluation);
    return OCELLUS_OK;
}

ocellus_status evaluation_from_confusion(size_t classes, const size_t *confusion, double loss,
                                         struct evaluation *evaluation) {
    TRY(evaluation_allocate(classes, evaluation));
    size_t cells = classes * classes, count = 0;
    bool fits = true;
    for (size_t i = 0; i < cells && fits; i++)
        fits = size_add(count, confusion[i], &count);
    if (!fits || count == 0) {
        evaluation_free(evaluation);
        return fail(OCELLUS_BAD_CONTENT, "evaluation: confusion matrix: %s", fits ? "no images" : "sum overflows");
    }
    memcpy(evaluation->confusion, confusion, cells * sizeof *confusion);
    evaluation->count = count;
    evaluation->loss = loss;
    evaluation_summarize(evaluation);
    return OCELLUS_OK;
}

void evaluation_free(struct evaluation *evaluation) {
    memory_free(evaluation->confusion);
    memory_free(evaluation->per_class);
    *evaluation = (struct evaluation){0};
}

/* P(X <= k) for X ~ Binomial(n, 1/2), summed downwards from the largest term; k <= n / 2. */
static double binomial_half_tail(size_t k, size_t n) {
    int sign;
    double log_term = lgamma_r((double)n + 1.0, &sign) - lgamma_r((double)k + 1.0, &sign) -
                      lgamma_r((double)(n - k) + 1.0, &sign) - (double)n * log(2.0);
    double term = exp(log_term), sum = 0.0;
    for (size_t i = k;; i--) {
        sum += term;
        if (i == 0 || term < sum * 1e-18) return sum;
        term *= (double)i / (double)(n - i + 1);
    }
}

struct mcnemar mcnemar_from_counts(size_t only_first, size_t only_second) {
    struct mcnemar result = {.only_first = only_first, .only_second = only_second, .exact = 1.0, .chi_square_p = 1.0};
    size_t differing = only_first + only_second;
    if (differing == 0) return result;
    size_t smaller = only_first < only_second ? only_first : only_second;
    result.exact = fmin(1.0, 2.0 * binomial_half_tail(smaller, differing));
    /* The continuity correction never turns an even split into a difference. */
    double excess = fmax(0.0, (double)(differing - 2 * smaller) - 1.0);
    result.chi_square = excess * excess / (double)differing;
    result.chi_square_p = erfc(sqrt(result.chi_square / 2.0));
    return result;
}
