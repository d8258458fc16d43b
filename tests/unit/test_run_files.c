/* SPDX-License-Identifier: MIT */
/* evaluation.json and predictions.csv: what is written reads back, and what is wrong is refused with its place. */
#include "base/folders.h"
#include "group_folder.h"
#include "run/evaluation_file.h"
#include "run/predictions_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char *in_folder(const char *name) {
    static char path[FILE_PATH_SIZE];
    assert_int_equal(path_join(path, folder, name), OCELLUS_OK);
    return path;
}

static const size_t confusion[9] = {5, 1, 0, 2, 3, 0, 0, 0, 4};

static void an_evaluation_reads_back(void **state) {
    (void)state;
    const char *const names[] = {"cat", "dog \"<&", "f\u00fc\u00df"};
    struct evaluation_record record, back;
    assert_int_equal(evaluation_record_create("last.safetensors", names, 3, &record), OCELLUS_OK);
    assert_int_equal(evaluation_from_confusion(3, confusion, 0.7512345678901234, &record.splits[EVALUATION_TEST]),
                     OCELLUS_OK);
    record.present[EVALUATION_TEST] = true;
    static const size_t again[9] = {6, 0, 0, 0, 5, 0, 0, 0, 4};
    assert_int_equal(evaluation_from_confusion(3, again, 0.25, &record.reestimated), OCELLUS_OK);
    record.reestimated_images = 2048;
    assert_int_equal(evaluation_file_write(in_folder("evaluation.json"), &record), OCELLUS_OK);
    assert_int_equal(evaluation_file_read(in_folder("evaluation.json"), &back), OCELLUS_OK);
    assert_string_equal(back.model, "last.safetensors");
    assert_int_equal(back.classes, 3);
    for (size_t i = 0; i < 3; i++)
        assert_string_equal(back.class_names[i], names[i]);
    assert_false(back.present[EVALUATION_TRAIN] || back.present[EVALUATION_VALIDATION]);
    assert_true(back.present[EVALUATION_TEST]);
    const struct evaluation *test = &back.splits[EVALUATION_TEST];
    assert_int_equal(test->count, 15);
    assert_int_equal(test->correct, 12);
    assert_true(test->loss == 0.7512345678901234);
    assert_memory_equal(test->confusion, confusion, sizeof confusion);
    assert_true(test->macro_f1 == record.splits[EVALUATION_TEST].macro_f1);

    assert_int_equal(back.reestimated_images, 2048);
    assert_int_equal(back.reestimated.correct, 15); /* beside the 12, not instead of them */

    unsigned char *first, *second;
    size_t size;
    assert_int_equal(file_read(in_folder("evaluation.json"), 1 << 20, &first, &size), OCELLUS_OK);
    assert_int_equal(evaluation_file_write(in_folder("again.json"), &back), OCELLUS_OK);
    assert_int_equal(file_read(in_folder("again.json"), 1 << 20, &second, &size), OCELLUS_OK);
    assert_string_equal((char *)first, (char *)second);
    free(first);
    free(second);
    evaluation_record_free(&record);
    evaluation_record_free(&back);
}

#define PER_CLASS "\"per_class\":[{\"name\":\"a\"},{\"name\":\"b\"}]"
#define COUNTS    "\"count\":2,\"correct\":1,"
#define GOOD      "{\"count\":3,\"correct\":2,\"loss\":1.5," PER_CLASS ",\"confusion\":[[1,1],[0,1]]}"

