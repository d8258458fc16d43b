/* SPDX-License-Identifier: MIT */
#include "bounds.h"

#include "base/memory.h"
#include "oracle/operations.h"
#include "winograd_bounds.h"

#include <math.h>
#include <string.h>

/* Roundings beside a sum's: what folding a normalization into a kernel makes, what a function or a loss rounds. */
enum { FOLDED = 8, WINOGRAD = 50, FUNCTION = 16, JOINED = 20 };

static double gamma_of(const struct bounds *bounds, size_t k) {
    return (double)k * bounds->unit / (1 - (double)k * bounds->unit);
}

static const struct operation *operation_at(const struct bounds *bounds, size_t i) {
    return &bounds->oracle->lowered->operations[i];
}

static size_t value_count(const struct bounds *bounds, size_t i) {
    return bounds->oracle->n * shape_size(&operation_at(bounds, i)->shape);
}

static size_t parameter_count(const struct bounds *bounds, size_t place) {
    return shape_size(&bounds->oracle->lowered->parameters[place].parameter->shape);
}

/* low = |v|, high = |v| + b. Infinity less infinity is no number: nothing is known then. */
static void set(double v, double b, double *low, double *high) {
    *low = fabs(v);
    *high = isnan(b) ? INFINITY : *low + fmax(b, 0);
}

/* --- functions of one value --- */

/* Of f: how steep, how fast its slope changes, by how much the slope jumps at its kinks; kinks[1] of a ReLU is its maximum. */
struct smoothness {
    double steepest, curved, kinks[2], jump;
    bool rounds;
};

static struct smoothness smoothness_of(const struct unary *unary) {
    static const struct smoothness all[UNARY_FUNCTIONS] = {
        [UNARY_LINEAR] = {1, 0, {0, 0}, 0, false},
        [UNARY_SIGMOID] = {0.25, 0.1, {0, 0}, 0, true},
        [UNARY_TANH] = {1, 0.77, {0, 0}, 0, true},
        [UNARY_SWISH] = {1.1, 0.5, {0, 0}, 0, true},
        [UNARY_HARD_SIGMOID] = {1. / 6, 0, {-3, 3}, 1. / 6, true},
        [UNARY_HARD_SWISH] = {1.5, 1. / 3, {-3, 3}, 0.5, true},
        [UNARY_GELU] = {1.13, 0.8, {0, 0}, 0, true},
    };
    struct smoothness s = all[unary->function];
    if (unary->function == UNARY_RELU)
        s = (struct smoothness){fmax(1, unary->negative_slope),
                                0,
                                {0, unary->max_value},
                                fmax(1, unary->negative_slope),
                                unary->negative_slope > 0};
    if (unary->function == UNARY_ELU)
        s = (struct smoothness){fmax(1, fabs(unary->alpha)), fabs(unary->alpha), {0, 0}, fabs(1 - unary->alpha), true};
    return s;
}

static double function_bound(const struct bounds *bounds, const struct unary *unary, double x, double b) {
    const struct smoothness s = smoothness_of(unary);
    const double value = oracle_unary(unary, x);
    if (unary->function == UNARY_RELU) { /* where it is flat, it is right */
        if (x + b < 0 && !(unary->negative_slope > 0)) return 0;
        if (unary->max_value > 0 && x - b > unary->max_value) return 0;
    }
    return s.steepest * b + (s.rounds ? gamma_of(bounds, FUNCTION) * (fabs(value) + fmin(fabs(x), 10)) : 0);
}

static double slope_bound(const struct bounds *bounds, const struct unary *unary, double x, double b) {
    const struct smoothness s = smoothness_of(unary);
    const bool relu = unary->function == UNARY_RELU;
    bool undecided = b > 0 && fabs(x - s.kinks[0]) <= b;
    if (!relu || unary->max_value > 0) undecided |= b > 0 && fabs(x - s.kinks[1]) <= b;
    return s.curved * b + (undecided ? s.jump : 0) +
           (s.rounds ? gamma_of(bounds, FUNCTION) * (1 + fmin(fabs(x), 10)) : 0);
}

/* |g f'(x)| and what more it may be. */
static void slope_magnitudes(const struct bounds *bounds, const struct unary *unary, double x, double b, double g,
                             double bg, double *low, double *high) {
    const double slope = fabs(oracle_slope(unary, x));
    *low = fabs(g) * slope;
    *high = (fabs(g) + bg) * (slope + slope_bound(bounds, unary, x, b)) * (1 + gamma_of(bounds, 2));
}

