/* SPDX-License-Identifier: MIT */
/* Winograd convolutions: bit for bit where every intermediate is a whole number that float holds, elsewhere within the
 * bound that follows from the matrices; rows and images in any portions. */
#include "kernel_test.h"

#include <math.h>
#include <string.h>

#define COUNT(values) (sizeof(values) / sizeof *(values))

/* The matrices of F(2x2, 3x3) and F(4x4, 3x3), whose side is tile + 2. */
struct matrices {
    double source[6][6], output[4][6], weights[6][3];
    double multiple; /* G g G^T of multiples of it is whole */
    double
        gradient_unit; /* what sums and transforms of whole gradients are multiples of (transformed back by 6 G^T, 2 G^T) */
    double gradient_scale;
};
static const struct matrices matrices2 = {.source = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, 1, 0, -1}},
                                          .output = {{1, 1, 1, 0}, {0, 1, -1, -1}},
                                          .weights = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}},
                                          .multiple = 4,
                                          .gradient_unit = 1,
                                          .gradient_scale = 2};
static const struct matrices matrices4 = {
    .source = {{4, 0, -5, 0, 1, 0},
               {0, -4, -4, 1, 1, 0},
               {0, 4, -4, -1, 1, 0},
               {0, -2, -1, 2, 1, 0},
               {0, 2, -1, -2, 1, 0},
               {0, 4, 0, -5, 0, 1}},
    .output = {{1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}},
    .weights = {{1. / 4, 0, 0},
                {-1. / 6, -1. / 6, -1. / 6},
                {-1. / 6, 1. / 6, -1. / 6},
                {1. / 24, 1. / 12, 1. / 6},
                {1. / 24, -1. / 12, 1. / 6},
                {0, 0, 1}},
    .multiple = 576,
    .gradient_unit = 1. / 16,
    .gradient_scale = 6};

struct problem {
    struct winograd_shape shape;
    const struct matrices *matrices;
    size_t side, down, across; /* of a patch; tiles of an image */
    size_t src_count, dst_count, weight_count, scratch_count;
    float *src, *weights, *bias, *diff;
};

/* Rounds of whole numbers, and how many of them could be held to the exact values. */
static struct { unsigned long rounds, exact; } forwards, gradients;

static float density; /* the share of values that are not 0, so that sums of many stay small */
static float factor;

static float random_sparse(void) {
    return random_unit(&random_now) >= density ? 0 : random_below(&random_now, 2) ? factor : -factor;
}

static struct winograd_shape random_shape(void) {
    static const size_t channels[] = {1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 47, 64, 65};
    static const size_t sizes[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14};
    struct winograd_shape w = {.tile = random_below(&random_now, 3) ? 4 : 2,
                               .images = 1 + random_below(&random_now, 3) / 2 * random_below(&random_now, 3)};
    struct conv_shape *s = &w.conv;
    s->ic = pick(COUNT(channels), channels), s->oc = pick(COUNT(channels), channels);
    s->oh = pick(COUNT(sizes), sizes), s->ow = pick(COUNT(sizes), sizes);
    const uint32_t special = random_below(&random_now, 8);
    if (special == 0) s->oh = 33, s->ow = 36, s->ic = 33, s->oc = 1;                       /* more than a band */
    if (special == 1) s->oh = s->ow = 5, s->ic = pick(2, (size_t[]){385, 770}), s->oc = 3; /* more than a block */
    while (w.images * s->ic * s->oc * s->oh * s->ow > 60000) {
        if (w.images > 1) w.images--;
        else if (s->ic > s->oc && s->ic < 385) s->ic = (s->ic + 1) / 2;
        else if (s->oc > 1) s->oc = (s->oc + 1) / 2;
        else s->oh--;
    }
    s->kh = s->kw = 3, s->sh = s->sw = 1, s->ih = s->oh + 2, s->iw = s->ow + 2;
    s->src_row_stride = s->iw * s->ic + random_below(&random_now, 3) * 5;
    s->dst_row_stride = s->ow * s->oc + random_below(&random_now, 3) * 3;
    w.src_image_stride = s->ih * s->src_row_stride + random_below(&random_now, 2) * 7;
    w.dst_image_stride = s->oh * s->dst_row_stride + random_below(&random_now, 2) * 9;
    return w;
}

