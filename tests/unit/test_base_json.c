/* SPDX-License-Identifier: MIT */
/* What is read strictly, and what is written. */
#include "base/json.h"
#include "base/json_parse.h"
#include "base/text.h"
#include "foreign_locale.h"
#include "temporary.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static ocellus_status parse(const char *text, json_value **root) {
    return json_parse(text, strlen(text), "x.json", root);
}

static void check_refused(const char *text) {
    json_value *root = NULL;
    assert_int_equal(parse(text, &root), OCELLUS_BAD_CONTENT);
    assert_null(root);
    assert_ptr_equal(strstr(status_message(), "x.json: "), status_message());
    assert_null(strchr(status_message(), '\n'));
}

static void test_refuses(void **state) {
    (void)state;
    static const char *const refused[] = {
        "",
        "{",
        "[1,]",
        "{\"a\":1,\"a\":2}",
        "{\"b\":{\"a\":1,\"a\":1}}",
        "1 2",
        "{} x",
        "[1] [2]",
        "{a:1}",
        "'a'",
        "nan",
        "Infinity",
        "01",
        "1.",
        "\"\xFF\"",
        "\"\\ud800\"",
        "\"\\u0000\"",
        "\"a\nb\"",
        "9223372036854775808",
        "1e999",
        "// c\n1",
        "\xEF\xBB\xBF{}",
        "[1 2]",
        "tru",
        "\"open",
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        check_refused(refused[i]);
}

static void test_says_where(void **state) {
    (void)state;
    json_value *root;
    assert_int_equal(parse("{\"a\": 1,\n  \"b\" 2}", &root), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "x.json: line 2, column 7: expected \":\"");
    assert_int_equal(parse("[1", &root), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "x.json: line 1, column 3: expected \",\" or \"]\"");
}

static void test_depth(void **state) {
    (void)state;
    for (int kind = 0; kind < 2; kind++) {
        for (int depth = 63; depth <= 66; depth++) {
            struct text text = {0};
            for (int i = 1; i < depth; i++)
                text_append(&text, kind ? "{\"a[{\\\"\":" : "[");
            text_append(&text, kind ? "{}" : "[]");
            for (int i = 1; i < depth; i++)
                text_append(&text, kind ? "}" : "]");
            json_value *root = NULL;
            assert_int_equal(parse(text.bytes, &root), depth <= 64 ? OCELLUS_OK : OCELLUS_BAD_CONTENT);
            if (depth > 64) assert_non_null(strstr(status_message(), "nested"));
            json_release(root);
            text_free(&text);
        }
    }
    /* Far deeper than a stack would bear. */
    size_t size = 10000000;
    char *deep = malloc(size);
    assert_non_null(deep);
    memset(deep, '[', size);
    json_value *root = NULL;
    assert_int_equal(json_parse(deep, size, "deep", &root), OCELLUS_BAD_CONTENT);
    free(deep);
}

static void test_file_limit(void **state) {
    const char *path = temporary_path(*state, "a.json");
    json_value *root = NULL;
    assert_int_equal(temporary_file(path, "[1,2,3]"), 0);
    assert_int_equal(json_parse_file(path, 6, &root), OCELLUS_BAD_CONTENT);
    assert_int_equal(json_parse_file(path, 7, &root), OCELLUS_OK);
    assert_int_equal(json_count(root), 3);
    json_release(root);
    assert_int_equal(json_parse_file(temporary_path(*state, "none"), 10, &root), OCELLUS_IO);
    assert_int_equal(json_parse_file(*state, 10, &root), OCELLUS_BAD_CONTENT);
}

static void test_values(void **state) {
    (void)state;
    json_value *root;
    assert_int_equal(parse("{\"i\": -9223372036854775808, \"j\": 9223372036854775807, \"r\": 1.5, \"b\": true,"
                           " \"t\": \"\\u00fc\\n\", \"n\": null, \"l\": [1, [], {}]}",
                           &root),
                     OCELLUS_OK);
    int64_t integer = 7;
    double real = 7;
    bool truth = false;
    const char *text = "7";
    assert_int_equal(json_type_of(root), JSON_TYPE_MAP);
    assert_int_equal(json_count(root), 7);
    assert_true(json_get_integer(json_member(root, "i"), &integer) && integer == INT64_MIN);
    assert_true(json_get_integer(json_member(root, "j"), &integer) && integer == INT64_MAX);
    assert_false(json_get_integer(json_member(root, "r"), &integer));
    assert_true(integer == INT64_MAX);
    assert_true(json_get_real(json_member(root, "r"), &real) && real == 1.5);
    assert_true(json_get_real(json_element(json_member(root, "l"), 0), &real) && real == 1);
    assert_false(json_get_real(json_member(root, "t"), &real));
    assert_true(json_get_bool(json_member(root, "b"), &truth) && truth);
    assert_false(json_get_bool(json_member(root, "i"), &truth));
    assert_true(json_get_text(json_member(root, "t"), &text));
    assert_string_equal(text, "\xC3\xBC\n");
    assert_false(json_get_text(json_member(root, "n"), &text));
    assert_int_equal(json_type_of(json_member(root, "n")), JSON_TYPE_NULL);
    assert_int_equal(json_type_of(json_member(root, "r")), JSON_TYPE_REAL);
    assert_int_equal(json_type_of(json_member(root, "i")), JSON_TYPE_INTEGER);
    assert_int_equal(json_type_of(json_member(root, "b")), JSON_TYPE_BOOL);
    assert_int_equal(json_type_of(json_member(root, "t")), JSON_TYPE_TEXT);
    assert_int_equal(json_type_of(json_member(root, "l")), JSON_TYPE_LIST);
    assert_null(json_element(json_member(root, "l"), 3));
    assert_null(json_element(root, 0));
    assert_null(json_member(json_member(root, "l"), "i"));
    assert_null(json_member(NULL, "i"));
    assert_int_equal(json_count(json_member(root, "t")), 0);
    assert_int_equal(json_count(NULL), 0);
    assert_int_equal(json_type_of(NULL), JSON_TYPE_NULL);
    assert_false(json_get_text(NULL, &text) || json_get_real(NULL, &real) || json_get_bool(NULL, &truth));
    json_release(root);
}

static ocellus_status collect(void *context, const char *key, const json_value *value) {
    strcat(context, key);
    int64_t number = 0;
    json_get_integer(value, &number);
    return number == 3 ? OCELLUS_STOPPED : OCELLUS_OK;
}

static void test_members_in_order(void **state) {
    (void)state;
    json_value *root;
    char keys[32] = "";
    assert_int_equal(parse("{\"z\":1,\"a\":2,\"m\":4,\"b\":3,\"c\":0}", &root), OCELLUS_OK);
    assert_int_equal(json_each_member(root, collect, keys), OCELLUS_STOPPED);
    assert_string_equal(keys, "zamb");
    json_release(root);
}

static json_value *sample(void) {
    json_value *map = json_new_map(), *list = json_new_list();
    assert_true(json_append(list, json_new_integer(INT64_MIN)));
    assert_true(json_append(list, json_new_real(0.1)));
    assert_true(json_append(list, json_new_real(3)));
    assert_true(json_append(list, json_new_real(1e-7)));
    assert_true(json_append(list, json_new_real((double)NAN)));
    assert_true(json_append(list, json_new_real((double)-INFINITY)));
    assert_true(json_set(map, "z", list));
    assert_true(json_set(map, "t\"", json_new_text("a\"\\\n\t\x01\xC3\xBC")));
    assert_true(json_set(map, "b", json_new_bool(false)));
    assert_true(json_set(map, "n", json_new_null()));
    assert_true(json_set(map, "e", json_new_map()));
    assert_true(json_set(map, "f", json_new_list()));
    return map;
}

static const char sample_line[] = "{\"z\": [-9223372036854775808, 0.1, 3.0, 1e-07, null, null], "
                                  "\"t\\\"\": \"a\\\"\\\\\\n\\t\\u0001\xC3\xBC\", \"b\": false, \"n\": null, "
                                  "\"e\": {}, \"f\": []}";

static void check_written(void) {
    json_value *map = sample(), *again;
    char *line = json_write(map, 0), *pretty = json_write(map, 2);
    assert_string_equal(line, sample_line);
    assert_int_equal(parse(pretty, &again), OCELLUS_OK);
    char *line_again = json_write(again, 0);
    assert_string_equal(line_again, sample_line);
    free(line);
    free(pretty);
    free(line_again);
    json_release(again);
    json_release(map);
}

static void test_write(void **state) {
    (void)state;
    check_written();
    json_value *root;
    assert_int_equal(parse("{\"a\":[1,{}],\"b\":{\"c\":true}}", &root), OCELLUS_OK);
    char *pretty = json_write(root, 2);
    assert_string_equal(pretty, "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": {\n    \"c\": true\n  }\n}");
    free(pretty);
    json_release(root);
}

static void test_no_memory_children_are_refused(void **state) {
    (void)state;
    json_value *map = json_new_map(), *list = json_new_list();
    assert_false(json_set(map, "a", NULL));
    assert_false(json_append(list, NULL));
    assert_false(json_set(list, "a", json_new_null())); /* no map; the child is taken over all the same */
    assert_false(json_set(NULL, "a", json_new_text("lost")));
    assert_null(json_write(NULL, 0));
    assert_int_equal(json_write_file("/tmp", NULL, 0), OCELLUS_IO); /* made without memory: its message is there */
    json_release(map);
    json_release(list);
}

static void test_text_of_any_bytes(void **state) {
    (void)state;
    const char *text;
    json_value *value = json_new_text("a\xFF\xC3\xBC\xC3");
    assert_true(json_get_text(value, &text));
    assert_string_equal(text, "a\xEF\xBF\xBD\xC3\xBC\xEF\xBF\xBD");
    json_release(value);
}

static void test_locale_does_not_matter(void **state) {
    (void)state;
    if (!foreign_locale_enter()) skip();
    check_written();
    json_value *root;
    double real;
    assert_int_equal(parse("[0.25]", &root), OCELLUS_OK);
    assert_true(json_get_real(json_element(root, 0), &real) && real == 0.25);
    json_release(root);
    foreign_locale_leave();
}

/* A terminal that shows the document is not moved by it, and the values read back. */
static void test_written_text_is_harmless(void **state) {
    (void)state;
    static const char raw[] = "a\x1b[2J\x7f\xC2\x9B\xE2\x80\xAE\xE2\x80\xA8\xC3\xBC";
    json_value *text = json_new_text(raw), *back = NULL;
    char *written = json_write(text, 0);
    assert_string_equal(written, "\"a\\u001b[2J\\u007f\\u009b\\u202e\\u2028\xC3\xBC\"");
    assert_int_equal(json_parse(written, strlen(written), "text", &back), OCELLUS_OK);
    const char *got = NULL;
    assert_true(json_get_text(back, &got));
    assert_string_equal(got, raw);
    free(written);
    json_release(text);
    json_release(back);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_says_where),
        cmocka_unit_test(test_depth),
        cmocka_unit_test_setup_teardown(test_file_limit, temporary_setup, temporary_teardown),
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_members_in_order),
        cmocka_unit_test(test_write),
        cmocka_unit_test(test_no_memory_children_are_refused),
        cmocka_unit_test(test_text_of_any_bytes),
        cmocka_unit_test(test_locale_does_not_matter),
        cmocka_unit_test(test_written_text_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