static void unary_forward(struct bounds *bounds, size_t i) {
    const size_t input = operation_at(bounds, i)->inputs[0];
    for (size_t k = 0; k < value_count(bounds, i); k++)
        set(bounds->oracle->operations[i].raw[k],
            function_bound(bounds, &operation_at(bounds, i)->unary, bounds->oracle->operations[input].values[k],
                           bounds_of_value(bounds, input, k)),
            &bounds->low->operations[i].raw[k], &bounds->high->operations[i].raw[k]);
}

static double bound_of_gradient(const struct bounds *bounds, size_t i, size_t k) {
    return bounds->high->operations[i].gradient[k] - bounds->low->operations[i].gradient[k];
}

static void unary_backward(struct bounds *bounds, size_t i) {
    const size_t input = operation_at(bounds, i)->inputs[0];
    for (size_t k = 0; k < value_count(bounds, i); k++) {
        double low, high;
        slope_magnitudes(bounds, &operation_at(bounds, i)->unary, bounds->oracle->operations[input].values[k],
                         bounds_of_value(bounds, input, k), bounds->oracle->operations[i].gradient[k],
                         bound_of_gradient(bounds, i, k), &low, &high);
        bounds->low->operations[input].gradient[k] += low;
        bounds->high->operations[input].gradient[k] += high * (1 + gamma_of(bounds, bounds->readers[input]));
    }
}

/* --- what is linear in each argument --- */

/* Roundings one after another: of a value, of the gradient to the source, of that to parameters. */
struct roundings {
    size_t value, source, parameters;
};

static struct roundings roundings_of(const struct bounds *bounds, size_t i) {
    const struct operation *o = operation_at(bounds, i);
    const struct lowered *lowered = bounds->oracle->lowered;
    const struct extent dst = extent_of(&o->shape), src = extent_of(&lowered->operations[o->inputs[0]].shape);
    const size_t taps = o->window.size[0] * o->window.size[1], sums = dst.h * dst.w * bounds->oracle->n + JOINED;
    switch (o->kind) {
    case OPERATION_CONVOLUTION:
        return (struct roundings){taps * src.c + 1 + FOLDED, taps * dst.c + FOLDED, sums};
    case OPERATION_DENSE:
        return (struct roundings){src.c + 1 + FOLDED, dst.c + FOLDED, sums};
    case OPERATION_DEPTHWISE:
        return (struct roundings){taps + 1 + FOLDED, taps * (dst.c / src.c) + FOLDED, sums};
    case OPERATION_MULTIPLY:
        return (struct roundings){1, dst.h * dst.w * dst.c + 1, 0};
    case OPERATION_AVERAGE_POOL:
        return (struct roundings){taps + 2, taps + 2, 0};
    case OPERATION_GLOBAL_AVERAGE:
        return (struct roundings){src.h * src.w + 2, 2, 0};
    case OPERATION_UPSAMPLE:
        return (struct roundings){0, o->window.strides[0] * o->window.strides[1], 0};
    default:
        return (struct roundings){3, 3, 0};
    }
}

static bool may_be_winograd(const struct operation *operation) {
    const struct window *w = &operation->window;
    return operation->kind == OPERATION_CONVOLUTION && w->size[0] == 3 && w->size[1] == 3 && w->strides[0] == 1 &&
           w->strides[1] == 1;
}

static bool winograd_shape(const struct bounds *bounds, size_t i, bool turned, struct winograd_bounds *shape) {
    const struct operation *o = operation_at(bounds, i);
    const struct extent dst = extent_of(&o->shape), src = extent_of(&operation_at(bounds, o->inputs[0])->shape);
    const struct extent *from = turned ? &dst : &src, *to = turned ? &src : &dst;
    *shape = (struct winograd_bounds){
        from->h, from->w, from->c, to->h, to->w, to->c, o->window.pad[0][0], o->window.pad[1][0], NULL, NULL};
    if (turned) shape->top = 2 - shape->top, shape->left = 2 - shape->left;
    shape->weights = memory_allocate(36 * src.c * dst.c, sizeof *shape->weights);
    shape->patch = memory_allocate(36 * (src.c + dst.c), sizeof *shape->patch);
    return shape->weights && shape->patch;
}

