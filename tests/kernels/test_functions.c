/* SPDX-License-Identifier: MIT */
/* Functions of one value, products, dropout, and the losses on targets: against the C library, in double and beyond. */
#include "kernel_test.h"

#include "kernels/exp_log.h"
#include "kernels/functions.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define COUNT(values) (sizeof(values) / sizeof *(values))

static const size_t channels[] = {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 70};
static const double unit = 0x1p-24;

/* ---- the functions themselves, in double ---- */

static long double sigmoid_of(long double x) {
    return x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x));
}
static long double sigmoid_derivative_of(long double x) {
    return sigmoid_of(x) * sigmoid_of(-x);
}
static long double tanh_derivative_of(long double x) {
    return 4 * sigmoid_derivative_of(2 * x);
}
static long double swish_of(long double x) {
    return x * sigmoid_of(x);
}
static long double swish_derivative_of(long double x) {
    return sigmoid_of(x) + x * sigmoid_derivative_of(x);
}
static long double normal_of(long double x) {
    return erfcl(-x * 0.707106781186547524400844362104849039L) / 2;
}
static long double gelu_of(long double x) {
    return x * normal_of(x);
}
static long double gelu_derivative_of(long double x) {
    return normal_of(x) + x * expl(-x * x / 2) * 0.398942280401432677939946059934381868L;
}

static const struct function {
    const char *name;
    double (*ours)(double x);
    long double (*true_value)(long double x);
    bool absolute; /* the error of a derivative that changes sign is of 1 */
    double at_minus_infinity, at_infinity;
} functions[] = {
    {"sigmoid", function_sigmoid, sigmoid_of, false, 0, 1},
    {"sigmoid'", function_sigmoid_derivative, sigmoid_derivative_of, false, 0, 0},
    {"tanh", function_tanh, tanhl, false, -1, 1},
    {"tanh'", function_tanh_derivative, tanh_derivative_of, false, 0, 0},
    {"swish", function_swish, swish_of, false, 0, INFINITY},
    {"swish'", function_swish_derivative, swish_derivative_of, true, 0, 1},
    {"gelu", function_gelu, gelu_of, false, 0, INFINITY},
    {"gelu'", function_gelu_derivative, gelu_derivative_of, true, 0, 1},
    {"exp - 1", expm1_double, expm1l, false, -1, INFINITY},
    {"log(1 + x)", log1p_double, log1pl, false, NAN, INFINITY},
};

static void test_function(const struct function *f) {
    double worst = 0, worst_at = 0;
    tested_case("%s in double", f->name);
    for (int i = -20000; i <= 20000; i++) {
        static const double scales[] = {1e-9, 1e-5, 1e-4, 1e-3, 1.8e-3};
        const double x = ((double)i + 0.37) * scales[(i + 20000) % (int)COUNT(scales)];
        const long double expected = f->true_value((long double)x);
        if (isnan(expected)) continue; /* a logarithm below its range */
        const long double size = f->absolute ? fmaxl(1, fabsl(expected)) : fabsl(expected);
        const double error = (double)(fabsl((long double)f->ours(x) - expected) / size);
        if (error > worst) worst = error, worst_at = x;
    }
    check(worst <= 2e-15, "off by %.3g at %.17g", worst, worst_at);
    check(isnan(f->ours(NAN)), "NaN gives %g", f->ours(NAN));
    check(f->ours(INFINITY) == f->at_infinity, "infinity gives %g", f->ours(INFINITY));
    const double low = f->ours(-INFINITY);
    check(isnan(f->at_minus_infinity) ? isnan(low) : low == f->at_minus_infinity, "-infinity gives %g", low);
    check(fabs(f->ours(1e308)) <= f->at_infinity, "1e308 gives %g", f->ours(1e308));
}

void test_functions(void) {
    for (size_t i = 0; i < COUNT(functions); i++)
        test_function(&functions[i]);
}

/* ---- unary ---- */

/* A function or derivative in double, and the size of its greatest term: what its error is measured by. */
struct expected {
    double value, size;
};

