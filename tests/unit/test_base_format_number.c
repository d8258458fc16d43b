/* SPDX-License-Identifier: MIT */
/* The numbers of formats: what is newer is refused by its number, and not written over. */
#include "base/format_number.h"

#include "base/files.h"
#include "base/json_parse.h"
#include "temporary.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text;
    int64_t absent, number;
    const char *message; /* NULL: it is read */
} cases[] = {
    {"{\"format\": 1}", 0, 1, NULL},
    {"{\"format\": 2}", 0, 2, NULL},
    {"{}", 1, 1, NULL},
    {"{}", 0, 0, "format: missing or no number from 1 on"},
    {"{\"format\": 0}", 1, 0, "format: missing or no number from 1 on"},
    {"{\"format\": -3}", 1, 0, "format: missing or no number from 1 on"},
    {"{\"format\": \"2\"}", 1, 0, "format: missing or no number from 1 on"},
    {"{\"format\": 3}", 1, 3, "made by a newer Ocellus, which can read it (format 3; this one reads up to 2)"},
};
enum { CASES = sizeof cases / sizeof *cases };

static void formats_are_told_by_number(void **state) {
    (void)state;
    for (size_t i = 0; i < CASES; i++) {
        json_value *map;
        int64_t number = -1;
        assert_int_equal(json_parse(cases[i].text, strlen(cases[i].text), "x.json", &map), OCELLUS_OK);
        assert_int_equal(format_number_read(map, "x.json", 2, cases[i].absent, &number),
                         cases[i].message ? OCELLUS_BAD_CONTENT : OCELLUS_OK);
        if (cases[i].message) {
            assert_memory_equal(status_message(), "x.json: ", 8);
            assert_string_equal(status_message() + 8, cases[i].message);
        }
        assert_int_equal(number, cases[i].number);
        json_release(map);
    }
}

static void what_is_newer_is_guarded(void **state) {
    const char *path = temporary_path(*state, "x.json");
    assert_int_equal(format_number_guard(path, 1000, 2), OCELLUS_OK); /* there is none */
    for (size_t i = 0; i < CASES; i++) {
        assert_int_equal(file_write(path, cases[i].text, strlen(cases[i].text)), OCELLUS_OK);
        assert_int_equal(format_number_guard(path, 1000, 2), cases[i].number > 2 ? OCELLUS_BAD_CONTENT : OCELLUS_OK);
    }
    assert_non_null(strstr(status_message(), "x.json: made by a newer Ocellus"));
    assert_int_equal(file_write(path, "{\"format", 8), OCELLUS_OK);
    assert_int_equal(format_number_guard(path, 1000, 2), OCELLUS_OK);
    assert_int_equal(format_number_guard(path, 7, 2),
                     OCELLUS_BAD_CONTENT); /* larger than any of ours: who knows what it is */
    assert_int_equal(format_number_guard(*state, 1000, 2), OCELLUS_OK); /* a folder: writing will say so */
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats_are_told_by_number),
        cmocka_unit_test_setup_teardown(what_is_newer_is_guarded, temporary_setup, temporary_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