static void winograd_forward(struct bounds *bounds, size_t i) {
    const struct operation *o = operation_at(bounds, i);
    struct winograd_bounds shape;
    if (winograd_shape(bounds, i, false, &shape)) {
        const size_t src_size = shape.ih * shape.iw * shape.ic, dst_size = shape.oh * shape.ow * shape.oc;
        winograd_bounds_weights(&shape, bounds->low->parameters[o->parameters[PARAMETER_KERNEL]].values, 0);
        for (size_t image = 0; image < bounds->oracle->n; image++)
            winograd_bounds_add(&shape, bounds->high->operations[o->inputs[0]].values + image * src_size,
                                gamma_of(bounds, shape.ic + WINOGRAD + FOLDED),
                                bounds->high->operations[i].raw + image * dst_size);
    }
    memory_free(shape.weights);
    memory_free(shape.patch);
}

static void winograd_source(struct bounds *bounds, size_t i) {
    const struct operation *o = operation_at(bounds, i);
    struct winograd_bounds shape;
    if (winograd_shape(bounds, i, true, &shape)) {
        const size_t diff_size = shape.ih * shape.iw * shape.ic, src_size = shape.oh * shape.ow * shape.oc;
        winograd_bounds_weights(&shape, bounds->low->parameters[o->parameters[PARAMETER_KERNEL]].values, 1);
        for (size_t image = 0; image < bounds->oracle->n; image++)
            winograd_bounds_add(&shape, bounds->high->operations[i].diff_raw + image * diff_size,
                                gamma_of(bounds, shape.ic + WINOGRAD + FOLDED),
                                bounds->high->operations[o->inputs[0]].gradient + image * src_size);
    }
    memory_free(shape.weights);
    memory_free(shape.patch);
}

static void winograd_kernel(struct bounds *bounds, size_t i, double *high) {
    const struct operation *o = operation_at(bounds, i);
    struct winograd_bounds shape;
    if (winograd_shape(bounds, i, false, &shape)) {
        const size_t src_size = shape.ih * shape.iw * shape.ic, dst_size = shape.oh * shape.ow * shape.oc;
        const size_t tiles = (shape.oh + 3) / 4 * ((shape.ow + 3) / 4) * bounds->oracle->n;
        for (size_t image = 0; image < bounds->oracle->n; image++)
            winograd_bounds_sum(&shape, bounds->high->operations[o->inputs[0]].values + image * src_size,
                                bounds->high->operations[i].diff_raw + image * dst_size);
        winograd_bounds_kernel(&shape, gamma_of(bounds, 4 * tiles + WINOGRAD + JOINED), high);
    }
    memory_free(shape.weights);
    memory_free(shape.patch);
}

static void linear_forward(struct bounds *bounds, size_t i) {
    const struct operation *o = operation_at(bounds, i);
    struct oracle *shadows[] = {bounds->low, bounds->high};
    for (size_t s = 0; s < 2; s++) {
        const struct oracle_call call = oracle_call_of(shadows[s], i, shadows[s]->src, shadows[s]->diff_src);
        oracle_operations[o->kind]->forward(&call);
    }
    double *low = bounds->low->operations[i].raw, *high = bounds->high->operations[i].raw;
    const double gamma = gamma_of(bounds, roundings_of(bounds, i).value);
    for (size_t k = 0; k < value_count(bounds, i); k++)
        high[k] *= 1 + gamma;
    if (may_be_winograd(o)) winograd_forward(bounds, i);
    for (size_t k = 0; k < value_count(bounds, i); k++)
        set(bounds->oracle->operations[i].raw[k], high[k] - low[k], &low[k], &high[k]);
}

static void scale(double *values, size_t count, double factor) {
    for (size_t k = 0; k < count; k++)
        values[k] *= factor;
}

static void linear_backward(struct bounds *bounds, size_t i) {
    const struct operation *o = operation_at(bounds, i);
    const struct roundings roundings = roundings_of(bounds, i);
    size_t readers = 0;
    for (size_t k = 0; k < o->input_count; k++)
        readers = bounds->readers[o->inputs[k]] > readers ? bounds->readers[o->inputs[k]] : readers;
    const double source = 1 + gamma_of(bounds, roundings.source + readers),
                 parameters = 1 + gamma_of(bounds, roundings.parameters);
    struct oracle *shadows[] = {bounds->low, bounds->high};
    /* The sources' own factor is on what is summed; the parameters' is put right afterwards. */
    scale(bounds->high->operations[i].diff_raw, value_count(bounds, i), source);
    for (size_t s = 0; s < 2; s++) {
        const struct oracle_call call = oracle_call_of(shadows[s], i, shadows[s]->src, shadows[s]->diff_src);
        oracle_operations[o->kind]->backward(&call);
    }
    for (size_t role = 0; role < PARAMETER_ROLES; role++) {
        const size_t place = o->parameters[role];
        if (place != PARAMETER_NONE)
            scale(bounds->high->parameters[place].gradient, parameter_count(bounds, place), parameters / source);
    }
    if (!may_be_winograd(o)) return;
    winograd_source(bounds, i);
    const size_t kernel = o->parameters[PARAMETER_KERNEL];
    if (bounds->oracle->lowered->parameters[kernel].trained)
        winograd_kernel(bounds, i, bounds->high->parameters[kernel].gradient);
}

