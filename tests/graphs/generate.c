/* SPDX-License-Identifier: MIT */
#include "generate.h"

#include "base/random.h"
#include "model/layer.h"

#include <stdio.h>

struct maker {
    struct graph *graph;
    struct random_stream random;
    int64_t least_channels, most_channels;
    double products, most_products; /* of one pass over the batch */
    size_t n;
};

static int64_t pick(struct maker *maker, int64_t low, int64_t high) {
    return low + (int64_t)random_below(&maker->random, (uint32_t)(high - low + 1));
}

/* Once in so many times. */
static bool chance(struct maker *maker, int64_t times) {
    return pick(maker, 1, times) == 1;
}

static size_t newest(const struct maker *maker) {
    return maker->graph->count - 1;
}

static const struct shape *shape_at(const struct maker *maker, size_t node) {
    return &maker->graph->nodes[node].shape;
}

static ocellus_status append_all(struct maker *maker, const struct layer_type *type, union layer_config config,
                                 const size_t *inputs, size_t count) {
    return graph_add(maker->graph, type, NULL, NULL, &config, inputs, count, NULL);
}

static ocellus_status append(struct maker *maker, const struct layer_type *type, union layer_config config,
                             size_t input) {
    return append_all(maker, type, config, &input, 1);
}

/* --- layers of images --- */

static struct unary pick_unary(struct maker *maker) {
    struct unary unary = {.function = UNARY_RELU};
    if (chance(maker, 2)) return unary;
    unary.function = (enum unary_function)pick(maker, UNARY_RELU, UNARY_ELU);
    if (unary.function == UNARY_ELU) unary.alpha = chance(maker, 2) ? 1 : 0.5;
    if (unary.function != UNARY_RELU) return unary;
    unary.negative_slope = chance(maker, 2) ? 0.25 : 0;
    unary.max_value = chance(maker, 2) ? 1.5 : 0;
    return unary;
}

static struct unary pick_activation(struct maker *maker) {
    return chance(maker, 2) ? (struct unary){.function = UNARY_LINEAR} : pick_unary(maker);
}

/* 3x3 and 1x1 mostly, as networks have them. */
static int64_t pick_kernel(struct maker *maker) {
    static const int64_t sizes[] = {3, 3, 3, 1, 1, 2, 4, 5};
    return sizes[pick(maker, 0, 7)];
}

/* Takes these from what is left; false when that is not enough. */
static bool spend(struct maker *maker, double products) {
    if (maker->products + products > maker->most_products) return false;
    maker->products += products;
    return true;
}

/* Kernel, strides and padding of a window over an image; those of 'valid' fit in it. */
struct choice {
    int64_t kernel[2], strides[2];
    enum padding padding;
};

static struct choice pick_window(struct maker *maker, size_t input) {
    const int64_t *dims = shape_at(maker, input)->dims;
    struct choice choice = {.padding = chance(maker, 2) ? PADDING_SAME : PADDING_VALID};
    choice.kernel[0] = choice.kernel[1] = pick_kernel(maker);
    if (chance(maker, 5)) choice.kernel[1] = pick_kernel(maker);
    choice.strides[0] = choice.strides[1] = chance(maker, 4) ? pick(maker, 2, 3) : 1;
    if (chance(maker, 7)) choice.strides[1] = pick(maker, 1, 3);
    if (dims[0] < choice.kernel[0] || dims[1] < choice.kernel[1]) choice.kernel[0] = choice.kernel[1] = 1;
    return choice;
}

static ocellus_status append_conv(struct maker *maker, size_t input) {
    const struct shape *shape = shape_at(maker, input);
    const struct choice choice = pick_window(maker, input);
    union layer_config config = {.conv2d = {.kernel_size = {choice.kernel[0], choice.kernel[1]},
                                            .strides = {choice.strides[0], choice.strides[1]},
                                            .padding = choice.padding}};
    config.conv2d.filters = pick(maker, maker->least_channels, maker->most_channels);
    config.conv2d.activation = pick_activation(maker);
    config.conv2d.use_bias = !chance(maker, 3);
    int64_t *kernel = config.conv2d.kernel_size;
    const double area = (double)maker->n * (double)(shape->dims[0] * shape->dims[1] * shape->dims[2]);
    if (!spend(maker, area * (double)(config.conv2d.filters * kernel[0] * kernel[1]))) {
        kernel[0] = kernel[1] = 1;
        if (!spend(maker, area * (double)config.conv2d.filters)) config.conv2d.filters = 1, spend(maker, area);
    }
    return append(maker, &layer_conv2d, config, input);
}

