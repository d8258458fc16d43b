/* SPDX-License-Identifier: MIT */
/* The graph: the networks' shapes and counts, the rules of building, initial values. */
#include "model/graph.h"
#include "model/initialize.h"
#include "model/layer.h"
#include "model/registry.h"
#include "model/resnet50.h"
#include "model/simcnn.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_status(ocellus_status got, ocellus_status expected, const char *message) {
    if (got != expected || (message && !strstr(status_message(), message)))
        fail_msg("status %d with \"%s\" (expected %d with \"%s\")", (int)got, status_message(), (int)expected,
                 message ? message : "");
}

static void assert_shape(const struct graph *graph, const char *name, const char *expected) {
    char text[SHAPE_TEXT_SIZE];
    const struct node *node = graph_node(graph, name);
    assert_non_null(node);
    shape_text(&node->shape, true, text);
    assert_string_equal(text, expected);
}

static void simcnn_is_the_reports(void **state) {
    (void)state;
    static const struct {
        const char *name, *shape;
    } expected[] = {{"input_layer", "(None, 32, 32, 3)"},
                    {"conv2d", "(None, 30, 30, 32)"},
                    {"batch_normalization", "(None, 30, 30, 32)"},
                    {"max_pooling2d", "(None, 15, 15, 32)"},
                    {"conv2d_1", "(None, 13, 13, 64)"},
                    {"batch_normalization_1", "(None, 13, 13, 64)"},
                    {"max_pooling2d_1", "(None, 6, 6, 64)"},
                    {"conv2d_2", "(None, 4, 4, 64)"},
                    {"batch_normalization_2", "(None, 4, 4, 64)"},
                    {"flatten", "(None, 1024)"},
                    {"dense", "(None, 64)"},
                    {"dense_1", "(None, 10)"}};
    struct graph *graph;
    assert_status(graph_simcnn(32, 32, 3, 10, &graph), OCELLUS_OK, NULL);
    assert_int_equal(graph->count, sizeof expected / sizeof *expected);
    for (size_t i = 0; i < graph->count; i++) {
        assert_string_equal(graph->nodes[i].name, expected[i].name);
        assert_shape(graph, expected[i].name, expected[i].shape);
    }
    const struct parameter_totals totals = graph_totals(graph);
    assert_int_equal(totals.total, 123210);
    assert_int_equal(totals.trainable, 122890);
    assert_int_equal(totals.non_trainable, 320);
    assert_int_equal(graph_node(graph, "dense")->config.dense.activation.function, UNARY_RELU);
    assert_int_equal(graph_node(graph, "dense_1")->config.dense.activation.function, UNARY_SOFTMAX);
    assert_int_equal(graph_node(graph, "conv2d_2")->config.conv2d.activation.function, UNARY_RELU);
    graph_free(graph);
}

/* Nothing is tied to CIFAR-10's sizes. */
static void simcnn_follows_the_data(void **state) {
    (void)state;
    struct graph *graph;
    assert_status(graph_simcnn(28, 36, 1, 7, &graph), OCELLUS_OK, NULL);
    assert_shape(graph, "conv2d", "(None, 26, 34, 32)");
    assert_shape(graph, "dense_1", "(None, 7)");
    graph_free(graph);
    assert_status(graph_simcnn(8, 8, 3, 10, &graph), OCELLUS_USAGE,
                  "MaxPooling2D on input (None, 1, 1, 64): max_pooling2d_1: window: larger");
    assert_status(graph_simcnn(32, 32, 3, 0, &graph), OCELLUS_USAGE, "dense_1: units");
}