/* --- maximum --- */

/* The most that `values` can be, or surely is, in the window of output value `i`. */
static bool source_of(const struct bounds *bounds, size_t operation, size_t i, size_t tap, size_t *at) {
    const struct operation *o = operation_at(bounds, operation);
    const struct extent src = extent_of(&operation_at(bounds, o->inputs[0])->shape), dst = extent_of(&o->shape);
    const size_t x = i / dst.c % dst.w, y = i / dst.c / dst.w % dst.h, image = i / (dst.h * dst.w * dst.c);
    size_t pixel;
    if (!tap_at(&o->window, &src, y, x, tap / o->window.size[1], tap % o->window.size[1], &pixel)) return false;
    *at = (image * src.h * src.w + pixel) * src.c + i % dst.c;
    return true;
}

/* What surely is reached by one of the taps. */
static double surely(const struct bounds *bounds, size_t operation, size_t i) {
    const struct operation *o = operation_at(bounds, operation);
    const double *values = bounds->oracle->operations[o->inputs[0]].values;
    double most = -INFINITY;
    size_t at;
    for (size_t tap = 0; tap < o->window.size[0] * o->window.size[1]; tap++) {
        if (source_of(bounds, operation, i, tap, &at))
            most = fmax(most, values[at] - bounds_of_value(bounds, o->inputs[0], at));
    }
    return most;
}

static void max_pool_forward(struct bounds *bounds, size_t operation) {
    const struct operation *o = operation_at(bounds, operation);
    const double *values = bounds->oracle->operations[o->inputs[0]].values;
    for (size_t i = 0; i < value_count(bounds, operation); i++) {
        const double least = surely(bounds, operation, i), value = bounds->oracle->operations[operation].raw[i];
        double most = least;
        size_t at;
        for (size_t tap = 0; tap < o->window.size[0] * o->window.size[1]; tap++) {
            if (source_of(bounds, operation, i, tap, &at))
                most = fmax(most, values[at] + bounds_of_value(bounds, o->inputs[0], at));
        }
        /* A normalization may be applied on the way: its roundings are in the source's bound already. */
        set(value, fmax(most - value, value - least), &bounds->low->operations[operation].raw[i],
            &bounds->high->operations[operation].raw[i]);
    }
}

static void max_pool_backward(struct bounds *bounds, size_t operation) {
    const struct operation *o = operation_at(bounds, operation);
    const size_t input = o->inputs[0];
    const double *values = bounds->oracle->operations[input].values,
                 factor = 1 + gamma_of(bounds, bounds->readers[input] + o->window.size[0] * o->window.size[1]);
    for (size_t i = 0; i < value_count(bounds, operation); i++) {
        const double least = surely(bounds, operation, i), low = bounds->low->operations[operation].gradient[i],
                     high = bounds->high->operations[operation].gradient[i];
        size_t at, winner = SIZE_MAX, rivals = 0;
        for (size_t tap = 0; tap < o->window.size[0] * o->window.size[1]; tap++) {
            if (!source_of(bounds, operation, i, tap, &at)) continue;
            if (winner == SIZE_MAX || values[at] > values[winner]) winner = at;
        }
        const double best = bounds_of_value(bounds, input, winner);
        for (size_t tap = 0; tap < o->window.size[0] * o->window.size[1]; tap++) {
            if (!source_of(bounds, operation, i, tap, &at) || at == winner) continue;
            const double b = bounds_of_value(bounds, input, at);
            if (values[at] + b < least || b + best <= 0) continue; /* of equal numbers that are exact the first wins */
            bounds->high->operations[input].gradient[at] += high * factor;
            rivals++;
        }
        bounds->low->operations[input].gradient[winner] += low;
        bounds->high->operations[input].gradient[winner] += (rivals > 0 ? low + high : high) * factor;
    }
}

