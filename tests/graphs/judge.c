/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include "base/memory.h"
#include "base/random.h"
#include "bounds.h"
#include "oracle/loss.h"
#include "oracle/operations.h"
#include "sibling.h"

#include <math.h>
#include <string.h>

/* What flushing of subnormal numbers to zero may take from a value, and what follows from that. */
static const double SMALLEST = 1e-34, FLOAT_UNIT = 0x1p-24, USEFUL = 0.01;
/* What is below this share of the largest gradient is 0 but for rounding: it is measured by so many roundings of that. */
static const double ZERO = 1e-4, ENLARGED = 64;

/* A few values say nothing of how much is usually missed. */
enum { FEW = 16 };
/* How often the sibling is asked again where one evaluation in float says too little of what rounding does. */
enum { SHAKES = 8 };

static double uniform(struct random_stream *stream, double low, double high) {
    return low + (high - low) * (double)random_unit(stream);
}

/* Kernels that keep values at their size, gammas of both signs, statistics and biases that count. */
static void fill_parameter(const struct parameter *parameter, struct random_stream *stream, float *values) {
    const double limit = parameter->fan_in > 0 ? sqrt(6.0 / (double)parameter->fan_in) : 0;
    for (size_t i = 0; i < shape_size(&parameter->shape); i++) {
        switch (parameter->role) {
        case PARAMETER_KERNEL:
            values[i] = (float)uniform(stream, -limit, limit);
            break;
        case PARAMETER_GAMMA:
            values[i] = (float)(uniform(stream, 0.5, 1.5) * (i % 3 == 1 ? -1 : 1));
            break;
        case PARAMETER_MOVING_VARIANCE:
            values[i] = (float)uniform(stream, 0.3, 2);
            break;
        default:
            values[i] = (float)uniform(stream, -0.5, 0.5);
        }
    }
}

/* Plain labels half of the time; and what a sampled batch, mixing and smoothing make of them. */
static void choose_targets(struct judge *judge, struct random_stream *stream) {
    const uint32_t kind = random_below(stream, 6);
    judge->targets = (struct engine_targets){.labels = judge->labels, .denominator = (double)judge->n};
    if (kind == 0 || kind == 3) judge->targets.shares = judge->shares;
    if (kind == 1 || kind == 3) judge->targets.weights = judge->weights;
    if (kind == 2 || kind == 3) judge->targets.smoothing = 0.1;
    if (kind == 3) judge->targets.denominator = 2.5 * (double)judge->n;
    judge->seed = random_bits(stream);
    judge->epoch = random_below(stream, 100);
    judge->first = random_below(stream, 50000);
}

static ocellus_status fill(struct judge *judge, uint32_t number) {
    struct random_stream stream = random_at(4, RANDOM_TEST, 0, number);
    judge->parameters = memory_allocate(judge->parameter_count + 1, sizeof *judge->parameters);
    judge->images = memory_allocate(judge->n * judge->image_values, sizeof *judge->images);
    judge->labels = memory_allocate(judge->n, sizeof *judge->labels);
    judge->shares = memory_allocate(judge->n * judge->classes, sizeof *judge->shares);
    judge->weights = memory_allocate(judge->n, sizeof *judge->weights);
    if (!judge->parameters || !judge->images || !judge->labels || !judge->shares || !judge->weights) return OCELLUS_IO;
    for (size_t p = 0; p < judge->parameter_count; p++) {
        const struct parameter *parameter = judge->lowered->parameters[p].parameter;
        judge->parameters[p] = memory_allocate(shape_size(&parameter->shape), sizeof(float));
        if (!judge->parameters[p]) return OCELLUS_IO;
        fill_parameter(parameter, &stream, judge->parameters[p]);
    }
    for (size_t i = 0; i < judge->n * judge->image_values; i++)
        judge->images[i] = (float)uniform(&stream, -1, 1);
    for (size_t i = 0; i < judge->n; i++) {
        judge->labels[i] = (int32_t)random_below(&stream, (uint32_t)judge->classes);
        judge->weights[i] = (float)uniform(&stream, 0, 2);
    }
    for (size_t i = 0; i < judge->n * judge->classes; i++)
        judge->shares[i] = random_unit(&stream);
    choose_targets(judge, &stream);
    return OCELLUS_OK;
}

