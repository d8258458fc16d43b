/* SPDX-License-Identifier: MIT */
/* The reference row: every operator in plain C, as its comment in kernels.h says it, and no faster than that needs. */
#include "kernels/reference.h"

#include "kernels/exp_log.h"

#include <math.h>

enum { COLUMNS = 8 }; /* of a panel; any number would do */

static real activate(real value, bool relu) {
    return relu && value < 0 ? 0 : value;
}

static void pack(const real *weights, size_t k, size_t columns, real *packed) {
    for (size_t first = 0; first < columns; first += COLUMNS) {
        for (size_t row = 0; row < k; row++) {
            for (size_t column = first; column < first + COLUMNS; column++)
                *packed++ = column < columns ? weights[row * columns + column] : 0;
        }
    }
}

static void pack_rotated(const real *weights, size_t kh, size_t kw, size_t ic, size_t oc, real *packed) {
    for (size_t first = 0; first < ic; first += COLUMNS) {
        for (size_t tap = kh * kw; tap-- > 0;) { /* rotated by 180 degrees: the last tap first */
            for (size_t o = 0; o < oc; o++) {
                for (size_t i = first; i < first + COLUMNS; i++)
                    *packed++ = i < ic ? weights[(tap * ic + i) * oc + o] : 0;
            }
        }
    }
}

static void conv2d(const struct conv_shape *shape, const real *src, const real *packed, const real *bias,
                   const real *add, bool relu, size_t row_begin, size_t row_end, real *dst, real *scratch) {
    (void)scratch;
    size_t run = shape->kw * shape->ic; /* the taps of one kernel row lie side by side in src */
    size_t pixel = shape->dst_pixel_stride ? shape->dst_pixel_stride : shape->oc;
    for (size_t y = row_begin; y < row_end; y++) {
        for (size_t x = 0; x < shape->ow; x++) {
            const real *window = src + y * shape->sh * shape->src_row_stride + x * shape->sw * shape->ic;
            for (size_t o = 0; o < shape->oc; o++) {
                const real *column = packed + o / COLUMNS * COLUMNS * shape->kh * run + o % COLUMNS;
                real sum = bias ? bias[o] : 0;
                for (size_t k = 0; k < shape->kh * run; k++)
                    sum += window[k / run * shape->src_row_stride + k % run] * column[k * COLUMNS];
                size_t at = y * shape->dst_row_stride + x * pixel + o;
                dst[at] = activate(add ? sum + add[at] : sum, relu);
            }
        }
    }
}

static void conv2d_diff_weights(const struct conv_shape *shape, const real *src, const real *diff_dst, bool resume,
                                real *diff_weights) {
    size_t run = shape->kw * shape->ic;
    for (size_t i = 0; !resume && i < shape->kh * run * shape->oc; i++)
        diff_weights[i] = 0;
    for (size_t y = 0; y < shape->oh; y++) {
        for (size_t x = 0; x < shape->ow; x++) {
            const real *window = src + y * shape->sh * shape->src_row_stride + x * shape->sw * shape->ic;
            const real *diff = diff_dst + y * shape->dst_row_stride + x * shape->oc;
            for (size_t k = 0; k < shape->kh * run; k++) {
                real value = window[k / run * shape->src_row_stride + k % run];
                for (size_t o = 0; o < shape->oc; o++)
                    diff_weights[k * shape->oc + o] += value * diff[o];
            }
        }
    }
}

static void pack_pixels(const struct pixels_shape *shape, const real *src, real *panels) {
    const size_t pixels = shape->rows * shape->width;
    for (size_t panel = 0; panel * COLUMNS < shape->c; panel++) {
        for (size_t i = 0; i < pixels * COLUMNS; i++) {
            const size_t pixel = i / COLUMNS, c = panel * COLUMNS + i % COLUMNS;
            const real *from =
                src + pixel / shape->width * shape->row_stride + pixel % shape->width * shape->pixel_stride;
            panels[panel * pixels * COLUMNS + i] = c < shape->c ? from[c] : 0;
        }
    }
}