static double clamp(double x, double least, double most) {
    return x < least ? least : x > most ? most : x;
}

static double value_of(const struct unary *u, double x) {
    const double slope = (double)(float)u->negative_slope;
    switch (u->function) {
    case UNARY_RELU:
        return x < 0 ? (slope == 0 ? 0 : slope * x) : u->max_value > 0 && x > u->max_value ? u->max_value : x;
    case UNARY_SIGMOID:
        return (double)sigmoid_of((long double)x);
    case UNARY_TANH:
        return tanh(x);
    case UNARY_SWISH:
        return x == -INFINITY ? 0 : (double)swish_of((long double)x);
    case UNARY_HARD_SIGMOID:
        return clamp(x + 3, 0, 6) / 6;
    case UNARY_HARD_SWISH:
        return x == -INFINITY ? 0 : x * clamp(x + 3, 0, 6) / 6;
    case UNARY_GELU:
        return x == -INFINITY ? 0 : (double)gelu_of((long double)x);
    case UNARY_ELU:
        return x < 0 ? u->alpha * expm1(x) : x;
    default:
        return x;
    }
}

static struct expected derivative_of(const struct unary *u, double x) {
    const double slope = (double)(float)u->negative_slope;
    double d = 1, size = 0;
    if (isnan(x)) return (struct expected){x, x};
    switch (u->function) {
    case UNARY_RELU:
        d = x <= 0 ? slope : u->max_value > 0 && x >= u->max_value ? 0 : 1;
        break;
    case UNARY_SIGMOID:
        d = (double)sigmoid_derivative_of((long double)x);
        break;
    case UNARY_TANH:
        d = (double)tanh_derivative_of((long double)x);
        break;
    case UNARY_SWISH:
        d = isinf(x) ? x > 0 : (double)swish_derivative_of((long double)x);
        size = isinf(x) ? 0 : (double)sigmoid_of((long double)x);
        break;
    case UNARY_HARD_SIGMOID:
        d = x > -3 && x < 3 ? 1.0 / 6 : 0;
        break;
    case UNARY_HARD_SWISH:
        d = x <= -3 ? 0 : x >= 3 ? 1 : (2 * x + 3) / 6;
        size = x > -3 && x < 3 ? 0.5 : 0;
        break;
    case UNARY_GELU:
        d = isinf(x) ? x > 0 : (double)gelu_derivative_of((long double)x);
        size = isinf(x) ? 0 : (double)normal_of((long double)x);
        break;
    case UNARY_ELU:
        d = x < 0 ? u->alpha * exp(x) : 1;
        break;
    default:
        break;
    }
    return (struct expected){d, fmax(size, fabs(d))};
}

/* Everywhere: at the corners, near 0, where functions saturate, and what is special. */
static float random_argument(void) {
    static const float corners[] = {0.0f, -0.0f,  NAN,     INFINITY, -INFINITY, 3,      -3,    6,
                                    1,    1e-40f, -1e-20f, 3e38f,    -3e38f,    -87.5f, 88.8f, -1.2784645f};
    static const float scales[] = {1e-6f, 1, 4, 20, 120};
    if (random_below(&random_now, 6) == 0) return corners[random_below(&random_now, COUNT(corners))];
    return random_real() * scales[random_below(&random_now, COUNT(scales))];
}

static struct unary random_unary(void) {
    static const double slopes[] = {0, 0, 0.1, 0.3}, most[] = {0, 6, 6, 1}, alphas[] = {1, 0.5, 1.67};
    return (struct unary){.function = (enum unary_function)random_below(&random_now, UNARY_SOFTMAX),
                          .negative_slope = slopes[random_below(&random_now, COUNT(slopes))],
                          .max_value = most[random_below(&random_now, COUNT(most))],
                          .alpha = alphas[random_below(&random_now, COUNT(alphas))]};
}

/* Units in the last place of a float of this size. */
static double ulp_of(double size) {
    const float nearest = fminf((float)fabs(size), 3e38f);
    return (double)nextafterf(nearest, INFINITY) - (double)nearest;
}

