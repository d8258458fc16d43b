/* SPDX-License-Identifier: MIT */
/* ResNet50 v1 as in Keras Applications: the stride sits on the first 1x1 convolution of a stage and on its shortcut.
 * Nodes stand in the order in which Keras lists them (by depth), so that tables and files read alike. */
#include "model/resnet50.h"

#include "model/graph.h"
#include "model/layer.h"

#include <stdio.h>

struct builder {
    struct graph *graph;
    const char *path;
    double epsilon;
};

/* Appends a layer named STEM + SUFFIX on node `input`; *index gets the new node. */
static ocellus_status append(const struct builder *builder, const struct layer_type *type, const char *stem,
                             const char *suffix, union layer_config config, size_t input, size_t *index) {
    char name[GRAPH_NAME_SIZE];
    snprintf(name, sizeof name, "%s%s", stem, suffix);
    return graph_add(builder->graph, type, name, builder->path, &config, &input, 1, index);
}

static ocellus_status convolution(const struct builder *builder, const char *stem, const char *suffix, int64_t filters,
                                  int64_t size, int64_t stride, size_t input, size_t *index) {
    const union layer_config config = {.conv2d = {.filters = filters,
                                                  .kernel_size = {size, size},
                                                  .strides = {stride, stride},
                                                  .padding = size == 3 ? PADDING_SAME : PADDING_VALID,
                                                  .use_bias = true}};
    return append(builder, &layer_conv2d, stem, suffix, config, input, index);
}

static ocellus_status normalization(const struct builder *builder, const char *stem, const char *suffix, size_t input,
                                    size_t *index) {
    const union layer_config config = {.batch_normalization = {.momentum = 0.99, .epsilon = builder->epsilon}};
    return append(builder, &layer_batch_normalization, stem, suffix, config, input, index);
}

static ocellus_status relu(const struct builder *builder, const char *stem, const char *suffix, size_t input,
                           size_t *index) {
    const union layer_config config = {.activation = {.activation = {.function = UNARY_RELU}}};
    return append(builder, &layer_activation, stem, suffix, config, input, index);
}

/* A bottleneck block on *node; the first of a stage has a convolution in its shortcut. */
static ocellus_status block(const struct builder *b, const char *name, int64_t filters, int64_t stride, bool first,
                            size_t *node) {
    size_t shortcut = *node, main = *node;
    TRY(convolution(b, name, "_1_conv", filters, 1, stride, main, &main));
    TRY(normalization(b, name, "_1_bn", main, &main));
    TRY(relu(b, name, "_1_relu", main, &main));
    TRY(convolution(b, name, "_2_conv", filters, 3, 1, main, &main));
    TRY(normalization(b, name, "_2_bn", main, &main));
    TRY(relu(b, name, "_2_relu", main, &main));
    if (first) TRY(convolution(b, name, "_0_conv", 4 * filters, 1, stride, shortcut, &shortcut));
    TRY(convolution(b, name, "_3_conv", 4 * filters, 1, 1, main, &main));
    if (first) TRY(normalization(b, name, "_0_bn", shortcut, &shortcut));
    TRY(normalization(b, name, "_3_bn", main, &main));
    char add[GRAPH_NAME_SIZE];
    snprintf(add, sizeof add, "%s_add", name);
    TRY(graph_add(b->graph, &layer_add, add, b->path, NULL, (size_t[]){shortcut, main}, 2, &main));
    return relu(b, name, "_out", main, node);
}

/* From images on *node to (h / 32, w / 32, 2048) on *node. */
static ocellus_status body(const struct builder *b, size_t *node) {
    const union layer_config pad3 = {.zero_padding2d = {.padding = {{3, 3}, {3, 3}}}};
    const union layer_config pad1 = {.zero_padding2d = {.padding = {{1, 1}, {1, 1}}}};
    const union layer_config pool = {.pooling2d = {.pool_size = {3, 3}, .strides = {2, 2}}};
    TRY(append(b, &layer_zero_padding2d, "conv1", "_pad", pad3, *node, node));
    TRY(convolution(b, "conv1", "_conv", 64, 7, 2, *node, node));
    TRY(normalization(b, "conv1", "_bn", *node, node));
    TRY(relu(b, "conv1", "_relu", *node, node));
    TRY(append(b, &layer_zero_padding2d, "pool1", "_pad", pad1, *node, node));
    TRY(append(b, &layer_max_pooling2d, "pool1", "_pool", pool, *node, node));
    static const struct {
        int64_t filters, stride;
        int blocks;
    } stages[] = {{64, 1, 3}, {128, 2, 4}, {256, 2, 6}, {512, 2, 3}};
    for (int stage = 0; stage < 4; stage++) {
        for (int i = 0; i < stages[stage].blocks; i++) {
            char name[48];
            snprintf(name, sizeof name, "conv%d_block%d", stage + 2, i + 1);
            TRY(block(b, name, stages[stage].filters, i == 0 ? stages[stage].stride : 1, i == 0, node));
        }
    }
    return OCELLUS_OK;
}

