/* SPDX-License-Identifier: MIT */
/* The one line that a failure leaves, kept per thread. */
#include "base/status.h"

#include "base/utf8.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char kept[STATUS_MESSAGE_SIZE];

/* Two of the longest paths and what is said about them. */
enum { RAW_SIZE = 8192 + 1024 };

static void format_raw(char raw[RAW_SIZE], const char *format, va_list arguments) {
    if (vsnprintf(raw, RAW_SIZE, format, arguments) < 0) snprintf(raw, RAW_SIZE, "%s", format);
}

static void append_raw(char raw[RAW_SIZE], const char *suffix) {
    size_t used = strlen(raw);
    snprintf(raw + used, RAW_SIZE - used, ": %s", suffix);
}

/* Whether a character may begin here: not at a continuation byte. */
static bool is_start(char byte) {
    return ((unsigned char)byte & 0xC0U) != 0x80U;
}

/* Escapes what is to be kept. Where it is too long its middle is left out: in front stands which file it is about, behind
 * what is wrong with it. */
static void keep(char raw[RAW_SIZE]) {
    enum { MOST = STATUS_MESSAGE_SIZE - 1, FRONT = 200, GAP = 3 };
    size_t length = strlen(raw), front = FRONT;
    if (length > MOST) {
        while (front > 0 && !is_start(raw[front]))
            front--;
        size_t back = length - (MOST - GAP - front);
        while (back < length && !is_start(raw[back]))
            back++;
        memcpy(raw + front, "...", GAP);
        memmove(raw + front + GAP, raw + back, length - back + 1);
    }
    utf8_escape(raw, kept, sizeof kept);
}

ocellus_status fail(ocellus_status status, const char *format, ...) {
    char raw[RAW_SIZE]; /* the arguments may point into `kept` */
    va_list arguments;
    va_start(arguments, format);
    format_raw(raw, format, arguments);
    va_end(arguments);
    keep(raw);
    return status;
}

ocellus_status fail_within(ocellus_status status, const char *format, ...) {
    char raw[RAW_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_raw(raw, format, arguments);
    va_end(arguments);
    append_raw(raw, kept);
    keep(raw);
    return status;
}

ocellus_status fail_errno(int error_number, const char *format, ...) {
    char raw[RAW_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_raw(raw, format, arguments);
    va_end(arguments);
    append_raw(raw, strerror(error_number));
    keep(raw);
    return OCELLUS_IO;
}

const char *status_message(void) {
    return kept;
}
