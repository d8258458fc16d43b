/* SPDX-License-Identifier: MIT */
#include "cases.h"

#include "model/layer.h"

/* Each of these appends one layer to *newest and makes it the newest. */

static ocellus_status append(struct graph *graph, const struct layer_type *type, union layer_config config,
                             size_t *newest) {
    return graph_add(graph, type, NULL, NULL, &config, newest, 1, newest);
}

static ocellus_status conv(struct graph *graph, int64_t filters, int64_t kernel, int64_t stride, enum padding padding,
                           enum unary_function activation, size_t *newest) {
    const union layer_config config = {.conv2d = {.filters = filters,
                                                  .kernel_size = {kernel, kernel},
                                                  .strides = {stride, stride},
                                                  .padding = padding,
                                                  .activation = {.function = activation},
                                                  .use_bias = true}};
    return append(graph, &layer_conv2d, config, newest);
}

/* The layer before the one under test. */
static ocellus_status front(struct graph *graph, size_t *newest) {
    return conv(graph, 3, 3, 1, PADDING_VALID, UNARY_LINEAR, newest);
}

static ocellus_status batch_norm(struct graph *graph, size_t *newest) {
    return append(graph, &layer_batch_normalization,
                  (union layer_config){.batch_normalization = {.momentum = 0.99, .epsilon = 1e-3}}, newest);
}

static ocellus_status relu(struct graph *graph, size_t *newest) {
    return append(graph, &layer_activation,
                  (union layer_config){.activation = {.activation = {.function = UNARY_RELU}}}, newest);
}

static ocellus_status pool(struct graph *graph, int64_t size, int64_t stride, enum padding padding, size_t *newest) {
    const union layer_config config = {
        .pooling2d = {.pool_size = {size, size}, .strides = {stride, stride}, .padding = padding}};
    return append(graph, &layer_max_pooling2d, config, newest);
}

static ocellus_status zero_pad(struct graph *graph, int64_t top, int64_t bottom, int64_t left, int64_t right,
                               size_t *newest) {
    return append(graph, &layer_zero_padding2d,
                  (union layer_config){.zero_padding2d = {.padding = {{top, bottom}, {left, right}}}}, newest);
}

static ocellus_status upsample(struct graph *graph, int64_t rows, int64_t columns, size_t *newest) {
    return append(graph, &layer_up_sampling2d, (union layer_config){.up_sampling2d = {.size = {rows, columns}}},
                  newest);
}

static ocellus_status dense(struct graph *graph, int64_t units, enum unary_function activation, size_t *newest) {
    return append(
        graph, &layer_dense,
        (union layer_config){.dense = {.units = units, .activation = {.function = activation}, .use_bias = true}},
        newest);
}

static ocellus_status add(struct graph *graph, size_t a, size_t b, size_t *newest) {
    const size_t inputs[2] = {a, b};
    return graph_add(graph, &layer_add, NULL, NULL, NULL, inputs, 2, newest);
}

/* The networks. */

static ocellus_status conv_valid(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return conv(graph, 4, 3, 1, PADDING_VALID, UNARY_LINEAR, newest);
}

static ocellus_status conv_same(struct graph *graph, size_t *newest) {
    TRY(conv(graph, 3, 3, 1, PADDING_SAME, UNARY_LINEAR, newest));
    return conv(graph, 2, 3, 1, PADDING_SAME, UNARY_LINEAR, newest);
}

/* An even kernel: 'same' pads one side more than the other. */
static ocellus_status conv_same_even(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return conv(graph, 2, 2, 1, PADDING_SAME, UNARY_LINEAR, newest);
}

static ocellus_status conv_same_strided(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return conv(graph, 2, 3, 2, PADDING_SAME, UNARY_LINEAR, newest);
}

/* 7 x 8 to 3 x 3: the last column is read by nobody. */
static ocellus_status conv_strided(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return conv(graph, 2, 3, 2, PADDING_VALID, UNARY_LINEAR, newest);
}

static ocellus_status conv_1x1(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return conv(graph, 5, 1, 1, PADDING_VALID, UNARY_LINEAR, newest);
}

