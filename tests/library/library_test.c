/* SPDX-License-Identifier: MIT */
/* Every public call, as hosts call it. Files are made in the folder where the test stands. */
#include "host.h"

#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SMALL_STACK = 0 }; /* the sanitizers' own frames are larger */
#else
enum { SMALL_STACK = 64 * 1024 };
#endif

enum { SIMCNN_SIDE = 32, SIMCNN_VALUES = SIMCNN_SIDE * SIMCNN_SIDE * 3, SIMCNN_IMAGES = 48 };

/* cmocka's assertions end a test by a jump, which no other thread may do: what runs on threads says where and aborts. */
#define must(good)                                                                                                     \
    do {                                                                                                               \
        if (!(good)) {                                                                                                 \
            fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #good, ocellus_message());                          \
            abort();                                                                                                   \
        }                                                                                                              \
    } while (0)

static uint8_t large_pixels[SIMCNN_IMAGES * SIMCNN_VALUES];

static ocellus_dataset *new_large_dataset(void) {
    uint16_t labels[SIMCNN_IMAGES];
    ocellus_dataset *dataset = NULL;
    for (size_t i = 0; i < sizeof large_pixels; i++)
        large_pixels[i] = (uint8_t)(i * 2654435761u >> 13);
    for (size_t i = 0; i < SIMCNN_IMAGES; i++)
        labels[i] = (uint16_t)(i % CLASSES);
    must(ocellus_dataset_create(SIMCNN_IMAGES, SIMCNN_SIDE, SIMCNN_SIDE, CLASSES, large_pixels, labels, &dataset) ==
         OCELLUS_OK);
    return dataset;
}

static ocellus_model *new_model(const ocellus_dataset *like, size_t threads) {
    ocellus_model_options options = ocellus_model_options_default();
    ocellus_model *model = NULL;
    options.threads = threads;
    must(ocellus_model_create("simcnn", like, &options, &model) == OCELLUS_OK);
    return model;
}

#define refused(call, status, words)                                                                                   \
    do {                                                                                                               \
        must((call) == (status));                                                                                      \
        must(strstr(ocellus_message(), (words)));                                                                      \
    } while (0)

/* --- each call with its refusals --- */

static void test_version(void **state) {
    (void)state;
    char text[40];
    snprintf(text, sizeof text, "%d.%d.%d", OCELLUS_VERSION_MAJOR, OCELLUS_VERSION_MINOR, OCELLUS_VERSION_PATCH);
    must(strcmp(ocellus_version(), text) == 0);
    must(strcmp(OCELLUS_VERSION, text) == 0);
    must(OCELLUS_VERSION_NUMBER / 10000 == OCELLUS_VERSION_MAJOR);
    must(OCELLUS_VERSION_NUMBER / 100 % 100 == OCELLUS_VERSION_MINOR);
    must(OCELLUS_VERSION_NUMBER % 100 == OCELLUS_VERSION_PATCH);
    must(ocellus_message());
}

