/* SPDX-License-Identifier: MIT */
/* Buffers, numbers, suggestions, and the host's locale that must not matter. */
#include "base/random.h"
#include "base/text.h"
#include "base/text_layout.h"
#include "base/threads.h"
#include "base/utf8.h"
#include "foreign_locale.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_append(void **state) {
    (void)state;
    struct text text = {0};
    char expected[5000] = "";
    for (int i = 0; i < 300; i++) {
        text_append(&text, "%d,%s;", i, "abc");
        sprintf(expected + strlen(expected), "%d,abc;", i);
    }
    assert_string_equal(text.bytes, expected);
    assert_int_equal(text.size, strlen(expected));
    char longer[3000];
    memset(longer, 'y', sizeof longer);
    longer[2999] = '\0';
    text_append(&text, "%s", longer);
    assert_int_equal(text.size, strlen(expected) + 2999);
    text_append_bytes(&text, "a\0b", 3);
    assert_int_equal(text.size, strlen(expected) + 3002);
    assert_int_equal(text.bytes[text.size], 0);
    assert_false(text.failed);
    text_free(&text);
    assert_null(text.bytes);
    text_append_bytes(&text, "", 0);
    assert_string_equal(text.bytes, "");
    text_free(&text);
}

/* Every way a piece can meet the end of the buffer. */
static void test_append_at_every_length(void **state) {
    (void)state;
    char piece[300];
    for (size_t length = 0; length < sizeof piece; length++) {
        struct text text = {0};
        memset(piece, 'p', length);
        piece[length] = '\0';
        for (size_t times = 1; times <= 3; times++) {
            text_append(&text, "%s", piece);
            assert_int_equal(text.size, times * length);
            assert_int_equal(strspn(text.bytes, "p"), times * length);
            assert_int_equal(text.bytes[times * length], 0);
        }
        text_free(&text);
    }
}

static void test_failed_stays(void **state) {
    (void)state;
    struct text text = {0};
    text_append_bytes(&text, "x", SIZE_MAX); /* refused before a byte is read */
    assert_true(text.failed);
    text_append(&text, "more");
    assert_int_equal(text.size, 0);
    text_free(&text);
}

static void test_html(void **state) {
    (void)state;
    struct text text = {0};
    text_append_html(&text, "<a href=\"x\">'&' \xC3\xBC\n\x01\xFF</a>");
    assert_string_equal(text.bytes, "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39; \xC3\xBC\n\xEF\xBF\xBD\xEF\xBF\xBD"
                                    "&lt;/a&gt;");
    text_free(&text);
    text_append_html(&text, "");
    assert_string_equal(text.bytes, "");
    text_free(&text);
}

static void test_integers(void **state) {
    (void)state;
    static const char *const refused[] = {"", "-", "+1", " 1", "1 ", "1x", "0x10", "1.0", "--1", "1,000"};
    int64_t number = 77;
    uint64_t natural = 77;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_false(text_to_integer(refused[i], &number));
        assert_false(text_to_unsigned(refused[i], &natural));
    }
    assert_false(text_to_integer("9223372036854775808", &number));
    assert_false(text_to_integer("-9223372036854775809", &number));
    assert_false(text_to_unsigned("18446744073709551616", &natural));
    assert_false(text_to_unsigned("99999999999999999999999", &natural));
    assert_false(text_to_unsigned("-1", &natural));
    assert_true(number == 77 && natural == 77);
    assert_true(text_to_integer("-9223372036854775808", &number) && number == INT64_MIN);
    assert_true(text_to_integer("9223372036854775807", &number) && number == INT64_MAX);
    assert_true(text_to_integer("-0", &number) && number == 0);
    assert_true(text_to_unsigned("18446744073709551615", &natural) && natural == UINT64_MAX);
    assert_true(text_to_unsigned("0032", &natural) && natural == 32);
}