static ocellus_status conv_1x1_strided(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return conv(graph, 5, 1, 2, PADDING_VALID, UNARY_LINEAR, newest);
}

static ocellus_status conv_relu(struct graph *graph, size_t *newest) {
    TRY(conv(graph, 3, 3, 1, PADDING_VALID, UNARY_RELU, newest));
    return conv(graph, 3, 3, 1, PADDING_VALID, UNARY_RELU, newest);
}

/* Kernel and strides of different height and width, no bias. */
static ocellus_status conv_oblong(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    const union layer_config config = {
        .conv2d = {.filters = 3, .kernel_size = {1, 3}, .strides = {2, 1}, .padding = PADDING_SAME}};
    return append(graph, &layer_conv2d, config, newest);
}

static ocellus_status dense_relu(struct graph *graph, size_t *newest) {
    TRY(append(graph, &layer_flatten, (union layer_config){0}, newest));
    TRY(dense(graph, 6, UNARY_RELU, newest));
    return dense(graph, 5, UNARY_LINEAR, newest);
}

/* The true gradient of the bias before it is zero. */
static ocellus_status norm(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return batch_norm(graph, newest);
}

static ocellus_status norm_after_relu(struct graph *graph, size_t *newest) {
    TRY(conv(graph, 3, 3, 1, PADDING_VALID, UNARY_RELU, newest));
    TRY(batch_norm(graph, newest));
    return conv(graph, 2, 3, 1, PADDING_VALID, UNARY_LINEAR, newest);
}

static ocellus_status norm_relu_conv(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    TRY(batch_norm(graph, newest));
    TRY(relu(graph, newest));
    return conv(graph, 2, 3, 1, PADDING_SAME, UNARY_LINEAR, newest);
}

static ocellus_status norm_of_norm(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    TRY(batch_norm(graph, newest));
    return batch_norm(graph, newest);
}

/* The first one frozen, or both. */
static ocellus_status norm_of_norm_relu(struct graph *graph, size_t *newest) {
    TRY(conv(graph, 3, 3, 1, PADDING_VALID, UNARY_RELU, newest));
    TRY(batch_norm(graph, newest));
    TRY(batch_norm(graph, newest));
    return relu(graph, newest);
}

static ocellus_status norm_of_input(struct graph *graph, size_t *newest) {
    TRY(batch_norm(graph, newest));
    return conv(graph, 2, 3, 1, PADDING_VALID, UNARY_LINEAR, newest);
}

static ocellus_status norm_of_vector(struct graph *graph, size_t *newest) {
    TRY(append(graph, &layer_flatten, (union layer_config){0}, newest));
    TRY(dense(graph, 6, UNARY_RELU, newest));
    return batch_norm(graph, newest);
}

static ocellus_status pooling(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return pool(graph, 2, 2, PADDING_VALID, newest);
}

/* Windows of more values than a byte tells apart. */
static ocellus_status pooling_of_400(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return pool(graph, 20, 1, PADDING_VALID, newest);
}

static ocellus_status pooling_of_289_same(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return pool(graph, 17, 5, PADDING_SAME, newest);
}

static ocellus_status pooling_overlapping(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return pool(graph, 3, 2, PADDING_VALID, newest);
}

static ocellus_status pooling_same(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return pool(graph, 3, 2, PADDING_SAME, newest);
}

/* As in SimCNN; some gammas are negative. */
static ocellus_status pooling_of_norm(struct graph *graph, size_t *newest) {
    TRY(conv(graph, 4, 3, 1, PADDING_VALID, UNARY_RELU, newest));
    TRY(batch_norm(graph, newest));
    TRY(pool(graph, 2, 2, PADDING_VALID, newest));
    return conv(graph, 2, 2, 1, PADDING_VALID, UNARY_RELU, newest);
}

static ocellus_status padding_conv(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    TRY(zero_pad(graph, 1, 2, 0, 1, newest));
    return conv(graph, 2, 3, 1, PADDING_VALID, UNARY_LINEAR, newest);
}