static void test_datasets(void **state) {
    (void)state;
    static uint8_t pixels[IMAGES * VALUES];
    uint16_t labels[IMAGES];
    ocellus_dataset *dataset = NULL, *other = NULL;
    make_images(pixels, labels);
    refused(ocellus_dataset_create(IMAGES, SIDE, SIDE, CLASSES, NULL, labels, &dataset), OCELLUS_USAGE, "NULL");
    refused(ocellus_dataset_create(IMAGES, SIDE, SIDE, CLASSES, pixels, NULL, &dataset), OCELLUS_USAGE, "NULL");
    refused(ocellus_dataset_create(IMAGES, SIDE, SIDE, CLASSES, pixels, labels, NULL), OCELLUS_USAGE, "NULL");
    refused(ocellus_dataset_create(0, SIDE, SIDE, CLASSES, pixels, labels, &dataset), OCELLUS_USAGE, "at least 1");
    refused(ocellus_dataset_create(IMAGES, 0, SIDE, CLASSES, pixels, labels, &dataset), OCELLUS_USAGE, "at least 1");
    refused(ocellus_dataset_create(IMAGES, SIDE, SIDE, 0, pixels, labels, &dataset), OCELLUS_USAGE, "at least 1");
    refused(ocellus_dataset_create(IMAGES, SIDE, 0, CLASSES, pixels, labels, &dataset), OCELLUS_USAGE, "at least 1");
    refused(ocellus_dataset_create(IMAGES, SIDE, SIDE, 65537, pixels, labels, &dataset), OCELLUS_USAGE, "65536");
    refused(ocellus_dataset_create(SIZE_MAX / 2, SIDE, SIDE, CLASSES, pixels, labels, &dataset), OCELLUS_USAGE, "fit");
    refused(ocellus_dataset_create(IMAGES, SIZE_MAX / 2, 3, CLASSES, pixels, labels, &dataset), OCELLUS_USAGE, "fit");
    refused(ocellus_dataset_create(IMAGES, SIDE, SIDE, 2, pixels, labels, &dataset), OCELLUS_BAD_CONTENT, "label 2");
    must(!dataset);
    dataset = new_dataset();
    must(ocellus_dataset_count(dataset) == IMAGES);
    must(ocellus_dataset_count(NULL) == 0);
    ocellus_dataset_free(dataset);
    ocellus_dataset_free(NULL);
    refused(ocellus_cifar10_load("nowhere", NULL, &other), OCELLUS_USAGE, "NULL");
    refused(ocellus_cifar10_load("nowhere", &dataset, NULL), OCELLUS_USAGE, "NULL");
    dataset = NULL;
    refused(ocellus_cifar10_load("nowhere", &dataset, &other), OCELLUS_IO, "nowhere");
    refused(ocellus_cifar10_load(NULL, &dataset, &other), OCELLUS_IO, "ocellus data fetch cifar10");
    must(mkdir("cifar10", 0777) == 0);
    write_cifar10("cifar10", 10);
    refused(ocellus_cifar10_load("cifar10", &dataset, &other), OCELLUS_BAD_CONTENT, "label 10");
    must(!dataset && !other);
    write_cifar10("cifar10", 9);
    must(ocellus_cifar10_load("cifar10", &dataset, &other) == OCELLUS_OK);
    must(ocellus_dataset_count(dataset) == 10);
    must(ocellus_dataset_count(other) == 2);
    remove_cifar10("cifar10");
    ocellus_dataset_free(dataset);
    ocellus_dataset_free(other);
}

static void test_models_are_made(void **state) {
    (void)state;
    ocellus_dataset *small = new_dataset(), *large = new_large_dataset();
    ocellus_model_options options = ocellus_model_options_default();
    ocellus_model *model = NULL;
    size_t height = 1, width = 1, classes = 1;
    must(options.threads == 0);
    must(options.seed == 1);
    refused(ocellus_model_create(NULL, large, NULL, &model), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_create("simcnn", NULL, NULL, &model), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_create("simcnn", large, NULL, NULL), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_create("simcn", large, NULL, &model), OCELLUS_USAGE, "simcnn");
    must(ocellus_model_create("simcnn", small, NULL, &model) != OCELLUS_OK); /* 8x8 is too small for it */
    options.threads = 100000;
    refused(ocellus_model_create("simcnn", large, &options, &model), OCELLUS_USAGE, "threads");
    must(setenv("OCELLUS_CPU", "abacus", 1) == 0);
    refused(ocellus_model_create("simcnn", large, NULL, &model), OCELLUS_USAGE, "OCELLUS_CPU");
    must(unsetenv("OCELLUS_CPU") == 0);
    must(!model);
    model = new_model(large, 1);
    ocellus_model_sizes(model, &height, &width, &classes);
    must(height == SIMCNN_SIDE);
    must(width == SIMCNN_SIDE);
    must(classes == CLASSES);
    ocellus_model_sizes(model, NULL, NULL, NULL);
    ocellus_model_sizes(NULL, &height, &width, &classes);
    must(height + width + classes == 0);
    ocellus_model_free(model);
    ocellus_model_free(NULL);
    ocellus_dataset_free(small);
    ocellus_dataset_free(large);
}

