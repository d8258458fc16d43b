/* SPDX-License-Identifier: MIT */
/* Lowering: which operations each layer becomes, with their windows and functions, and what ends a network. */
#include "base/text.h"
#include "model/lowered.h"
#include "model/simcnn.h"
#include "model_fixture.h"

static struct graph *new_graph(struct shape input) {
    struct graph *graph;
    assert_int_equal(graph_create("lowered", &graph), OCELLUS_OK);
    add_node(graph, &layer_input_layer, (union layer_config){.input_layer = {input}}, NULL, 0);
    return graph;
}
static size_t append(struct graph *graph, const struct layer_type *type, union layer_config config) {
    const size_t newest = graph->count - 1;
    return add_node(graph, type, config, &newest, 1);
}

static void append_unary(struct text *out, const struct unary *unary) {
    static const char *const names[UNARY_FUNCTIONS] = {"linear",       "relu",       "sigmoid", "tanh", "swish",
                                                       "hard_sigmoid", "hard_swish", "gelu",    "elu",  "softmax"};
    if (unary->function == UNARY_LINEAR) return;
    text_append(out, " %s", names[unary->function]);
    if (unary->negative_slope > 0) text_append(out, "/%g", unary->negative_slope);
    if (unary->max_value > 0) text_append(out, "<%g", unary->max_value);
    if (unary->alpha > 0) text_append(out, "*%g", unary->alpha);
}

/* "KIND(inputs) shape, k window s strides p padding, function, roles": the operations after the INPUT, each in a line. */
static void describe(const struct lowered *lowered, struct text *out) {
    static const char *const roles[PARAMETER_ROLES] = {"kernel", "bias", "gamma", "beta", "mean", "variance"};
    for (size_t i = 1; i < lowered->count; i++) {
        const struct operation *o = &lowered->operations[i];
        const struct window *w = &o->window;
        text_append(out, "%s(", operation_name(o->kind));
        for (size_t k = 0; k < o->input_count; k++)
            text_append(out, "%s%zu", k > 0 ? " " : "", o->inputs[k]);
        text_append(out, ") ");
        for (size_t k = 0; k < o->shape.rank; k++)
            text_append(out, "%s%d", k > 0 ? "x" : "", (int)o->shape.dims[k]);
        if (w->size[0]) text_append(out, " k%zux%zu", w->size[0], w->size[1]);
        if (w->strides[0]) text_append(out, " s%zux%zu", w->strides[0], w->strides[1]);
        if (w->pad[0][0] + w->pad[0][1] + w->pad[1][0] + w->pad[1][1] > 0)
            text_append(out, " p%zu+%zux%zu+%zu", w->pad[0][0], w->pad[0][1], w->pad[1][0], w->pad[1][1]);
        append_unary(out, &o->unary);
        if (o->kind == OPERATION_CONCATENATE) text_append(out, " axis %zu", o->axis);
        if (o->kind == OPERATION_DROPOUT) text_append(out, " %g #%zu", o->rate, o->dropout);
        for (size_t role = 0; role < PARAMETER_ROLES; role++) {
            if (o->parameters[role] == PARAMETER_NONE) continue;
            const struct lowered_parameter *p = &lowered->parameters[o->parameters[role]];
            assert_int_equal(p->parameter->role, role);
            assert_int_equal(p->node, o->node);
            text_append(out, " %s", roles[role]);
        }
        text_append(out, "\n");
    }
    assert_false(out->failed);
}

/* Takes the graph over. */
static void assert_lowered(struct graph *graph, const char *expected, enum output_link link, size_t logits) {
    struct lowered *lowered;
    struct text got = {0};
    if (lower_graph(graph, &lowered) != OCELLUS_OK) fail_msg("%s", status_message());
    describe(lowered, &got);
    assert_string_equal(got.bytes, expected);
    assert_int_equal(lowered->link, link);
    assert_int_equal(lowered->logits, logits);
    text_free(&got);
    lowered_free(lowered);
    graph_free(graph);
}