static struct problem new_problem(const struct kernels *row, const struct winograd_shape *shape, bool exact) {
    const struct conv_shape *s = &shape->conv;
    struct problem p = {.shape = *shape, .matrices = shape->tile == 4 ? &matrices4 : &matrices2};
    p.side = shape->tile + 2;
    p.down = (s->oh + shape->tile - 1) / shape->tile, p.across = (s->ow + shape->tile - 1) / shape->tile;
    p.src_count = (shape->images - 1) * shape->src_image_stride + (s->ih - 1) * s->src_row_stride + s->iw * s->ic;
    p.dst_count = (shape->images - 1) * shape->dst_image_stride + (s->oh - 1) * s->dst_row_stride + s->ow * s->oc;
    p.weight_count = 9 * s->ic * s->oc;
    p.scratch_count = row->winograd.scratch_size(shape->tile, s->ic, s->oc);
    float (*next)(void) = exact ? random_sparse : random_real;
    density = s->ic < 12 ? 1 : 3.4F / sqrtf((float)s->ic), factor = 1;
    p.src = buffer_filled(p.src_count, next), p.diff = buffer_filled(p.dst_count, next);
    factor = (float)p.matrices->multiple;
    p.weights = buffer_filled(p.weight_count, next);
    p.bias = random_below(&random_now, 3) ? buffer_filled(s->oc, next) : NULL;
    return p;
}

static double pixel(const float *image, size_t row_stride, size_t c, size_t height, size_t width, size_t y, size_t x,
                    size_t channel) {
    return y < height && x < width ? (double)image[y * row_stride + x * c + channel] : 0;
}

/* |L| |x| |L|^T of a columns x columns square x: rows x rows values, in place. */
static void magnitudes(size_t rows, size_t columns, size_t stride, const double *left, double square[6][6]) {
    double middle[6][6] = {{0}}, result[6][6] = {{0}};
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++) {
            for (size_t k = 0; k < columns; k++)
                middle[i][j] += fabs(left[i * stride + k]) * fabs(square[k][j]);
        }
    }
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < rows; j++) {
            for (size_t k = 0; k < columns; k++)
                result[i][j] += middle[i][k] * fabs(left[j * stride + k]);
        }
    }
    memcpy(square, result, sizeof result);
}

static void magnitudes_transposed(size_t rows, size_t columns, size_t stride, const double *matrix, double scale,
                                  double square[6][6]) {
    double left[6][6] = {{0}};
    for (size_t i = 0; i < rows; i++) {
        for (size_t j = 0; j < columns; j++)
            left[i][j] = matrix[j * stride + i] * scale;
    }
    magnitudes(rows, columns, 6, left[0], square);
}

static void source_magnitudes(const struct problem *p, const float *src, size_t tile, size_t i, double v[6][6]) {
    const struct conv_shape *s = &p->shape.conv;
    for (size_t y = 0; y < p->side; y++) {
        for (size_t x = 0; x < p->side; x++)
            v[y][x] = pixel(src, s->src_row_stride, s->ic, s->ih, s->iw, tile / p->across * p->shape.tile + y,
                            tile % p->across * p->shape.tile + x, i);
    }
    magnitudes(p->side, p->side, 6, p->matrices->source[0], v);
}