static ocellus_status prepare(struct judge *judge, uint32_t number, double unit) {
    TRY(lower_graph(judge->graph, &judge->lowered));
    judge->parameter_count = judge->lowered->parameter_count;
    judge->image_values = shape_size(&judge->lowered->operations[0].shape);
    judge->classes = shape_size(&judge->lowered->operations[judge->lowered->logits].shape);
    TRY(fill(judge, number));
    TRY(oracle_open(judge->lowered, judge->n, &judge->oracle));
    TRY(sibling_open(judge->lowered, judge->n, &judge->sibling));
    return bounds_open(judge->oracle, unit, &judge->bounds);
}

ocellus_status judge_open(const struct graph *graph, size_t n, uint32_t number, double unit, struct judge **out) {
    struct judge *judge = memory_allocate(1, sizeof *judge);
    if (!judge) return OCELLUS_IO;
    judge->graph = graph;
    judge->n = n;
    const ocellus_status status = prepare(judge, number, unit);
    if (status != OCELLUS_OK) {
        judge_close(judge);
        return status;
    }
    *out = judge;
    return OCELLUS_OK;
}

void judge_close(struct judge *judge) {
    if (!judge) return;
    bounds_close(judge->bounds);
    oracle_close(judge->oracle);
    sibling_close(judge->sibling);
    for (size_t p = 0; judge->parameters && p < judge->parameter_count; p++)
        memory_free(judge->parameters[p]);
    memory_free(judge->parameters);
    memory_free(judge->images);
    memory_free(judge->labels);
    memory_free(judge->shares);
    memory_free(judge->weights);
    lowered_free(judge->lowered);
    memory_free(judge);
}

static void give(struct judge *judge) {
    for (size_t p = 0; p < judge->parameter_count; p++) {
        const size_t count = shape_size(&judge->lowered->parameters[p].parameter->shape);
        for (size_t i = 0; i < count; i++)
            judge->oracle->parameters[p].values[i] = (double)judge->parameters[p][i];
    }
    for (size_t i = 0; i < judge->n * judge->image_values; i++)
        judge->oracle->operations[0].values[i] = (double)judge->images[i];
}

/* --- decisions too close to call, by what the sibling in float misses of the same values --- */

static const double CLOSE = 100;

static double miss_of(const struct judge *judge, size_t operation) {
    const size_t count = judge->n * shape_size(&judge->lowered->operations[operation].shape);
    const double *raw = judge->oracle->operations[operation].raw;
    const float *sibling = sibling_raw(judge->sibling, operation);
    double squares = 0;
    for (size_t i = 0; i < count; i++)
        squares += ((double)sibling[i] - raw[i]) * ((double)sibling[i] - raw[i]);
    return sqrt(squares / (double)count);
}

static bool is_close_to_kink(const struct judge *judge, size_t operation, const struct unary *unary, size_t of) {
    const size_t count = judge->n * shape_size(&judge->lowered->operations[operation].shape);
    const double *x = of == operation ? judge->oracle->operations[of].raw : judge->oracle->operations[of].values,
                 close = CLOSE * miss_of(judge, of);
    const bool hard = unary->function == UNARY_HARD_SIGMOID || unary->function == UNARY_HARD_SWISH;
    const double kinks[] = {hard ? -3 : 0, hard ? 3 : unary->max_value};
    for (size_t i = 0; i < count; i++) {
        if (x[i] != 0 && (fabs(x[i] - kinks[0]) < close || fabs(x[i] - kinks[1]) < close)) return true;
    }
    return false;
}