/* --- normalization --- */

struct channel {
    size_t c, number, count; /* values over all images and pixels */
    double mean, inverse, gamma, beta, epsilon, values;
    double mean_bound, inverse_bound;
    const double *x;
    size_t input;
};

/* Of a channel; what stands in place of a parameter that the layer is without. */
static double parameter_of(const struct bounds *bounds, size_t i, enum parameter_role role, size_t number,
                           double without) {
    const size_t place = operation_at(bounds, i)->parameters[role];
    return place == PARAMETER_NONE ? without : bounds->oracle->parameters[place].values[number];
}

static struct channel channel_of(const struct bounds *bounds, size_t i, size_t number) {
    const struct operation *o = operation_at(bounds, i);
    const struct oracle *oracle = bounds->oracle;
    const bool batch = oracle->mode != ENGINE_INFERENCE && !o->frozen;
    const size_t c = extent_of(&o->shape).c;
    const double variance = batch ? oracle->operations[i].statistics[c + number]
                                  : oracle->parameters[o->parameters[PARAMETER_MOVING_VARIANCE]].values[number];
    struct channel channel = {.c = c,
                              .number = number,
                              .count = value_count(bounds, i),
                              .gamma = parameter_of(bounds, i, PARAMETER_GAMMA, number, 1),
                              .beta = parameter_of(bounds, i, PARAMETER_BETA, number, 0),
                              .epsilon = o->epsilon,
                              .inverse = 1 / sqrt(variance + o->epsilon),
                              .x = oracle->operations[o->inputs[0]].values,
                              .input = o->inputs[0]};
    channel.mean = batch ? oracle->operations[i].statistics[number]
                         : oracle->parameters[o->parameters[PARAMETER_MOVING_MEAN]].values[number];
    channel.values = (double)(channel.count / c);
    channel.mean_bound = bounds->statistics[i][number];
    channel.inverse_bound = bounds->statistics[i][c + number];
    return channel;
}

static size_t sums_of(const struct channel *channel) {
    return channel->count / channel->c + JOINED;
}

/* Of the mean and the variance of the batch, and what follows for the inverse deviation and the moving statistics: the mean
 * of N values misses by the mean of their bounds and gamma_N of their magnitudes; the variance by the mean of 2 |d| e + e^2,
 * where d is a value's deviation, e its bound and twice that of the mean (once for each of the parts that are joined). */
static void bound_statistics(struct bounds *bounds, size_t i, size_t number) {
    const struct operation *o = operation_at(bounds, i);
    const size_t c = extent_of(&o->shape).c;
    double *mean = &bounds->statistics[i][number], *inverse = &bounds->statistics[i][c + number];
    *mean = *inverse = 0;
    struct channel channel = channel_of(bounds, i, number);
    const double unit = gamma_of(bounds, FOLDED);
    *inverse = unit * channel.inverse;
    if (bounds->oracle->mode == ENGINE_INFERENCE || o->frozen) return;
    const double sums = gamma_of(bounds, sums_of(&channel)),
                 variance = bounds->oracle->operations[i].statistics[c + number];
    double passed = 0, size = 0, missed = 0;
    for (size_t k = number; k < channel.count; k += c) {
        passed += bounds_of_value(bounds, channel.input, k) / channel.values;
        size += bounds->high->operations[channel.input].values[k] / channel.values;
    }
    *mean = passed + sums * size;
    for (size_t k = number; k < channel.count; k += c) {
        const double d = fabs(channel.x[k] - channel.mean), e = bounds_of_value(bounds, channel.input, k) + 2 * *mean;
        missed += (2 * d * e + e * e) / channel.values;
    }
    missed = missed * (1 + sums) + sums * variance;
    const double least = fmax(variance - missed, 0) + o->epsilon, most = variance + missed + o->epsilon;
    *inverse =
        fmax(1 / sqrt(least) - channel.inverse, channel.inverse - 1 / sqrt(most)) * (1 + unit) + unit * channel.inverse;
    const double rest = 1 - o->momentum;
    const size_t moving_mean = o->parameters[PARAMETER_MOVING_MEAN],
                 moving_variance = o->parameters[PARAMETER_MOVING_VARIANCE];
    bounds->high->parameters[moving_mean].gradient[number] =
        rest * *mean + gamma_of(bounds, 4) * (fabs(bounds->oracle->parameters[moving_mean].values[number]) +
                                              2 * rest * fabs(channel.mean));
    bounds->high->parameters[moving_variance].gradient[number] =
        rest * missed + gamma_of(bounds, 4) * (bounds->oracle->parameters[moving_variance].values[number] * 2);
}