/* The error bounds. A value of a transformed square is a sum of at most 6 terms for each of two lines, in which every
 * input has one path; on it a constant, its product and 6 additions round, at most 8 times a line, in whatever order. So
 * the computed V is within gamma_16 of |B^T| |d| |B|, and U within gamma_16 of |G| |g| |G^T|, both value by value; their
 * product and the sum over ic channels round ic + 1 times, the transform of the output 16 times and the bias once. The
 * factors (1 + gamma_j)(1 + gamma_k) <= 1 + gamma_(j+k) (Higham, Lemma 3.3) give in all
 *     |error| <= gamma_(ic + 50) (|A^T| [sum over ic of (|G| |g| |G^T|) . (|B^T| |d| |B|)] |A| + |bias|).
 * For the gradient of the weights the sum runs over the tiles, in bands, whose sums are added one after the other, after
 * a constant factor: at most 2 tiles + 2 roundings:
 *     |error| <= gamma_(2 tiles + 51) (|G^T| [sum over tiles of (|B^T| |d| |B|) . (|A| |e| |A^T|)] |G| + |before|).
 * The same magnitudes bound every intermediate, so where they are below 2^24 units whole numbers come out exact. */
static double forward_magnitudes(const struct problem *p, size_t image, size_t tile, size_t o, double out[6][6]) {
    const struct conv_shape *s = &p->shape.conv;
    double largest = 0;
    memset(out, 0, 36 * sizeof **out);
    for (size_t i = 0; i < s->ic; i++) {
        double v[6][6] = {{0}}, u[6][6] = {{0}};
        source_magnitudes(p, p->src + image * p->shape.src_image_stride, tile, i, v);
        for (size_t tap = 0; tap < 9; tap++)
            u[tap / 3][tap % 3] = (double)p->weights[(tap * s->ic + i) * s->oc + o];
        magnitudes(p->side, 3, 3, p->matrices->weights[0], u);
        for (size_t xi = 0; xi < 36; xi++)
            out[xi / 6][xi % 6] += u[xi / 6][xi % 6] * v[xi / 6][xi % 6];
    }
    magnitudes(p->shape.tile, p->side, 6, p->matrices->output[0], out);
    const double bias = p->bias ? fabs((double)p->bias[o]) : 0;
    for (size_t xi = 0; xi < 36; xi++) {
        out[xi / 6][xi % 6] += bias;
        largest = fmax(largest, out[xi / 6][xi % 6]);
    }
    return largest;
}

static double forward_value(const struct problem *p, size_t image, size_t y, size_t x, size_t o) {
    const struct conv_shape *s = &p->shape.conv;
    const float *src = p->src + image * p->shape.src_image_stride;
    double sum = p->bias ? (double)p->bias[o] : 0;
    for (size_t tap = 0; tap < 9; tap++) {
        for (size_t i = 0; i < s->ic; i++)
            sum += pixel(src, s->src_row_stride, s->ic, s->ih, s->iw, y + tap / 3, x + tap % 3, i) *
                   (double)p->weights[(tap * s->ic + i) * s->oc + o];
    }
    return sum;
}

static float *packed_weights(const struct kernels *row, const struct problem *p) {
    const struct conv_shape *s = &p->shape.conv;
    float *packed = buffer(kernels_packed_size(row, p->side * p->side * s->ic, s->oc));
    row->winograd.pack(p->shape.tile, p->weights, s->ic, s->oc, packed);
    return packed;
}

/* Packing rotated is packing what was rotated by hand; and no column of the filling is left unset. */
static void test_packing(const struct kernels *row, const struct problem *p) {
    const struct conv_shape *s = &p->shape.conv;
    const size_t count = kernels_packed_size(row, p->side * p->side * s->oc, s->ic);
    float *by_hand = buffer(p->weight_count), *expected = buffer(count), *packed = buffer(count);
    for (size_t tap = 0; tap < 9; tap++) {
        for (size_t i = 0; i < s->ic; i++) {
            for (size_t o = 0; o < s->oc; o++)
                by_hand[(tap * s->oc + o) * s->ic + i] = p->weights[((8 - tap) * s->ic + i) * s->oc + o];
        }
    }
    row->winograd.pack(p->shape.tile, by_hand, s->oc, s->ic, expected);
    row->winograd.pack_rotated(p->shape.tile, p->weights, s->ic, s->oc, packed);
    check_same("pack_rotated", count, packed, expected);
    for (size_t i = 0; i < count; i++) {
        const size_t column =
            i / row->tile_columns / (p->side * p->side * s->oc) * row->tile_columns + i % row->tile_columns;
        if (isnan(packed[i]) || (column >= s->ic && packed[i] != 0)) check(false, "the filling, value %zu", i);
    }
}