static const struct {
    const char *json, *message; /* after the path */
} bad_evaluations[] = {
    {"{}", "model: missing or not text"},
    {"{\"model\":\"m\",\"splits\":{\"test\":" GOOD "},\"reestimated\":{\"images\":0}}",
     "reestimated: images: expected a count"},
    {"{\"model\":\"m\",\"splits\":{\"test\":" GOOD "},\"reestimated\":{\"images\":8,\"test\":{}}}",
     "reestimated test: per_class: expected a list of 1 to 4096 classes"},
    {"{\"model\":\"m\",\"splits\":{}}", "splits: none of train, validation and test"},
    {"{\"model\":\"m\",\"splits\":{\"test\":{\"count\":3}}}", "test: per_class: expected a list of 1 to 4096 classes"},
    {"{\"model\":\"m\",\"splits\":{\"test\":{\"per_class\":[{}]}}}", "test: per_class: 0: name is missing"},
    {"{\"model\":\"m\",\"weights_sha256\":1,\"splits\":{\"test\":" GOOD "}}", "weights_sha256: missing or not text"},
    {"{\"model\":\"m\",\"splits\":{\"test\":{\"count\":3," PER_CLASS ",\"confusion\":[[1,1],[0,1]]}}}",
     "test: correct: missing or not a count"},
    {"{\"model\":\"m\",\"splits\":{\"test\":{" COUNTS "\"loss\":true," PER_CLASS ",\"confusion\":[[1,1],[0,1]]}}}",
     "test: loss: missing or not a number or null"},
    {"{\"model\":\"m\",\"splits\":{\"test\":{" COUNTS PER_CLASS ",\"confusion\":[[1,1]]}}}",
     "test: confusion: 1 rows (expected 2)"},
    {"{\"model\":\"m\",\"splits\":{\"test\":{" COUNTS PER_CLASS ",\"confusion\":[[1,1],[1]]}}}",
     "test: confusion: row 1: 1 values (expected 2)"},
    {"{\"model\":\"m\",\"splits\":{\"test\":{" COUNTS PER_CLASS ",\"confusion\":[[1,1],[1,-1]]}}}",
     "test: confusion: row 1, column 1: expected a count"},
    {"{\"model\":\"m\",\"splits\":{\"test\":{" COUNTS PER_CLASS ",\"confusion\":[[0,0],[0,0]]}}}",
     "test: evaluation: confusion matrix: no images"},
    {"{\"model\":\"m\",\"splits\":{\"test\":{\"count\":3,\"correct\":3," PER_CLASS ",\"confusion\":[[1,1],[0,1]]}}}",
     "test: 3 of 3 correct (its confusion matrix says 2 of 3)"},
    {"{\"model\":\"m\",\"splits\":{\"train\":" GOOD ",\"test\":{\"per_class\":[{\"name\":\"a\"}]}}}",
     "test: per_class: 1 classes (expected 2 as before)"},
    {"{\"model\":\"m\",\"splits\":{\"train\":" GOOD ",\"test\":{\"per_class\":[{\"name\":\"a\"},{\"name\":\"c\"}]}}}",
     "test: per_class: 1: \"c\" (expected \"b\" as before)"},
};

static void a_wrong_evaluation_is_refused(void **state) {
    (void)state;
    const char *path = in_folder("bad.json");
    struct evaluation_record record;
    for (size_t i = 0; i < sizeof bad_evaluations / sizeof bad_evaluations[0]; i++) {
        assert_int_equal(file_write(path, bad_evaluations[i].json, strlen(bad_evaluations[i].json)), OCELLUS_OK);
        assert_int_equal(evaluation_file_read(path, &record), OCELLUS_BAD_CONTENT);
        assert_string_equal(status_message() + strlen(path) + 2, bad_evaluations[i].message);
        assert_null(record.class_names);
    }
    static const char good[] = "{\"model\":\"m\",\"splits\":{\"test\":" GOOD "}}";
    assert_int_equal(file_write(path, good, sizeof good - 1), OCELLUS_OK);
    assert_int_equal(evaluation_file_read(path, &record), OCELLUS_OK);
    evaluation_record_free(&record);
}

static void predictions_read_back(void **state) {
    (void)state;
    const struct prediction rows[] = {
        {0, 3, 3, 0.99999994F, 0.99999994F, NULL}, {7, 9, 0, 0.1F, 1e-30F, NULL}, {8, 1, 2, 1.0F, 0.0F, NULL}};
    const char *path = in_folder("predictions.csv");
    assert_int_equal(predictions_write(path, rows, 3), OCELLUS_OK);
    struct prediction *back;
    size_t count;
    assert_int_equal(predictions_read(path, &back, &count), OCELLUS_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(back[i].index, rows[i].index);
        assert_int_equal(back[i].label, rows[i].label);
        assert_int_equal(back[i].predicted, rows[i].predicted);
        assert_true(back[i].probability == rows[i].probability);
        assert_true(back[i].label_probability == rows[i].label_probability);
    }
    free(back);
}