/* Of (x - mean) * inverse. */
static double bound_of_xhat(const struct bounds *bounds, const struct channel *channel, size_t k) {
    return (channel->inverse + channel->inverse_bound) *
               (bounds_of_value(bounds, channel->input, k) + channel->mean_bound) +
           fabs(channel->x[k] - channel->mean) * channel->inverse_bound;
}

/* Engines compute x * scale + shift, where mean and shift may cancel. */
static void normalization_forward(struct bounds *bounds, size_t i) {
    const size_t c = extent_of(&operation_at(bounds, i)->shape).c;
    for (size_t number = 0; number < c; number++) {
        bound_statistics(bounds, i, number);
        const struct channel channel = channel_of(bounds, i, number);
        const double scale = fabs(channel.gamma) * (channel.inverse + channel.inverse_bound);
        for (size_t k = number; k < channel.count; k += c) {
            const double size =
                scale * (bounds->high->operations[channel.input].values[k] + fabs(channel.mean) + channel.mean_bound) +
                fabs(channel.beta);
            set(bounds->oracle->operations[i].raw[k],
                fabs(channel.gamma) * bound_of_xhat(bounds, &channel, k) + gamma_of(bounds, FOLDED) * size,
                &bounds->low->operations[i].raw[k], &bounds->high->operations[i].raw[k]);
        }
    }
}

/* diff_src = gamma * inverse * (diff - s / N - xhat * t / N), s the sum of diff, t that of diff * xhat. */
struct sums {
    double s, t, s_bound, t_bound;
};

static struct sums sums_backward(const struct bounds *bounds, size_t i, const struct channel *channel) {
    struct sums sums = {0};
    double low = 0, high = 0, size = 0;
    for (size_t k = channel->number; k < channel->count; k += channel->c) {
        const double g = bounds->oracle->operations[i].gradient[k], bg = bound_of_gradient(bounds, i, k),
                     xhat = (channel->x[k] - channel->mean) * channel->inverse;
        sums.s += g;
        sums.t += g * xhat;
        sums.s_bound += bg;
        size += fabs(g) + bg;
        low += fabs(g * xhat);
        high += (fabs(g) + bg) * (fabs(xhat) + bound_of_xhat(bounds, channel, k));
    }
    sums.s_bound += gamma_of(bounds, sums_of(channel)) * size;
    sums.t_bound = high * (1 + gamma_of(bounds, sums_of(channel))) - low;
    return sums;
}

static void normalization_source(struct bounds *bounds, size_t i, const struct channel *channel, struct sums sums) {
    const double a = fabs(channel->gamma) * channel->inverse, a_bound = fabs(channel->gamma) * channel->inverse_bound;
    const double n = channel->values, gamma = gamma_of(bounds, FOLDED + bounds->readers[channel->input]);
    for (size_t k = channel->number; k < channel->count; k += channel->c) {
        const double g = bounds->oracle->operations[i].gradient[k], bg = bound_of_gradient(bounds, i, k),
                     xhat = (channel->x[k] - channel->mean) * channel->inverse,
                     xhat_bound = bound_of_xhat(bounds, channel, k);
        const double inner = g - sums.s / n - xhat * sums.t / n;
        const double inner_bound =
            bg + sums.s_bound / n +
            ((fabs(xhat) + xhat_bound) * (fabs(sums.t) + sums.t_bound) - fabs(xhat * sums.t)) / n;
        const double size =
            fabs(g) + bg + (fabs(sums.s) + sums.s_bound) / n +
            (channel->inverse + channel->inverse_bound) * (fabs(sums.t) + sums.t_bound) / n *
                (bounds->high->operations[channel->input].values[k] + fabs(channel->mean) + channel->mean_bound);
        bounds->low->operations[channel->input].gradient[k] += a * fabs(inner);
        bounds->high->operations[channel->input].gradient[k] +=
            (a + a_bound) * (fabs(inner) + inner_bound) + gamma * (a + a_bound) * size;
    }
}

static void set_gradient(struct bounds *bounds, size_t place, size_t i, double value, double bound) {
    if (place != PARAMETER_NONE)
        set(value, bound, &bounds->low->parameters[place].gradient[i], &bounds->high->parameters[place].gradient[i]);
}

