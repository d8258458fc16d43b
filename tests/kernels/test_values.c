/* SPDX-License-Identifier: MIT */
/* What is done value by value: the same bits as the formula, in float, one operation after the other. */
#include "kernel_test.h"

#include <math.h>

#define COUNT(values) (sizeof(values) / sizeof *(values))

static const size_t channels[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 70};

static float relu_of(float value) {
    return value < 0 ? 0 : value;
}

/* Reals, small integers, and now and then what is special. */
static float random_any(void) {
    static const float special[] = {0.0f, -0.0f, NAN, INFINITY, -INFINITY, 1e-40f, 3e38f};
    if (random_below(&random_now, 12) == 0) return special[random_below(&random_now, COUNT(special))];
    return random_below(&random_now, 2) ? random_real() : random_integer();
}

/* The values of `rows` rows that lie row_stride apart, in one run; the gaps must still be NaN. */
static float *without_gaps(const struct rows_shape *shape, size_t row_stride, const float *from) {
    const size_t row = shape->width * shape->c;
    float *values = buffer(shape->rows * row);
    for (size_t y = 0; y < shape->rows; y++) {
        for (size_t i = 0; i < row; i++)
            values[y * row + i] = from[y * row_stride + i];
        for (size_t i = row; y + 1 < shape->rows && i < row_stride; i++)
            check(isnan(from[y * row_stride + i]), "a value between the rows was written");
    }
    return values;
}

static struct rows_shape random_rows(void) {
    struct rows_shape s = {.rows = 1 + random_below(&random_now, 4), .width = 1 + random_below(&random_now, 6)};
    s.c = pick(COUNT(channels), channels);
    s.src_row_stride = s.width * s.c + random_below(&random_now, 2) * 7;
    s.dst_row_stride = s.width * s.c + random_below(&random_now, 2) * 3;
    tested_case("%zu rows of %zu pixels of %zu channels, row strides %zu and %zu", s.rows, s.width, s.c,
                s.src_row_stride, s.dst_row_stride);
    return s;
}

static void test_affine(const struct kernels *row) {
    const struct rows_shape s = random_rows();
    const size_t line = s.width * s.c;
    const bool scaled = random_below(&random_now, 3), relu = random_below(&random_now, 2);
    const float *src = buffer_filled(s.rows * s.src_row_stride, random_any);
    const float *scale = buffer_filled(s.c, random_real), *shift = buffer_filled(s.c, random_real);
    float *dst = buffer(s.rows * s.dst_row_stride), *expected = buffer(s.rows * line);
    row->affine(&s, src, scaled ? scale : NULL, shift, relu, dst);
    for (size_t i = 0; i < s.rows * line; i++) {
        float value = src[i / line * s.src_row_stride + i % line];
        if (scaled) value = value * scale[i % s.c] + shift[i % s.c];
        expected[i] = relu ? relu_of(value) : value;
    }
    check_same("affine", s.rows * line, without_gaps(&s, s.dst_row_stride, dst), expected);
    buffers_end();
}

static void test_batch_norm_backward(const struct kernels *row) {
    const struct rows_shape s = random_rows();
    const size_t count = s.rows * s.width * s.c;
    const bool mask = random_below(&random_now, 2);
    const float *diff = buffer_filled(count, random_any), *src = buffer_filled(count, random_any);
    const float *a = buffer_filled(s.c, random_real), *b = buffer_filled(s.c, random_real);
    const float *d = buffer_filled(s.c, random_real);
    float *diff_src = buffer(s.rows * s.dst_row_stride), *expected = buffer(count);
    row->batch_norm_backward(&s, diff, src, a, b, d, mask, diff_src);
    for (size_t i = 0; i < count; i++) {
        const float value = a[i % s.c] * diff[i] + b[i % s.c] * src[i] + d[i % s.c];
        expected[i] = mask && src[i] <= 0 ? 0 : value;
    }
    check_same("batch_norm_backward", count, without_gaps(&s, s.dst_row_stride, diff_src), expected);
    buffers_end();
}

