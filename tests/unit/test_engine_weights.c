/* SPDX-License-Identifier: MIT */
/* One set of weights for many sessions in many threads; what is made of them once; the cache behind that. */
#include "engine_fixture.h"

#include "base/threads.h"
#include "engine/weights.h"
#include "model/initialize.h"

#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

enum { SESSIONS = 8, N = 5, ROUNDS = 3, HEAVY = 5 /* convolutions and dense layers */ };

/* Weights with the values that a seed gives. */
static struct weights *filled_weights(const struct graph *graph) {
    struct weights *weights;
    check(weights_create(graph, NULL, 0, &weights));
    const struct weights_list *list = weights_list(weights);
    for (size_t i = 0; i < list->count; i++) {
        const struct weights_parameter *parameter = &list->parameters[i];
        float *values = memory_allocate(parameter->size, sizeof *values);
        assert_non_null(values);
        check(graph_initial_values(graph, parameter->parameter->name, 7, values));
        check(weights_set(weights, parameter->parameter->name, values, parameter->size));
        memory_free(values);
    }
    return weights;
}

/* A session of its own in a thread: opens, waits for the others, infers. No assertion may end the test from there. */
struct session {
    const struct graph *graph;
    struct weights *weights;
    struct thread_pool *pool; /* NULL: its own */
    pthread_barrier_t *start;
    float logits[ROUNDS][N * CLASSES];
    bool failed;
};

static const float *round_images(uint32_t round) {
    static float *images[ROUNDS];
    int32_t labels[MOST_IMAGES];
    if (!images[round]) images[round] = noise_images(round, N, labels);
    return images[round];
}

static void *run_session(void *argument) {
    struct session *session = argument;
    const struct engine_options options = {
        .threads = 2, .pool = session->pool, .batch_size = N, .weights = session->weights};
    struct engine *engine = NULL;
    ocellus_status status = engine_open(NULL, session->graph, &options, &engine);
    if (session->start) pthread_barrier_wait(session->start);
    for (uint32_t round = 0; status == OCELLUS_OK && round < ROUNDS; round++) {
        status = forward_images(engine, ENGINE_INFERENCE, round_images(round), N);
        if (status == OCELLUS_OK)
            status = engine_read(engine, ENGINE_LOGITS, session->logits[round], (size_t)N * CLASSES);
    }
    session->failed = status != OCELLUS_OK;
    engine_close(engine);
    return NULL;
}

/* Of the kernels as they are; panels of channels and Winograd's transform make them larger. */
static size_t packed_bytes(const struct graph *graph) {
    size_t values = 0;
    for (size_t i = 0; i < graph->count; i++) {
        const struct node *node = &graph->nodes[i];
        if (node->parameter_count > 0 && node->parameters[0].role == PARAMETER_KERNEL)
            values += shape_size(&node->parameters[0].shape);
    }
    return values * sizeof(real);
}