static struct rows_shape random_shape(void) {
    struct rows_shape s = {.rows = 1 + random_below(&random_now, 4), .width = 1 + random_below(&random_now, 6)};
    s.c = pick(COUNT(channels), channels);
    s.src_row_stride = s.width * s.c + random_below(&random_now, 2) * 7;
    s.dst_row_stride = s.width * s.c + random_below(&random_now, 2) * 3;
    return s;
}

static void test_unary_forward(const struct kernels *row, const struct rows_shape *s, const struct unary *u,
                               const float *src) {
    const size_t line = s->width * s->c, count = s->rows * s->dst_row_stride;
    float *dst = buffer(count), *first = buffer(count);
    double *expected = scratch(count * sizeof *expected), *bound = scratch(count * sizeof *bound);
    for (size_t i = 0; i < count; i++)
        expected[i] = NAN, bound[i] = 0;
    for (size_t i = 0; i < s->rows * line; i++) {
        const size_t at = i / line * s->dst_row_stride + i % line;
        expected[at] = value_of(u, (double)src[i / line * s->src_row_stride + i % line]);
        bound[at] = 4 * ulp_of(expected[at]);
    }
    row->unary(s, u, src, dst);
    check_bound("unary", count, dst, expected, bound);
    first_fast(row)->unary(s, u, src, first);
    check_same("unary, another row of kernels", count, dst, first);
    if (s->src_row_stride != s->dst_row_stride) return;
    float *in_place = buffer_copy(count, src);
    row->unary(s, u, in_place, in_place);
    check_same("unary in place", count, in_place, dst);
}

static void test_unary_backward(const struct kernels *row, const struct rows_shape *s, const struct unary *u,
                                const float *src, size_t src_row_stride) {
    const size_t line = s->width * s->c, count = s->rows * s->dst_row_stride;
    const float *diff = buffer_rows(s->rows, s->width * s->c, s->src_row_stride, random_real);
    float *diff_src = buffer(count), *first = buffer(count);
    double *expected = scratch(count * sizeof *expected), *bound = scratch(count * sizeof *bound);
    for (size_t i = 0; i < count; i++)
        expected[i] = NAN, bound[i] = 0;
    for (size_t i = 0; i < s->rows * line; i++) {
        const size_t at = i / line * s->dst_row_stride + i % line;
        const struct expected d = derivative_of(u, (double)src[i / line * src_row_stride + i % line]);
        const double factor = (double)diff[i / line * s->src_row_stride + i % line];
        expected[at] = d.value * factor;
        bound[at] = 4 * ulp_of(d.size) * fabs(factor) + ulp_of(expected[at]);
    }
    row->unary_backward(s, u, diff, src, src_row_stride, diff_src);
    check_bound("unary_backward", count, diff_src, expected, bound);
    first_fast(row)->unary_backward(s, u, diff, src, src_row_stride, first);
    check_same("unary_backward, another row of kernels", count, diff_src, first);
    if (s->src_row_stride != s->dst_row_stride) return;
    float *in_place = buffer_copy(count, diff);
    row->unary_backward(s, u, in_place, src, src_row_stride, in_place);
    check_same("unary_backward in place", count, in_place, diff_src);
}

void test_unary(const struct kernels *row) {
    for (int repeat = 0; repeat < 4; repeat++) {
        const struct rows_shape s = random_shape();
        const struct unary u = random_unary();
        const size_t src_row_stride = s.width * s.c + random_below(&random_now, 2) * 4;
        tested_case("function %d (slope %g, most %g, alpha %g) of %zu rows of %zux%zu, row strides %zu, %zu, %zu",
                    (int)u.function, u.negative_slope, u.max_value, u.alpha, s.rows, s.width, s.c, s.src_row_stride,
                    s.dst_row_stride, src_row_stride);
        test_unary_forward(row, &s, &u, buffer_rows(s.rows, s.width * s.c, s.src_row_stride, random_argument));
        test_unary_backward(row, &s, &u, buffer_rows(s.rows, s.width * s.c, src_row_stride, random_argument),
                            src_row_stride);
        buffers_end();
    }
}