static void normalization_backward(struct bounds *bounds, size_t i) {
    const struct operation *o = operation_at(bounds, i);
    const size_t c = extent_of(&o->shape).c;
    for (size_t number = 0; number < c; number++) {
        const struct channel channel = channel_of(bounds, i, number);
        struct sums sums = sums_backward(bounds, i, &channel);
        set_gradient(bounds, o->parameters[PARAMETER_BETA], number, sums.s, sums.s_bound);
        set_gradient(bounds, o->parameters[PARAMETER_GAMMA], number, sums.t, sums.t_bound);
        if (bounds->oracle->mode == ENGINE_INFERENCE || o->frozen) sums = (struct sums){0};
        normalization_source(bounds, i, &channel, sums);
    }
}

/* --- the passes --- */

struct rule {
    void (*forward)(struct bounds *bounds, size_t i);
    void (*backward)(struct bounds *bounds, size_t i);
};

/* All others are linear in each of their arguments. */
static const struct rule rules[OPERATION_KINDS] = {
    [OPERATION_NORMALIZATION] = {normalization_forward, normalization_backward},
    [OPERATION_UNARY] = {unary_forward, unary_backward},
    [OPERATION_MAX_POOL] = {max_pool_forward, max_pool_backward},
};
static const struct rule linear = {linear_forward, linear_backward};

static const struct rule *rule_of(const struct bounds *bounds, size_t i) {
    const struct rule *rule = &rules[operation_at(bounds, i)->kind];
    return rule->forward ? rule : &linear;
}

/* The shadows' parameters and input are the oracle's magnitudes, exact: all of them are float32. */
static void begin(struct bounds *bounds) {
    struct oracle *shadows[] = {bounds->low, bounds->high};
    const struct oracle *oracle = bounds->oracle;
    for (size_t s = 0; s < 2; s++) {
        shadows[s]->n = oracle->n;
        shadows[s]->mode = oracle->mode;
        shadows[s]->place = oracle->place;
        for (size_t p = 0; p < oracle->lowered->parameter_count; p++) {
            for (size_t k = 0; k < parameter_count(bounds, p); k++)
                shadows[s]->parameters[p].values[k] = fabs(oracle->parameters[p].values[k]);
        }
        for (size_t k = 0; k < value_count(bounds, 0); k++)
            shadows[s]->operations[0].values[k] = fabs(oracle->operations[0].values[k]);
    }
}

void bounds_forward(struct bounds *bounds) {
    begin(bounds);
    for (size_t i = 1; i < bounds->oracle->lowered->count; i++) {
        const struct oracle_value *value = &bounds->oracle->operations[i], *low = &bounds->low->operations[i],
                                  *high = &bounds->high->operations[i];
        rule_of(bounds, i)->forward(bounds, i);
        for (size_t k = 0; value->raw != value->values && k < value_count(bounds, i); k++)
            set(value->values[k],
                function_bound(bounds, &operation_at(bounds, i)->unary, value->raw[k], high->raw[k] - low->raw[k]),
                &low->values[k], &high->values[k]);
    }
}

static void clear(struct bounds *bounds) {
    struct oracle *shadows[] = {bounds->low, bounds->high};
    for (size_t s = 0; s < 2; s++) {
        for (size_t i = 0; i < bounds->oracle->lowered->logits; i++)
            memset(shadows[s]->operations[i].gradient, 0, value_count(bounds, i) * sizeof(double));
        for (size_t p = 0; p < bounds->oracle->lowered->parameter_count; p++) {
            if (bounds->oracle->lowered->parameters[p].trained)
                memset(shadows[s]->parameters[p].gradient, 0, parameter_count(bounds, p) * sizeof(double));
        }
    }
}

void bounds_backward(struct bounds *bounds) {
    clear(bounds);
    for (size_t i = bounds->oracle->lowered->logits; i > 0; i--) {
        const struct oracle_value *value = &bounds->oracle->operations[i], *low = &bounds->low->operations[i],
                                  *high = &bounds->high->operations[i];
        /* What the readers' magnitudes add up to is no magnitude of the sum; the difference is the sum's bound. */
        for (size_t k = 0; k < value_count(bounds, i); k++)
            set(value->gradient[k], bound_of_gradient(bounds, i, k), &low->gradient[k], &high->gradient[k]);
        for (size_t k = 0; value->raw != value->values && k < value_count(bounds, i); k++)
            slope_magnitudes(bounds, &operation_at(bounds, i)->unary, value->raw[k], high->raw[k] - low->raw[k],
                             value->gradient[k], bound_of_gradient(bounds, i, k), &low->diff_raw[k],
                             &high->diff_raw[k]);
        rule_of(bounds, i)->backward(bounds, i);
    }
}