/* In two portions of rows or of channels, and image by image: the same bits. */
static void test_portions(const struct kernels *row, const struct problem *p, const float *packed, bool relu,
                          const float *dst) {
    const struct conv_shape *s = &p->shape.conv;
    const size_t split = random_below(&random_now, (uint32_t)s->oh + 1);
    float *portions = buffer(p->dst_count), *work = buffer(p->scratch_count);
    row->winograd.conv2d(&p->shape, p->src, packed, p->bias, relu, split, s->oh, portions, work);
    for (size_t i = 0; i < split * s->dst_row_stride && i < p->dst_count; i++) { /* of the first image */
        if (!isnan(portions[i])) check(false, "winograd.conv2d wrote into another portion's rows, value %zu", i);
    }
    row->winograd.conv2d(&p->shape, p->src, packed, p->bias, relu, 0, split, portions, work);
    check_same("winograd: rows in two calls", p->dst_count, portions, dst);
    portions = buffer(p->dst_count);
    const size_t panels = (s->oc + row->tile_columns - 1) / row->tile_columns;
    const size_t columns = random_below(&random_now, (uint32_t)panels) * row->tile_columns;
    for (int half = 0; half < 2; half++) {
        const size_t first = half ? columns : 0;
        struct winograd_shape part = p->shape;
        part.conv.dst_pixel_stride = s->oc, part.conv.oc = half ? s->oc - columns : columns;
        if (part.conv.oc > 0)
            row->winograd.conv2d(&part, p->src, packed + first * p->side * p->side * s->ic,
                                 p->bias ? p->bias + first : NULL, relu, 0, s->oh, portions + first, work);
    }
    check_same("winograd: channels in two calls", p->dst_count, portions, dst);
    struct winograd_shape single = p->shape;
    single.images = 1;
    portions = buffer(p->dst_count);
    for (size_t image = 0; image < p->shape.images; image++)
        row->winograd.conv2d(&single, p->src + image * single.src_image_stride, packed, p->bias, relu, 0, s->oh,
                             portions + image * single.dst_image_stride, work);
    check_same("winograd: image by image", p->dst_count, portions, dst);
}

/* Every other fast row: the same bits. */
static void test_rows(const struct kernels *row, const struct problem *p) {
    const struct conv_shape *s = &p->shape.conv;
    float *dst[2], *weights[2];
    for (const struct kernels *const *other = kernels_available() + 1; *other; other++) {
        if (strcmp(row->name, "ref") == 0 || *other == row) continue;
        for (int i = 0; i < 2; i++) {
            const struct kernels *now = i ? *other : row;
            float *work = buffer(now->winograd.scratch_size(p->shape.tile, s->ic, s->oc));
            dst[i] = buffer(p->dst_count), weights[i] = buffer_copy(p->weight_count, p->weights);
            now->winograd.conv2d(&p->shape, p->src, packed_weights(now, p), p->bias, true, 0, s->oh, dst[i], work);
            now->winograd.diff_weights(&p->shape, p->src, p->diff, true, weights[i], work);
        }
        check_same("winograd.conv2d of another row", p->dst_count, dst[0], dst[1]);
        check_same("winograd.diff_weights of another row", p->weight_count, weights[0], weights[1]);
    }
}