static struct operand random_operand(const struct rows_shape *s) {
    struct operand operand = {.row_stride = s->width * s->c + random_below(&random_now, 2) * 3};
    operand.values = buffer_filled(s->rows * operand.row_stride, random_any);
    if (random_below(&random_now, 2)) return operand;
    operand.scale = buffer_filled(s->c, random_real), operand.shift = buffer_filled(s->c, random_real);
    return operand;
}

static float operand_at(const struct rows_shape *s, const struct operand *operand, size_t i) {
    const size_t row = s->width * s->c;
    const float value = operand->values[i / row * operand->row_stride + i % row];
    return operand->scale ? value * operand->scale[i % s->c] + operand->shift[i % s->c] : value;
}

static void test_add(const struct kernels *row) {
    const struct rows_shape s = random_rows();
    const size_t count = s.rows * s.width * s.c;
    const bool relu = random_below(&random_now, 2);
    const struct operand a = random_operand(&s), b = random_operand(&s);
    float *sum = buffer(s.rows * s.dst_row_stride), *expected = buffer(count);
    tested_case("%zu rows of %zux%zu, %s and %s", s.rows, s.width, s.c, a.scale ? "scaled" : "plain",
                b.scale ? "scaled" : "plain");
    row->add(&s, &a, &b, relu, sum);
    for (size_t i = 0; i < count; i++) {
        expected[i] = operand_at(&s, &a, i) + operand_at(&s, &b, i);
        if (relu) expected[i] = relu_of(expected[i]);
    }
    check_same("add", count, without_gaps(&s, s.dst_row_stride, sum), expected);
    buffers_end();
}

static void test_relu_backward(const struct kernels *row) {
    const size_t count = 1 + random_below(&random_now, 100);
    const float *a = buffer_filled(count, random_any), *b = buffer_filled(count, random_any);
    float *sum = buffer(count), *in_place = buffer_copy(count, a), *expected = buffer(count);
    tested_case("%zu values", count);
    row->relu_backward(count, a, b, sum);
    row->relu_backward(count, in_place, b, in_place);
    for (size_t i = 0; i < count; i++)
        expected[i] = b[i] > 0 ? a[i] : 0;
    check_same("relu_backward", count, sum, expected);
    check_same("relu_backward in place", count, in_place, expected);
    buffers_end();
}

static void test_upsample(const struct kernels *row) {
    const size_t fh = 1 + random_below(&random_now, 3), fw = 1 + random_below(&random_now, 3);
    struct rows_shape s = random_rows();
    s.dst_row_stride = s.width * fw * s.c + random_below(&random_now, 2) * 5;
    const struct rows_shape large = {.rows = s.rows * fh, .width = s.width * fw, .c = s.c};
    const size_t line = s.width * s.c, long_line = large.width * s.c;
    const float *src = buffer_filled(s.rows * s.src_row_stride, random_any);
    float *dst = buffer(large.rows * s.dst_row_stride), *expected = buffer(large.rows * long_line);
    row->upsample(&s, fh, fw, src, dst);
    for (size_t i = 0; i < large.rows * long_line; i++) {
        const size_t y = i / long_line / fh, x = i / s.c % large.width / fw;
        expected[i] = src[y * s.src_row_stride + x * s.c + i % s.c];
    }
    check_same("upsample", large.rows * long_line, without_gaps(&large, s.dst_row_stride, dst), expected);

    const float *diff = buffer_filled(large.rows * s.dst_row_stride, random_real);
    float *diff_src = buffer(s.rows * s.src_row_stride), *back = buffer(s.rows * line);
    row->upsample_backward(&s, fh, fw, diff, diff_src);
    for (size_t i = 0; i < s.rows * line; i++) {
        const size_t y = i / line, x = i / s.c % s.width;
        back[i] = 0;
        for (size_t ky = 0; ky < fh; ky++) {
            for (size_t kx = 0; kx < fw; kx++)
                back[i] += diff[(y * fh + ky) * s.dst_row_stride + (x * fw + kx) * s.c + i % s.c];
        }
    }
    check_same("upsample_backward", s.rows * line, without_gaps(&s, s.src_row_stride, diff_src), back);
    buffers_end();
}

