/* SPDX-License-Identifier: MIT */
/* Convolutions: bit for bit on small integers, within the proved bound on reals, and in the promised order. */
#include "kernel_test.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(values) (sizeof(values) / sizeof *(values))

/* One random convolution with its operands, all by the definition and none by a kernel. */
struct problem {
    struct conv_shape shape;
    size_t k, src_count, weight_count, dst_count, dst_values; /* dst_values: oh * ow * oc, without the gaps */
    float *src, *weights, *bias, *add, *diff;
};

static struct conv_shape random_shape(void) {
    static const size_t channels[] = {1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 31, 32, 33, 48, 63, 65, 130};
    static const size_t widths[] = {1, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 14, 15, 16, 27, 29};
    static const size_t heights[] = {1, 1, 2, 3, 4, 5};
    static const size_t kernels[][2] = {{1, 1}, {1, 1}, {3, 3}, {3, 3}, {7, 7}, {2, 2}, {1, 5}, {4, 1}};
    static const size_t deep[] = {255, 383, 384, 385, 769, 1024};
    struct conv_shape s = {.oc = pick(COUNT(channels), channels), .sh = 1 + random_below(&random_now, 2)};
    const size_t *kernel = kernels[random_below(&random_now, COUNT(kernels))];
    s.kh = kernel[0], s.kw = kernel[1], s.sw = random_below(&random_now, 4) ? s.sh : 3 - s.sh;
    s.ic = pick(COUNT(channels), channels);
    s.ow = pick(COUNT(widths), widths), s.oh = pick(COUNT(heights), heights);
    if (random_below(&random_now, 6) == 0) s.ic = pick(COUNT(deep), deep), s.kw = 1, s.oh = 1;
    if (random_below(&random_now, 20) == 0) s.oh = 17, s.ow = 16, s.ic = 3, s.oc = 33; /* more than a block of tiles */
    while (s.kh * s.kw * s.ic * s.oc * s.oh * s.ow > 600000) {
        if (s.oh > 1) s.oh--;
        else if (s.ow > 8) s.ow /= 2;
        else if (s.oc > 17) s.oc -= 16;
        else s.ic = s.ic / 2 + 1;
    }
    s.ih = (s.oh - 1) * s.sh + s.kh + random_below(&random_now, (uint32_t)s.sh);
    s.iw = (s.ow - 1) * s.sw + s.kw + random_below(&random_now, (uint32_t)s.sw);
    s.src_row_stride = s.iw * s.ic + random_below(&random_now, 3) * 5;
    s.dst_row_stride = s.ow * s.oc + random_below(&random_now, 3) * 3;
    return s;
}

static struct problem new_problem(const struct conv_shape *shape, float (*next)(void)) {
    struct problem p = {.shape = *shape, .k = shape->kh * shape->kw * shape->ic};
    p.src_count = (shape->ih - 1) * shape->src_row_stride + shape->iw * shape->ic;
    p.dst_count = (shape->oh - 1) * shape->dst_row_stride + shape->ow * shape->oc;
    p.dst_values = shape->oh * shape->ow * shape->oc;
    p.weight_count = p.k * shape->oc;
    p.src = buffer_filled(p.src_count, next);
    p.weights = buffer_filled(p.weight_count, next);
    p.bias = random_below(&random_now, 3) ? buffer_filled(shape->oc, next) : NULL;
    p.add = random_below(&random_now, 2) ? buffer_filled(p.dst_count, next) : NULL;
    p.diff = buffer_filled(p.dst_count, next);
    return p;
}

static float src_at(const struct problem *p, size_t y, size_t x, size_t k) {
    const struct conv_shape *s = &p->shape;
    const size_t ky = k / (s->kw * s->ic), kx = k / s->ic % s->kw, i = k % s->ic;
    return p->src[(y * s->sh + ky) * s->src_row_stride + (x * s->sw + kx) * s->ic + i];
}

/* The sum in double (exact on integers), the sum of the terms' magnitudes, and the sum as the fast rows promise it. */
struct sum {
    double value, magnitude;
    float chain;
};

static void add_term(struct sum *sum, float a, float b) {
    sum->value += (double)a * (double)b;
    sum->magnitude += fabs((double)a * (double)b);
    sum->chain = fmaf(a, b, sum->chain);
}