static void sessions_agree(struct thread_pool *pool) {
    struct graph *graph = small_simcnn();
    struct weights *weights = filled_weights(graph);
    pthread_barrier_t start;
    pthread_t threads[SESSIONS];
    static struct session alone, sessions[SESSIONS];
    alone = (struct session){.graph = graph, .weights = weights};
    run_session(&alone);
    assert_false(alone.failed);
    assert_memory_not_equal(alone.logits[0], alone.logits[1], sizeof alone.logits[0]);
    assert_int_equal(weights_memory(weights).forms.made, HEAVY); /* one packed kernel of each */
    assert_int_equal(pthread_barrier_init(&start, NULL, SESSIONS), 0);
    for (size_t i = 0; i < SESSIONS; i++) {
        sessions[i] = (struct session){.graph = graph, .weights = weights, .pool = pool, .start = &start};
        assert_int_equal(pthread_create(&threads[i], NULL, run_session, &sessions[i]), 0);
    }
    for (size_t i = 0; i < SESSIONS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    for (size_t i = 0; i < SESSIONS; i++) {
        assert_false(sessions[i].failed);
        assert_memory_equal(sessions[i].logits, alone.logits, sizeof alone.logits);
    }
    pthread_barrier_destroy(&start);
    const struct weights_memory memory = weights_memory(weights);
    assert_int_equal(memory.forms.made, HEAVY);
    assert_int_equal(memory.plans.made, 1);
    assert_true(memory.forms.bytes >= packed_bytes(graph) && memory.forms.bytes < 3 * packed_bytes(graph));
    assert_int_equal(memory.sessions, 0);
    weights_release(weights);
    graph_free(graph);
}

static void test_sessions(void **state) {
    (void)state;
    struct thread_pool *pool;
    for (uint32_t round = 0; round < ROUNDS; round++)
        round_images(round);
    sessions_agree(NULL);
    check(thread_pool_create(3, &pool));
    sessions_agree(pool);
    thread_pool_destroy(pool);
}

/* Who made a form, and how often. */
struct form_count {
    const struct weights *weights;
    atomic_size_t made;
};

static void copy_first(void *context, void *dst) {
    struct form_count *count = context;
    usleep(2000); /* so that others come meanwhile */
    memcpy(dst, weights_values(count->weights), 64);
    atomic_fetch_add(&count->made, 1);
}

struct form_user {
    struct weights *weights;
    struct form_count *count;
    const void *forms[4];
    bool failed;
};

static void *take_forms(void *argument) {
    struct form_user *user = argument;
    for (size_t i = 0; i < 4; i++) {
        const struct weights_form form = {.maker = take_forms, .parameter = i / 2, .form = i % 2};
        if (weights_take_form(user->weights, &form, 64 * (i + 1), copy_first, user->count, &user->forms[i]))
            user->failed = true;
    }
    return NULL;
}

static void test_forms_are_made_once(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct weights *weights = filled_weights(graph);
    struct form_count count = {.weights = weights};
    struct form_user users[SESSIONS];
    pthread_t threads[SESSIONS];
    for (size_t i = 0; i < SESSIONS; i++) {
        users[i] = (struct form_user){.weights = weights, .count = &count};
        assert_int_equal(pthread_create(&threads[i], NULL, take_forms, &users[i]), 0);
    }
    for (size_t i = 0; i < SESSIONS; i++)
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    assert_int_equal(atomic_load(&count.made), 4);
    for (size_t i = 0; i < SESSIONS; i++) {
        assert_false(users[i].failed);
        assert_memory_equal(users[i].forms, users[0].forms, sizeof users[i].forms);
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal((uintptr_t)users[0].forms[i] % MEMORY_ALIGNMENT, 0);
        assert_memory_equal(users[0].forms[i], weights_values(weights), 64);
    }
    struct weights_memory memory = weights_memory(weights);
    assert_int_equal(memory.forms.count, 4);
    assert_int_equal(memory.forms.made, 4);
    assert_int_equal(memory.forms.bytes, 64 * (1 + 2 + 3 + 4));
    assert_true(memory.values >= graph_totals(graph).total * sizeof(real));
    /* Another maker's form is another; new values make all of them anew. */
    const void *other;
    const struct weights_form form = {.maker = weights, .parameter = 0, .form = 0};
    check(weights_take_form(weights, &form, 64, copy_first, &count, &other));
    assert_int_equal(weights_memory(weights).forms.made, 5);
    const uint64_t version = weights_version(weights);
    const float bias[CLASSES] = {1};
    check(weights_set(weights, "dense_1/bias", bias, CLASSES));
    assert_true(weights_version(weights) > version);
    memory = weights_memory(weights);
    assert_int_equal(memory.forms.count, 0);
    assert_int_equal(memory.forms.bytes, 0);
    take_forms(&users[0]);
    assert_int_equal(atomic_load(&count.made), 9);
    weights_release(weights);
    graph_free(graph);
}

/* Values change only while nobody else could be reading them. */
static void test_setting_is_refused(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct weights *weights = filled_weights(graph);
    const struct engine_options options = {.threads = 1, .batch_size = 1, .weights = weights};
    struct engine *one, *other;
    float bias[CLASSES] = {1, 2, 3, 4, 5}, got[CLASSES];
    check(engine_open(NULL, graph, &options, &one));
    check_refused(weights_set(weights, "dense_1/bias", bias, CLASSES), OCELLUS_IN_USE,
                  "cannot be set while 1 sessions use them (expected at most 0)");
    check(engine_set(one, "dense_1/bias", bias, CLASSES)); /* the only one may */
    check(weights_get(weights, "dense_1/bias", got, CLASSES));
    assert_memory_equal(got, bias, sizeof bias);
    check(engine_open(NULL, graph, &options, &other));
    bias[0] = 9;
    check_refused(engine_set(one, "dense_1/bias", bias, CLASSES), OCELLUS_IN_USE, "while 2 sessions use them");
    check_refused(engine_initialize(other, 1), OCELLUS_IN_USE, "while 2 sessions use them");
    check(engine_get(other, "dense_1/bias", got, CLASSES));
    assert_true(got[0] == 1 && got[4] == 5);
    engine_close(one);
    check(engine_set(other, "dense_1/bias", bias, CLASSES));
    weights_release(weights); /* the session goes on with them */
    check(engine_get(other, "dense_1/bias", got, CLASSES));
    assert_true(got[0] == 9);
    engine_close(other);
    graph_free(graph);
}

static void test_names(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct weights *weights = filled_weights(graph);
    float values[CLASSES];
    check_refused(weights_set(weights, "dense_9/bias", values, CLASSES), OCELLUS_USAGE, "dense_9/bias: no parameter");
    check_refused(weights_get(weights, "dense_1/bias", values, 1), OCELLUS_USAGE, "expected 5, got 1");
    weights_release(weights);
    graph_free(graph);
}

/* A thing for the cache: its number, and how many are not freed. */
static int alive;
static void free_thing(void *thing) {
    alive--;
    memory_free(thing);
}
static ocellus_status make_thing(void *context, struct cache_item *item) {
    *item = (struct cache_item){.thing = memory_allocate(1, 16), .bytes = *(const size_t *)context, .free = free_thing};
    if (!item->thing) return OCELLUS_IO;
    alive++;
    return OCELLUS_OK;
}
static ocellus_status make_nothing(void *context, struct cache_item *item) {
    (void)context;
    (void)item;
    return OCELLUS_IO;
}

static void *take(struct cache *cache, size_t number, const char *text, size_t bytes) {
    const struct cache_key key = {.maker = take, .first = number, .text = text};
    void *thing = NULL;
    check(cache_take(cache, &key, make_thing, &bytes, &thing));
    return thing;
}

/* Within the limit of 100 bytes: what is held stays, then what was asked for last. */
static void test_cache(void **state) {
    (void)state;
    struct cache *cache;
    check(cache_create(100, &cache));
    void *one = take(cache, 1, NULL, 40), *two = take(cache, 2, NULL, 40);
    assert_ptr_not_equal(one, two);
    assert_ptr_equal(take(cache, 1, "", 40), one);
    assert_ptr_not_equal(take(cache, 1, "other", 40), one); /* beyond the limit, and all are held */
    assert_int_equal(alive, 3);
    cache_give(cache, two);
    assert_int_equal(alive, 2); /* the only one that nobody holds */
    assert_int_equal(cache_facts(cache).bytes, 80);
    cache_give(cache, one);
    void *three = take(cache, 3, NULL, 40);
    assert_int_equal(alive, 3); /* one was taken twice */
    cache_give(cache, one);
    assert_int_equal(alive, 2);
    cache_give(cache, three);
    take(cache, 4, NULL, 20);
    assert_ptr_equal(take(cache, 3, NULL, 40), three);
    assert_int_equal(cache_facts(cache).made, 5);
    void *thing;
    assert_int_equal(cache_take(cache, &(struct cache_key){.first = 9}, make_nothing, NULL, &thing), OCELLUS_IO);
    assert_int_equal(cache_facts(cache).count, 3);
    cache_give(cache, three);
    cache_clear(cache);
    assert_int_equal(alive, 2);
    cache_free(cache);
    assert_int_equal(alive, 0);
}

/* The one that was asked for last is kept. */
static void test_cache_order(void **state) {
    (void)state;
    struct cache *cache;
    check(cache_create(100, &cache));
    for (size_t number = 0; number < 3; number++)
        cache_give(cache, take(cache, number, NULL, 30));
    cache_give(cache, take(cache, 0, NULL, 30));
    cache_give(cache, take(cache, 3, NULL, 30)); /* 120: number 1 goes */
    assert_int_equal(cache_facts(cache).made, 4);
    cache_give(cache, take(cache, 0, NULL, 30));
    cache_give(cache, take(cache, 2, NULL, 30));
    assert_int_equal(cache_facts(cache).made, 4);
    cache_give(cache, take(cache, 1, NULL, 30));
    assert_int_equal(cache_facts(cache).made, 5);
    cache_free(cache);
    assert_int_equal(alive, 0);
}

/* Plans are shared by their key, and counted apart from the forms. */
static void test_plans(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct weights *weights = filled_weights(graph);
    const struct cache_key of_two = {.first = 2, .text = "keep conv2d"}, of_four = {.first = 4, .text = "keep conv2d"};
    size_t bytes = 1000;
    void *one, *same, *other;
    check(weights_take_plan(weights, &of_two, make_thing, &bytes, &one));
    check(weights_take_plan(weights, &of_two, make_thing, &bytes, &same));
    bytes = WEIGHTS_PLAN_BYTES;
    check(weights_take_plan(weights, &of_four, make_thing, &bytes, &other));
    assert_ptr_equal(one, same);
    assert_ptr_not_equal(one, other);
    const struct weights_memory memory = weights_memory(weights);
    assert_int_equal(memory.plans.count, 2);
    assert_int_equal(memory.plans.bytes, WEIGHTS_PLAN_BYTES + 1000);
    assert_int_equal(memory.forms.count, 0);
    weights_give_plan(weights, other);
    assert_int_equal(weights_memory(weights).plans.bytes, 1000);
    weights_release(weights);
    assert_int_equal(alive, 0);
    graph_free(graph);
}

/* A value that is set between two passes is used by the second, however it was packed for the first. */
static void test_new_values(void **state) {
    (void)state;
    struct graph *graph = small_simcnn();
    struct weights *weights = filled_weights(graph), *others = filled_weights(graph);
    struct engine *engine, *fresh;
    struct engine_options options = {.threads = 1, .batch_size = N, .weights = weights};
    float first[N * CLASSES], second[N * CLASSES], expected[N * CLASSES];
    const size_t count = shape_size(&graph_parameter(graph, "conv2d_1/kernel", NULL)->shape);
    float *kernel = memory_allocate(count, sizeof *kernel);
    int32_t labels[MOST_IMAGES];
    float *images = noise_images(0, N, labels);
    assert_non_null(kernel);
    check(weights_get(weights, "conv2d_1/kernel", kernel, count));
    for (size_t i = 0; i < count; i += 3)
        kernel[i] = -kernel[i];
    check(weights_set(others, "conv2d_1/kernel", kernel, count));
    check(engine_open(NULL, graph, &options, &engine));
    options.weights = others;
    check(engine_open(NULL, graph, &options, &fresh));
    check(forward_images(engine, ENGINE_INFERENCE, images, N));
    check(engine_read(engine, ENGINE_LOGITS, first, N * CLASSES));
    check(engine_set(engine, "conv2d_1/kernel", kernel, count));
    check(forward_images(engine, ENGINE_INFERENCE, images, N));
    check(engine_read(engine, ENGINE_LOGITS, second, N * CLASSES));
    check(forward_images(fresh, ENGINE_INFERENCE, images, N));
    check(engine_read(fresh, ENGINE_LOGITS, expected, N * CLASSES));
    assert_memory_not_equal(first, second, sizeof first);
    assert_memory_equal(second, expected, sizeof second);
    engine_close(engine);
    engine_close(fresh);
    weights_release(weights);
    weights_release(others);
    memory_free(kernel);
    memory_free(images);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_sessions),
        cmocka_unit_test(test_forms_are_made_once),
        cmocka_unit_test(test_setting_is_refused),
        cmocka_unit_test(test_names),
        cmocka_unit_test(test_cache),
        cmocka_unit_test(test_cache_order),
        cmocka_unit_test(test_plans),
        cmocka_unit_test(test_new_values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
