/* SPDX-License-Identifier: MIT */
/* Networks for the engine's tests: layers with names, values that count, and comparisons. */
#ifndef UNIT_ENGINE_NETWORKS_H
#define UNIT_ENGINE_NETWORKS_H

#include "engine_fixture.h"

#include "model/layer.h"

#include <math.h>

/* --- layers; each gives the new node's index --- */

static inline size_t add_layer(struct graph *graph, const struct layer_type *type, const char *name,
                               const union layer_config *config, const size_t *inputs, size_t count) {
    size_t index;
    check(graph_add(graph, type, name, NULL, config, inputs, count, &index));
    return index;
}

static inline struct graph *new_network(const char *name, int64_t h, int64_t w, int64_t c) {
    struct graph *graph;
    const union layer_config input = {.input_layer = {.shape = {3, {h, w, c}}}};
    check(graph_create(name, &graph));
    add_layer(graph, &layer_input_layer, NULL, &input, NULL, 0);
    return graph;
}

static inline size_t add_conv(struct graph *graph, const char *name, size_t input, int64_t filters, int64_t kernel,
                              int64_t stride, enum padding padding, enum unary_function activation) {
    const union layer_config config = {.conv2d = {.filters = filters,
                                                  .kernel_size = {kernel, kernel},
                                                  .strides = {stride, stride},
                                                  .padding = padding,
                                                  .activation = {.function = activation},
                                                  .use_bias = true}};
    return add_layer(graph, &layer_conv2d, name, &config, &input, 1);
}

static inline size_t add_depthwise(struct graph *graph, const char *name, size_t input, int64_t kernel,
                                   int64_t stride) {
    const union layer_config config = {.depthwise_conv2d = {.kernel_size = {kernel, kernel},
                                                            .strides = {stride, stride},
                                                            .depth_multiplier = 1,
                                                            .padding = PADDING_SAME,
                                                            .use_bias = true}};
    return add_layer(graph, &layer_depthwise_conv2d, name, &config, &input, 1);
}

static inline size_t add_norm(struct graph *graph, const char *name, size_t input) {
    const union layer_config config = {.batch_normalization = {.momentum = 0.9, .epsilon = 1e-3}};
    return add_layer(graph, &layer_batch_normalization, name, &config, &input, 1);
}

static inline size_t add_unary(struct graph *graph, const char *name, size_t input, struct unary unary) {
    const union layer_config config = {.activation = {.activation = unary}};
    return add_layer(graph, &layer_activation, name, &config, &input, 1);
}

static inline size_t add_relu(struct graph *graph, const char *name, size_t input) {
    return add_unary(graph, name, input, (struct unary){.function = UNARY_RELU});
}

static inline size_t add_pool(struct graph *graph, const struct layer_type *type, const char *name, size_t input,
                              int64_t size, int64_t stride) {
    const union layer_config config = {
        .pooling2d = {.pool_size = {size, size}, .strides = {stride, stride}, .padding = PADDING_SAME}};
    return add_layer(graph, type, name, &config, &input, 1);
}

static inline size_t add_plain(struct graph *graph, const struct layer_type *type, const char *name, size_t input) {
    return add_layer(graph, type, name, &(union layer_config){0}, &input, 1);
}

static inline size_t add_border(struct graph *graph, const char *name, size_t input) {
    const union layer_config config = {.zero_padding2d = {.padding = {{1, 1}, {1, 1}}}};
    return add_layer(graph, &layer_zero_padding2d, name, &config, &input, 1);
}

static inline size_t add_dropout(struct graph *graph, const char *name, size_t input, double rate) {
    return add_layer(graph, &layer_dropout, name, &(union layer_config){.dropout = {.rate = rate}}, &input, 1);
}

static inline size_t add_reshape(struct graph *graph, const char *name, size_t input, struct shape target) {
    return add_layer(graph, &layer_reshape, name, &(union layer_config){.reshape = {.target = target}}, &input, 1);
}

static inline size_t add_dense(struct graph *graph, const char *name, size_t input, int64_t units,
                               enum unary_function activation) {
    const union layer_config config = {
        .dense = {.units = units, .activation = {.function = activation}, .use_bias = true}};
    return add_layer(graph, &layer_dense, name, &config, &input, 1);
}