static void resnet50_is_the_reports(void **state) {
    (void)state;
    struct graph *graph;
    assert_status(graph_resnet50(32, 32, 3, 10, RESNET50_SIDE, RESNET50_EPSILON, &graph), OCELLUS_OK, NULL);
    const struct parameter_totals totals = graph_totals(graph);
    assert_int_equal(totals.total, 26215818);
    assert_int_equal(totals.trainable, 26162698);
    assert_int_equal(totals.non_trainable, 53120);
    size_t nested = 0;
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].parameter_count && *graph->nodes[i].path; k++)
            nested += shape_size(&graph->nodes[i].parameters[k].shape);
    }
    assert_int_equal(nested, 23587712);
    assert_shape(graph, "up_sampling2d", "(None, 224, 224, 3)");
    assert_shape(graph, "conv1_conv", "(None, 112, 112, 64)");
    assert_shape(graph, "pool1_pool", "(None, 56, 56, 64)");
    assert_shape(graph, "conv3_block1_1_conv", "(None, 28, 28, 128)");
    assert_shape(graph, "conv3_block1_0_conv", "(None, 28, 28, 512)");
    assert_shape(graph, "conv3_block1_2_conv", "(None, 28, 28, 128)");
    assert_shape(graph, "conv5_block3_out", "(None, 7, 7, 2048)");
    assert_shape(graph, "classification", "(None, 10)");
    const struct node *shortcut = graph_node(graph, "conv4_block2_add");
    assert_string_equal(graph->nodes[shortcut->inputs[0]].name, "conv4_block1_out");
    assert_true(graph_node(graph, "conv1_bn")->config.batch_normalization.epsilon == 1.001e-5);
    assert_int_equal(graph->preprocessing, PREPROCESSING_CAFFE);
    graph_free(graph);
    assert_status(graph_resnet50(32, 32, 1, 10, RESNET50_SIDE, RESNET50_EPSILON, &graph), OCELLUS_USAGE, "channels");
    assert_status(graph_resnet50(32, 32, 3, 10, RESNET50_SIDE, 0, &graph), OCELLUS_USAGE, "conv1_bn: epsilon");

    assert_status(graph_resnet50_imagenet(1e-3, &graph), OCELLUS_OK, NULL);
    assert_int_equal(graph_totals(graph).total, 25636712);
    assert_shape(graph, "predictions", "(None, 1000)");
    graph_free(graph);
}

static void freezing_moves_parameters_to_the_untrained(void **state) {
    (void)state;
    struct graph *graph;
    size_t matched;
    assert_status(graph_simcnn(32, 32, 3, 10, &graph), OCELLUS_OK, NULL);
    assert_status(graph_freeze(graph, "conv2d*", &matched), OCELLUS_OK, NULL);
    assert_int_equal(matched, 3);
    assert_int_equal(graph_totals(graph).non_trainable, 320 + 896 + 18496 + 36928);
    assert_status(graph_freeze(graph, "nothing", &matched), OCELLUS_OK, NULL);
    assert_int_equal(matched, 0);
    graph_free(graph);
}

static void initial_values_are_keras(void **state) {
    (void)state;
    struct graph *graph;
    assert_status(graph_simcnn(32, 32, 3, 10, &graph), OCELLUS_OK, NULL);
    enum { KERNEL = 3 * 3 * 64 * 64 };
    float *values = malloc(2 * KERNEL * sizeof *values), *again = values + KERNEL;
    assert_status(graph_initial_values(graph, "conv2d_2/kernel", 7, values), OCELLUS_OK, NULL);
    const double limit = sqrt(6.0 / (9 * 64 + 9 * 64));
    double sum = 0, squares = 0, largest = 0;
    for (size_t i = 0; i < KERNEL; i++) {
        sum += values[i];
        squares += (double)values[i] * values[i];
        largest = fmax(largest, fabs((double)values[i]));
    }
    assert_true(largest <= limit && largest > 0.999 * limit);
    /* Five standard errors of a uniform distribution's mean and variance. */
    assert_true(fabs(sum / KERNEL) < 5 * limit / sqrt(3.0 * KERNEL));
    assert_true(fabs(squares / KERNEL / (limit * limit / 3) - 1) < 5 * sqrt(0.8 / KERNEL));

    assert_status(graph_initial_values(graph, "conv2d_2/kernel", 7, again), OCELLUS_OK, NULL);
    assert_memory_equal(values, again, KERNEL * sizeof *values);
    assert_status(graph_initial_values(graph, "conv2d_2/kernel", 8, again), OCELLUS_OK, NULL);
    assert_memory_not_equal(values, again, KERNEL * sizeof *values);
    assert_status(graph_initial_values(graph, "conv2d_1/kernel", 7, again), OCELLUS_OK, NULL);
    /* Another place, other numbers: not the same ones on another scale. */
    assert_true(fabs(values[0] / limit - again[0] / sqrt(6.0 / (9 * 32 + 9 * 64))) > 1e-3);

    static const struct {
        const char *name;
        float value;
    } constants[] = {{"conv2d/bias", 0},
                     {"batch_normalization/gamma", 1},
                     {"batch_normalization/beta", 0},
                     {"batch_normalization/moving_mean", 0},
                     {"batch_normalization/moving_variance", 1}};
    for (size_t i = 0; i < sizeof constants / sizeof *constants; i++) {
        for (size_t k = 0; k < 32; k++)
            values[k] = NAN;
        assert_status(graph_initial_values(graph, constants[i].name, 7, values), OCELLUS_OK, NULL);
        for (size_t k = 0; k < 32; k++)
            assert_true(values[k] == constants[i].value);
    }
    assert_status(graph_initial_values(graph, "conv2d/weights", 7, values), OCELLUS_USAGE, "conv2d/weights");
    free(values);
    graph_free(graph);
}

