/* SPDX-License-Identifier: MIT */
/* The table of losses, and what is the same for all of them: targets made of labels, sums, counts. */
#include "engine/loss.h"

#include <string.h>

enum { SUM_SHARDS = 16 };

struct loss_row {
    void (*probabilities)(const struct kernels *kernels, size_t n, size_t classes, const real *logits, real *dst);
    /* NULL where the gradient of a label is no shorter than that of shares. */
    void (*labels)(const struct loss_batch *batch, const int32_t *labels, real scale);
    void (*shares)(const struct loss_batch *batch, const real *weights, real scale);
    /* What smoothing mixes into each share of so many classes. */
    double (*even)(size_t classes);
};

static void softmax(const struct kernels *kernels, size_t n, size_t classes, const real *logits, real *dst) {
    kernels->softmax(n, classes, logits, dst);
}

static void softmax_labels(const struct loss_batch *batch, const int32_t *labels, real scale) {
    batch->kernels->softmax_cross_entropy(batch->n, batch->classes, batch->logits, labels, scale, batch->losses,
                                          batch->diff_logits);
}

static void softmax_shares(const struct loss_batch *batch, const real *weights, real scale) {
    batch->kernels->softmax_target_entropy(batch->n, batch->classes, batch->logits, batch->shares, weights, scale,
                                           batch->losses, batch->diff_logits);
}

static double one_of(size_t classes) {
    return 1 / (double)classes;
}

static void sigmoid(const struct kernels *kernels, size_t n, size_t classes, const real *logits, real *dst) {
    const struct unary unary = {.function = UNARY_SIGMOID};
    const struct rows_shape rows = {
        .rows = n, .width = 1, .c = classes, .src_row_stride = classes, .dst_row_stride = classes};
    kernels->unary(&rows, &unary, logits, dst);
}

static void sigmoid_shares(const struct loss_batch *batch, const real *weights, real scale) {
    batch->kernels->sigmoid_cross_entropy(batch->n, batch->classes, batch->logits, batch->shares, weights, scale,
                                          batch->losses, batch->diff_logits);
}

static double one_half(size_t classes) {
    (void)classes;
    return 0.5;
}

static const struct loss_row rows[] = {
    [LINK_SOFTMAX] = {softmax, softmax_labels, softmax_shares, one_of},
    [LINK_SIGMOID] = {sigmoid, NULL, sigmoid_shares, one_half},
};

void loss_probabilities(enum output_link link, const struct kernels *kernels, size_t n, size_t classes,
                        const real *logits, real *probabilities) {
    rows[link].probabilities(kernels, n, classes, logits, probabilities);
}

static void fill_shares(const struct loss_row *row, const struct loss_batch *batch,
                        const struct engine_targets *targets) {
    const double kept = 1 - targets->smoothing, even = targets->smoothing * row->even(batch->classes);
    for (size_t i = 0; i < batch->n; i++) {
        for (size_t c = 0; c < batch->classes; c++) {
            const size_t at = i * batch->classes + c;
            const double share = targets->shares                   ? (double)targets->shares[at]
                                 : (size_t)targets->labels[i] == c ? 1
                                                                   : 0;
            batch->shares[at] = (real)(share * kept + even);
        }
    }
}

static double sum_losses(const real *losses, size_t n) {
    const size_t shards = n < SUM_SHARDS ? n : SUM_SHARDS;
    double sums[SUM_SHARDS] = {0};
    for (size_t shard = 0; shard < shards; shard++) {
        for (size_t i = shard * n / shards; i < (shard + 1) * n / shards; i++)
            sums[shard] += (double)losses[i];
    }
    for (size_t step = 1; step < shards; step *= 2) {
        for (size_t left = 0; left + step < shards; left += 2 * step)
            sums[left] += sums[left + step];
    }
    return sums[0];
}

static size_t largest_logit(const real *values, size_t count) {
    size_t best = 0;
    for (size_t c = 1; c < count; c++) {
        if (values[c] > values[best]) best = c;
    }
    return best;
}

static size_t largest_share(const float *values, size_t count) {
    size_t best = 0;
    for (size_t c = 1; c < count; c++) {
        if (values[c] > values[best]) best = c;
    }
    return best;
}

static size_t count_correct(const struct loss_batch *batch, const struct engine_targets *targets) {
    size_t correct = 0;
    for (size_t i = 0; i < batch->n; i++) {
        const size_t wanted = targets->shares ? largest_share(targets->shares + i * batch->classes, batch->classes)
                                              : (size_t)targets->labels[i];
        correct += largest_logit(batch->logits + i * batch->classes, batch->classes) == wanted;
    }
    return correct;
}

void loss_take(enum output_link link, const struct loss_batch *batch, const struct engine_targets *targets,
               struct engine_metrics *metrics) {
    const struct loss_row *row = &rows[link];
    const real scale = 1 / (real)(targets->denominator > 0 ? targets->denominator : (double)batch->n);
    const bool plain = !targets->shares && !targets->weights && !(targets->smoothing > 0);
    if (plain && row->labels) {
        row->labels(batch, targets->labels, scale);
    } else {
        fill_shares(row, batch, targets);
        if (targets->weights) real_from_floats(batch->weights, targets->weights, batch->n);
        row->shares(batch, targets->weights ? batch->weights : NULL, scale);
    }
    metrics->loss_sum = sum_losses(batch->losses, batch->n);
    metrics->correct = count_correct(batch, targets);
}
