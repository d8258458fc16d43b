/* SPDX-License-Identifier: MIT */
/* The library's calls where a picture cannot be read. No public call makes such a data set yet, so this one looks behind the
 * handle. */
#include "api/handles.h"
#include "inference/weights.h"
#include "temporary.h"
#include "tiny_training.h"

static struct source *inner, *whole;
static struct unsteady_source unsteady;
static ocellus_dataset data = {.source = &unsteady.source}, sound;
static ocellus_model *model;

/* The tiny network as a file, for the library to load. */
static ocellus_status load_model(const char *path) {
    const struct engine_options options = {.threads = 1, .batch_size = 1};
    struct engine *engine;
    struct graph *graph = tiny_graph();
    TRY(engine_open(NULL, graph, &options, &engine));
    TRY(engine_initialize(engine, 1));
    TRY(weights_write(engine, graph, 0, path));
    engine_close(engine);
    graph_free(graph);
    return ocellus_model_load(path, &(ocellus_model_options){.threads = 1}, &model);
}

static int setup(void **state) {
    if (temporary_setup(state) != 0) return -1;
    tiny_source("train", TINY_TRAIN, &inner);
    tiny_source("test", TINY_TEST, &whole);
    unsteady_open(&unsteady, inner, 0, OCELLUS_OK);
    sound.source = whole;
    return load_model(temporary_path(*state, "model.safetensors")) == OCELLUS_OK ? 0 : -1;
}

static int teardown(void **state) {
    ocellus_model_free(model);
    source_close(inner);
    source_close(whole);
    return temporary_teardown(state);
}

static void expect_gone(ocellus_status got, ocellus_status wanted, const char *where) {
    assert_int_equal(got, wanted);
    if (!strstr(ocellus_message(), where) || !strstr(ocellus_message(), ": the file is gone"))
        fail_msg("\"%s\" lacks \"%s\"", ocellus_message(), where);
}

static void evaluation_passes_it_on(void **state) {
    (void)state;
    ocellus_score score;
    unsteady_open(&unsteady, inner, 13, OCELLUS_BAD_CONTENT);
    expect_gone(ocellus_model_evaluate(model, &data, &score), OCELLUS_BAD_CONTENT, "tiny, train: image 12");
    assert_int_equal(ocellus_model_evaluate(model, &data, &score), OCELLUS_OK); /* the model is as it was, and free */
    assert_int_equal(score.count, TINY_TRAIN);
}

static int count_epochs(void *context, const ocellus_epoch *epoch) {
    (void)epoch;
    ++*(int *)context;
    return 0;
}

/* In the second epoch, and in the validation after the first: the model is as it was. */
static void training_passes_it_on(void **state) {
    (void)state;
    int epochs = 0;
    ocellus_train_options options = ocellus_train_options_default();
    ocellus_score before, after;
    options.epochs = 2;
    options.batch_size = 8;
    options.steps_per_epoch = 2;
    options.on_epoch = count_epochs;
    options.context = &epochs;
    assert_int_equal(ocellus_model_evaluate(model, &sound, &before), OCELLUS_OK);
    unsteady_open(&unsteady, inner, 2 * 8 + 1, OCELLUS_IO);
    expect_gone(ocellus_model_train(model, &data, NULL, &options), OCELLUS_IO, "tiny, train: image ");
    assert_int_equal(epochs, 1);
    unsteady_open(&unsteady, inner, 30, OCELLUS_BAD_CONTENT);
    expect_gone(ocellus_model_train(model, &sound, &data, &options), OCELLUS_BAD_CONTENT, "tiny, train: image 29");
    assert_int_equal(epochs, 1);
    assert_int_equal(ocellus_model_evaluate(model, &sound, &after), OCELLUS_OK);
    assert_true(before.loss == after.loss);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(evaluation_passes_it_on),
        cmocka_unit_test(training_passes_it_on),
    };
    return cmocka_run_group_tests_name("api/source", tests, setup, teardown);
}
