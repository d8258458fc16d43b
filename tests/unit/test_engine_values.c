/* SPDX-License-Identifier: MIT */
/* Values that are asked for by name: read after a forward pass though the plan would fold them away, and the gradient to
 * one of them in inference. The oracle in double says what they are. */
#include "engine_networks.h"

#include "oracle/engine_oracle.h"

enum { IMAGES = 5 };

/* What arithmetic in float may miss of a network of a dozen layers. */
static const double NEAR = 2e-5;

/* Values that a plan folds, that ride on others, or that are made where they are read. */
static struct graph *folding_network(void) {
    struct graph *graph = new_network("folding", 12, 10, CHANNELS);
    size_t at = add_conv(graph, "folded_conv", 0, 8, 3, 1, PADDING_SAME, UNARY_LINEAR);
    at = add_norm(graph, "folded_norm", at);
    const size_t shortcut = at = add_relu(graph, "relu", at);
    at = add_border(graph, "padding", at);
    at = add_conv(graph, "middle_conv", at, 8, 3, 1, PADDING_VALID, UNARY_RELU);
    at = add_norm(graph, "riding_norm", at);
    at = add_two(graph, &layer_add, "first_add", at, shortcut);
    at = add_depthwise(graph, "folded_depthwise", at, 3, 1);
    at = add_norm(graph, "depthwise_norm", at);
    const size_t middle = at = add_unary(graph, "swish", at, (struct unary){.function = UNARY_SWISH});
    at = add_conv(graph, "adding_conv", at, 8, 1, 1, PADDING_VALID, UNARY_LINEAR);
    at = add_norm(graph, "adding_norm", at);
    at = add_two(graph, &layer_add, "second_add", at, middle);
    at = add_relu(graph, "second_relu", at);
    at = add_two(graph, &layer_concatenate, "concatenation", at, shortcut);
    at = add_dropout(graph, "dropout", at, 0.3);
    at = add_excite(graph, "excited", at, 16, true);
    at = add_pool(graph, &layer_max_pooling2d, "pooled", at, 2, 2);
    at = add_plain(graph, &layer_flatten, "flattened", at);
    at = add_dense(graph, "hidden", at, 12, UNARY_RELU);
    at = add_dropout(graph, "second_dropout", at, 0.5);
    add_dense(graph, "logits", at, CLASSES, UNARY_SOFTMAX);
    return graph;
}

static const char *const names[] = {"folded_conv",      "folded_norm",   "relu",        "padding",        "middle_conv",
                                    "riding_norm",      "first_add",     "swish",       "folded_depthwise",
                                    "depthwise_norm",   "adding_conv",   "adding_norm", "second_add",     "second_relu",
                                    "concatenation",    "dropout",       "excited",     "pooled",         "flattened",
                                    "hidden",           "second_dropout", "logits"};
enum { NAMES = sizeof names / sizeof *names };

static bool is_folded(const char *name) {
    return strcmp(name, "folded_conv") == 0 || strcmp(name, "adding_conv") == 0 || strcmp(name, "folded_depthwise") == 0;
}

static const struct engine_batch batch = {.n = IMAGES, .epoch = 3, .first_place = 17};

static void check_values(struct engine *engine, struct engine *oracle, const struct graph *graph, const char *layer) {
    size_t count;
    float *got = layer_output(engine, graph, layer, IMAGES, &count),
          *expected = layer_output(oracle, graph, layer, IMAGES, &count);
    const double off = difference(got, expected, count);
    if (!(off < NEAR)) fail_msg("%s/output is off by %g", layer, off);
    memory_free(got);
    memory_free(expected);
}

static void compare(struct engine *engine, struct engine *oracle, const struct graph *graph, const char *const *kept,
                    size_t count, enum engine_mode mode) {
    forward_network(engine, graph, mode, batch);
    forward_network(oracle, graph, mode, batch);
    for (size_t i = 0; i < count; i++)
        check_values(engine, oracle, graph, kept[i]);
}

/* One engine that keeps these, for inference and then for training, beside the oracle. Training last: statistics move. */
static void keep_and_compare(const struct graph *graph, const char *const *kept, size_t count) {
    struct engine_options options = {.batch_size = IMAGES + 1, .threads = 2, .seed = 99, .keep = kept, .keep_count = count};
    struct engine *inference = open_filled(NULL, graph, options);
    options.training = true;
    options.optimizer = adam;
    struct engine *training = open_filled(NULL, graph, options),
                  *oracle = open_filled(&engine_oracle_double, graph, options);
    compare(inference, oracle, graph, kept, count, ENGINE_INFERENCE);
    compare(training, oracle, graph, kept, count, ENGINE_INFERENCE);
    compare(training, oracle, graph, kept, count, ENGINE_TRAINING);
    engine_close(inference);
    engine_close(training);
    engine_close(oracle);
}

static void keep_on_row(void) {
    struct graph *graph = folding_network();
    keep_and_compare(graph, names, NAMES);
    graph_free(graph);
}

static void test_all_kept(void **state) {
    (void)state;
    for_every_row(keep_on_row);
}

/* The logits do not change in a bit, but where a kernel is not folded any more. */
static void check_logits(const struct graph *graph, const char *kept, const float *expected) {
    const struct engine_options options = {.batch_size = IMAGES, .keep = &kept, .keep_count = 1};
    struct engine *engine = open_filled(NULL, graph, options);
    forward_network(engine, graph, ENGINE_INFERENCE, batch);
    float *logits = read_logits(engine, (size_t)IMAGES * CLASSES);
    const double off = difference(logits, expected, (size_t)IMAGES * CLASSES);
    if (!(off < NEAR) || (off > 0 && !is_folded(kept))) fail_msg("%s is kept: the logits are off by %g", kept, off);
    engine_close(engine);
    memory_free(logits);
}

static void test_each_kept(void **state) {
    (void)state;
    struct graph *graph = folding_network();
    struct engine *engine = open_filled(NULL, graph, (struct engine_options){.batch_size = IMAGES});
    forward_network(engine, graph, ENGINE_INFERENCE, batch);
    float *logits = read_logits(engine, (size_t)IMAGES * CLASSES);
    for (size_t i = 0; i < NAMES; i++) {
        keep_and_compare(graph, &names[i], 1);
        check_logits(graph, names[i], logits);
    }
    engine_close(engine);
    memory_free(logits);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_kept),
        cmocka_unit_test(test_each_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