/* One layer on an image or a vector, then what makes a vector of it where it is none. */
static void every_layer_has_its_operations(void **state) {
    (void)state;
#define RELU6                                                                                                          \
    { .function = UNARY_RELU, .max_value = 6 }
    static const struct {
        const struct layer_type *type;
        struct shape input;
        union layer_config config;
        const char *expected; /* without the reshape that the test appends to images */
    } cases[] = {
        {&layer_conv2d,
         {3, {7, 8, 3}},
         {.conv2d =
              {.filters = 4, .kernel_size = {3, 2}, .strides = {2, 1}, .padding = PADDING_SAME, .use_bias = true}},
         "convolution(0) 4x8x4 k3x2 s2x1 p1+1x0+1 kernel bias\n"},
        {&layer_conv2d,
         {3, {7, 8, 3}},
         {.conv2d = {.filters = 4, .kernel_size = {3, 2}, .strides = {2, 1}, .activation = {.function = UNARY_RELU}}},
         "convolution(0) 3x7x4 k3x2 s2x1 relu kernel\n"},
        {&layer_conv2d,
         {3, {7, 8, 3}},
         {.conv2d = {.filters = 4, .kernel_size = {1, 1}, .strides = {1, 1}, .activation = RELU6}},
         "convolution(0) 7x8x4 k1x1 s1x1 kernel\nunary(1) 7x8x4 relu<6\n"},
        {&layer_depthwise_conv2d,
         {3, {7, 8, 3}},
         {.depthwise_conv2d = {.kernel_size = {3, 3},
                               .strides = {2, 2},
                               .depth_multiplier = 2,
                               .padding = PADDING_SAME,
                               .activation = {.function = UNARY_RELU},
                               .use_bias = true}},
         "depthwise(0) 4x4x6 k3x3 s2x2 p1+1x0+1 relu kernel bias\n"},
        {&layer_depthwise_conv2d,
         {3, {7, 8, 3}},
         {.depthwise_conv2d = {.kernel_size = {3, 3},
                               .strides = {1, 1},
                               .depth_multiplier = 1,
                               .activation = {.function = UNARY_HARD_SWISH}}},
         "depthwise(0) 5x6x3 k3x3 s1x1 kernel\nunary(1) 5x6x3 hard_swish\n"},
        {&layer_dense,
         {1, {5}},
         {.dense = {.units = 3, .activation = {.function = UNARY_GELU}, .use_bias = true}},
         "dense(0) 3 kernel bias\nunary(1) 3 gelu\n"},
        {&layer_batch_normalization,
         {3, {7, 8, 3}},
         {.batch_normalization = {.momentum = 0.9, .epsilon = 1e-3}},
         "normalization(0) 7x8x3 gamma beta mean variance\n"},
        {&layer_batch_normalization,
         {3, {7, 8, 3}},
         {.batch_normalization = {.momentum = 0.9, .epsilon = 1e-3, .without_scale = true}},
         "normalization(0) 7x8x3 beta mean variance\n"},
        {&layer_batch_normalization,
         {3, {7, 8, 3}},
         {.batch_normalization = {.momentum = 0.9, .epsilon = 1e-3, .without_center = true}},
         "normalization(0) 7x8x3 gamma mean variance\n"},
        {&layer_max_pooling2d,
         {3, {7, 8, 3}},
         {.pooling2d = {.pool_size = {3, 3}, .strides = {2, 2}, .padding = PADDING_SAME}},
         "max_pool(0) 4x4x3 k3x3 s2x2 p1+1x0+1\n"},
        {&layer_average_pooling2d,
         {3, {7, 8, 3}},
         {.pooling2d = {.pool_size = {2, 2}, .strides = {2, 2}}},
         "average_pool(0) 3x4x3 k2x2 s2x2\n"},
        {&layer_average_pooling2d,
         {3, {7, 8, 3}},
         {.pooling2d = {.pool_size = {2, 3}, .strides = {1, 3}, .padding = PADDING_SAME}},
         "average_pool(0) 7x3x3 k2x3 s1x3 p0+1x0+1\n"},
        {&layer_global_average_pooling2d, {3, {7, 8, 3}}, {.conv2d = {0}}, "global_average(0) 3\n"},
        {&layer_global_average_pooling2d,
         {3, {7, 8, 3}},
         {.global_average_pooling2d = {.keepdims = true}},
         "global_average(0) 3\nreshape(1) 1x1x3\n"},
        {&layer_zero_padding2d,
         {3, {7, 8, 3}},
         {.zero_padding2d = {.padding = {{1, 0}, {2, 3}}}},
         "pad(0) 8x13x3 p1+0x2+3\n"},
        {&layer_up_sampling2d, {3, {7, 8, 3}}, {.up_sampling2d = {.size = {2, 3}}}, "upsample(0) 14x24x3 s2x3\n"},
        {&layer_flatten, {3, {7, 8, 3}}, {.conv2d = {0}}, "reshape(0) 168\n"},
        {&layer_reshape, {1, {12}}, {.reshape = {{3, {2, -1, 3}}}}, "reshape(0) 2x2x3\n"},
        {&layer_dropout, {1, {5}}, {.dropout = {.rate = 0.25}}, "dropout(0) 5 0.25 #0\n"},
        {&layer_activation, {1, {5}}, {.activation = {{.function = UNARY_SWISH}}}, "unary(0) 5 swish\n"},
        {&layer_re_lu, {3, {7, 8, 3}}, {.activation = {RELU6}}, "unary(0) 7x8x3 relu<6\n"},
        {&layer_leaky_re_lu, {1, {5}}, {.activation = {{.negative_slope = 0.5}}}, "unary(0) 5 relu/0.5\n"},
        {&layer_elu, {1, {5}}, {.activation = {{.alpha = 2}}}, "unary(0) 5 elu*2\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct graph *graph = new_graph(cases[i].input);
        append(graph, cases[i].type, cases[i].config);
        struct text expected = {0};
        size_t operations = 0;
        for (const char *c = cases[i].expected; *c; c++)
            operations += *c == '\n';
        text_append(&expected, "%s", cases[i].expected);
        if (graph_output_shape(graph)->rank > 1) {
            text_append(&expected, "reshape(%zu) %zu\n", operations++, shape_size(graph_output_shape(graph)));
            append(graph, &layer_flatten, (union layer_config){0});
        }
        assert_lowered(graph, expected.bytes, LINK_SOFTMAX, operations);
        text_free(&expected);
    }
}

/* What is nothing leaves no operation, and dropouts are numbered among themselves. */
static void layers_that_do_nothing_are_no_operations(void **state) {
    (void)state;
    struct graph *graph = new_graph((struct shape){1, {5}});
    append(graph, &layer_dropout, (union layer_config){.dropout = {.rate = 0}});
    append(graph, &layer_activation, (union layer_config){.activation = {{.function = UNARY_LINEAR}}});
    append(graph, &layer_dropout, (union layer_config){.dropout = {.rate = 0.5}});
    append(graph, &layer_activation, (union layer_config){.activation = {{.function = UNARY_TANH}}});
    append(graph, &layer_dropout, (union layer_config){.dropout = {.rate = 0.125}});
    assert_lowered(graph, "dropout(0) 5 0.5 #0\nunary(1) 5 tanh\ndropout(2) 5 0.125 #1\n", LINK_SOFTMAX, 3);
}

static void several_inputs_become_a_chain(void **state) {
    (void)state;
    struct graph *graph = new_graph((struct shape){1, {6}});
    const union layer_config tanh = {.activation = {{.function = UNARY_TANH}}}, gates = {.dense = {.units = 3}},
                             none = {.conv2d = {0}};
    const size_t a = append(graph, &layer_activation, tanh), b = append(graph, &layer_activation, tanh);
    const size_t sum = add_node(graph, &layer_add, none, (size_t[]){b, a, 0, b}, 4);
    const size_t image = add_node(graph, &layer_reshape, (union layer_config){.reshape = {{3, {1, 2, 3}}}}, &sum, 1);
    const size_t gate = add_node(graph, &layer_dense, gates, &sum, 1);
    const size_t scaled = add_node(graph, &layer_multiply, none, (size_t[]){gate, image, gate}, 3);
    const size_t joined = add_node(graph, &layer_concatenate, (union layer_config){.concatenate = {2}},
                                   (size_t[]){scaled, image, scaled}, 3);
    add_node(graph, &layer_flatten, none, &joined, 1);
    assert_lowered(graph,
                   "unary(0) 6 tanh\n"
                   "unary(1) 6 tanh\n"
                   "add(2 1) 6\n"
                   "add(3 0) 6\n"
                   "add(4 2) 6\n"
                   "reshape(5) 1x2x3\n"
                   "dense(5) 3 kernel\n"
                   "reshape(7) 1x1x3\n"
                   "multiply(8 6) 1x2x3\n"
                   "reshape(7) 1x1x3\n"
                   "multiply(9 10) 1x2x3\n"
                   "concatenate(11 6 11) 1x6x3 axis 1\n"
                   "reshape(12) 18\n",
                   LINK_SOFTMAX, 13);
    /* What is between has the product's shape so far, which is not yet the layer's. */
    graph = new_graph((struct shape){1, {2}});
    const size_t rows = append(graph, &layer_reshape, (union layer_config){.reshape = {{2, {2, 1}}}});
    const size_t columns =
        add_node(graph, &layer_reshape, (union layer_config){.reshape = {{2, {1, 2}}}}, (size_t[]){0}, 1);
    const size_t product = add_node(graph, &layer_multiply, none, (size_t[]){columns, columns, rows}, 3);
    add_node(graph, &layer_flatten, none, &product, 1);
    assert_lowered(graph, "reshape(0) 2x1\nreshape(0) 1x2\nmultiply(2 2) 1x2\nmultiply(3 1) 2x2\nreshape(4) 4\n",
                   LINK_SOFTMAX, 5);
}

/* As in MobileNetV3: the means of an image's channels, through two convolutions, scale the channels. */
static void squeeze_and_excite(void **state) {
    (void)state;
    struct graph *graph = new_graph((struct shape){3, {4, 5, 8}});
    const union layer_config squeeze = {.conv2d = {.filters = 2,
                                                   .kernel_size = {1, 1},
                                                   .strides = {1, 1},
                                                   .activation = {.function = UNARY_RELU},
                                                   .use_bias = true}},
                             excite = {.conv2d = {.filters = 8,
                                                  .kernel_size = {1, 1},
                                                  .strides = {1, 1},
                                                  .activation = {.function = UNARY_HARD_SIGMOID},
                                                  .use_bias = true}};
    append(graph, &layer_global_average_pooling2d, (union layer_config){.global_average_pooling2d = {true}});
    append(graph, &layer_conv2d, squeeze);
    const size_t gate = append(graph, &layer_conv2d, excite);
    add_node(graph, &layer_multiply, (union layer_config){0}, (size_t[]){0, gate}, 2);
    append(graph, &layer_global_average_pooling2d, (union layer_config){0});
    append(graph, &layer_dense, (union layer_config){.dense = {.units = 3, .activation = {.function = UNARY_SOFTMAX}}});
    assert_lowered(graph,
                   "global_average(0) 8\n"
                   "reshape(1) 1x1x8\n"
                   "convolution(2) 1x1x2 k1x1 s1x1 relu kernel bias\n"
                   "convolution(3) 1x1x8 k1x1 s1x1 kernel bias\n"
                   "unary(4) 1x1x8 hard_sigmoid\n"
                   "multiply(0 5) 4x5x8\n"
                   "global_average(6) 8\n"
                   "dense(7) 3 kernel\n"
                   "unary(8) 3 softmax\n",
                   LINK_SOFTMAX, 8);
}

static void classifiers_end_in_logits(void **state) {
    (void)state;
    const union layer_config plain = {.dense = {.units = 3}},
                             softmax = {.dense = {.units = 3, .activation = {.function = UNARY_SOFTMAX}}},
                             sigmoid = {.dense = {.units = 3, .activation = {.function = UNARY_SIGMOID}}};
    const struct shape input = {1, {5}};
    struct graph *graph = new_graph(input);
    append(graph, &layer_dense, plain);
    assert_lowered(graph, "dense(0) 3 kernel\n", LINK_SOFTMAX, 1);
    graph = new_graph(input);
    append(graph, &layer_dense, softmax);
    assert_lowered(graph, "dense(0) 3 kernel\nunary(1) 3 softmax\n", LINK_SOFTMAX, 1);
    graph = new_graph(input);
    append(graph, &layer_dense, plain);
    append(graph, &layer_softmax, (union layer_config){0});
    assert_lowered(graph, "dense(0) 3 kernel\nunary(1) 3 softmax\n", LINK_SOFTMAX, 1);
    graph = new_graph(input);
    append(graph, &layer_dense, sigmoid);
    assert_lowered(graph, "dense(0) 3 kernel\nunary(1) 3 sigmoid\n", LINK_SIGMOID, 1);
    /* A sigmoid on the way is a function as others. */
    graph = new_graph(input);
    append(graph, &layer_dense, sigmoid);
    append(graph, &layer_dense, plain);
    assert_lowered(graph, "dense(0) 3 kernel\nunary(1) 3 sigmoid\ndense(2) 3 kernel\n", LINK_SOFTMAX, 3);
}

static void networks_that_no_engine_runs_are_refused(void **state) {
    (void)state;
    struct lowered *lowered;
    struct graph *graph = new_graph((struct shape){1, {5}});
    assert_int_equal(lower_graph(graph, &lowered), OCELLUS_USAGE);
    assert_string_equal(status_message(), "lowered: a network needs at least one layer after its input");
    append(graph, &layer_dense, (union layer_config){.dense = {.units = 3, .activation = {.function = UNARY_SOFTMAX}}});
    append(graph, &layer_dense, (union layer_config){.dense = {.units = 3}});
    assert_int_equal(lower_graph(graph, &lowered), OCELLUS_USAGE);
    assert_string_equal(status_message(), "lowered: layer dense: a softmax can only be the network's last layer");
    graph_free(graph);
    graph = new_graph((struct shape){3, {2, 2, 3}});
    append(graph, &layer_activation, (union layer_config){.activation = {{.function = UNARY_RELU}}});
    assert_int_equal(lower_graph(graph, &lowered), OCELLUS_USAGE);
    assert_string_equal(status_message(),
                        "lowered: layer activation: the output of the network must be a vector of classes");
    graph_free(graph);
}

/* Padding, then a window over it, then what makes a vector. */
static struct graph *padded(const int64_t pad[2][2], const struct layer_type *type, union layer_config config) {
    struct graph *graph = new_graph((struct shape){3, {8, 8, 2}});
    append(graph, &layer_zero_padding2d,
           (union layer_config){.zero_padding2d = {{{pad[0][0], pad[0][1]}, {pad[1][0], pad[1][1]}}}});
    append(graph, type, config);
    append(graph, &layer_flatten, (union layer_config){0});
    return graph;
}

static void convolutions_take_the_padding_before_them(void **state) {
    (void)state;
    const union layer_config conv = {.conv2d = {.filters = 1, .kernel_size = {3, 3}, .strides = {2, 2}}},
                             depthwise = {.depthwise_conv2d = {.kernel_size = {3, 3},
                                                               .strides = {2, 2},
                                                               .depth_multiplier = 1}},
                             pool = {.pooling2d = {.pool_size = {3, 3}, .strides = {2, 2}}};
    union layer_config same = conv;
    same.conv2d.strides[0] = same.conv2d.strides[1] = 1;
    same.conv2d.padding = PADDING_SAME;
    const int64_t behind[2][2] = {{0, 1}, {0, 1}}, wide[2][2] = {{0, 3}, {0, 0}};
    assert_lowered(padded(behind, &layer_conv2d, conv),
                   "pad(0) 9x9x2 p0+1x0+1\nconvolution(0) 4x4x1 k3x3 s2x2 p0+1x0+1 kernel\nreshape(2) 16\n",
                   LINK_SOFTMAX, 3);
    assert_lowered(padded(behind, &layer_conv2d, same),
                   "pad(0) 9x9x2 p0+1x0+1\nconvolution(0) 9x9x1 k3x3 s1x1 p1+2x1+2 kernel\nreshape(2) 81\n",
                   LINK_SOFTMAX, 3);
    assert_lowered(padded(behind, &layer_depthwise_conv2d, depthwise),
                   "pad(0) 9x9x2 p0+1x0+1\ndepthwise(0) 4x4x2 k3x3 s2x2 p0+1x0+1 kernel\nreshape(2) 32\n", LINK_SOFTMAX,
                   3);
    /* As wide as the kernel; and zeros that a pooling would count, or compare with. */
    assert_lowered(padded(wide, &layer_conv2d, conv),
                   "pad(0) 11x8x2 p0+3x0+0\nconvolution(1) 5x3x1 k3x3 s2x2 kernel\nreshape(2) 15\n", LINK_SOFTMAX, 3);
    assert_lowered(padded(behind, &layer_average_pooling2d, pool),
                   "pad(0) 9x9x2 p0+1x0+1\naverage_pool(1) 4x4x2 k3x3 s2x2\nreshape(2) 32\n", LINK_SOFTMAX, 3);
    assert_lowered(padded(behind, &layer_max_pooling2d, pool),
                   "pad(0) 9x9x2 p0+1x0+1\nmax_pool(1) 4x4x2 k3x3 s2x2\nreshape(2) 32\n", LINK_SOFTMAX, 3);
    /* Read twice: it is made anyway. */
    struct graph *graph = new_graph((struct shape){3, {8, 8, 2}});
    const size_t pad = append(graph, &layer_zero_padding2d, (union layer_config){.zero_padding2d = {{{0, 1}, {0, 1}}}});
    const size_t a = add_node(graph, &layer_conv2d, conv, &pad, 1), b = add_node(graph, &layer_conv2d, conv, &pad, 1);
    add_node(graph, &layer_add, (union layer_config){0}, (size_t[]){a, b}, 2);
    append(graph, &layer_flatten, (union layer_config){0});
    assert_lowered(graph,
                   "pad(0) 9x9x2 p0+1x0+1\nconvolution(1) 4x4x1 k3x3 s2x2 kernel\n"
                   "convolution(1) 4x4x1 k3x3 s2x2 kernel\nadd(2 3) 4x4x1\nreshape(4) 16\n",
                   LINK_SOFTMAX, 5);
}

static void parameters_keep_their_order(void **state) {
    (void)state;
    struct graph *graph;
    struct lowered *lowered;
    size_t matched, place = 0;
    assert_int_equal(graph_simcnn(32, 32, 3, 10, &graph), OCELLUS_OK);
    assert_int_equal(graph_freeze(graph, "conv2d_1", &matched), OCELLUS_OK);
    assert_int_equal(lower_graph(graph, &lowered), OCELLUS_OK);
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++, place++) {
            const struct parameter *parameter = &graph->nodes[i].parameters[k];
            assert_ptr_equal(lowered->parameters[place].parameter, parameter);
            assert_int_equal(lowered->parameters[place].trained, parameter->trainable && !graph->nodes[i].frozen);
            assert_int_equal(lowered_parameter_place(lowered, parameter->name), place);
        }
        assert_int_equal(lowered->operations[lowered->outputs[i]].node, i);
        assert_int_equal(lowered->operations[lowered->outputs[i]].frozen, graph->nodes[i].frozen);
    }
    assert_int_equal(lowered->parameter_count, place);
    assert_true(lowered_parameter_place(lowered, "conv2d/weights") == PARAMETER_NONE);
    lowered_free(lowered);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_layer_has_its_operations),
        cmocka_unit_test(layers_that_do_nothing_are_no_operations),
        cmocka_unit_test(several_inputs_become_a_chain),
        cmocka_unit_test(squeeze_and_excite),
        cmocka_unit_test(classifiers_end_in_logits),
        cmocka_unit_test(networks_that_no_engine_runs_are_refused),
        cmocka_unit_test(convolutions_take_the_padding_before_them),
        cmocka_unit_test(parameters_keep_their_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