static ocellus_status append_depthwise(struct maker *maker, size_t input) {
    const struct shape *shape = shape_at(maker, input);
    const struct choice choice = pick_window(maker, input);
    union layer_config config = {.depthwise_conv2d = {.kernel_size = {choice.kernel[0], choice.kernel[1]},
                                                      .strides = {choice.strides[0], choice.strides[1]},
                                                      .padding = choice.padding}};
    config.depthwise_conv2d.depth_multiplier = shape->dims[2] <= 24 && chance(maker, 4) ? 2 : 1;
    config.depthwise_conv2d.activation = pick_activation(maker);
    config.depthwise_conv2d.use_bias = !chance(maker, 3);
    return append(maker, &layer_depthwise_conv2d, config, input);
}

/* Windows of any size; those of 'same' may be larger than the image. */
static ocellus_status append_pool(struct maker *maker, size_t input) {
    const int64_t *dims = shape_at(maker, input)->dims;
    const bool same = chance(maker, 2);
    union layer_config config = {.pooling2d = {.padding = same ? PADDING_SAME : PADDING_VALID}};
    for (size_t axis = 0; axis < 2; axis++) {
        const int64_t most = same ? dims[axis] + 1 : dims[axis];
        const int64_t window = pick(maker, 1, chance(maker, 8) || most < 3 ? most : 3);
        config.pooling2d.pool_size[axis] = window;
        config.pooling2d.strides[axis] = pick(maker, 1, window < 3 ? window : 3);
    }
    return append(maker, chance(maker, 3) ? &layer_average_pooling2d : &layer_max_pooling2d, config, input);
}

static ocellus_status append_norm(struct maker *maker, size_t input) {
    union layer_config config = {.batch_normalization = {.momentum = 0.99, .epsilon = 1e-3}};
    if (chance(maker, 2)) config.batch_normalization.momentum = 0.9;
    config.batch_normalization.without_scale = chance(maker, 8);
    config.batch_normalization.without_center = chance(maker, 8);
    return append(maker, &layer_batch_normalization, config, input);
}

static ocellus_status append_dropout(struct maker *maker, size_t input) {
    union layer_config config = {.dropout = {.rate = 0.5}};
    if (chance(maker, 2)) config.dropout.rate = 0.1;
    return append(maker, &layer_dropout, config, input);
}

static ocellus_status append_unary(struct maker *maker, size_t input) {
    return append(maker, &layer_activation, (union layer_config){.activation = {.activation = pick_unary(maker)}},
                  input);
}

/* The newest node but `input` of its size along all axes but `free` (3: along all); itself, if there is none. */
static size_t partner_of(const struct maker *maker, size_t input, size_t free) {
    const int64_t *dims = shape_at(maker, input)->dims;
    for (size_t other = newest(maker); other > 0; other--) {
        const struct shape *shape = shape_at(maker, other);
        bool fits = other != input && shape->rank == 3;
        for (size_t axis = 0; fits && axis < 3; axis++)
            fits = axis == free || shape->dims[axis] == dims[axis];
        if (fits) return other;
    }
    return input;
}

/* Of an image and another one, in either order. */
static ocellus_status append_pair(struct maker *maker, const struct layer_type *type, union layer_config config,
                                  size_t a, size_t b) {
    const bool first = chance(maker, 2);
    const size_t inputs[2] = {first ? a : b, first ? b : a};
    return append_all(maker, type, config, inputs, 2);
}

static ocellus_status append_add(struct maker *maker, size_t input) {
    return append_pair(maker, &layer_add, (union layer_config){0}, input, partner_of(maker, input, 3));
}

