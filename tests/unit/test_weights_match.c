/* SPDX-License-Identifier: MIT */
/* Weights to parameters: the names of all releases, and what a file may leave out. */
#include "base/log.h"
#include "base/memory.h"
#include "formats/keras_names.h"
#include "formats/match.h"
#include "model/layer.h"
#include "model/resnet50.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_name(const char *old, const char *expected) {
    char name[TENSOR_NAME_SIZE];
    keras_names_canonical(old, name);
    assert_string_equal(name, expected);
}

/* The older name of a layer of ResNet50, from its place alone. */
static void old_name(const char *name, char out[TENSOR_NAME_SIZE]) {
    int stage, block, place;
    char kind[8];
    if (sscanf(name, "conv%d_block%d_%d_%7s", &stage, &block, &place, kind) == 4) {
        static const char *const branches[] = {"1", "2a", "2b", "2c"};
        snprintf(out, TENSOR_NAME_SIZE, "%s%d%c_branch%s", strcmp(kind, "conv") == 0 ? "res" : "bn", stage,
                 'a' + block - 1, branches[place]);
    } else if (strcmp(name, "conv1_conv") == 0) {
        snprintf(out, TENSOR_NAME_SIZE, "conv1");
    } else if (strcmp(name, "conv1_bn") == 0) {
        snprintf(out, TENSOR_NAME_SIZE, "bn_conv1");
    } else {
        snprintf(out, TENSOR_NAME_SIZE, "%s", strcmp(name, "predictions") == 0 ? "fc1000" : name);
    }
}

static void test_all_layers_of_resnet50(void **state) {
    (void)state;
    struct graph *graph;
    assert_int_equal(graph_resnet50_imagenet(RESNET50_EPSILON, &graph), OCELLUS_OK);
    size_t convolutions = 0, normalizations = 0, denses = 0, changed = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        if (node->parameter_count == 0) continue;
        char old[TENSOR_NAME_SIZE];
        old_name(node->name, old);
        changed += strcmp(old, node->name) != 0;
        for (size_t k = 0; k < node->parameter_count; k++) {
            char tensor[2 * TENSOR_NAME_SIZE];
            snprintf(tensor, sizeof tensor, "%s/%s", old, strrchr(node->parameters[k].name, '/') + 1);
            expect_name(tensor, node->parameters[k].name);
            expect_name(node->parameters[k].name, node->parameters[k].name); /* today's name stays */
        }
        convolutions += strstr(node->name, "_conv") != NULL;
        normalizations += strstr(node->name, "_bn") != NULL;
        denses += strcmp(node->name, "predictions") == 0;
    }
    graph_free(graph);
    assert_int_equal(convolutions, 53);
    assert_int_equal(normalizations, 53);
    assert_int_equal(denses, 1);
    assert_int_equal(changed, 107);
}

static void test_names(void **state) {
    (void)state;
    expect_name("res2a_branch2a/kernel", "conv2_block1_1_conv/kernel");
    expect_name("bn2a_branch1/moving_variance", "conv2_block1_0_bn/moving_variance");
    expect_name("res4f_branch2c/bias", "conv4_block6_3_conv/bias");
    expect_name("bn5c_branch2b/gamma", "conv5_block3_2_bn/gamma");
    expect_name("bn_conv1/beta", "conv1_bn/beta");
    /* Keras 1 */
    expect_name("conv1/conv1_W_1", "conv1_conv/kernel");
    expect_name("conv1/conv1_b", "conv1_conv/bias");
    expect_name("bn3d_branch2a/bn3d_branch2a_running_mean_2", "conv3_block4_1_bn/moving_mean");
    expect_name("bn3d_branch2a/bn3d_branch2a_running_std", "conv3_block4_1_bn/moving_variance");
    expect_name("bn3d_branch2a/bn3d_branch2a_gamma_1", "conv3_block4_1_bn/gamma");
    /* Keras 2 */
    expect_name("model/conv_dw_1/depthwise_kernel:0", "conv_dw_1/kernel");
    /* Near, but none of them */
    expect_name("conv_dw_1/depthwise_kernels", "conv_dw_1/depthwise_kernels");
    expect_name("res6a_branch2a/kernel", "res6a_branch2a/kernel");
    expect_name("res2g_branch2a/kernel", "res2g_branch2a/kernel");
    expect_name("res2a_branch2d/kernel", "res2a_branch2d/kernel");
    expect_name("res2a_branch2a_x/kernel", "res2a_branch2a_x/kernel");
    expect_name("conv1/conv1_Wx", "conv1_conv/conv1_Wx");
    expect_name("conv1/conv1_W_", "conv1_conv/conv1_W_");
    expect_name("sequential/conv2d/kernel", "conv2d/kernel");
    expect_name("functional/resnet50/bn_conv1/gamma:0", "conv1_bn/gamma");
    expect_name("model/conv1/conv1_W_1:0", "conv1_conv/kernel");
    expect_name("kernel:0", "kernel");
    expect_name(":0", ":0");
    expect_name("/kernel", "/kernel");
    expect_name("", "");
    expect_name("dense_1/kernel", "dense_1/kernel");
    expect_name("kernel", "kernel");
}

