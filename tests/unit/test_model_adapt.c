/* SPDX-License-Identifier: MIT */
/* Networks made over for other classes and other sizes of pictures, and the beginnings that a training leaves alone. */
#include "model/adapt.h"
#include "model/builtin.h"
#include "model/prefix.h"
#include "model/resnet50.h"
#include "model_fixture.h"

static void assert_refused(const struct graph *from, struct adapt_wish wish, const char *message) {
    struct graph *graph = NULL;
    size_t head;
    assert_int_equal(graph_adapt(from, &wish, &graph, &head), OCELLUS_USAGE);
    assert_null(graph);
    if (!strstr(status_message(), message)) fail_msg("%s", status_message());
}

static struct graph *adapted(const struct graph *from, struct adapt_wish wish, size_t *head) {
    struct graph *graph;
    if (graph_adapt(from, &wish, &graph, head) != OCELLUS_OK) fail_msg("%s", status_message());
    return graph;
}

static struct graph *builtin(const char *name) {
    struct graph *graph;
    assert_int_equal(graph_builtin(name, 32, 32, 3, 10, &graph), OCELLUS_OK);
    return graph;
}

static void the_same_classes_keep_everything(void **state) {
    (void)state;
    struct graph *from = builtin("simcnn"), *graph;
    size_t matched, head;
    assert_int_equal(graph_freeze(from, "conv2d*", &matched), OCELLUS_OK);
    graph = adapted(from, (struct adapt_wish){.classes = 10}, &head);
    assert_int_equal(head, graph->count);
    assert_false(graph_node(graph, "conv2d")->frozen); /* who makes it over decides that */
    for (size_t i = 0; i < from->count; i++)
        from->nodes[i].frozen = false;
    assert_same(from, graph);
    assert_int_equal(graph->preprocessing, from->preprocessing);
    graph_free(graph);
    graph = adapted(from, (struct adapt_wish){.classes = 10, .new_head = true}, &head);
    assert_string_equal(graph->nodes[head].name, "dense_1");
    graph_free(graph);
    graph_free(from);
}

static void other_classes_have_another_head(void **state) {
    (void)state;
    static const char *const names[] = {"simcnn", "resnet50", "resnet50-imagenet"};
    for (size_t i = 0; i < 3; i++) {
        struct graph *from = builtin(names[i]), *graph;
        size_t head;
        from->preprocessing = PREPROCESSING_NONE;
        graph = adapted(from, (struct adapt_wish){.classes = 7}, &head);
        assert_int_equal(head, graph->count - 1);
        assert_int_equal(graph_output_shape(graph)->dims[0], 7);
        assert_int_equal(graph->preprocessing, PREPROCESSING_NONE);
        assert_null(graph->class_names);
        graph_free(graph);
        graph_free(from);
    }
}

static void other_sizes_are_taken_where_no_value_depends_on_them(void **state) {
    (void)state;
    struct graph *from = builtin("resnet50-imagenet"), *graph;
    size_t head;
    graph = adapted(from, (struct adapt_wish){.side = 160, .classes = 1000}, &head);
    assert_int_equal(head, graph->count);
    assert_int_equal(graph_input_shape(graph)->dims[0], 160);
    assert_int_equal(graph_node(graph, "conv5_block3_out")->shape.dims[1], 5);
    graph_free(graph);
    graph_free(from);
    from = builtin("simcnn");
    assert_refused(from, (struct adapt_wish){.side = 48, .classes = 10},
                   "simcnn: input_size: dense/kernel depends on the size of the pictures (expected (1024, 64), got");
    assert_refused(from, (struct adapt_wish){.side = 4, .classes = 10}, "conv2d_1");
    graph_free(from);
}

/* Ends in features: of pixels, or of a vector. */
static struct graph *features(bool vector) {
    struct graph *graph;
    size_t node = 0;
    assert_int_equal(graph_create("features", &graph), OCELLUS_OK);
    add_node(graph, &layer_input_layer, (union layer_config){.input_layer = {{3, {8, 8, 3}}}}, NULL, 0);
    node = add_node(graph, &layer_conv2d,
                    (union layer_config){.conv2d = {5, {3, 3}, {1, 1}, PADDING_SAME, {.function = UNARY_RELU}, true}},
                    &node, 1);
    if (vector) add_node(graph, &layer_global_average_pooling2d, (union layer_config){0}, &node, 1);
    return graph;
}