static void test_models_are_saved_and_loaded(void **state) {
    (void)state;
    ocellus_dataset *data = new_large_dataset();
    ocellus_model *model = new_model(data, 1), *again = NULL;
    float before[CLASSES], after[CLASSES];
    refused(ocellus_model_save(NULL, "model.safetensors"), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_save(model, NULL), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_save(model, "nowhere/model.safetensors"), OCELLUS_IO, "nowhere");
    must(ocellus_model_save(model, "model.safetensors") == OCELLUS_OK);
    refused(ocellus_model_load(NULL, NULL, &again), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_load("model.safetensors", NULL, NULL), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_load("none.safetensors", NULL, &again), OCELLUS_IO, "none.safetensors");
    ocellus_model_options options = {.threads = 100000};
    refused(ocellus_model_load("model.safetensors", &options, &again), OCELLUS_USAGE, "threads");
    FILE *file = fopen("odd.safetensors", "wb");
    must(file && fputs("no model at all", file) >= 0 && fclose(file) == 0);
    refused(ocellus_model_load("odd.safetensors", NULL, &again), OCELLUS_BAD_CONTENT, "odd.safetensors");
    must(!again);
    must(ocellus_model_load("model.safetensors", NULL, &again) == OCELLUS_OK);
    must(ocellus_model_predict(model, large_pixels, 1, before) == OCELLUS_OK);
    must(ocellus_model_predict(again, large_pixels, 1, after) == OCELLUS_OK);
    must(memcmp(before, after, sizeof before) == 0);
    ocellus_model_free(model);
    ocellus_model_free(again);
    ocellus_dataset_free(data);
}

/* Networks that take no colour images would be fed past their arrays, or for ever. */
static void test_other_inputs_are_refused(void **state) {
    (void)state;
    static const size_t shapes[][3] = {{12}, {4, 4, 1}, {4, 4, 2}, {4, 4, 5}};
    for (size_t i = 0; i < sizeof shapes / sizeof shapes[0]; i++) {
        ocellus_model *model = NULL;
        write_model("odd.safetensors", shapes[i], i == 0 ? 1 : 3, 1);
        refused(ocellus_model_load("odd.safetensors", NULL, &model), OCELLUS_BAD_CONTENT, "(height, width, 3)");
        must(!model);
    }
}

static void test_predictions(void **state) {
    (void)state;
    static uint8_t pixels[IMAGES * VALUES];
    uint16_t labels[IMAGES];
    static const size_t shape[] = {SIDE, SIDE, 3};
    float probabilities[IMAGES * CLASSES];
    ocellus_model *model = NULL;
    ocellus_score score;
    make_images(pixels, labels);
    write_model("hand.safetensors", shape, 3, 1);
    must(ocellus_model_load("hand.safetensors", NULL, &model) == OCELLUS_OK);
    refused(ocellus_model_predict(NULL, pixels, 1, probabilities), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_predict(model, NULL, 1, probabilities), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_predict(model, pixels, 1, NULL), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_predict(model, pixels, SIZE_MAX / 8, probabilities), OCELLUS_USAGE, "images");
    must(ocellus_model_predict(model, pixels, 0, probabilities) == OCELLUS_OK);
    must(ocellus_model_predict(model, pixels, IMAGES, probabilities) == OCELLUS_OK);
    for (size_t i = 0; i < IMAGES; i++) {
        double sum = 0;
        for (size_t c = 0; c < CLASSES; c++)
            sum += (double)probabilities[i * CLASSES + c];
        must(fabs(sum - 1) < 1e-6);
    }
    ocellus_dataset *data = new_dataset(), *large = new_large_dataset();
    refused(ocellus_model_evaluate(NULL, data, &score), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_evaluate(model, NULL, &score), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_evaluate(model, data, NULL), OCELLUS_USAGE, "NULL");
    must(ocellus_model_evaluate(model, large, &score) == OCELLUS_OK); /* of another size: resized */
    must(score.count == SIMCNN_IMAGES);
    must(ocellus_model_evaluate(model, data, &score) == OCELLUS_OK);
    must(score.count == IMAGES);
    must(score.low <= score.accuracy && score.accuracy <= score.high && isfinite(score.loss));
    ocellus_model_free(model);
    write_model("infinite.safetensors", shape, 3, 3e38);
    must(ocellus_model_load("infinite.safetensors", NULL, &model) == OCELLUS_OK);
    refused(ocellus_model_predict(model, pixels, 2, probabilities), OCELLUS_DIVERGED, "image 0");
    refused(ocellus_model_evaluate(model, data, &score), OCELLUS_DIVERGED, "not finite");
    ocellus_model_free(model);
    ocellus_dataset_free(data);
    ocellus_dataset_free(large);
}