/* More padding than the kernel can reach over. */
static ocellus_status padding_wide(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    TRY(zero_pad(graph, 2, 1, 1, 3, newest));
    return conv(graph, 2, 2, 2, PADDING_SAME, UNARY_LINEAR, newest);
}

static ocellus_status padding_last(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    return zero_pad(graph, 1, 0, 0, 1, newest);
}

static ocellus_status padding_pooling(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    TRY(batch_norm(graph, newest));
    TRY(relu(graph, newest));
    TRY(zero_pad(graph, 1, 1, 1, 1, newest));
    return pool(graph, 3, 2, PADDING_VALID, newest);
}

static ocellus_status padding_shared(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    TRY(zero_pad(graph, 1, 1, 1, 1, newest));
    size_t a = *newest, b = *newest;
    TRY(conv(graph, 2, 3, 1, PADDING_VALID, UNARY_LINEAR, &a));
    TRY(conv(graph, 2, 3, 1, PADDING_VALID, UNARY_RELU, &b));
    return add(graph, a, b, newest);
}

static ocellus_status upsampling(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    TRY(upsample(graph, 2, 3, newest));
    return conv(graph, 2, 3, 2, PADDING_SAME, UNARY_LINEAR, newest);
}

static ocellus_status upsampling_of_input(struct graph *graph, size_t *newest) {
    TRY(upsample(graph, 2, 2, newest));
    TRY(zero_pad(graph, 1, 1, 1, 1, newest));
    return conv(graph, 3, 3, 2, PADDING_VALID, UNARY_RELU, newest);
}

static ocellus_status global_average(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    TRY(relu(graph, newest));
    return append(graph, &layer_global_average_pooling2d, (union layer_config){0}, newest);
}

/* One value with two readers that are the same layer. */
static ocellus_status add_to_itself(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    TRY(batch_norm(graph, newest));
    TRY(add(graph, *newest, *newest, newest));
    return relu(graph, newest);
}

static ocellus_status add_branches(struct graph *graph, size_t *newest) {
    TRY(front(graph, newest));
    size_t a = *newest, b = *newest;
    TRY(conv(graph, 3, 3, 1, PADDING_SAME, UNARY_RELU, &a));
    TRY(pool(graph, 3, 1, PADDING_SAME, &b));
    TRY(add(graph, a, b, newest));
    return conv(graph, 2, 3, 1, PADDING_VALID, UNARY_LINEAR, newest);
}

/* One block of ResNet50: three convolutions, and 1x1 or nothing beside them. */
static ocellus_status residual_block(struct graph *graph, int64_t filters, int64_t wide, int64_t stride,
                                     bool convolve_shortcut, size_t *newest) {
    size_t shortcut = *newest;
    if (convolve_shortcut) {
        TRY(conv(graph, wide, 1, stride, PADDING_VALID, UNARY_LINEAR, &shortcut));
        TRY(batch_norm(graph, &shortcut));
    }
    TRY(conv(graph, filters, 1, stride, PADDING_VALID, UNARY_LINEAR, newest));
    TRY(batch_norm(graph, newest));
    TRY(relu(graph, newest));
    TRY(conv(graph, filters, 3, 1, PADDING_SAME, UNARY_LINEAR, newest));
    TRY(batch_norm(graph, newest));
    TRY(relu(graph, newest));
    TRY(conv(graph, wide, 1, 1, PADDING_VALID, UNARY_LINEAR, newest));
    TRY(batch_norm(graph, newest));
    TRY(add(graph, shortcut, *newest, newest));
    return relu(graph, newest);
}

/* A 1x1 kernel so large, over images so small, that its gradient is summed by blocks, not all of them whole. */
static ocellus_status by_blocks(struct graph *graph, int64_t stride, size_t *newest) {
    TRY(conv(graph, 300, 1, 1, PADDING_VALID, UNARY_LINEAR, newest));
    TRY(batch_norm(graph, newest));
    return conv(graph, 450, 1, stride, PADDING_VALID, UNARY_LINEAR, newest);
}
static ocellus_status blocks(struct graph *graph, size_t *newest) {
    return by_blocks(graph, 1, newest);
}
static ocellus_status blocks_strided(struct graph *graph, size_t *newest) {
    return by_blocks(graph, 2, newest);
}

