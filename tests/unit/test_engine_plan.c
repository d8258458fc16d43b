/* SPDX-License-Identifier: MIT */
/* What a plan costs: it grows with the network, however its values branch, and inference makes nothing twice. */
#include "engine_networks.h"

#include "engine/operator.h"
#include "engine/plan_create.h"
#include "model/resnet50.h"

enum { WIDE = 4 };

/* A trunk of n convolutions, each read by the next one and by a pooled dense head; the logits are the sum of these and of
 * the input's head. */
static struct graph *trunk_with_heads(size_t n) {
    struct graph *graph = new_network("heads", 6, 6, 2);
    size_t trunk = 0, sum = add_dense(graph, NULL, add_plain(graph, &layer_flatten, NULL, 0), 3, UNARY_LINEAR);
    for (size_t i = 0; i < n; i++) {
        trunk = add_conv(graph, NULL, trunk, WIDE, 3, 1, PADDING_SAME, UNARY_RELU);
        const size_t pooled = add_plain(graph, &layer_global_average_pooling2d, NULL, trunk),
                     head = add_dense(graph, NULL, pooled, 3, UNARY_LINEAR);
        sum = add_two(graph, &layer_add, NULL, sum, head);
    }
    return graph;
}

/* The same with BatchNormalization, whose values are cheap, and a Flatten in front of each head. */
static struct graph *normed_trunk_with_heads(size_t n) {
    struct graph *graph = new_network("normed-heads", 3, 3, 2);
    size_t trunk = 0, sum = add_dense(graph, NULL, add_plain(graph, &layer_flatten, NULL, 0), 3, UNARY_LINEAR);
    for (size_t i = 0; i < n; i++) {
        trunk = add_conv(graph, NULL, trunk, WIDE, 3, 1, PADDING_SAME, UNARY_LINEAR);
        trunk = add_relu(graph, NULL, add_norm(graph, NULL, trunk));
        const size_t flat = add_plain(graph, &layer_flatten, NULL, trunk),
                     head = add_dense(graph, NULL, flat, 3, UNARY_LINEAR);
        sum = add_two(graph, &layer_add, NULL, sum, head);
    }
    return graph;
}

static struct graph *chain_of_excites(size_t n, bool dense) {
    struct graph *graph = new_network("excites", 6, 6, WIDE);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t shortcut = at;
        at = add_conv(graph, NULL, at, WIDE, 3, 1, PADDING_SAME, UNARY_LINEAR);
        at = add_relu(graph, NULL, add_norm(graph, NULL, at));
        at = add_excite(graph, NULL, at, WIDE, dense);
        at = add_two(graph, &layer_add, NULL, at, shortcut);
    }
    at = add_plain(graph, &layer_global_average_pooling2d, NULL, at);
    add_dense(graph, NULL, at, 3, UNARY_SOFTMAX);
    return graph;
}
static struct graph *dense_excites(size_t n) {
    return chain_of_excites(n, true);
}
static struct graph *convolved_excites(size_t n) {
    return chain_of_excites(n, false);
}

/* Branches of branches: every value is read by the two that follow it. */
static struct graph *fibonacci(size_t n) {
    struct graph *graph = new_network("fibonacci", 4, 4, WIDE);
    size_t before = 0, at = add_relu(graph, NULL, 0);
    for (size_t i = 0; i < n; i++) {
        const size_t sum = add_two(graph, &layer_add, NULL, at, before);
        before = at;
        at = add_unary(graph, NULL, sum, (struct unary){.function = UNARY_TANH});
    }
    at = add_plain(graph, &layer_flatten, NULL, at);
    add_dense(graph, NULL, at, 3, UNARY_SOFTMAX);
    return graph;
}

struct planned {
    struct graph *graph;
    struct lowered *lowered;
    struct plan *plan;
};

static struct planned plan_of(struct graph *graph, size_t batch_size, bool training) {
    struct planned planned = {.graph = graph};
    const char *why;
    const struct plan_options options = {.batch_size = batch_size, .training = training, .gradient_to = PLAN_NONE};
    check(lower_graph(graph, &planned.lowered));
    check(plan_create(planned.lowered, engine_operators, kernels_select(&why), &options, &planned.plan));
    return planned;
}