/* --- training --- */

struct watch {
    size_t epochs;
    size_t stop_after;
    ocellus_model *model, *other; /* to be called from within, or NULL */
    const ocellus_dataset *data;
    uint64_t mode;
};

static int watch_epoch(void *context, const ocellus_epoch *epoch) {
    struct watch *watch = context;
    float probabilities[CLASSES];
    must(epoch->epoch == watch->epochs);
    watch->epochs++;
    watch->mode = mode_now();
    if (watch->model) {
        ocellus_score score;
        refused(ocellus_model_predict(watch->model, large_pixels, 1, probabilities), OCELLUS_IN_USE, "in use");
        refused(ocellus_model_evaluate(watch->model, watch->data, &score), OCELLUS_IN_USE, "in use");
        refused(ocellus_model_train(watch->model, watch->data, NULL, NULL), OCELLUS_IN_USE, "in use");
        refused(ocellus_model_save(watch->model, "model.safetensors"), OCELLUS_IN_USE, "in use");
        must(ocellus_model_predict(watch->other, large_pixels, 1, probabilities) == OCELLUS_OK);
    }
    return watch->stop_after > 0 && watch->epochs == watch->stop_after;
}

static void test_training(void **state) {
    (void)state;
    ocellus_dataset *data = new_large_dataset(), *other = NULL;
    const uint16_t label = 0;
    must(ocellus_dataset_create(1, SIMCNN_SIDE, SIMCNN_SIDE, CLASSES + 1, large_pixels, &label, &other) == OCELLUS_OK);
    ocellus_model *model = new_model(data, 2);
    ocellus_train_options options = ocellus_train_options_default();
    ocellus_model *bystander = new_model(data, 1);
    struct watch watch = {.model = model, .other = bystander, .data = data};
    float before[CLASSES], after[CLASSES];
    must(options.epochs == 20);
    options.epochs = 2, options.batch_size = 16, options.on_epoch = watch_epoch, options.context = &watch;
    refused(ocellus_model_train(NULL, data, NULL, &options), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_train(model, NULL, NULL, &options), OCELLUS_USAGE, "NULL");
    refused(ocellus_model_train(model, other, NULL, &options), OCELLUS_BAD_CONTENT, "do not fit the output");
    refused(ocellus_model_train(model, data, other, &options), OCELLUS_BAD_CONTENT, "do not fit the output");
    ocellus_train_options wrong = options;
    static const double rates[] = {NAN, INFINITY, -1e-3};
    for (size_t i = 0; i < 3; i++) {
        wrong.learning_rate = rates[i];
        refused(ocellus_model_train(model, data, NULL, &wrong), OCELLUS_USAGE, "learning_rate");
    }
    static const size_t counts[] = {0, SIZE_MAX};
    for (size_t i = 0; i < 2; i++) {
        wrong = options, wrong.epochs = counts[i];
        refused(ocellus_model_train(model, data, NULL, &wrong), OCELLUS_USAGE, "epochs");
        wrong = options, wrong.batch_size = counts[i];
        refused(ocellus_model_train(model, data, NULL, &wrong), OCELLUS_USAGE, "batch_size");
    }
    wrong = options, wrong.steps_per_epoch = SIZE_MAX;
    refused(ocellus_model_train(model, data, NULL, &wrong), OCELLUS_USAGE, "steps_per_epoch");
    must(ocellus_model_predict(model, large_pixels, 1, before) == OCELLUS_OK);
    wrong = options, wrong.learning_rate = 1e30, wrong.on_epoch = NULL;
    refused(ocellus_model_train(model, data, NULL, &wrong), OCELLUS_DIVERGED, "not finite");
    must(ocellus_model_predict(model, large_pixels, 1, after) == OCELLUS_OK);
    must(memcmp(before, after, sizeof before) == 0); /* as it was */
    must(watch.epochs == 0);
    must(ocellus_model_train(model, data, data, &options) == OCELLUS_OK);
    must(watch.epochs == 2);
    must(ocellus_model_predict(model, large_pixels, 1, after) == OCELLUS_OK);
    must(memcmp(before, after, sizeof before) != 0);
    watch = (struct watch){.stop_after = 1};
    refused(ocellus_model_train(model, data, NULL, &options), OCELLUS_STOPPED, "on_epoch");
    must(watch.epochs == 1);
    ocellus_model_free(model);
    ocellus_model_free(bystander);
    ocellus_dataset_free(data);
    ocellus_dataset_free(other);
}

