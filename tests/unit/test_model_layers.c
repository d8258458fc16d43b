/* SPDX-License-Identifier: MIT */
/* Layers one by one: shapes, parameters, what is refused, and their JSON read, written and read again. */
#include "model_fixture.h"

#include "model/graph_to_json.h"

#include <math.h>

/* A Sequential of an InputLayer and one layer "x" as Keras 3 writes it. */
static ocellus_status read_one(const char *input, const char *class_name, const char *config, struct graph **graph) {
    char text[2048];
    snprintf(
        text, sizeof text,
        "{\"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": [{\"module\": \"keras.layers\", "
        "\"class_name\": \"InputLayer\", \"config\": {\"name\": \"in\", \"batch_shape\": [null, %s]}}, {\"module\": "
        "\"keras.layers\", \"class_name\": \"%s\", \"config\": {\"name\": \"x\"%s%s}}]}}",
        input, class_name, *config ? ", " : "", config);
    return parse(text, graph);
}

/* The members of layer "x" that are its own, as they are written. */
static char *written_config(const struct graph *graph) {
    static const char common[] = "{\"name\": \"x\", \"trainable\": true, \"dtype\": \"float32\"";
    json_value *json;
    assert_int_equal(graph_to_json(graph, &json), OCELLUS_OK);
    const json_value *layers = json_member(json_member(json, "config"), "layers");
    char *text = json_write(json_member(json_element(layers, json_count(layers) - 1), "config"), 0);
    json_release(json);
    const size_t skipped = sizeof common - 1;
    assert_memory_equal(text, common, skipped);
    memmove(text, text + skipped, strlen(text) - skipped + 1);
    return text;
}

static void layers_are_read_and_written(void **state) {
    (void)state;
#define FIRST ", \"data_format\": \"channels_last\""
    static const struct {
        const char *input, *class_name, *config; /* as read */
        const char *shape, *parameters, *written;
    } cases[] = {
        {"7, 8, 4", "AveragePooling2D", "", "(None, 3, 4, 4)", "",
         ", \"pool_size\": [2, 2], \"strides\": [2, 2], \"padding\": \"valid\"" FIRST "}"},
        {"7, 8, 4", "AveragePooling2D", "\"pool_size\": [3, 2], \"strides\": [2, 3], \"padding\": \"same\"",
         "(None, 4, 3, 4)", "", ", \"pool_size\": [3, 2], \"strides\": [2, 3], \"padding\": \"same\"" FIRST "}"},
        {"7, 8, 4", "DepthwiseConv2D", "\"kernel_size\": 3", "(None, 5, 6, 4)", "x/kernel (3, 3, 4, 1); x/bias (4,); ",
         ", \"kernel_size\": [3, 3], \"strides\": [1, 1], \"padding\": \"valid\", \"depth_multiplier\": 1" FIRST
         ", \"activation\": \"linear\", \"use_bias\": true}"},
        {"7, 8, 4", "DepthwiseConv2D",
         "\"kernel_size\": [3, 2], \"strides\": [2, 1], \"padding\": \"same\", \"depth_multiplier\": 3, "
         "\"use_bias\": false, \"activation\": \"relu6\", \"dilation_rate\": [1, 1], \"groups\": 1",
         "(None, 4, 8, 12)", "x/kernel (3, 2, 4, 3); ",
         ", \"kernel_size\": [3, 2], \"strides\": [2, 1], \"padding\": \"same\", \"depth_multiplier\": 3" FIRST
         ", \"activation\": \"relu6\", \"use_bias\": false}"},
        {"5", "Dropout", "\"rate\": 0.25", "(None, 5)", "", ", \"rate\": 0.25, \"seed\": null, \"noise_shape\": null}"},
        {"5", "Dropout", "\"rate\": 0, \"seed\": 8589934592, \"noise_shape\": null", "(None, 5)", "",
         ", \"rate\": 0.0, \"seed\": 8589934592, \"noise_shape\": null}"},
        {"2, 3, 4", "ReLU", "", "(None, 2, 3, 4)", "",
         ", \"max_value\": null, \"negative_slope\": 0.0, \"threshold\": 0.0}"},
        {"2, 3, 4", "ReLU", "\"max_value\": 6, \"negative_slope\": 0.5, \"threshold\": 0", "(None, 2, 3, 4)", "",
         ", \"max_value\": 6.0, \"negative_slope\": 0.5, \"threshold\": 0.0}"},
        {"5", "LeakyReLU", "", "(None, 5)", "", ", \"negative_slope\": 0.3}"},
        {"5", "LeakyReLU", "\"negative_slope\": 0.125", "(None, 5)", "", ", \"negative_slope\": 0.125}"},
        {"5", "LeakyReLU", "\"alpha\": 0.25", "(None, 5)", "", ", \"negative_slope\": 0.25}"}, /* Keras 2 */
        {"5", "ELU", "", "(None, 5)", "", ", \"alpha\": 1.0}"},
        {"5", "ELU", "\"alpha\": 0.5", "(None, 5)", "", ", \"alpha\": 0.5}"},
        {"5", "Softmax", "", "(None, 5)", "", ", \"axis\": -1}"},
        {"5", "Softmax", "\"axis\": 1", "(None, 5)", "", ", \"axis\": -1}"},
        {"1, 1, 12", "Reshape", "\"target_shape\": [12]", "(None, 12)", "", ", \"target_shape\": [12]}"},
        {"12", "Reshape", "\"target_shape\": [2, -1, 3]", "(None, 2, 2, 3)", "", ", \"target_shape\": [2, -1, 3]}"},
        {"7, 8, 4", "GlobalAveragePooling2D", "\"keepdims\": true", "(None, 1, 1, 4)", "",
         FIRST ", \"keepdims\": true}"},
        {"7, 8, 4", "GlobalAveragePooling2D", "", "(None, 4)", "", FIRST ", \"keepdims\": false}"},
        {"7, 8, 4", "BatchNormalization", "\"scale\": false", "(None, 7, 8, 4)",
         "x/beta (4,); x/moving_mean (4,); x/moving_variance (4,); ",
         ", \"axis\": -1, \"momentum\": 0.99, \"epsilon\": 0.001, \"center\": true, \"scale\": false}"},
        {"7, 8, 4", "BatchNormalization", "\"center\": false", "(None, 7, 8, 4)",
         "x/gamma (4,); x/moving_mean (4,); x/moving_variance (4,); ",
         ", \"axis\": -1, \"momentum\": 0.99, \"epsilon\": 0.001, \"center\": false, \"scale\": true}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *graph;
        char shape[SHAPE_TEXT_SIZE], parameters[512] = "";
        if (read_one(cases[i].input, cases[i].class_name, cases[i].config, &graph) != OCELLUS_OK)
            fail_msg("case %zu: %s", i, status_message());
        const struct node *node = &graph->nodes[1];
        shape_text(&node->shape, true, shape);
        assert_string_equal(shape, cases[i].shape);
        for (size_t k = 0, used = 0; k < node->parameter_count; k++) {
            shape_text(&node->parameters[k].shape, false, shape);
            used += (size_t)snprintf(parameters + used, sizeof parameters - used, "%s %s; ", node->parameters[k].name,
                                     shape);
        }
        assert_string_equal(parameters, cases[i].parameters);
        char *written = written_config(graph);
        assert_string_equal(written, cases[i].written);
        free(written);
        assert_round_trip(graph);
    }
}

static void unfit_layers_are_refused(void **state) {
    (void)state;
    static const struct {
        const char *input, *class_name, *config, *message;
    } cases[] = {
        {"5", "AveragePooling2D", "", "AveragePooling2D on input (None, 5): x: input: unfit for AveragePooling2D"},
        {"2, 3, 4", "AveragePooling2D", "\"pool_size\": 3",
         "x: window: larger than the input (expected at most 2, got 3)"},
        {"2, 3, 4", "AveragePooling2D", "\"data_format\": \"channels_first\"", "x: data_format: not supported"},
        {"5", "DepthwiseConv2D", "\"kernel_size\": 1", "x: input: unfit for DepthwiseConv2D"},
        {"2, 3, 4", "DepthwiseConv2D", "", "x: kernel_size: missing"},
        {"2, 3, 4", "DepthwiseConv2D", "\"kernel_size\": 1, \"dilation_rate\": [1, 2]",
         "x: dilation_rate: not supported (expected 1)"},
        {"2, 3, 4", "DepthwiseConv2D", "\"kernel_size\": 1, \"depth_multiplier\": 0",
         "x: depth_multiplier: out of range"},
        {"2, 3, 4", "DepthwiseConv2D", "\"kernel_size\": 1, \"depth_multiplier\": 2147483647",
         "shape (2, 3, 8589934588)"},
        {"2, 3, 4", "DepthwiseConv2D", "\"kernel_size\": 1, \"activation\": \"softmax\"", "softmax needs a vector"},
        {"5", "Dropout", "", "x: rate: missing"},
        {"5", "Dropout", "\"rate\": 1", "x: rate: out of range (expected 0 to below 1, got 1)"},
        {"5", "Dropout", "\"rate\": -0.5", "x: rate: out of range"},
        {"5", "Dropout", "\"rate\": 0.5, \"seed\": \"s\"", "x: seed: no whole number"},
        {"5", "Dropout", "\"rate\": 0.5, \"noise_shape\": [1]", "x: noise_shape: not supported (expected null)"},
        {"5", "ReLU", "\"threshold\": 1", "x: threshold: not supported (expected 0, got 1)"},
        {"5", "ReLU", "\"max_value\": 0", "x: max_value: out of range (expected above 0, got 0)"},
        {"5", "ReLU", "\"negative_slope\": -1", "x: negative_slope: out of range (got -1)"},
        {"5", "LeakyReLU", "\"negative_slope\": \"a\"", "x: negative_slope: unfit for LeakyReLU (expected a number)"},
        {"2, 3, 4", "Softmax", "", "x: activation: softmax needs a vector (got (None, 2, 3, 4))"},
        {"5", "Softmax", "\"axis\": 2", "x: axis: not supported (expected -1)"},
        {"12", "Reshape", "", "x: target_shape: unfit (expected a list of 1 to 4 whole numbers)"},
        {"12", "Reshape", "\"target_shape\": [1, 1, 1, 1, 12]", "x: target_shape: unfit"},
        {"12", "Reshape", "\"target_shape\": [5, -1]", "x: target_shape: (5, -1) has no place for the values of (12,)"},
        {"12", "Reshape", "\"target_shape\": [3, 3]", "x: target_shape: (3, 3) has no place"},
        {"12", "Reshape", "\"target_shape\": [6]", "x: target_shape: (6,) has no place"},
        {"12", "Reshape", "\"target_shape\": [-1, -1]", "x: target_shape: more than one dimension is -1"},
        {"12", "Reshape", "\"target_shape\": [0, -1]", "x: target_shape: out of range (expected -1 or 1 to"},
        {"12", "Concatenate", "\"axis\": 0", "x: axis: not supported (expected one of an image, got the batch's)"},
        {"12", "Concatenate", "", "x: inputs: wrong count for Concatenate (expected at least 2, got 1)"},
        {"12", "Multiply", "", "x: inputs: wrong count for Multiply (expected at least 2, got 1)"},
        {"2, 3, 4", "BatchNormalization", "\"center\": \"no\"", "x: center: unfit"},
        {"2, 3, 4", "GlobalAveragePooling2D", "\"keepdims\": 1", "x: keepdims: unfit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *graph;
        if (read_one(cases[i].input, cases[i].class_name, cases[i].config, &graph) != OCELLUS_BAD_CONTENT ||
            !strstr(status_message(), cases[i].message))
            fail_msg("case %zu: \"%s\" (expected \"%s\")", i, status_message(), cases[i].message);
    }
}

static bool is_same_function(const struct unary *a, const struct unary *b) {
    return a->function == b->function && a->negative_slope == b->negative_slope && a->max_value == b->max_value &&
           a->alpha == b->alpha;
}

/* Every name, and the objects that stand for a function; each written as Keras 3 writes it. */
static void activations_are_read_and_written(void **state) {
    (void)state;
#define OBJECT(class_name, config)                                                                                     \
    "{\"module\": \"keras.layers\", \"class_name\": \"" class_name "\", \"config\": {" config                          \
    "}, \"registered_name\": null}"
#define FUNCTION(name)                                                                                                 \
    "{\"module\": \"builtins\", \"class_name\": \"function\", \"config\": \"" name                                     \
    "\", \"registered_name\": \"function\"}"
#define RELU(max_value, slope)                                                                                         \
    OBJECT("ReLU", "\"max_value\": " max_value ", \"negative_slope\": " slope ", \"threshold\": 0.0")
    static const struct {
        const char *read;
        struct unary unary;
        const char *written;
    } cases[] = {
        {"null", {.function = UNARY_LINEAR}, "\"linear\""},
        {"\"linear\"", {.function = UNARY_LINEAR}, "\"linear\""},
        {"\"relu\"", {.function = UNARY_RELU}, "\"relu\""},
        {"\"relu6\"", {.function = UNARY_RELU, .max_value = 6}, "\"relu6\""},
        {"\"leaky_relu\"", {.function = UNARY_RELU, .negative_slope = 0.2}, "\"leaky_relu\""},
        {"\"sigmoid\"", {.function = UNARY_SIGMOID}, "\"sigmoid\""},
        {"\"tanh\"", {.function = UNARY_TANH}, "\"tanh\""},
        {"\"silu\"", {.function = UNARY_SWISH}, "\"silu\""},
        {"\"swish\"", {.function = UNARY_SWISH}, "\"silu\""},
        {"\"hard_sigmoid\"", {.function = UNARY_HARD_SIGMOID}, "\"hard_sigmoid\""},
        {"\"hard_silu\"", {.function = UNARY_HARD_SWISH}, "\"hard_silu\""},
        {"\"hard_swish\"", {.function = UNARY_HARD_SWISH}, "\"hard_silu\""},
        {"\"gelu\"", {.function = UNARY_GELU}, "\"gelu\""},
        {"\"elu\"", {.function = UNARY_ELU, .alpha = 1}, "\"elu\""},
        {"\"softmax\"", {.function = UNARY_SOFTMAX}, "\"softmax\""},
        {FUNCTION("relu"), {.function = UNARY_RELU}, "\"relu\""},
        {FUNCTION("hard_silu"), {.function = UNARY_HARD_SWISH}, "\"hard_silu\""},
        {OBJECT("ReLU", ""), {.function = UNARY_RELU}, "\"relu\""},
        {RELU("6.0", "0.0"), {.function = UNARY_RELU, .max_value = 6}, "\"relu6\""},
        {RELU("4.0", "0.5"), {.function = UNARY_RELU, .max_value = 4, .negative_slope = 0.5}, RELU("4.0", "0.5")},
        {OBJECT("LeakyReLU", "\"negative_slope\": 0.1"),
         {.function = UNARY_RELU, .negative_slope = 0.1},
         RELU("null", "0.1")},
        {OBJECT("ELU", "\"alpha\": 0.5"), {.function = UNARY_ELU, .alpha = 0.5}, OBJECT("ELU", "\"alpha\": 0.5")},
        {OBJECT("Softmax", "\"axis\": -1"), {.function = UNARY_SOFTMAX}, "\"softmax\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *graph;
        char config[512], expected[512];
        snprintf(config, sizeof config, "\"units\": 2, \"activation\": %s", cases[i].read);
        if (read_one("3", "Dense", config, &graph) != OCELLUS_OK) fail_msg("case %zu: %s", i, status_message());
        if (!is_same_function(&graph->nodes[1].config.dense.activation, &cases[i].unary)) fail_msg("case %zu", i);
        char *written = written_config(graph);
        snprintf(expected, sizeof expected, ", \"units\": 2, \"activation\": %s, \"use_bias\": true}",
                 cases[i].written);
        assert_string_equal(written, expected);
        free(written);
        assert_round_trip(graph);
    }
    static const char *const unfit[][2] = {
        {"\"mish\"", "not supported (expected linear, relu, relu6, leaky_relu, sigmoid, tanh, silu, hard_sigmoid, "
                     "hard_silu, gelu, elu or softmax, got mish)"},
        {"7", "got no text)"},
        {"{}", "got no text)"},
        {FUNCTION("mish"), "got mish)"},
        {"{\"class_name\": \"function\", \"config\": {}}", "got no text)"},
        {OBJECT("PReLU", ""), "got PReLU)"},
        {OBJECT("ReLU", "\"threshold\": 2"), "x: threshold: not supported"},
        {OBJECT("LeakyReLU", "\"negative_slope\": -2"), "x: negative_slope: out of range"},
    };
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        struct graph *graph;
        char config[512];
        snprintf(config, sizeof config, "\"activation\": %s", unfit[i][0]);
        if (read_one("3", "Activation", config, &graph) != OCELLUS_BAD_CONTENT ||
            !strstr(status_message(), unfit[i][1]))
            fail_msg("case %zu: \"%s\"", i, status_message());
    }
}

/* The same name is another function in older files, and those are told by their version or their form. */
static void old_hard_sigmoid_is_refused(void **state) {
    (void)state;
#define HARD(before, module)                                                                                           \
    "{" before "\"class_name\": \"Sequential\", \"config\": {\"name\": \"s\", \"layers\": [{" module                   \
    "\"class_name\": \"Dense\", \"config\": {\"name\": \"x\", \"units\": 2, \"batch_input_shape\": [null, 3], "        \
    "\"activation\": \"hard_sigmoid\"}}]}}"
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        {HARD("", "\"module\": \"keras.layers\", "), true},
        {HARD("\"keras_version\": \"3.4.1\", ", ""), true},
        {HARD("", ""), false},
        {HARD("\"keras_version\": \"2.13.1\", ", "\"module\": \"keras.layers\", "), false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *graph;
        const ocellus_status status = parse(cases[i].text, &graph);
        assert_int_equal(status, cases[i].good ? OCELLUS_OK : OCELLUS_BAD_CONTENT);
        if (cases[i].good) graph_free(graph);
        else
            assert_non_null(
                strstr(status_message(), "x: activation: hard_sigmoid was another function before Keras 3"));
    }
}

/* A value of any shape, from a vector. */
static size_t add_value(struct graph *graph, const struct shape *shape) {
    const size_t input = 0,
                 dense = add_node(graph, &layer_dense,
                                  (union layer_config){.dense = {.units = (int64_t)shape_size(shape)}}, &input, 1);
    return add_node(graph, &layer_reshape, (union layer_config){.reshape = {*shape}}, &dense, 1);
}

static void several_inputs_are_joined(void **state) {
    (void)state;
    static const struct {
        const struct layer_type *type;
        int64_t axis;
        struct shape inputs[3];
        const char *shape, *message; /* one of them */
    } cases[] = {
        {&layer_add, 0, {{3, {2, 3, 4}}, {3, {2, 3, 4}}, {3, {2, 3, 4}}}, "(None, 2, 3, 4)", NULL},
        {&layer_add, 0, {{1, {4}}, {1, {4}}, {1, {5}}}, NULL, "x: inputs: shapes differ ((None, 4) and (None, 5))"},
        {&layer_concatenate, -1, {{3, {2, 3, 4}}, {3, {2, 3, 1}}, {3, {2, 3, 2}}}, "(None, 2, 3, 7)", NULL},
        {&layer_concatenate, 0, {{3, {2, 3, 4}}, {3, {2, 3, 1}}}, "(None, 2, 3, 5)", NULL},
        {&layer_concatenate, 3, {{3, {2, 3, 4}}, {3, {2, 3, 1}}}, "(None, 2, 3, 5)", NULL},
        {&layer_concatenate, 1, {{3, {2, 3, 4}}, {3, {5, 3, 4}}}, "(None, 7, 3, 4)", NULL},
        {&layer_concatenate, -3, {{3, {2, 3, 4}}, {3, {5, 3, 4}}}, "(None, 7, 3, 4)", NULL},
        {&layer_concatenate, 2, {{3, {2, 3, 4}}, {3, {2, 9, 4}}}, "(None, 2, 12, 4)", NULL},
        {&layer_concatenate, 1, {{1, {2}}, {1, {3}}}, "(None, 5)", NULL},
        {&layer_concatenate,
         4,
         {{3, {2, 3, 4}}, {3, {2, 3, 4}}},
         NULL,
         "x: axis: out of range (expected -3 to -1 or 1 to 3, got 4)"},
        {&layer_concatenate, -4, {{3, {2, 3, 4}}, {3, {2, 3, 4}}}, NULL, "x: axis: out of range"},
        {&layer_concatenate,
         -1,
         {{3, {2, 3, 4}}, {3, {2, 2, 4}}},
         NULL,
         "x: inputs: shapes differ not only along the axis ((None, 2, 3, 4) and (None, 2, 2, 4))"},
        {&layer_concatenate, -1, {{3, {2, 3, 4}}, {1, {4}}}, NULL, "x: inputs: shapes differ"},
        {&layer_multiply, 0, {{3, {2, 3, 4}}, {3, {2, 3, 4}}, {3, {1, 1, 4}}}, "(None, 2, 3, 4)", NULL},
        {&layer_multiply, 0, {{3, {1, 3, 1}}, {3, {2, 1, 4}}}, "(None, 2, 3, 4)", NULL},
        {&layer_multiply, 0, {{3, {2, 3, 4}}, {1, {4}}}, "(None, 2, 3, 4)", NULL},
        {&layer_multiply, 0, {{1, {1}}, {3, {2, 3, 4}}, {2, {3, 1}}}, "(None, 2, 3, 4)", NULL},
        {&layer_multiply,
         0,
         {{3, {2, 3, 4}}, {1, {3}}},
         NULL,
         "x: inputs: shapes do not fit ((None, 2, 3, 4) and (None, 3))"},
        {&layer_multiply, 0, {{3, {2, 3, 4}}, {3, {2, 2, 4}}}, NULL, "x: inputs: shapes do not fit"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *graph;
        const union layer_config input = {.input_layer = {{1, {2}}}}, axis = {.concatenate = {cases[i].axis}};
        size_t values[3], count = 0;
        assert_int_equal(graph_create("several", &graph), OCELLUS_OK);
        add_node(graph, &layer_input_layer, input, NULL, 0);
        for (; count < 3 && cases[i].inputs[count].rank > 0; count++)
            values[count] = add_value(graph, &cases[i].inputs[count]);
        const ocellus_status status = graph_add(graph, cases[i].type, "x", NULL, &axis, values, count, NULL);
        if (cases[i].shape) {
            char text[SHAPE_TEXT_SIZE];
            if (status != OCELLUS_OK) fail_msg("case %zu: %s", i, status_message());
            shape_text(graph_output_shape(graph), true, text);
            assert_string_equal(text, cases[i].shape);
            char *json = to_text(graph);
            assert_non_null(strstr(json, "\"args\": [[{")); /* Keras calls these layers with a list */
            free(json);
            assert_round_trip(graph);
        } else {
            if (status != OCELLUS_USAGE || !strstr(status_message(), cases[i].message))
                fail_msg("case %zu: \"%s\" (expected \"%s\")", i, status_message(), cases[i].message);
            graph_free(graph);
        }
    }
}

/* More inputs than any array of the past had, and more than there may be. */
static void inputs_are_many(void **state) {
    (void)state;
    struct graph *graph;
    static size_t inputs[GRAPH_MAX_NODES + 1];
    assert_int_equal(graph_create("many", &graph), OCELLUS_OK);
    add_node(graph, &layer_input_layer, (union layer_config){.input_layer = {{1, {2}}}}, NULL, 0);
    assert_int_equal(graph_add(graph, &layer_concatenate, "x", NULL, NULL, inputs, GRAPH_MAX_NODES + 1, NULL),
                     OCELLUS_USAGE);
    assert_non_null(
        strstr(status_message(), "x: inputs: wrong count for Concatenate (expected at most 4096, got 4097)"));
    assert_int_equal(graph_add(graph, &layer_concatenate, "x", NULL, NULL, inputs, 1000, NULL), OCELLUS_OK);
    assert_int_equal(graph_output_shape(graph)->dims[0], 2000);
    assert_round_trip(graph);
}

/* The layers that are a function have it whatever their configuration says; numbers out of range are refused. */
static void functions_are_their_layers(void **state) {
    (void)state;
    static const struct {
        const struct layer_type *type;
        struct unary unary, expected;
    } cases[] = {
        {&layer_re_lu, {.max_value = 6}, {.function = UNARY_RELU, .max_value = 6}},
        {&layer_leaky_re_lu, {.negative_slope = 0.5, .max_value = 6}, {.function = UNARY_RELU, .negative_slope = 0.5}},
        {&layer_elu, {.function = UNARY_TANH, .alpha = 2}, {.function = UNARY_ELU, .alpha = 2}},
        {&layer_softmax, {.function = UNARY_LINEAR}, {.function = UNARY_SOFTMAX}},
    };
    struct graph *graph;
    const size_t input = 0;
    assert_int_equal(graph_create("functions", &graph), OCELLUS_OK);
    add_node(graph, &layer_input_layer, (union layer_config){.input_layer = {{1, {2}}}}, NULL, 0);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const size_t node =
            add_node(graph, cases[i].type, (union layer_config){.activation = {cases[i].unary}}, &input, 1);
        assert_true(is_same_function(&graph->nodes[node].config.activation.activation, &cases[i].expected));
    }
    static const struct unary unfit[] = {{.function = UNARY_RELU, .max_value = -1},
                                         {.function = UNARY_RELU, .negative_slope = (double)INFINITY},
                                         {.function = UNARY_ELU, .alpha = (double)NAN}};
    for (size_t i = 0; i < sizeof unfit / sizeof *unfit; i++) {
        const union layer_config config = {.dense = {.units = 1, .activation = unfit[i]}};
        assert_int_equal(graph_add(graph, &layer_dense, NULL, NULL, &config, &input, 1, NULL), OCELLUS_USAGE);
        assert_non_null(strstr(status_message(), "out of range"));
    }
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_are_read_and_written),      cmocka_unit_test(unfit_layers_are_refused),
        cmocka_unit_test(activations_are_read_and_written), cmocka_unit_test(old_hard_sigmoid_is_refused),
        cmocka_unit_test(several_inputs_are_joined),        cmocka_unit_test(inputs_are_many),
        cmocka_unit_test(functions_are_their_layers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