static void free_planned(struct planned planned) {
    plan_free(planned.plan);
    lowered_free(planned.lowered);
    graph_free(planned.graph);
}

/* Makes nothing: the inputs of a concatenation, the border of an image, a value that goes to two places. */
static bool moves_values(const struct task *task) {
    const char *name = task->type->name;
    return strcmp(name, "copy_pixels") == 0 || strcmp(name, "fill_border") == 0 ||
           (strcmp(name, "affine") == 0 && task->norm == PLAN_NONE && !task->relu);
}

static void nothing_is_made_twice(const struct plan *plan) {
    for (size_t i = 0; i < plan->task_count; i++) {
        const struct task *a = &plan->tasks[i];
        for (size_t k = i + 1; k < plan->task_count && !moves_values(a); k++) {
            const struct task *b = &plan->tasks[k];
            if (a->type == b->type && a->operation == b->operation)
                fail_msg("%s: operation %zu: %s twice", plan->lowered->graph->name, a->operation, a->type->name);
        }
    }
}

/* Every kernel's layer is there, and has one task of the forward pass. */
static void every_kernel_runs_once(const struct plan *plan) {
    for (size_t i = 1; i < plan->lowered->count; i++) {
        size_t products = 0;
        for (size_t t = 0; t < plan->task_count; t++)
            products += plan->tasks[t].operation == i && plan->tasks[t].type->work == WORK_FORWARD;
        assert_int_equal(products, plan->lowered->operations[i].parameters[PARAMETER_KERNEL] != PARAMETER_NONE);
    }
}

/* At most double, but for what the first and the last layers have or lack. */
static bool is_linear(size_t before, size_t now) {
    enum { ENDS = 4 };
    return now <= 2 * before + ENDS;
}

static void check_growth(struct graph *(*make)(size_t n), bool training) {
    static const size_t batches[] = {1, 20};
    for (size_t b = 0; b < sizeof batches / sizeof *batches; b++) {
        size_t tasks = 0, buffers = 0, segments = 0;
        for (size_t n = 32; n <= 128; n *= 2) {
            const struct planned planned = plan_of(make(n), batches[b], training);
            const struct plan *plan = planned.plan;
            if (!training) {
                nothing_is_made_twice(plan);
                every_kernel_runs_once(plan);
            }
            assert_true(plan->task_count >= n);
            if (n > 32 && !(is_linear(tasks, plan->task_count) && is_linear(buffers, plan->buffer_count) &&
                            is_linear(segments, plan->segment_count)))
                fail_msg("%s, %zu, %s: %zu tasks after %zu, %zu buffers after %zu, %zu segments after %zu",
                         planned.graph->name, n, training ? "training" : "inference", plan->task_count, tasks,
                         plan->buffer_count, buffers, plan->segment_count, segments);
            tasks = plan->task_count;
            buffers = plan->buffer_count;
            segments = plan->segment_count;
            free_planned(planned);
        }
    }
}

static void test_growth_of_inference(void **state) {
    (void)state;
    check_growth(trunk_with_heads, false);
    check_growth(normed_trunk_with_heads, false);
    check_growth(dense_excites, false);
    check_growth(convolved_excites, false);
    check_growth(fibonacci, false);
}

static void test_growth_of_training(void **state) {
    (void)state;
    check_growth(trunk_with_heads, true);
    check_growth(normed_trunk_with_heads, true);
    check_growth(dense_excites, true);
    check_growth(convolved_excites, true);
    check_growth(fibonacci, true);
}

static void test_nothing_twice(void **state) {
    (void)state;
    struct graph *resnet;
    check(graph_resnet50(32, 32, 3, 10, 32, RESNET50_EPSILON, &resnet));
    struct graph *const graphs[] = {small_simcnn(), network_of_everything(), resnet};
    for (size_t i = 0; i < sizeof graphs / sizeof *graphs; i++) {
        const struct planned planned = plan_of(graphs[i], 8, false);
        nothing_is_made_twice(planned.plan);
        every_kernel_runs_once(planned.plan);
        free_planned(planned);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_growth_of_inference),
        cmocka_unit_test(test_growth_of_training),
        cmocka_unit_test(test_nothing_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
