/* SPDX-License-Identifier: MIT */
/* The summary against files that the library made with which Keras draws its own (expected/make_summaries.py). */
#include "base/files.h"
#include "model/layer.h"
#include "model/resnet50.h"
#include "model/simcnn.h"
#include "model/summary.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void assert_summary(const struct graph *graph, bool expand, const char *file) {
    unsigned char *expected;
    size_t size;
    struct text got = {0};
    assert_int_equal(file_read(file, 1 << 20, &expected, &size), OCELLUS_OK);
    graph_summary(graph, &(struct summary_options){expand}, &got);
    assert_false(got.failed);
    assert_string_equal(got.bytes, (char *)expected);
    text_free(&got);
    free(expected);
}

#define EXPECTED(name) TEST_SOURCE_DIR "/tests/unit/expected/summary_" name ".txt"

static void simcnn_as_keras_prints_it(void **state) {
    (void)state;
    struct graph *graph;
    assert_int_equal(graph_simcnn(32, 32, 3, 10, &graph), OCELLUS_OK);
    assert_summary(graph, false, EXPECTED("simcnn"));
    if (setlocale(LC_ALL, "de_DE.UTF-8")) assert_summary(graph, false, EXPECTED("simcnn"));
    setlocale(LC_ALL, "C");
    graph_free(graph);
}

static void resnet50_as_keras_prints_it(void **state) {
    (void)state;
    struct graph *graph;
    assert_int_equal(graph_resnet50(32, 32, 3, 10, RESNET50_SIDE, RESNET50_EPSILON, &graph), OCELLUS_OK);
    assert_summary(graph, false, EXPECTED("resnet50"));
    graph_free(graph);
}

static size_t add(struct graph *graph, const struct layer_type *type, const char *name, const char *path,
                  const union layer_config *config, size_t first, size_t second, size_t count) {
    size_t index = 0;
    assert_int_equal(graph_add(graph, type, name, path, config, (const size_t[]){first, second}, count, &index),
                     OCELLUS_OK);
    return index;
}

static void branches_get_a_fourth_column(void **state) {
    (void)state;
    struct graph *graph;
    const union layer_config image = {.input_layer = {.shape = {3, {112, 112, 16}}}},
                             conv = {.conv2d = {.filters = 16,
                                                .kernel_size = {1, 1},
                                                .strides = {1, 1},
                                                .use_bias = true}},
                             relu = {.activation = {{.function = UNARY_RELU}}};
    assert_int_equal(graph_create("branched", &graph), OCELLUS_OK);
    const size_t input = add(graph, &layer_input_layer, NULL, NULL, &image, 0, 0, 0);
    const size_t a = add(graph, &layer_conv2d, "conv2_block1_0_conv", NULL, &conv, input, 0, 1);
    const size_t b = add(graph, &layer_activation, "a_name_that_is_wider_than_its_column", NULL, &relu, a, 0, 1);
    add(graph, &layer_add, NULL, NULL, NULL, input, b, 2);
    size_t matched;
    assert_int_equal(graph_freeze(graph, "*", &matched), OCELLUS_OK);
    assert_summary(graph, false, EXPECTED("branched"));
    graph_free(graph);
}