/* Whether it was held to the exact values. */
static bool test_forward(const struct kernels *row, const struct problem *p, bool whole_numbers) {
    const struct conv_shape *s = &p->shape.conv;
    const size_t tile = p->shape.tile, values = p->shape.images * s->oh * s->ow * s->oc;
    const bool relu = random_below(&random_now, 2);
    float *dst = buffer(p->dst_count), *got = buffer(values), *packed = packed_weights(row, p);
    double *expected = scratch(values * sizeof *expected), *bound = scratch(values * sizeof *bound);
    row->winograd.conv2d(&p->shape, p->src, packed, p->bias, relu, 0, s->oh, dst, buffer(p->scratch_count));
    test_portions(row, p, packed, relu, dst);
    double largest = 0;
    for (size_t image = 0; image < p->shape.images; image++) {
        for (size_t t = 0; t < p->down * p->across * s->oc; t++) {
            const size_t o = t % s->oc, top = t / s->oc / p->across * tile, left = t / s->oc % p->across * tile;
            double magnitude[6][6];
            largest = fmax(largest, forward_magnitudes(p, image, t / s->oc, o, magnitude));
            for (size_t y = top; y < top + tile && y < s->oh; y++) {
                for (size_t x = left; x < left + tile && x < s->ow; x++) {
                    const size_t at = ((image * s->oh + y) * s->ow + x) * s->oc + o;
                    bound[at] = gamma_bound(s->ic + 50) * magnitude[y - top][x - left];
                    expected[at] = forward_value(p, image, y, x, o);
                    if (relu && expected[at] < 0) expected[at] = 0;
                }
            }
        }
    }
    const bool exact = whole_numbers && largest <= 0x1p24;
    for (size_t i = 0; i < values; i++) {
        const size_t image = i / (s->oh * s->ow * s->oc), y = i / (s->ow * s->oc) % s->oh;
        const size_t at = image * p->shape.dst_image_stride + y * s->dst_row_stride + i % (s->ow * s->oc);
        got[i] = dst[at], dst[at] = NAN;
        if (exact) bound[i] = 0;
    }
    check_bound("winograd.conv2d", values, got, expected, bound);
    for (size_t i = 0; i < p->dst_count; i++) {
        if (!isnan(dst[i])) check(false, "winograd.conv2d wrote between the rows, value %zu", i);
    }
    return exact;
}

static double gradient_magnitudes(const struct problem *p, size_t i, size_t o, double scale, double out[6][6]) {
    const struct conv_shape *s = &p->shape.conv;
    double largest = 0;
    memset(out, 0, 36 * sizeof **out);
    for (size_t t = 0; t < p->shape.images * p->down * p->across; t++) {
        const size_t image = t / (p->down * p->across), tile = t % (p->down * p->across);
        const float *diff = p->diff + image * p->shape.dst_image_stride;
        double v[6][6] = {{0}}, e[6][6] = {{0}};
        source_magnitudes(p, p->src + image * p->shape.src_image_stride, tile, i, v);
        for (size_t y = 0; y < p->shape.tile; y++) {
            for (size_t x = 0; x < p->shape.tile; x++)
                e[y][x] = pixel(diff, s->dst_row_stride, s->oc, s->oh, s->ow, tile / p->across * p->shape.tile + y,
                                tile % p->across * p->shape.tile + x, o);
        }
        magnitudes_transposed(p->side, p->shape.tile, 6, p->matrices->output[0], 1, e);
        for (size_t xi = 0; xi < 36; xi++)
            out[xi / 6][xi % 6] += v[xi / 6][xi % 6] * e[xi / 6][xi % 6];
    }
    magnitudes_transposed(3, p->side, 3, p->matrices->weights[0], scale, out);
    for (size_t xi = 0; xi < 36; xi++)
        largest = fmax(largest, out[xi / 6][xi % 6]);
    return largest;
}

