/* SPDX-License-Identifier: MIT */
/* Targets, metrics, a loss that is not finite, and parameter groups. */
#include "engine_fixture.h"

#include "base/sha256.h"
#include "engine/loss.h"
#include "engine/weights.h"

#include <math.h>
#include <stdio.h>

enum { N = 19 };

/* A batch of noise that has passed forward, for training. */
struct subject {
    struct graph *graph;
    struct engine *engine;
    int32_t labels[MOST_IMAGES];
    float logits[N * CLASSES];
};

static void open_subject(struct subject *subject, const struct engine_options *options) {
    struct engine_options all = *options;
    all.threads = 2;
    all.batch_size = N;
    all.training = true;
    subject->graph = small_simcnn();
    check(engine_open(NULL, subject->graph, &all, &subject->engine));
    check(engine_initialize(subject->engine, 7));
}

static void close_subject(struct subject *subject) {
    engine_close(subject->engine);
    graph_free(subject->graph);
}

static void forward(struct subject *subject) {
    float *images = noise_images(3, N, subject->labels);
    check(forward_images(subject->engine, ENGINE_TRAINING, images, N));
    check(engine_read(subject->engine, ENGINE_LOGITS, subject->logits, N * CLASSES));
    memory_free(images);
}

/* What targets mean, in double, after a softmax: shares of labels or given, smoothed; losses and the gradient to the last
 * layer's bias, which is the sum of those to the logits. */
static double expected_loss(const struct subject *subject, const struct engine_targets *targets,
                            double bias_gradient[CLASSES]) {
    double total = 0;
    for (size_t c = 0; c < CLASSES; c++)
        bias_gradient[c] = 0;
    for (size_t i = 0; i < N; i++) {
        double sum = 0, loss = 0, share[CLASSES], all = 0;
        for (size_t c = 0; c < CLASSES; c++) {
            const double given =
                targets->shares ? (double)targets->shares[i * CLASSES + c] : subject->labels[i] == (int32_t)c;
            share[c] = given * (1 - targets->smoothing) + targets->smoothing / CLASSES;
            all += share[c];
            sum += exp((double)subject->logits[i * CLASSES + c]);
        }
        const double weight = targets->weights ? (double)targets->weights[i] : 1;
        const double over = targets->denominator > 0 ? targets->denominator : N;
        for (size_t c = 0; c < CLASSES; c++) {
            const double logit = (double)subject->logits[i * CLASSES + c];
            loss += share[c] * (log(sum) - logit);
            bias_gradient[c] += weight * (exp(logit) / sum * all - share[c]) / over;
        }
        total += weight * loss;
    }
    return total;
}

static void check_targets(const struct engine_targets *wanted) {
    struct subject subject;
    struct engine_targets targets = *wanted;
    struct engine_metrics metrics;
    double expected[CLASSES];
    float gradient[CLASSES];
    open_subject(&subject, &(struct engine_options){.optimizer = adam});
    forward(&subject);
    targets.labels = targets.shares ? NULL : subject.labels;
    const double loss = expected_loss(&subject, &targets, expected);
    check(engine_loss(subject.engine, &targets));
    check(engine_metrics(subject.engine, &metrics));
    check(engine_backward(subject.engine));
    check(engine_get(subject.engine, "dense_1/bias/gradient", gradient, CLASSES));
    assert_int_equal(metrics.images, N);
    assert_true(metrics.finite);
    /* Sums of N numbers of about 2 in float. */
    if (!(fabs(metrics.loss_sum - loss) <= 2e-6 * N)) fail_msg("loss %.9g, expected %.9g", metrics.loss_sum, loss);
    for (size_t c = 0; c < CLASSES; c++) {
        if (!(fabs((double)gradient[c] - expected[c]) <= 1e-6))
            fail_msg("class %zu: gradient %.9g, expected %.9g", c, (double)gradient[c], expected[c]);
    }
    close_subject(&subject);
}

