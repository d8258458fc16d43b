/* SPDX-License-Identifier: MIT */
#include "naive.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double unit = 0x1p-24;
/* What a BatchNormalization folded into a convolution rounds in its weights and bias, and the activation. */
enum { FOLDED = 8, WINOGRAD = 50 };

/* k roundings, one after another, change a value by this share at most. */
static double gamma_of(size_t k) {
    return (double)k * unit / (1 - (double)k * unit);
}

static bool create(struct naive_value *value, size_t h, size_t w, size_t c) {
    *value = (struct naive_value){h, w, c, calloc(h * w * c, sizeof(double)), calloc(h * w * c, sizeof(double))};
    return value->numbers && value->bounds;
}

static size_t count_of(const struct naive_value *value) {
    return value->h * value->w * value->c;
}

/* Keras's 'same': as many outputs as strides fit, the odd row of padding behind. */
static size_t same_before(size_t size, size_t kernel, size_t stride) {
    const size_t out = (size + stride - 1) / stride, reach = (out - 1) * stride + kernel;
    return reach > size ? (reach - size) / 2 : 0;
}

/* A window's place over a source whose padding is only thought of. */
struct naive_window {
    size_t kh, kw, sh, sw, top, left;
};

static struct naive_window window_of(const struct naive_value *src, const int64_t kernel[2], const int64_t strides[2],
                                     enum padding padding) {
    struct naive_window window = {(size_t)kernel[0], (size_t)kernel[1], (size_t)strides[0], (size_t)strides[1], 0, 0};
    if (padding == PADDING_SAME) {
        window.top = same_before(src->h, window.kh, window.sh);
        window.left = same_before(src->w, window.kw, window.sw);
    }
    return window;
}

/* Where tap (ky, kx) of output (y, x) reads; false in the padding. */
static bool tap_at(const struct naive_value *src, const struct naive_window *window, size_t y, size_t x, size_t ky,
                   size_t kx, size_t *at) {
    const size_t row = y * window->sh + ky, column = x * window->sw + kx;
    if (row < window->top || column < window->left) return false;
    if (row - window->top >= src->h || column - window->left >= src->w) return false;
    *at = ((row - window->top) * src->w + column - window->left) * src->c;
    return true;
}

/* --- convolutions and dense layers --- */

/* One output pixel: the sums, the sums of magnitudes, and what the bounds of the source make. */
static void sum_pixel(const struct naive_value *src, const struct naive_window *window, const float *weights, size_t y,
                      size_t x, size_t oc, double *sum, double *magnitude, double *passed) {
    size_t at;
    for (size_t ky = 0; ky < window->kh; ky++) {
        for (size_t kx = 0; kx < window->kw; kx++) {
            if (!tap_at(src, window, y, x, ky, kx, &at)) continue;
            const float *tap = weights + (ky * window->kw + kx) * src->c * oc;
            for (size_t i = 0; i < src->c; i++, tap += oc) {
                const double value = src->numbers[at + i], bound = src->bounds[at + i], most = fabs(value) + bound;
                for (size_t o = 0; o < oc; o++) {
                    sum[o] += value * (double)tap[o];
                    magnitude[o] += most * fabs((double)tap[o]);
                    passed[o] += bound * fabs((double)tap[o]);
                }
            }
        }
    }
}

static bool sum_windows(const struct naive_value *src, const struct naive_window *window, const float *weights,
                        const float *bias, struct naive_value *dst) {
    const size_t oc = dst->c, terms = window->kh * window->kw * src->c;
    double *magnitude = malloc(oc * sizeof *magnitude);
    if (!magnitude) return false;
    for (size_t pixel = 0; pixel < dst->h * dst->w; pixel++) {
        double *sum = dst->numbers + pixel * oc, *bound = dst->bounds + pixel * oc;
        for (size_t o = 0; o < oc; o++)
            sum[o] = bias ? (double)bias[o] : 0, magnitude[o] = fabs(sum[o]);
        sum_pixel(src, window, weights, pixel / dst->w, pixel % dst->w, oc, sum, magnitude, bound);
        for (size_t o = 0; o < oc; o++)
            bound[o] += gamma_of(terms + 1 + FOLDED) * magnitude[o];
    }
    free(magnitude);
    return true;
}

