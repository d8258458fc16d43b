/* SPDX-License-Identifier: MIT */
/* The loss is differentiated by central differences at EPSILON and at half of it.
 *
 * Tolerance: a relative 1e-6 of the derivative, but of at least SMALLEST. Rounding moves a loss of about 2 by some 10
 * units of 2^-53, so that a difference over 2 EPSILON is good to about 2e-10; SMALLEST * 1e-6 is five times that.
 *
 * Kinks: where a ReLU or a maximum changes its mind between w - EPSILON and w + EPSILON, a difference is no derivative.
 * The two differences then disagree, whatever the gradient under test says; such elements are skipped and counted, and
 * more than MOST_SKIPPED of them fail the test. */
#include "check.h"

#include "base/memory.h"
#include "base/random.h"
#include "oracle/loss.h"
#include "oracle/oracle.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const double EPSILON = 1e-5, RELATIVE = 1e-6, SMALLEST = 1e-3, MOST_SKIPPED = 0.05, SMOOTHING = 0.15;
enum { TARGET_SAMPLES = 2 };

/* A network with its batch and its targets. */
struct subject {
    const struct graph *graph;
    struct lowered *lowered;
    struct oracle *oracle;
    size_t n, classes;
    int32_t *labels;
    float *shares, *weights;
    struct engine_targets targets;
};