/* Softmax and sigmoid move by a factor of at most exp(2 e) when all logits move by at most e, and by 1 at
 * most; exp's argument is rounded. */
void bounds_loss(struct bounds *bounds, const struct engine_targets *targets, const double *losses) {
    const size_t logits = bounds->oracle->lowered->logits, classes = shape_size(&operation_at(bounds, logits)->shape);
    const struct oracle_value *value = &bounds->oracle->operations[logits];
    const double denominator = targets->denominator;
    bounds->loss = 0;
    for (size_t i = 0; i < bounds->oracle->n; i++) {
        const double weight = targets->weights ? (double)targets->weights[i] : 1;
        double most = 0, size = 1;
        for (size_t k = i * classes; k < (i + 1) * classes; k++) {
            most = fmax(most, bounds_of_value(bounds, logits, k));
            size = fmax(size, fabs(value->values[k]));
        }
        const double share = fmin(expm1(2 * most), 1) + gamma_of(bounds, FUNCTION + 4 * (size_t)size + classes);
        for (size_t k = i * classes; k < (i + 1) * classes; k++)
            set(value->gradient[k], 2 * share * weight / denominator, &bounds->low->operations[logits].gradient[k],
                &bounds->high->operations[logits].gradient[k]);
        bounds->losses[i] = weight * (2 * most + gamma_of(bounds, FUNCTION + 4 + classes) * (4 * size + 4)) +
                            gamma_of(bounds, 4) * fabs(losses[i]);
        bounds->loss += (bounds->losses[i] + gamma_of(bounds, bounds->oracle->n + 4) * fabs(losses[i])) / denominator;
    }
}

double bounds_of_value(const struct bounds *bounds, size_t operation, size_t i) {
    return bounds->high->operations[operation].values[i] - bounds->low->operations[operation].values[i];
}

double bounds_of_gradient(const struct bounds *bounds, size_t parameter, size_t i) {
    return bounds->high->parameters[parameter].gradient[i] - bounds->low->parameters[parameter].gradient[i];
}

double bounds_of_statistic(const struct bounds *bounds, size_t parameter, size_t i) {
    return bounds->high->parameters[parameter].gradient[i];
}

/* --- memory --- */

static bool allocate(struct bounds *bounds) {
    const struct lowered *lowered = bounds->oracle->lowered;
    bounds->readers = memory_allocate(lowered->count, sizeof *bounds->readers);
    bounds->statistics = memory_allocate(lowered->count, sizeof *bounds->statistics);
    bounds->losses = memory_allocate(bounds->oracle->batch_size, sizeof *bounds->losses);
    if (!bounds->readers || !bounds->statistics || !bounds->losses) return false;
    for (size_t i = 0; i < lowered->count; i++) {
        for (size_t k = 0; k < lowered->operations[i].input_count; k++)
            bounds->readers[lowered->operations[i].inputs[k]]++;
        if (lowered->operations[i].kind != OPERATION_NORMALIZATION) continue;
        bounds->statistics[i] = memory_allocate(2 * extent_of(&lowered->operations[i].shape).c, sizeof(double));
        if (!bounds->statistics[i]) return false;
    }
    return oracle_open(lowered, bounds->oracle->batch_size, &bounds->low) == OCELLUS_OK &&
           oracle_open(lowered, bounds->oracle->batch_size, &bounds->high) == OCELLUS_OK;
}

ocellus_status bounds_open(struct oracle *oracle, double unit, struct bounds **out) {
    struct bounds *bounds = memory_allocate(1, sizeof *bounds);
    if (!bounds) return OCELLUS_IO;
    bounds->oracle = oracle;
    bounds->unit = unit;
    if (!allocate(bounds)) {
        bounds_close(bounds);
        return OCELLUS_IO;
    }
    *out = bounds;
    return OCELLUS_OK;
}

void bounds_close(struct bounds *bounds) {
    if (!bounds) return;
    for (size_t i = 0; bounds->statistics && i < bounds->oracle->lowered->count; i++)
        memory_free(bounds->statistics[i]);
    oracle_close(bounds->low);
    oracle_close(bounds->high);
    memory_free(bounds->readers);
    memory_free(bounds->statistics);
    memory_free(bounds->losses);
    memory_free(bounds);
}