static void features_get_a_head(void **state) {
    (void)state;
    for (int vector = 0; vector < 2; vector++) {
        struct graph *from = features(vector), *graph;
        size_t head;
        graph = adapted(from, (struct adapt_wish){.side = 12, .classes = 5}, &head); /* as many as it has features */
        assert_int_equal(head, graph->count - 1);
        assert_string_equal(graph->nodes[head].name, "predictions");
        assert_ptr_equal(graph->nodes[head - 1].type, &layer_global_average_pooling2d);
        assert_int_equal(graph->count, 4);
        graph_free(graph);
        graph_free(from);
    }
}

static void heads_without_a_dense_keep_their_classes(void **state) {
    (void)state;
    struct graph *from = features(true), *graph;
    size_t node = from->count - 1, head;
    add_node(from, &layer_softmax, (union layer_config){.activation = {{.function = UNARY_SOFTMAX}}}, &node, 1);
    graph = adapted(from, (struct adapt_wish){.classes = 5}, &head);
    assert_int_equal(head, graph->count);
    assert_int_equal(graph->count, from->count);
    graph_free(graph);
    assert_refused(from, (struct adapt_wish){.classes = 6},
                   "features: its classes cannot be changed: no Dense layer ends it (expected 6, got 5)");
    graph_free(from);
}

static void vectors_are_no_pictures(void **state) {
    (void)state;
    struct graph *from;
    assert_int_equal(graph_create("vectors", &from), OCELLUS_OK);
    add_node(from, &layer_input_layer, (union layer_config){.input_layer = {{1, {8}}}}, NULL, 0);
    const size_t node = 0;
    add_node(from, &layer_dense, (union layer_config){.dense = {.units = 3}}, &node, 1);
    assert_refused(from, (struct adapt_wish){.side = 4, .classes = 2}, "vectors: its input takes no pictures");
    graph_free(from);
}

static void built_in_networks_take_other_sizes(void **state) {
    (void)state;
    struct graph *graph, *imagenet = builtin("resnet50-imagenet");
    assert_int_equal(graph_builtin_of_size("resnet50", 96, 3, 7, &graph), OCELLUS_OK);
    assert_int_equal(graph_node(graph, "conv5_block3_out")->shape.dims[0], 3);
    assert_int_equal(graph->preprocessing, PREPROCESSING_CAFFE);
    assert_int_equal(graph->count, imagenet->count);
    for (size_t i = 0; i < graph->count; i++)
        assert_string_equal(graph->nodes[i].name, imagenet->nodes[i].name);
    graph_free(graph);
    assert_int_equal(graph_builtin_of_size("resnet50", 0, 3, 7, &graph), OCELLUS_OK);
    assert_int_equal(graph_input_shape(graph)->dims[0], RESNET50_SIDE);
    graph_free(graph);
    assert_int_equal(graph_builtin_of_size("simcnn", 48, 1, 7, &graph), OCELLUS_OK);
    assert_int_equal(graph_input_shape(graph)->dims[2], 1);
    graph_free(graph);
    graph_free(imagenet);
    static const struct {
        const char *name;
        size_t side;
        const char *message;
    } refused[] = {{"resnet50", 31, "expected 32 to 4096, got 31"},
                   {"resnet50", 4097, "expected 32 to 4096, got 4097"},
                   {"simcnn", 5, "simcnn for pictures of 5 x 5"},
                   {"simcnn", 0, "simcnn: input_size: the pictures have different sizes, so it must be given"},
                   {"resnet50-96", 96, "resnet50-96: input_size: its name says its size (expected 0, got 96)"},
                   {"resnet51", 96, "did you mean resnet50?"}};
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_int_equal(graph_builtin_of_size(refused[i].name, refused[i].side, 3, 7, &graph), OCELLUS_USAGE);
        if (!strstr(status_message(), refused[i].message)) fail_msg("%s", status_message());
    }
}

/* --- frozen prefixes --- */