/* --- the host's threads, modes and stacks --- */

struct whole {
    uint64_t mode;
    float probabilities[SIMCNN_IMAGES * CLASSES];
    ocellus_score score;
    uint64_t file; /* of the model that was trained, read and written again */
};

/* All that computes, from data to answers, in the host's mode, which must be the same after every call. */
static void do_everything(void *context) {
    struct whole *whole = context;
    const uint64_t mode = whole->mode ? whole->mode : mode_now();
    mode_put(mode);
    ocellus_dataset *data = new_large_dataset();
    must(mode_now() == mode);
    ocellus_model *model = new_model(data, 2);
    must(mode_now() == mode);
    struct watch watch = {0};
    ocellus_train_options options = ocellus_train_options_default();
    options.epochs = 1, options.batch_size = 16, options.on_epoch = watch_epoch, options.context = &watch;
    must(ocellus_model_train(model, data, data, &options) == OCELLUS_OK);
    must(mode_now() == mode);
    must(watch.mode == mode);
    must(ocellus_model_predict(model, large_pixels, SIMCNN_IMAGES, whole->probabilities) == OCELLUS_OK);
    must(mode_now() == mode);
    must(ocellus_model_evaluate(model, data, &whole->score) == OCELLUS_OK);
    must(mode_now() == mode);
    must(ocellus_model_save(model, "whole.safetensors") == OCELLUS_OK);
    ocellus_model_free(model);
    must(ocellus_model_load("whole.safetensors", NULL, &model) == OCELLUS_OK);
    must(mode_now() == mode);
    must(ocellus_model_save(model, "whole.safetensors") == OCELLUS_OK);
    must(mode_now() == mode);
    ocellus_model_free(model);
    ocellus_dataset_free(data);
    mode_put(mode_of_kind(0));
    whole->file = file_fingerprint("whole.safetensors");
}

static void test_bits_do_not_depend_on_the_hosts_mode(void **state) {
    (void)state;
    struct whole expected = {0};
    on_thread(0, do_everything, &expected);
    for (size_t kind = 0; kind < MODES; kind++) {
        struct whole got = {.mode = mode_of_kind(kind)};
        on_thread(0, do_everything, &got);
        must(memcmp(got.probabilities, expected.probabilities, sizeof got.probabilities) == 0);
        must(memcmp(&got.score, &expected.score, sizeof got.score) == 0);
        must(got.file == expected.file);
    }
}

static void test_a_small_stack_suffices(void **state) {
    (void)state;
    struct whole usual = {0}, small = {0};
    on_thread(0, do_everything, &usual);
    on_thread(SMALL_STACK, do_everything, &small);
    must(memcmp(small.probabilities, usual.probabilities, sizeof small.probabilities) == 0);
}

static void refuse_everything(void *context) {
    (void)context;
    test_version(NULL);
    test_datasets(NULL);
    test_models_are_made(NULL);
    test_models_are_saved_and_loaded(NULL);
    test_other_inputs_are_refused(NULL);
    test_predictions(NULL);
    test_training(NULL);
}

static void test_refusals_on_a_small_stack(void **state) {
    (void)state;
    on_thread(SMALL_STACK, refuse_everything, NULL);
}

/* A thread that is older than the model it uses. */
struct old_thread {
    pthread_barrier_t ready;
    ocellus_model *model;
    float probabilities[SIMCNN_IMAGES * CLASSES];
    ocellus_status status;
};

static void *wait_and_predict(void *argument) {
    struct old_thread *old = argument;
    pthread_barrier_wait(&old->ready);
    old->status = ocellus_model_predict(old->model, large_pixels, SIMCNN_IMAGES, old->probabilities);
    return NULL;
}