static void check_reals(void) {
    static const char *const refused[] = {"",     "-",     ".",     "e1",       "1e",  "1e+",  " 1",
                                          "1 ",   "1,5",   "0x1p3", "nan",      "inf", "-inf", "1e999",
                                          "1..2", "1e1.5", "+1",    "infinity", "1f"};
    double number = 77;
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        assert_false(text_to_real(refused[i], &number));
    assert_true(number == 77);
    assert_true(text_to_real("0.001", &number) && number == 0.001);
    assert_true(text_to_real("-1.5E+3", &number) && number == -1500);
    assert_true(text_to_real(".5", &number) && number == 0.5);
    assert_true(text_to_real("5.", &number) && number == 5);
    assert_true(text_to_real("1e-999", &number) && number == 0);
}

static void check_written(double number, const char *expected) {
    char text[32];
    text_from_real(number, text);
    assert_string_equal(text, expected);
}

static void check_shortest(void) {
    check_written(0.001, "0.001");
    check_written(1e-7, "1e-07");
    check_written(0.1, "0.1");
    check_written(0.1 + 0.2, "0.30000000000000004");
    check_written(1.0 / 3, "0.3333333333333333");
    check_written(0, "0");
    check_written(-0.0, "-0");
    check_written(100, "100");
    check_written(123456, "123456");
    check_written(-1234.5, "-1234.5");
    check_written(1e15, "1000000000000000");
    check_written(1e16, "1e+16");
    check_written(0.0001, "0.0001");
    check_written(0.00001, "1e-05");
    check_written(DBL_MAX, "1.7976931348623157e+308");
    check_written(DBL_MIN, "2.2250738585072014e-308");
    check_written(5e-324, "5e-324");
    check_written(-2.5e-320, "-2.5e-320");
    check_written((double)INFINITY, "inf");
    check_written((double)-INFINITY, "-inf");
    check_written((double)NAN, "nan");
}

static void check_round_trip(void) {
    struct random_stream stream = random_at(1, RANDOM_TEST, 0, 0);
    for (int i = 0; i < 3000; i++) {
        uint64_t bits = (uint64_t)random_bits(&stream) << 32 | random_bits(&stream);
        double number, again;
        memcpy(&number, &bits, sizeof number);
        if (!isfinite(number)) continue;
        char text[32];
        text_from_real(number, text);
        assert_true(text_to_real(text, &again));
        assert_memory_equal(&number, &again, sizeof number);
    }
}

static void test_reals(void **state) {
    (void)state;
    check_reals();
    check_shortest();
    check_round_trip();
}

static void test_reals_where_subnormals_are_flushed(void **state) {
    (void)state;
    float_mode_set();
    check_shortest();
    check_round_trip();
}

static void test_locale_does_not_matter(void **state) {
    (void)state;
    if (!foreign_locale_enter()) skip();
    char local[16];
    snprintf(local, sizeof local, "%.1f", 1.5);
    assert_string_equal(local, "1,5"); /* the locale is really on */
    check_reals();
    check_shortest();
    struct text text = {0};
    text_append(&text, "%.2f", 2.25);
    assert_string_equal(text.bytes, "2.25");
    text_free(&text);
    snprintf(local, sizeof local, "%.1f", 1.5);
    assert_string_equal(local, "1,5"); /* and still is */
    foreign_locale_leave();
}

