/* SPDX-License-Identifier: MIT */
/* Keras JSON: the networks there and back, older formats, and hostile files, each with its good control. */
#include "base/text.h"
#include "model/resnet50.h"
#include "model/simcnn.h"
#include "model_fixture.h"

static void networks_survive_json(void **state) {
    (void)state;
    struct graph *graph;
    size_t matched;
    assert_int_equal(graph_simcnn(32, 32, 3, 10, &graph), OCELLUS_OK);
    assert_int_equal(graph_freeze(graph, "conv2d", &matched), OCELLUS_OK);
    assert_round_trip(graph);
    assert_int_equal(graph_resnet50(32, 32, 3, 10, RESNET50_SIDE, RESNET50_EPSILON, &graph), OCELLUS_OK);
    assert_round_trip(graph);
    assert_int_equal(graph_resnet50_imagenet(1e-3, &graph), OCELLUS_OK);
    assert_round_trip(graph);
}

/* What Keras 3 itself writes (model.to_json() of a small model with a nested one). */
static void keras_3_is_read(void **state) {
    (void)state;
    struct graph *graph;
#define KERAS_TENSOR(shape, name)                                                                                      \
    "{\"class_name\": \"__keras_tensor__\", \"config\": {\"shape\": " shape                                            \
    ", \"dtype\": \"float32\", \"keras_history\": [\"" name "\", 0, 0]}}"
    const char *text =
        "{\"module\": \"keras.src.models.functional\", \"class_name\": \"Functional\", \"config\": {\"name\": "
        "\"outer\", "
        "\"trainable\": true, \"layers\": ["
        "{\"module\": \"keras.layers\", \"class_name\": \"InputLayer\", \"config\": {\"batch_shape\": [null, 8, 8, 3], "
        "\"dtype\": \"float32\", \"sparse\": false, \"name\": \"input_layer_1\"}, \"registered_name\": null, \"name\": "
        "\"input_layer_1\", \"inbound_nodes\": []},"
        "{\"module\": \"keras.src.models.sequential\", \"class_name\": \"Sequential\", \"config\": {\"name\": "
        "\"inner\", "
        "\"trainable\": false, \"layers\": ["
        "{\"class_name\": \"InputLayer\", \"config\": {\"batch_shape\": [null, 8, 8, 3], \"name\": \"input_layer\"}},"
        "{\"class_name\": \"ZeroPadding2D\", \"config\": {\"name\": \"pad\", \"padding\": 1}},"
        "{\"class_name\": \"Conv2D\", \"config\": {\"name\": \"conv2d\", \"filters\": 4, \"kernel_size\": [3, 3], "
        "\"strides\": [1, 1], \"padding\": \"valid\", \"data_format\": \"channels_last\", \"dilation_rate\": [1, 1], "
        "\"groups\": 1, \"activation\": \"relu\", \"use_bias\": false, \"kernel_initializer\": {\"class_name\": "
        "\"GlorotUniform\", \"config\": {\"seed\": null}}}}]}, \"name\": \"inner\", \"inbound_nodes\": [{\"args\": "
        "[" KERAS_TENSOR("[null, 8, 8, 3]",
                         "input_layer_1") "], \"kwargs\": {\"training\": false}}]},"
                                          "{\"class_name\": \"Activation\", \"config\": {\"name\": \"a\", "
                                          "\"activation\": \"relu\"}, \"name\": \"a\", "
                                          "\"inbound_nodes\": [{\"args\": [" KERAS_TENSOR(
                                              "[null, 8, 8, 4]",
                                              "inner") "], \"kwargs\": {}}]},"
                                                       "{\"class_name\": \"Add\", \"config\": {\"name\": \"add\"}, "
                                                       "\"name\": \"add\", \"inbound_nodes\": [{\"args\": "
                                                       "[[" KERAS_TENSOR("[null, 8, 8, 4]", "a") ", " KERAS_TENSOR(
                                                           "[null, 8, 8, 4]",
                                                           "inner") "]], \"kwargs\": {}}]}],"
                                                                    "\"input_layers\": [\"input_layer_1\", 0, 0], "
                                                                    "\"output_layers\": [\"add\", 0, 0]}}";
    if (parse(text, &graph) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(graph->count, 5);
    assert_string_equal(graph->nodes[2].name, "conv2d");
    assert_string_equal(graph->nodes[2].path, "inner");
    assert_true(graph->nodes[2].frozen);
    assert_int_equal(graph->nodes[2].parameter_count, 1);
    assert_true(shape_equal(&graph->nodes[1].shape, &(struct shape){3, {10, 10, 3}}));
    assert_int_equal(graph->nodes[4].inputs[0], 3);
    assert_int_equal(graph->nodes[4].inputs[1], 2);
    assert_false(graph->nodes[3].frozen);
    assert_round_trip(graph);
}

#define OLD_INPUT                                                                                                      \
    "{\"name\": \"in\", \"class_name\": \"InputLayer\", \"config\": {\"batch_input_shape\": [null, 8, 8, 4], "         \
    "\"name\": \"in\"}, \"inbound_nodes\": []}"
#define OLD_LAYER(name, class_name, config, inputs)                                                                    \
    "{\"name\": \"" name "\", \"class_name\": \"" class_name "\", \"config\": {" config                                \
    "}, \"inbound_nodes\": [[" inputs "]]}"
#define OLD_FROM(name) "[\"" name "\", 0, 0, {}]"
#define OLD_MODEL(layers, output)                                                                                      \
    "{\"keras_version\": \"2.2.4\", \"model_config\": {\"class_name\": \"Model\", \"config\": {\"name\": \"old\", "    \
    "\"layers\": [" layers "], \"input_layers\": [[\"in\", 0, 0]], \"output_layers\": [[\"" output "\", 0, 0]]}}}"

static void older_keras_is_read(void **state) {
    (void)state;
    struct graph *graph;
    /* The layers stand in an order that is not the one of execution. */
    const char *functional =
        OLD_MODEL(OLD_LAYER("sum", "Add", "", OLD_FROM("bn") ", " OLD_FROM("in")) "," OLD_LAYER(
                      "bn", "BatchNormalization", "\"axis\": [3], \"epsilon\": 0.001", OLD_FROM("in")) "," OLD_INPUT,
                  "sum");
    if (parse(functional, &graph) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(graph->count, 3);
    assert_string_equal(graph->nodes[1].name, "bn");
    assert_string_equal(graph->nodes[2].name, "sum");
    assert_round_trip(graph);

    const char *sequential =
        "{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"Conv2D\", \"config\": "
        "{\"name\": \"c\", \"filters\": 2, \"kernel_size\": 3, \"batch_input_shape\": [null, 8, 8, 4]}}, "
        "{\"class_name\": \"Flatten\", \"config\": {\"name\": \"f\"}}]}";
    if (parse(sequential, &graph) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(graph->count, 3);
    assert_int_equal(graph_output_shape(graph)->dims[0], 6 * 6 * 2);
    assert_round_trip(graph);
}

#define NEW_LAYER(name, class_name, config, tensors)                                                                   \
    "{\"module\": \"keras.layers\", \"class_name\": \"" class_name "\", \"config\": {\"name\": \"" name                \
    "\", \"trainable\": true, \"dtype\": {\"module\": \"keras\", \"class_name\": \"DTypePolicy\", \"config\": "        \
    "{\"name\": \"float32\"}, \"registered_name\": null}" config "}, \"registered_name\": null, \"name\": \"" name     \
    "\", \"inbound_nodes\": [{\"args\": [" tensors "], \"kwargs\": {}}]}"
#define NEW_FROM(name)                                                                                                 \
    "{\"class_name\": \"__keras_tensor__\", \"config\": {\"shape\": [null, 8, 8, 4], \"dtype\": \"float32\", "         \
    "\"keras_history\": [\"" name "\", 0, 0]}}"

static void assert_layers(const struct graph *graph, const char *const (*expected)[2]) {
    for (size_t i = 0; i < graph->count; i++) {
        char text[SHAPE_TEXT_SIZE];
        shape_text(&graph->nodes[i].shape, true, text);
        assert_string_equal(graph->nodes[i].name, expected[i][0]);
        assert_string_equal(text, expected[i][1]);
    }
}

/* A block of a current network as Keras 3 writes it: a depthwise convolution and squeeze-and-excite. */
static void current_networks_are_read(void **state) {
    (void)state;
    struct graph *graph;
    const char *
        text = "{\"module\": \"keras.src.models.functional\", \"class_name\": \"Functional\", \"config\": {\"name\": "
               "\"f\", "
               "\"layers\": [{\"module\": \"keras.layers\", \"class_name\": \"InputLayer\", \"config\": "
               "{\"batch_shape\": "
               "[null, 8, 8, 4], \"name\": \"in\"}, \"name\": \"in\", \"inbound_nodes\": []}," NEW_LAYER("dw",
                                                                                                         "DepthwiseConv"
                                                                                                         "2D",
                                                                                                         ", "
                                                                                                         "\"kernel_"
                                                                                                         "size\": [3, "
                                                                                                         "3], "
                                                                                                         "\"strides\": "
                                                                                                         "[2, 2], "
                                                                                                         "\"padding\": "
                                                                                                         "\"same\", "
                                                                                                         "\"depth_"
                                                                                                         "multiplier\":"
                                                                                                         " 2, "
                                                                                                         "\"data_"
                                                                                                         "format\": "
                                                                                                         "\"channels_"
                                                                                                         "last\", "
                                                                                                         "\"dilation_"
                                                                                                         "rate\": [1, "
                                                                                                         "1], "
                                                                                                         "\"activation"
                                                                                                         "\": "
                                                                                                         "\"silu\", "
                                                                                                         "\"use_bias\":"
                                                                                                         " "
                                                                                                         "false, "
                                                                                                         "\"depthwise_"
                                                                                                         "initializer\""
                                                                                                         ": "
                                                                                                         "{\"class_"
                                                                                                         "name\": "
                                                                                                         "\"GlorotUnifo"
                                                                                                         "rm\"}, "
                                                                                                         "\"depthwise_"
                                                                                                         "regularizer\""
                                                                                                         ": null",
                                                                                                         NEW_FROM(
                                                                                                             "in")) "," NEW_LAYER("bn",
                                                                                                                                  "BatchNormalization", ", \"axis\": -1, \"scale\": false", NEW_FROM("dw")) "," NEW_LAYER("squeeze",
                                                                                                                                                                                                                          "GlobalAveragePooling2D", ", \"keepdims\": true", NEW_FROM("bn")) "," NEW_LAYER("excite", "Conv2D", ", \"filters\": 8, \"kernel_size\": 1, \"activation\": \"hard_sigmoid\"", NEW_FROM("squeeze")) "," NEW_LAYER("scale", "Multiply", "",
                                                                                                                                                                                                                                                                                                                                                                                                                                           "[" NEW_FROM("bn") ", " NEW_FROM("excite") "]") "," NEW_LAYER("all",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "Concatenate", ", \"axis\": -1", "[" NEW_FROM("scale") ", " NEW_FROM("bn") ", " NEW_FROM("scale") "]") "," NEW_LAYER("relu",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              "ReLU",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                              ", \"max_value\": 6.0, \"negative_slope\": 0.0, \"threshold\": 0.0", NEW_FROM("all")) "," NEW_LAYER("pool",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  "AveragePooling2D",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  ", \"pool_size\": [2, 2], \"strides\": [2, 2], \"padding\": \"valid\"",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                  NEW_FROM(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                      "relu")) "," NEW_LAYER("flat",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "Reshape", ", \"target_shape\": [-1]", NEW_FROM("pool")) "," NEW_LAYER("drop",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    "Dropout",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    ", \"rate\": 0.2, \"seed\": null, \"noise_shape\": null",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    NEW_FROM("flat")) "," NEW_LAYER("out",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    "Dense",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    ", \"units\": 3, \"activation\": \"softmax\"",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                    NEW_FROM(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                        "drop")) "], \"input_layers\": [[\"in\", 0, 0]], \"output_layers\": [[\"out\", 0, 0]]}}";
    static const char *const expected[][2] = {
        {"in", "(None, 8, 8, 4)"},      {"dw", "(None, 4, 4, 8)"},     {"bn", "(None, 4, 4, 8)"},
        {"squeeze", "(None, 1, 1, 8)"}, {"excite", "(None, 1, 1, 8)"}, {"scale", "(None, 4, 4, 8)"},
        {"all", "(None, 4, 4, 24)"},    {"relu", "(None, 4, 4, 24)"},  {"pool", "(None, 2, 2, 24)"},
        {"flat", "(None, 96)"},         {"drop", "(None, 96)"},        {"out", "(None, 3)"}};
    if (parse(text, &graph) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(graph->count, sizeof expected / sizeof *expected);
    assert_layers(graph, expected);
    assert_int_equal(graph_node(graph, "all")->input_count, 3);
    assert_round_trip(graph);
}

/* The end of a MobileNet as Keras 2 writes it. */
static void older_mobile_networks_are_read(void **state) {
    (void)state;
    struct graph *graph;
    const char *text =
        OLD_MODEL(
            OLD_INPUT "," OLD_LAYER("pad", "ZeroPadding2D", "\"padding\": [[0, 1], [0, 1]]",
                                    OLD_FROM("in")) "," OLD_LAYER("dw", "DepthwiseConv2D",
                                                                  "\"name\": \"dw\", \"kernel_size\": [3, 3], "
                                                                  "\"strides\": [2, 2], \"padding\": \"valid\", "
                                                                  "\"data_format\": \"channels_last\", "
                                                                  "\"dilation_rate\": [1, 1], \"groups\": 1, "
                                                                  "\"activation\": "
                                                                  "\"linear\", \"use_bias\": false, "
                                                                  "\"depth_multiplier\": 1, \"depthwise_constraint\": "
                                                                  "null",
                                                                  OLD_FROM("pad")) "," OLD_LAYER("relu", "ReLU", "\"max_value\": 6.0, \"negative_slope\": 0.0, \"threshold\": 0.0", OLD_FROM("dw")) "," OLD_LAYER("leaky", "LeakyReLU", "\"alpha\": 0.30000001192092896", OLD_FROM("relu")) "," OLD_LAYER("mean", "GlobalAveragePooling2D", "\"data_format\": \"channels_last\"", OLD_FROM("leaky")) "," OLD_LAYER("shape",
                                                                                                                                                                                                                                                                                                                                                                                                                   "Reshape",
                                                                                                                                                                                                                                                                                                                                                                                                                   "\"target_shape\": [1, 1, 4]", OLD_FROM("mean")) "," OLD_LAYER("drop", "Dropout", "\"rate\": 0.001, \"noise_shape\": null, \"seed\": null", OLD_FROM("shape")) "," OLD_LAYER("conv", "Conv2D", "\"filters\": 5, \"kernel_size\": [1, 1]", OLD_FROM("drop")) "," OLD_LAYER("flat", "Reshape", "\"target_shape\": [5]", OLD_FROM("conv")) "," OLD_LAYER("out",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "Activation",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         "\"activation\": \"softmax\"",
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                         OLD_FROM(
                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                                             "flat")),
            "out");
    static const char *const expected[][2] = {
        {"in", "(None, 8, 8, 4)"},    {"pad", "(None, 9, 9, 4)"},   {"dw", "(None, 4, 4, 4)"},
        {"relu", "(None, 4, 4, 4)"},  {"leaky", "(None, 4, 4, 4)"}, {"mean", "(None, 4)"},
        {"shape", "(None, 1, 1, 4)"}, {"drop", "(None, 1, 1, 4)"},  {"conv", "(None, 1, 1, 5)"},
        {"flat", "(None, 5)"},        {"out", "(None, 5)"}};
    if (parse(text, &graph) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(graph->count, sizeof expected / sizeof *expected);
    assert_layers(graph, expected);
    assert_string_equal(graph_node(graph, "dw")->parameters[0].name, "dw/kernel");
    assert_round_trip(graph);
}

static void hostile_models_are_refused(void **state) {
    (void)state;
#define FLAT(name, input)       OLD_LAYER(name, "Flatten", "", OLD_FROM(input))
#define ONE(class_name, config) OLD_MODEL(OLD_INPUT "," OLD_LAYER("x", class_name, config, OLD_FROM("in")), "x")
    static const struct {
        const char *text, *message;
    } cases[] = {
        {ONE("Flatten", ""), NULL}, /* the good control */
        {"[]", "m.json: class_name: no Keras model"},
        {"{\"class_name\": \"Model\"}", "layers: missing"},
        {"{\"class_name\": \"Model\", \"config\": {\"layers\": {}}}", "layers: missing"},
        {"{\"class_name\": \"Model\", \"config\": {\"name\": 3, \"layers\": []}}", "name: no text"},
        {OLD_MODEL("", "x"), "layers: missing or empty"},
        {OLD_MODEL("7", "x"), "layer 0: name"},
        {ONE("Lambda", ""), "x: class_name: there is no layer of class Lambda"},
        {OLD_MODEL(OLD_INPUT "," FLAT("a", "b") "," FLAT("b", "a"), "b"), "its output is used by nothing"},
        {OLD_MODEL(OLD_INPUT "," OLD_LAYER("a", "Add", "", OLD_FROM("in") "," OLD_FROM("b")) "," OLD_LAYER(
                       "b", "Add", "", OLD_FROM("a") "," OLD_FROM("a")) "," FLAT("c", "b"),
                   "c"),
         "part of a cycle"},
        {OLD_MODEL(OLD_INPUT "," FLAT("a", "a"), "a"), "a: inbound_nodes: takes its own output"},
        {OLD_MODEL(OLD_INPUT "," FLAT("a", "nowhere"), "a"), "there is no layer nowhere"},
        {OLD_MODEL(OLD_INPUT "," FLAT("a", "in") "," FLAT("a", "in"), "a"), "a: name: used by two layers"},
        {OLD_MODEL(OLD_INPUT "," FLAT("a", "in") "," FLAT("b", "in"), "b"), "a: its output is used by nothing"},
        {OLD_MODEL(OLD_INPUT "," FLAT("a", "in"), "nowhere"), "output"},
        {OLD_MODEL(FLAT("a", "b") "," FLAT("b", "a"), "a"), "not exactly one InputLayer"},
        {OLD_MODEL(OLD_INPUT "," OLD_LAYER("a", "Flatten", "", "[\"in\", 1, 0, {}]"), "a"), "used twice"},
        {OLD_MODEL(OLD_INPUT "," OLD_LAYER("a", "Flatten", "", "7"), "a"), "inbound_nodes: unfit"},
        {OLD_MODEL(OLD_INPUT "," OLD_LAYER("a", "Add", "", OLD_FROM("in")), "a"),
         "a: inputs: wrong count for Add (expected at least 2, got 1)"},
        {ONE("Conv2D", "\"filters\": 2, \"kernel_size\": 9"), "Conv2D on input (None, 8, 8, 4): x: window"},
        {ONE("Conv2D", "\"filters\": 2, \"kernel_size\": 3, \"strides\": 0"), "x: strides: out of range"},
        {ONE("Conv2D", "\"filters\": 2.0, \"kernel_size\": 3"), "x: filters: unfit"},
        {ONE("Conv2D", "\"filters\": \"2\", \"kernel_size\": 3"), "x: filters: unfit"},
        {ONE("Conv2D", "\"kernel_size\": 3"), "x: filters: missing"},
        {ONE("Conv2D", "\"filters\": 2, \"kernel_size\": [3, 3, 3]"), "x: kernel_size: unfit"},
        {ONE("Conv2D", "\"filters\": 2, \"kernel_size\": 3, \"dilation_rate\": 2"), "x: dilation_rate"},
        {ONE("Conv2D", "\"filters\": 2, \"kernel_size\": 3, \"groups\": 2"), "x: groups"},
        {ONE("Conv2D", "\"filters\": 2, \"kernel_size\": 3, \"padding\": \"causal\""),
         "expected valid or same, got causal"},
        {ONE("Conv2D", "\"filters\": 2, \"kernel_size\": 3, \"activation\": \"mish\""), "x: activation: not supported"},
        {ONE("Conv2D", "\"filters\": 2, \"kernel_size\": 3, \"use_bias\": 1"), "x: use_bias"},
        {ONE("Conv2D", "\"filters\": 2, \"kernel_size\": 3, \"data_format\": \"channels_first\""), "x: data_format"},
        {ONE("Conv2D", "\"filters\": 2147483647, \"kernel_size\": 2147483647, \"padding\": \"same\""), "2^40 values"},
        {ONE("UpSampling2D", "\"size\": 2147483647"), "out of range"},
        {ONE("UpSampling2D", "\"size\": 9223372036854775807"), "x: size: out of range"},
        {ONE("UpSampling2D", "\"interpolation\": \"bilinear\""), "x: interpolation"},
        {ONE("ZeroPadding2D", "\"padding\": [[-1, 0], [0, 0]]"), "x: padding"},
        {ONE("ZeroPadding2D", "\"padding\": [[1, 0, 0], [0, 0]]"), "x: padding: unfit"},
        {ONE("MaxPooling2D", "\"pool_size\": 0"), "x: pool_size: out of range"},
        {ONE("BatchNormalization", "\"axis\": 3"), NULL},
        {ONE("BatchNormalization", "\"axis\": [1]"), "x: axis: not supported"},
        {ONE("BatchNormalization", "\"axis\": \"c\""), "x: axis: no whole number"},
        {ONE("BatchNormalization", "\"scale\": 0"), "x: scale"},
        {ONE("BatchNormalization", "\"momentum\": 2"), "x: momentum"},
        {ONE("BatchNormalization", "\"epsilon\": 0"), "x: epsilon"},
        {ONE("Dense", "\"units\": 2"), "Dense on input (None, 8, 8, 4)"},
        {ONE("Flatten", "\"trainable\": \"yes\""), "x: trainable"},
        {OLD_MODEL(OLD_INPUT "," OLD_LAYER("a\\u001b[31m", "Flatten", "", OLD_FROM("in")), "a\\u001b[31m"),
         "not allowed"},
        {"{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"Flatten\", \"config\": {\"name\": \"f\"}}]}",
         "batch_shape: unfit"},
        {"{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"InputLayer\", \"config\": {\"name\": \"f\", "
         "\"batch_shape\": [null, 0, 3, 3]}}]}",
         "f: shape (0, 3, 3): out of range"},
        {"{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"InputLayer\", \"config\": {\"name\": \"f\", "
         "\"batch_shape\": [null, 2147483647, 2147483647, 3]}}]}",
         "2^40 values"},
        {"{\"class_name\": \"Sequential\", \"config\": [{\"class_name\": \"InputLayer\", \"config\": {\"name\": \"f\", "
         "\"batch_shape\": [null, null, null, 3]}}]}",
         "dimension 1 is no whole number"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *graph;
        const ocellus_status status = parse(cases[i].text, &graph);
        if (!cases[i].message) {
            if (status != OCELLUS_OK) fail_msg("%s", status_message());
            graph_free(graph);
        } else if (status != OCELLUS_BAD_CONTENT || !strstr(status_message(), cases[i].message) ||
                   strncmp(status_message(), "m.json: ", 8) != 0) {
            fail_msg("case %zu: status %d, \"%s\" (expected \"%s\")", i, (int)status, status_message(),
                     cases[i].message);
        }
    }
}

/* Layers that each wait for the next one, so that every pass over the file finds one. */
static void long_models_are_read_to_the_limit(void **state) {
    (void)state;
    for (size_t layers = GRAPH_MAX_NODES; layers <= GRAPH_MAX_NODES + 1; layers++) {
        struct text text = {0};
        text_append(&text, "{\"class_name\": \"Model\", \"config\": {\"name\": \"long\", \"layers\": [");
        for (size_t i = layers - 1; i > 0; i--)
            text_append(&text,
                        "{\"name\": \"n%zu\", \"class_name\": \"Activation\", \"config\": {\"activation\": \"relu\"}, "
                        "\"inbound_nodes\": [[[\"n%zu\", 0, 0]]]},",
                        i, i - 1);
        text_append(&text,
                    "{\"name\": \"n0\", \"class_name\": \"InputLayer\", \"config\": {\"batch_shape\": [null, 3]}, "
                    "\"inbound_nodes\": []}]}}");
        struct graph *graph;
        const ocellus_status status = parse(text.bytes, &graph);
        if (layers == GRAPH_MAX_NODES) {
            assert_int_equal(status, OCELLUS_OK);
            assert_int_equal(graph->count, layers);
            graph_free(graph);
        } else {
            assert_int_equal(status, OCELLUS_BAD_CONTENT);
            assert_non_null(strstr(status_message(), "layers: too many"));
        }
        text_free(&text);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_survive_json),
        cmocka_unit_test(keras_3_is_read),
        cmocka_unit_test(older_keras_is_read),
        cmocka_unit_test(current_networks_are_read),
        cmocka_unit_test(older_mobile_networks_are_read),
        cmocka_unit_test(hostile_models_are_refused),
        cmocka_unit_test(long_models_are_read_to_the_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
