/* SPDX-License-Identifier: MIT */
/* SimCNN: three convolutions with ReLU and BatchNormalization, two poolings, two dense layers. */
#include "model/simcnn.h"

#include "model/graph.h"
#include "model/layer.h"

/* The layer on the newest node. */
static ocellus_status append(struct graph *graph, const struct layer_type *type, union layer_config config) {
    const size_t newest = graph->count - 1;
    return graph_add(graph, type, NULL, NULL, &config, &newest, 1, NULL);
}

static ocellus_status append_block(struct graph *graph, int64_t filters, bool pool) {
    TRY(append(graph, &layer_conv2d,
               (union layer_config){.conv2d = {.filters = filters,
                                               .kernel_size = {3, 3},
                                               .strides = {1, 1},
                                               .activation = {.function = UNARY_RELU},
                                               .use_bias = true}}));
    TRY(append(graph, &layer_batch_normalization,
               (union layer_config){.batch_normalization = {.momentum = 0.99, .epsilon = 1e-3}}));
    if (!pool) return OCELLUS_OK;
    return append(graph, &layer_max_pooling2d,
                  (union layer_config){.pooling2d = {.pool_size = {2, 2}, .strides = {2, 2}}});
}

static ocellus_status build(struct graph *graph, const struct shape *input, int64_t classes) {
    const union layer_config input_layer = {.input_layer = {.shape = *input}};
    TRY(graph_add(graph, &layer_input_layer, NULL, NULL, &input_layer, NULL, 0, NULL));
    TRY(append_block(graph, 32, true));
    TRY(append_block(graph, 64, true));
    TRY(append_block(graph, 64, false));
    TRY(append(graph, &layer_flatten, (union layer_config){0}));
    TRY(append(graph, &layer_dense,
               (union layer_config){.dense = {.units = 64, .activation = {.function = UNARY_RELU}, .use_bias = true}}));
    return append(
        graph, &layer_dense,
        (union layer_config){.dense = {.units = classes, .activation = {.function = UNARY_SOFTMAX}, .use_bias = true}});
}

ocellus_status graph_simcnn(size_t height, size_t width, size_t channels, size_t classes, struct graph **graph) {
    struct graph *made;
    TRY(graph_create("simcnn", &made));
    made->sequential = true;
    made->preprocessing = PREPROCESSING_UNIT;
    const struct shape input = {3, {(int64_t)height, (int64_t)width, (int64_t)channels}};
    const ocellus_status status = build(made, &input, (int64_t)classes);
    if (status != OCELLUS_OK) {
        graph_free(made);
        return status;
    }
    *graph = made;
    return OCELLUS_OK;
}