static void sum_panels(const struct panels_shape *shape, const real *src, const real *diff_dst, real *sums) {
    for (size_t i = 0; i < COLUMNS * COLUMNS; i++) {
        real sum = 0;
        for (size_t image = 0; image < shape->images; image++) {
            const real *a = src + image * shape->src_image_stride + i / COLUMNS;
            const real *b = diff_dst + image * shape->diff_image_stride + i % COLUMNS;
            for (size_t pixel = 0; pixel < shape->pixels; pixel++)
                sum += a[pixel * COLUMNS] * b[pixel * COLUMNS];
        }
        sums[i] = sum;
    }
}

static void affine(const struct rows_shape *shape, const real *src, const real *scale, const real *shift, bool relu,
                   real *dst) {
    for (size_t y = 0; y < shape->rows; y++) {
        for (size_t i = 0; i < shape->width * shape->c; i++) {
            real value = src[y * shape->src_row_stride + i];
            if (scale) value = value * scale[i % shape->c] + shift[i % shape->c];
            dst[y * shape->dst_row_stride + i] = activate(value, relu);
        }
    }
}

static real operand_at(const struct operand *operand, size_t y, size_t i, size_t c) {
    const real value = operand->values[y * operand->row_stride + i];
    return operand->scale ? value * operand->scale[c] + operand->shift[c] : value;
}

static void add(const struct rows_shape *shape, const struct operand *a, const struct operand *b, bool relu,
                real *dst) {
    for (size_t y = 0; y < shape->rows; y++) {
        for (size_t i = 0; i < shape->width * shape->c; i++)
            dst[y * shape->dst_row_stride + i] =
                activate(operand_at(a, y, i, i % shape->c) + operand_at(b, y, i, i % shape->c), relu);
    }
}

static void relu_backward(size_t count, const real *diff_dst, const real *dst, real *diff_src) {
    for (size_t i = 0; i < count; i++)
        diff_src[i] = dst[i] > 0 ? diff_dst[i] : 0;
}

static void statistics(size_t pixels, size_t c, const real *src, real *mean, real *m2) {
    for (size_t i = 0; i < c; i++) {
        real sum = 0, squares = 0;
        for (size_t p = 0; p < pixels; p++)
            sum += src[p * c + i];
        mean[i] = sum / (real)pixels;
        for (size_t p = 0; p < pixels; p++)
            squares += (src[p * c + i] - mean[i]) * (src[p * c + i] - mean[i]);
        m2[i] = squares;
    }
}

static void batch_norm_reduce(size_t pixels, size_t c, const real *diff_dst, const real *src, const real *mean,
                              real *sum_diff, real *sum_diff_src) {
    for (size_t p = 0; p < pixels; p++) {
        for (size_t i = 0; i < c; i++) {
            sum_diff[i] += diff_dst[p * c + i];
            sum_diff_src[i] += diff_dst[p * c + i] * (src[p * c + i] - mean[i]);
        }
    }
}

static void batch_norm_backward(const struct rows_shape *shape, const real *diff_dst, const real *src, const real *a,
                                const real *b, const real *d, bool mask_relu, real *diff_src) {
    size_t c = shape->c;
    for (size_t y = 0; y < shape->rows; y++) {
        for (size_t i = 0; i < shape->width * c; i++) {
            size_t from = y * shape->width * c + i;
            real value = a[i % c] * diff_dst[from] + b[i % c] * src[from] + d[i % c];
            diff_src[y * shape->dst_row_stride + i] = mask_relu && src[from] <= 0 ? 0 : value;
        }
    }
}

static void sum_pixels(const struct rows_shape *shape, const real *src, real *sum) {
    for (size_t y = 0; y < shape->rows; y++) {
        for (size_t i = 0; i < shape->width * shape->c; i++)
            sum[i % shape->c] += src[y * shape->src_row_stride + i];
    }
}