static struct sum forward_sum(const struct problem *p, size_t y, size_t x, size_t o) {
    const float bias = p->bias ? p->bias[o] : 0;
    struct sum sum = {(double)bias, fabs((double)bias), bias};
    for (size_t k = 0; k < p->k; k++)
        add_term(&sum, src_at(p, y, x, k), p->weights[k * p->shape.oc + o]);
    if (p->add) {
        const float add = p->add[y * p->shape.dst_row_stride + x * p->shape.oc + o];
        sum.value += (double)add, sum.magnitude += fabs((double)add), sum.chain += add;
    }
    return sum;
}

static struct sum weights_sum(const struct problem *p, float start, size_t k, size_t o) {
    const struct conv_shape *s = &p->shape;
    struct sum sum = {(double)start, fabs((double)start), start};
    for (size_t y = 0; y < s->oh; y++) {
        for (size_t x = 0; x < s->ow; x++)
            add_term(&sum, src_at(p, y, x, k), p->diff[y * s->dst_row_stride + x * s->oc + o]);
    }
    return sum;
}

/* Compares `got` with sums: exactly on integers, else within gamma; and with the promised chain where it is promised. */
static void check_sums(const char *what, size_t count, size_t terms, const struct sum *sums, const float *got,
                       bool exact, bool fused) {
    float *chain = buffer(count);
    double *value = scratch(count * sizeof *value), *bound = scratch(count * sizeof *bound);
    for (size_t i = 0; i < count; i++) {
        chain[i] = sums[i].chain, value[i] = sums[i].value;
        bound[i] = exact ? 0 : gamma_bound(terms) * sums[i].magnitude;
    }
    check_bound(what, count, got, value, bound);
    if (fused) check_same(what, count, got, chain);
}

static float *packed_weights(const struct kernels *row, const struct problem *p) {
    float *packed = buffer(kernels_packed_size(row, p->k, p->shape.oc));
    row->pack(p->weights, p->k, p->shape.oc, packed);
    return packed;
}

/* Both packings against their definition, the filling included. */
static void test_packing(const struct kernels *row, const struct problem *p) {
    const struct conv_shape *s = &p->shape;
    const size_t width = row->tile_columns, k_rotated = s->kh * s->kw * s->oc;
    const size_t count = kernels_packed_size(row, p->k, s->oc),
                 count_rotated = kernels_packed_size(row, k_rotated, s->ic);
    float *expected = buffer(count), *expected_rotated = buffer(count_rotated), *rotated = buffer(count_rotated);
    for (size_t i = 0; i < count; i++) {
        const size_t k = i / width % p->k, o = i / width / p->k * width + i % width;
        expected[i] = o < s->oc ? p->weights[k * s->oc + o] : 0;
    }
    for (size_t j = 0; j < count_rotated; j++) {
        const size_t k = j / width % k_rotated, i = j / width / k_rotated * width + j % width;
        const size_t tap = s->kh * s->kw - 1 - k / s->oc;
        expected_rotated[j] = i < s->ic ? p->weights[(tap * s->ic + i) * s->oc + k % s->oc] : 0;
    }
    row->pack_rotated(p->weights, s->kh, s->kw, s->ic, s->oc, rotated);
    check_same("pack", count, packed_weights(row, p), expected);
    check_same("pack_rotated", count_rotated, rotated, expected_rotated);
}

/* Channels in two calls, each into its part of the pixels: the same bits. */
static void test_columns(const struct kernels *row, const struct problem *p, const float *packed, bool relu,
                         const float *dst) {
    float *halves = buffer(p->dst_count);
    const size_t oc = p->shape.oc, panels = (oc + row->tile_columns - 1) / row->tile_columns;
    const size_t split = random_below(&random_now, (uint32_t)panels) * row->tile_columns;
    for (int half = 0; half < 2; half++) {
        const size_t first = half ? split : 0;
        struct conv_shape s = p->shape;
        s.dst_pixel_stride = oc, s.oc = half ? oc - split : split;
        if (s.oc > 0)
            row->conv2d(&s, p->src, packed + first * p->k, p->bias ? p->bias + first : NULL,
                        p->add ? p->add + first : NULL, relu, 0, s.oh, halves + first, conv2d_room(row));
    }
    check_same("channels in two calls", p->dst_count, halves, dst);
}

