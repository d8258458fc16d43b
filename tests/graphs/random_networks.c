/* SPDX-License-Identifier: MIT */
/* What the plan fuses, folds, shares and makes again depends on a layer's neighbourhood; here most neighbourhoods come up:
 * layers in any order, branches, several readers, and heads of vectors between layers of images. */
#include "random_networks.h"

#include "base/random.h"
#include "model/layer.h"

#include <stdio.h>

/* Multiplications of one image's convolutions, at most: two thousand networks are to run on every row in seconds. */
static const double MOST_PRODUCTS = 3e6;

struct maker {
    struct graph *graph;
    struct random_stream random;
    int64_t least_channels, most_channels;
    double products;
};

static int64_t pick(struct maker *maker, int64_t low, int64_t high) {
    return low + (int64_t)random_below(&maker->random, (uint32_t)(high - low + 1));
}

static ocellus_status append(struct maker *maker, const struct layer_type *type, union layer_config config,
                             size_t input) {
    return graph_add(maker->graph, type, NULL, NULL, &config, &input, 1, NULL);
}

static const struct shape *shape_at(const struct maker *maker, size_t node) {
    return &maker->graph->nodes[node].shape;
}

static enum unary_function pick_activation(struct maker *maker) {
    return pick(maker, 0, 1) ? UNARY_RELU : UNARY_LINEAR;
}

/* 3x3 and 1x1 mostly, as networks have them. */
static int64_t pick_kernel(struct maker *maker) {
    static const int64_t sizes[] = {3, 3, 3, 1, 1, 2, 4, 5};
    return sizes[pick(maker, 0, 7)];
}

static ocellus_status append_conv(struct maker *maker, size_t input) {
    const struct shape *shape = shape_at(maker, input);
    const int64_t side = pick_kernel(maker), stride = pick(maker, 0, 3) == 0 ? 2 : 1;
    union layer_config config = {.conv2d = {.filters = pick(maker, maker->least_channels, maker->most_channels),
                                            .kernel_size = {side, pick(maker, 0, 4) == 0 ? pick_kernel(maker) : side},
                                            .strides = {stride, pick(maker, 0, 6) == 0 ? 3 - stride : stride},
                                            .padding = pick(maker, 0, 1) ? PADDING_SAME : PADDING_VALID,
                                            .activation = {.function = pick_activation(maker)},
                                            .use_bias = pick(maker, 0, 2) > 0}};
    int64_t *kernel = config.conv2d.kernel_size;
    const double pixels = (double)(shape->dims[0] * shape->dims[1] * shape->dims[2] * config.conv2d.filters);
    if (shape->dims[0] < kernel[0] || shape->dims[1] < kernel[1] ||
        maker->products + pixels * (double)(kernel[0] * kernel[1]) > MOST_PRODUCTS)
        kernel[0] = kernel[1] = 1;
    if (maker->products + pixels * (double)(kernel[0] * kernel[1]) > MOST_PRODUCTS) config.conv2d.filters = 1;
    maker->products += pixels * (double)(kernel[0] * kernel[1]);
    return append(maker, &layer_conv2d, config, input);
}

/* Windows of any size; those of 'same' may be larger than the image. */
static ocellus_status append_pool(struct maker *maker, size_t input) {
    const int64_t *dims = shape_at(maker, input)->dims;
    const bool same = pick(maker, 0, 1);
    union layer_config config = {.pooling2d = {.padding = same ? PADDING_SAME : PADDING_VALID}};
    for (size_t axis = 0; axis < 2; axis++) {
        const int64_t most = same ? dims[axis] + 1 : dims[axis];
        const int64_t window = pick(maker, 0, 4) == 0 ? pick(maker, 1, most) : pick(maker, 1, most < 3 ? most : 3);
        config.pooling2d.pool_size[axis] = window;
        config.pooling2d.strides[axis] = pick(maker, 1, window < 3 ? window : 3);
    }
    return append(maker, &layer_max_pooling2d, config, input);
}

static ocellus_status append_norm(struct maker *maker, size_t input) {
    return append(maker, &layer_batch_normalization,
                  (union layer_config){.batch_normalization = {.momentum = 0.99, .epsilon = 1e-3}}, input);
}

/* Adds the input and the newest node of its shape (itself, if there is no other). */
static ocellus_status append_add(struct maker *maker, size_t input) {
    size_t other = maker->graph->count - 1;
    while (other > 0 && (other == input || !shape_equal(shape_at(maker, other), shape_at(maker, input))))
        other--;
    size_t inputs[2] = {input, other == 0 ? input : other};
    if (pick(maker, 0, 1)) inputs[1] = inputs[0], inputs[0] = other == 0 ? input : other;
    return graph_add(maker->graph, &layer_add, NULL, NULL, NULL, inputs, 2, NULL);
}

static ocellus_status append_padding(struct maker *maker, size_t input) {
    const union layer_config config = {.zero_padding2d = {.padding = {{pick(maker, 0, 2), pick(maker, 0, 2)},
                                                                      {pick(maker, 0, 2), pick(maker, 0, 2)}}}};
    return append(maker, &layer_zero_padding2d, config, input);
}

static ocellus_status append_layer(struct maker *maker, size_t input) {
    const int64_t *dims = shape_at(maker, input)->dims;
    switch (pick(maker, 0, 11)) {
    case 0:
    case 1:
        return append_norm(maker, input);
    case 2:
    case 3:
        return append(maker, &layer_activation,
                      (union layer_config){.activation = {.activation = {.function = UNARY_RELU}}}, input);
    case 4:
    case 5:
        return append_pool(maker, input);
    case 6:
        return append_padding(maker, input);
    case 7: {
        const union layer_config config = {.up_sampling2d = {.size = {pick(maker, 1, 3), pick(maker, 1, 2)}}};
        if (dims[0] <= 8 && dims[1] <= 8) return append(maker, &layer_up_sampling2d, config, input);
        return append_pool(maker, input);
    }
    case 8:
        return append_add(maker, input);
    default:
        return append_conv(maker, input);
    }
}