static void test_targets(void **state) {
    (void)state;
    float shares[N * CLASSES], weights[N];
    struct random_stream stream = random_at(5, RANDOM_TEST, 0, 0);
    for (size_t i = 0; i < N * CLASSES; i++)
        shares[i] = random_unit(&stream) * (i % 4 ? 1 : 0);
    for (size_t i = 0; i < N; i++)
        weights[i] = (float)(i % 5) / 2;
    check_targets(&(struct engine_targets){0});
    check_targets(&(struct engine_targets){.denominator = 64});
    check_targets(&(struct engine_targets){.smoothing = 0.1});
    check_targets(&(struct engine_targets){.weights = weights});
    check_targets(&(struct engine_targets){.shares = shares});
    check_targets(
        &(struct engine_targets){.shares = shares, .weights = weights, .smoothing = 0.25, .denominator = 7.5});
}

static void test_refused_targets(void **state) {
    (void)state;
    struct subject subject;
    float shares[N * CLASSES] = {0}, weights[N] = {0};
    open_subject(&subject, &(struct engine_options){.optimizer = adam});
    forward(&subject);
    const int32_t *labels = subject.labels;
    shares[N * CLASSES - 1] = NAN;
    weights[N - 1] = -1;
    const struct {
        struct engine_targets targets;
        const char *words;
    } cases[] = {
        {{0}, "neither labels nor shares"},
        {{.shares = shares}, "a share is not finite"},
        {{.labels = labels, .weights = weights}, "a weight is negative or not finite"},
        {{.labels = labels, .smoothing = 1}, "smoothing 1 "},
        {{.labels = labels, .smoothing = -0.1}, "smoothing -0.1 "},
        {{.labels = labels, .smoothing = NAN}, "smoothing"},
        {{.labels = labels, .denominator = -1}, "denominator -1 "},
        {{.labels = labels, .denominator = INFINITY}, "denominator"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        check_refused(engine_loss(subject.engine, &cases[i].targets), OCELLUS_USAGE, cases[i].words);
    check_refused(engine_backward(subject.engine), OCELLUS_USAGE, "needs a loss");
    close_subject(&subject);
}

/* The image counts as right where the largest logit is that of the largest share. */
static void test_correct(void **state) {
    (void)state;
    struct subject subject;
    struct engine_metrics metrics;
    float shares[N * CLASSES] = {0};
    open_subject(&subject, &(struct engine_options){.optimizer = adam});
    forward(&subject);
    size_t expected = 0;
    for (size_t i = 0; i < N; i++) {
        size_t best = 0;
        for (size_t c = 1; c < CLASSES; c++) {
            if (subject.logits[i * CLASSES + c] > subject.logits[i * CLASSES + best]) best = c;
        }
        const size_t wanted = (best + i % 3) % CLASSES;
        expected += wanted == best;
        shares[i * CLASSES + wanted] = 0.6F;
        shares[i * CLASSES + (wanted + 1) % CLASSES] = 0.4F;
    }
    check(engine_loss(subject.engine, &(struct engine_targets){.shares = shares}));
    check(engine_metrics(subject.engine, &metrics));
    assert_int_equal(metrics.correct, expected);
    close_subject(&subject);
}

/* Independent classes: the loss of an image is the mean over its classes, and smoothing pulls to one half. */
static void test_sigmoid(void **state) {
    (void)state;
    enum { IMAGES = 2, KINDS = 3 };
    static const real logits[IMAGES * KINDS] = {-3, 0.5F, 40, 2, -100, 0};
    static const float shares[IMAGES * KINDS] = {0, 1, 1, 0.25F, 1, 0};
    real losses[IMAGES], diff[IMAGES * KINDS], room[IMAGES * KINDS], weights[IMAGES], probabilities[IMAGES * KINDS];
    const struct loss_batch batch = {kernels_select(NULL), IMAGES, KINDS, logits, losses, diff, room, weights};
    const struct engine_targets targets = {.shares = shares, .smoothing = 0.2};
    struct engine_metrics metrics = {0};
    double sum = 0;
    loss_take(LINK_SIGMOID, &batch, &targets, &metrics);
    loss_probabilities(LINK_SIGMOID, batch.kernels, IMAGES, KINDS, logits, probabilities);
    for (size_t i = 0; i < IMAGES * KINDS; i++) {
        const double x = (double)logits[i], t = (double)shares[i] * 0.8 + 0.1, p = 1 / (1 + exp(-x));
        sum += (t * log1p(exp(-x)) + (1 - t) * (log1p(exp(-fabs(x))) + (x > 0 ? x : 0))) / KINDS;
        assert_true(fabs((double)probabilities[i] - p) < 1e-6);
        assert_true(fabs((double)diff[i] - (p - t) / KINDS / IMAGES) < 1e-6);
    }
    if (!(fabs(metrics.loss_sum - sum) < 1e-5)) fail_msg("loss %.9g, expected %.9g", metrics.loss_sum, sum);
    assert_int_equal(metrics.correct, 0); /* the largest shares are of classes 1 and 1, the largest logits 2 and 0 */
}

/* An update after a loss that is no number moves nothing: no weight, no state, no count. */
static void diverge_with(const struct optimizer *optimizer) {
    struct subject subject;
    struct engine_metrics metrics;
    char before[SHA256_TEXT_SIZE], after[SHA256_TEXT_SIZE];
    float bias[CLASSES] = {0, NAN};
    open_subject(&subject, &(struct engine_options){.optimizer = *optimizer});
    train_step(subject.engine, optimizer, 0, N);
    check(engine_set(subject.engine, "dense_1/bias", bias, CLASSES));
    float *images = noise_images(1, N, subject.labels);
    check(forward_images(subject.engine, ENGINE_TRAINING, images, N));
    check(engine_loss(subject.engine, &(struct engine_targets){.labels = subject.labels}));
    check(engine_metrics(subject.engine, &metrics));
    assert_false(metrics.finite);
    check(engine_backward(subject.engine));
    hash_engine(subject.engine, before);
    check_refused(engine_update(subject.engine, optimizer), OCELLUS_DIVERGED, "nothing was updated");
    hash_engine(subject.engine, after);
    assert_string_equal(before, after);
    assert_int_equal(engine_updates(subject.engine), 1);
    bias[1] = 0; /* and it goes on where it was */
    check(engine_set(subject.engine, "dense_1/bias", bias, CLASSES));
    train_step(subject.engine, optimizer, 2, N);
    assert_int_equal(engine_updates(subject.engine), 2);
    memory_free(images);
    close_subject(&subject);
}

static void test_diverged(void **state) {
    (void)state;
    diverge_with(&adam);
    diverge_with(&(struct optimizer){.kind = OPTIMIZER_SGD, .learning_rate = 0.1, .momentum = 0.9});
}

/* A step from the same start in two engines; the values of a tensor before and after. */
static void steps(const struct optimizer *optimizer, const struct parameter_group *groups, size_t count,
                  char hash[SHA256_TEXT_SIZE], struct subject *subject) {
    open_subject(subject, &(struct engine_options){.optimizer = *optimizer, .groups = groups, .group_count = count});
    for (uint32_t step = 0; step < 3; step++)
        train_step(subject->engine, optimizer, step, N);
    hash_engine(subject->engine, hash);
}

/* Groups that scale by 1 change no bit, wherever their parameters lie; one of 0 stands still. */
static void test_groups(void **state) {
    (void)state;
    const struct parameter_group ones[] = {{"dense*", 1, 0}, {"conv2d", 1, 0}},
                                 still[] = {{"dense", 0, 0}, {"dense*", 1, 0}};
    struct subject plain, grouped, frozen, fresh;
    char hash[SHA256_TEXT_SIZE], other[SHA256_TEXT_SIZE];
    steps(&adam, NULL, 0, hash, &plain);
    steps(&adam, ones, 2, other, &grouped);
    assert_string_equal(hash, other);
    steps(&adam, still, 2, other, &frozen);
    assert_string_not_equal(hash, other);
    open_subject(&fresh, &(struct engine_options){.optimizer = adam});
    for (size_t i = 0; i < engine_tensor_count(frozen.engine); i++) {
        const struct engine_tensor tensor = engine_tensor_at(frozen.engine, i);
        const struct node *node;
        if (tensor.kind != ENGINE_PARAMETER) continue;
        const size_t count = shape_size(tensor.shape);
        float *now = tensor_values(frozen.engine, tensor.name, count);
        float *start = tensor_values(fresh.engine, tensor.name, count);
        assert_non_null(graph_parameter(frozen.graph, tensor.name, &node));
        assert_int_equal(memcmp(now, start, count * sizeof *now) == 0, strcmp(node->name, "dense") == 0);
        memory_free(now);
        memory_free(start);
    }
    close_subject(&plain);
    close_subject(&grouped);
    close_subject(&frozen);
    close_subject(&fresh);
}

/* Half the rate for a group is half the step, exactly, for SGD. */
static void test_group_rate(void **state) {
    (void)state;
    const struct optimizer sgd = {.kind = OPTIMIZER_SGD, .learning_rate = 0.125};
    const struct parameter_group half = {"dense_1", 0.5, 0};
    struct subject subject;
    float before[CLASSES], after[CLASSES], gradient[CLASSES];
    open_subject(&subject, &(struct engine_options){.optimizer = sgd, .groups = &half, .group_count = 1});
    check(engine_get(subject.engine, "dense_1/bias", before, CLASSES));
    train_step(subject.engine, &sgd, 0, N);
    check(engine_get(subject.engine, "dense_1/bias", after, CLASSES));
    check(engine_get(subject.engine, "dense_1/bias/gradient", gradient, CLASSES));
    for (size_t c = 0; c < CLASSES; c++)
        assert_true(after[c] == before[c] - 0.0625F * gradient[c] && after[c] != before[c]);
    close_subject(&subject);
}

/* Adam's correction by the number of updates is that of the group's own: as if it had begun then. */
static void test_group_beginning(void **state) {
    (void)state;
    const struct parameter_group all = {"*", 1, 7};
    struct subject plain, later;
    char hash[SHA256_TEXT_SIZE], other[SHA256_TEXT_SIZE];
    steps(&adam, NULL, 0, hash, &plain);
    for (size_t counted = 0; counted < 2; counted++) {
        open_subject(&later, &(struct engine_options){.optimizer = adam, .groups = &all, .group_count = counted});
        engine_set_updates(later.engine, 7);
        for (uint32_t step = 0; step < 3; step++)
            train_step(later.engine, &adam, step, N);
        assert_int_equal(engine_updates(later.engine), 10);
        hash_engine(later.engine, other);
        assert_true((strcmp(hash, other) == 0) == (counted == 1));
        close_subject(&later);
    }
    close_subject(&plain);
}

/* The parameters of a group lie together, the trained before the rest, the first pattern that matches decides. */
static void test_group_layout(void **state) {
    (void)state;
    const struct parameter_group groups[] = {{"dense_1", 1, 0}, {"dense*", 1, 0}};
    struct graph *graph = small_simcnn();
    struct weights *weights;
    size_t matched;
    check(graph_freeze(graph, "conv2d", &matched));
    check(weights_create(graph, groups, 2, &weights));
    const struct weights_list *list = weights_list(weights);
    size_t in_group[3] = {0};
    for (size_t i = 0; i < list->count; i++) {
        const struct weights_parameter *parameter = &list->parameters[i];
        const char *layer = graph->nodes[parameter->node].name;
        const size_t group = strcmp(layer, "dense_1") == 0 ? 1 : strcmp(layer, "dense") == 0 ? 2 : 0;
        assert_int_equal(parameter->group, group);
        assert_int_equal(parameter->offset % 16, 0);
        if (!parameter->trained) {
            assert_true(parameter->offset >= list->trained_size);
            continue;
        }
        in_group[group]++;
        assert_true(parameter->offset >= list->group_begin[group]);
        assert_true(parameter->offset + parameter->size <= list->group_begin[group + 1]);
    }
    assert_int_equal(list->group_begin[3], list->trained_size);
    assert_true(in_group[0] > 2 && in_group[1] == 2 && in_group[2] == 2);
    weights_release(weights);
    graph_free(graph);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_targets),    cmocka_unit_test(test_refused_targets), cmocka_unit_test(test_correct),
        cmocka_unit_test(test_sigmoid),    cmocka_unit_test(test_diverged),        cmocka_unit_test(test_groups),
        cmocka_unit_test(test_group_rate), cmocka_unit_test(test_group_beginning), cmocka_unit_test(test_group_layout),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
