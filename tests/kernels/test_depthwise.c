/* SPDX-License-Identifier: MIT */
/* Depthwise convolution and average pooling against their definition in double: exact on whole numbers (with NaN and
 * infinities among them, which go where a window covers them and nowhere else), within the bound of their sums on real ones; the same
 * bits for any range of rows and on every fast row. */
#include "kernel_test.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(values) (sizeof(values) / sizeof *(values))

/* A window over one dimension. */
struct span {
    size_t in, out, size, stride, before;
};

/* Padding of up to size - 1 on both sides: every window covers a value. */
static struct span random_span(size_t size, size_t stride, size_t longest) {
    struct span s = {.size = size, .stride = stride, .in = 1 + random_below(&random_now, (uint32_t)longest)};
    const size_t least = s.in < size ? size - s.in : 0, most = 2 * (size - 1);
    const size_t padding = least + random_below(&random_now, (uint32_t)(most - least + 1));
    const size_t first = padding > size - 1 ? padding - (size - 1) : 0, last = padding < size - 1 ? padding : size - 1;
    s.before = first + random_below(&random_now, (uint32_t)(last - first + 1));
    s.out = (s.in + padding - size) / stride + 1;
    return s;
}

static struct depthwise_shape random_shape(void) {
    static const size_t windows[][4] = {{3, 3, 1, 1}, {3, 3, 1, 1}, {3, 3, 2, 2}, {3, 3, 2, 2},
                                        {5, 5, 1, 1}, {5, 5, 2, 2}, {1, 1, 1, 1}, {2, 2, 2, 2},
                                        {3, 3, 1, 2}, {3, 3, 3, 3}, {2, 4, 3, 2}, {7, 7, 1, 1}};
    static const size_t channels[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 24, 31, 32, 33, 48, 64, 70, 96};
    static const size_t multipliers[] = {1, 1, 1, 1, 2, 3};
    const size_t *w = windows[random_below(&random_now, COUNT(windows))];
    const struct span y = random_span(w[0], w[2], 14),
                      x = random_span(w[1], w[3], random_below(&random_now, 4) ? 14 : 40);
    struct depthwise_shape s = {.ih = y.in,
                                .iw = x.in,
                                .c = pick(COUNT(channels), channels),
                                .multiplier = pick(COUNT(multipliers), multipliers),
                                .oh = y.out,
                                .ow = x.out,
                                .kh = y.size,
                                .kw = x.size,
                                .sh = y.stride,
                                .sw = x.stride,
                                .pad_top = y.before,
                                .pad_left = x.before};
    s.src_row_stride = s.iw * s.c + random_below(&random_now, 2) * 5;
    s.dst_row_stride = s.ow * s.c * s.multiplier + random_below(&random_now, 2) * 7;
    return s;
}

static void describe(const char *what, const struct depthwise_shape *s) {
    tested_case("%s %zux%zux%zu x%zu -> %zux%zu, window %zux%zu, strides %zu and %zu, padding %zu and %zu, row strides "
                "%zu and %zu",
                what, s->ih, s->iw, s->c, s->multiplier, s->oh, s->ow, s->kh, s->kw, s->sh, s->sw, s->pad_top,
                s->pad_left, s->src_row_stride, s->dst_row_stride);
}

/* Whole numbers, some of them special. */
static float random_exact(void) {
    static const float special[] = {NAN, INFINITY, -INFINITY};
    return random_below(&random_now, 200) ? random_integer() : special[random_below(&random_now, COUNT(special))];
}

/* Sums in double, the sums of the terms' sizes, and how many terms there were; places that are not expected to be written
 * hold NaN. */
struct sums {
    size_t count;
    double *value, *size;
    size_t *terms;
};

static struct sums new_sums(size_t count) {
    struct sums s = {count, scratch(count * sizeof(double)), scratch(count * sizeof(double)),
                     scratch(count * sizeof(size_t))};
    for (size_t i = 0; i < count; i++)
        s.value[i] = s.size[i] = NAN, s.terms[i] = 0;
    return s;
}

static void begin_sum(struct sums *s, size_t at, double value) {
    s->value[at] = value, s->size[at] = fabs(value), s->terms[at] = 1;
}

static void add_term(struct sums *s, size_t at, double value) {
    s->value[at] += value, s->size[at] += fabs(value), s->terms[at]++;
}

/* `more` roundings a term beyond those of the sum. */
static void check_sums(const char *what, const struct sums *s, bool exact, size_t more, const float *got) {
    double *bound = scratch(s->count * sizeof *bound);
    for (size_t i = 0; i < s->count; i++)
        bound[i] = exact || isnan(s->size[i]) ? 0 : gamma_bound(s->terms[i] + more) * s->size[i];
    check_bound(what, s->count, got, s->value, bound);
}

/* One product of the convolution: the places of its three factors. */
typedef void product_function(void *context, size_t dst, size_t src, size_t weight);