/* ---- multiply ---- */

/* A factor that is repeated along some dimensions, and how many values it has in memory. */
struct factor {
    struct repeated strides;
    size_t count;
};

static struct factor random_factor(const struct rows_shape *s) {
    const bool rows = random_below(&random_now, 2), pixels = random_below(&random_now, 2);
    const bool c = random_below(&random_now, 4) > 0;
    struct factor f = {.strides = {.channel_stride = c, .pixel_stride = pixels ? c ? s->c : 1 : 0}};
    const size_t line = (pixels ? s->width : 1) * (c ? s->c : 1) + random_below(&random_now, 2) * 5;
    f.strides.row_stride = rows ? line : 0;
    f.count = (rows ? s->rows : 1) * line;
    return f;
}

static size_t factor_place(const struct rows_shape *s, const struct factor *f, size_t i) {
    const size_t y = i / s->c / s->width, x = i / s->c % s->width, c = i % s->c;
    return y * f->strides.row_stride + x * f->strides.pixel_stride + c * f->strides.channel_stride;
}

static void test_multiply_backward(const struct kernels *row, const struct rows_shape *s, bool exact,
                                   const struct factor *f, const struct factor *other, const float *values) {
    const size_t line = s->width * s->c, values_count = s->rows * line;
    const float *diff_dst =
        buffer_rows(s->rows, s->width * s->c, s->src_row_stride, exact ? random_integer : random_real);
    float *diff = buffer(f->count);
    double *sum = scratch(f->count * sizeof *sum), *bound = scratch(f->count * sizeof *bound);
    for (size_t i = 0; i < f->count; i++)
        sum[i] = NAN, bound[i] = 0; /* what is not repeated onto stays NaN: the gaps */
    for (size_t i = 0; i < values_count; i++) {
        const size_t at = factor_place(s, f, i);
        const double term =
            (double)diff_dst[i / line * s->src_row_stride + i % line] * (double)values[factor_place(s, other, i)];
        sum[at] = isnan(sum[at]) ? term : sum[at] + term;
        bound[at] += exact ? 0 : gamma_bound(values_count) * fabs(term);
    }
    row->multiply_backward(s, diff_dst, values, &other->strides, diff, &f->strides);
    check_bound("multiply_backward", f->count, diff, sum, bound);
}

void test_multiply(const struct kernels *row) {
    const struct rows_shape s = random_shape();
    const bool exact = random_below(&random_now, 2);
    const struct factor a = random_factor(&s), b = random_factor(&s);
    const float *left = buffer_filled(a.count, exact ? random_integer : random_real);
    const float *right = buffer_filled(b.count, exact ? random_integer : random_real);
    const size_t line = s.width * s.c, count = s.rows * s.dst_row_stride;
    float *dst = buffer(count), *expected = buffer(count);
    tested_case("product of %zu rows of %zux%zu, strides %zu %zu %zu and %zu %zu %zu", s.rows, s.width, s.c,
                a.strides.row_stride, a.strides.pixel_stride, a.strides.channel_stride, b.strides.row_stride,
                b.strides.pixel_stride, b.strides.channel_stride);
    for (size_t i = 0; i < s.rows * line; i++)
        expected[i / line * s.dst_row_stride + i % line] =
            left[factor_place(&s, &a, i)] * right[factor_place(&s, &b, i)];
    row->multiply(&s, left, &a.strides, right, &b.strides, dst);
    check_same("multiply", count, dst, expected);
    test_multiply_backward(row, &s, exact, &a, &b, right);
    test_multiply_backward(row, &s, exact, &b, &a, left);
    buffers_end();
}

/* ---- dropout ---- */