/* Tensors as a file would give them: the graph's own, under older names when `old`, of the nested model when `body`. Value i
 * of tensor t is t + i / 1024. */
static void make_tensors(const struct graph *graph, bool old, bool body, struct named_tensors *tensors) {
    *tensors = (struct named_tensors){.path = memory_copy_text("FILE")};
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        if (body && !*node->path) continue;
        for (size_t k = 0; k < node->parameter_count; k++) {
            char layer[TENSOR_NAME_SIZE], name[2 * TENSOR_NAME_SIZE];
            if (old) old_name(node->name, layer);
            else snprintf(layer, sizeof layer, "%s", node->name);
            snprintf(name, sizeof name, "%s/%s", layer, strrchr(node->parameters[k].name, '/') + 1);
            assert_int_equal(named_tensors_add(tensors, name, &node->parameters[k].shape), OCELLUS_OK);
            tensors->items[tensors->count - 1].values[0] = (float)tensors->count;
        }
    }
    assert_int_equal(named_tensors_finish(tensors, false), OCELLUS_OK);
}

static void add_tensor(struct named_tensors *tensors, const char *name, struct shape shape) {
    assert_int_equal(named_tensors_add(tensors, name, &shape), OCELLUS_OK);
    assert_int_equal(named_tensors_finish(tensors, false), OCELLUS_OK);
}