static ocellus_status append_dense(struct maker *maker, size_t input, int64_t units, enum unary_function activation) {
    const union layer_config config = {
        .dense = {.units = units, .activation = {.function = activation}, .use_bias = pick(maker, 0, 2) > 0}};
    return append(maker, &layer_dense, config, input);
}

/* From an image to a vector, and a layer or two of vectors; *end gets the last. */
static ocellus_status append_head(struct maker *maker, size_t input, size_t *end) {
    enum { MOST_FLAT = 4096 };
    size_t newest = input;
    if (shape_at(maker, input)->rank == 3) {
        const bool flat = shape_size(shape_at(maker, input)) <= MOST_FLAT && pick(maker, 0, 1);
        TRY(append(maker, flat ? &layer_flatten : &layer_global_average_pooling2d, (union layer_config){0}, input));
        newest = maker->graph->count - 1;
    }
    for (int64_t more = pick(maker, 0, 2); more > 0; more--, newest = maker->graph->count - 1) {
        if (pick(maker, 0, 2) == 0) TRY(append_norm(maker, newest));
        else TRY(append_dense(maker, newest, pick(maker, 1, 40), pick_activation(maker)));
    }
    *end = newest;
    return OCELLUS_OK;
}

static size_t pick_image(struct maker *maker) {
    const size_t newest = maker->graph->count - 1;
    size_t node = pick(maker, 0, 2) > 0 ? newest : (size_t)pick(maker, 0, (int64_t)newest);
    while (shape_at(maker, node)->rank != 3)
        node--; /* the input is an image */
    return node;
}

static bool has_reader(const struct graph *graph, size_t node) {
    for (size_t reader = node + 1; reader < graph->count; reader++) {
        for (size_t i = 0; i < graph->nodes[reader].input_count; i++) {
            if (graph->nodes[reader].inputs[i] == node) return true;
        }
    }
    return false;
}

/* Every loose end becomes a vector of `classes`, and these are added. */
static ocellus_status join_ends(struct maker *maker, int64_t classes) {
    const size_t layers = maker->graph->count;
    size_t sum = 0, end;
    for (size_t node = 0; node < layers; node++) {
        if (has_reader(maker->graph, node)) continue;
        TRY(append_head(maker, node, &end));
        TRY(append_dense(maker, end, classes, pick_activation(maker)));
        end = maker->graph->count - 1;
        const size_t inputs[2] = {sum, end};
        if (sum == 0) sum = end;
        else TRY(graph_add(maker->graph, &layer_add, NULL, NULL, NULL, inputs, 2, &sum));
    }
    return append_dense(maker, sum, classes, pick(maker, 0, 1) ? UNARY_SOFTMAX : UNARY_LINEAR);
}

/* Small images mostly; sometimes many channels, for Winograd; large ones, for bands; many weights, for layers by layer. */
static void pick_sizes(struct maker *maker, uint32_t number, int64_t side[2]) {
    static const int64_t sizes[][4] = {
        /* sides, channels; least and most */ {3, 9, 1, 8}, {5, 14, 8, 48}, {64, 72, 2, 20}, {2, 6, 160, 300}};
    const uint32_t chance = number % 40;
    const int64_t *size = sizes[chance < 29 ? 0 : chance < 38 ? 1 : chance < 39 ? 2 : 3];
    side[0] = pick(maker, size[0], size[1]), side[1] = pick(maker, size[0], size[1]);
    maker->least_channels = size[2], maker->most_channels = size[3];
}

static ocellus_status make(struct maker *maker, uint32_t number) {
    int64_t side[2];
    pick_sizes(maker, number, side);
    const union layer_config input = {.input_layer = {.shape = {3, {side[0], side[1], pick(maker, 1, 4)}}}};
    TRY(graph_add(maker->graph, &layer_input_layer, NULL, NULL, &input, NULL, 0, NULL));
    if (pick(maker, 0, 3) > 0) TRY(append_conv(maker, 0));
    const size_t layers = (size_t)pick(maker, 4, 12);
    size_t end;
    while (maker->graph->count < layers) {
        TRY(append_layer(maker, pick_image(maker)));
        if (pick(maker, 0, 4) == 0) TRY(append_head(maker, pick_image(maker), &end));
    }
    return join_ends(maker, pick(maker, 2, 12));
}

ocellus_status random_network(uint32_t number, struct graph **graph, size_t *images) {
    static const size_t batches[] = {1, 1, 2, 3, 5, 9, 17};
    struct maker maker = {.random = random_at(3, RANDOM_TEST, 0, number)};
    char name[32];
    snprintf(name, sizeof name, "network_%u", number);
    TRY(graph_create(name, graph));
    maker.graph = *graph;
    TRY(make(&maker, number));
    *images = maker.most_channels > 8 ? (size_t)pick(&maker, 1, 2) : batches[pick(&maker, 0, 6)];
    return OCELLUS_OK;
}

bool has_early_vector(const struct graph *graph) {
    bool early = false;
    for (size_t i = 1; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        if (early && node->shape.rank == 3) return true;
        early = early || node->type->operator_kind == OPERATOR_DENSE ||
                node->type->operator_kind == OPERATOR_GLOBAL_AVERAGE;
    }
    return false;
}
