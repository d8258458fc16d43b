/* SPDX-License-Identifier: MIT */
/* For tests: a network in a file, to be trained in part. */
#ifndef TESTS_UNIT_STAGED_NETWORK_H
#define TESTS_UNIT_STAGED_NETWORK_H

#include "transfer_fixture.h"

#include "engine_networks.h"

/* conv_1, norm_1, conv_2, norm_2, dropout, predictions. */
static inline void write_network(const char *path) {
    struct graph *graph = new_network("staged", TINY_SIDE, TINY_SIDE, 3);
    struct engine *engine;
    const struct engine_options options = {.threads = 1, .batch_size = 1};
    size_t at_node = add_conv(graph, "conv_1", 0, 4, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at_node = add_relu(graph, "relu_1", add_norm(graph, "norm_1", at_node));
    at_node = add_conv(graph, "conv_2", at_node, 6, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at_node = add_relu(graph, "relu_2", add_norm(graph, "norm_2", at_node));
    at_node = add_plain(graph, &layer_global_average_pooling2d, "average", at_node);
    at_node = add_dropout(graph, "dropout", at_node, 0.25);
    add_dense(graph, "predictions", at_node, TINY_CLASSES, UNARY_SOFTMAX);
    check(engine_open(NULL, graph, &options, &engine));
    check(engine_initialize(engine, 5));
    check(weights_write(engine, graph, 0, path));
    engine_close(engine);
    graph_free(graph);
}

static char model[FILE_PATH_SIZE];

static inline int make_model(void **state) {
    if (make_folder(state)) return 1;
    snprintf(model, sizeof model, "%s/staged.safetensors", folder);
    write_network(model);
    return 0;
}

static inline struct one whole(const char *run, size_t threads, void (*change)(struct recipe *recipe)) {
    struct one one = {.model = model, .run = run, .change = change, .threads = threads};
    if (train(&one) != OCELLUS_OK) fail_msg("%s", status_message());
    return one;
}

#endif