static void for_products(const struct depthwise_shape *s, product_function *function, void *context) {
    const size_t oc = s->c * s->multiplier;
    for (size_t dst = 0; dst < s->oh * s->ow * oc; dst++) {
        const size_t o = dst % oc, x = dst / oc % s->ow, y = dst / oc / s->ow;
        for (size_t tap = 0; tap < s->kh * s->kw; tap++) {
            const long row = (long)(y * s->sh + tap / s->kw) - (long)s->pad_top;
            const long column = (long)(x * s->sw + tap % s->kw) - (long)s->pad_left;
            if (row < 0 || row >= (long)s->ih || column < 0 || column >= (long)s->iw) continue;
            const size_t src = (size_t)row * s->src_row_stride + (size_t)column * s->c + o / s->multiplier;
            function(context, y * s->dst_row_stride + x * oc + o, src, tap * oc + o);
        }
    }
}

struct products {
    const float *src, *weights, *diff_dst;
    struct sums *sums;
};

static void add_forward(void *context, size_t dst, size_t src, size_t weight) {
    const struct products *p = context;
    add_term(p->sums, dst, (double)p->src[src] * (double)p->weights[weight]);
}
static void add_diff_src(void *context, size_t dst, size_t src, size_t weight) {
    const struct products *p = context;
    add_term(p->sums, src, (double)p->diff_dst[dst] * (double)p->weights[weight]);
}
static void add_diff_weights(void *context, size_t dst, size_t src, size_t weight) {
    const struct products *p = context;
    add_term(p->sums, weight, (double)p->diff_dst[dst] * (double)p->src[src]);
}

static void test_forward(const struct kernels *row, const struct depthwise_shape *s, bool exact, const float *src,
                         const float *weights) {
    const size_t oc = s->c * s->multiplier, count = s->oh * s->dst_row_stride;
    const float *bias = random_below(&random_now, 4) ? buffer_filled(oc, exact ? random_integer : random_real) : NULL;
    const bool relu = random_below(&random_now, 2);
    struct sums sums = new_sums(count);
    for (size_t y = 0; y < s->oh; y++) {
        for (size_t i = 0; i < s->ow * oc; i++)
            begin_sum(&sums, y * s->dst_row_stride + i, bias ? (double)bias[i % oc] : 0);
    }
    for_products(s, add_forward, &(struct products){src, weights, NULL, &sums});
    for (size_t i = 0; relu && i < count; i++)
        sums.value[i] = sums.value[i] < 0 ? 0 : sums.value[i];

    float *dst = buffer(count), *parts = buffer(count), *first = buffer(count);
    row->depthwise(s, src, weights, bias, relu, 0, s->oh, dst);
    check_sums("depthwise", &sums, exact, 0, dst);
    for (size_t begin = 0, end; begin < s->oh; begin = end) {
        end = begin + 1 + random_below(&random_now, (uint32_t)(s->oh - begin));
        row->depthwise(s, src, weights, bias, relu, begin, end, parts);
        for (size_t i = end * s->dst_row_stride; i < count; i++)
            check(isnan(parts[i]), "depthwise wrote a row that was not asked for");
    }
    check_same("depthwise, by ranges of rows", count, parts, dst);
    first_fast(row)->depthwise(s, src, weights, bias, relu, 0, s->oh, first);
    check_same("depthwise, another row of kernels", count, dst, first);
}

static void test_diff_src(const struct kernels *row, const struct depthwise_shape *s, bool exact, const float *weights,
                          const float *diff_dst) {
    const size_t count = s->ih * s->src_row_stride;
    struct sums sums = new_sums(count);
    for (size_t i = 0; i < s->ih * s->iw * s->c; i++)
        begin_sum(&sums, i / (s->iw * s->c) * s->src_row_stride + i % (s->iw * s->c), 0);
    for_products(s, add_diff_src, &(struct products){NULL, weights, diff_dst, &sums});
    float *diff_src = buffer(count), *first = buffer(count);
    row->depthwise_diff_src(s, diff_dst, weights, diff_src);
    check_sums("depthwise_diff_src", &sums, exact, 0, diff_src);
    first_fast(row)->depthwise_diff_src(s, diff_dst, weights, first);
    check_same("depthwise_diff_src, another row of kernels", count, diff_src, first);
}

static void test_diff_weights(const struct kernels *row, const struct depthwise_shape *s, bool exact, const float *src,
                              const float *diff_dst) {
    const size_t count = s->kh * s->kw * s->c * s->multiplier;
    const bool resume = random_below(&random_now, 2);
    const float *before = buffer_filled(count, exact ? random_integer : random_real);
    float *diff_weights = resume ? buffer_copy(count, before) : buffer(count);
    float *first = resume ? buffer_copy(count, before) : buffer(count);
    struct sums sums = new_sums(count);
    for (size_t i = 0; i < count; i++)
        begin_sum(&sums, i, resume ? (double)before[i] : 0);
    for_products(s, add_diff_weights, &(struct products){src, NULL, diff_dst, &sums});
    row->depthwise_diff_weights(s, src, diff_dst, resume, diff_weights);
    check_sums("depthwise_diff_weights", &sums, exact, 0, diff_weights);
    first_fast(row)->depthwise_diff_weights(s, src, diff_dst, resume, first);
    check_same("depthwise_diff_weights, another row of kernels", count, diff_weights, first);
}