void test_dropout(const struct kernels *row) {
    static const double rates[] = {0, 0.2, 0.5, 0.9};
    const struct rows_shape s = random_shape();
    const double rate = rates[random_below(&random_now, COUNT(rates))];
    struct random_stream place = random_part(random_bits(&random_now), RANDOM_DROPOUT, 3, 5, 7), numbers = place;
    const struct random_stream before = place;
    const float *src = buffer_rows(s.rows, s.width * s.c, s.src_row_stride, random_argument);
    const size_t line = s.width * s.c, count = s.rows * s.dst_row_stride;
    float *dst = buffer(count), *expected = buffer(count);
    tested_case("dropout of %g of %zu rows of %zux%zu", rate, s.rows, s.width, s.c);
    for (size_t i = 0; i < s.rows * line; i++) {
        const float value = src[i / line * s.src_row_stride + i % line] / (float)(1 - rate);
        expected[i / line * s.dst_row_stride + i % line] = (double)random_unit(&numbers) < rate ? 0 : value;
    }
    row->dropout(&s, rate, &place, src, dst);
    check_same("dropout", count, dst, expected);
    check(memcmp(&place, &before, sizeof place) == 0, "dropout moved the stream that it was given");
    buffers_end();
}

/* ---- losses on targets ---- */

static float random_logit(void) {
    return random_below(&random_now, 10) ? 20 * random_real() : 90 * random_real();
}
static float random_share(void) {
    return random_below(&random_now, 3) ? random_unit(&random_now) : (float)random_below(&random_now, 2);
}

struct loss_case {
    size_t n, classes;
    float *logits, *targets;
    const float *weights;
    float scale;
};

static struct loss_case random_loss(void) {
    static const size_t classes[] = {1, 2, 3, 40}; /* few: what is small is not hidden by a sum */
    struct loss_case c = {.n = 1 + random_below(&random_now, 3)};
    c.classes = 1 + random_below(&random_now, (uint32_t)pick(COUNT(classes), classes));
    c.logits = buffer_filled(c.n * c.classes, random_logit);
    c.targets = buffer_filled(c.n * c.classes, random_share);
    c.weights = random_below(&random_now, 2) ? buffer_filled(c.n, random_share) : NULL;
    c.scale = random_unit(&random_now);
    return c;
}

/* An exponent's argument is a rounded difference (spread * u off), the exponential and the division are rounded, and
 * a sum has the classes' roundings; the rest is multiplied and rounded a few times. */
static void expect_softmax(const struct loss_case *c, size_t i, double *loss, double *loss_bound, double *diff,
                           double *diff_bound) {
    const float *logits = c->logits + i * c->classes, *targets = c->targets + i * c->classes;
    const double weight = c->weights ? (double)c->weights[i] : 1;
    double most = -INFINITY, least = INFINITY, sum = 0, total = 0, chosen = 0;
    for (size_t j = 0; j < c->classes; j++) {
        most = fmax(most, (double)logits[j]);
        if (isfinite(logits[j])) least = fmin(least, (double)logits[j]);
    }
    for (size_t j = 0; j < c->classes; j++) {
        sum += exp((double)logits[j] - most), total += (double)targets[j];
        if (targets[j] != 0) chosen += (double)targets[j] * (most - (double)logits[j]);
    }
    const double classes = (double)c->classes, error = 1.01 * unit * (classes + 5 + most - least);
    loss[i] = (total * log(sum) + chosen) * weight;
    loss_bound[i] = weight * (total * error + 1.01 * unit * (classes + 4) * (total * log(sum) + chosen));
    for (size_t j = 0; j < c->classes; j++) {
        const double share = exp((double)logits[j] - most) / sum * total, target = (double)targets[j];
        diff[i * c->classes + j] = (share - target) * weight * (double)c->scale;
        diff_bound[i * c->classes + j] =
            ((error + 1.01 * unit * (classes + 4)) * share + 4 * unit * target) * weight * (double)c->scale +
            (total + 3) * 0x1p-149; /* roundings of subnormal numbers */
    }
}

