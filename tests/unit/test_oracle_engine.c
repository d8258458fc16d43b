/* SPDX-License-Identifier: MIT */
/* The oracle behind engine.h, beside the planned engine: steps of each optimizer, parameter groups, statistics, targets,
 * gradients to a value, and what both precisions refuse. */
#include "engine_fixture.h"

#include "engine/weights.h"
#include "model/layer.h"
#include "oracle/engine_oracle.h"

#include <math.h>

enum { N = 6 };
static const struct parameter_group groups[] = {{"conv2d_1", 0.5}, {"dense", 0}};

static struct engine *open_class(const struct engine_class *class, const struct graph *graph,
                                 const struct optimizer *optimizer) {
    struct engine *engine;
    const struct engine_options options = {
        .threads = 1, .batch_size = N, .training = true, .optimizer = *optimizer, .groups = groups, .group_count = 2};
    check(engine_open(class, graph, &options, &engine));
    check(engine_initialize(engine, 7));
    return engine;
}

/* Of every tensor of the state: the largest difference, beside the largest value. */
static void check_near(const struct engine *engine, const struct engine *other, double relative) {
    assert_int_equal(engine_tensor_count(engine), engine_tensor_count(other));
    for (size_t i = 0; i < engine_tensor_count(engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(engine, i);
        const size_t count = shape_size(tensor.shape);
        float *a = tensor_values(engine, tensor.name, count), *b = tensor_values(other, tensor.name, count);
        double most = 1e-4, difference = 0;
        for (size_t k = 0; k < count; k++) {
            most = fmax(most, fabs((double)a[k]));
            difference = fmax(difference, fabs((double)a[k] - (double)b[k]));
        }
        if (!(difference <= relative * most)) fail_msg("%s: %g of %g", tensor.name, difference, most);
        memory_free(a);
        memory_free(b);
    }
}

static void check_optimizer(const struct engine_class *class, const struct optimizer *optimizer) {
    struct graph *graph = small_simcnn();
    struct engine *planned = open_class(NULL, graph, optimizer), *oracle = open_class(class, graph, optimizer);
    for (uint32_t step = 0; step < 3; step++) {
        const double loss = train_step(planned, optimizer, step, N), other = train_step(oracle, optimizer, step, N);
        if (!(fabs(loss - other) <= 1e-4 * fabs(loss)))
            fail_msg("%s, optimizer %d, momentum %g, step %u: %g, %g", engine_kernels_name(oracle), optimizer->kind,
                     optimizer->momentum, step, loss, other);
    }
    check_near(planned, oracle, 1e-3);
    assert_int_equal(engine_updates(oracle), 3);
    engine_close(planned);
    engine_close(oracle);
    graph_free(graph);
}

/* Without Adam's first steps, whose size is the rate's whatever the gradient: a rounding decides their sign. */
static void test_optimizers(void **state) {
    (void)state;
    static const struct optimizer optimizers[] = {
        {.kind = OPTIMIZER_SGD, .learning_rate = 0.05},
        {.kind = OPTIMIZER_SGD, .learning_rate = 0.02, .momentum = 0.9},
        {.kind = OPTIMIZER_SGD, .learning_rate = 0.02, .momentum = 0.9, .nesterov = true},
        {.kind = OPTIMIZER_ADAM, .learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-2},
    };
    for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++) {
        check_optimizer(&engine_oracle, &optimizers[i]);
        check_optimizer(&engine_oracle_double, &optimizers[i]);
    }
}

static void test_statistics(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct engine *planned = open_class(NULL, graph, &adam), *oracle = open_class(&engine_oracle_double, graph, &adam);
    for (uint32_t pass = 0; pass < 2; pass++) {
        int32_t labels[MOST_IMAGES];
        float *images = noise_images(pass, N, labels);
        check(forward_images(planned, ENGINE_STATISTICS, images, N));
        check(forward_images(oracle, ENGINE_STATISTICS, images, N));
        memory_free(images);
    }
    check(engine_adopt_statistics(planned));
    check(engine_adopt_statistics(oracle));
    check_near(planned, oracle, 1e-5);
    engine_close(planned);
    engine_close(oracle);
    graph_free(graph);
}