static void test_join_parts(const struct kernels *row) {
    const size_t count = 1 + random_below(&random_now, 70), parts = 1 + random_below(&random_now, 20);
    const size_t stride = count + random_below(&random_now, 4);
    const float *part = buffer_filled(parts * stride, random_real);
    float *dst = buffer(count), *expected = buffer(count), *level = buffer(parts);
    tested_case("%zu parts of %zu values, %zu apart", parts, count, stride);
    row->join_parts(count, parts, stride, part, dst);
    for (size_t i = 0; i < count; i++) {
        for (size_t p = 0; p < parts; p++)
            level[p] = part[p * stride + i];
        for (size_t left = parts; left > 1; left = (left + 1) / 2) {
            for (size_t p = 0; p < left; p += 2)
                level[p / 2] = p + 1 < left ? level[p] + level[p + 1] : level[p];
        }
        expected[i] = level[0];
    }
    check_same("join_parts", count, dst, expected);
    buffers_end();
}

static float random_positive(void) {
    return random_unit(&random_now);
}

void test_optimizers(const struct kernels *row) {
    const size_t count = 1 + random_below(&random_now, 100);
    const struct adam_step adam = {1e-3f * random_unit(&random_now), 0.1f, 0.001f, 1e-7f};
    const struct sgd_step sgd = {.learning_rate = random_unit(&random_now),
                                 .momentum = random_below(&random_now, 2) ? 0.9f : 0.0f,
                                 .nesterov = random_below(&random_now, 2)};
    const float *g = buffer_filled(count, random_real), *w = buffer_filled(count, random_real);
    const float *m = buffer_filled(count, random_real), *v = buffer_filled(count, random_positive);
    float *w1 = buffer_copy(count, w), *m1 = buffer_copy(count, m), *v1 = buffer_copy(count, v);
    float *w2 = buffer(count), *m2 = buffer(count), *v2 = buffer(count);
    tested_case("%zu values, momentum %g, nesterov %d", count, (double)sgd.momentum, sgd.nesterov);
    row->adam(count, &adam, g, w1, m1, v1);
    for (size_t i = 0; i < count; i++) {
        m2[i] = m[i] + (g[i] - m[i]) * adam.share1;
        v2[i] = v[i] + (g[i] * g[i] - v[i]) * adam.share2;
        w2[i] = w[i] - adam.learning_rate * m2[i] / (sqrtf(v2[i]) + adam.epsilon);
    }
    check_same("adam weights", count, w1, w2);
    check_same("adam m", count, m1, m2);
    check_same("adam v", count, v1, v2);

    float *w3 = buffer_copy(count, w), *m3 = buffer_copy(count, m);
    row->sgd(count, &sgd, g, w3, sgd.momentum != 0 ? m3 : NULL);
    for (size_t i = 0; i < count; i++) {
        const float step = sgd.learning_rate * g[i];
        m2[i] = sgd.momentum != 0 ? sgd.momentum * m[i] - step : m[i];
        w2[i] = sgd.momentum == 0 ? w[i] - step : w[i] + (sgd.nesterov ? sgd.momentum * m2[i] - step : m2[i]);
    }
    check_same("sgd weights", count, w3, w2);
    check_same("sgd velocity", count, m3, m2);
    buffers_end();
}

void test_values(const struct kernels *row) {
    test_affine(row);
    test_batch_norm_backward(row);
    test_add(row);
    test_relu_backward(row);
    test_upsample(row);
    test_join_parts(row);
}