void test_depthwise(const struct kernels *row) {
    for (int exact = 0; exact < 2; exact++) {
        const struct depthwise_shape s = random_shape();
        const size_t oc = s.c * s.multiplier;
        float (*next)(void) = exact ? random_exact : random_real;
        const float *src = buffer_rows(s.ih, s.iw * s.c, s.src_row_stride, next);
        const float *diff_dst = buffer_rows(s.oh, s.ow * oc, s.dst_row_stride, next);
        const float *weights = buffer_filled(s.kh * s.kw * oc, exact ? random_integer : random_real);
        describe(exact ? "depthwise of integers" : "depthwise of reals", &s);
        test_forward(row, &s, exact, src, weights);
        test_diff_src(row, &s, exact, weights, diff_dst);
        test_diff_weights(row, &s, exact, src, diff_dst);
        buffers_end();
    }
}

/* ---- average pooling ---- */

struct averages {
    const struct depthwise_shape *shape;
    const float *values;
    const size_t *taps; /* of each output */
    struct sums *sums;
};

static void count_tap(void *context, size_t dst, size_t src, size_t weight) {
    size_t *taps = context;
    (void)src, (void)weight;
    taps[dst]++;
}
static void add_value(void *context, size_t dst, size_t src, size_t weight) {
    const struct averages *a = context;
    (void)weight;
    add_term(a->sums, dst, (double)a->values[src] / (double)a->taps[dst]);
}
static void add_share(void *context, size_t dst, size_t src, size_t weight) {
    const struct averages *a = context;
    (void)weight;
    add_term(a->sums, src, (double)a->values[dst] / (double)a->taps[dst]);
}

void test_average_pool(const struct kernels *row) {
    struct depthwise_shape s = random_shape(); /* the same windows, one output channel to a source channel */
    s.dst_row_stride -= s.ow * s.c * (s.multiplier - 1);
    s.multiplier = 1;
    describe("average pooling", &s);
    const struct average_shape shape = {
        s.ih, s.iw, s.c, s.oh, s.ow, s.kh, s.kw, s.sh, s.sw, s.pad_top, s.pad_left, s.src_row_stride, s.dst_row_stride};
    const size_t inputs = s.ih * s.src_row_stride, outputs = s.oh * s.dst_row_stride;
    const float *src = buffer_rows(s.ih, s.iw * s.c, s.src_row_stride, random_real);
    const float *diff_dst = buffer_rows(s.oh, s.ow * s.c, s.dst_row_stride, random_real);
    size_t *taps = scratch(outputs * sizeof *taps);
    memset(taps, 0, outputs * sizeof *taps);
    for_products(&s, count_tap, taps);
    struct sums means = new_sums(outputs), shares = new_sums(inputs);
    for (size_t i = 0; i < s.oh * s.ow * s.c; i++)
        begin_sum(&means, i / (s.ow * s.c) * s.dst_row_stride + i % (s.ow * s.c), 0);
    for (size_t i = 0; i < s.ih * s.iw * s.c; i++)
        begin_sum(&shares, i / (s.iw * s.c) * s.src_row_stride + i % (s.iw * s.c), 0);
    for_products(&s, add_value, &(struct averages){&s, src, taps, &means});
    for_products(&s, add_share, &(struct averages){&s, diff_dst, taps, &shares});

    float *dst = buffer(outputs), *parts = buffer(outputs), *diff_src = buffer(inputs), *shared = buffer(inputs);
    row->average_pool(&shape, src, 0, s.oh, dst);
    check_sums("average_pool", &means, false, 1, dst);
    const size_t middle = random_below(&random_now, (uint32_t)s.oh);
    row->average_pool(&shape, src, middle, s.oh, parts);
    for (size_t i = 0; i < middle * s.dst_row_stride; i++)
        check(isnan(parts[i]), "average_pool wrote a row that was not asked for");
    row->average_pool(&shape, src, 0, middle, parts);
    check_same("average_pool, by ranges of rows", outputs, parts, dst);
    row->average_pool_backward(&shape, diff_dst, diff_src);
    check_sums("average_pool_backward", &shares, false, 1, diff_src);
    const struct kernels *reference = kernels_available()[0]; /* the same operations in the same order */
    reference->average_pool(&shape, src, 0, s.oh, parts);
    check_same("average_pool, the reference's", outputs, dst, parts);
    reference->average_pool_backward(&shape, diff_dst, shared);
    check_same("average_pool_backward, the reference's", inputs, diff_src, shared);
    buffers_end();
}