static void assert_cut(struct graph *graph, const char *const *frozen, size_t count, const char *cut) {
    size_t matched;
    for (size_t i = 0; i < graph->count; i++)
        graph->nodes[i].frozen = false;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(graph_freeze(graph, frozen[i], &matched), OCELLUS_OK);
    const size_t found = graph_frozen_prefix(graph);
    assert_string_equal(found ? graph->nodes[found].name : "", cut);
}
#define ASSERT_CUT(graph, cut, ...)                                                                                    \
    assert_cut(graph, (const char *const[]){__VA_ARGS__}, sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *), cut)

static void a_frozen_beginning_is_cut_off(void **state) {
    (void)state;
    struct graph *graph;
    assert_int_equal(graph_builtin_of_size("resnet50", 64, 3, 7, &graph), OCELLUS_OK);
    ASSERT_CUT(graph, "avg_pool", "*_conv", "*_bn");
    ASSERT_CUT(graph, "conv4_block6_out", "conv[1-4]*");
    ASSERT_CUT(graph, "conv4_block6_out", "conv[1-4]*", "conv5_block1_[12]*"); /* the shortcut's is not frozen */
    ASSERT_CUT(graph, "pool1_pool", "conv1*", "conv2_block1_1*");
    ASSERT_CUT(graph, "", "conv1_conv"); /* its normalization learns, and is part of it in inference */
    ASSERT_CUT(graph, "", "conv[2-5]*"); /* not the beginning */
    ASSERT_CUT(graph, "avg_pool", "conv*", "predictions"); /* nothing is left to learn: the engine says so */
    graph_free(graph);
    graph = builtin("simcnn");
    ASSERT_CUT(graph, "flatten", "conv*", "batch*");
    ASSERT_CUT(graph, "dense", "conv*", "batch*", "dense");
    graph_free(graph);
}

/* What is dropped at random is not the same in every step, unless it is frozen. */
static void a_prefix_drops_nothing(void **state) {
    (void)state;
    struct graph *graph = features(true);
    size_t node = graph->count - 1;
    node = add_node(graph, &layer_dropout, (union layer_config){.dropout = {.rate = 0.5}}, &node, 1);
    node = add_node(graph, &layer_dense, (union layer_config){.dense = {.units = 5}}, &node, 1);
    add_node(graph, &layer_dense, (union layer_config){.dense = {.units = 3}}, &node, 1);
    ASSERT_CUT(graph, "global_average_pooling2d", "conv2d", "dense");
    ASSERT_CUT(graph, "dense", "conv2d", "dropout", "dense");
    graph_free(graph);
}

static void a_prefix_is_a_graph(void **state) {
    (void)state;
    struct graph *graph, *prefix;
    assert_int_equal(graph_builtin_of_size("resnet50", 64, 3, 7, &graph), OCELLUS_OK);
    static const char *const cuts[] = {"avg_pool", "conv4_block6_out", "conv2_block2_add"};
    for (size_t i = 0; i < 3; i++) {
        const struct node *cut = graph_node(graph, cuts[i]);
        assert_int_equal(graph_prefix(graph, (size_t)(cut - graph->nodes), &prefix), OCELLUS_OK);
        assert_true(shape_equal(&graph_node(prefix, cuts[i])->shape, &cut->shape));
        assert_int_equal(graph_output_shape(prefix)->rank, 1);
        assert_null(graph_node(prefix, "predictions"));
        assert_int_equal(prefix->preprocessing, PREPROCESSING_CAFFE);
        for (size_t k = 0; k + 1 < prefix->count; k++)
            assert_non_null(graph_node(graph, prefix->nodes[k].name));
        graph_free(prefix);
    }
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_classes_keep_everything),
        cmocka_unit_test(other_classes_have_another_head),
        cmocka_unit_test(other_sizes_are_taken_where_no_value_depends_on_them),
        cmocka_unit_test(features_get_a_head),
        cmocka_unit_test(heads_without_a_dense_keep_their_classes),
        cmocka_unit_test(vectors_are_no_pictures),
        cmocka_unit_test(built_in_networks_take_other_sizes),
        cmocka_unit_test(a_frozen_beginning_is_cut_off),
        cmocka_unit_test(a_prefix_drops_nothing),
        cmocka_unit_test(a_prefix_is_a_graph),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