/* Whether a rival of the greatest comes close without being its equal. */
static bool is_close_maximum(const struct judge *judge, size_t operation) {
    const struct operation *o = &judge->lowered->operations[operation];
    const struct extent src = extent_of(&judge->lowered->operations[o->inputs[0]].shape), dst = extent_of(&o->shape);
    const double *values = judge->oracle->operations[o->inputs[0]].values, close = CLOSE * miss_of(judge, o->inputs[0]);
    for (size_t i = 0; i < judge->n * shape_size(&o->shape); i++) {
        const size_t x = i / dst.c % dst.w, y = i / dst.c / dst.w % dst.h, image = i / (dst.h * dst.w * dst.c);
        const double most = judge->oracle->operations[operation].values[i];
        size_t pixel;
        for (size_t tap = 0; tap < o->window.size[0] * o->window.size[1]; tap++) {
            if (!tap_at(&o->window, &src, y, x, tap / o->window.size[1], tap % o->window.size[1], &pixel)) continue;
            const double value = values[(image * src.h * src.w + pixel) * src.c + i % dst.c];
            if (value != most && value > most - close) return true;
        }
    }
    return false;
}

static bool is_undecided(const struct judge *judge) {
    for (size_t i = 1; i < judge->lowered->count; i++) {
        const struct operation *o = &judge->lowered->operations[i];
        const bool unary = o->kind == OPERATION_UNARY;
        if (o->kind == OPERATION_MAX_POOL && is_close_maximum(judge, i)) return true;
        if (o->unary.function != UNARY_LINEAR && is_close_to_kink(judge, i, &o->unary, unary ? o->inputs[0] : i))
            return true;
    }
    return false;
}

static void run_sibling(const struct judge *judge, const float *images) {
    if (judge->training)
        sibling_run(judge->sibling, judge->parameters, images, &judge->targets, judge->seed, judge->epoch,
                    judge->first);
    else sibling_run(judge->sibling, judge->parameters, images, NULL, 0, 0, 0);
}

void judge_train(struct judge *judge) {
    const struct oracle_place place = {judge->seed, judge->epoch, judge->first};
    double *losses = memory_allocate(judge->n, sizeof *losses);
    give(judge);
    oracle_forward(judge->oracle, ENGINE_TRAINING, place, judge->n);
    bounds_forward(judge->bounds);
    judge->loss = oracle_loss(judge->oracle, &judge->targets, losses) / judge->targets.denominator;
    bounds_loss(judge->bounds, &judge->targets, losses);
    oracle_backward(judge->oracle);
    bounds_backward(judge->bounds);
    memory_free(losses);
    judge->training = true;
    run_sibling(judge, judge->images);
    judge->undecided = is_undecided(judge);
    judge->largest = 0;
    for (size_t p = 0; p < judge->parameter_count; p++) {
        for (size_t i = 0; i < judge_count(judge, JUDGED_GRADIENT, p); i++)
            judge->largest = fmax(judge->largest, fabs(judge->oracle->parameters[p].gradient[i]));
    }
}

void judge_infer(struct judge *judge) {
    give(judge);
    oracle_forward(judge->oracle, ENGINE_INFERENCE, (struct oracle_place){0}, judge->n);
    bounds_forward(judge->bounds);
    judge->training = false;
    run_sibling(judge, judge->images);
}

size_t judge_count(const struct judge *judge, enum judged judged, size_t parameter) {
    if (judged == JUDGED_LOGITS) return judge->n * judge->classes;
    return judged == JUDGED_LOSS ? 1 : shape_size(&judge->lowered->parameters[parameter].parameter->shape);
}

/* NaN where infinity less infinity: nothing is known. */
static double known(double bound) {
    return isnan(bound) ? INFINITY : bound;
}

static double value_of(const struct judge *judge, enum judged judged, size_t parameter, size_t i, double *bound) {
    const size_t logits = judge->lowered->logits;
    switch (judged) {
    case JUDGED_LOGITS:
        *bound = known(bounds_of_value(judge->bounds, logits, i));
        return judge->oracle->operations[logits].values[i];
    case JUDGED_LOSS:
        *bound = known(judge->bounds->loss);
        return judge->loss;
    case JUDGED_GRADIENT:
        *bound = known(bounds_of_gradient(judge->bounds, parameter, i));
        return judge->oracle->parameters[parameter].gradient[i];
    case JUDGED_STATISTIC:
    case JUDGED_KINDS:
        break;
    }
    *bound = known(bounds_of_statistic(judge->bounds, parameter, i));
    return judge->oracle->parameters[parameter].values[i];
}