/* Add, Multiply, Concatenate. */
static inline size_t add_two(struct graph *graph, const struct layer_type *type, const char *name, size_t a, size_t b) {
    return add_layer(graph, type, name, &(union layer_config){0}, (size_t[]){a, b}, 2);
}

/* Squeeze-and-excite of `c` channels, by dense layers as ResNets have it or by convolutions as MobileNets do. */
static inline size_t add_excite(struct graph *graph, const char *name, size_t input, int64_t c, bool dense) {
    size_t at;
    if (dense) {
        at = add_plain(graph, &layer_global_average_pooling2d, NULL, input);
        at = add_dense(graph, NULL, at, c / 2, UNARY_RELU);
        at = add_dense(graph, NULL, at, c, UNARY_SIGMOID);
        at = add_reshape(graph, NULL, at, (struct shape){3, {1, 1, c}});
    } else {
        const union layer_config kept = {.global_average_pooling2d = {.keepdims = true}};
        at = add_layer(graph, &layer_global_average_pooling2d, NULL, &kept, &input, 1);
        at = add_conv(graph, NULL, at, c / 2, 1, 1, PADDING_VALID, UNARY_RELU);
        at = add_conv(graph, NULL, at, c, 1, 1, PADDING_VALID, UNARY_HARD_SIGMOID);
    }
    return add_two(graph, &layer_multiply, name, input, at);
}

/* Every operation, and every function of one value. */
static inline struct graph *network_of_everything(void) {
    struct graph *graph = new_network("everything", HEIGHT, WIDTH, CHANNELS);
    const union layer_config twice = {.up_sampling2d = {.size = {2, 2}}};
    size_t at = add_conv(graph, NULL, 0, 8, 3, 2, PADDING_SAME, UNARY_LINEAR);
    at = add_norm(graph, NULL, at);
    size_t side = at = add_unary(graph, NULL, at, (struct unary){.function = UNARY_HARD_SWISH});
    at = add_depthwise(graph, NULL, at, 3, 1);
    at = add_norm(graph, NULL, at);
    at = add_unary(graph, NULL, at, (struct unary){.function = UNARY_RELU, .max_value = 6});
    at = add_excite(graph, NULL, at, 8, true);
    at = add_excite(graph, NULL, at, 8, false);
    at = add_two(graph, &layer_add, NULL, at, side);
    at = add_dropout(graph, NULL, at, 0.25);
    at = add_pool(graph, &layer_average_pooling2d, NULL, at, 3, 2);
    side = at = add_unary(graph, NULL, at, (struct unary){.function = UNARY_RELU, .negative_slope = 0.1});
    at = add_conv(graph, NULL, at, 8, 3, 1, PADDING_SAME, UNARY_SWISH);
    at = add_pool(graph, &layer_max_pooling2d, NULL, at, 2, 1);
    side = add_unary(graph, NULL, side, (struct unary){.function = UNARY_ELU, .alpha = 0.7});
    at = add_two(graph, &layer_concatenate, NULL, at, side);
    at = add_border(graph, NULL, at);
    at = add_conv(graph, NULL, at, 8, 3, 1, PADDING_VALID, UNARY_GELU);
    at = add_layer(graph, &layer_up_sampling2d, NULL, &twice, &at, 1);
    at = add_pool(graph, &layer_max_pooling2d, NULL, at, 3, 3);
    at = add_plain(graph, &layer_flatten, NULL, at);
    at = add_dense(graph, NULL, at, 12, UNARY_TANH);
    at = add_dropout(graph, NULL, at, 0.5);
    add_dense(graph, "logits", at, CLASSES, UNARY_SOFTMAX);
    return graph;
}

/* --- values --- */

/* Kernels that keep values at their size, gammas of both signs, statistics and biases that count; the same for the same
 * name. */