static ocellus_status append_multiply(struct maker *maker, size_t input) {
    return append_pair(maker, &layer_multiply, (union layer_config){0}, input, partner_of(maker, input, 3));
}

/* Two or three, along any axis, the last one most often. */
static ocellus_status append_concatenate(struct maker *maker, size_t input) {
    const int64_t axis = chance(maker, 3) ? pick(maker, 1, 2) : 3;
    const size_t other = partner_of(maker, input, (size_t)axis - 1), inputs[3] = {input, other, input};
    const int64_t *dims = shape_at(maker, input)->dims;
    if (dims[0] * dims[1] * dims[2] > 40000) return append_add(maker, input);
    return append_all(maker, &layer_concatenate, (union layer_config){.concatenate = {.axis = axis}}, inputs,
                      chance(maker, 4) ? 3 : 2);
}

/* Repeats one pixel, one channel, a row or a column of an average of the image over all of it. */
static ocellus_status append_gate(struct maker *maker, size_t input) {
    const struct shape shape = *shape_at(maker, input);
    union layer_config pool = {.pooling2d = {.pool_size = {shape.dims[0], shape.dims[1]}, .strides = {1, 1}}};
    const int64_t kind = pick(maker, 0, 3);
    if (kind < 2) pool.pooling2d.pool_size[kind] = 1;
    if (kind < 3) TRY(append(maker, &layer_average_pooling2d, pool, input));
    else
        TRY(append(maker, &layer_conv2d,
                   (union layer_config){.conv2d = {.filters = 1, .kernel_size = {1, 1}, .strides = {1, 1}}}, input));
    TRY(append(maker, &layer_activation,
               (union layer_config){.activation = {.activation = {.function = UNARY_SIGMOID}}}, newest(maker)));
    return append_pair(maker, &layer_multiply, (union layer_config){0}, input, newest(maker));
}

/* Squeeze and excite: a dense head on the pooled image, which goes on into the image. */
static ocellus_status append_squeeze(struct maker *maker, size_t input) {
    const int64_t c = shape_at(maker, input)->dims[2];
    const struct unary relu = {.function = UNARY_RELU}, sigmoid = {.function = UNARY_SIGMOID};
    const union layer_config reshape = {.reshape = {.target = {3, {1, 1, c}}}};
    const bool keeps = chance(maker, 2);
    TRY(append(maker, &layer_global_average_pooling2d, (union layer_config){0}, input));
    for (size_t half = 0; half < 2; half++) {
        const union layer_config dense = {
            .dense = {.units = half ? c : (c + 3) / 4, .activation = half ? sigmoid : relu, .use_bias = keeps}};
        TRY(append(maker, &layer_dense, dense, newest(maker)));
    }
    TRY(append(maker, &layer_reshape, reshape, newest(maker)));
    return append_pair(maker, &layer_multiply, (union layer_config){0}, input, newest(maker));
}

static ocellus_status append_padding(struct maker *maker, size_t input) {
    union layer_config config = {0};
    for (size_t side = 0; side < 4; side++)
        config.zero_padding2d.padding[side / 2][side % 2] = pick(maker, 0, 2);
    return append(maker, &layer_zero_padding2d, config, input);
}

static ocellus_status append_upsampling(struct maker *maker, size_t input) {
    const int64_t *dims = shape_at(maker, input)->dims;
    union layer_config config = {0};
    config.up_sampling2d.size[0] = pick(maker, 1, 3);
    config.up_sampling2d.size[1] = pick(maker, 1, 2);
    if (dims[0] > 8 || dims[1] > 8) return append_pool(maker, input);
    return append(maker, &layer_up_sampling2d, config, input);
}