/* The names that Keras gives to layers, and more than two inputs in a row. */
static void newer_layers_as_keras_prints_them(void **state) {
    (void)state;
    struct graph *graph;
    const union layer_config image = {.input_layer = {.shape = {3, {8, 8, 4}}}},
                             depthwise = {.depthwise_conv2d = {.kernel_size = {3, 3},
                                                               .strides = {2, 2},
                                                               .depth_multiplier = 2,
                                                               .padding = PADDING_SAME,
                                                               .use_bias = true}},
                             pool = {.pooling2d = {.pool_size = {2, 2}, .strides = {2, 2}}},
                             flat = {.reshape = {{1, {-1}}}}, drop = {.dropout = {.rate = 0.5}};
    assert_int_equal(graph_create("mobile", &graph), OCELLUS_OK);
    add(graph, &layer_input_layer, NULL, NULL, &image, 0, 0, 0);
    add(graph, &layer_depthwise_conv2d, NULL, NULL, &depthwise, 0, 0, 1);
    add(graph, &layer_average_pooling2d, NULL, NULL, &pool, 0, 0, 1);
    add(graph, &layer_re_lu, NULL, NULL, NULL, 1, 0, 1);
    assert_int_equal(graph_add(graph, &layer_multiply, NULL, NULL, NULL, (size_t[]){3, 1, 3}, 3, NULL), OCELLUS_OK);
    assert_int_equal(graph_add(graph, &layer_concatenate, NULL, NULL, NULL, (size_t[]){4, 2, 2}, 3, NULL), OCELLUS_OK);
    add(graph, &layer_leaky_re_lu, NULL, NULL, NULL, 5, 0, 1);
    add(graph, &layer_elu, NULL, NULL, NULL, 6, 0, 1);
    add(graph, &layer_reshape, NULL, NULL, &flat, 7, 0, 1);
    add(graph, &layer_dropout, NULL, NULL, &drop, 8, 0, 1);
    add(graph, &layer_softmax, NULL, NULL, NULL, 9, 0, 1);
    assert_summary(graph, false, EXPECTED("mobile"));
    graph_free(graph);
}

static void nested_models_expand(void **state) {
    (void)state;
    struct graph *graph;
    const union layer_config image = {.input_layer = {.shape = {3, {8, 8, 3}}}},
                             dense = {.dense = {.units = 2, .use_bias = true}};
    assert_int_equal(graph_create("nested", &graph), OCELLUS_OK);
    add(graph, &layer_input_layer, NULL, NULL, &image, 0, 0, 0);
    add(graph, &layer_flatten, NULL, "body", NULL, 0, 0, 1);
    add(graph, &layer_dense, "dense_of_a_rather_long_name", "body", &dense, 1, 0, 1);
    add(graph, &layer_dense, NULL, NULL, &dense, 2, 0, 1);
    assert_summary(graph, true, EXPECTED("nested"));
    graph_free(graph);
}

static void json_holds_the_rows_and_totals(void **state) {
    (void)state;
    struct graph *graph;
    assert_int_equal(graph_resnet50(32, 32, 3, 10, RESNET50_SIDE, RESNET50_EPSILON, &graph), OCELLUS_OK);
    json_value *json = graph_summary_json(graph, &(struct summary_options){false});
    const json_value *layers = json_member(json, "layers"), *row = json_element(layers, 2);
    assert_int_equal(json_count(layers), 8);
    char *text = json_write(row, 0);
    assert_string_equal(
        text, "{\"name\": \"resnet50\", \"type\": \"Functional\", \"path\": \"\", \"shape\": [null, 7, 7, 2048], "
              "\"params\": 23587712, \"connected_to\": [\"up_sampling2d\"]}");
    free(text);
    const char *input = "";
    assert_true(json_get_text(json_element(json_member(json_element(layers, 3), "connected_to"), 0), &input));
    assert_string_equal(input, "resnet50");
    int64_t number = 0;
    assert_true(json_get_integer(json_member(json_member(json, "trainable"), "bytes"), &number));
    assert_int_equal(number, 4 * 26162698);
    json_release(json);
    json = graph_summary_json(graph, &(struct summary_options){true});
    assert_int_equal(json_count(json_member(json, "layers")), graph->count + 1);
    json_release(json);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(simcnn_as_keras_prints_it),      cmocka_unit_test(resnet50_as_keras_prints_it),
        cmocka_unit_test(branches_get_a_fourth_column),   cmocka_unit_test(nested_models_expand),
        cmocka_unit_test(json_holds_the_rows_and_totals), cmocka_unit_test(newer_layers_as_keras_prints_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
