/* SPDX-License-Identifier: MIT */
/* The loss is differentiated by central differences at EPSILON and at half of it.
 *
 * Values cross the engine's interface as float: those that are moved lie on a grid of GRID, and so do the moved ones.
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
#include "model/layer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static const double GRID = 0x1p-20, EPSILON = 0x1p-17, RELATIVE = 1e-6, SMALLEST = 1e-3, MOST_SKIPPED = 0.05;
enum { MOST_IMAGES = 40 };

/* A network with its batch and its numbers. */
struct subject {
    const struct graph *graph;
    struct engine *engine;
    int32_t labels[MOST_IMAGES];
    size_t n;
};

static void check(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

static bool ends_with(const char *text, const char *end) {
    size_t size = strlen(text), end_size = strlen(end);
    return size >= end_size && strcmp(text + size - end_size, end) == 0;
}

static float uniform(struct random_stream *stream, double low, double high) {
    return (float)(nearbyint((low + (high - low) * (double)random_unit(stream)) / GRID) * GRID);
}

/* General values: gammas of both signs, biases that are not zero, statistics of no particular batch. */
static void fill_parameter(const struct parameter *parameter, uint32_t place, float *values) {
    struct random_stream stream = random_at(1, RANDOM_TEST, 0, place);
    for (size_t i = 0; i < shape_size(&parameter->shape); i++) {
        if (ends_with(parameter->name, "/kernel")) {
            const double limit = sqrt(6.0 / (double)(parameter->fan_in + parameter->fan_out));
            values[i] = uniform(&stream, -limit, limit);
        } else if (ends_with(parameter->name, "/gamma")) {
            values[i] = uniform(&stream, 0.5, 1.5) * (i % 3 == 1 ? -1 : 1);
        } else if (ends_with(parameter->name, "/moving_variance")) {
            values[i] = uniform(&stream, 0.5, 1.5);
        } else {
            values[i] = uniform(&stream, -0.3, 0.3);
        }
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

static double loss_now(struct subject *subject) {
    struct engine_metrics metrics;
    check(engine_forward(subject->engine, ENGINE_TRAINING, &(struct engine_batch){.n = subject->n}));
    check(engine_loss(subject->engine, &(struct engine_targets){.labels = subject->labels}));
    check(engine_metrics(subject->engine, &metrics));
    return metrics.loss_sum / (double)subject->n;
}

/* The central difference for values[at], which is put back. */
static double difference(struct subject *subject, const struct parameter *parameter, float *values, size_t at,
                         double epsilon) {
    const size_t count = shape_size(&parameter->shape);
    const double kept = (double)values[at];
    double loss[2], place[2];
    for (int side = 0; side < 2; side++) {
        values[at] = (float)(side ? kept + epsilon : kept - epsilon);
        place[side] = (double)values[at];
        check(engine_set(subject->engine, parameter->name, values, count));
        loss[side] = loss_now(subject);
    }
    values[at] = (float)kept;
    return (loss[1] - loss[0]) / (place[1] - place[0]);
}

static void check_element(struct subject *subject, const struct parameter *parameter, float *values, size_t at,
                          double gradient, struct outcome *outcome) {
    const double whole = difference(subject, parameter, values, at, EPSILON);
    const double half = difference(subject, parameter, values, at, EPSILON / 2);
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
                 subject->graph->name, parameter->name, at, gradient, whole, error, tolerance);
    }
    outcome->worst = fmax(outcome->worst, error / tolerance);
}

static void check_parameter(struct subject *subject, const struct parameter *parameter, size_t samples,
                            struct outcome *outcome) {
    const size_t count = shape_size(&parameter->shape);
    float *values = memory_allocate(count, sizeof *values), *gradient = memory_allocate(count, sizeof *gradient);
    assert_true(values && gradient);
    char name[GRAPH_NAME_SIZE + 16];
    snprintf(name, sizeof name, "%s/gradient", parameter->name);
    check(engine_get(subject->engine, parameter->name, values, count));
    /* Forward passes run between the parameters; the gradient belongs to the values as they are. */
    loss_now(subject);
    check(engine_backward(subject->engine));
    check(engine_get(subject->engine, name, gradient, count));
    const size_t checked = samples && samples < count ? samples : count;
    for (size_t k = 0; k < checked; k++) {
        const size_t at = (2 * k + 1) * count / (2 * checked);
        check_element(subject, parameter, values, at, (double)gradient[at], outcome);
    }
    check(engine_set(subject->engine, parameter->name, values, count));
    memory_free(values);
    memory_free(gradient);
}

static void open_subject(struct subject *subject) {
    const struct engine_options options = {
        .threads = 1,
        .batch_size = subject->n,
        .training = true,
        .optimizer = {.kind = OPTIMIZER_SGD, .learning_rate = 0.01},
    };
    check(engine_open(NULL, subject->graph, &options, &subject->engine));
    uint32_t place = 0;
    for (size_t i = 0; i < subject->graph->count; i++) {
        const struct node *node = &subject->graph->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++, place++) {
            const size_t count = shape_size(&node->parameters[k].shape);
            float *values = memory_allocate(count, sizeof *values);
            assert_non_null(values);
            fill_parameter(&node->parameters[k], place, values);
            check(engine_set(subject->engine, node->parameters[k].name, values, count));
            memory_free(values);
        }
    }
    const size_t pixels = subject->n * shape_size(graph_input_shape(subject->graph));
    const size_t classes = shape_size(graph_output_shape(subject->graph));
    struct random_stream stream = random_at(1, RANDOM_TEST, 1, 0);
    float *images = engine_input(subject->engine, 0);
    for (size_t i = 0; i < pixels; i++)
        images[i] = uniform(&stream, -1, 1);
    assert_true(subject->n <= MOST_IMAGES);
    for (size_t i = 0; i < subject->n; i++)
        subject->labels[i] = (int32_t)(i % classes);
}