static void test_commas(void **state) {
    (void)state;
    static const struct {
        uint64_t number;
        const char *expected;
    } cases[] = {{0, "0"},
                 {999, "999"},
                 {1000, "1,000"},
                 {123210, "123,210"},
                 {1000000, "1,000,000"},
                 {UINT64_MAX, "18,446,744,073,709,551,615"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[32];
        text_with_commas(cases[i].number, text);
        assert_string_equal(text, cases[i].expected);
    }
}

static void test_nearest(void **state) {
    (void)state;
    static const char *const words[] = {"--epochs", "--batch-size", "--learning-rate", "--seed", "lr"};
    enum { COUNT = sizeof words / sizeof *words };
    assert_ptr_equal(text_nearest("--epoch", words, COUNT), words[0]);
    assert_ptr_equal(text_nearest("--eopchs", words, COUNT), words[0]);
    assert_ptr_equal(text_nearest("rl", words, COUNT), words[4]); /* a swap counts once */
    assert_ptr_equal(text_nearest("--batchsize", words, COUNT), words[1]);
    assert_ptr_equal(text_nearest("--learnig-rtae", words, COUNT), words[2]);
    assert_ptr_equal(text_nearest("--seed", words, COUNT), words[3]);
    assert_ptr_equal(text_nearest("l", words, COUNT), NULL);
    assert_ptr_equal(text_nearest("lx", words, COUNT), words[4]);
    assert_null(text_nearest("xy", words, COUNT));
    assert_null(text_nearest("--model", words, COUNT));
    assert_null(text_nearest("", words, COUNT));
    assert_null(text_nearest("--epochs", words, 0));
    char endless[300];
    memset(endless, 'e', sizeof endless - 1);
    endless[sizeof endless - 1] = '\0';
    assert_null(text_nearest(endless, words, COUNT));
    const char *const long_words[] = {endless, "--seed"};
    assert_ptr_equal(text_nearest("--sed", long_words, 2), long_words[1]);
    static const char *const same[] = {"cat", "bat"};
    assert_ptr_equal(text_nearest("hat", same, 2), same[0]); /* of equals the first */
}

static void test_columns(void **state) {
    (void)state;
    assert_int_equal(text_columns(""), 0);
    assert_int_equal(text_columns("abc"), 3);
    assert_int_equal(text_columns("gr\xC3\xBC\xC3\x9F"), 4);
}

static void test_utf8(void **state) {
    (void)state;
    assert_int_equal(utf8_length("", 0), 0);
    assert_int_equal(utf8_length("\0", 1), 1);
    assert_int_equal(utf8_length("\xC3\xBC", 2), 2);
    assert_int_equal(utf8_length("\xC3\xBC", 1), 0);
    assert_int_equal(utf8_length("\xC1\xBF", 2), 0);
    assert_int_equal(utf8_length("\xE0\x9F\xBF", 3), 0);
    assert_int_equal(utf8_length("\xE0\xA0\x80", 3), 3);
    assert_int_equal(utf8_length("\xED\x9F\xBF", 3), 3);
    assert_int_equal(utf8_length("\xED\xA0\x80", 3), 0);
    assert_int_equal(utf8_length("\xEF\xBF\xBF", 3), 3);
    assert_int_equal(utf8_length("\xF0\x8F\xBF\xBF", 4), 0);
    assert_int_equal(utf8_length("\xF0\x90\x80\x80", 4), 4);
    assert_int_equal(utf8_length("\xF4\x8F\xBF\xBF", 4), 4);
    assert_int_equal(utf8_length("\xF4\x90\x80\x80", 4), 0);
    assert_int_equal(utf8_length("\xF8\x88\x80\x80", 4), 0);
}

static void test_escaped_text_grows(void **state) {
    (void)state;
    struct text text = {0};
    text_append_escaped(&text, "a\nb\x1b[2J\xC2\x9B\xE2\x80\xAE\xC3\xBC");
    text_append_escaped_lines(&text, "|a\nb\r\t");
    assert_string_equal(text.bytes, "a\\x0ab\\x1b[2J\\xc2\\x9b\\xe2\\x80\\xae\xC3\xBC|a\nb\\x0d\\x09");
    text_free(&text);
    text_append_escaped(&text, "");
    assert_string_equal(text.bytes, "");
    text_free(&text);
}

static void test_columns_of_scripts(void **state) {
    (void)state;
    assert_int_equal(text_columns("\xE7\x8C\xAB"), 2);     /* a Chinese character */
    assert_int_equal(text_columns("e\xCC\x81"), 1);        /* an accent put over */
    assert_int_equal(text_columns("\xF0\x9F\x90\xB1"), 2); /* a picture */
    assert_int_equal(text_prefix("\xE7\x8C\xAB\xE7\x8C\xAB", 3), 3);
    assert_int_equal(text_prefix("abc", 2), 2);
    assert_int_equal(text_prefix("abc", 9), 3);
}

static void test_cells_keep_their_width(void **state) {
    (void)state;
    static const struct {
        const char *raw;
        const char *cell; /* 6 columns */
    } cases[] = {{"", "      "},
                 {"abc", "abc   "},
                 {"abcdef", "abcdef"},
                 {"abcdefg", "abcde\u2026"},
                 {"\x1b[2J", "\\x1b[\u2026"},
                 {"\u732B\u732B\u732B\u732B", "\u732B\u732B\u2026 "}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text text = {0};
        text_append_cell(&text, cases[i].raw, 6);
        assert_string_equal(text.bytes, cases[i].cell);
        assert_int_equal(text_columns(text.bytes), 6);
        text_free(&text);
    }
}

static void test_lines_break_between_words(void **state) {
    (void)state;
    struct text text = {0};
    text_append(&text, "ab ");
    text_append_wrapped(&text, "one two three unbreakable  x", 3, 2, 10);
    assert_string_equal(text.bytes, "ab one two\n  three\n  unbreakable\n  x");
    text_free(&text);
    text_append_count(&text, 1, "thread");
    text_append_count(&text, 2, " thread");
    assert_string_equal(text.bytes, "1 thread2  threads");
    text_free(&text);
}

static void sizes_are_powers_of_1000(void **state) {
    static const struct {
        const char *text;
        size_t bytes;
    } good[] = {{"5000", 5000},   {"2G", 2000000000}, {"1.5 GB", 1500000000}, {"300M", 300000000},
                {"64k", 64000},   {"64KB", 64000},    {"1T", 1000000000000},  {"12B", 12},
                {"0.5M", 500000}, {"1e6", 1000000}};
    static const char *const bad[] = {"",
                                      "0",
                                      "G",
                                      "-1G",
                                      "2X",
                                      "2GG",
                                      "2G5",
                                      "1e30T",
                                      "0.1",
                                      "nan",
                                      "inf",
                                      "2 G B",
                                      "00000000000000000000000000000000000000001"};
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        size_t bytes = 77;
        if (!text_to_bytes(good[i].text, &bytes) || bytes != good[i].bytes) fail_msg("%s: %zu", good[i].text, bytes);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        size_t bytes = 77;
        if (text_to_bytes(bad[i], &bytes) || bytes != 77) fail_msg("%s: %zu", bad[i], bytes);
    }
}