static void test_an_older_thread_gets_the_same_bits(void **state) {
    (void)state;
    struct old_thread old = {0};
    pthread_t thread;
    float probabilities[SIMCNN_IMAGES * CLASSES];
    pthread_barrier_init(&old.ready, NULL, 2);
    must(pthread_create(&thread, NULL, wait_and_predict, &old) == 0);
    ocellus_dataset *data = new_large_dataset();
    old.model = new_model(data, 2);
    must(ocellus_model_predict(old.model, large_pixels, SIMCNN_IMAGES, probabilities) == OCELLUS_OK);
    pthread_barrier_wait(&old.ready);
    pthread_join(thread, NULL);
    must(old.status == OCELLUS_OK);
    must(memcmp(old.probabilities, probabilities, sizeof probabilities) == 0);
    pthread_barrier_destroy(&old.ready);
    ocellus_model_free(old.model);
    ocellus_dataset_free(data);
}

/* Two threads at one model: each answer is right or none. */
struct rivals {
    ocellus_model *model;
    float expected[SIMCNN_IMAGES * CLASSES];
    atomic_size_t served, busy, wrong;
    atomic_bool done;
};

static void *compete(void *argument) {
    struct rivals *rivals = argument;
    float probabilities[SIMCNN_IMAGES * CLASSES];
    for (int turn = 0; turn < 300 && !atomic_load(&rivals->done); turn++) {
        ocellus_status status = ocellus_model_predict(rivals->model, large_pixels, SIMCNN_IMAGES, probabilities);
        if (status == OCELLUS_IN_USE) atomic_fetch_add(&rivals->busy, 1);
        else if (status == OCELLUS_OK && memcmp(probabilities, rivals->expected, sizeof probabilities) == 0)
            atomic_fetch_add(&rivals->served, 1);
        else atomic_fetch_add(&rivals->wrong, 1);
        if (atomic_load(&rivals->busy) > 10 && atomic_load(&rivals->served) > 10) atomic_store(&rivals->done, true);
    }
    return NULL;
}

static void test_one_model_serves_one_call_at_a_time(void **state) {
    (void)state;
    static struct rivals rivals;
    pthread_t threads[2];
    ocellus_dataset *data = new_large_dataset();
    rivals.model = new_model(data, 1);
    must(ocellus_model_predict(rivals.model, large_pixels, SIMCNN_IMAGES, rivals.expected) == OCELLUS_OK);
    for (size_t i = 0; i < 2; i++)
        must(pthread_create(&threads[i], NULL, compete, &rivals) == 0);
    for (size_t i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    must(atomic_load(&rivals.wrong) == 0);
    must(atomic_load(&rivals.served) > 0);
    must(atomic_load(&rivals.busy) > 0);
    ocellus_model_free(rivals.model);
    ocellus_dataset_free(data);
}

int main(void) {
    char folder[] = "/tmp/ocellus-library-XXXXXX";
    if (!mkdtemp(folder) || chdir(folder) != 0) return 1;
    if (setenv("XDG_CACHE_HOME", folder, 1) != 0 || unsetenv("OCELLUS_CPU") != 0) return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_version),
        cmocka_unit_test(test_datasets),
        cmocka_unit_test(test_models_are_made),
        cmocka_unit_test(test_models_are_saved_and_loaded),
        cmocka_unit_test(test_other_inputs_are_refused),
        cmocka_unit_test(test_predictions),
        cmocka_unit_test(test_training),
        cmocka_unit_test(test_bits_do_not_depend_on_the_hosts_mode),
        cmocka_unit_test(test_a_small_stack_suffices),
        cmocka_unit_test(test_refusals_on_a_small_stack),
        cmocka_unit_test(test_an_older_thread_gets_the_same_bits),
        cmocka_unit_test(test_one_model_serves_one_call_at_a_time),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    static const char *const made[] = {"model.safetensors", "odd.safetensors", "hand.safetensors",
                                       "infinite.safetensors", "whole.safetensors"};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++)
        unlink(made[i]);
    if (chdir("/") == 0) rmdir(folder);
    return failed;
}