struct outcome check_graph(const struct graph *graph, size_t n, size_t samples) {
    struct subject subject = {.graph = graph, .n = n};
    struct outcome outcome = {0};
    open_subject(&subject);
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        for (size_t k = 0; k < node->parameter_count; k++) {
            if (!node->frozen && node->parameters[k].trainable)
                check_parameter(&subject, &node->parameters[k], samples, &outcome);
        }
    }
    engine_close(subject.engine);
    return outcome;
}

void check_outcome(const char *name, const struct outcome *outcome) {
    printf("%s: %zu elements, %zu at kinks skipped, %zu above %g, largest error %.2g of the tolerance\n", name,
           outcome->checked, outcome->skipped, outcome->large, SMALLEST, outcome->worst);
    if ((double)outcome->skipped > MOST_SKIPPED * (double)outcome->checked) fail_msg("%s: too many kinks", name);
    if (2 * outcome->large < outcome->checked) fail_msg("%s: too few gradients above %g", name, SMALLEST);
}

void check_case(const struct gradient_case *checked) {
    struct graph *graph;
    size_t newest, matched;
    check(graph_create(checked->name, &graph));
    const union layer_config input = {
        .input_layer = {.shape = {3, {checked->input[0], checked->input[1], checked->input[2]}}}};
    const union layer_config head = {
        .dense = {.units = 3, .activation = {.function = UNARY_SOFTMAX}, .use_bias = true}};
    check(graph_add(graph, &layer_input_layer, NULL, NULL, &input, NULL, 0, &newest));
    check(checked->build(graph, &newest));
    if (graph->nodes[newest].shape.rank > 1)
        check(graph_add(graph, &layer_flatten, NULL, NULL, NULL, &newest, 1, &newest));
    check(graph_add(graph, &layer_dense, "head", NULL, &head, &newest, 1, &newest));
    if (checked->frozen) {
        check(graph_freeze(graph, checked->frozen, &matched));
        assert_true(matched > 0);
    }
    const struct outcome outcome = check_graph(graph, checked->n, checked->samples);
    check_outcome(checked->name, &outcome);
    graph_free(graph);
}
