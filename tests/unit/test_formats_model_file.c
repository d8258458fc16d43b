/* SPDX-License-Identifier: MIT */
/* Model files: a network there and back, and files whose tensors or description do not fit. */
#include "base/files.h"
#include "base/folders.h"
#include "formats/model_file.h"
#include "formats/safetensors_write.h"
#include "model/initialize.h"
#include "model/simcnn.h"
#include "model_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[] = "/tmp/ocellus-model-file-XXXXXX";
static char path[FILE_PATH_SIZE];

static int make_folder(void **state) {
    (void)state;
    return mkdtemp(folder) ? (path_join(path, folder, "m.safetensors"), 0) : -1;
}
static int remove_folder(void **state) {
    (void)state;
    return folder_remove(folder) == OCELLUS_OK ? 0 : -1;
}

static ocellus_status initial_values(void *context, const char *name, float *values, size_t count) {
    (void)count;
    return graph_initial_values(context, name, 3, values);
}
static ocellus_status all_minus_one(void *context, const char *name, float *values, size_t count) {
    (void)context;
    (void)name;
    for (size_t i = 0; i < count; i++)
        values[i] = -1;
    return OCELLUS_OK;
}
static ocellus_status all_one(void *context, const char *name, float *values, size_t count) {
    (void)context;
    (void)name;
    for (size_t i = 0; i < count; i++)
        values[i] = 1;
    return OCELLUS_OK;
}

static void assert_values(const struct network_file *file, const struct graph *graph) {
    float *expected = malloc(65536 * sizeof *expected);
    for (size_t i = 0; i < file->tensors.count; i++) {
        const struct named_tensor *tensor = &file->tensors.items[i];
        assert_int_equal(graph_initial_values(graph, tensor->name, 3, expected), OCELLUS_OK);
        assert_memory_equal(tensor->values, expected, shape_size(&tensor->shape) * sizeof *expected);
    }
    free(expected);
}