static ocellus_status residual(struct graph *graph, size_t *newest) {
    TRY(upsample(graph, 2, 2, newest));
    TRY(zero_pad(graph, 3, 3, 3, 3, newest));
    TRY(conv(graph, 3, 7, 2, PADDING_VALID, UNARY_LINEAR, newest));
    TRY(batch_norm(graph, newest));
    TRY(relu(graph, newest));
    TRY(zero_pad(graph, 1, 1, 1, 1, newest));
    TRY(pool(graph, 3, 2, PADDING_VALID, newest));
    TRY(residual_block(graph, 2, 4, 1, true, newest));
    TRY(residual_block(graph, 2, 4, 1, false, newest));
    TRY(residual_block(graph, 2, 4, 2, true, newest));
    return append(graph, &layer_global_average_pooling2d, (union layer_config){0}, newest);
}

/* Images larger than a band, whose tasks run in chains. */
static ocellus_status chains(struct graph *graph, size_t *newest) {
    TRY(conv(graph, 96, 3, 1, PADDING_SAME, UNARY_LINEAR, newest));
    TRY(batch_norm(graph, newest));
    TRY(relu(graph, newest));
    TRY(residual_block(graph, 8, 96, 1, false, newest));
    TRY(residual_block(graph, 8, 96, 2, true, newest));
    return append(graph, &layer_global_average_pooling2d, (union layer_config){0}, newest);
}

/* Small images and more than a million weights, which run layer by layer where a shard has several images. */
static ocellus_status layer_by_layer(struct graph *graph, size_t *newest) {
    static const int64_t filters[] = {16, 1024, 512, 1024};
    for (size_t i = 0; i < 4; i++) {
        TRY(conv(graph, filters[i], i == 0 ? 3 : 1, 1, PADDING_SAME, UNARY_LINEAR, newest));
        TRY(batch_norm(graph, newest));
    }
    return OCELLUS_OK;
}