static void max_pool(const struct pool_shape *shape, const real *src, const real *scale, const real *shift, real *dst,
                     void *argmax) {
    const bool wide = kernels_place_size(shape) > 1;
    for (size_t i = 0; i < shape->oh * shape->ow * shape->c; i++) {
        size_t c = i % shape->c, x = i / shape->c % shape->ow, y = i / shape->c / shape->ow;
        real best = 0;
        size_t place = 0;
        for (size_t tap = 0; tap < shape->kh * shape->kw; tap++) {
            size_t row = y * shape->sh + tap / shape->kw, column = x * shape->sw + tap % shape->kw;
            real value = src[row * shape->src_row_stride + column * shape->c + c];
            if (scale) value = value * scale[c] + shift[c];
            if (tap > 0 && (isnan(best) || value <= best)) continue;
            best = value;
            place = tap;
        }
        dst[y * shape->dst_row_stride + x * shape->c + c] = best;
        if (argmax && wide) ((uint32_t *)argmax)[i] = (uint32_t)place;
        else if (argmax) ((uint8_t *)argmax)[i] = (uint8_t)place;
    }
}

static void max_pool_backward(const struct pool_shape *shape, const real *diff_dst, const void *argmax,
                              real *diff_src) {
    const bool wide = kernels_place_size(shape) > 1;
    for (size_t y = 0; y < shape->ih; y++) {
        for (size_t i = 0; i < shape->iw * shape->c; i++)
            diff_src[y * shape->src_row_stride + i] = 0;
    }
    for (size_t i = 0; i < shape->oh * shape->ow * shape->c; i++) {
        size_t c = i % shape->c, x = i / shape->c % shape->ow, y = i / shape->c / shape->ow;
        size_t place = wide ? ((const uint32_t *)argmax)[i] : ((const uint8_t *)argmax)[i];
        size_t row = y * shape->sh + place / shape->kw, column = x * shape->sw + place % shape->kw;
        diff_src[row * shape->src_row_stride + column * shape->c + c] +=
            diff_dst[y * shape->dst_row_stride + x * shape->c + c];
    }
}

static void global_average(size_t pixels, size_t c, const real *src, real *dst) {
    for (size_t i = 0; i < c; i++) {
        real sum = 0;
        for (size_t p = 0; p < pixels; p++)
            sum += src[p * c + i];
        dst[i] = sum / (real)pixels;
    }
}

static void global_average_backward(size_t pixels, size_t c, const real *diff_dst, real *diff_src) {
    for (size_t i = 0; i < pixels * c; i++)
        diff_src[i] = diff_dst[i % c] / (real)pixels;
}

static void upsample(const struct rows_shape *shape, size_t factor_h, size_t factor_w, const real *src, real *dst) {
    for (size_t y = 0; y < shape->rows * factor_h; y++) {
        for (size_t x = 0; x < shape->width * factor_w; x++) {
            for (size_t c = 0; c < shape->c; c++)
                dst[y * shape->dst_row_stride + x * shape->c + c] =
                    src[y / factor_h * shape->src_row_stride + x / factor_w * shape->c + c];
        }
    }
}

static void upsample_backward(const struct rows_shape *shape, size_t factor_h, size_t factor_w, const real *diff_dst,
                              real *diff_src) {
    for (size_t y = 0; y < shape->rows; y++) {
        for (size_t i = 0; i < shape->width * shape->c; i++) {
            size_t x = i / shape->c, c = i % shape->c;
            real sum = 0;
            for (size_t tap = 0; tap < factor_h * factor_w; tap++) {
                size_t row = y * factor_h + tap / factor_w, column = x * factor_w + tap % factor_w;
                sum += diff_dst[row * shape->dst_row_stride + column * shape->c + c];
            }
            diff_src[y * shape->src_row_stride + i] = sum;
        }
    }
}

/* The maximum of a row of logits; a NaN may hide here, it comes out in the exponentials. */
static real maximum(size_t classes, const real *logits) {
    real most = logits[0];
    for (size_t j = 1; j < classes; j++)
        most = logits[j] > most ? logits[j] : most;
    return most;
}