static double gradient_value(const struct problem *p, size_t tap, size_t i, size_t o) {
    const struct conv_shape *s = &p->shape.conv;
    double sum = 0;
    for (size_t image = 0; image < p->shape.images; image++) {
        const float *src = p->src + image * p->shape.src_image_stride;
        const float *diff = p->diff + image * p->shape.dst_image_stride;
        for (size_t y = 0; y < s->oh; y++) {
            for (size_t x = 0; x < s->ow; x++)
                sum += pixel(src, s->src_row_stride, s->ic, s->ih, s->iw, y + tap / 3, x + tap % 3, i) *
                       pixel(diff, s->dst_row_stride, s->oc, s->oh, s->ow, y, x, o);
        }
    }
    return sum;
}

/* The reference transforms back by G^T itself, whose sixths are not whole. */
static bool is_exact_backward(const struct kernels *row) {
    return strcmp(row->name, "ref") != 0;
}

static bool test_diff_weights(const struct kernels *row, const struct problem *p, bool whole_numbers) {
    const struct conv_shape *s = &p->shape.conv;
    const struct matrices *m = p->matrices;
    const double scale = m->gradient_scale;
    const bool resume = random_below(&random_now, 2);
    float *start = buffer_filled(p->weight_count, whole_numbers ? random_integer : random_real);
    float *got = resume ? buffer_copy(p->weight_count, start) : buffer(p->weight_count);
    double *expected = scratch(p->weight_count * sizeof *expected), largest = 0;
    double *bound = scratch(p->weight_count * sizeof *bound);
    row->winograd.diff_weights(&p->shape, p->src, p->diff, resume, got, buffer(p->scratch_count));
    for (size_t pair = 0; pair < s->ic * s->oc; pair++) {
        double magnitude[6][6];
        largest = fmax(largest, gradient_magnitudes(p, pair / s->oc, pair % s->oc, scale, magnitude));
        for (size_t tap = 0; tap < 9; tap++) {
            const size_t at = tap * s->ic * s->oc + pair;
            const double before = resume ? (double)start[at] : 0;
            expected[at] = before + gradient_value(p, tap, pair / s->oc, pair % s->oc);
            bound[at] = gamma_bound(2 * p->shape.images * p->down * p->across + 51) *
                        (magnitude[tap / 3][tap % 3] / (scale * scale) + fabs(before));
        }
    }
    const bool exact = whole_numbers && largest <= 0x1p24 * m->gradient_unit && is_exact_backward(row);
    for (size_t i = 0; exact && i < p->weight_count; i++)
        bound[i] = 0;
    check_bound("winograd.diff_weights", p->weight_count, got, expected, bound);
    return exact;
}

void test_winograd(const struct kernels *row) {
    const struct winograd_shape shape = random_shape();
    const struct conv_shape *s = &shape.conv;
    for (int exact = 0; exact < 2; exact++) {
        tested_case("%s winograd %zu, %zu images, %zux%zux%zu -> %zux%zux%zu, row strides %zu and %zu",
                    exact ? "integer" : "real", shape.tile, shape.images, s->ih, s->iw, s->ic, s->oh, s->ow, s->oc,
                    s->src_row_stride, s->dst_row_stride);
        const struct problem p = new_problem(row, &shape, exact);
        test_packing(row, &p);
        test_rows(row, &p);
        forwards.exact += test_forward(row, &p, exact);
        gradients.exact += test_diff_weights(row, &p, exact);
        buffers_end();
    }
    forwards.rounds++;
    gradients.rounds += is_exact_backward(row);
}

void test_winograd_exactness(void) {
    enum { FEW = 20 };
    tested_case("winograd on whole numbers");
    check(forwards.rounds < FEW || 4 * forwards.exact > forwards.rounds, "%lu of %lu rounds forward were exact",
          forwards.exact, forwards.rounds);
    check(gradients.rounds < FEW || 4 * gradients.exact > gradients.rounds, "%lu of %lu rounds backward were exact",
          gradients.exact, gradients.rounds);
}