/* F(4x4, 3x3): the magnitudes that pass through its matrices bound what it rounds; F(2x2, 3x3) rounds less. */
static const double source_rows[6][6] = {{4, 0, 5, 0, 1, 0}, {0, 4, 4, 1, 1, 0}, {0, 4, 4, 1, 1, 0},
                                         {0, 2, 1, 2, 1, 0}, {0, 2, 1, 2, 1, 0}, {0, 4, 0, 5, 0, 1}};
static const double weight_rows[6][3] = {{1. / 4, 0, 0},
                                         {1. / 6, 1. / 6, 1. / 6},
                                         {1. / 6, 1. / 6, 1. / 6},
                                         {1. / 24, 1. / 12, 1. / 6},
                                         {1. / 24, 1. / 12, 1. / 6},
                                         {0, 0, 1}};
static const double output_rows[4][6] = {
    {1, 1, 1, 1, 1, 0}, {0, 1, 1, 2, 2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, 1, 8, 8, 1}};

/* to = rows from rows^T: an n x n square of m x m values. */
static void transform(size_t n, size_t m, const double *rows, const double *from, double *to) {
    double half[6][6];
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < m; j++) {
            half[i][j] = 0;
            for (size_t k = 0; k < m; k++)
                half[i][j] += rows[i * m + k] * from[k * m + j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < n; j++) {
            to[i * n + j] = 0;
            for (size_t k = 0; k < m; k++)
                to[i * n + j] += half[i][k] * rows[j * m + k];
        }
    }
}

/* The transformed magnitudes of a patch, [36][c]. */
static void patch_magnitudes(const struct naive_value *src, const struct naive_window *window, size_t top, size_t left,
                             double *to) {
    size_t at;
    for (size_t i = 0; i < src->c; i++) {
        double patch[36] = {0}, square[36];
        for (size_t p = 0; p < 36; p++) {
            if (tap_at(src, window, top, left, p / 6, p % 6, &at))
                patch[p] = fabs(src->numbers[at + i]) + src->bounds[at + i];
        }
        transform(6, 6, &source_rows[0][0], patch, square);
        for (size_t p = 0; p < 36; p++)
            to[p * src->c + i] = square[p];
    }
}

static void weight_magnitudes(const float *weights, size_t ic, size_t oc, double *to) {
    for (size_t i = 0; i < ic * oc; i++) {
        double taps[9], square[36];
        for (size_t tap = 0; tap < 9; tap++)
            taps[tap] = fabs((double)weights[tap * ic * oc + i]);
        transform(6, 3, &weight_rows[0][0], taps, square);
        for (size_t p = 0; p < 36; p++)
            to[p * ic * oc + i] = square[p];
    }
}

/* What Winograd's filtering may round in the tile at (top, left) is added to dst's bounds. */
static void add_tile_bounds(const double *patch, const double *weights, size_t ic, size_t top, size_t left,
                            struct naive_value *dst) {
    const size_t oc = dst->c;
    for (size_t o = 0; o < oc; o++) {
        double product[36], tile[16];
        for (size_t p = 0; p < 36; p++) {
            product[p] = 0;
            for (size_t i = 0; i < ic; i++)
                product[p] += patch[p * ic + i] * weights[p * ic * oc + i * oc + o];
        }
        transform(4, 6, &output_rows[0][0], product, tile);
        for (size_t p = 0; p < 16; p++) {
            const size_t y = top + p / 4, x = left + p % 4;
            if (y < dst->h && x < dst->w)
                dst->bounds[(y * dst->w + x) * oc + o] += gamma_of(ic + WINOGRAD + FOLDED) * tile[p];
        }
    }
}

