/* SPDX-License-Identifier: MIT */
/* Records: what is written comes back, and what a file holds instead is refused by name. */
#include "base/json_members.h"
#include "base/json_parse.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct record {
    uint64_t count;
    bool truth;
    double real, bits, measured;
    char text[6];
    uint64_t more;
    char word[4];
};

static const struct json_member_row rows[] = {
    JSON_ROW(struct record, MEMBER_COUNT, count),
    JSON_ROW_NAMED(struct record, MEMBER_BOOL, truth, "is_true", false),
    JSON_ROW(struct record, MEMBER_REAL, real),
    JSON_ROW(struct record, MEMBER_BITS, bits),
    JSON_ROW(struct record, MEMBER_TEXT, text),
    JSON_ROW_OPTIONAL(struct record, MEMBER_MEASURED, measured),
    JSON_ROW_OPTIONAL(struct record, MEMBER_COUNT, more),
    JSON_ROW_OPTIONAL(struct record, MEMBER_TEXT, word),
    {0},
};

static ocellus_status get(const char *text, struct record *record) {
    json_value *map;
    assert_int_equal(json_parse(text, strlen(text), "x.json", &map), OCELLUS_OK);
    ocellus_status status = json_members_get(map, "x.json: runs: 3", rows, record);
    json_release(map);
    return status;
}

static void check_written(const struct record *record, const char *expected) {
    json_value *map = json_new_map();
    assert_true(json_members_set(map, rows, record));
    char *text = json_write(map, 0);
    json_release(map);
    assert_string_equal(text, expected);
    struct record back = {0};
    assert_int_equal(get(text, &back), OCELLUS_OK);
    assert_int_equal(back.count, record->count);
    assert_int_equal(back.truth, record->truth);
    assert_true(back.real == record->real);
    assert_true(isnan(record->measured) ? isnan(back.measured) : back.measured == record->measured);
    assert_memory_equal(&back.bits, &record->bits, sizeof back.bits);
    assert_string_equal(back.text, record->text);
    assert_int_equal(back.more, record->more);
    assert_string_equal(back.word, record->word);
    free(text);
}

static void test_there_and_back(void **state) {
    (void)state;
    check_written(&(struct record){.count = 7, .truth = true, .real = 0.5, .bits = 0.1, .text = "a\"b"},
                  "{\"count\": 7, \"is_true\": true, \"real\": 0.5, \"bits\": \"3fb999999999999a\", "
                  "\"text\": \"a\\\"b\"}");
    check_written(
        &(struct record){
            .count = INT64_MAX, .real = 1, .measured = NAN, .bits = -0.0, .text = "12345", .more = 1, .word = "x"},
        "{\"count\": 9223372036854775807, \"is_true\": false, \"real\": 1.0, \"bits\": "
        "\"8000000000000000\", \"text\": \"12345\", \"measured\": null, \"more\": 1, \"word\": \"x\"}");
    check_written(&(struct record){.real = 1e-300, .bits = -INFINITY},
                  "{\"count\": 0, \"is_true\": false, \"real\": 1e-300, \"bits\": \"fff0000000000000\", "
                  "\"text\": \"\"}");
}

#define GOOD(count, truth, real, bits, text, rest)                                                                     \
    "{\"count\": " count ", \"is_true\": " truth ", \"real\": " real ", \"bits\": " bits ", \"text\": " text rest "}"

static void test_refuses(void **state) {
    (void)state;
    static const struct {
        const char *text, *expected;
    } cases[] = {
        {"[]", "count: missing or not a count"},
        {"{}", "count: missing or not a count"},
        {GOOD("-1", "true", "1", "\"3fb999999999999a\"", "\"\"", ""), "count: missing or not a count"},
        {GOOD("1.0", "true", "1", "\"3fb999999999999a\"", "\"\"", ""), "count: missing or not a count"},
        {GOOD("1", "1", "1", "\"3fb999999999999a\"", "\"\"", ""), "is_true: missing or not true or false"},
        {GOOD("1", "true", "\"1\"", "\"3fb999999999999a\"", "\"\"", ""), "real: missing or not a number"},
        {GOOD("1", "true", "null", "\"3fb999999999999a\"", "\"\"", ""), "real: missing or not a number"},
        {GOOD("1", "true", "1", "\"3fb999999999999a\"", "\"\"", ", \"measured\": \"1\""),
         "measured: missing or not a number or null"},
        {GOOD("1", "true", "1", "\"3fb999999999999\"", "\"\"", ""), "bits: missing or not 16 hexadecimal digits"},
        {GOOD("1", "true", "1", "\"3fb999999999999ab\"", "\"\"", ""), "bits: missing or not 16 hexadecimal digits"},
        {GOOD("1", "true", "1", "\"-fb999999999999a\"", "\"\"", ""), "bits: missing or not 16 hexadecimal digits"},
        {GOOD("1", "true", "1", "0.1", "\"\"", ""), "bits: missing or not 16 hexadecimal digits"},
        {GOOD("1", "true", "1", "\"3fb999999999999a\"", "null", ""), "text: missing or not text"},
        {GOOD("1", "true", "1", "\"3fb999999999999a\"", "\"123456\"", ""),
         "text: too long (expected at most 5 bytes, got 6)"},
        {GOOD("1", "true", "1", "\"3fb999999999999a\"", "\"\"", ", \"more\": null"), "more: missing or not a count"},
        {GOOD("1", "true", "1", "\"3fb999999999999a\"", "\"\"", ", \"word\": 1"), "word: missing or not text"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct record record = {0};
        char expected[128] = "x.json: runs: 3: ";
        assert_int_equal(get(cases[i].text, &record), OCELLUS_BAD_CONTENT);
        assert_string_equal(status_message(), strcat(expected, cases[i].expected));
        assert_int_equal(record.text[0], '\0'); /* nothing too long gets in */
    }
}

static void test_absent_stays(void **state) {
    (void)state;
    struct record record = {.more = 5, .word = "abc"};
    assert_int_equal(get(GOOD("1", "true", "2", "\"3fb999999999999a\"", "\"\"", ", \"other\": []"), &record),
                     OCELLUS_OK);
    assert_int_equal(record.more, 5);
    assert_string_equal(record.word, "abc");
    assert_true(record.real == 2);
}

static void test_list(void **state) {
    (void)state;
    static const char text[] = "{\"list\": [1, 2], \"map\": {}}";
    json_value *map;
    const json_value *list;
    assert_int_equal(json_parse(text, sizeof text - 1, "x.json", &map), OCELLUS_OK);
    assert_int_equal(json_member_list(map, "x.json", "list", &list), OCELLUS_OK);
    assert_int_equal(json_count(list), 2);
    assert_int_equal(json_member_list(map, "x.json", "map", &list), OCELLUS_BAD_CONTENT);
    assert_int_equal(json_member_list(map, "x.json", "none", &list), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "x.json: none: missing or not a list");
    json_release(map);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_there_and_back),
        cmocka_unit_test(test_refuses),
        cmocka_unit_test(test_absent_stays),
        cmocka_unit_test(test_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