static void a_model_survives_its_file(void **state) {
    (void)state;
    struct graph *graph;
    struct network_file file;
    assert_int_equal(graph_simcnn(32, 32, 3, 2, &graph), OCELLUS_OK);
    assert_int_equal(graph_set_class_names(graph, (const char *const[]){"cat", "dög"}, 2), OCELLUS_OK);
    graph->preprocessing = PREPROCESSING_CAFFE;
    assert_int_equal(model_file_write(path, graph, 20, initial_values, graph), OCELLUS_OK);
    if (network_file_read(path, &network_forms_model, &file) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(file.epoch, 20);
    assert_int_equal(file.graph->count, graph->count);
    assert_int_equal(file.graph->preprocessing, PREPROCESSING_CAFFE);
    assert_string_equal(file.graph->class_names[1], "dög");
    assert_values(&file, graph);
    network_file_free(&file);
    graph_free(graph);
}

/* Format 1 as long as a reader of it shows the network the same pixels. */
static void the_rule_of_resizing_survives_its_file(void **state) {
    (void)state;
    struct graph *graph;
    assert_int_equal(graph_simcnn(32, 32, 3, 2, &graph), OCELLUS_OK);
    for (size_t i = 0; i < 2 * (size_t)RESIZE_RULES; i++) {
        struct safetensors *tensors;
        struct network_file file;
        graph->resize = (enum resize_rule)(i / 2);
        graph->jpeg_scaled = i % 2 == 1;
        assert_int_equal(model_file_write(path, graph, 20, initial_values, graph), OCELLUS_OK);
        assert_int_equal(safetensors_read(path, true, &tensors), OCELLUS_OK);
        const char *text = safetensors_metadata(tensors, "ocellus");
        assert_true(!strstr(text, "\"resize\"") == (i == 0) && !strstr(text, "\"jpeg_scaled\"") == (i == 0));
        assert_non_null(strstr(text, i == 0 ? "\"format\": 1," : "\"format\": 2,"));
        safetensors_free(tensors);
        if (network_file_read(path, &network_forms_model, &file) != OCELLUS_OK) fail_msg("%s", status_message());
        assert_int_equal(file.graph->resize, graph->resize);
        assert_true(file.graph->jpeg_scaled == graph->jpeg_scaled);
        network_file_free(&file);
    }
    graph_free(graph);
}

static void newer_layers_survive_their_file(void **state) {
    (void)state;
    struct graph *graph;
    struct network_file file;
    const union layer_config none = {.conv2d = {0}};
    assert_int_equal(graph_create("newer", &graph), OCELLUS_OK);
    const size_t image =
        add_node(graph, &layer_input_layer, (union layer_config){.input_layer = {{3, {8, 8, 4}}}}, NULL, 0);
    const union layer_config depthwise = {.depthwise_conv2d = {.kernel_size = {3, 3},
                                                               .strides = {2, 2},
                                                               .depth_multiplier = 2,
                                                               .padding = PADDING_SAME,
                                                               .activation = {.function = UNARY_RELU, .max_value = 5},
                                                               .use_bias = true}};
    const size_t channels = add_node(graph, &layer_depthwise_conv2d, depthwise, &image, 1);
    const union layer_config uncentered = {
        .batch_normalization = {.momentum = 0.9, .epsilon = 1e-3, .without_center = true}};
    const size_t normal = add_node(graph, &layer_batch_normalization, uncentered, &channels, 1);
    const size_t mean = add_node(graph, &layer_global_average_pooling2d, none, &normal, 1);
    const size_t scaled = add_node(graph, &layer_multiply, none, (size_t[]){normal, mean}, 2);
    const union layer_config rows = {.concatenate = {1}},
                             drop = {.dropout = {.rate = 0.1, .seed = 7, .has_seed = true}};
    const size_t joined = add_node(graph, &layer_concatenate, rows, (size_t[]){scaled, normal, channels}, 3);
    const size_t dropped = add_node(graph, &layer_dropout, drop, &joined, 1);
    const size_t flat = add_node(graph, &layer_reshape, (union layer_config){.reshape = {{1, {-1}}}}, &dropped, 1);
    add_node(graph, &layer_dense,
             (union layer_config){.dense = {.units = 2, .activation = {.function = UNARY_SOFTMAX}}}, &flat, 1);
    assert_int_equal(model_file_write(path, graph, 1, initial_values, graph), OCELLUS_OK);
    if (network_file_read(path, &network_forms_model, &file) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_same(graph, file.graph);
    assert_int_equal(file.tensors.count, 6);
    assert_values(&file, graph);
    char *written = to_text(graph), *read = to_text(file.graph);
    assert_string_equal(written, read);
    free(written);
    free(read);
    network_file_free(&file);
    graph_free(graph);
}

/* As a caller that wants a network. */
static void assert_refused(const char *message) {
    struct network_file file;
    ocellus_status status = network_file_read(path, &network_forms_model, &file);
    if (status == OCELLUS_OK) {
        status = network_file_require_graph(&file);
        network_file_free(&file);
    }
    if (status != OCELLUS_BAD_CONTENT || !strstr(status_message(), message) ||
        strstr(status_message(), path) != status_message())
        fail_msg("status %d, \"%s\" (expected \"%s\")", (int)status, status_message(), message);
    assert_null(file.graph);
    assert_null(file.tensors.items);
}

/* A dense layer from 2 to 3 values, its description with a hole for what is tried. */
#define DESCRIPTION(format, preprocessing, class_names, epoch)                                                         \
    "{\"format\": " format                                                                                             \
    ", \"graph\": {\"class_name\": \"Sequential\", \"config\": {\"name\": \"small\", \"layers\": ["                    \
    "{\"class_name\": \"InputLayer\", \"config\": {\"name\": \"in\", \"batch_shape\": [null, 2]}}, {\"class_name\": "  \
    "\"Dense\", \"config\": {\"name\": \"dense\", \"units\": 3}}]}}, \"preprocessing\": " preprocessing                \
    ", \"class_names\": " class_names ", \"epoch\": " epoch "}"
#define GOOD DESCRIPTION("1", "\"unit\"", "null", "0")

static const struct shape kernel = {2, {2, 3}}, bias = {1, {3}};

static void write_small(const char *description, const struct safetensors_entry *entries, size_t count,
                        safetensors_get *get) {
    const struct safetensors_text metadata = {"ocellus", description};
    assert_int_equal(safetensors_write(path, entries, count, &metadata, description ? 1 : 0, get, NULL), OCELLUS_OK);
}

static void tensors_must_fit_the_graph(void **state) {
    (void)state;
    static const struct shape transposed = {2, {3, 2}}, extra_dimension = {3, {1, 2, 3}}, flat = {1, {6}};
    const struct {
        struct safetensors_entry entries[3];
        size_t count;
        const char *message;
    } cases[] = {
        {{{"dense/kernel", &kernel}}, 1, "1 matched, 1 missing (dense/bias), 0 extra, 0 of another shape"},
        {{{"dense/kernel", &kernel}, {"dense/bias", &bias}, {"dense/%n%s", &bias}},
         3,
         "2 matched, 0 missing, 1 extra (dense/%n%s), 0 of another shape"},
        {{{"dense/kernel", &kernel}, {"dense/Bias", &bias}}, 2, "1 missing (dense/bias), 1 extra (dense/Bias)"},
        {{{"dense/kernel", &transposed}, {"dense/bias", &bias}},
         2,
         "1 of another shape (dense/kernel: expected (2, 3), got (3, 2))"},
        {{{"dense/kernel", &extra_dimension}, {"dense/bias", &bias}}, 2, "expected (2, 3), got (1, 2, 3)"},
        {{{"dense/kernel", &flat}, {"dense/bias", &bias}}, 2, "expected (2, 3), got (6,)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_small(GOOD, cases[i].entries, cases[i].count, all_one);
        assert_refused(cases[i].message);
    }
    write_small(GOOD, NULL, 0, all_one);
    assert_refused("0 matched, 2 missing (dense/kernel)");
}

static void descriptions_must_hold(void **state) {
    (void)state;
    static const struct safetensors_entry entries[] = {{"dense/kernel", &kernel}, {"dense/bias", &bias}};
    static const struct {
        const char *description, *message;
    } cases[] = {
        {NULL, "__metadata__: ocellus: missing"},
        {"", "line 1"},
        {"[]", "format: missing"},
        {DESCRIPTION("0", "\"unit\"", "null", "0"), "format: missing or no number from 1 on"},
        {DESCRIPTION("3", "\"unit\"", "null", "0"),
         "made by a newer Ocellus, which can read it (format 3; this one reads up to 2)"},
        {DESCRIPTION("2", "\"unit\", \"resize\": \"fit\"", "null", "0"),
         "resize: unknown (expected stretch, crop or pad, got fit)"},
        {DESCRIPTION("2", "\"unit\", \"resize\": 1", "null", "0"),
         "resize: unknown (expected stretch, crop or pad, got no text)"},
        {DESCRIPTION("2", "\"unit\", \"jpeg_scaled\": 1", "null", "0"), "jpeg_scaled: not true or false"},
        {DESCRIPTION("1", "\"torch\"", "null", "0"),
         "preprocessing: unknown (expected unit, caffe or none, got torch)"},
        {DESCRIPTION("1", "\"caffe\"", "null", "0"), "caffe needs an input of 3 channels"},
        {DESCRIPTION("1", "null", "null", "0"), "preprocessing: unknown"},
        {DESCRIPTION("1", "\"unit\"", "[\"a\", \"b\"]", "0"), "class_names: no list of the output's 3 names"},
        {DESCRIPTION("1", "\"unit\"", "[\"a\", \"b\", 3]", "0"), "class_names: name 2 is no text"},
        {DESCRIPTION("1", "\"unit\"", "\"abc\"", "0"), "class_names: no list"},
        {DESCRIPTION("1", "\"unit\"", "null", "-1"), "epoch"},
        {DESCRIPTION("1", "\"unit\"", "null", "\"1\""), "epoch"},
        {"{\"format\": 1, \"epoch\": 0}", "class_name: no Keras model"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        write_small(cases[i].description, entries, 2, all_one);
        assert_refused(cases[i].message);
    }
    struct network_file file;
    write_small(DESCRIPTION("3", "\"unit\"", "null", "0"), entries, 2, all_one);
    assert_int_equal(model_file_guard(path), OCELLUS_BAD_CONTENT);
    assert_non_null(strstr(status_message(), "made by a newer Ocellus"));
    static const char *const may_go[] = {DESCRIPTION("1", "\"unit\"", "null", "0"),
                                         DESCRIPTION("2", "\"unit\"", "null", "0"),
                                         DESCRIPTION("0", "\"unit\"", "null", "0"),
                                         "[",
                                         "[]",
                                         NULL};
    for (size_t i = 0; i < sizeof may_go / sizeof *may_go; i++) {
        write_small(may_go[i], entries, 2, all_one);
        assert_int_equal(model_file_guard(path), OCELLUS_OK);
    }
    write_small(DESCRIPTION("1", "\"unit\"", "[\"a\", \"b\", \"c\"]", "7"), entries, 2, all_one);
    if (network_file_read(path, &network_forms_model, &file) != OCELLUS_OK) fail_msg("%s", status_message());
    network_file_free(&file);
}

static void variances_are_not_negative(void **state) {
    (void)state;
    struct graph *graph;
    assert_int_equal(graph_simcnn(32, 32, 3, 2, &graph), OCELLUS_OK);
    assert_int_equal(model_file_write(path, graph, 0, all_minus_one, NULL), OCELLUS_OK);
    assert_refused("batch_normalization/moving_variance: value 0 is below 0");
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_model_survives_its_file),       cmocka_unit_test(the_rule_of_resizing_survives_its_file),
        cmocka_unit_test(newer_layers_survive_their_file), cmocka_unit_test(tensors_must_fit_the_graph),
        cmocka_unit_test(descriptions_must_hold),          cmocka_unit_test(variances_are_not_negative),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
