/* SPDX-License-Identifier: MIT */
/* Sums over pixels, pooling and softmax against double, with the bounds that their sums have. */
#include "kernel_test.h"

#include "kernels/exp_log.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#define COUNT(values) (sizeof(values) / sizeof *(values))

static const size_t channels[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 70};
static const double unit = 0x1p-24;

/* Per channel: the sum, and the bound on what a kernel's may be off by. */
struct sums {
    double *value, *bound;
};

static struct sums new_sums(size_t c) {
    struct sums s = {scratch(c * sizeof(double)), scratch(c * sizeof(double))};
    for (size_t i = 0; i < c; i++)
        s.value[i] = s.bound[i] = 0;
    return s;
}

static void add_sum(struct sums s, size_t i, double term) {
    s.value[i] += term;
    s.bound[i] += fabs(term);
}

static void scale_bounds(struct sums s, size_t c, double factor) {
    for (size_t i = 0; i < c; i++)
        s.bound[i] *= factor;
}

static void test_statistics(const struct kernels *row, size_t pixels, size_t c, const float *src) {
    float *mean = buffer(c), *m2 = buffer(c);
    struct sums sum = new_sums(c), squares = new_sums(c);
    row->statistics(pixels, c, src, mean, m2);
    for (size_t i = 0; i < pixels * c; i++) {
        const double deviation = (double)src[i] - (double)mean[i % c];
        add_sum(sum, i % c, (double)src[i] / (double)pixels);
        add_sum(squares, i % c, deviation * deviation);
    }
    /* A deviation and its square are rounded too: three more roundings a term. */
    scale_bounds(sum, c, gamma_bound(pixels + 1));
    scale_bounds(squares, c, gamma_bound(pixels + 3));
    check_bound("statistics mean", c, mean, sum.value, sum.bound);
    check_bound("statistics m2", c, m2, squares.value, squares.bound);

    float *average = buffer(c), *back = buffer(pixels * c), *expected = buffer(pixels * c);
    row->global_average(pixels, c, src, average);
    check_bound("global_average", c, average, sum.value, sum.bound);
    row->global_average_backward(pixels, c, mean, back);
    for (size_t i = 0; i < pixels * c; i++)
        expected[i] = mean[i % c] / (float)pixels;
    check_same("global_average_backward", pixels * c, back, expected);
}

static void test_sums(const struct kernels *row, size_t pixels, size_t c, const float *src, bool exact) {
    float (*next)(void) = exact ? random_integer : random_real;
    const float *diff = buffer_filled(pixels * c, next), *mean = buffer_filled(c, next);
    float *sum_diff = buffer_filled(c, next), *sum_diff_src = buffer_filled(c, next);
    struct sums sum = new_sums(c), product = new_sums(c);
    for (size_t i = 0; i < c; i++) {
        add_sum(sum, i, (double)sum_diff[i]);
        add_sum(product, i, (double)sum_diff_src[i]);
    }
    for (size_t i = 0; i < pixels * c; i++) {
        add_sum(sum, i % c, (double)diff[i]);
        add_sum(product, i % c, (double)diff[i] * ((double)src[i] - (double)mean[i % c]));
    }
    scale_bounds(sum, c, exact ? 0 : gamma_bound(pixels));
    scale_bounds(product, c, exact ? 0 : gamma_bound(pixels + 2));
    float *pixel_sum = buffer_copy(c, sum_diff);
    row->batch_norm_reduce(pixels, c, diff, src, mean, sum_diff, sum_diff_src);
    check_bound("batch_norm_reduce sum_diff", c, sum_diff, sum.value, sum.bound);
    check_bound("batch_norm_reduce sum_diff_src", c, sum_diff_src, product.value, product.bound);

    /* The same pixels in rows with gaps, the gaps NaN. */
    const size_t width = 1 + random_below(&random_now, (uint32_t)pixels), rows = pixels / width;
    const struct rows_shape shape = {.rows = rows, .width = width, .c = c, .src_row_stride = width * c + 5};
    float *spread = buffer(rows * shape.src_row_stride);
    struct sums spread_sum = new_sums(c);
    for (size_t i = 0; i < c; i++)
        add_sum(spread_sum, i, (double)pixel_sum[i]);
    for (size_t i = 0; i < rows * width * c; i++) {
        spread[i / (width * c) * shape.src_row_stride + i % (width * c)] = diff[i];
        add_sum(spread_sum, i % c, (double)diff[i]);
    }
    scale_bounds(spread_sum, c, exact ? 0 : gamma_bound(pixels));
    row->sum_pixels(&shape, spread, pixel_sum);
    check_bound("sum_pixels", c, pixel_sum, spread_sum.value, spread_sum.bound);
}

