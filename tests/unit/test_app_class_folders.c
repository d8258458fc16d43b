/* SPDX-License-Identifier: MIT */
/* Pictures sorted into folders of classes: names that are no names of folders, names that are taken, copies that fail.
 * tests/cli/cases/predict_outputs.txt holds the rest. */
#include "app/class_folders.h"

#include "base/file_copy.h"
#include "model/builtin.h"

#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

static void write_text(const char *path, const char *text) {
    assert_int_equal(file_write(path, text, strlen(text)), OCELLUS_OK);
}

static void assert_content(const char *path, const char *text) {
    unsigned char *bytes;
    size_t size;
    assert_int_equal(file_read(path, 1000, &bytes, &size), OCELLUS_OK);
    assert_string_equal((const char *)bytes, text);
    free(bytes);
}

static void test_names(void **state) {
    char long_name[301];
    memset(long_name, 'x', 300);
    long_name[300] = '\0';
    memcpy(long_name + 199, "\303\244", 2); /* across the cut */
    const char *const names[] = {"a/b",    "a_b",          "..",   "",        ".hidden", "tab\tescape\033[2J",
                                 "a\\b c", "\303\244pfel", "\377", long_name, "_",       "../../etc"};
    static const char *const expected[] = {"a_b-2",  "a_b",          "_.",  "_-2", "_hidden", "tab_escape_[2J",
                                           "a\\b c", "\303\244pfel", "_-3", NULL,  "_",       "_._.._etc"};
    enum { CLASSES = sizeof names / sizeof *names };
    struct graph *graph;
    struct class_folders folders;
    assert_int_equal(graph_builtin("simcnn", 32, 32, 3, CLASSES, &graph), OCELLUS_OK);
    assert_int_equal(graph_set_class_names(graph, names, CLASSES), OCELLUS_OK);
    assert_int_equal(class_folders_open(&folders, temporary_path(*state, "sorted"), graph), OCELLUS_OK);
    for (size_t i = 0; i < CLASSES; i++) {
        if (expected[i]) assert_string_equal(folders.names[i], expected[i]);
        else assert_int_equal(strlen(folders.names[i]), 199);
    }
    const char *picture = temporary_path(*state, "picture");
    bool reading;
    write_text(picture, "pixels");
    for (size_t i = 0; i < CLASSES; i++)
        assert_int_equal(class_folders_add(&folders, i, picture, &reading), OCELLUS_OK);
    char **found;
    size_t count;
    assert_int_equal(folder_names(temporary_path(*state, "sorted"), &found, &count), OCELLUS_OK);
    assert_int_equal(count, CLASSES);
    names_free(found);
    assert_int_equal(folder_names(*state, &found, &count), OCELLUS_OK);
    assert_int_equal(count, 2); /* none lies outside */
    names_free(found);
    class_folders_close(&folders);
    graph_free(graph);
}

static void test_taken(void **state) {
    char copy[FILE_PATH_SIZE];
    const char *from = temporary_path(*state, "from");
    bool reading;
    write_text(from, "new");
    write_text(temporary_path(*state, "a.b.png"), "old");
    assert_int_equal(symlink("nowhere", temporary_path(*state, "a.b-2.png")), 0);
    assert_int_equal(folder_make(temporary_path(*state, "a.b-3.png")), OCELLUS_OK);
    assert_int_equal(file_copy_beside(from, *state, "a.b.png", copy, &reading), OCELLUS_OK);
    assert_string_equal(path_base_name(copy), "a.b-4.png");
    assert_content(copy, "new");
    assert_content(temporary_path(*state, "a.b.png"), "old");
    assert_false(path_exists(temporary_path(*state, "nowhere"))); /* nothing went through the link */
    /* Names without an end, and hidden ones. */
    for (int i = 0; i < 2; i++)
        assert_int_equal(file_copy_beside(from, *state, "plain", copy, &reading), OCELLUS_OK);
    assert_string_equal(path_base_name(copy), "plain-2");
    for (int i = 0; i < 2; i++)
        assert_int_equal(file_copy_beside(from, *state, ".png", copy, &reading), OCELLUS_OK);
    assert_string_equal(path_base_name(copy), ".png-2");
    /* As long as names may be. */
    char name[256];
    memset(name, 'n', 255);
    memcpy(name + 251, ".png", 5);
    for (int i = 0; i < 2; i++)
        assert_int_equal(file_copy_beside(from, *state, name, copy, &reading), OCELLUS_OK);
    assert_int_equal(strlen(path_base_name(copy)), 255);
    assert_string_equal(path_base_name(copy) + 249, "-2.png");
}

static void test_failures(void **state) {
    char copy[FILE_PATH_SIZE];
    bool reading;
    char **names;
    size_t count;
    assert_int_equal(file_copy_beside(temporary_path(*state, "gone"), *state, "a", copy, &reading), OCELLUS_IO);
    assert_true(reading);
    assert_int_equal(file_copy_beside(*state, *state, "a", copy, &reading), OCELLUS_BAD_CONTENT);
    assert_true(reading);
    const char *from = temporary_path(*state, "from");
    write_text(from, "new");
    assert_int_equal(file_copy_beside(from, temporary_path(*state, "no/folder"), "a", copy, &reading), OCELLUS_IO);
    assert_false(reading);
    assert_int_equal(folder_names(*state, &names, &count), OCELLUS_OK);
    assert_int_equal(count, 1); /* nothing is left of them */
    names_free(names);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_names, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_taken, temporary_setup, temporary_teardown),
        cmocka_unit_test_setup_teardown(test_failures, temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