/* Added to what dst held: the same bits. */
static void test_in_place(const struct kernels *row, const struct problem *p, const float *packed, bool relu,
                          const float *dst) {
    const struct conv_shape *s = &p->shape;
    if (!p->add || p->k > KERNELS_ADD_IN_PLACE) return;
    float *there = buffer_copy(p->dst_count, p->add);
    row->conv2d(s, p->src, packed, p->bias, there, relu, 0, s->oh, there, conv2d_room(row));
    for (size_t y = 0; y < s->oh; y++)
        check_same("added in place", s->ow * s->oc, there + y * s->dst_row_stride, dst + y * s->dst_row_stride);
}

static void test_forward(const struct kernels *row, const struct problem *p, bool exact, bool fused) {
    const struct conv_shape *s = &p->shape;
    const bool relu = random_below(&random_now, 2);
    const size_t split = random_below(&random_now, (uint32_t)s->oh + 1);
    const float *packed = packed_weights(row, p);
    float *dst = buffer(p->dst_count), *halves = buffer(p->dst_count), *values = buffer(p->dst_values);
    struct sum *sums = scratch(p->dst_values * sizeof *sums);
    row->conv2d(s, p->src, packed, p->bias, p->add, relu, 0, s->oh, dst, conv2d_room(row));
    row->conv2d(s, p->src, packed, p->bias, p->add, relu, split, s->oh, halves, conv2d_room(row));
    row->conv2d(s, p->src, packed, p->bias, p->add, relu, 0, split, halves, conv2d_room(row));
    check_same("rows in two calls", p->dst_count, halves, dst);
    test_columns(row, p, packed, relu, dst);
    test_in_place(row, p, packed, relu, dst);
    for (size_t i = 0; i < p->dst_values; i++) {
        const size_t y = i / (s->ow * s->oc), x = i / s->oc % s->ow, o = i % s->oc;
        values[i] = dst[y * s->dst_row_stride + x * s->oc + o];
        dst[y * s->dst_row_stride + x * s->oc + o] = NAN;
        sums[i] = forward_sum(p, y, x, o);
        if (relu && sums[i].value < 0) sums[i].value = 0;
        if (relu && sums[i].chain < 0) sums[i].chain = 0;
    }
    check_sums("conv2d", p->dst_values, p->k + 2, sums, values, exact, fused);
    for (size_t i = 0; i < p->dst_count; i++) {
        if (!isnan(dst[i])) check(false, "conv2d wrote between the rows, value %zu", i);
    }
}

static void test_diff_weights(const struct kernels *row, const struct problem *p, bool exact, bool fused) {
    const struct conv_shape *s = &p->shape;
    const bool resume = random_below(&random_now, 2);
    float *start = buffer_filled(p->weight_count, exact ? random_integer : random_real);
    float *diff_weights = resume ? buffer_copy(p->weight_count, start) : buffer(p->weight_count);
    struct sum *sums = scratch(p->weight_count * sizeof *sums);
    row->conv2d_diff_weights(s, p->src, p->diff, resume, diff_weights);
    for (size_t i = 0; i < p->weight_count; i++)
        sums[i] = weights_sum(p, resume ? start[i] : 0, i / s->oc, i % s->oc);
    check_sums("conv2d_diff_weights", p->weight_count, s->oh * s->ow + 1, sums, diff_weights, exact, fused);
}

/* The gradient to the source through pack_rotated, stride 1: exact against the definition, and <conv(src), diff> =
 * <src, conv_T(diff)> = <weights, diff_weights>. */