void test_channels(const struct kernels *row) {
    const size_t c = pick(COUNT(channels), channels), pixels = 1 + random_below(&random_now, 40);
    for (int exact = 0; exact < 2; exact++) {
        tested_case("%s, %zu pixels of %zu channels", exact ? "integers" : "reals", pixels, c);
        const float *src = buffer_filled(pixels * c, exact ? random_integer : random_real);
        test_statistics(row, pixels, c, src);
        test_sums(row, pixels, c, src, exact);
        buffers_end();
    }
}

/* ---- pooling ---- */

static struct pool_shape random_pool(void) {
    static const size_t windows[][3] = {{2, 2, 2}, {2, 2, 2},   {3, 3, 2},   {3, 3, 3},    {1, 1, 1},   {2, 3, 2},
                                        {2, 2, 3}, {16, 16, 4}, {17, 17, 5}, {20, 20, 20}, {1, 300, 9}, {257, 1, 3}};
    const size_t *window = windows[random_below(&random_now, COUNT(windows))];
    struct pool_shape s = {.kh = window[0], .kw = window[1], .sh = window[2], .sw = window[2]};
    s.c = pick(COUNT(channels), channels);
    s.oh = 1 + random_below(&random_now, 4), s.ow = 1 + random_below(&random_now, 4);
    s.ih = (s.oh - 1) * s.sh + s.kh + random_below(&random_now, (uint32_t)s.sh);
    s.iw = (s.ow - 1) * s.sw + s.kw + random_below(&random_now, (uint32_t)s.sw);
    s.src_row_stride = s.iw * s.c + random_below(&random_now, 2) * 5;
    s.dst_row_stride = s.ow * s.c + random_below(&random_now, 2) * 7;
    tested_case("pooling %zux%zux%zu -> %zux%zu, window %zux%zu, stride %zu, row strides %zu, %zu", s.ih, s.iw, s.c,
                s.oh, s.ow, s.kh, s.kw, s.sh, s.src_row_stride, s.dst_row_stride);
    return s;
}

/* Few different values, so that there are ties, and now and then no number. */
static float random_tied(void) {
    if (random_below(&random_now, 15) == 0) return NAN;
    return (float)random_below(&random_now, 3) - 1;
}

/* Where in the source the winner of output (y, x, c) stands, by definition: the first NaN, or else the first of the
 * greatest values. Nothing is said of how a kernel notes it. */
static size_t winner_at(const struct pool_shape *s, const double *values, size_t y, size_t x, size_t c) {
    size_t winner = SIZE_MAX;
    for (size_t row = y * s->sh; row < y * s->sh + s->kh; row++) {
        for (size_t column = x * s->sw; column < x * s->sw + s->kw; column++) {
            const size_t at = row * s->src_row_stride + column * s->c + c;
            if (isnan(values[at])) return at;
            if (winner == SIZE_MAX || values[at] > values[winner]) winner = at;
        }
    }
    return winner;
}

/* The values that compete: exact in float and in double, so that ties are ties in both. */
static double *competing(const struct pool_shape *s, const float *src, const float *scale, const float *shift) {
    double *values = scratch(s->ih * s->src_row_stride * sizeof *values);
    for (size_t y = 0; y < s->ih; y++) {
        for (size_t i = 0; i < s->iw * s->c; i++) {
            const size_t at = y * s->src_row_stride + i, c = i % s->c;
            values[at] = scale ? (double)src[at] * (double)scale[c] + (double)shift[c] : (double)src[at];
        }
    }
    return values;
}

void test_pooling(const struct kernels *row) {
    const struct pool_shape s = random_pool();
    const size_t outputs = s.oh * s.dst_row_stride, count = s.ih * s.src_row_stride;
    const float *src = buffer_filled(count, random_tied);
    const float *scale = buffer_filled(s.c, random_integer), *shift = buffer_filled(s.c, random_integer);
    const float *diff = buffer_filled(outputs, random_integer);
    if (random_below(&random_now, 2)) scale = NULL;
    const double *values = competing(&s, src, scale, shift);
    float *dst = buffer(outputs), *alone = buffer(outputs), *expected = buffer(outputs);
    float *diff_src = buffer(count), *back = buffer(count);
    void *argmax = buffer_bytes(s.oh * s.ow * s.c * kernels_place_size(&s));
    for (size_t y = 0; y < s.ih; y++)
        memset(back + y * s.src_row_stride, 0, s.iw * s.c * sizeof *back);
    for (size_t i = 0; i < s.oh * s.ow * s.c; i++) {
        const size_t c = i % s.c, x = i / s.c % s.ow, y = i / s.c / s.ow, at = y * s.dst_row_stride + x * s.c + c;
        const size_t winner = winner_at(&s, values, y, x, c);
        expected[at] = (float)values[winner];
        back[winner] += diff[at];
    }
    row->max_pool(&s, src, scale, shift, dst, argmax);
    row->max_pool(&s, src, scale, shift, alone, NULL);
    check_same("max_pool", outputs, dst, expected); /* gaps are NaN in both */
    check_same("max_pool without argmax", outputs, alone, expected);
    row->max_pool_backward(&s, diff, argmax, diff_src);
    check_same("max_pool_backward", count, diff_src, back);
    buffers_end();
}