static float sibling_value(const struct judge *judge, enum judged judged, size_t parameter, size_t i) {
    if (judged == JUDGED_LOGITS) return sibling_values(judge->sibling, judge->lowered->logits)[i];
    return (judged == JUDGED_GRADIENT ? sibling_gradient : sibling_parameter)(judge->sibling, parameter)[i];
}

static double sibling_error(const struct judge *judge, enum judged judged, size_t parameter) {
    double squares = 0, bound;
    for (size_t i = 0; i < judge_count(judge, judged, parameter); i++) {
        const double error =
            (double)sibling_value(judge, judged, parameter, i) - value_of(judge, judged, parameter, i, &bound);
        squares += error * error;
    }
    return sqrt(squares);
}

/* The largest error of the sibling on images of which each value is one rounding off. */
static double shaken_sibling_error(const struct judge *judge, enum judged judged, size_t parameter) {
    const size_t values = judge->n * judge->image_values;
    float *images = memory_allocate(values, sizeof *images);
    double largest = 0;
    for (uint32_t shake = 0; images && shake < SHAKES; shake++) {
        struct random_stream stream = random_at(4, RANDOM_TEST, 1, shake);
        for (size_t i = 0; i < values; i++)
            images[i] = (float)((double)judge->images[i] * (1 + uniform(&stream, -2, 2) * FLOAT_UNIT));
        run_sibling(judge, images);
        largest = fmax(largest, sibling_error(judge, judged, parameter));
    }
    memory_free(images);
    run_sibling(judge, judge->images);
    return largest;
}

double judge_beside_sibling(const struct judge *judge, enum judged judged, size_t parameter, const float *values,
                            double most) {
    const size_t count = judge_count(judge, judged, parameter);
    double missed = 0, size = 0, bound;
    if (judged == JUDGED_LOSS || count < FEW || (judged == JUDGED_GRADIENT && judge->undecided)) return 0;
    for (size_t i = 0; i < count; i++) {
        const double value = value_of(judge, judged, parameter, i, &bound), own = (double)values[i] - value;
        missed += own * own;
        size += value * value;
    }
    /* A gradient that is 0 but for what cancels has its errors from what cancels, which may have been enlarged on the way. */
    const double largest = judged == JUDGED_GRADIENT ? judge->largest * sqrt((double)count) : 0,
                 rounded = FLOAT_UNIT * (sqrt(size) < ZERO * largest ? ENLARGED : 1) * (sqrt(size) + largest);
    const double beside = sqrt(missed) / (sibling_error(judge, judged, parameter) + rounded + SMALLEST);
    if (beside <= most) return beside;
    return sqrt(missed) / (shaken_sibling_error(judge, judged, parameter) + rounded + SMALLEST);
}

double judge_compare(const struct judge *judge, enum judged judged, size_t parameter, const float *values,
                     size_t *useful) {
    const size_t count = judge_count(judge, judged, parameter);
    double worst = 0, largest = judged == JUDGED_GRADIENT ? ZERO * judge->largest : 0, bound;
    for (size_t i = 0; i < count; i++) {
        const double value = value_of(judge, judged, parameter, i, &bound);
        const double share = fabs((double)values[i] - value) / (bound + FLOAT_UNIT * fabs(value) + SMALLEST);
        worst = share <= worst && isfinite(values[i]) ? worst : isfinite(values[i]) ? share : INFINITY;
        largest = fmax(largest, fabs(value));
    }
    for (size_t i = 0; i < count; i++) {
        value_of(judge, judged, parameter, i, &bound);
        *useful += bound <= USEFUL * largest;
    }
    return worst;
}