static void check(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

static double uniform(struct random_stream *stream, double low, double high) {
    return low + (high - low) * (double)random_unit(stream);
}

/* General values: gammas of both signs, biases that are not zero, statistics of no particular batch. */
static void fill_parameter(const struct parameter *parameter, uint32_t place, double *values) {
    struct random_stream stream = random_at(1, RANDOM_TEST, 0, place);
    const double limit = sqrt(6.0 / (double)(parameter->fan_in + parameter->fan_out + 1));
    for (size_t i = 0; i < shape_size(&parameter->shape); i++) {
        if (parameter->role == PARAMETER_KERNEL) values[i] = uniform(&stream, -limit, limit);
        else if (parameter->role == PARAMETER_GAMMA) values[i] = uniform(&stream, 0.5, 1.5) * (i % 3 == 1 ? -1 : 1);
        else if (parameter->role == PARAMETER_MOVING_VARIANCE) values[i] = uniform(&stream, 0.5, 1.5);
        else values[i] = uniform(&stream, -0.3, 0.3);
    }
}

/* Beside the message of a failure. */
static void print_graph(const struct subject *subject) {
    for (size_t i = 0; i < subject->graph->count; i++) {
        const struct node *node = &subject->graph->nodes[i];
        char shape[SHAPE_TEXT_SIZE];
        shape_text(&node->shape, true, shape);
        printf("%3zu %s %s%s from", i, node->name, shape, node->frozen ? " frozen" : "");
        for (size_t k = 0; k < node->input_count; k++)
            printf(" %s", subject->graph->nodes[node->inputs[k]].name);
        printf("\n");
    }
}

/* Place 3 of epoch 2: what Dropout draws is the same in every pass. */
static double loss_now(struct subject *subject) {
    oracle_forward(subject->oracle, ENGINE_TRAINING, (struct oracle_place){.seed = 7, .epoch = 2, .first = 3},
                   subject->n);
    return oracle_loss(subject->oracle, &subject->targets, NULL) / subject->targets.denominator;
}

/* The central difference for *value, which is put back. */
static double difference(struct subject *subject, double *value, double epsilon) {
    const double kept = *value;
    double loss[2], place[2];
    for (int side = 0; side < 2; side++) {
        place[side] = *value = side ? kept + epsilon : kept - epsilon;
        loss[side] = loss_now(subject);
    }
    *value = kept;
    return (loss[1] - loss[0]) / (place[1] - place[0]);
}

static void check_element(struct subject *subject, const char *name, size_t at, double *value, double gradient,
                          struct outcome *outcome) {
    const double whole = difference(subject, value, EPSILON), half = difference(subject, value, EPSILON / 2);
    const double tolerance = RELATIVE * fmax(fmax(fabs(whole), fabs(half)), SMALLEST);
    outcome->checked++;
    if (fabs(whole - half) > tolerance / 2) {
        outcome->skipped++;
        return;
    }
    outcome->large += fabs(whole) > SMALLEST;
    const double error = fabs(gradient - whole);
    if (!(error <= tolerance)) {
        print_graph(subject);
        fail_msg("%s: %s: element %zu: gradient %.12g, difference %.12g (error %.3g, at most %.3g)",
                 subject->graph->name, name, at, gradient, whole, error, tolerance);
    }
    outcome->worst = fmax(outcome->worst, error / tolerance);
}

/* `gradients` change with every pass that goes back; the differences only go forward. */
static void check_values(struct subject *subject, const char *name, double *values, const double *gradients,
                         size_t count, size_t samples, struct outcome *outcome) {
    const size_t checked = samples && samples < count ? samples : count;
    loss_now(subject);
    oracle_backward(subject->oracle);
    for (size_t k = 0; k < checked; k++) {
        const size_t at = (2 * k + 1) * count / (2 * checked);
        check_element(subject, name, at, &values[at], gradients[at], outcome);
    }
}

static void check_all(struct subject *subject, size_t samples, struct outcome *outcome) {
    for (size_t p = 0; p < subject->lowered->parameter_count; p++) {
        const struct parameter *parameter = subject->lowered->parameters[p].parameter;
        if (subject->lowered->parameters[p].trained)
            check_values(subject, parameter->name, subject->oracle->parameters[p].values,
                         subject->oracle->parameters[p].gradient, shape_size(&parameter->shape), samples, outcome);
    }
    check_values(subject, "the input", subject->oracle->operations[0].values, subject->oracle->operations[0].gradient,
                 subject->n * shape_size(graph_input_shape(subject->graph)), samples ? samples : 20, outcome);
}

static void open_subject(struct subject *subject) {
    check(lower_graph(subject->graph, &subject->lowered));
    check(oracle_open(subject->lowered, subject->n, &subject->oracle));
    subject->classes = shape_size(&subject->lowered->operations[subject->lowered->logits].shape);
    for (size_t p = 0; p < subject->lowered->parameter_count; p++)
        fill_parameter(subject->lowered->parameters[p].parameter, (uint32_t)p, subject->oracle->parameters[p].values);
    struct random_stream stream = random_at(1, RANDOM_TEST, 1, 0);
    for (size_t i = 0; i < subject->n * shape_size(graph_input_shape(subject->graph)); i++)
        subject->oracle->operations[0].values[i] = uniform(&stream, -1, 1);
    subject->labels = memory_allocate(subject->n, sizeof *subject->labels);
    subject->weights = memory_allocate(subject->n, sizeof *subject->weights);
    subject->shares = memory_allocate(subject->n * subject->classes, sizeof *subject->shares);
    assert_true(subject->labels && subject->weights && subject->shares);
    for (size_t i = 0; i < subject->n; i++) {
        subject->labels[i] = (int32_t)(i % subject->classes);
        subject->weights[i] = (float)uniform(&stream, 0.5, 2);
        for (size_t c = 0; c < subject->classes; c++)
            subject->shares[i * subject->classes + c] = (float)uniform(&stream, 0, 1);
    }
}

struct outcome check_graph(const struct graph *graph, size_t n, size_t samples) {
    struct subject subject = {.graph = graph, .n = n};
    struct outcome outcome = {0};
    open_subject(&subject);
    subject.targets = (struct engine_targets){.labels = subject.labels, .denominator = (double)n};
    check_all(&subject, samples, &outcome);
    subject.targets = (struct engine_targets){
        .shares = subject.shares, .weights = subject.weights, .smoothing = SMOOTHING, .denominator = 1.5 * (double)n};
    check_all(&subject, TARGET_SAMPLES, &outcome);
    oracle_close(subject.oracle);
    lowered_free(subject.lowered);
    memory_free(subject.labels);
    memory_free(subject.weights);
    memory_free(subject.shares);
    return outcome;
}

void check_outcome(const char *name, const struct outcome *outcome) {
    printf("%s: %zu elements, %zu at kinks skipped, %zu above %g, largest error %.2g of the tolerance\n", name,
           outcome->checked, outcome->skipped, outcome->large, SMALLEST, outcome->worst);
    if ((double)outcome->skipped > MOST_SKIPPED * (double)outcome->checked) fail_msg("%s: too many kinks", name);
    if (2 * outcome->large < outcome->checked) fail_msg("%s: too few gradients above %g", name, SMALLEST);
}
