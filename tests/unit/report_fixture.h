/* SPDX-License-Identifier: MIT */
/* A small invented run, evaluated, whose class names try to break out; for tests of pages. */
#ifndef TESTS_REPORT_FIXTURE_H
#define TESTS_REPORT_FIXTURE_H

#include "base/folders.h"
#include "base/memory.h"
#include "base/sha256.h"
#include "data/memory_source.h"
#include "group_folder.h"
#include "run/evaluation_file.h"
#include "run/history.h"
#include "run/predictions_file.h"
#include "run/records.h"
#include "run/run_folder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { CLASSES = 3, TRAIN_IMAGES = 60, TEST_IMAGES = 30 };

static const char *const names[CLASSES] = {"cat", "<script>alert(1)</script>", "\"`touch broken`\",{/*2 x}"};

static __attribute__((unused)) char *read_text(const char *directory, const char *name) {
    char path[FILE_PATH_SIZE];
    unsigned char *bytes;
    size_t size;
    assert_int_equal(path_join(path, directory, name), OCELLUS_OK);
    if (file_read(path, 64 << 20, &bytes, &size) != OCELLUS_OK) fail_msg("%s", status_message());
    return (char *)bytes;
}

static void assert_ok(ocellus_status status) {
    if (status != OCELLUS_OK) fail_msg("%s", status_message());
}

static void make_source(struct source **source, const char *split, size_t count) {
    struct memory_pictures pictures = {.count = count, .height = 4, .width = 4, .channels = 3, .classes = CLASSES};
    assert_ok(memory_pictures_create(&pictures));
    for (size_t i = 0; i < count; i++)
        pictures.labels[i] = (uint16_t)(i % CLASSES);
    for (size_t i = 0; i < count * 4 * 4 * 3; i++)
        pictures.pixels[i] = (uint8_t)(i * 37);
    assert_ok(memory_source_open("cifar10", split, &pictures, source));
    assert_ok(source_set_class_names(*source, names));
    char identity[SHA256_TEXT_SIZE];
    assert_ok(source_identity(*source, identity));
    memcpy((*source)->identity, identity, sizeof identity); /* which stays when a test changes a label */
}

static void write_file(const struct run_folder *run, const char *name, const char *content) {
    char path[FILE_PATH_SIZE];
    assert_ok(run_folder_file(run, name, path));
    assert_ok(file_write(path, content, strlen(content)));
}

/* 21 of 30 test images right; mistakes are all taken for class 0. */
static void write_evaluation(const struct run_folder *run, const struct source *test) {
    char path[FILE_PATH_SIZE];
    int32_t labels[TEST_IMAGES], predicted[TEST_IMAGES];
    float losses[TEST_IMAGES] = {0};
    struct prediction rows[TEST_IMAGES];
    for (size_t i = 0; i < TEST_IMAGES; i++) {
        labels[i] = (int32_t)source_label(test, i);
        predicted[i] = i % 3 != 0 && i >= 17 ? 0 : labels[i];
        rows[i] = (struct prediction){i, labels[i], predicted[i], 0.5F + 0.01F * (float)i, 0.1F, NULL};
    }
    struct evaluation_record record;
    assert_ok(evaluation_record_create(RUN_LAST, names, CLASSES, &record));
    assert_ok(evaluation_compute(TEST_IMAGES, CLASSES, labels, predicted, losses, &record.splits[EVALUATION_TEST]));
    record.present[EVALUATION_TEST] = true;
    assert_ok(run_folder_file(run, RUN_EVALUATION, path));
    assert_ok(evaluation_file_write(path, &record));
    evaluation_record_free(&record);
    assert_ok(run_folder_file(run, RUN_PREDICTIONS, path));
    assert_ok(predictions_write(path, rows, TEST_IMAGES));
}

static void make_run(const char *run_path, const struct source *train, const struct source *test) {
    struct run_folder run;
    char path[FILE_PATH_SIZE];
    assert_ok(run_folder_create(&run, run_path));
    struct recipe recipe;
    recipe_defaults(&recipe);
    recipe.validation = RECIPE_VALIDATION_TEST;
    recipe.epochs = 3;
    struct text text = {0};
    recipe_write(&recipe, &text);
    write_file(&run, RUN_RECIPE, text.bytes);
    text_free(&text);
    struct run_environment environment;
    run_environment_fill(&environment);
    environment.threads = 2;
    snprintf(environment.version, sizeof environment.version, "0.9");
    snprintf(environment.kernels, sizeof environment.kernels, "reference");
    snprintf(environment.command_line, sizeof environment.command_line, "ocellus train <&>");
    assert_ok(run_environment_write(&run, &environment));
    struct run_data data = {.name = "cifar10",
                            .train_images = TRAIN_IMAGES,
                            .validation_images = TEST_IMAGES,
                            .validation = RECIPE_VALIDATION_TEST};
    assert_ok(source_identity(train, data.train_sha256));
    assert_ok(source_identity(test, data.test_sha256));
    assert_ok(run_data_write(&run, &data));
    struct history history = {0};
    for (int epoch = 0; epoch < 3; epoch++)
        assert_ok(history_append(&history,
                                 &(struct history_row){0.55 + 0.2 * epoch, 0.001, 1.0 - 0.3 * epoch, 0.6, 0.9, 1.5}));
    assert_ok(run_folder_file(&run, RUN_HISTORY, path));
    assert_ok(history_write(&history, path));
    history_free(&history);
    write_file(&run, RUN_SUMMARY, "Model: \"simcnn\" <&>\n");
    write_file(&run, RUN_LAST, "weights");
    write_evaluation(&run, test);
    run_folder_close(&run);
}

struct fixture {
    struct source *train, *test;
    char run[FILE_PATH_SIZE];
};

static int set_up(void **state) {
    static struct fixture fixture;
    static int number = 0;
    char name[32];
    make_source(&fixture.train, "train", TRAIN_IMAGES);
    make_source(&fixture.test, "test", TEST_IMAGES);
    snprintf(name, sizeof name, "run-%d", number++);
    assert_ok(path_join(fixture.run, folder, name));
    make_run(fixture.run, fixture.train, fixture.test);
    *state = &fixture;
    return 0;
}

static int tear_down(void **state) {
    struct fixture *fixture = *state;
    source_close(fixture->train);
    source_close(fixture->test);
    return 0;
}

static __attribute__((unused)) size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    for (const char *at = strstr(text, part); at != NULL; at = strstr(at + 1, part))
        count++;
    return count;
}

static __attribute__((unused)) void assert_holds(const char *text, const char *part) {
    if (strstr(text, part) == NULL) fail_msg("\"%s\" is missing", part);
}

#endif
