/* SPDX-License-Identifier: MIT */
/* Products, dropout, and the losses on targets that are no labels, in plain C. */
#include "kernels/reference.h"

#include "kernels/exp_log.h"
#include "kernels/functions.h"

#include <math.h>

static size_t place(const struct repeated *strides, size_t y, size_t x, size_t c) {
    return y * strides->row_stride + x * strides->pixel_stride + c * strides->channel_stride;
}

void reference_multiply(const struct rows_shape *shape, const real *a, const struct repeated *a_strides, const real *b,
                        const struct repeated *b_strides, real *dst) {
    for (size_t y = 0; y < shape->rows; y++) {
        for (size_t i = 0; i < shape->width * shape->c; i++) {
            const size_t x = i / shape->c, c = i % shape->c;
            dst[y * shape->dst_row_stride + i] = a[place(a_strides, y, x, c)] * b[place(b_strides, y, x, c)];
        }
    }
}

void reference_multiply_backward(const struct rows_shape *shape, const real *diff_dst, const real *other,
                                 const struct repeated *other_strides, real *diff, const struct repeated *strides) {
    for (size_t y = 0; y < shape->rows; y++) {
        for (size_t i = 0; i < shape->width * shape->c; i++) {
            const size_t x = i / shape->c, c = i % shape->c;
            const real product = diff_dst[y * shape->src_row_stride + i] * other[place(other_strides, y, x, c)];
            real *sum = &diff[place(strides, y, x, c)];
            /* The first of those that fall on this place begins its sum. */
            const bool begins = (y == 0 || strides->row_stride > 0) && (x == 0 || strides->pixel_stride > 0) &&
                                (c == 0 || strides->channel_stride > 0);
            *sum = begins ? product : *sum + product;
        }
    }
}

void reference_dropout(const struct rows_shape *shape, double rate, const struct random_stream *random, const real *src,
                       real *dst) {
    struct random_stream stream = *random;
    const real kept = (real)(1 - rate);
    for (size_t y = 0; y < shape->rows; y++) {
        for (size_t i = 0; i < shape->width * shape->c; i++)
            dst[y * shape->dst_row_stride + i] =
                (double)random_unit(&stream) >= rate ? src[y * shape->src_row_stride + i] / kept : 0;
    }
}

/* With the targets' sum T, the loss is T log(sum of exp) - sum of target * logit, the greatest logit subtracted from all:
 * neither term is negative, so nothing cancels. */
void reference_softmax_target_entropy(size_t n, size_t classes, const real *logits, const real *targets,
                                      const real *weights, real scale, real *loss, real *diff_logits) {
    for (size_t i = 0; i < n; i++, logits += classes, targets += classes, diff_logits += classes) {
        const real weight = weights ? weights[i] : 1;
        real most = logits[0], sum = 0, total = 0, chosen = 0;
        for (size_t j = 1; j < classes; j++)
            most = logits[j] > most ? logits[j] : most;
        for (size_t j = 0; j < classes; j++) {
            total += targets[j];
            if (targets[j] != 0) chosen += targets[j] * (logits[j] - most);
        }
        for (size_t j = 0; j < classes; j++)
            sum += diff_logits[j] = kernel_exp(logits[j] - most);
        for (size_t j = 0; j < classes; j++)
            diff_logits[j] = (diff_logits[j] / sum * total - targets[j]) * (weight * scale);
        loss[i] = (total * kernel_log(sum) - chosen) * weight;
    }
}

/* -target log sigmoid(x) - (1 - target) log(1 - sigmoid(x)): no term is negative, and none overflows. */
static double class_entropy(double x, double target) {
    return (x > 0 ? x * (1 - target) : -x * target) + log1p_double(exp_double(-fabs(x)));
}

void reference_sigmoid_cross_entropy(size_t n, size_t classes, const real *logits, const real *targets,
                                     const real *weights, real scale, real *loss, real *diff_logits) {
    for (size_t i = 0; i < n; i++, logits += classes, targets += classes, diff_logits += classes) {
        const double weight = weights ? (double)weights[i] : 1;
        double sum = 0;
        for (size_t j = 0; j < classes; j++) {
            const double x = (double)logits[j], target = (double)targets[j];
            sum += class_entropy(x, target);
            diff_logits[j] = (real)((function_sigmoid(x) - target) / (double)classes * (weight * (double)scale));
        }
        loss[i] = (real)(sum / (double)classes * weight);
    }
}
