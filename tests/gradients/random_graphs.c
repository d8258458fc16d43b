/* SPDX-License-Identifier: MIT */
/* Networks that nobody thought of: layers in any order, with branches, several readers, frozen parts, any batch size. What
 * the plan fuses, shares and makes again depends on the neighbourhood of a layer; here most neighbourhoods come up. */
#include "random_graphs.h"

#include "base/random.h"
#include "check.h"
#include "model/layer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { LAYERS = 8, SAMPLES = 3 };

struct maker {
    struct graph *graph;
    struct random_stream random;
    size_t n;
};

static int64_t pick(struct maker *maker, int64_t low, int64_t high) {
    return low + (int64_t)random_below(&maker->random, (uint32_t)(high - low + 1));
}

static ocellus_status append(struct maker *maker, const struct layer_type *type, union layer_config config,
                             size_t input, size_t *added) {
    return graph_add(maker->graph, type, NULL, NULL, &config, &input, 1, added);
}

static ocellus_status append_conv(struct maker *maker, size_t input) {
    const union layer_config config = {
        .conv2d = {.filters = pick(maker, 2, 3),
                   .kernel_size = {pick(maker, 1, 3), pick(maker, 1, 3)},
                   .strides = {pick(maker, 1, 2), pick(maker, 1, 2)},
                   .padding = pick(maker, 0, 1) ? PADDING_SAME : PADDING_VALID,
                   .activation = {.function = pick(maker, 0, 1) ? UNARY_RELU : UNARY_LINEAR},
                   .use_bias = pick(maker, 0, 2) > 0}};
    return append(maker, &layer_conv2d, config, input, NULL);
}

static ocellus_status append_pool(struct maker *maker, size_t input) {
    const union layer_config config = {.pooling2d = {.pool_size = {pick(maker, 1, 3), pick(maker, 1, 3)},
                                                     .strides = {pick(maker, 1, 2), pick(maker, 1, 2)},
                                                     .padding = pick(maker, 0, 1) ? PADDING_SAME : PADDING_VALID}};
    return append(maker, &layer_max_pooling2d, config, input, NULL);
}

static ocellus_status append_norm(struct maker *maker, size_t input) {
    return append(maker, &layer_batch_normalization,
                  (union layer_config){.batch_normalization = {.momentum = 0.99, .epsilon = 1e-3}}, input, NULL);
}

/* Adds the input and the newest node of its shape (itself, if there is no other). */
static ocellus_status append_add(struct maker *maker, size_t input) {
    const struct graph *graph = maker->graph;
    size_t other = graph->count - 1;
    while (other > 0 && (other == input || !shape_equal(&graph->nodes[other].shape, &graph->nodes[input].shape)))
        other--;
    const size_t inputs[2] = {input, other == 0 ? input : other};
    return graph_add(maker->graph, &layer_add, NULL, NULL, NULL, inputs, 2, NULL);
}

static ocellus_status append_layer(struct maker *maker, size_t input) {
    const int64_t *dims = maker->graph->nodes[input].shape.dims;
    const bool small = dims[0] <= 4 && dims[1] <= 4, large = dims[0] >= 3 && dims[1] >= 3;
    /* Over few values a normalization is so curved that differences say little. */
    const bool many_values = dims[0] * dims[1] * (int64_t)maker->n >= 8;
    switch (pick(maker, 0, 9)) {
    case 0:
    case 1:
        return many_values ? append_norm(maker, input) : append_add(maker, input);
    case 2:
        return append(maker, &layer_activation,
                      (union layer_config){.activation = {.activation = {.function = UNARY_RELU}}}, input, NULL);
    case 3:
        if (large) return append_pool(maker, input);
        break;
    case 4: {
        const union layer_config config = {.zero_padding2d = {.padding = {{pick(maker, 0, 2), pick(maker, 0, 2)},
                                                                          {pick(maker, 0, 2), pick(maker, 0, 2)}}}};
        if (dims[0] <= 7 && dims[1] <= 7) return append(maker, &layer_zero_padding2d, config, input, NULL);
        break;
    }
    case 5: {
        const union layer_config config = {.up_sampling2d = {.size = {pick(maker, 1, 2), pick(maker, 1, 2)}}};
        if (small) return append(maker, &layer_up_sampling2d, config, input, NULL);
        break;
    }
    case 6:
    case 7:
        return append_add(maker, input);
    default:
        if (large) return append_conv(maker, input);
        break;
    }
    return append_add(maker, input);
}