static void expect_match(const struct graph *graph, const struct named_tensors *tensors, size_t matched) {
    struct match match;
    if (match_tensors(graph, tensors, MATCH_PRETRAINED, &match) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(match.matched, matched);
    size_t place = 0, set = 0;
    for (size_t i = 0; i < graph->count; i++) {
        for (size_t k = 0; k < graph->nodes[i].parameter_count; k++) {
            const struct named_tensor *tensor = match.tensors[place++];
            if (!tensor) continue;
            set++;
            char name[TENSOR_NAME_SIZE];
            keras_names_canonical(tensor->name, name);
            assert_string_equal(name, graph->nodes[i].parameters[k].name);
            assert_true(shape_equal(&tensor->shape, &graph->nodes[i].parameters[k].shape));
        }
    }
    assert_int_equal(place, match.count);
    assert_int_equal(set, matched);
    match_free(&match);
}

static void expect_mismatch(const struct graph *graph, const struct named_tensors *tensors, const char *words) {
    struct match match;
    assert_int_equal(match_tensors(graph, tensors, MATCH_PRETRAINED, &match), OCELLUS_BAD_CONTENT);
    if (!strstr(status_message(), words)) fail_msg("\"%s\" lacks \"%s\"", status_message(), words);
    assert_null(match.tensors);
}

static struct graph *fine_tuned(void) {
    struct graph *graph;
    assert_int_equal(graph_resnet50(32, 32, 3, 10, RESNET50_SIDE, RESNET50_EPSILON, &graph), OCELLUS_OK);
    return graph;
}
static struct graph *imagenet(void) {
    struct graph *graph;
    assert_int_equal(graph_resnet50_imagenet(RESNET50_EPSILON, &graph), OCELLUS_OK);
    return graph;
}

static void test_with_and_without_top(void **state) {
    (void)state;
    struct graph *whole = imagenet(), *tuned = fine_tuned();
    struct named_tensors tensors;
    for (int old = 0; old < 2; old++) {
        make_tensors(whole, old, false, &tensors); /* with the top */
        expect_match(whole, &tensors, 320);
        expect_match(tuned, &tensors, 318); /* the classifier is left aside, the head keeps its values */
        named_tensors_free(&tensors);
        make_tensors(tuned, old, true, &tensors); /* without */
        expect_match(tuned, &tensors, 318);
        expect_mismatch(whole, &tensors, "318 matched, 2 missing (predictions/kernel), 0 extra, 0 of another shape");
        named_tensors_free(&tensors);
    }
    make_tensors(tuned, false, false, &tensors);
    expect_match(tuned, &tensors, 324); /* a whole fine-tuned network */
    add_tensor(&tensors, "predictions/bias", (struct shape){1, {1000}});
    expect_mismatch(tuned, &tensors, "324 matched, 0 missing, 1 extra (predictions/bias)"); /* no pretrained body */
    named_tensors_free(&tensors);
    graph_free(whole);
    graph_free(tuned);
}

static void rename_tensor(struct named_tensors *tensors, const char *old, const char *new) {
    for (size_t i = 0; i < tensors->count; i++) {
        if (strcmp(tensors->items[i].name, old) == 0)
            snprintf(tensors->items[i].name, sizeof tensors->items[i].name, "%s", new);
    }
}

/* The names of models in front, as TensorFlow.js has them. */
static void test_prefixes(void **state) {
    (void)state;
    struct graph *graph = imagenet();
    struct named_tensors tensors;
    make_tensors(graph, true, false, &tensors);
    for (size_t i = 0; i < tensors.count; i++) {
        char name[TENSOR_NAME_SIZE];
        snprintf(name, sizeof name, "%s", tensors.items[i].name);
        snprintf(tensors.items[i].name, sizeof name, "%s%.200s", i % 2 ? "functional_1/" : "a/b/", name);
    }
    assert_int_equal(named_tensors_finish(&tensors, false), OCELLUS_OK);
    expect_match(graph, &tensors, 320);
    add_tensor(&tensors, "other/conv1/bias", (struct shape){1, {64}}); /* of which model? */
    expect_mismatch(graph, &tensors, "two names of the same parameter");
    named_tensors_free(&tensors);
    graph_free(graph);
}

static void test_mismatches(void **state) {
    (void)state;
    struct graph *graph = imagenet();
    struct named_tensors tensors;
    make_tensors(graph, true, false, &tensors);
    rename_tensor(&tensors, "res3b_branch2a/bias", "res3b_branch2a/offset");
    expect_mismatch(graph, &tensors,
                    "FILE: tensors do not fit resnet50: 319 matched, 1 missing (conv3_block2_1_conv/bias), 1 extra "
                    "(res3b_branch2a/offset), 0 of another shape");
    rename_tensor(&tensors, "res3b_branch2a/offset", "res3b_branch2a/bias");
    for (size_t i = 0; i < tensors.count; i++) { /* OIHW for HWIO: as many values, of another shape */
        if (strcmp(tensors.items[i].name, "conv1/kernel") == 0)
            tensors.items[i].shape = (struct shape){4, {64, 3, 7, 7}};
    }
    expect_mismatch(
        graph, &tensors,
        "319 matched, 0 missing, 0 extra, 1 of another shape (conv1_conv/kernel: expected (7, 7, 3, 64), got "
        "(64, 3, 7, 7))");
    named_tensors_free(&tensors);

    make_tensors(graph, true, false, &tensors);
    add_tensor(&tensors, "conv1_conv/bias", (struct shape){1, {64}});
    expect_mismatch(graph, &tensors, "two names of the same parameter");
    named_tensors_free(&tensors);

    make_tensors(graph, true, false, &tensors);
    for (size_t i = 0; i < tensors.count; i++) {
        if (strcmp(tensors.items[i].name, "bn3a_branch1/moving_variance") == 0) tensors.items[i].values[5] = -1e-9F;
    }
    expect_mismatch(graph, &tensors, "bn3a_branch1/moving_variance: value 5 is below 0");
    named_tensors_free(&tensors);

    tensors = (struct named_tensors){.path = memory_copy_text("FILE")};
    expect_mismatch(graph, &tensors, "0 matched, 320 missing (conv1_conv/kernel)");
    named_tensors_free(&tensors);
    graph_free(graph);
}

/* --- by order, and another head --- */

/* A convolution, a normalization and two Dense layers; their numbers begin at `number`, as in a later model of one Keras session. */
static struct graph *small(size_t number, int64_t classes) {
    struct graph *graph;
    char names[5][32];
    static const char *const stems[] = {"input", "conv2d", "batch_normalization", "dense", "dense"};
    for (size_t i = 0; i < 5; i++) {
        const size_t own = number + (i == 4);
        if (own > 0) snprintf(names[i], sizeof names[i], "%s_%zu", stems[i], own);
        else snprintf(names[i], sizeof names[i], "%s", stems[i]);
    }
    const union layer_config configs[] = {
        {.input_layer = {{3, {4, 4, 3}}}},
        {.conv2d = {.filters = 2, .kernel_size = {3, 3}, .strides = {1, 1}, .use_bias = true}},
        {.batch_normalization = {.momentum = 0.9, .epsilon = 1e-3}},
        {.dense = {.units = 5, .use_bias = true}},
        {.dense = {.units = classes, .use_bias = true}},
    };
    const struct layer_type *const types[] = {&layer_input_layer, &layer_conv2d, &layer_batch_normalization,
                                              &layer_dense, &layer_dense};
    assert_int_equal(graph_create("small", &graph), OCELLUS_OK);
    size_t at = 0;
    for (size_t i = 0; i < 5; i++) {
        if (i == 3 && graph_add(graph, &layer_flatten, NULL, NULL, &configs[0], &at, 1, &at) != OCELLUS_OK)
            fail_msg("%s", status_message());
        if (graph_add(graph, types[i], names[i], NULL, &configs[i], &at, i > 0, &at) != OCELLUS_OK)
            fail_msg("%s", status_message());
    }
    return graph;
}

/* The file of a network of small(), in its layers' order. */
static void make_small(size_t number, int64_t classes, struct named_tensors *tensors) {
    struct graph *graph = small(number, classes);
    make_tensors(graph, false, false, tensors);
    tensors->ordered = true;
    graph_free(graph);
}

static void expect_note(const struct graph *graph, const struct named_tensors *tensors, size_t matched,
                        const char *note) {
    struct match match;
    if (match_tensors(graph, tensors, MATCH_PRETRAINED, &match) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_int_equal(match.matched, matched);
    assert_string_equal(match.note, note);
    /* Value 0 of each is its place in the file. */
    for (size_t i = 0; i < match.count; i++) {
        if (i < matched) assert_true(match.tensors[i]->values[0] == (float)(i + 1));
        else assert_null(match.tensors[i]);
    }
    match_free(&match);
}

static void test_order(void **state) {
    (void)state;
    struct graph *graph = small(0, 7);
    struct named_tensors tensors;
    make_small(0, 7, &tensors);
    expect_note(graph, &tensors, 10, "");
    named_tensors_free(&tensors);

    make_small(12, 7, &tensors); /* conv2d_12, dense_12, dense_13: in their names' order the last would come first */
    expect_note(graph, &tensors, 10,
                "FILE: 10 of 10 tensors taken by order, as the layers have other names (conv2d_12 is conv2d)");
    struct match match;
    assert_int_equal(match_tensors(graph, &tensors, MATCH_WHOLE, &match), OCELLUS_OK);
    match_free(&match);
    tensors.ordered = false; /* of a file that keeps no order */
    expect_mismatch(graph, &tensors, "0 matched, 10 missing (conv2d/kernel), 10 extra");
    named_tensors_free(&tensors);

    make_small(1, 7, &tensors); /* dense_1 is another one here */
    expect_note(graph, &tensors, 10,
                "FILE: 10 of 10 tensors taken by order, as the layers have other names (conv2d_1 is conv2d)");
    rename_tensor(&tensors, "conv2d_1/bias", "conv2d_1/offset"); /* no such role */
    assert_int_equal(named_tensors_finish(&tensors, false), OCELLUS_OK);
    expect_mismatch(graph, &tensors, "extra");
    rename_tensor(&tensors, "conv2d_1/offset", "other/bias"); /* of no such layer */
    assert_int_equal(named_tensors_finish(&tensors, false), OCELLUS_OK);
    expect_mismatch(graph, &tensors, "extra");
    rename_tensor(&tensors, "other/bias", "conv2d_1/bias");
    for (size_t i = 0; i < tensors.count; i++) { /* one shape differs: nothing is taken */
        if (strcmp(tensors.items[i].name, "dense_1/kernel") == 0) tensors.items[i].shape = (struct shape){2, {5, 8}};
    }
    expect_mismatch(graph, &tensors, "of another shape");
    named_tensors_free(&tensors);

    make_small(3, 7, &tensors);
    add_tensor(&tensors, "more_3/kernel", (struct shape){1, {1}});
    expect_mismatch(graph, &tensors, "11 extra");
    named_tensors_free(&tensors);
    graph_free(graph);
}

static void test_head(void **state) {
    (void)state;
    struct graph *graph = small(0, 7);
    struct named_tensors tensors;
    struct match match;
    make_small(0, 3, &tensors);
    expect_note(graph, &tensors, 8, "FILE: 8 of 10 tensors kept; dense_1 (3 classes there, 7 here) starts anew");
    assert_int_equal(match_tensors(graph, &tensors, MATCH_WHOLE, &match), OCELLUS_BAD_CONTENT);
    assert_non_null(strstr(status_message(), "2 of another shape (dense_1/kernel: expected (5, 7), got (5, 3))"));
    tensors.items[0].shape = (struct shape){1, {3}}; /* batch_normalization/beta: the body does not fit */
    expect_mismatch(graph, &tensors, "3 of another shape");
    named_tensors_free(&tensors);

    make_small(2, 3, &tensors);
    expect_note(graph, &tensors, 8,
                "FILE: 8 of 10 tensors kept by order, as the layers have other names (conv2d_2 is conv2d); dense_1 (3 "
                "classes there, 7 here) starts anew");
    named_tensors_free(&tensors);

    make_small(0, 3, &tensors); /* not the classes alone differ, but also what they are told from */
    for (size_t i = 0; i < tensors.count; i++) {
        if (strcmp(tensors.items[i].name, "dense_1/kernel") == 0) tensors.items[i].shape = (struct shape){2, {4, 3}};
    }
    expect_mismatch(graph, &tensors, "2 of another shape (dense_1/kernel: expected (5, 7), got (4, 3))");
    named_tensors_free(&tensors);

    make_small(0, 7, &tensors); /* not the classes differ, but what they are told from */
    for (size_t i = 0; i < tensors.count; i++) {
        if (strcmp(tensors.items[i].name, "dense_1/kernel") == 0) tensors.items[i].shape = (struct shape){2, {4, 7}};
    }
    expect_mismatch(graph, &tensors, "1 of another shape (dense_1/kernel: expected (5, 7), got (4, 7))");
    named_tensors_free(&tensors);
    graph_free(graph);
}

int main(void) {
    log_set_level(LOG_QUIET);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_layers_of_resnet50),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_with_and_without_top),
        cmocka_unit_test(test_mismatches),
        cmocka_unit_test(test_order),
        cmocka_unit_test(test_head),
    };
    return cmocka_run_group_tests_name("weights/match", tests, NULL, NULL);
}