const struct graph_case graph_cases[] = {
    {"conv_valid", conv_valid, {7, 6, 2}, 3, NULL, 0},
    {"conv_valid_batch_1", conv_valid, {6, 6, 2}, 1, NULL, 0},
    {"conv_valid_batch_17", conv_valid, {6, 5, 1}, 17, NULL, 0},
    {"conv_valid_batch_35", conv_valid, {5, 5, 1}, 35, NULL, 0},
    {"conv_same", conv_same, {5, 4, 2}, 3, NULL, 0},
    {"conv_same_even", conv_same_even, {6, 5, 2}, 3, NULL, 0},
    {"conv_same_strided", conv_same_strided, {8, 9, 2}, 3, NULL, 0},
    {"conv_strided", conv_strided, {9, 10, 2}, 3, NULL, 0},
    {"conv_1x1", conv_1x1, {5, 6, 2}, 3, NULL, 0},
    {"conv_1x1_strided", conv_1x1_strided, {7, 8, 2}, 3, NULL, 0},
    {"conv_relu", conv_relu, {7, 6, 2}, 3, NULL, 0},
    {"conv_oblong", conv_oblong, {7, 6, 2}, 3, NULL, 0},
    {"conv_frozen_in_front", conv_relu, {7, 6, 2}, 3, "conv2d", 0},
    {"conv_frozen_between", conv_relu, {7, 6, 2}, 3, "conv2d_1", 0},
    {"dense_relu", dense_relu, {3, 2, 2}, 5, NULL, 0},
    {"dense_relu_batch_37", dense_relu, {2, 2, 2}, 37, NULL, 0},
    {"norm", norm, {6, 5, 2}, 3, NULL, 0},
    {"norm_batch_1", norm, {6, 7, 2}, 1, NULL, 0},
    {"norm_batch_19", norm, {4, 4, 2}, 19, NULL, 0},
    {"norm_frozen", norm, {6, 5, 2}, 3, "batch_normalization", 0},
    {"norm_after_relu", norm_after_relu, {7, 6, 2}, 4, NULL, 0},
    {"norm_after_relu_frozen", norm_after_relu, {7, 6, 2}, 4, "batch_normalization", 0},
    {"norm_relu_conv", norm_relu_conv, {6, 6, 2}, 4, NULL, 0},
    {"norm_of_norm", norm_of_norm, {6, 6, 2}, 4, NULL, 0},
    {"norm_of_frozen_norm", norm_of_norm_relu, {6, 6, 2}, 4, "batch_normalization", 0},
    {"frozen_norm_of_norm", norm_of_norm_relu, {6, 6, 2}, 4, "batch_normalization_1", 0},
    {"frozen_norm_of_frozen_norm", norm_of_norm_relu, {6, 6, 2}, 4, "batch_normalization*", 0},
    {"norm_of_input", norm_of_input, {6, 5, 2}, 4, NULL, 0},
    {"norm_of_vector", norm_of_vector, {3, 2, 2}, 7, NULL, 0},
    {"pooling", pooling, {8, 7, 2}, 3, NULL, 0},
    {"pooling_of_400", pooling_of_400, {23, 22, 1}, 3, NULL, 0},
    {"pooling_of_289_same", pooling_of_289_same, {18, 20, 1}, 2, NULL, 0},
    {"pooling_overlapping", pooling_overlapping, {9, 8, 2}, 3, NULL, 0},
    {"pooling_same", pooling_same, {8, 7, 2}, 3, NULL, 0},
    {"pooling_of_norm", pooling_of_norm, {8, 9, 2}, 4, NULL, 0},
    {"pooling_of_norm_frozen", pooling_of_norm, {8, 9, 2}, 4, "batch_normalization", 0},
    {"padding_conv", padding_conv, {6, 5, 2}, 3, NULL, 0},
    {"padding_wide", padding_wide, {6, 5, 2}, 3, NULL, 0},
    {"padding_last", padding_last, {5, 5, 2}, 3, NULL, 0},
    {"padding_pooling", padding_pooling, {7, 7, 2}, 4, NULL, 0},
    {"padding_shared", padding_shared, {5, 6, 2}, 3, NULL, 0},
    {"upsampling", upsampling, {5, 5, 2}, 3, NULL, 0},
    {"upsampling_of_input", upsampling_of_input, {4, 3, 2}, 3, NULL, 0},
    {"global_average", global_average, {6, 6, 2}, 3, NULL, 0},
    {"add_to_itself", add_to_itself, {5, 5, 2}, 4, NULL, 0},
    {"add_branches", add_branches, {7, 7, 2}, 4, NULL, 0},
    {"residual", residual, {8, 8, 2}, 5, NULL, 0},
    {"residual_frozen_norms", residual, {8, 8, 2}, 5, "batch_normalization*", 0},
    {"chains", chains, {20, 18, 2}, 3, NULL, 6},
    {"layer_by_layer", layer_by_layer, {2, 1, 2}, 18, NULL, 3},
    {"blocks", blocks, {3, 3, 2}, 3, NULL, 12},
    {"blocks_strided", blocks_strided, {5, 6, 2}, 17, NULL, 4},
};

const size_t graph_case_count = sizeof graph_cases / sizeof *graph_cases;

ocellus_status graph_case_make(const struct graph_case *made, struct graph **graph) {
    size_t newest, matched;
    const union layer_config input = {.input_layer = {.shape = {3, {made->input[0], made->input[1], made->input[2]}}}};
    const union layer_config head = {
        .dense = {.units = 3, .activation = {.function = UNARY_SOFTMAX}, .use_bias = true}};
    TRY(graph_create(made->name, graph));
    TRY(graph_add(*graph, &layer_input_layer, NULL, NULL, &input, NULL, 0, &newest));
    TRY(made->build(*graph, &newest));
    if ((*graph)->nodes[newest].shape.rank > 1) TRY(append(*graph, &layer_flatten, (union layer_config){0}, &newest));
    TRY(append(*graph, &layer_dense, head, &newest));
    return made->frozen ? graph_freeze(*graph, made->frozen, &matched) : OCELLUS_OK;
}