static void test_adjoint(const struct kernels *row, struct problem p) {
    struct conv_shape *s = &p.shape;
    p.bias = p.add = NULL;
    const struct conv_shape back = {.ih = s->oh + 2 * (s->kh - 1),
                                    .iw = s->ow + 2 * (s->kw - 1),
                                    .ic = s->oc,
                                    .oh = s->oh + s->kh - 1,
                                    .ow = s->ow + s->kw - 1,
                                    .oc = s->ic,
                                    .kh = s->kh,
                                    .kw = s->kw,
                                    .sh = 1,
                                    .sw = 1,
                                    .src_row_stride = (s->ow + 2 * (s->kw - 1)) * s->oc,
                                    .dst_row_stride = s->src_row_stride};
    float *padded = buffer(back.ih * back.src_row_stride), *dst = buffer(p.dst_count);
    float *diff_src = buffer((back.oh - 1) * back.dst_row_stride + back.ow * back.oc);
    float *diff_weights = buffer(p.weight_count);
    float *rotated = buffer(kernels_packed_size(row, s->kh * s->kw * s->oc, s->ic));
    for (size_t i = 0; i < back.ih * back.src_row_stride; i++)
        padded[i] = 0;
    for (size_t y = 0; y < s->oh; y++)
        memcpy(padded + (y + s->kh - 1) * back.src_row_stride + (s->kw - 1) * s->oc, p.diff + y * s->dst_row_stride,
               s->ow * s->oc * sizeof *padded);
    row->pack_rotated(p.weights, s->kh, s->kw, s->ic, s->oc, rotated);
    row->conv2d(&back, padded, rotated, NULL, NULL, false, 0, back.oh, diff_src, conv2d_room(row));
    row->conv2d(s, p.src, packed_weights(row, &p), NULL, NULL, false, 0, s->oh, dst, conv2d_room(row));
    row->conv2d_diff_weights(s, p.src, p.diff, false, diff_weights);

    double forward = 0, backward = 0, weights = 0;
    for (size_t y = 0; y < s->oh; y++) {
        for (size_t i = 0; i < s->ow * s->oc; i++)
            forward += (double)dst[y * s->dst_row_stride + i] * (double)p.diff[y * s->dst_row_stride + i];
    }
    for (size_t y = 0; y < back.oh; y++) {
        for (size_t i = 0; i < back.ow * back.oc; i++)
            backward += (double)diff_src[y * back.dst_row_stride + i] * (double)p.src[y * s->src_row_stride + i];
    }
    for (size_t i = 0; i < p.weight_count; i++)
        weights += (double)diff_weights[i] * (double)p.weights[i];
    check(forward == backward, "adjoint: <conv(src), diff> = %.0f, <src, conv_T(diff)> = %.0f", forward, backward);
    check(forward == weights, "adjoint: <conv(src), diff> = %.0f, <weights, diff_weights> = %.0f", forward, weights);

    /* One value by the definition, so that both sides cannot be wrong together. */
    const size_t y = random_below(&random_now, (uint32_t)back.oh), x = random_below(&random_now, (uint32_t)back.ow);
    const size_t i = random_below(&random_now, (uint32_t)s->ic);
    double expected = 0;
    for (size_t ky = 0; ky < s->kh; ky++) {
        for (size_t kx = 0; kx < s->kw; kx++) {
            if (y < ky || x < kx || y - ky >= s->oh || x - kx >= s->ow) continue;
            for (size_t o = 0; o < s->oc; o++)
                expected += (double)p.diff[(y - ky) * s->dst_row_stride + (x - kx) * s->oc + o] *
                            (double)p.weights[((ky * s->kw + kx) * s->ic + i) * s->oc + o];
        }
    }
    const double got = (double)diff_src[y * back.dst_row_stride + x * s->ic + i];
    check(got == expected, "gradient to the source at (%zu, %zu, %zu) is %.0f (expected %.0f)", y, x, i, got, expected);
}

static void describe(const char *data, const struct conv_shape *s) {
    tested_case("%s convolution %zux%zux%zu -> %zux%zux%zu, kernel %zux%zu, stride %zux%zu, row strides %zu and %zu",
                data, s->ih, s->iw, s->ic, s->oh, s->ow, s->oc, s->kh, s->kw, s->sh, s->sw, s->src_row_stride,
                s->dst_row_stride);
}

void test_convolution(const struct kernels *row, bool fused) {
    struct conv_shape shape = random_shape();
    for (int exact = 0; exact < 2; exact++) {
        const struct problem p = new_problem(&shape, exact ? random_integer : random_real);
        describe(exact ? "integer" : "real", &shape);
        test_packing(row, &p);
        test_forward(row, &p, exact, fused);
        test_diff_weights(row, &p, exact, fused);
        buffers_end();
    }
    shape.sh = shape.sw = 1;
    shape.ih = shape.oh + shape.kh - 1, shape.iw = shape.ow + shape.kw - 1;
    shape.src_row_stride = shape.iw * shape.ic;
    describe("adjoint", &shape);
    test_adjoint(row, new_problem(&shape, random_integer));
    buffers_end();
}