static bool add_winograd_bounds(const struct naive_value *src, const struct naive_window *window, const float *weights,
                                struct naive_value *dst) {
    double *transformed = malloc(36 * src->c * dst->c * sizeof *transformed);
    double *patch = malloc(36 * src->c * sizeof *patch);
    if (transformed && patch) {
        weight_magnitudes(weights, src->c, dst->c, transformed);
        for (size_t top = 0; top < dst->h; top += 4) {
            for (size_t left = 0; left < dst->w; left += 4) {
                patch_magnitudes(src, window, top, left, patch);
                add_tile_bounds(patch, transformed, src->c, top, left, dst);
            }
        }
    }
    bool good = transformed && patch;
    free(transformed);
    free(patch);
    return good;
}

static void relu(struct naive_value *value) {
    for (size_t i = 0; i < count_of(value); i++)
        value->numbers[i] = value->numbers[i] > 0 ? value->numbers[i] : 0;
}

static bool conv2d(const struct node *node, const struct naive_parameters *parameters, const struct naive_value *src,
                   struct naive_value *dst) {
    const struct naive_window window =
        window_of(src, node->config.conv2d.kernel_size, node->config.conv2d.strides, node->config.conv2d.padding);
    const float *bias = node->config.conv2d.use_bias ? parameters->values[1] : NULL;
    if (!sum_windows(src, &window, parameters->values[0], bias, dst)) return false;
    if (window.kh == 3 && window.kw == 3 && window.sh == 1 && window.sw == 1 &&
        !add_winograd_bounds(src, &window, parameters->values[0], dst))
        return false;
    if (node->config.conv2d.activation.function == UNARY_RELU) relu(dst);
    return true;
}

static bool dense(const struct node *node, const struct naive_parameters *parameters, const struct naive_value *src,
                  struct naive_value *dst) {
    const struct naive_window window = {1, 1, 1, 1, 0, 0};
    const float *bias = node->config.dense.use_bias ? parameters->values[1] : NULL;
    if (!sum_windows(src, &window, parameters->values[0], bias, dst)) return false;
    if (node->config.dense.activation.function == UNARY_RELU) relu(dst);
    return true;
}

/* --- the rest --- */

/* gamma, beta, moving mean, moving variance. As a * scale + shift, both rounded: the mean and the shift may cancel. */
static void batch_norm(const struct node *node, const struct naive_parameters *parameters,
                       const struct naive_value *src, struct naive_value *dst) {
    for (size_t i = 0; i < count_of(dst); i++) {
        const size_t c = i % dst->c;
        const double gamma = (double)parameters->values[0][c], beta = (double)parameters->values[1][c],
                     mean = (double)parameters->values[2][c], variance = (double)parameters->values[3][c];
        const double scale = gamma / sqrt(variance + node->config.batch_normalization.epsilon);
        const double size = fabs(scale) * (fabs(src->numbers[i]) + src->bounds[i] + fabs(mean)) + fabs(beta);
        dst->numbers[i] = (src->numbers[i] - mean) * scale + beta;
        dst->bounds[i] = fabs(scale) * src->bounds[i] * (1 + gamma_of(FOLDED)) + gamma_of(FOLDED) * size;
    }
}

static void max_pool(const struct node *node, const struct naive_value *src, struct naive_value *dst) {
    const struct naive_window window = window_of(src, node->config.pooling2d.pool_size, node->config.pooling2d.strides,
                                                 node->config.pooling2d.padding);
    for (size_t i = 0; i < count_of(dst); i++) {
        const size_t c = i % dst->c, x = i / dst->c % dst->w, y = i / dst->c / dst->w;
        double most = -INFINITY, bound = 0;
        size_t at;
        for (size_t tap = 0; tap < window.kh * window.kw; tap++) {
            if (!tap_at(src, &window, y, x, tap / window.kw, tap % window.kw, &at)) continue;
            most = fmax(most, src->numbers[at + c]);
            bound = fmax(bound, src->bounds[at + c]);
        }
        dst->numbers[i] = most;
        dst->bounds[i] = bound;
    }
}

static void global_average(const struct naive_value *src, struct naive_value *dst) {
    const size_t pixels = src->h * src->w;
    for (size_t i = 0; i < count_of(src); i++) {
        const double share = src->numbers[i] / (double)pixels, bound = src->bounds[i] / (double)pixels;
        dst->numbers[i % dst->c] += share;
        dst->bounds[i % dst->c] += bound + gamma_of(pixels + 1) * (fabs(share) + bound);
    }
}