/* Two convolutions of the input's shape around a normalization, and the input added to them. */
static ocellus_status append_residual(struct maker *maker, size_t input) {
    const struct shape shape = *shape_at(maker, input);
    const int64_t side = chance(maker, 2) ? 3 : 1;
    const double area = (double)maker->n * (double)(shape.dims[0] * shape.dims[1] * shape.dims[2]);
    const int64_t middle = pick(maker, 1, shape.dims[2]);
    if (!spend(maker, 2 * area * (double)(middle * side * side))) return append_add(maker, input);
    for (size_t half = 0, from = input; half < 2; half++, from = newest(maker)) {
        const bool biased = chance(maker, 2);
        const union layer_config config = {.conv2d = {.filters = half ? shape.dims[2] : middle,
                                                      .kernel_size = {side, side},
                                                      .strides = {1, 1},
                                                      .padding = PADDING_SAME,
                                                      .use_bias = biased}};
        TRY(append(maker, &layer_conv2d, config, from));
        TRY(append_norm(maker, newest(maker)));
        if (half == 0) TRY(append_unary(maker, newest(maker)));
    }
    const size_t inputs[2] = {newest(maker), input};
    TRY(append_all(maker, &layer_add, (union layer_config){0}, inputs, 2));
    return append_unary(maker, newest(maker));
}

/* All that an image may pass, and how often: a list from which a search for a fault may take rows out. */
static const struct {
    ocellus_status (*append)(struct maker *maker, size_t input);
    int64_t weight;
} image_layers[] = {
    {append_conv, 8},        {append_norm, 5},    {append_unary, 4},    {append_pool, 4},      {append_padding, 2},
    {append_upsampling, 2},  {append_add, 3},     {append_residual, 2}, {append_depthwise, 3}, {append_multiply, 1},
    {append_concatenate, 2}, {append_squeeze, 1}, {append_gate, 1},     {append_dropout, 1},
};

static ocellus_status append_layer(struct maker *maker, size_t input) {
    enum { ROWS = sizeof image_layers / sizeof *image_layers };
    int64_t all = 0;
    for (size_t row = 0; row < ROWS; row++)
        all += image_layers[row].weight;
    int64_t drawn = pick(maker, 1, all);
    size_t row = 0;
    while ((drawn -= image_layers[row].weight) > 0)
        row++;
    return image_layers[row].append(maker, input);
}

/* --- vectors --- */

static ocellus_status append_dense(struct maker *maker, size_t input, int64_t units, struct unary activation) {
    const bool biased = !chance(maker, 3);
    const union layer_config config = {.dense = {.units = units, .activation = activation, .use_bias = biased}};
    return append(maker, &layer_dense, config, input);
}

static ocellus_status append_some_dense(struct maker *maker, size_t input, int64_t units) {
    const struct unary activation = pick_activation(maker);
    return append_dense(maker, input, units, activation);
}

/* From an image to a vector, and a layer or two of vectors; *end gets the last. */
static ocellus_status append_head(struct maker *maker, size_t input, size_t *end) {
    enum { MOST_FLAT = 4096 };
    *end = input;
    if (shape_at(maker, input)->rank == 3) {
        const bool flat = shape_size(shape_at(maker, input)) <= MOST_FLAT && chance(maker, 2);
        TRY(append(maker, flat ? &layer_flatten : &layer_global_average_pooling2d, (union layer_config){0}, input));
        *end = newest(maker);
    }
    for (int64_t more = pick(maker, 0, 2); more > 0; more--, *end = newest(maker)) {
        if (chance(maker, 3)) TRY(append_norm(maker, *end));
        else if (chance(maker, 6)) TRY(append_dropout(maker, *end));
        else TRY(append_some_dense(maker, *end, pick(maker, 1, 40)));
    }
    return OCELLUS_OK;
}