static void read_targets(const struct engine_class *class, const struct graph *graph, float *out) {
    struct engine *engine = open_class(class, graph, &adam);
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(3, N, labels), shares[N * CLASSES], weights[N];
    for (size_t i = 0; i < N * CLASSES; i++)
        shares[i] = (float)(i % 7) / 8;
    for (size_t i = 0; i < N; i++)
        weights[i] = (float)i / 2;
    const struct engine_targets targets = {
        .shares = shares, .weights = weights, .smoothing = 0.1, .denominator = 2 * N};
    struct engine_metrics metrics;
    check(forward_images(engine, ENGINE_TRAINING, images, N));
    check(engine_loss(engine, &targets));
    check(engine_metrics(engine, &metrics));
    check(engine_read(engine, ENGINE_LOGITS, out, N * CLASSES));
    check(engine_read(engine, ENGINE_PROBABILITIES, out + N * CLASSES, N * CLASSES));
    check(engine_read(engine, ENGINE_LOSSES, out + 2 * N * CLASSES, N));
    out[2 * N * CLASSES + N] = (float)metrics.loss_sum;
    out[2 * N * CLASSES + N + 1] = (float)metrics.correct;
    assert_true(metrics.finite && metrics.images == N);
    engine_close(engine);
    memory_free(images);
}

static void test_targets(void **state) {
    (void)state;
    enum { COUNT = 2 * N * CLASSES + N + 2 };
    struct graph *graph = small_simcnn();
    float planned[COUNT], oracle[COUNT];
    read_targets(NULL, graph, planned);
    read_targets(&engine_oracle, graph, oracle);
    for (size_t i = 0; i < COUNT; i++) {
        if (!(fabs((double)planned[i] - (double)oracle[i]) <= 1e-5 * (1 + fabs((double)planned[i]))))
            fail_msg("%zu of %d: %g, %g", i, COUNT, (double)planned[i], (double)oracle[i]);
    }
    graph_free(graph);
}

/* To the logits' own layer: the gradient that was given comes back, and the bias's is not touched by it. */
static void test_gradient_to(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    const char *last = graph->nodes[graph->count - 1].name;
    struct engine *engine;
    const struct engine_options options = {.batch_size = 1, .gradient_to = "conv2d"};
    char name[GRAPH_NAME_SIZE + 32];
    check(engine_open(&engine_oracle, graph, &options, &engine));
    check(engine_initialize(engine, 3));
    int32_t labels[MOST_IMAGES];
    const size_t count = shape_size(&graph_node(graph, "conv2d")->shape);
    float *images = noise_images(1, 1, labels), diff[CLASSES] = {1}, twice[CLASSES] = {2};
    check(forward_images(engine, ENGINE_INFERENCE, images, 1));
    check(engine_backward_from(engine, diff, 1));
    float *one = tensor_values(engine, "conv2d/output_gradient", count);
    check(forward_images(engine, ENGINE_INFERENCE, images, 1));
    check(engine_backward_from(engine, twice, 1));
    float *two = tensor_values(engine, "conv2d/output_gradient", count), most = 0;
    for (size_t i = 0; i < count; i++) {
        assert_true(fabs((double)two[i] - 2 * (double)one[i]) <= 1e-5 * fabs((double)two[i]));
        most = fmaxf(most, fabsf(one[i]));
    }
    assert_true(most > 0);
    check(forward_images(engine, ENGINE_INFERENCE, images, 1));
    snprintf(name, sizeof name, "%s/output", last);
    float *output = tensor_values(engine, name, CLASSES), probabilities[CLASSES];
    check(engine_read(engine, ENGINE_PROBABILITIES, probabilities, CLASSES));
    assert_memory_equal(output, probabilities, sizeof probabilities);
    memory_free(output);
    memory_free(images);
    memory_free(one);
    memory_free(two);
    engine_close(engine);
    graph_free(graph);
}

static void test_refused(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct weights *weights;
    struct engine *engine = NULL;
    check(weights_create(graph, NULL, 0, &weights));
    const struct engine_options options = {.batch_size = 1, .weights = weights};
    check_refused(engine_open(&engine_oracle, graph, &options, &engine), OCELLUS_USAGE, "\"oracle\" shares no weights");
    check_refused(engine_open(&engine_oracle_double, graph, &options, &engine), OCELLUS_USAGE,
                  "\"oracle-double\" shares no weights");
    assert_null(engine);
    weights_release(weights);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_optimizers), cmocka_unit_test(test_statistics),  cmocka_unit_test(test_targets),
        cmocka_unit_test(test_refused),    cmocka_unit_test(test_gradient_to),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