static void expect_sigmoid(const struct loss_case *c, size_t i, double *loss, double *loss_bound, double *diff,
                           double *diff_bound) {
    const double weight = c->weights ? (double)c->weights[i] : 1, classes = (double)c->classes;
    loss[i] = 0;
    for (size_t j = 0; j < c->classes; j++) {
        const double x = (double)c->logits[i * c->classes + j], target = (double)c->targets[i * c->classes + j];
        const double on = log1p(exp(-x)), off = log1p(exp(x)); /* x is below 100 */
        loss[i] += (target * on + (1 - target) * off) * weight / classes;
        const double d = (1 / (1 + exp(-x)) - target) * weight * (double)c->scale / classes;
        diff[i * c->classes + j] = d;
        diff_bound[i * c->classes + j] = 2 * unit * fabs(d) + 1e-15 * weight * (double)c->scale + 1e-44;
    }
    loss_bound[i] = 2 * unit * loss[i] + 1e-44;
}

typedef void entropy_kernel(size_t n, size_t classes, const float *logits, const float *targets, const float *weights,
                            float scale, float *loss, float *diff_logits);
typedef void entropy_oracle(const struct loss_case *c, size_t i, double *loss, double *loss_bound, double *diff,
                            double *diff_bound);

static void test_entropy(const char *what, const struct loss_case *c, entropy_kernel *kernel, entropy_oracle *oracle) {
    const size_t count = c->n * c->classes;
    double *l = scratch(c->n * sizeof *l), *l_bound = scratch(c->n * sizeof *l);
    double *d = scratch(count * sizeof *d), *d_bound = scratch(count * sizeof *d);
    float *loss = buffer(c->n), *diff = buffer(count), *in_place = buffer_copy(count, c->logits);
    tested_case("%s of %zu x %zu, scale %g", what, c->n, c->classes, (double)c->scale);
    for (size_t i = 0; i < c->n; i++)
        oracle(c, i, l, l_bound, d, d_bound);
    kernel(c->n, c->classes, c->logits, c->targets, c->weights, c->scale, loss, diff);
    check_bound("loss", c->n, loss, l, l_bound);
    check_bound("diff_logits", count, diff, d, d_bound);
    kernel(c->n, c->classes, in_place, c->targets, c->weights, c->scale, loss, in_place);
    check_same("diff_logits in place", count, in_place, diff);
}

/* A label is a target that is all one class's: the same bits by either way. */
static void test_labels(const struct kernels *row, const struct loss_case *c) {
    const size_t count = c->n * c->classes;
    float *targets = buffer(count), *loss = buffer(c->n), *diff = buffer(count);
    float *expected_loss = buffer(c->n), *expected = buffer(count);
    int32_t *labels = buffer_bytes(c->n * sizeof *labels);
    tested_case("labels and targets, %zu x %zu", c->n, c->classes);
    for (size_t i = 0; i < c->n; i++)
        labels[i] = (int32_t)random_below(&random_now, (uint32_t)c->classes);
    for (size_t i = 0; i < count; i++)
        targets[i] = (size_t)labels[i / c->classes] == i % c->classes;
    row->softmax_cross_entropy(c->n, c->classes, c->logits, labels, c->scale, expected_loss, expected);
    row->softmax_target_entropy(c->n, c->classes, c->logits, targets, NULL, c->scale, loss, diff);
    check_same("softmax_target_entropy of labels, loss", c->n, loss, expected_loss);
    check_same("softmax_target_entropy of labels, diff_logits", count, diff, expected);
}

void test_entropies(const struct kernels *row) {
    struct loss_case c = random_loss();
    test_entropy("sigmoid entropy", &c, row->sigmoid_cross_entropy, expect_sigmoid);
    const size_t hidden = random_below(&random_now, (uint32_t)(c.n * c.classes));
    if (c.classes > 1) c.logits[hidden] = -INFINITY, c.targets[hidden] = 0; /* a class that cannot be */
    test_entropy("softmax entropy", &c, row->softmax_target_entropy, expect_softmax);
    test_labels(row, &c);
    buffers_end();
}