static void add(const struct naive_value *a, const struct naive_value *b, struct naive_value *dst) {
    for (size_t i = 0; i < count_of(dst); i++) {
        dst->numbers[i] = a->numbers[i] + b->numbers[i];
        dst->bounds[i] = (a->bounds[i] + b->bounds[i]) * (1 + unit) + unit * fabs(dst->numbers[i]);
    }
}

/* Pixel (y, x) of dst is pixel from(y, x) of src, or 0. */
static void move_pixels(const struct node *node, bool enlarge, const struct naive_value *src, struct naive_value *dst) {
    const int64_t(*pad)[2] = node->config.zero_padding2d.padding;
    const int64_t *size = node->config.up_sampling2d.size;
    for (size_t y = 0; y < dst->h; y++) {
        for (size_t x = 0; x < dst->w; x++) {
            const size_t row = enlarge ? y / (size_t)size[0] : y - (size_t)pad[0][0];
            const size_t column = enlarge ? x / (size_t)size[1] : x - (size_t)pad[1][0];
            if (row >= src->h || column >= src->w) continue; /* also where the difference went below 0 */
            const size_t from = (row * src->w + column) * src->c, to = (y * dst->w + x) * dst->c;
            memcpy(dst->numbers + to, src->numbers + from, src->c * sizeof(double));
            memcpy(dst->bounds + to, src->bounds + from, src->c * sizeof(double));
        }
    }
}

static void copy(const struct naive_value *src, struct naive_value *dst) {
    memcpy(dst->numbers, src->numbers, count_of(src) * sizeof(double));
    memcpy(dst->bounds, src->bounds, count_of(src) * sizeof(double));
}

static bool run_node(const struct node *node, const struct naive_parameters *parameters, const float *image,
                     struct naive_value *values, struct naive_value *dst) {
    const struct naive_value *src = node->input_count > 0 ? &values[node->inputs[0]] : NULL;
    switch (node->type->operator_kind) {
    case OPERATOR_INPUT:
        for (size_t i = 0; i < count_of(dst); i++)
            dst->numbers[i] = (double)image[i];
        return true;
    case OPERATOR_CONV2D:
        return conv2d(node, parameters, src, dst);
    case OPERATOR_DENSE:
        return dense(node, parameters, src, dst);
    case OPERATOR_BATCH_NORM:
        batch_norm(node, parameters, src, dst);
        return true;
    case OPERATOR_ACTIVATION:
        copy(src, dst);
        if (node->config.activation.activation.function == UNARY_RELU) relu(dst);
        return true;
    case OPERATOR_ADD:
        add(src, &values[node->inputs[1]], dst);
        return true;
    case OPERATOR_MAX_POOL:
        max_pool(node, src, dst);
        return true;
    case OPERATOR_GLOBAL_AVERAGE:
        global_average(src, dst);
        return true;
    case OPERATOR_FLATTEN:
        copy(src, dst);
        return true;
    case OPERATOR_ZERO_PAD:
        move_pixels(node, false, src, dst);
        return true;
    case OPERATOR_NONE:
        return false;
    case OPERATOR_UPSAMPLE:
        move_pixels(node, true, src, dst);
        return true;
    }
    return false;
}

bool naive_forward(const struct graph *graph, const struct naive_parameters *parameters, const float *image,
                   struct naive_value *values) {
    memset(values, 0, graph->count * sizeof *values);
    for (size_t i = 0; i < graph->count; i++) {
        const struct shape *shape = &graph->nodes[i].shape;
        const bool flat = shape->rank != 3;
        const size_t h = flat ? 1 : (size_t)shape->dims[0], w = flat ? 1 : (size_t)shape->dims[1];
        if (!create(&values[i], h, w, shape_size(shape) / (h * w))) return false;
        if (!run_node(&graph->nodes[i], &parameters[i], image, values, &values[i])) return false;
    }
    return true;
}

void naive_free(const struct graph *graph, struct naive_value *values) {
    for (size_t i = 0; i < graph->count; i++) {
        free(values[i].numbers);
        free(values[i].bounds);
    }
}