static void class_names_are_as_many_as_outputs(void **state) {
    (void)state;
    struct graph *graph;
    assert_status(graph_simcnn(32, 32, 3, 2, &graph), OCELLUS_OK, NULL);
    assert_status(graph_set_class_names(graph, (const char *const[]){"cat", "dog", "frog"}, 3), OCELLUS_USAGE,
                  "expected the output's 2, got 3");
    assert_null(graph->class_names);
    assert_status(graph_set_class_names(graph, (const char *const[]){"cat", "dog"}, 2), OCELLUS_OK, NULL);
    assert_status(graph_set_class_names(graph, (const char *const[]){"horse", "ship"}, 2), OCELLUS_OK, NULL);
    assert_string_equal(graph->class_names[1], "ship");
    graph_free(graph);
}

/* Each bad node is refused by name and leaves the graph as it was; the good one after it is taken. */
static void bad_nodes_are_refused(void **state) {
    (void)state;
    struct graph *graph;
    assert_status(graph_create("bad", &graph), OCELLUS_OK, NULL);
    const union layer_config image = {.input_layer = {.shape = {3, {8, 8, 4}}}},
                             none = {.activation = {{.function = UNARY_LINEAR}}};
    assert_null(layer_by_class_name("Convolution"));
    assert_status(graph_add(graph, &layer_flatten, NULL, NULL, NULL, (size_t[]){0}, 1, NULL), OCELLUS_USAGE,
                  "first node");
    assert_status(graph_add(graph, &layer_input_layer, NULL, NULL, &image, NULL, 0, NULL), OCELLUS_OK, NULL);
    assert_status(graph_add(graph, &layer_flatten, "flat", NULL, NULL, (size_t[]){0}, 1, NULL), OCELLUS_OK, NULL);
    const struct {
        const struct layer_type *type;
        const char *name, *path;
        union layer_config config;
        size_t inputs[2], input_count;
        const char *message;
    } cases[] = {
        {&layer_input_layer, NULL, NULL, image, {0}, 0, "first node"},
        {&layer_flatten, NULL, NULL, none, {2}, 1, "unknown node 2"},
        {&layer_flatten, NULL, NULL, none, {0, 0}, 2, "expected 1, got 2"},
        {&layer_flatten, "flat", NULL, none, {0}, 1, "used by two layers"},
        {&layer_flatten, "a/b", NULL, none, {0}, 1, "not allowed"},
        {&layer_flatten, "", NULL, none, {0}, 1, "wrong length"},
        {&layer_add, NULL, NULL, none, {0, 1}, 2, "shapes differ ((None, 8, 8, 4) and (None, 256))"},
        {&layer_dense, NULL, NULL, {.dense = {.units = 3}}, {0}, 1, "unfit for Dense"},
        {&layer_dense, NULL, NULL, {.dense = {.units = -3}}, {1}, 1, "units"},
        {&layer_dense, NULL, NULL, {.dense = {.units = INT64_MAX}}, {1}, 1, "units"},
        {&layer_conv2d,
         NULL,
         NULL,
         {.conv2d = {.filters = 1, .kernel_size = {9, 1}, .strides = {1, 1}}},
         {0},
         1,
         "expected at most 8, got 9"},
        {&layer_conv2d,
         NULL,
         NULL,
         {.conv2d = {.filters = 1, .kernel_size = {3, 3}, .strides = {0, 1}}},
         {0},
         1,
         "strides"},
        {&layer_conv2d,
         NULL,
         NULL,
         {.conv2d = {.filters = INT32_MAX, .kernel_size = {1024, 1024}, .strides = {1, 1}, .padding = PADDING_SAME}},
         {0},
         1,
         "2^40 values"},
        {&layer_conv2d,
         NULL,
         NULL,
         {.conv2d = {.filters = INT32_MAX,
                     .kernel_size = {INT32_MAX, INT32_MAX},
                     .strides = {1, 1},
                     .padding = PADDING_SAME}},
         {0},
         1,
         "2^40 values"},
        {&layer_conv2d,
         NULL,
         NULL,
         {.conv2d =
              {.filters = 1, .kernel_size = {1, 1}, .strides = {1, 1}, .activation = {.function = UNARY_SOFTMAX}}},
         {0},
         1,
         "softmax needs a vector"},
        {&layer_max_pooling2d, NULL, NULL, {.pooling2d = {.pool_size = {0, 2}, .strides = {2, 2}}}, {0}, 1, "window"},
        {&layer_zero_padding2d, NULL, NULL, {.zero_padding2d = {.padding = {{-1, 1}, {1, 1}}}}, {0}, 1, "padding"},
        {&layer_up_sampling2d, NULL, NULL, {.up_sampling2d = {.size = {INT32_MAX, INT32_MAX}}}, {0}, 1, "out of range"},
        {&layer_batch_normalization,
         NULL,
         NULL,
         {.batch_normalization = {.momentum = 2, .epsilon = 1e-3}},
         {0},
         1,
         "momentum"},
        {&layer_batch_normalization,
         NULL,
         NULL,
         {.batch_normalization = {.momentum = NAN, .epsilon = 1e-3}},
         {0},
         1,
         "momentum"},
        {&layer_batch_normalization,
         NULL,
         NULL,
         {.batch_normalization = {.momentum = 0.9, .epsilon = 0}},
         {0},
         1,
         "epsilon"},
        {&layer_flatten, NULL, "flat", none, {0}, 1, "its name is used before"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_status(graph_add(graph, cases[i].type, cases[i].name, cases[i].path, &cases[i].config, cases[i].inputs,
                                cases[i].input_count, NULL),
                      OCELLUS_USAGE, cases[i].message);
        assert_int_equal(graph->count, 2);
    }
    const union layer_config good = {.dense = {.units = 3}};
    assert_status(graph_add(graph, &layer_dense, NULL, NULL, &good, (size_t[]){1}, 1, NULL), OCELLUS_OK, NULL);
    graph_free(graph);
}

static void nested_models_have_one_way_in_and_out(void **state) {
    (void)state;
    struct graph *graph;
    const union layer_config image = {.input_layer = {.shape = {1, {8}}}},
                             relu = {.activation = {{.function = UNARY_RELU}}};
    assert_status(graph_create("nesting", &graph), OCELLUS_OK, NULL);
    assert_status(graph_add(graph, &layer_input_layer, NULL, NULL, &image, NULL, 0, NULL), OCELLUS_OK, NULL);
    assert_status(graph_add(graph, &layer_activation, NULL, NULL, &relu, (size_t[]){0}, 1, NULL), OCELLUS_OK, NULL);
    assert_status(graph_add(graph, &layer_activation, NULL, "inner", &relu, (size_t[]){1}, 1, NULL), OCELLUS_OK, NULL);
    assert_status(graph_add(graph, &layer_add, NULL, "inner", NULL, (size_t[]){2, 0}, 2, NULL), OCELLUS_USAGE,
                  "more than one value from outside");
    assert_status(graph_add(graph, &layer_add, NULL, "inner", NULL, (size_t[]){2, 1}, 2, NULL), OCELLUS_OK, NULL);
    assert_int_equal(graph_nested_end(graph, 1), 2);
    assert_int_equal(graph_nested_end(graph, 2), 4);
    assert_status(graph_add(graph, &layer_activation, NULL, NULL, &relu, (size_t[]){2}, 1, NULL), OCELLUS_USAGE,
                  "not the output of the nested model inner");
    assert_status(graph_add(graph, &layer_activation, NULL, NULL, &relu, (size_t[]){3}, 1, NULL), OCELLUS_OK, NULL);
    assert_status(graph_add(graph, &layer_activation, NULL, "inner", &relu, (size_t[]){4}, 1, NULL), OCELLUS_USAGE,
                  "its name is used before");
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simcnn_is_the_reports),    cmocka_unit_test(simcnn_follows_the_data),
        cmocka_unit_test(resnet50_is_the_reports),  cmocka_unit_test(freezing_moves_parameters_to_the_untrained),
        cmocka_unit_test(initial_values_are_keras), cmocka_unit_test(class_names_are_as_many_as_outputs),
        cmocka_unit_test(bad_nodes_are_refused),    cmocka_unit_test(nested_models_have_one_way_in_and_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
