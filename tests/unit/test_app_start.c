/* SPDX-License-Identifier: MIT */
/* What a training starts from: files and runs, for the same classes and others; going on when the file is gone. */
#include "transfer_fixture.h"

/* Nothing here looks at the history. */
static ocellus_status train_alone(struct one *one) {
    const ocellus_status status = train(one);
    history_free(&one->history);
    return status;
}

/* Writes the tiny network with values of its own, and gives their hash. */
static void write_tiny(const char *path, bool named, char hash[SHA256_TEXT_SIZE]) {
    struct graph *graph = tiny_graph();
    struct engine *engine;
    const struct engine_options options = {.threads = 1, .batch_size = 1};
    if (named) assert_int_equal(graph_set_class_names(graph, names[0], TINY_CLASSES), OCELLUS_OK);
    assert_int_equal(engine_open(NULL, graph, &options, &engine), OCELLUS_OK);
    assert_int_equal(engine_initialize(engine, 99), OCELLUS_OK);
    assert_int_equal(weights_write(engine, graph, 3, path), OCELLUS_OK);
    assert_int_equal(weights_hash(engine, graph, hash), OCELLUS_OK);
    engine_close(engine);
    graph_free(graph);
}

static void a_file_for_the_same_classes_gives_all_its_values(void **state) {
    (void)state;
    char hash[SHA256_TEXT_SIZE];
    for (int named = 0; named < 2; named++) {
        struct one one = {.classes = TINY_CLASSES};
        write_tiny(at("tiny.safetensors"), named, hash);
        char model[FILE_PATH_SIZE], run[FILE_PATH_SIZE];
        strcpy(model, at("tiny.safetensors"));
        strcpy(run, at(named ? "same-named" : "same"));
        one.model = model;
        one.run = run;
        if (train_alone(&one) != OCELLUS_OK) fail_msg("%s", status_message());
        assert_string_equal(one.first, hash);
        assert_string_not_equal(one.last, hash);
    }
}

/* The values of one tensor of a model file. */
static size_t read_tensor(const char *path, const char *name, float *values, size_t most) {
    struct network_file file;
    assert_int_equal(network_file_read(path, &network_forms_model, &file), OCELLUS_OK);
    const struct named_tensor *tensor = named_tensors_find(&file.tensors, name);
    assert_non_null(tensor);
    const size_t count = shape_size(&tensor->shape);
    assert_true(count <= most);
    memcpy(values, tensor->values, count * sizeof *values);
    network_file_free(&file);
    return count;
}

/* Other names are other classes, though there are as many. */
static void a_file_for_other_classes_gives_all_but_its_head(void **state) {
    (void)state;
    char hash[SHA256_TEXT_SIZE], model[FILE_PATH_SIZE], run[FILE_PATH_SIZE];
    strcpy(model, at("tiny.safetensors"));
    for (size_t names_of = 0; names_of < 2; names_of++) {
        struct one one = {.model = model, .run = run, .classes = names_of ? TINY_CLASSES : 3, .names = names_of};
        float there[512], here[512];
        write_tiny(model, true, hash);
        one.stop_after = 1;
        strcpy(run, at(names_of ? "others" : "three"));
        assert_int_equal(train_alone(&one), OCELLUS_INTERRUPTED);
        assert_string_not_equal(one.first, hash);
        assert_int_equal(one.graph_classes, one.classes);
        /* One step of 0.01 by Adam moves no value further than that. */
        const size_t count = read_tensor(model, "conv2d/kernel", there, 512);
        assert_int_equal(read_tensor(within(run, RUN_LAST), "conv2d/kernel", here, 512), count);
        for (size_t i = 0; i < count; i++)
            assert_true(there[i] - here[i] < 0.0101 && here[i] - there[i] < 0.0101);
        const size_t dense = read_tensor(model, "dense/kernel", there, 512);
        assert_int_equal(read_tensor(within(run, RUN_LAST), "dense/kernel", here, 512),
                         dense / TINY_CLASSES * one.classes);
        float most = 0;
        for (size_t i = 0; names_of && i < dense; i++)
            most = here[i] - there[i] > most ? here[i] - there[i] : most;
        assert_true(!names_of || most > 0.05F);
    }
}

static void a_run_goes_on_when_its_start_is_gone(void **state) {
    (void)state;
    char hash[SHA256_TEXT_SIZE], model[FILE_PATH_SIZE], run[FILE_PATH_SIZE], whole_run[FILE_PATH_SIZE];
    strcpy(model, at("gone.safetensors"));
    strcpy(run, at("interrupted"));
    strcpy(whole_run, at("whole"));
    write_tiny(model, true, hash);
    struct one whole = {.model = model, .run = whole_run, .classes = 3},
               one = {.model = model, .run = run, .classes = 3, .stop_after = 3};
    assert_int_equal(train_alone(&whole), OCELLUS_OK);
    assert_int_equal(train_alone(&one), OCELLUS_INTERRUPTED);
    assert_int_equal(unlink(model), 0);
    one = (struct one){.model = model, .run = run, .classes = 3, .resume = true};
    if (train_alone(&one) != OCELLUS_OK) fail_msg("%s", status_message());
    assert_string_equal(one.last, whole.last);
}

static void runs_are_networks_and_weights(void **state) {
    (void)state;
    char hash[SHA256_TEXT_SIZE], model[FILE_PATH_SIZE], runs[4][FILE_PATH_SIZE];
    strcpy(model, at("first.safetensors"));
    for (int i = 0; i < 4; i++)
        snprintf(runs[i], sizeof runs[i], "%s/of-run-%d", folder, i);
    write_tiny(model, true, hash);
    struct one first = {.model = model, .run = runs[0], .classes = TINY_CLASSES},
               of_run = {.model = runs[0], .run = runs[1], .classes = TINY_CLASSES},
               with_weights = {.model = model, .weights = runs[0], .run = runs[2], .classes = TINY_CLASSES};
    assert_int_equal(train_alone(&first), OCELLUS_OK);
    assert_int_equal(train_alone(&of_run), OCELLUS_OK);
    assert_string_equal(of_run.first, first.last); /* of one epoch the best is the last */
    assert_int_equal(train_alone(&with_weights), OCELLUS_OK);
    assert_string_equal(with_weights.first, first.last);
    assert_string_equal(with_weights.last, of_run.last);
    struct one none = {.model = "no-such", .run = runs[3], .classes = 3};
    assert_int_equal(train_alone(&none), OCELLUS_USAGE);
    assert_non_null(strstr(status_message(), "no such file, folder or built-in network"));
    none = (struct one){.model = model, .weights = at("nothing"), .run = runs[3], .classes = TINY_CLASSES};
    assert_int_equal(train_alone(&none), OCELLUS_IO);
    enum path_kind kind;
    assert_int_equal(path_look(runs[3], &kind), OCELLUS_OK);
    assert_int_equal(kind, PATH_NONE);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_for_the_same_classes_gives_all_its_values),
        cmocka_unit_test(a_file_for_other_classes_gives_all_but_its_head),
        cmocka_unit_test(a_run_goes_on_when_its_start_is_gone),
        cmocka_unit_test(runs_are_networks_and_weights),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