static size_t pick_image(struct maker *maker) {
    size_t node = chance(maker, 3) ? (size_t)pick(maker, 0, (int64_t)newest(maker)) : newest(maker);
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

static enum unary_function pick_end(struct maker *maker) {
    if (chance(maker, 4)) return UNARY_SIGMOID;
    return chance(maker, 2) ? UNARY_SOFTMAX : UNARY_LINEAR;
}

/* Every loose end becomes a vector of `classes`, and these are added. */
static ocellus_status join_ends(struct maker *maker, int64_t classes) {
    const size_t layers = maker->graph->count;
    size_t sum = 0, end;
    for (size_t node = 0; node < layers; node++) {
        if (has_reader(maker->graph, node)) continue;
        TRY(append_head(maker, node, &end));
        TRY(append_some_dense(maker, end, classes));
        const size_t inputs[2] = {sum, newest(maker)};
        if (sum > 0) TRY(append_all(maker, &layer_add, (union layer_config){0}, inputs, 2));
        sum = newest(maker);
    }
    const struct unary end_unary = {.function = pick_end(maker)};
    return append_dense(maker, sum, classes, end_unary);
}

/* --- whole networks --- */

static const struct {
    int64_t side[2], channels[2], batch[2]; /* least and most */
    double products;                        /* times most_products */
} sizes[SIZE_CLASSES] = {
    [SIZE_TINY] = {{1, 12}, {1, 8}, {1, 6}, 1},
    [SIZE_WIDE] = {{4, 20}, {8, 64}, {1, 3}, 4},      /* Winograd, panels, blocks */
    [SIZE_LARGE] = {{56, 72}, {16, 28}, {1, 2}, 50},  /* images larger than a band: chains */
    [SIZE_HEAVY] = {{1, 5}, {160, 300}, {1, 20}, 40}, /* weights that pass through the cache once: layer by layer */
};

static enum size_class pick_size(struct maker *maker) {
    if (chance(maker, 300)) return SIZE_HEAVY;
    if (chance(maker, 100)) return SIZE_LARGE;
    return chance(maker, 5) ? SIZE_WIDE : SIZE_TINY;
}

/* A beginning, as a network that is trained further has it, or layers anywhere. */
static ocellus_status freeze(struct maker *maker) {
    const size_t layers = maker->graph->count;
    const bool beginning = chance(maker, 2);
    const size_t until = beginning ? (size_t)pick(maker, 1, (int64_t)layers - 2) : layers - 1;
    for (size_t i = 1; i < until; i++) {
        size_t matched;
        if (beginning || chance(maker, 4)) TRY(graph_freeze(maker->graph, maker->graph->nodes[i].name, &matched));
    }
    return OCELLUS_OK;
}

static ocellus_status make(struct maker *maker, enum size_class size) {
    const int64_t *side = sizes[size].side;
    maker->least_channels = sizes[size].channels[0], maker->most_channels = sizes[size].channels[1];
    maker->most_products *= sizes[size].products;
    maker->n = (size_t)pick(maker, sizes[size].batch[0], sizes[size].batch[1]);
    if (size == SIZE_TINY && chance(maker, 6)) maker->n = (size_t)pick(maker, 7, 40);
    union layer_config input = {.input_layer = {.shape = {.rank = 3}}};
    for (size_t axis = 0; axis < 2; axis++)
        input.input_layer.shape.dims[axis] = pick(maker, side[0], side[1]);
    input.input_layer.shape.dims[2] = pick(maker, 1, 4);
    TRY(append_all(maker, &layer_input_layer, input, NULL, 0));
    if (!chance(maker, 4)) TRY(append_conv(maker, 0));
    const size_t layers = (size_t)pick(maker, 4, 12);
    size_t end;
    while (maker->graph->count < layers) {
        TRY(append_layer(maker, pick_image(maker)));
        if (chance(maker, 5)) TRY(append_head(maker, pick_image(maker), &end));
    }
    TRY(join_ends(maker, pick(maker, 2, 12)));
    return chance(maker, 3) ? freeze(maker) : OCELLUS_OK;
}

ocellus_status generate(uint32_t number, double most_products, struct generated *generated) {
    struct maker maker = {.random = random_at(3, RANDOM_TEST, 0, number), .most_products = most_products};
    char name[32];
    snprintf(name, sizeof name, "network_%u", number);
    TRY(graph_create(name, &generated->graph));
    maker.graph = generated->graph;
    generated->size = pick_size(&maker);
    TRY(make(&maker, generated->size));
    generated->n = maker.n;
    return OCELLUS_OK;
}

bool has_early_vector(const struct graph *graph) {
    bool early = false;
    for (size_t i = 1; i < graph->count; i++) {
        const size_t rank = graph->nodes[i].shape.rank;
        if (early && rank == 3) return true;
        early |= rank == 1;
    }
    return false;
}
