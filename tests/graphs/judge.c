/* SPDX-License-Identifier: MIT */
#include "judge.h"

#include "base/memory.h"
#include "base/random.h"
#include "bounds.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What flushing of subnormal numbers to zero may take from a value, and what follows from that. */
static const double SMALLEST = 1e-34, FLOAT_UNIT = 0x1p-24, USEFUL = 0.01;

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

static ocellus_status fill(struct judge *judge, uint32_t number) {
    struct random_stream stream = random_at(4, RANDOM_TEST, 0, number);
    judge->parameters = memory_allocate(judge->parameter_count + 1, sizeof *judge->parameters);
    judge->images = memory_allocate(judge->n * judge->image_values, sizeof *judge->images);
    judge->labels = memory_allocate(judge->n, sizeof *judge->labels);
    if (!judge->parameters || !judge->images || !judge->labels) return OCELLUS_IO;
    for (size_t p = 0; p < judge->parameter_count; p++) {
        const struct parameter *parameter = judge->lowered->parameters[p].parameter;
        judge->parameters[p] = memory_allocate(shape_size(&parameter->shape), sizeof(float));
        if (!judge->parameters[p]) return OCELLUS_IO;
        fill_parameter(parameter, &stream, judge->parameters[p]);
    }
    for (size_t i = 0; i < judge->n * judge->image_values; i++)
        judge->images[i] = (float)uniform(&stream, -1, 1);
    for (size_t i = 0; i < judge->n; i++)
        judge->labels[i] = (int32_t)random_below(&stream, (uint32_t)judge->classes);
    return OCELLUS_OK;
}

static ocellus_status prepare(struct judge *judge, uint32_t number, double unit) {
    TRY(lower_graph(judge->graph, &judge->lowered));
    judge->parameter_count = judge->lowered->parameter_count;
    judge->image_values = shape_size(&judge->lowered->operations[0].shape);
    judge->classes = shape_size(&judge->lowered->operations[judge->lowered->logits].shape);
    TRY(fill(judge, number));
    TRY(oracle_open(judge->lowered, judge->n, &judge->oracle));
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
    for (size_t p = 0; judge->parameters && p < judge->parameter_count; p++)
        memory_free(judge->parameters[p]);
    memory_free(judge->parameters);
    memory_free(judge->images);
    memory_free(judge->labels);
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



void judge_train(struct judge *judge) {
    const struct oracle_targets targets = {.labels = judge->labels};
    double *losses = memory_allocate(judge->n, sizeof *losses);
    give(judge);
    oracle_forward(judge->oracle, ORACLE_TRAINING, (struct oracle_place){0}, judge->n);
    bounds_forward(judge->bounds);
    judge->loss = oracle_loss(judge->oracle, &targets, (double)judge->n, losses);
    bounds_loss(judge->bounds, &targets, (double)judge->n, losses);
    oracle_backward(judge->oracle);
    bounds_backward(judge->bounds);
    memory_free(losses);
}

void judge_infer(struct judge *judge) {
    give(judge);
    oracle_forward(judge->oracle, ORACLE_INFERENCE, (struct oracle_place){0}, judge->n);
    bounds_forward(judge->bounds);
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

double judge_compare(const struct judge *judge, enum judged judged, size_t parameter, const float *values,
                     size_t *useful) {
    const size_t count = judge_count(judge, judged, parameter);
    double worst = 0, largest = 0, bound;
    for (size_t i = 0; i < count; i++) {
        const double value = value_of(judge, judged, parameter, i, &bound);
        const double share = fabs((double)values[i] - value) / (bound + FLOAT_UNIT * fabs(value) + SMALLEST);
        if (getenv("DBG") && share > 1) fprintf(stderr, "%d %zu: %zu of %zu: %.9g should be %.9g bound %.3g\n", judged, parameter, i, count, (double)values[i], value, bound);
        worst = share <= worst && isfinite(values[i]) ? worst : isfinite(values[i]) ? share : INFINITY;
        largest = fmax(largest, fabs(value));
    }
    for (size_t i = 0; i < count; i++) {
        value_of(judge, judged, parameter, i, &bound);
        *useful += bound <= USEFUL * largest;
    }
    return worst;
}