static ocellus_status dense(struct graph *graph, const char *name, int64_t units, enum unary_function activation,
                            size_t *node) {
    const union layer_config config = {
        .dense = {.units = units, .activation = {.function = activation}, .use_bias = true}};
    return graph_add(graph, &layer_dense, name, NULL, &config, node, 1, node);
}

static ocellus_status build_report(struct graph *graph, const struct shape *input, int64_t classes, int64_t side,
                                   double epsilon) {
    const int64_t longer = input->dims[0] > input->dims[1] ? input->dims[0] : input->dims[1];
    const int64_t size = longer > 0 && longer < side ? side / longer : 1;
    const union layer_config images = {.input_layer = {.shape = *input}},
                             up = {.up_sampling2d = {.size = {size, size}}};
    size_t node;
    TRY(graph_add(graph, &layer_input_layer, NULL, NULL, &images, NULL, 0, &node));
    TRY(graph_add(graph, &layer_up_sampling2d, NULL, NULL, &up, &node, 1, &node));
    TRY(body(&(struct builder){graph, "resnet50", epsilon}, &node));
    TRY(graph_add(graph, &layer_global_average_pooling2d, NULL, NULL, NULL, &node, 1, &node));
    TRY(graph_add(graph, &layer_flatten, NULL, NULL, NULL, &node, 1, &node));
    TRY(dense(graph, NULL, 1024, UNARY_RELU, &node));
    TRY(dense(graph, NULL, 512, UNARY_RELU, &node));
    return dense(graph, "classification", classes, UNARY_SOFTMAX, &node);
}

static ocellus_status build_direct(struct graph *graph, int64_t classes, int64_t side, double epsilon) {
    const union layer_config images = {.input_layer = {.shape = {3, {side, side, 3}}}};
    size_t node;
    TRY(graph_add(graph, &layer_input_layer, NULL, NULL, &images, NULL, 0, &node));
    TRY(body(&(struct builder){graph, NULL, epsilon}, &node));
    TRY(graph_add(graph, &layer_global_average_pooling2d, "avg_pool", NULL, NULL, &node, 1, &node));
    return dense(graph, "predictions", classes, UNARY_SOFTMAX, &node);
}

/* Hands the graph over, or frees it when building it failed. */
static ocellus_status finish(struct graph *made, ocellus_status status, struct graph **graph) {
    made->preprocessing = PREPROCESSING_CAFFE;
    if (status == OCELLUS_OK) *graph = made;
    else graph_free(made);
    return status;
}

ocellus_status graph_resnet50(size_t height, size_t width, size_t channels, size_t classes, size_t side, double epsilon,
                              struct graph **graph) {
    if (channels != 3)
        return fail(OCELLUS_USAGE, "resnet50: channels: its preprocessing needs RGB (expected 3, got %zu)", channels);
    struct graph *made;
    TRY(graph_create("resnet50", &made));
    const struct shape input = {3, {(int64_t)height, (int64_t)width, (int64_t)channels}};
    return finish(made, build_report(made, &input, (int64_t)classes, (int64_t)side, epsilon), graph);
}

ocellus_status graph_resnet50_direct(size_t side, size_t classes, double epsilon, struct graph **graph) {
    enum { MOST = 4096 };
    if (side < RESNET50_LEAST_SIDE || side > MOST)
        return fail(OCELLUS_USAGE, "input_size: out of range (expected %d to %d, got %zu)", RESNET50_LEAST_SIDE, MOST,
                    side);
    struct graph *made;
    TRY(graph_create("resnet50", &made));
    return finish(made, build_direct(made, (int64_t)classes, (int64_t)side, epsilon), graph);
}

ocellus_status graph_resnet50_imagenet(double epsilon, struct graph **graph) {
    struct graph *made = NULL;
    TRY(graph_resnet50_direct(RESNET50_SIDE, IMAGENET_CLASSES, epsilon, &made));
    return finish(made, graph_set_class_names(made, imagenet_class_names, IMAGENET_CLASSES), graph);
}