static inline void parameter_values(const struct parameter *parameter, float *values) {
    uint32_t name = 0;
    for (const char *c = parameter->name; *c; c++)
        name = name * 31 + (uint32_t)(unsigned char)*c;
    struct random_stream stream = random_at(5, RANDOM_TEST, 0, name);
    const double limit = parameter->fan_in > 0 ? sqrt(6.0 / (double)parameter->fan_in) : 0;
    for (size_t i = 0; i < shape_size(&parameter->shape); i++) {
        const double unit = (double)random_unit(&stream);
        if (parameter->role == PARAMETER_KERNEL) values[i] = (float)(limit * (2 * unit - 1));
        else if (parameter->role == PARAMETER_GAMMA) values[i] = (float)((0.5 + unit) * (i % 3 == 1 ? -1 : 1));
        else if (parameter->role == PARAMETER_MOVING_VARIANCE) values[i] = (float)(0.3 + 1.7 * unit);
        else values[i] = (float)(unit - 0.5);
    }
}

static inline void fill_parameters(struct engine *engine, const struct graph *graph) {
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        if (tensor.kind != ENGINE_PARAMETER) continue;
        const size_t count = shape_size(tensor.shape);
        float *values = memory_allocate(count, sizeof *values);
        assert_non_null(values);
        parameter_values(graph_parameter(graph, tensor.name, NULL), values);
        check(engine_set(engine, tensor.name, values, count));
        memory_free(values);
    }
}

static inline struct engine *open_filled(const struct engine_class *class, const struct graph *graph,
                                         struct engine_options options) {
    struct engine *engine;
    if (options.threads == 0) options.threads = 1;
    check(engine_open(class, graph, &options, &engine));
    if (!options.weights) fill_parameters(engine, graph);
    return engine;
}

/* n images in [-1, 1) for the network, the first one number `first` of all there are; to be freed with memory_free(). */
static inline float *network_images(const struct graph *graph, size_t first, size_t n) {
    const size_t size = shape_size(graph_input_shape(graph));
    float *images = memory_allocate(n * size, sizeof *images);
    assert_non_null(images);
    for (size_t i = 0; i < n; i++) {
        struct random_stream stream = random_at(12, RANDOM_TEST, 0, (uint32_t)(first + i));
        for (size_t k = 0; k < size; k++)
            images[i * size + k] = 2 * random_unit(&stream) - 1;
    }
    return images;
}

/* A forward pass over images `first_place` and following, in that slot. */
static inline void forward_network(struct engine *engine, const struct graph *graph, enum engine_mode mode,
                                   struct engine_batch batch) {
    float *images = network_images(graph, (size_t)batch.first_place, batch.n);
    memcpy(engine_input(engine, batch.slot), images, batch.n * shape_size(graph_input_shape(graph)) * sizeof *images);
    memory_free(images);
    check(engine_forward(engine, mode, &batch));
}

/* Loss of labels 0, 1, 2, ..., and the backward pass. */
static inline void backward_network(struct engine *engine, size_t n, size_t classes) {
    int32_t labels[64];
    assert_true(n <= 64);
    for (size_t i = 0; i < n; i++)
        labels[i] = (int32_t)(i % classes);
    check(engine_loss(engine, &(struct engine_targets){.labels = labels}));
    check(engine_backward(engine));
}

/* "LAYER/output" of n images; to be freed with memory_free(). */
static inline float *layer_output(const struct engine *engine, const struct graph *graph, const char *layer, size_t n,
                                  size_t *count) {
    char name[GRAPH_NAME_SIZE + 16];
    snprintf(name, sizeof name, "%s/output", layer);
    *count = n * shape_size(&graph_node(graph, layer)->shape);
    return tensor_values(engine, name, *count);
}

static inline float *read_logits(struct engine *engine, size_t count) {
    float *logits = memory_allocate(count, sizeof *logits);
    assert_non_null(logits);
    check(engine_read(engine, ENGINE_LOGITS, logits, count));
    return logits;
}

/* Norm of the difference over the norm of what is expected. */
static inline double difference(const float *got, const float *expected, size_t count) {
    double squares = 0, size = 0;
    for (size_t i = 0; i < count; i++) {
        const double miss = (double)got[i] - (double)expected[i];
        squares += miss * miss;
        size += (double)expected[i] * (double)expected[i];
    }
    return sqrt(squares / (size + 1e-30));
}

#endif
