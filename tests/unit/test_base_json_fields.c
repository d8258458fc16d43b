/* SPDX-License-Identifier: MIT */
/* Structs as JSON maps and back, and the numbers of formats. */
#include "base/json_fields.h"

#include "base/format_number.h"
#include "base/json_parse.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct thing {
    uint64_t count;
    double sum;
    bool truth;
    char name[5];
    uint64_t later;
};

#define AT(member) .offset = offsetof(struct thing, member)
static const struct json_field fields[] = {
    {"count", JSON_FIELD_COUNT, AT(count)},
    {"sum", JSON_FIELD_BITS, AT(sum)},
    {"truth", JSON_FIELD_BOOL, AT(truth)},
    {"name", JSON_FIELD_TEXT, AT(name), .size = sizeof((struct thing *)0)->name},
    {"later", JSON_FIELD_COUNT, AT(later), .since = 3},
};
enum { FIELDS = sizeof fields / sizeof *fields };

static ocellus_status read_thing(const char *text, int64_t format, struct thing *thing) {
    json_value *map;
    assert_int_equal(json_parse(text, strlen(text), "x.json", &map), OCELLUS_OK);
    ocellus_status status = json_fields_get(map, "x.json", format, fields, FIELDS, thing);
    json_release(map);
    return status;
}

static void what_is_written_reads_back_the_same(void **state) {
    (void)state;
    static const double sums[] = {0.1, -0.0, 5e-324, INFINITY, NAN, 1e308};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
        const struct thing thing = {.count = INT64_MAX, .sum = sums[i], .truth = true, .name = "four", .later = i};
        struct thing again = {0};
        json_value *map = json_new_map();
        assert_true(json_fields_set(map, fields, FIELDS, &thing));
        char *text = json_write(map, 0);
        assert_int_equal(read_thing(text, 3, &again), OCELLUS_OK);
        assert_int_equal(again.count, thing.count);
        assert_memory_equal(&again.sum, &thing.sum, sizeof thing.sum);
        assert_true(again.truth);
        assert_string_equal(again.name, "four");
        assert_int_equal(again.later, i);
        json_release(map);
        free(text);
    }
}

#define THING(count, sum, truth, name)                                                                                 \
    "{\"count\": " count ", \"sum\": " sum ", \"truth\": " truth ", \"name\": " name "}"
#define BITS "\"3fb999999999999a\""

static void what_is_wrong_is_refused_by_name(void **state) {
    (void)state;
    static const struct {
        const char *text, *name;
    } cases[] = {
        {THING("-1", BITS, "true", "\"a\""), "count"},
        {THING("1.5", BITS, "true", "\"a\""), "count"},
        {THING("\"1\"", BITS, "true", "\"a\""), "count"},
        {THING("1", "0.1", "true", "\"a\""), "sum"},
        {THING("1", "\"3fb999999999999\"", "true", "\"a\""), "sum"},
        {THING("1", "\"3fb999999999999a0\"", "true", "\"a\""), "sum"},
        {THING("1", "\"3fb99999999999 a\"", "true", "\"a\""), "sum"},
        {THING("1", "\"-fb999999999999a\"", "true", "\"a\""), "sum"},
        {THING("1", "\"0x9999999999999a\"", "true", "\"a\""), "sum"},
        {THING("1", BITS, "1", "\"a\""), "truth"},
        {THING("1", BITS, "true", "\"12345\""), "name"},
        {THING("1", BITS, "true", "null"), "name"},
        {"{}", "count"},
        {"[]", "count"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct thing thing = {0};
        char wanted[64];
        snprintf(wanted, sizeof wanted, "x.json: %s: missing or not what it should be", cases[i].name);
        assert_int_equal(read_thing(cases[i].text, 2, &thing), OCELLUS_BAD_CONTENT);
        assert_string_equal(status_message(), wanted);
    }
}

static void a_field_may_lack_in_formats_before_it(void **state) {
    (void)state;
    struct thing thing = {.later = 7};
    assert_int_equal(read_thing(THING("1", BITS, "true", "\"a\""), 2, &thing), OCELLUS_OK);
    assert_int_equal(thing.later, 7);
    assert_true(thing.sum == 0.1);
    assert_int_equal(read_thing(THING("1", BITS, "true", "\"a\""), 3, &thing), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "x.json: later: missing or not what it should be");
}

static void formats_are_told_by_number(void **state) {
    (void)state;
    static const struct {
        const char *text;
        int64_t absent, number;
        const char *message; /* NULL: it is read */
    } cases[] = {
        {"{\"format\": 1}", 0, 1, NULL},
        {"{\"format\": 2}", 0, 2, NULL},
        {"{}", 1, 1, NULL},
        {"{}", 0, 0, "x.json: format: missing or no number from 1 on"},
        {"{\"format\": 0}", 1, 0, "x.json: format: missing or no number from 1 on"},
        {"{\"format\": -3}", 1, 0, "x.json: format: missing or no number from 1 on"},
        {"{\"format\": \"2\"}", 1, 0, "x.json: format: missing or no number from 1 on"},
        {"{\"format\": 3}", 1, 3,
         "x.json: made by a newer Ocellus, which can read it (format 3; this one reads up to 2)"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        json_value *map;
        int64_t number = -1;
        assert_int_equal(json_parse(cases[i].text, strlen(cases[i].text), "x.json", &map), OCELLUS_OK);
        assert_int_equal(format_number_read(map, "x.json", 2, cases[i].absent, &number),
                         cases[i].message ? OCELLUS_BAD_CONTENT : OCELLUS_OK);
        if (cases[i].message) assert_string_equal(status_message(), cases[i].message);
        assert_int_equal(number, cases[i].number);
        json_release(map);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back_the_same),
        cmocka_unit_test(what_is_wrong_is_refused_by_name),
        cmocka_unit_test(a_field_may_lack_in_formats_before_it),
        cmocka_unit_test(formats_are_told_by_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
