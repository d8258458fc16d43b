/* SPDX-License-Identifier: MIT */
/* The one line that a failure leaves, kept per thread. */
#include "base/status.h"

#include "base/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char kept[STATUS_MESSAGE_SIZE];

/* Room for the longest message and one more character, so that what was cut raw is never reached when escaping. */
enum { RAW_SIZE = STATUS_MESSAGE_SIZE + 8 };

static void format_raw(char raw[RAW_SIZE], const char *format, va_list arguments) {
    if (vsnprintf(raw, RAW_SIZE, format, arguments) < 0) snprintf(raw, RAW_SIZE, "%s", format);
}

static void append_raw(char raw[RAW_SIZE], const char *suffix) {
    size_t used = strlen(raw);
    snprintf(raw + used, RAW_SIZE - used, ": %s", suffix);
}

ocellus_status fail(ocellus_status status, const char *format, ...) {
    char raw[RAW_SIZE]; /* the arguments may point into `kept` */
    va_list arguments;
    va_start(arguments, format);
    format_raw(raw, format, arguments);
    va_end(arguments);
    text_escape(raw, kept, sizeof kept);
    return status;
}

ocellus_status fail_within(ocellus_status status, const char *format, ...) {
    char raw[RAW_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_raw(raw, format, arguments);
    va_end(arguments);
    append_raw(raw, kept);
    text_escape(raw, kept, sizeof kept);
    return status;
}

ocellus_status fail_errno(int error_number, const char *format, ...) {
    char raw[RAW_SIZE];
    va_list arguments;
    va_start(arguments, format);
    format_raw(raw, format, arguments);
    va_end(arguments);
    append_raw(raw, strerror(error_number));
    text_escape(raw, kept, sizeof kept);
    return OCELLUS_IO;
}

const char *status_message(void) {
    return kept;
}
