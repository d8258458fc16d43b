/* SPDX-License-Identifier: MIT */
/* A step allocates nothing: the linker sends every allocation of this program's code through the counters below. */
#include "engine_networks.h"

#include <stdatomic.h>

static atomic_size_t allocations;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **out, size_t alignment, size_t size);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **out, size_t alignment, size_t size);

void *__wrap_malloc(size_t size) {
    allocations++;
    return __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
    allocations++;
    return __real_calloc(count, size);
}
void *__wrap_realloc(void *old, size_t size) {
    allocations++;
    return __real_realloc(old, size);
}
void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    allocations++;
    return __real_aligned_alloc(alignment, size);
}
int __wrap_posix_memalign(void **out, size_t alignment, size_t size) {
    allocations++;
    return __real_posix_memalign(out, alignment, size);
}

/* Takes the graph over. */
static void check_steps(struct graph *graph) {
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(0, 35, labels);
    struct engine *engine = open_engine(graph, 2, 35, &adam);
    double loss;
    size_t correct;
    float probabilities[35 * CLASSES];
    const size_t before = allocations, counted = memory_allocation_count();
    for (size_t n = 35; n > 0; n /= 3) { /* the first steps of all, and smaller batches */
        check(forward_images(engine, ENGINE_TRAINING, images, n));
        check(label_loss(engine, labels, &loss, &correct));
        check(engine_backward(engine));
        check(engine_update(engine, &adam));
        check(forward_images(engine, ENGINE_STATISTICS, images, n));
        check(forward_images(engine, ENGINE_INFERENCE, images, n));
        check(label_loss(engine, labels, &loss, &correct));
        check(engine_read(engine, ENGINE_PROBABILITIES, probabilities, n * CLASSES));
        check(engine_read(engine, ENGINE_LOSSES, probabilities, n));
        assert_null(engine_find_nonfinite(engine));
    }
    check(engine_adopt_statistics(engine));
    assert_int_equal(allocations, before);
    assert_int_equal(memory_allocation_count(), counted);
    engine_close(engine);
    graph_free(graph);
    memory_free(images);
}

/* The gradient to a value, beside values that are kept. */
static void check_gradient_to(struct graph *graph, const char *layer) {
    struct engine_options options = {
        .threads = 2, .batch_size = 6, .keep = &layer, .keep_count = 1, .gradient_to = layer};
    float diff[6 * CLASSES] = {1}, *images = network_images(graph, 0, 6);
    struct engine *engine = open_filled(NULL, graph, options);
    const size_t before = allocations, counted = memory_allocation_count();
    for (size_t n = 6; n > 0; n /= 3) {
        check(forward_images(engine, ENGINE_INFERENCE, images, n));
        check(engine_backward_from(engine, diff, n));
    }
    assert_int_equal(allocations, before);
    assert_int_equal(memory_allocation_count(), counted);
    engine_close(engine);
    graph_free(graph);
    memory_free(images);
}

static void steps_on_row(void) {
    check_steps(small_simcnn());
    check_steps(network_of_everything());
    check_gradient_to(network_of_everything(), "depthwise_conv2d");
}

static void test_steps(void **state) {
    (void)state;
    for_every_row(steps_on_row);
}

/* The counters do count: opening an engine allocates. */
static void test_opening(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    const size_t before = allocations;
    struct engine *engine = open_engine(graph, 2, 35, &adam);
    assert_true(allocations > before + 10);
    engine_close(engine);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_steps), cmocka_unit_test(test_opening)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