static bool has_reader(const struct graph *graph, size_t node) {
    for (size_t reader = node + 1; reader < graph->count; reader++) {
        for (size_t i = 0; i < graph->nodes[reader].input_count; i++) {
            if (graph->nodes[reader].inputs[i] == node) return true;
        }
    }
    return false;
}

/* Every loose end becomes a vector, and these are added. */
static ocellus_status join_ends(struct maker *maker) {
    const size_t layers = maker->graph->count;
    const union layer_config dense = {
        .dense = {
            .units = 4, .activation = {.function = pick(maker, 0, 1) ? UNARY_RELU : UNARY_LINEAR}, .use_bias = true}};
    const union layer_config head = {
        .dense = {.units = 3, .activation = {.function = UNARY_SOFTMAX}, .use_bias = true}};
    size_t sum = 0, end;
    for (size_t node = 1; node < layers; node++) {
        if (has_reader(maker->graph, node)) continue;
        TRY(append(maker, pick(maker, 0, 1) ? &layer_flatten : &layer_global_average_pooling2d, (union layer_config){0},
                   node, &end));
        TRY(append(maker, &layer_dense, dense, end, &end));
        const size_t inputs[2] = {sum, end};
        if (sum == 0) sum = end;
        else TRY(graph_add(maker->graph, &layer_add, NULL, NULL, NULL, inputs, 2, &sum));
    }
    if (pick(maker, 0, 2) == 0 && maker->n >= 8) {
        TRY(append_norm(maker, sum));
        sum = maker->graph->count - 1;
    }
    return append(maker, &layer_dense, head, sum, NULL);
}

static ocellus_status make_graph(struct maker *maker) {
    const union layer_config input = {
        .input_layer = {.shape = {3, {pick(maker, 4, 7), pick(maker, 4, 7), pick(maker, 1, 2)}}}};
    TRY(graph_add(maker->graph, &layer_input_layer, NULL, NULL, &input, NULL, 0, NULL));
    if (pick(maker, 0, 2) > 0) TRY(append_conv(maker, 0)); /* else the first layers have no weights before them */
    while (maker->graph->count < LAYERS) {
        const size_t newest = maker->graph->count - 1;
        const size_t from = pick(maker, 0, 2) > 0 ? newest : (size_t)pick(maker, 0, (int64_t)newest);
        TRY(append_layer(maker, from));
    }
    TRY(join_ends(maker));
    for (size_t i = 1; i + 1 < maker->graph->count; i++) {
        size_t matched;
        if (maker->graph->nodes[i].parameter_count > 0 && pick(maker, 0, 6) == 0)
            TRY(graph_freeze(maker->graph, maker->graph->nodes[i].name, &matched));
    }
    return OCELLUS_OK;
}

void test_random_graphs(void **state) {
    (void)state;
    static const size_t batches[] = {1, 2, 3, 5, 17, 19};
    struct outcome all = {0};
    for (uint32_t number = 0; number < RANDOM_GRAPHS; number++) {
        struct maker maker = {.random = random_at(2, RANDOM_TEST, 0, number)};
        char name[32];
        snprintf(name, sizeof name, "random_%u", number);
        maker.n = batches[pick(&maker, 0, sizeof batches / sizeof *batches - 1)];
        if (graph_create(name, &maker.graph) != OCELLUS_OK || make_graph(&maker) != OCELLUS_OK)
            fail_msg("%s: %s", name, status_message());
        const struct outcome outcome = check_graph(maker.graph, maker.n, SAMPLES);
        all.checked += outcome.checked;
        all.skipped += outcome.skipped;
        all.large += outcome.large;
        all.worst = outcome.worst > all.worst ? outcome.worst : all.worst;
        graph_free(maker.graph);
    }
    check_outcome("random graphs", &all);
}
