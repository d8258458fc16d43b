/* SPDX-License-Identifier: MIT */
/* UTF-8, and what of it may be shown. Needs nothing, so that messages can be escaped where nothing else works. */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

/* Bytes of the valid UTF-8 character that starts the `size` bytes; 0 when none does (also for an overlong form, a
 * surrogate, or a cut character). */
size_t utf8_length(const char *bytes, size_t size);
/* Whether the valid UTF-8 character of that many bytes could move the cursor, break the line or reverse what follows. */
bool utf8_is_unsafe(const char *character, size_t length);

enum { UTF8_ESCAPED_SIZE = 4 * 4 + 1 }; /* four bytes as \xNN */
/* The first character of the `left` bytes of `raw` as it may be shown, in `out`; the answer is its size there, *taken its
 * size in `raw`. Control characters, line separators and invalid UTF-8 become \xNN. */
size_t utf8_escape_first(const char *raw, size_t left, size_t *taken, char out[UTF8_ESCAPED_SIZE]);
/* Copies `raw` so that it is safe to show on one line. Cut at size - 1 bytes, never inside a character or an escape. */
void utf8_escape(const char *raw, char *out, size_t size);

#endif