static void softmax(size_t n, size_t classes, const real *logits, real *probabilities) {
    for (size_t i = 0; i < n; i++, logits += classes, probabilities += classes) {
        real most = maximum(classes, logits), sum = 0;
        for (size_t j = 0; j < classes; j++)
            sum += probabilities[j] = kernel_exp(logits[j] - most);
        for (size_t j = 0; j < classes; j++)
            probabilities[j] /= sum;
    }
}

static void softmax_cross_entropy(size_t n, size_t classes, const real *logits, const int32_t *labels, real scale,
                                  real *loss, real *diff_logits) {
    for (size_t i = 0; i < n; i++, logits += classes, diff_logits += classes) {
        real most = maximum(classes, logits), sum = 0;
        size_t label = (size_t)labels[i];
        real shifted = logits[label] - most; /* read before diff_logits, which may be the same memory, is written */
        for (size_t j = 0; j < classes; j++)
            sum += diff_logits[j] = kernel_exp(logits[j] - most);
        for (size_t j = 0; j < classes; j++)
            diff_logits[j] = (diff_logits[j] / sum - (j == label ? 1 : 0)) * scale;
        loss[i] = kernel_log(sum) - shifted;
    }
}

/* The tree's left half is the largest power of two below `parts`. */
static real join_tree(size_t parts, size_t part_stride, const real *part) {
    size_t left = 1;
    if (parts == 1) return *part;
    while (2 * left < parts)
        left *= 2;
    return join_tree(left, part_stride, part) + join_tree(parts - left, part_stride, part + left * part_stride);
}

static void join_parts(size_t count, size_t parts, size_t part_stride, const real *part, real *dst) {
    for (size_t i = 0; i < count; i++)
        dst[i] = join_tree(parts, part_stride, part + i);
}

static void adam(size_t count, const struct adam_step *step, const real *gradient, real *weights, real *m, real *v) {
    for (size_t i = 0; i < count; i++) {
        real g = gradient[i];
        m[i] += (g - m[i]) * step->share1;
        v[i] += (g * g - v[i]) * step->share2;
        weights[i] -= step->learning_rate * m[i] / ((real)sqrt((double)v[i]) + step->epsilon);
    }
}

static void sgd(size_t count, const struct sgd_step *step, const real *gradient, real *weights, real *velocity) {
    for (size_t i = 0; i < count; i++) {
        real move = -(step->learning_rate * gradient[i]);
        if (step->momentum != 0) {
            velocity[i] = step->momentum * velocity[i] + move;
            move = step->nesterov ? step->momentum * velocity[i] + move : velocity[i];
        }
        weights[i] += move;
    }
}

const struct kernels kernels_reference = {
    .name = "ref",
    .tile_rows = 1,
    .tile_columns = COLUMNS,
    .pack = pack,
    .pack_rotated = pack_rotated,
    .conv2d = conv2d,
    .conv2d_diff_weights = conv2d_diff_weights,
    .pack_pixels = pack_pixels,
    .sum_panels = sum_panels,
    .affine = affine,
    .add = add,
    .relu_backward = relu_backward,
    .statistics = statistics,
    .batch_norm_reduce = batch_norm_reduce,
    .batch_norm_backward = batch_norm_backward,
    .sum_pixels = sum_pixels,
    .max_pool = max_pool,
    .max_pool_backward = max_pool_backward,
    .global_average = global_average,
    .global_average_backward = global_average_backward,
    .upsample = upsample,
    .upsample_backward = upsample_backward,
    .depthwise = reference_depthwise,
    .depthwise_diff_src = reference_depthwise_diff_src,
    .depthwise_diff_weights = reference_depthwise_diff_weights,
    .average_pool = reference_average_pool,
    .average_pool_backward = reference_average_pool_backward,
    .unary = reference_unary,
    .unary_backward = reference_unary_backward,
    .multiply = reference_multiply,
    .multiply_backward = reference_multiply_backward,
    .dropout = reference_dropout,
    .softmax = softmax,
    .softmax_cross_entropy = softmax_cross_entropy,
    .softmax_target_entropy = reference_softmax_target_entropy,
    .sigmoid_cross_entropy = reference_sigmoid_cross_entropy,
    .join_parts = join_parts,
    .adam = adam,
    .sgd = sgd,
};