/* ---- softmax, exp and log ---- */

static float random_logit(void) {
    return 20 * random_real();
}

/* An exponent's argument is a rounded difference (spread * u off), the exponential and the division are rounded, and
 * the sum has the classes' roundings: the relative error of a probability. */
static double probability_error(size_t classes, double spread) {
    return 1.01 * unit * ((double)classes + 5 + spread);
}

void test_softmax(const struct kernels *row) {
    const size_t n = 1 + random_below(&random_now, 3), classes = 1 + random_below(&random_now, 40);
    const float *logits = buffer_filled(n * classes, random_logit);
    const float scale = random_unit(&random_now);
    float *probabilities = buffer(n * classes), *loss = buffer(n), *diff = buffer(n * classes);
    double *p = scratch(n * classes * sizeof *p), *p_bound = scratch(n * classes * sizeof *p);
    double *d = scratch(n * classes * sizeof *d), *d_bound = scratch(n * classes * sizeof *d);
    double *l = scratch(n * sizeof *l), *l_bound = scratch(n * sizeof *l);
    int32_t *labels = buffer_bytes(n * sizeof *labels);
    tested_case("softmax of %zu x %zu", n, classes);
    for (size_t i = 0; i < n; i++) {
        const float *row_logits = logits + i * classes;
        const size_t label = random_below(&random_now, (uint32_t)classes);
        double most = -INFINITY, least = INFINITY, sum = 0;
        labels[i] = (int32_t)label;
        for (size_t j = 0; j < classes; j++)
            most = fmax(most, (double)row_logits[j]);
        for (size_t j = 0; j < classes; j++)
            least = fmin(least, (double)row_logits[j]);
        for (size_t j = 0; j < classes; j++)
            sum += exp((double)row_logits[j] - most);
        const double error = probability_error(classes, most - least);
        for (size_t j = 0; j < classes; j++) {
            const size_t at = i * classes + j;
            p[at] = exp((double)row_logits[j] - most) / sum;
            p_bound[at] = error * p[at];
            d[at] = (p[at] - (j == label)) * (double)scale;
            d_bound[at] = (error * p[at] + 3 * unit) * (double)scale;
        }
        l[i] = log(sum) + most - (double)row_logits[label];
        l_bound[i] = error + 3 * unit * (fabs(l[i]) + most - least);
    }
    row->softmax(n, classes, logits, probabilities);
    row->softmax_cross_entropy(n, classes, logits, labels, scale, loss, diff);
    check_bound("softmax", n * classes, probabilities, p, p_bound);
    check_bound("softmax_cross_entropy loss", n, loss, l, l_bound);
    check_bound("softmax_cross_entropy diff_logits", n * classes, diff, d, d_bound);
    buffers_end();
}

/* How far off, in units of the last place of the true value's float. */
static double ulps(float got, double expected) {
    const float nearest = (float)expected;
    if (isnan(expected)) return isnan(got) ? 0 : INFINITY;
    if (isinf(nearest)) return got == nearest ? 0 : INFINITY;
    const float size = fabsf(nearest);
    return fabs((double)got - expected) / ((double)nextafterf(size, INFINITY) - (double)size);
}

/* The relative error against the C library's double, which is itself within 1 ULP, 2.3e-16. */
static void test_exp_log_double(void) {
    double worst_exp = 0, worst_log = 0;
    for (int i = -200000; i <= 200000; i++) {
        const double x = i * 0.0035, near_one = 1 + i * 1e-6;
        worst_exp = fmax(worst_exp, fabs(exp_double(x) / exp(x) - 1));
        if (i == 0) continue;
        worst_log = fmax(worst_log, fabs(log_double(near_one) / log(near_one) - 1));
        worst_log = fmax(worst_log, fabs(log_double(exp(x)) / log(exp(x)) - 1));
    }
    printf("in double: exp is off by %.2g at most, log by %.2g\n", worst_exp, worst_log);
    check(worst_exp <= 6.3e-16, "exp in double is off by %g", worst_exp);
    check(worst_log <= 6.3e-16, "log in double is off by %g", worst_log);
}

void test_exp_log(void) {
    double worst_exp = 0, worst_log = 0;
    for (uint64_t bits = 0; bits < 1ULL << 32; bits += 9973) { /* a prime step through all floats */
        const uint32_t low = (uint32_t)bits;
        float x;
        memcpy(&x, &low, sizeof x);
        worst_exp = fmax(worst_exp, ulps(kernel_exp(x), exp((double)x)));
        worst_log = fmax(worst_log, ulps(kernel_log(x), log((double)x)));
    }
    tested_case("exp and log");
    test_exp_log_double();
    printf("exp: %.4f ULP at most, log: %.4f\n", worst_exp, worst_log);
    check(worst_exp <= 0.51, "exp is off by %g ULP", worst_exp);
    check(worst_log <= 0.51, "log is off by %g ULP", worst_log);
}
