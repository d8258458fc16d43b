/* SPDX-License-Identifier: MIT */
/* The one line a failure leaves. */
#include "base/status.h"
#include "base/text.h"
#include "base/utf8.h"

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#undef fail /* cmocka has one, too */

static void test_keeps_status_and_message(void **state) {
    (void)state;
    assert_int_equal(fail(OCELLUS_BAD_CONTENT, "%s: label %d", "a.bin", 10), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "a.bin: label 10");
    assert_int_equal(fail(OCELLUS_OK, "next"), OCELLUS_OK);
    assert_string_equal(status_message(), "next");
}

static void test_within_puts_prefix_before(void **state) {
    (void)state;
    fail(OCELLUS_IO, "lower");
    assert_int_equal(fail_within(OCELLUS_BAD_CONTENT, "model %d", 3), OCELLUS_BAD_CONTENT);
    assert_string_equal(status_message(), "model 3: lower");
    /* A message may be built from the one before it. */
    fail(OCELLUS_IO, "again: %s", status_message());
    assert_string_equal(status_message(), "again: model 3: lower");
}

static void test_errno_text(void **state) {
    (void)state;
    assert_int_equal(fail_errno(ENOSPC, "%s: cannot be written", "x"), OCELLUS_IO);
    assert_string_equal(status_message(), "x: cannot be written: No space left on device");
}

static void test_escapes(void **state) {
    (void)state;
    fail(OCELLUS_ERROR, "%s", "a\nb\r\x1b[31m\x7f");
    assert_string_equal(status_message(), "a\\x0ab\\x0d\\x1b[31m\\x7f");
    fail(OCELLUS_ERROR, "%s", "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x90\xB1");
    assert_string_equal(status_message(), "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x90\xB1");
    /* A lone continuation, an overlong slash, a surrogate, beyond U+10FFFF, a cut character. */
    fail(OCELLUS_ERROR, "%s", "\x80|\xC0\xAF|\xED\xA0\x80|\xF4\x90\x80\x80|\xE2\x82");
    assert_string_equal(status_message(), "\\x80|\\xc0\\xaf|\\xed\\xa0\\x80|\\xf4\\x90\\x80\\x80|\\xe2\\x82");
    /* C1 control, line separator, right-to-left override. */
    fail(OCELLUS_ERROR, "%s", "\xC2\x9B|\xE2\x80\xA8|\xE2\x80\xAE");
    assert_string_equal(status_message(), "\\xc2\\x9b|\\xe2\\x80\\xa8|\\xe2\\x80\\xae");
}

static void test_cuts_between_characters(void **state) {
    (void)state;
    char raw[2000];
    for (size_t offset = 0; offset < 4; offset++) {
        memset(raw, 'x', sizeof raw);
        for (size_t i = offset; i + 4 < sizeof raw; i += 4)
            memcpy(raw + i, "\xF0\x9F\x90\xB1", 4);
        raw[sizeof raw - 1] = '\0';
        fail(OCELLUS_ERROR, "%s", raw);
        const char *message = status_message();
        size_t length = strlen(message);
        assert_in_range(length, STATUS_MESSAGE_SIZE - 4, STATUS_MESSAGE_SIZE - 1);
        for (size_t at = 0; at < length;) {
            size_t step = utf8_length(message + at, length - at);
            assert_int_not_equal(step, 0);
            at += step;
        }
        assert_null(strchr(message, '\\'));
    }
    memset(raw, 'x', sizeof raw - 1);
    fail(OCELLUS_ERROR, "%s", raw);
    assert_int_equal(strlen(status_message()), STATUS_MESSAGE_SIZE - 1);
    memset(raw, '\n', sizeof raw - 1);
    fail(OCELLUS_ERROR, "%s", raw);
    assert_int_equal(strlen(status_message()) % 4, 0);
    fail_within(OCELLUS_ERROR, "prefix");
    assert_in_range(strlen(status_message()), STATUS_MESSAGE_SIZE - 8, STATUS_MESSAGE_SIZE - 1);
}

static void *fail_elsewhere(void *before) {
    strcpy(before, status_message());
    fail(OCELLUS_ERROR, "elsewhere");
    return NULL;
}

static void test_each_thread_has_its_own(void **state) {
    (void)state;
    char before[STATUS_MESSAGE_SIZE] = "?";
    fail(OCELLUS_ERROR, "here");
    pthread_t thread;
    assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, before), 0);
    pthread_join(thread, NULL);
    assert_string_equal(before, "");
    assert_string_equal(status_message(), "here");
}

static int after;
static ocellus_status try_it(ocellus_status status) {
    TRY(status);
    after++;
    return OCELLUS_OK;
}

static void test_try_returns_early(void **state) {
    (void)state;
    assert_int_equal(try_it(OCELLUS_DIVERGED), OCELLUS_DIVERGED);
    assert_int_equal(after, 0);
    assert_int_equal(try_it(OCELLUS_OK), OCELLUS_OK);
    assert_int_equal(after, 1);
}

/* Of a long path the middle goes, never the reason behind it. */
static void test_long_messages_keep_both_ends(void **state) {
    (void)state;
    char path[4096];
    memset(path, 'p', sizeof path - 1);
    memcpy(path, "front", 5);
    path[sizeof path - 1] = '\0';
    fail_errno(ENOENT, "%s: cannot be opened", path);
    const char *message = status_message(), *reason = ": cannot be opened: No such file or directory";
    assert_memory_equal(message, "front", 5);
    assert_string_equal(message + strlen(message) - strlen(reason), reason);
    assert_non_null(strstr(message, "..."));
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_thread_has_its_own),
        cmocka_unit_test(test_keeps_status_and_message),
        cmocka_unit_test(test_within_puts_prefix_before),
        cmocka_unit_test(test_errno_text),
        cmocka_unit_test(test_escapes),
        cmocka_unit_test(test_cuts_between_characters),
        cmocka_unit_test(test_try_returns_early),
        cmocka_unit_test(test_long_messages_keep_both_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
