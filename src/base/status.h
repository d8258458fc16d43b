/* SPDX-License-Identifier: MIT */
/* How a function of the library fails: it returns a status and leaves one line that says what was wrong and where.
 * The line is kept per thread, like errno; the newest failure replaces the one before. */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#include <ocellus/status.h>

enum { STATUS_MESSAGE_SIZE = 512 };

/* Keeps the formatted message and returns `status`, so that a check is one line:
 *     if (label >= classes) return fail(OCELLUS_BAD_CONTENT, "%s: record %zu: label %u (expected 0 to %zu)", ...);
 * Control characters and invalid UTF-8 (text that came from a file) are escaped; of a message of more than
 * STATUS_MESSAGE_SIZE - 1 bytes the middle is left out. It never holds a line break. */
ocellus_status fail(ocellus_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "PREFIX: " in front of the message that is kept, to say in whose name a lower layer failed; returns `status`. */
ocellus_status fail_within(ocellus_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As fail(), with ": " and the text of `error_number` (an errno value) at the end; the status is OCELLUS_IO. */
ocellus_status fail_errno(int error_number, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The message of this thread's last failure; "" before the first. Valid until the next failure on this thread. */
const char *status_message(void);

/* Returns from the calling function when the expression fails. Only where nothing needs to be released. */
#define TRY(expression)                                                                                                \
    do {                                                                                                               \
        ocellus_status try_status_ = (expression);                                                                     \
        if (try_status_ != OCELLUS_OK) { return try_status_; }                                                         \
    } while (0)

#endif
