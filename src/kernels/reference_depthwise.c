/* SPDX-License-Identifier: MIT */
/* Depthwise convolution and average pooling in plain C. Their padding is not in memory: a tap above or left of the source
 * has a place that wrapped around, and so lies beyond the source's end as one below or right of it does. */
#include "kernels/reference.h"

void reference_depthwise(const struct depthwise_shape *shape, const real *src, const real *weights, const real *bias,
                         bool relu, size_t row_begin, size_t row_end, real *dst) {
    const size_t oc = shape->c * shape->multiplier;
    for (size_t y = row_begin; y < row_end; y++) {
        for (size_t i = 0; i < shape->ow * oc; i++) {
            const size_t x = i / oc, o = i % oc, c = o / shape->multiplier;
            real sum = bias ? bias[o] : 0;
            for (size_t tap = 0; tap < shape->kh * shape->kw; tap++) {
                const size_t row = y * shape->sh + tap / shape->kw - shape->pad_top;
                const size_t column = x * shape->sw + tap % shape->kw - shape->pad_left;
                if (row < shape->ih && column < shape->iw)
                    sum += src[row * shape->src_row_stride + column * shape->c + c] * weights[tap * oc + o];
            }
            dst[y * shape->dst_row_stride + i] = relu && sum < 0 ? 0 : sum;
        }
    }
}

static void clear(size_t rows, size_t count, size_t row_stride, real *values) {
    for (size_t y = 0; y < rows; y++) {
        for (size_t i = 0; i < count; i++)
            values[y * row_stride + i] = 0;
    }
}

void reference_depthwise_diff_src(const struct depthwise_shape *shape, const real *diff_dst, const real *weights,
                                  real *diff_src) {
    const size_t oc = shape->c * shape->multiplier;
    clear(shape->ih, shape->iw * shape->c, shape->src_row_stride, diff_src);
    for (size_t i = 0; i < shape->oh * shape->ow * oc; i++) {
        const size_t y = i / oc / shape->ow, x = i / oc % shape->ow, o = i % oc, c = o / shape->multiplier;
        const real diff = diff_dst[y * shape->dst_row_stride + x * oc + o];
        for (size_t tap = 0; tap < shape->kh * shape->kw; tap++) {
            const size_t row = y * shape->sh + tap / shape->kw - shape->pad_top;
            const size_t column = x * shape->sw + tap % shape->kw - shape->pad_left;
            if (row < shape->ih && column < shape->iw)
                diff_src[row * shape->src_row_stride + column * shape->c + c] += diff * weights[tap * oc + o];
        }
    }
}

void reference_depthwise_diff_weights(const struct depthwise_shape *shape, const real *src, const real *diff_dst,
                                      bool resume, real *diff_weights) {
    const size_t oc = shape->c * shape->multiplier;
    if (!resume) clear(1, shape->kh * shape->kw * oc, 0, diff_weights);
    for (size_t i = 0; i < shape->oh * shape->ow * oc; i++) {
        const size_t y = i / oc / shape->ow, x = i / oc % shape->ow, o = i % oc, c = o / shape->multiplier;
        const real diff = diff_dst[y * shape->dst_row_stride + x * oc + o];
        for (size_t tap = 0; tap < shape->kh * shape->kw; tap++) {
            const size_t row = y * shape->sh + tap / shape->kw - shape->pad_top;
            const size_t column = x * shape->sw + tap % shape->kw - shape->pad_left;
            if (row < shape->ih && column < shape->iw)
                diff_weights[tap * oc + o] += diff * src[row * shape->src_row_stride + column * shape->c + c];
        }
    }
}

/* How many of `taps` from `begin` on, which may have wrapped around, lie in [0, size). */
static size_t inside(size_t begin, size_t taps, size_t size) {
    size_t count = 0;
    for (size_t tap = 0; tap < taps; tap++)
        count += begin + tap < size;
    return count;
}

static real window_values(const struct average_shape *shape, size_t y, size_t x) {
    return (real)(inside(y * shape->sh - shape->pad_top, shape->kh, shape->ih) *
                  inside(x * shape->sw - shape->pad_left, shape->kw, shape->iw));
}

void reference_average_pool(const struct average_shape *shape, const real *src, size_t row_begin, size_t row_end,
                            real *dst) {
    for (size_t y = row_begin; y < row_end; y++) {
        for (size_t i = 0; i < shape->ow * shape->c; i++) {
            const size_t x = i / shape->c, c = i % shape->c;
            real sum = 0;
            for (size_t tap = 0; tap < shape->kh * shape->kw; tap++) {
                const size_t row = y * shape->sh + tap / shape->kw - shape->pad_top;
                const size_t column = x * shape->sw + tap % shape->kw - shape->pad_left;
                if (row < shape->ih && column < shape->iw)
                    sum += src[row * shape->src_row_stride + column * shape->c + c];
            }
            dst[y * shape->dst_row_stride + i] = sum / window_values(shape, y, x);
        }
    }
}

void reference_average_pool_backward(const struct average_shape *shape, const real *diff_dst, real *diff_src) {
    clear(shape->ih, shape->iw * shape->c, shape->src_row_stride, diff_src);
    for (size_t i = 0; i < shape->oh * shape->ow * shape->c; i++) {
        const size_t y = i / shape->c / shape->ow, x = i / shape->c % shape->ow, c = i % shape->c;
        const real diff = diff_dst[y * shape->dst_row_stride + x * shape->c + c] / window_values(shape, y, x);
        for (size_t tap = 0; tap < shape->kh * shape->kw; tap++) {
            const size_t row = y * shape->sh + tap / shape->kw - shape->pad_top;
            const size_t column = x * shape->sw + tap % shape->kw - shape->pad_left;
            if (row < shape->ih && column < shape->iw)
                diff_src[row * shape->src_row_stride + column * shape->c + c] += diff;
        }
    }
}