/* Names of any kind; they are not read back, but what stands beside them is. */
static void predictions_have_paths(void **state) {
    (void)state;
    const struct prediction rows[] = {{0, 1, 1, 0.5F, 0.5F, "cat/a.jpg"},
                                      {1, 0, 1, 0.5F, 0.25F, "dog/a \"b\",\nc\r.jpg"},
                                      {2, 0, 0, 0.5F, 0.5F, "\"\"\n"}};
    const char *path = in_folder("paths.csv");
    unsigned char *bytes;
    size_t size, count;
    assert_int_equal(predictions_write(path, rows, 3), OCELLUS_OK);
    assert_int_equal(file_read(path, 1000, &bytes, &size), OCELLUS_OK);
    assert_string_equal((const char *)bytes, "index,label,predicted,probability,label_probability,path\n"
                                             "0,1,1,0.5,0.5,cat/a.jpg\n"
                                             "1,0,1,0.5,0.25,\"dog/a \"\"b\"\",\nc\r.jpg\"\n"
                                             "2,0,0,0.5,0.5,\"\"\"\"\"\n\"\n");
    free(bytes);
    struct prediction *back;
    assert_int_equal(predictions_read(path, &back, &count), OCELLUS_OK);
    assert_int_equal(count, 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(back[i].index, rows[i].index);
        assert_true(back[i].label_probability == rows[i].label_probability);
        assert_null(back[i].path);
    }
    free(back);
}

#define HEADER "index,label,predicted,probability,label_probability\n"

static void wrong_predictions_are_refused_with_their_line(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t size; /* 0: strlen */
        const char *message;
    } cases[] = {
        {"", 0, "line 1: not the header \"index,label,predicted,probability,label_probability\""},
        {"index,label\n0,1\n", 0, "line 1: not the header \"index,label,predicted,probability,label_probability\""},
        {HEADER "0,1,1,0.5,0.5\n0,1,1,0.5\n", 0,
         "line 3: expected index,label,predicted,probability,label_probability"},
        {HEADER "0,1,1,0.5,0.5,0\n", 0, "line 2: expected index,label,predicted,probability,label_probability"},
        {HEADER "-1,1,1,0.5,0.5\n", 0, "line 2: expected index,label,predicted,probability,label_probability"},
        {HEADER "0,1,x,0.5,0.5\n", 0, "line 2: expected index,label,predicted,probability,label_probability"},
        {HEADER "0,1,1,1.5,0.5\n", 0, "line 2: expected index,label,predicted,probability,label_probability"},
        {HEADER "0,1,1,0.5,nan\n", 0, "line 2: expected index,label,predicted,probability,label_probability"},
        {HEADER "\n0,1,1,0.5,0.5\n", 0, "line 2: expected index,label,predicted,probability,label_probability"},
        {"index,label,predicted,probability,label_probability,path\n0,1,1,0.5,0.5\n", 0,
         "line 2: expected index,label,predicted,probability,label_probability"},
        {HEADER "0,1,1,0.5,0.5\0 rest", sizeof HEADER + 18, "holds a zero byte"},
    };
    const char *path = in_folder("bad.csv");
    struct prediction *rows;
    size_t count;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t size = cases[i].size > 0 ? cases[i].size : strlen(cases[i].text);
        assert_int_equal(file_write(path, cases[i].text, size), OCELLUS_OK);
        assert_int_equal(predictions_read(path, &rows, &count), OCELLUS_BAD_CONTENT);
        assert_string_equal(status_message() + strlen(path) + 2, cases[i].message);
        assert_null(rows);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_evaluation_reads_back),
        cmocka_unit_test(a_wrong_evaluation_is_refused),
        cmocka_unit_test(predictions_read_back),
        cmocka_unit_test(predictions_have_paths),
        cmocka_unit_test(wrong_predictions_are_refused_with_their_line),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