/* Read back as one cell by every reader of CSV, whatever it parts cells by. */
static void cells_of_csv_are_quoted_where_they_must_be(void **state) {
    (void)state;
    struct text text = {0};
    static const char *const cells[] = {"plain name", "", "a,b", "a;b", "a\tb", "a\nb", "a\rb", "say \"a\""};
    for (size_t i = 0; i < sizeof cells / sizeof *cells; i++) {
        text_append_csv(&text, cells[i]);
        text_append(&text, "|");
    }
    assert_string_equal(text.bytes, "plain name||\"a,b\"|\"a;b\"|\"a\tb\"|\"a\nb\"|\"a\rb\"|\"say \"\"a\"\"\"|");
    text_free(&text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_of_csv_are_quoted_where_they_must_be),
        cmocka_unit_test(sizes_are_powers_of_1000),
        cmocka_unit_test(test_append),
        cmocka_unit_test(test_append_at_every_length),
        cmocka_unit_test(test_failed_stays),
        cmocka_unit_test(test_html),
        cmocka_unit_test(test_integers),
        cmocka_unit_test(test_reals),
        cmocka_unit_test(test_locale_does_not_matter),
        cmocka_unit_test(test_commas),
        cmocka_unit_test(test_nearest),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_reals_where_subnormals_are_flushed),
        cmocka_unit_test(test_escaped_text_grows),
        cmocka_unit_test(test_columns_of_scripts),
        cmocka_unit_test(test_cells_keep_their_width),
        cmocka_unit_test(test_lines_break_between_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
